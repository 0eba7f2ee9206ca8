/** The whole server: GraphQL, callbacks and health over one HTTP host. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isOpen, replaceableAuthenticator } from './auth/authenticator.js';
import { CALLBACK_PATH, takeCallbacks } from './catapult/callback-route.js';
import { openAll, type Closing } from './closing.js';
import { ConfigError, isLoopback, type Config } from './config/config.js';
import { serveOptOutsCsv } from './consent/csv-route.js';
import { consoleDocuments, openFrontDoor } from './front-door.js';
import { serveGraphQL } from './graphql/server.js';
import { TrustedDocuments, type Manifest } from './graphql/documents/trusted.js';
import { createHttpHost, type HttpHost } from './http/host.js';
import { listenError } from './http/listen-error.js';
import { Load } from './http/load.js';
import { OpenStreams } from './http/open-streams.js';
import { serveMedia } from './media/routes.js';
import { isPublicName } from './messaging/media-host.js';
import type { Authenticate, Limit } from './messaging/ports.js';
import { both, openParts, type AppOptions, type Parts, type SharedParts } from './parts.js';
import { servePhones } from './sandbox/phone-routes.js';
import { watchEventLoop } from './telemetry/event-loop.js';
import type { ProcessHealth, ServerHealth } from './telemetry/health.js';
import type { ProcessMetrics } from './telemetry/metrics.js';
import { serveMetrics } from './telemetry/metrics-server.js';
import { Readiness } from './telemetry/readiness.js';
import { VERSION } from './version.js';

/** A stop waits this long for answers from upstream. Sends without one are then recorded and answered as unknown. */
const DRAIN_MS = 7_000;
/**
 * Uploads are ended earlier: what may have been stored of them is then deleted before the sends end. It tries for 3 s. Their
 * senders can come again, and lose nothing.
 */
const UPLOAD_DRAIN_MS = 4_000;
/** The first line of the log waits this long for the state of upstream; the server listens already. */
const MAX_CHECK_WAIT_MS = 2_000;

const COSTS_MONEY = 'AUTH=none: anybody who reaches this address can send messages, and each costs money';

export interface App {
  /**
   * Serves the whole API for requests that another `node:http` server took, at the paths they come with. WebSockets
   * need `listen`.
   */
  readonly handler: RequestListener;
  /** Starts to listen at the configured address; resolves with the URL of the GraphQL endpoint. Closes all if it cannot. */
  listen(): Promise<string>;
  /**
   * Takes on the API keys, the credentials of callbacks and of upstream, and the trusted documents of another configuration;
   * all else stays as it was. What is under way goes on with what it began with.
   *
   * @throws ConfigError when the trusted documents cannot be read; then nothing changes.
   */
  reload(config: Config): void;
  /** What this process counted and measured; null where metrics are off. */
  metrics(): Promise<ProcessMetrics | null>;
  /** How this process is, and what it did in the last minutes. */
  health(): Promise<ProcessHealth>;
  /** Finishes what is in flight, refuses what is new; resolves within 10 s, and DRAIN_DELAY_MS before. */
  close(): Promise<void>;
}

/**
 * Makes the server that `npm start` runs, not yet listening. Opens the store and, without an account at Catapult, the
 * sandbox. It is one server in this process, whatever `config.workers` says.
 *
 * @throws when the store cannot be opened; then nothing stays open.
 */
export function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  return createAppWith({}, config, options);
}

