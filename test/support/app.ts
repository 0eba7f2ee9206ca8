/** Starts the whole server on a free port for a test, with its log in memory. */
import { Writable } from 'node:stream';
import { createApp } from '../../src/app.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { readConfig, type Environment } from '../../src/config/config.js';
import type { AppOptions } from '../../src/parts.js';
import { createLogger } from '../../src/log.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';

export interface TestApp {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** The log so far, one parsed line each. */
  readonly log: Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

export async function startTestApp(
  environment: Environment = {},
  overrides: Omit<AppOptions, 'log'> = {},
): Promise<TestApp> {
  const log: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  const config = readConfig({ PORT: '0', ...environment });
  const app = await createApp(config, {
    log: createLogger('info', destination),
    storeFile: ':memory:',
    ...overrides,
  });
  return { url: await app.listen(), log, close: () => app.close() };
}

/** What a live server must be told explicitly when a test wants no sign-in and no limits. */
const OPEN = { AUTH: 'none', LIMIT_SENDS: 'off', LIMIT_PER_RECIPIENT: 'off' };

/** The environment that points a server at an upstream of the test's own. */
export function upstreamAt(url: string): Environment {
  return { ...OPEN, CATAPULT_URL: url, CATAPULT_USER_ID: 'u-test', CATAPULT_TOKEN: 'token', CATAPULT_SECRET: 'secret' };
}

/** The environment that points a server at a sandbox of the test's own, which tells it nothing by callbacks. */
export function accountAt(sandbox: Sandbox): Environment {
  const { userId, token, secret } = SANDBOX_ACCOUNT;
  return {
    ...OPEN,
    CATAPULT_URL: sandbox.url,
    CATAPULT_USER_ID: userId,
    CATAPULT_TOKEN: token,
    CATAPULT_SECRET: secret,
  };
}
