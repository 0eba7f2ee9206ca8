import { ConfigError, readConfig, type Environment } from '../src/config.js';

const LIVE = {
  CATAPULT_URL: 'https://api.catapult.inetwork.com/v2',
  CATAPULT_USER_ID: 'u-abc123',
  CATAPULT_TOKEN: 't-1',
  CATAPULT_SECRET: 's-1',
};

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('defaults to the sandbox on loopback', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      upstream: { kind: 'sandbox' },
      databaseUrl: null,
      sendTimeoutMs: 20_000,
      callbackCredentials: [],
      introspection: true,
      federatedTracing: false,
      routerOrigins: [],
      logLevel: 'info',
    });
  });

  it('goes live when all four variables are set, and drops a trailing slash', () => {
    const { upstream } = readConfig({ ...LIVE, CATAPULT_URL: `${LIVE.CATAPULT_URL}/` });
    expect(upstream).toEqual({
      kind: 'catapult',
      url: LIVE.CATAPULT_URL,
      userId: 'u-abc123',
      token: 't-1',
      secret: 's-1',
    });
  });

  it('is frozen', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('counts an empty value as unset', () => {
    expect(readConfig({ PORT: '', CATAPULT_URL: ' ' })).toEqual(readConfig({}));
  });

  it('reports every mistake at once, by name', () => {
    const problems = problemsOf({
      PORT: '70000',
      LOG_LEVEL: 'loud',
      SEND_TIMEOUT_MS: '1s',
      DATABASE_URL: 'mysql://u:p@host/db',
      HOST: 'a b',
      CATAPULT_URL: 'ftp://x',
      CATAPULT_TOKEN: 'a:b',
    });
    for (const name of [
      'PORT',
      'LOG_LEVEL',
      'SEND_TIMEOUT_MS',
      'DATABASE_URL',
      'HOST',
      'CATAPULT_URL',
      'CATAPULT_TOKEN',
      'CATAPULT_USER_ID',
      'CATAPULT_SECRET',
    ]) {
      expect(problems.filter((problem) => problem.startsWith(`${name} `))).toHaveLength(1);
    }
  });

  it('takes callback credentials, the current before the previous', () => {
    const current = { CALLBACK_USERNAME: 'a', CALLBACK_PASSWORD: 'b' };
    const previous = { CALLBACK_USERNAME_PREVIOUS: 'c', CALLBACK_PASSWORD_PREVIOUS: 'd' };
    expect(readConfig(current).callbackCredentials).toEqual([{ username: 'a', password: 'b' }]);
    expect(readConfig({ ...current, ...previous }).callbackCredentials).toEqual([
      { username: 'a', password: 'b' },
      { username: 'c', password: 'd' },
    ]);
    expect(problemsOf(previous)).toEqual(['CALLBACK_USERNAME_PREVIOUS goes with CALLBACK_USERNAME.']);
    expect(problemsOf({ CALLBACK_USERNAME: 'a' })).toEqual([
      'CALLBACK_PASSWORD is missing: it goes with CALLBACK_USERNAME.',
    ]);
    expect(problemsOf({ CALLBACK_PASSWORD: 'b' })).toEqual([
      'CALLBACK_USERNAME is missing: it goes with CALLBACK_PASSWORD.',
    ]);
    expect(problemsOf({ ...current, CALLBACK_USERNAME: 'a:b' })).toHaveLength(1);
  });

  it('never repeats a value', () => {
    const environment = {
      ...LIVE,
      CATAPULT_TOKEN: 'SECRET:TOKEN',
      CATAPULT_SECRET: 'SECRET\u0007',
      CATAPULT_URL: 'https://u:SECRET@host',
    };
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('SECRET:');
    expect(problems.join()).not.toContain('u:');
    expect(problems.join()).not.toContain('SECRET\u0007');
  });

  it.each([
    'https://',
    'https://host?x=1',
    'https://host/#a',
    'https://u@host',
    'host/v2',
    'https:\\\\host',
    'https://ho st',
  ])('refuses %j as CATAPULT_URL', (url) => {
    expect(problemsOf({ ...LIVE, CATAPULT_URL: url })).toHaveLength(1);
  });
});