/** The same, over parts that another process holds. */
export function createAppWith(shared: SharedParts, config: Config, options: AppOptions): Promise<App> {
  return openAll(async (closing) => {
    const parts = await openParts(closing, config, options, shared);
    const { metrics } = parts;
    // Before the rest, and so closed after it: what happens while requests drain is still counted.
    if (metrics !== null && config.metrics !== null && shared.isWorker !== true) {
      const text = async (): Promise<string> => metrics.textOf([await metrics.ofProcess()]);
      const { contentType } = metrics;
      const server = await serveMetrics(config.metrics, async () => ({ text: await text(), contentType }));
      closing.add(server.close);
      parts.journal.onMetricsServed(server.url);
    }
    const access = replaceableAuthenticator(config.auth);
    const { mode } = config.trustedDocuments;
    const { onUntrusted } = parts.journal;
    const trusted = withManifest(config, (manifest) => new TrustedDocuments({ mode, manifest, onUntrusted }));
    const { lagMs, close: stopWatching } = watchEventLoop();
    closing.add(stopWatching);
    const ready = new Readiness({ checks: parts.checks, lagMs, onChange: parts.journal.onReadiness });
    const health = parts.healthOver(ready);
    const { authenticate } = access;
    const http = await openHttp(closing, config, { ...parts, authenticate, trusted, lagMs, ready, health });
    return {
      handler: (request, response) => {
        parts.watchUpstream();
        http.routes.routing(request, response);
      },
      async listen() {
        const base = await http.listen(config.host, config.port).catch(async (error: unknown) => {
          await closing.close();
          throw listenError(error, config.host, config.port);
        });
        const url = `${base}/graphql`;
        parts.upstream.listening(`${base}${CALLBACK_PATH}`);
        if (options.bringInSample === true) parts.upstream.bringInSample();
        await announce(url, config, parts);
        return url;
      },
      metrics: async () => metrics?.ofProcess() ?? null,
      health: () => health.ofProcess(),
      reload(next) {
        // What can be wrong with it comes first.
        withManifest(next, (manifest) => {
          trusted.replace(manifest);
        });
        access.replace(next.auth);
        parts.renew(next);
      },
      close: closing.close,
    };
  });
}

interface Served extends Parts {
  readonly authenticate: Authenticate;
  readonly trusted: TrustedDocuments;
  /** By how much the event loop lags, in milliseconds. */
  readonly lagMs: () => number;
  readonly ready: Readiness;
  readonly health: ServerHealth;
}

async function openHttp(closing: Closing, config: Config, parts: Served): Promise<HttpHost> {
  const { authenticate, trusted: trustedDocuments, lagMs, ready, health } = parts;
  const { journal, metrics, tracing, callbacks, messages, policy } = parts;
  const { optOuts, numbers, feed, changes, attachments, clock } = parts;
  const { onInternalError, onImported } = journal;
  const onRequest = both(both(journal.onRequest, metrics?.onRequest), tracing?.onRequest);
  const onShed = both(journal.onShed, metrics?.onShed);
  const onSocketFailure = both(journal.onSocketFailure, metrics?.onSocketFailure);
  const { corsOrigins, trustedProxies, introspection, federatedTracing, routerOrigins, publicUrl } = config;
  // A proxy may name another host to us than its clients ask for.
  const pageOrigins = publicUrl === null ? corsOrigins : [...corsOrigins, new URL(publicUrl).origin];
  const readiness = async (): Promise<object> => ({
    missing: await ready.missing(),
    facts: { upstream: config.upstream.kind, upstreamCheck: parts.upstream.state() },
  });
  const load = new Load({ lagMs, onShed });
  const streams = new OpenStreams();
  metrics?.watch({
    store: parts.store,
    lagMs,
    underWay: () => load.underWay,
    missing: () => ready.missing(),
    recordsWaiting: () => messages.waiting,
    upstreamOk: () => parts.upstream.state() === 'ok',
    tokenEndsAt: () => parts.upstream.tokenEndsAt(),
    streams: () => streams.counts,
    now: () => clock.now(),
  });
  const hooks = { onRequest, onInternalError };
  const isMisdirected = misdirectionIn(config);
  const http = await createHttpHost({ ...hooks, readiness, load, corsOrigins, trustedProxies, isMisdirected });
  const closeGraphQL = await serveGraphQL(http.routes, {
    messages,
    policy,
    optOuts,
    numbers,
    health,
    feed,
    changes,
    attachments,
    publicUrl,
    onInternalError,
    authenticate,
    trustedDocuments,
    corsOrigins: pageOrigins,
    introspection,
    sampleInput: parts.upstream.sample,
    federatedTracing,
    routerOrigins,
    load,
    streams,
    onSocketFailure,
    onRequest,
    spans: tracing,
  });
  closing.add(closeGraphQL);
  const { upstream, addresses, copies } = parts;
  await serveMedia(http.routes, {
    messages,
    media: upstream.media,
    addresses,
    copies,
    clock,
    authenticate,
    corsOrigins: pageOrigins,
    ...journal.media,
  });
  await serveOptOutsCsv(http.routes, {
    optOuts,
    authenticate,
    clock,
    onInternalError,
    onImported,
  });
  if (callbacks !== null) await takeCallbacks(http.routes, callbacks);
  const { sandboxOrigin: origin } = upstream;
  openFrontDoor(http.routes, { console: config.console, phones: origin !== null });
  if (origin !== null) await servePhones(http.routes, { origin, authenticate });
  await http.routes.ready();
  closing.add(async () => {
    // The port stays open until those who send requests here have seen that they should go elsewhere.
    ready.drain();
    if (config.drainDelayMs > 0) await clock.sleep(config.drainDelayMs);
    const cutOff = setTimeout(parts.abortInFlight, DRAIN_MS);
    const uploadCutOff = setTimeout(() => void upstream.media.close(), UPLOAD_DRAIN_MS);
    await http.close();
    clearTimeout(cutOff);
    clearTimeout(uploadCutOff);
  });
  return http;
}

