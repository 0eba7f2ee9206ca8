/** The composition root: builds every part, wires them by hand. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CALLBACK_PATH, takeCallbacks, type CallbackOptions, type Credentials } from './callbacks/route.js';
import { CatapultClient } from './catapult/client.js';
import { startSandbox } from './catapult/sandbox.js';
import { systemClock } from './clock.js';
import type { Config, Upstream } from './config.js';
import { serveGraphQL } from './graphql/server.js';
import { createHttpHost } from './http.js';
import type { Logger } from './log.js';
import { Correlation } from './messaging/correlation.js';
import { startHousekeeping, type HousekeepingOptions } from './messaging/housekeeping.js';
import { MessageFeed } from './messaging/message-feed.js';
import { MessageService, type SendObserver } from './messaging/message-service.js';
import type { Clock } from './messaging/ports.js';
import { openStore } from './store/index.js';

/** A stop waits this long for answers from upstream; what then has none is recorded as unknown, and told so. */
const DRAIN_MS = 7_000;

/** Where messages are kept unless DATABASE_URL says otherwise, below the working directory. */
const STORE_FILE = 'data/messages.sqlite';

/** The account of the built-in sandbox. */
export const SANDBOX_ACCOUNT = { userId: 'u-sandbox', token: 't-sandbox', secret: 's-sandbox' } as const;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export interface App {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** Finishes what is in flight, refuses what is new; resolves within 10 s. */
  close(): Promise<void>;
}

export interface AppOverrides {
  readonly clock?: Clock;
  readonly storeFile?: string;
}

export async function startApp(config: Config, log: Logger, overrides: AppOverrides = {}): Promise<App> {
  const { clock = systemClock, storeFile = STORE_FILE } = overrides;
  const { sendTimeoutMs } = config;
  /** What has been opened so far, to be closed in the opposite order. */
  const open: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const part of open.splice(0).reverse()) await part();
  };

  try {
    const store = await openStore({ databaseUrl: config.databaseUrl, file: storeFile });
    open.push(() => store.close());
    const upstream = await openUpstream(config.upstream);
    open.push(() => upstream.close());
    const correlation = new Correlation(upstream.account.secret);
    const credentials = [...config.callbackCredentials, ...upstream.callbackCredentials];
    const gateway = new CatapultClient({
      ...upstream.account,
      userAgent: `catapult-graphql/${version}`,
      timeoutMs: sendTimeoutMs,
      clock,
      correlation: credentials.length > 0 ? correlation : null,
      random: Math.random,
    });
    open.push(() => gateway.close());
    const messages = new MessageService({ store, gateway, clock, observer: logSends(log), newId, sendTimeoutMs });
    open.push(() => messages.close());
    open.push(await startHousekeeping({ store, clock, ...logHousekeeping(log) }));
    const readiness = async (): Promise<object> => {
      await store.ping();
      return { upstream: config.upstream.kind };
    };
    const http = createHttpHost({ log, readiness });
    const stopGraphQL = await serveGraphQL(http.routes, {
      messages,
      feed: new MessageFeed(store),
      onInternalError: (requestId, error) => {
        log.error({ requestId, err: error }, 'request failed');
      },
    });
    if (credentials.length > 0) {
      await takeCallbacks(http.routes, { store, clock, correlation, credentials, ...logCallbacks(log) });
    }
    open.push(stopGraphQL, async () => {
      const cutOff = setTimeout(() => {
        gateway.abortInFlight();
      }, DRAIN_MS);
      await http.close();
      clearTimeout(cutOff);
    });

    const base = await http.listen(config.host, config.port);
    const url = `${base}/graphql`;
    upstream.listening(`${base}${CALLBACK_PATH}`);
    log.info({ url, upstream: config.upstream.kind, ...upstream.facts }, upstream.notice);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Unique, and sorting by time: milliseconds in base 36, then 80 random bits. */
function newId(): string {
  return Date.now().toString(36).padStart(9, '0') + randomBytes(10).toString('hex');
}

function logSends(log: Logger): SendObserver {
  return {
    onSend: (report) => {
      log.info(report, 'send');
    },
    onRecordFailure: (failure, error) => {
      log.error({ ...failure, err: error }, 'an outcome could not be stored; it is kept and tried again');
    },
  };
}

function logCallbacks(log: Logger): Pick<CallbackOptions, 'onTaken' | 'onFailure'> {
  return {
    onTaken: (counts) => {
      log.info(counts, 'callback');
    },
    onFailure: (requestId, error) => {
      log.error({ requestId, err: error }, 'a callback could not be stored; upstream will send it again');
    },
  };
}

function logHousekeeping(log: Logger): Pick<HousekeepingOptions, 'onExpired' | 'onFailure'> {
  return {
    onExpired: (count) => {
      log.warn({ count }, 'sends without an outcome were found and are UNKNOWN now');
    },
    onFailure: (error) => {
      log.error({ err: error }, 'housekeeping failed');
    },
  };
}

interface OpenUpstream {
  readonly account: Omit<Extract<Upstream, { kind: 'catapult' }>, 'kind'>;
  readonly notice: string;
  /** What the first line of the log says of it. */
  readonly facts: object;
  /** Credentials that upstream itself brings; the sandbox does. */
  readonly callbackCredentials: readonly Credentials[];
  /** Tells upstream, where it can be told, at which address callbacks are taken. */
  listening(callbackUrl: string): void;
  close(): Promise<void>;
}

async function openUpstream(upstream: Upstream): Promise<OpenUpstream> {
  if (upstream.kind === 'catapult') {
    return {
      account: upstream,
      notice: 'listening; messages go to Catapult',
      facts: {},
      callbackCredentials: [],
      listening: () => undefined,
      close: () => Promise.resolve(),
    };
  }
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const credentials = { username: 'sandbox', password: randomBytes(16).toString('hex') };
  return {
    account: { ...SANDBOX_ACCOUNT, url: sandbox.url },
    notice: 'listening; messages go to the built-in SANDBOX and reach nobody',
    facts: { sandbox: sandbox.url },
    callbackCredentials: [credentials],
    listening: (url) => {
      sandbox.sendCallbacksTo({ url, ...credentials });
    },
    close: () => sandbox.close(),
  };
}
