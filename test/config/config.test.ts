/** The configuration: its defaults, what each variable takes, and what is refused at start. */
import { ConfigError, readConfig, type Environment } from '../../src/config/config.js';

const LIVE = {
  CATAPULT_URL: 'https://api.catapult.inetwork.com/v2',
  CATAPULT_USER_ID: 'u-abc123',
  CATAPULT_TOKEN: 't-1',
  CATAPULT_SECRET: 's-1',
  AUTH: 'none',
};

const OAUTH = {
  CATAPULT_URL: LIVE.CATAPULT_URL,
  CATAPULT_USER_ID: LIVE.CATAPULT_USER_ID,
  CATAPULT_CLIENT_ID: 'c-1',
  CATAPULT_CLIENT_SECRET: 'cs-1',
  AUTH: 'none',
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

const SHA256 = 'a'.repeat(64);

describe('the configuration', () => {
  it('defaults to the sandbox on loopback', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      workers: 1,
      drainDelayMs: 0,
      minFreeDisk: 100_000_000,
      metrics: null,
      upstream: { kind: 'sandbox', auth: 'basic' },
      databaseUrl: null,
      retainMessagesMs: null,
      databaseFile: null,
      settleBySearch: false,
      sendTimeoutMs: 20_000,
      callbackCredentials: [],
      console: true,
      introspection: true,
      exportsTraces: false,
      federatedTracing: false,
      routerOrigins: [],
      auth: { apiKeys: [], tokens: null, senders: {} },
      corsOrigins: [],
      trustedProxies: [],
      trustedDocuments: { mode: 'off', file: null },
      sendPolicy: {
        allowedRegions: ['US', 'CA'],
        mediaHosts: null,
        allowHttpMedia: true,
        applicationIds: new Map(),
      },
      limitSends: [
        { count: 10_000, windowSeconds: 1 },
        { count: 1_000_000, windowSeconds: 86_400 },
      ],
      limitPerRecipient: [{ count: 100_000, windowSeconds: 600 }],
      limitPerRecipientOverall: [],
      keepsConsent: true,
      optOutReply: null,
      logLevel: 'info',
      publicUrl: null,
      mediaDir: null,
    });
  });

  it('takes the URL under which clients reach it, without the slash behind, and no other text', () => {
    expect(readConfig({ PUBLIC_URL: 'https://sms.example.com/api/' }).publicUrl).toBe('https://sms.example.com/api');
    for (const url of [
      'sms.example.com',
      'ftp://a',
      'https://user@a',
      'https://a?b',
      'https://a#b',
      'https://a b',
      'https://',
    ]) {
      expect(() => readConfig({ PUBLIC_URL: url })).toThrow('PUBLIC_URL must be an absolute http or https URL');
    }
    expect(readConfig({ MEDIA_DIR: '/var/lib/media' }).mediaDir).toBe('/var/lib/media');
  });

  it('keeps messages as long as it is told, in days or hours, and at least four days', () => {
    const days = (count: number): number => count * 86_400_000;
    for (const [text, ms] of [
      ['90d', days(90)],
      ['4d', days(4)],
      ['96h', days(4)],
      ['36525d', days(36_525)],
    ] as const) {
      expect(readConfig({ RETAIN_MESSAGES: text }).retainMessagesMs).toBe(ms);
    }
    for (const text of ['3d', '95h', '90', '90D', '90 d', '-90d', '1e3d', '36526d', '0d', 'd', '90m', '1.5d']) {
      expect(() => readConfig({ RETAIN_MESSAGES: text })).toThrow(/RETAIN_MESSAGES must be .* at least 4d: .*72 hours/);
    }
  });

  it('takes a drain delay of up to a minute, and a size that must be left on the disk', () => {
    expect(readConfig({ DRAIN_DELAY_MS: '60000' }).drainDelayMs).toBe(60_000);
    for (const delay of ['60001', '-1', '5s']) {
      expect(() => readConfig({ DRAIN_DELAY_MS: delay })).toThrow(
        'DRAIN_DELAY_MS must be a whole number from 0 to 60000.',
      );
    }
    const sizes = ['off', '1KB', '250MB', '2GB'].map((size) => readConfig({ MIN_FREE_DISK: size }).minFreeDisk);
    expect(sizes).toEqual([0, 1_000, 250_000_000, 2_000_000_000]);
    for (const size of ['0', '5', '1.5GB', '5%', '1TB', '0MB', 'gb']) {
      expect(() => readConfig({ MIN_FREE_DISK: size })).toThrow(
        'MIN_FREE_DISK must be a size such as 100MB or 2GB, or off.',
      );
    }
  });

  it('goes live with a client id and secret, and drops a trailing slash', () => {
    const { upstream } = readConfig({ ...OAUTH, CATAPULT_URL: `${LIVE.CATAPULT_URL}/` });
    expect(upstream).toEqual({
      kind: 'catapult',
      url: LIVE.CATAPULT_URL,
      userId: 'u-abc123',
      credentials: {
        kind: 'oauth',
        clientId: 'c-1',
        clientSecret: 'cs-1',
        tokenUrl: 'https://api.bandwidth.com/api/v1/oauth2/token',
      },
      formerSecrets: [],
      proxies: null,
    });
  });

  it('goes live with a token and secret, and still reads tags signed with a former secret', () => {
    expect(readConfig(LIVE).upstream).toMatchObject({
      credentials: { kind: 'basic', token: 't-1', secret: 's-1' },
      formerSecrets: ['s-1'],
    });
    expect(readConfig({ ...LIVE, CATAPULT_SECRET_PREVIOUS: 's-0' }).upstream).toMatchObject({
      formerSecrets: ['s-1', 's-0'],
    });
    expect(readConfig({ ...OAUTH, CATAPULT_SECRET_PREVIOUS: 's-1' }).upstream).toMatchObject({
      formerSecrets: ['s-1'],
    });
  });

  it.each<[string, Environment, RegExp[]]>([
    ['both', { ...OAUTH, ...LIVE }, [/^CATAPULT_CLIENT_ID and CATAPULT_CLIENT_SECRET take the place of/]],
    [
      'neither',
      { ...OAUTH, CATAPULT_CLIENT_ID: '', CATAPULT_CLIENT_SECRET: '' },
      [/^CATAPULT_CLIENT_ID is missing/, /^CATAPULT_CLIENT_SECRET is missing/],
    ],
    ['a client id alone', { ...OAUTH, CATAPULT_CLIENT_SECRET: '' }, [/^CATAPULT_CLIENT_SECRET is missing/]],
    ['a client secret alone', { ...OAUTH, CATAPULT_CLIENT_ID: '' }, [/^CATAPULT_CLIENT_ID is missing/]],
    ['a token alone', { ...LIVE, CATAPULT_SECRET: '' }, [/^CATAPULT_SECRET is missing/]],
    [
      'a former secret and nothing else',
      { CATAPULT_SECRET_PREVIOUS: 's' },
      [/CLIENT_ID/, /CLIENT_SECRET/, /CATAPULT_URL is/, /USER_ID is/],
    ],
    [
      'a client id with a colon',
      { ...OAUTH, CATAPULT_CLIENT_ID: 'a:b' },
      [/^CATAPULT_CLIENT_ID must not contain a colon/],
    ],
    [
      'a token URL with a user in it',
      { ...OAUTH, CATAPULT_TOKEN_URL: 'https://u:p@host/' },
      [/^CATAPULT_TOKEN_URL must be/],
    ],
    [
      'the known token URL without TLS',
      { ...OAUTH, CATAPULT_TOKEN_URL: 'http://api.bandwidth.com/api/v1/oauth2/token' },
      [/^CATAPULT_TOKEN_URL must be https:/],
    ],
    ['a token URL beside a token', { ...LIVE, CATAPULT_TOKEN_URL: 'https://host/' }, [/^CATAPULT_TOKEN_URL goes with/]],
    ['a kind of signing in that the sandbox does not know', { SANDBOX_AUTH: 'digest' }, [/^SANDBOX_AUTH must be/]],
    ['half a switch', { SETTLE_BY_SEARCH: 'yes' }, [/^SETTLE_BY_SEARCH must be/]],
  ])('refuses %s', (_name, environment, expected) => {
    const problems = problemsOf({ AUTH: 'none', ...environment });
    expect(problems).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
  });

  it.each([
    ['https://messaging.bandwidth.com', 'https://messaging.bandwidth.com/api/v2'],
    ['https://messaging.bandwidth.com/v2', 'https://messaging.bandwidth.com/api/v2'],
    ['https://messaging.bandwidth.com/api/v2/users/123/messages', 'https://messaging.bandwidth.com/api/v2'],
    ['http://messaging.bandwidth.com/api/v2', 'https://messaging.bandwidth.com/api/v2'],
    ['https://MESSAGING.bandwidth.com/api', 'https://messaging.bandwidth.com/api/v2'],
    ['https://messaging.bandwidth.com:8443/api/v2', 'https://messaging.bandwidth.com/api/v2'],
    ['https://api.catapult.inetwork.com', 'https://api.catapult.inetwork.com/v2'],
    ['https://api.catapult.inetwork.com/v1', 'https://api.catapult.inetwork.com/v2'],
    ['https://api.catapult.inetwork.com/v2/users/u-1', 'https://api.catapult.inetwork.com/v2'],
    ['http://127.0.0.1:4010/v2/users/u-sandbox/messages', 'https://messaging.bandwidth.com/api/v2'],
    ['https://proxy.example.com/v2/users', 'https://messaging.bandwidth.com/api/v2'],
  ])('refuses %s as CATAPULT_URL, and says how to spell it', (url, spelling) => {
    const problems = problemsOf({ ...LIVE, CATAPULT_URL: url });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(spelling);
  });

  it.each([
    'https://messaging.bandwidth.com/api/v2',
    'https://messaging.bandwidth.com:443/api/v2//',
    'https://Messaging.Bandwidth.com/api/v2',
    'http://127.0.0.1:4010/v2',
    'https://mock.example.com',
    'https://mock.example.com/users-service/v2',
  ])('takes %s as CATAPULT_URL', (url) => {
    expect(problemsOf({ ...LIVE, CATAPULT_URL: url })).toEqual([]);
  });

  it('takes proxies in either spelling, even without a scheme, and only when messages go to Catapult', () => {
    const proxiesOf = (environment: Environment): unknown =>
      (readConfig({ ...LIVE, ...environment }).upstream as { proxies?: unknown }).proxies;
    expect(proxiesOf({ NO_PROXY: 'localhost' })).toBeNull();
    expect(proxiesOf({ HTTPS_PROXY: 'proxy.example.com:3128', NO_PROXY: '.example.com' })).toEqual({
      httpsProxy: 'http://proxy.example.com:3128',
      httpProxy: null,
      noProxy: '.example.com',
    });
    expect(proxiesOf({ http_proxy: 'http://u:p@a:1', HTTP_PROXY: 'http://b:1' })).toMatchObject({
      httpProxy: 'http://u:p@a:1',
    });
    for (const url of [
      'socks5://127.0.0.1:1080',
      'http://',
      'http://user@host:1',
      'http://:p@host:1',
      'http://u:%zz@host:1',
      'http://u:p%FF@host:1',
    ]) {
      const problems = problemsOf({ ...LIVE, HTTPS_PROXY: url });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^HTTPS_PROXY must be an http or https URL, such as/);
    }
    expect(readConfig({ HTTPS_PROXY: 'socks5://127.0.0.1:1080' }).upstream.kind).toBe('sandbox');
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

  it('takes 1 to 64 workers', () => {
    for (const [text, workers] of [
      ['1', 1],
      ['2', 2],
      ['64', 64],
    ] as const) {
      expect(readConfig({ WORKERS: text }).workers).toBe(workers);
    }
    for (const wrong of ['0', '65', '-1', '1.5', 'all', 'auto']) {
      expect(problemsOf({ WORKERS: wrong })).toEqual(['WORKERS must be a whole number from 1 to 64.']);
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
    expect(problemsOf(previous)).toEqual(['CALLBACK_USERNAME_PREVIOUS goes with CALLBACK_USERNAME: set that, too.']);
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
    const ofNumbers = problemsOf({
      API_KEYS: `shop:${SHA256}`,
      ALLOWED_SENDERS: 'shop:+19995550123,SECRET',
      SENDERS: '+19995550123=SECRET,SECRET',
      JWT_NUMBERS_CLAIM: 'SECRET',
    });
    expect(ofNumbers).toHaveLength(3);
    expect(ofNumbers.join()).not.toMatch(/SECRET|9995550123/);
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

  const JWT = { JWT_ISSUER: 'https://i.example', JWT_AUDIENCE: 'messages', JWT_JWKS_URL: 'https://i.example/jwks' };
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `+1919555${1_000 + index}`);

  it.each([
    ['live', { ...LIVE, AUTH: '' }],
    ['on the sandbox off loopback', { HOST: '0.0.0.0', SANDBOX: 'on' }],
    ['on the sandbox at a name', { HOST: 'messages.example', SANDBOX: 'on' }],
    ['on the sandbox at every address of IPv6', { HOST: '::', SANDBOX: 'on' }],
    ['on the sandbox at a name that begins like loopback', { HOST: '127.0.0.1.example', SANDBOX: 'on' }],
    ['on the sandbox at a name that ends like loopback', { HOST: 'not-localhost', SANDBOX: 'on' }],
  ])('refuses to start without sign-in %s', (_name, environment) => {
    expect(problemsOf(environment)).toEqual([expect.stringContaining('Anybody could call') as string]);
    expect(problemsOf({ ...environment, AUTH: 'none' })).toEqual([]);
    expect(problemsOf({ ...environment, API_KEYS: `a:${SHA256}` })).toEqual([]);
    expect(problemsOf({ ...environment, ...JWT })).toEqual([]);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('starts without sign-in on the sandbox at %s', (HOST) => {
    expect(problemsOf({ HOST })).toEqual([]);
  });

  it.each(['999', '60001', '1500.5', '-20000', '0', 'Infinity'])('refuses a send timeout of %s ms', (timeout) => {
    expect(problemsOf({ SEND_TIMEOUT_MS: timeout })).toEqual([
      'SEND_TIMEOUT_MS must be a whole number from 1000 to 60000.',
    ]);
  });

  it.each([1_000, 60_000])('takes a send timeout of %d ms', (timeout) => {
    expect(readConfig({ SEND_TIMEOUT_MS: String(timeout) }).sendTimeoutMs).toBe(timeout);
  });

  it('reads API keys, with the scopes that they name or the usual ones', () => {
    const { auth } = readConfig({
      API_KEYS: `shop:${SHA256}, ops:${'B'.repeat(64)}:operations:read+messages:read-all`,
    });
    expect(auth.apiKeys).toEqual([
      { name: 'shop', sha256: SHA256, scopes: ['messages:send', 'messages:read'] },
      { name: 'ops', sha256: 'b'.repeat(64), scopes: ['operations:read', 'messages:read-all'] },
    ]);
  });

  it.each([
    { API_KEYS: 'shop' },
    { API_KEYS: 'shop:key' },
    { API_KEYS: `:${SHA256}` },
    { API_KEYS: `jwt:me:${SHA256}` },
    { API_KEYS: `shop:${SHA256}:messages:write` },
    { API_KEYS: `a:${SHA256},b:${SHA256}` },
    { API_KEYS: `a:${SHA256}`, AUTH: 'none' },
    { AUTH: 'nobody' },
    { JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' },
    { ...JWT, JWT_JWKS_URL: 'file:///etc/passwd' },
    { ALLOWED_SENDERS: 'shop' },
    { ALLOWED_SENDERS: 'shop:12345' },
    { ALLOWED_SENDERS: 'shop:+19195551212|12345', API_KEYS: `shop:${SHA256}` },
    { ALLOWED_SENDERS: 'shop:+19195551212,crm:+19195551213', API_KEYS: `shop:${SHA256}` },
    { ALLOWED_SENDERS: 'shop:+19195551212,shop:+19195551213', API_KEYS: `shop:${SHA256}` },
    { API_KEYS: `shop:${SHA256}:messages:read+messages:write` },
    // Nobody would be bound by it.
    { ALLOWED_SENDERS: 'shop:+19195551212' },
    { ALLOWED_SENDERS: 'shop:+19195551212', API_KEYS: `Shop:${SHA256}` },
    { ALLOWED_SENDERS: 'jwt:me:+19195551212', API_KEYS: `shop:${SHA256}` },
    // More than one caller may have.
    { ALLOWED_SENDERS: `shop:${numbers(101).join('|')}`, API_KEYS: `shop:${SHA256}` },
    { JWT_NUMBERS_CLAIM: 'numbers' },
    { JWT_NUMBERS_CLAIM: 'numbers', API_KEYS: `shop:${SHA256}` },
    { ...JWT, JWT_NUMBERS_CLAIM: 'num\u0007bers' },
    { SENDERS: '+19195551212' },
    { SENDERS: '+19195551212=' },
    { SENDERS: '=app-1' },
    { SENDERS: '12345=app-1' },
    { SENDERS: '+119195551212=app-1' },
    { SENDERS: '+19195551212=app 1' },
    { SENDERS: `+19195551212=${'a'.repeat(256)}` },
    { SENDERS: '+19195551212=app-1,+19195551213=app-1,+19195551212=app-2' },
    {
      SENDERS: numbers(1_001)
        .map((number) => `${number}=app-1`)
        .join(','),
    },
    // No sender is written so: nobody could send.
    { ALLOWED_SENDERS: 'shop:+119195551212', API_KEYS: `shop:${SHA256}` },
    // The SHA-256 of nothing.
    { API_KEYS: 'shop:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    { LIMIT_SENDS: '1/30d' },
    { LIMIT_PER_RECIPIENT: '1/577h' },
    { ALLOWED_REGIONS: 'US,UK' },
    { TRUSTED_PROXIES: '10.0.0.0/33' },
    { TRUSTED_PROXIES: '999.0.0.1' },
    { TRUSTED_PROXIES: '::1/129' },
    { TRUSTED_PROXIES: '10.0.0.1/8/8' },
    { CORS_ORIGINS: '*' },
    { CORS_ORIGINS: 'https://app.example.com/path' },
    { TRUSTED_PROXIES: 'everybody' },
    { LIMIT_SENDS: '20' },
    { LIMIT_SENDS: '0/s' },
    { LIMIT_PER_RECIPIENT: '10/10w' },
    { ALLOWED_REGIONS: 'usa' },
    { MEDIA_HOSTS: '*' },
    // Refused as media, whatever stands here.
    { MEDIA_HOSTS: 'cdn.example.com,media.internal' },
    { MEDIA_HOSTS: '*.svc.cluster.local' },
    { MEDIA_HOSTS: '10.0.0.1' },
    { HTTP_MEDIA: 'no' },
    { CONSENT: 'no' },
    { CONSENT: 'off', OPT_OUT_REPLY: 'You get no more messages.' },
    // It would go on for ever.
    { OPT_OUT_REPLY: 'STOP' },
    { OPT_OUT_REPLY: 'Please “start”!' },
    { OPT_OUT_REPLY: 'a'.repeat(307) },
    { OPT_OUT_REPLY: 'You are out\ud800.' },
    { TRUSTED_DOCUMENTS: 'yes', TRUSTED_DOCUMENTS_FILE: 'manifest.json' },
    { TRUSTED_DOCUMENTS: 'enforce' },
    { TRUSTED_DOCUMENTS: 'log' },
    { MEDIA_HOSTS: 'cdn' },
    { HOST: '0.0.0.0/0', AUTH: 'none', SANDBOX: 'on' },
    { PORT: '-1' },
    { DATABASE_URL: 'postgres://[' },
    { ...LIVE, CATAPULT_USER_ID: 'u/../v' },
    { INTROSPECTION: 'false' },
    { ROUTER_ORIGINS: 'router' },
  ])('refuses %j', (environment) => {
    expect(problemsOf(environment)).toHaveLength(1);
  });

  it('reads limits, senders and hosts', () => {
    const environment = {
      LIMIT_SENDS: '5/s, 100/2h, 9/24d',
      LIMIT_PER_RECIPIENT: 'off',
      ALLOWED_REGIONS: '*',
      MEDIA_HOSTS: 'a.example, *.b.example',
    };
    const { limitSends, limitPerRecipient, sendPolicy, auth } = readConfig({
      ...environment,
      ...JWT,
      TRUSTED_PROXIES: '10.0.0.0/8, ::1, fd00::/8',
      ALLOWED_SENDERS: 'jwt:me:+19195551212|+19195551213',
    });
    expect(limitSends).toEqual([
      { count: 5, windowSeconds: 1 },
      { count: 100, windowSeconds: 7_200 },
      { count: 9, windowSeconds: 2_073_600 },
    ]);
    expect(limitPerRecipient).toEqual([]);
    expect(sendPolicy).toMatchObject({
      allowedRegions: '*',
      mediaHosts: ['a.example', '*.b.example'],
      allowHttpMedia: true,
    });
    expect(auth.senders).toEqual({ 'jwt:me': ['+19195551212', '+19195551213'] });
  });

  it('knows the application of each number', () => {
    const { sendPolicy } = readConfig({ SENDERS: '+19195551212=app=1, +19195551213=93de2206-9669' });
    expect([...sendPolicy.applicationIds]).toEqual([
      ['+19195551212', 'app=1'],
      ['+19195551213', '93de2206-9669'],
    ]);
  });

  it('gives a caller a hundred numbers, each once, and reads those of tokens only from the claim that it names', () => {
    const [first = '', ...others] = numbers(100);
    const listed = [first, ...others, first].join('|');
    const { auth } = readConfig({
      ...JWT,
      ALLOWED_SENDERS: `jwt:me:${listed}`,
      JWT_NUMBERS_CLAIM: 'https://me/numbers',
    });
    expect(auth.senders['jwt:me']).toEqual([first, ...others]);
    expect(auth.tokens?.numbersClaim).toBe('https://me/numbers');
    expect(readConfig(JWT).auth.tokens?.numbersClaim).toBeNull();
  });

  it('binds a caller to its numbers, whatever its name', () => {
    const { auth } = readConfig({ API_KEYS: `__proto__:${SHA256}`, ALLOWED_SENDERS: '__proto__:+19195551212' });
    expect(Object.entries(auth.senders)).toEqual([['__proto__', ['+19195551212']]]);
    expect(problemsOf({ ALLOWED_SENDERS: '__proto__:+19195551212' })).toHaveLength(1);
  });

  it('limits a live account', () => {
    const { limitSends, limitPerRecipient, limitPerRecipientOverall } = readConfig(LIVE);
    expect(limitPerRecipientOverall).toEqual([]);
    expect(limitSends).toEqual([
      { count: 20, windowSeconds: 1 },
      { count: 5_000, windowSeconds: 86_400 },
    ]);
    expect(limitPerRecipient).toEqual([{ count: 10, windowSeconds: 600 }]);
  });
});

describe('traces', () => {
  const RECEIVER = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  const problemsIn = (environment: Environment): readonly string[] => {
    try {
      readConfig(environment);
    } catch (error) {
      return (error as ConfigError).problems;
    }
    return [];
  };

  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
    [{ ...RECEIVER, OTEL_SDK_DISABLED: 'TRUE' }, false],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1', OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER: 'jaeger_remote' }, false],
    [RECEIVER, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://host/v1/traces', OTEL_SDK_DISABLED: 'false' }, true],
    [{ ...RECEIVER, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '.01' }, true],
    [{ ...RECEIVER, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==,x-tenant=1' }, true],
    [{ ...RECEIVER, OTEL_BSP_MAX_QUEUE_SIZE: '100' }, true],
  ])('with %j are exported: %s', (environment, expected) => {
    expect(readConfig(environment).exportsTraces).toBe(expected);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://host'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zip'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', '0'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'SECRET'],
    ['OTEL_SDK_DISABLED', '1'],
    ['OTEL_TRACES_EXPORTER', 'console'],
    ['OTEL_TRACES_SAMPLER', 'parentbased_ratio'],
    ['OTEL_TRACES_SAMPLER_ARG', '1%'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '4096'],
    ['OTEL_BSP_SCHEDULE_DELAY', '4294967296'],
    ['OTEL_BSP_EXPORT_TIMEOUT', '-1'],
  ])('are refused with %s=%s, by its name alone', (name, value) => {
    expect(problemsIn({ ...RECEIVER, [name]: value })).toEqual([expect.stringMatching(`^${name} must `) as string]);
    expect(problemsIn({ ...RECEIVER, [name]: value }).join()).not.toContain('SECRET');
  });

  it('of a share need to know which', () => {
    expect(problemsIn({ ...RECEIVER, OTEL_TRACES_SAMPLER: 'traceidratio' })).toEqual([
      'OTEL_TRACES_SAMPLER_ARG is missing: it goes with OTEL_TRACES_SAMPLER=traceidratio.',
    ]);
  });
});