/**
 * Whether a Host header shows that a page of the web has a browser ask, where that is all that could show it: nobody needs a
 * key, and only this machine asks. Behind a proxy, it is the proxy that knows the names.
 */
function misdirectionIn({ auth, host, trustedProxies, publicUrl }: Config): ((asked: string) => boolean) | undefined {
  if (!isOpen(auth) || !isLoopback(host) || trustedProxies.length > 0) return undefined;
  const ours = publicUrl === null ? null : new URL(publicUrl).host;
  return (asked) => asked !== ours && isPublicName(asked);
}

/** Logs where the server listens, and whether upstream can be used, as soon as that is known. */
async function announce(url: string, config: Config, parts: Parts): Promise<void> {
  const {
    upstream: { kind },
    auth,
  } = config;
  const { log, upstream } = parts;
  await withinMs(MAX_CHECK_WAIT_MS, upstream.checked);
  const upstreamCheck = upstream.state();
  const level = upstreamCheck === 'ok' ? 'info' : 'warn';
  log[level]({ url, upstream: kind, upstreamCheck, ...upstream.facts, ...settingsOf(config) }, upstream.notice);
  if (kind === 'catapult' && isOpen(auth)) log.warn(COSTS_MONEY);
  parts.watchUpstream(upstreamCheck);
}

/** What whoever reads the log needs to know of the server first. */
function settingsOf({ upstream, databaseUrl, callbackCredentials, auth, ...config }: Config): object {
  const { limitSends, limitPerRecipient, limitPerRecipientOverall } = config;
  const words = (limits: readonly Limit[]): string =>
    limits.map(({ count, windowSeconds }) => `${count}/${windowSeconds}s`).join(',') || 'off';
  return {
    version: VERSION,
    ...(upstream.kind === 'catapult' && { upstreamHost: new URL(upstream.url).host }),
    store: databaseUrl === null ? 'sqlite' : 'postgres',
    callbacks: callbackCredentials.length > 0 || upstream.kind === 'sandbox' ? 'on' : 'off',
    auth:
      [...(auth.apiKeys.length > 0 ? ['keys'] : []), ...(auth.tokens === null ? [] : ['tokens'])].join(',') || 'none',
    limits: {
      sends: words(limitSends),
      perRecipient: words(limitPerRecipient),
      perRecipientOverall: words(limitPerRecipientOverall),
    },
  };
}

/** Waits for `work`, but no longer than `ms`. */
async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  const enough = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work, enough]);
  waiting.abort();
}

/** How many documents the operator's manifest trusts. @throws ConfigError unless each can be parsed. */
export function countTrustedDocuments({ trustedDocuments }: Pick<Config, 'trustedDocuments'>): number {
  return withManifest({ trustedDocuments, console: false }, (manifest) => {
    new TrustedDocuments({ mode: trustedDocuments.mode, manifest, onUntrusted: () => undefined });
    return Object.keys(manifest).length;
  });
}

/** Does `use` with the manifest. @throws ConfigError unless every document can be read, and parsed. */
function withManifest<Result>(
  config: Pick<Config, 'trustedDocuments' | 'console'>,
  use: (manifest: Manifest) => Result,
): Result {
  const { mode, file } = config.trustedDocuments;
  const ours = config.console && mode !== 'off' ? consoleDocuments() : {};
  try {
    return use({ ...ours, ...(file === null ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Manifest)) });
  } catch {
    throw new ConfigError(['TRUSTED_DOCUMENTS_FILE must name a JSON file of hashes and GraphQL documents.']);
  }
}
