/** The composition root: builds every part, wires them by hand. */
import { readFileSync } from 'node:fs';
import { CatapultClient } from './catapult/client.js';
import { startSandbox } from './catapult/sandbox.js';
import { systemClock } from './clock.js';
import type { Config, Upstream } from './config.js';
import { serveGraphQL } from './graphql/server.js';
import { createHttpHost } from './http.js';
import type { Logger } from './log.js';
import { MessageService } from './messaging/message-service.js';
import type { Clock } from './messaging/ports.js';

/** Overall deadline of one send. Gateways in front commonly wait 30 s: the caller should hear it from us. */
const SEND_TIMEOUT_MS = 20_000;
/** A stop waits this long for answers from upstream; what then has none is recorded as unknown, and told so. */
const DRAIN_MS = 7_000;

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
  readonly sendTimeoutMs?: number;
}

export async function startApp(config: Config, log: Logger, overrides: AppOverrides = {}): Promise<App> {
  const { clock = systemClock, sendTimeoutMs = SEND_TIMEOUT_MS } = overrides;
  const upstream = await openUpstream(config.upstream);
  const gateway = new CatapultClient({
    ...upstream.account,
    userAgent: `catapult-graphql/${version}`,
    timeoutMs: sendTimeoutMs,
    clock,
    random: Math.random,
  });
  const messages = new MessageService({
    gateway,
    clock,
    onSend: (report) => {
      log.info(report, 'send');
    },
  });
  const http = createHttpHost({ log, readiness: () => Promise.resolve({ upstream: config.upstream.kind }) });
  const stopGraphQL = await serveGraphQL(http.routes, {
    messages,
    onInternalError: (requestId, error) => {
      log.error({ requestId, err: error }, 'request failed');
    },
  });

  const closeAll = async (): Promise<void> => {
    const cutOff = setTimeout(() => {
      gateway.abortInFlight();
    }, DRAIN_MS);
    await http.close();
    clearTimeout(cutOff);
    await stopGraphQL();
    await gateway.close();
    await upstream.close();
  };

  try {
    const url = `${await http.listen(config.host, config.port)}/graphql`;
    log.info({ url, upstream: config.upstream.kind }, upstream.notice);
    return { url, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface OpenUpstream {
  readonly account: Omit<Extract<Upstream, { kind: 'catapult' }>, 'kind'>;
  readonly notice: string;
  close(): Promise<void>;
}

async function openUpstream(upstream: Upstream): Promise<OpenUpstream> {
  if (upstream.kind === 'catapult') {
    return { account: upstream, notice: 'listening; messages go to Catapult', close: () => Promise.resolve() };
  }
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  return {
    account: { ...SANDBOX_ACCOUNT, url: sandbox.url },
    notice: 'listening; messages go to the built-in SANDBOX and reach nobody',
    close: () => sandbox.close(),
  };
}
