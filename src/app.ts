/** The whole server: GraphQL, callbacks and health over one HTTP host. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { authenticator, isOpen } from './auth/authenticator.js';
import { CALLBACK_PATH, takeCallbacks } from './catapult/callback-route.js';
import { ConfigError, type Config } from './config/config.js';
import { openCore, type CoreOptions } from './parts.js';
import { serveGraphQL, type GraphQLOptions } from './graphql/server.js';
import { TrustedDocuments, type Manifest } from './graphql/documents/trusted.js';
import { createHttpHost } from './http/host.js';
import type { Logger } from './log.js';

/** A stop waits this long for answers from upstream; what then has none is recorded as unknown, and told so. */
const DRAIN_MS = 7_000;
/** The first line of the log waits this long for what it says of upstream; the server listens already. */
const MAX_CHECK_WAIT_MS = 2_000;

const COSTS_MONEY = 'AUTH=none: whoever reaches this address can send messages, and each of them costs money';

export interface App {
  /**
   * Serves the whole API for requests that another `node:http` server took, at the paths they come with. WebSockets
   * need `listen`.
   */
  readonly handler: RequestListener;
  /** Starts to listen at the configured address; resolves with the URL of the GraphQL endpoint. Closes all if it cannot. */
  listen(): Promise<string>;
  /** Finishes what is in flight, refuses what is new; resolves within 10 s. */
  close(): Promise<void>;
}

/**
 * Makes the server that `npm start` runs, not yet listening. Opens the store and, without an account at Catapult, the
 * sandbox.
 *
 * @throws when the store cannot be opened; then nothing stays open.
 */
export async function createApp(config: Config, options: CoreOptions = {}): Promise<App> {
  const core = await openCore(config, options);
  const { log, upstream } = core;
  const open = [core.close];
  const close = async (): Promise<void> => {
    for (const part of open.splice(0).reverse()) await part();
  };

  try {
    const readiness = async (): Promise<object> => {
      await core.ready();
      return { upstream: config.upstream.kind, upstreamCheck: upstream.state() };
    };
    const { corsOrigins, trustedProxies } = config;
    const http = await createHttpHost({ log, readiness, corsOrigins, trustedProxies });
    const trustedDocuments = readTrustedDocuments(config, log);
    const authenticate = authenticator(config.auth);
    const onSocketFailures = logSocketFailures(log);
    open.push(
      await serveGraphQL(http.routes, { ...core, ...config, authenticate, trustedDocuments, onSocketFailures }),
    );
    if (core.callbacks !== null) await takeCallbacks(http.routes, core.callbacks);
    await http.routes.ready();
    open.push(async () => {
      const cutOff = setTimeout(core.abortInFlight, DRAIN_MS);
      await http.close();
      clearTimeout(cutOff);
    });
    return {
      handler: (request, response) => {
        core.watchUpstream();
        http.routes.routing(request, response);
      },
      async listen() {
        const base = await http.listen(config.host, config.port).catch(async (error: unknown) => {
          await close();
          throw error;
        });
        const url = `${base}/graphql`;
        upstream.listening(`${base}${CALLBACK_PATH}`);
        await withinMs(MAX_CHECK_WAIT_MS, upstream.checked);
        const upstreamCheck = upstream.state();
        log[upstreamCheck === 'ok' ? 'info' : 'warn'](
          { url, upstream: config.upstream.kind, upstreamCheck, ...upstream.facts },
          upstream.notice,
        );
        if (config.upstream.kind === 'catapult' && isOpen(config.auth)) log.warn(COSTS_MONEY);
        core.watchUpstream(upstreamCheck);
        return url;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function logSocketFailures(log: Logger): GraphQLOptions['onSocketFailures'] {
  return (failures, lastError) => {
    const isPeers = failures.kind === 'CONNECTION' || failures.kind === 'SLOW_READER';
    log[isPeers ? 'warn' : 'error']({ ...failures, err: lastError }, 'WebSockets failed');
  };
}

/** Waits for `work`, but no longer than `ms`. */
async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  const enough = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work, enough]);
  waiting.abort();
}

/** @throws ConfigError unless every document of the manifest can be read. */
function readTrustedDocuments(
  { trustedDocuments: mode, trustedDocumentsFile: file }: Config,
  log: Logger,
): TrustedDocuments {
  const onUntrusted = (requestId: string): void => {
    log.warn({ requestId }, 'a document that is not trusted ran');
  };
  try {
    const manifest = file === null ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Manifest);
    return new TrustedDocuments({ mode, manifest, onUntrusted });
  } catch {
    throw new ConfigError(['TRUSTED_DOCUMENTS_FILE must name a JSON file of hashes and GraphQL documents.']);
  }
}
