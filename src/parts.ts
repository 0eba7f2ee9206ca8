/** What the server and the embedded schema share: the store, upstream, the service over both, and their upkeep. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { TracerProvider } from '@opentelemetry/api';
import type { CallbackOptions, Credentials } from './catapult/callback-route.js';
import { CatapultClient } from './catapult/client.js';
import { CatapultSearch } from './catapult/search.js';
import type { Closing } from './closing.js';
import { ConfigError, type Config, type StoreConfig } from './config/config.js';
import { Journal } from './journal.js';
import { createLogger, standardError, type Logger } from './log.js';
import { startCopying } from './media/copier.js';
import { Copies } from './media/copies.js';
import { startEndingCopies } from './media/ending.js';
import { Attachments } from './messaging/attachment.js';
import { ChangeStream } from './messaging/change-stream.js';
import { systemClock } from './messaging/clock.js';
import { Correlation, CORRELATION_KEY_BYTES } from './messaging/correlation.js';
import { startFiling, startHousekeeping } from './messaging/housekeeping.js';
import { MediaAddresses } from './messaging/media-address.js';
import { Numbers } from './messaging/forgetting.js';
import { MessageFeed } from './messaging/message-feed.js';
import { MessageService, type SendObserver } from './messaging/message-service.js';
import type { Clock, MessageStore } from './messaging/ports.js';
import { startOptOutReplies } from './messaging/opt-out-replies.js';
import { OptOuts } from './messaging/opt-outs.js';
import { RefusalCounts } from './messaging/refusal-counts.js';
import { startRetention } from './messaging/retention.js';
import { SendPolicy } from './messaging/send-policy.js';
import { startSettling } from './messaging/settle-by-search.js';
import { openStore, type OpenStore, type StoreOptions } from './store/index.js';
import { freeDiskCheck, type WrittenPaths } from './telemetry/free-disk.js';
import { ServerHealth, type ProcessHealth } from './telemetry/health.js';
import { openMetrics, type Metrics } from './telemetry/metrics.js';
import { Minutes } from './telemetry/minutes.js';
import type { Readiness, ReadinessOptions } from './telemetry/readiness.js';
import type { Tracing } from './telemetry/tracing.js';
import { NOT_CHECKED, openUpstream, type BuiltInSandbox, type OpenUpstream } from './upstream.js';
import { VERSION } from './version.js';

/** A stop waits this long for confirmations that are being sent. */
const REPLY_DRAIN_MS = 1_000;

/** Where messages are kept unless DATABASE_URL says otherwise, below the working directory. */
export const STORE_FILE = 'data/messages.sqlite';

export interface AppOptions {
  /** Where the log goes; JSON lines on standard error by default. */
  readonly log?: Logger;
  /** The SQLite file, where `config` names no database; `data/messages.sqlite` by default. */
  readonly storeFile?: string;
  readonly clock?: Clock;
  /** Where spans go, by the API of OpenTelemetry: `trace.getTracerProvider()` for one's own. None are made without. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Whether the built-in sandbox has a message with a picture come in at once; false by default. */
  readonly bringInSample?: boolean;
}

/** What another process holds, since there may be only one of it, and shares with this one. */
export interface SharedParts {
  readonly store?: OpenStore;
  readonly sandbox?: BuiltInSandbox;
  /** Whether that process serves the metrics of this one. */
  readonly isWorker?: boolean;
  /** How all processes behind the port are. */
  readonly askAll?: () => Promise<readonly ProcessHealth[]>;
}

export interface Parts {
  readonly log: Logger;
  /** Null where nobody wants any. */
  readonly metrics: Metrics | null;
  /** Null where nobody wants traces. */
  readonly tracing: Tracing | null;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly store: MessageStore & Pick<OpenStore, 'connections'>;
  readonly messages: MessageService;
  readonly policy: SendPolicy;
  readonly optOuts: OptOuts;
  readonly numbers: Numbers;
  readonly feed: MessageFeed;
  readonly changes: ChangeStream;
  readonly upstream: OpenUpstream;
  /** What messages say of their files. */
  readonly attachments: Attachments;
  readonly addresses: MediaAddresses;
  /** Of files of incoming messages; null where nothing is copied. */
  readonly copies: Copies | null;
  /** From the first call on, the log says when upstream can be used and when not. The caller has logged `known` already. */
  readonly watchUpstream: (known?: string) => void;
  /** Takes on other credentials of callbacks, and of upstream. */
  readonly renew: (config: Pick<Config, 'callbackCredentials' | 'upstream'>) => void;
  /** What the callback route needs; null where callbacks are off. */
  readonly callbacks: CallbackOptions | null;
  /** Each rejects when its part of what sends need is missing. */
  readonly checks: ReadinessOptions['checks'];
  /** How the server is; `readiness` is that of this process. */
  readonly healthOver: (readiness: Readiness) => ServerHealth;
  /** Ends the calls upstream that still run: their sends are recorded as unknown, or as not sent where that is certain. */
  readonly abortInFlight: () => void;
}

/**
 * Opens everything that is not shared. Closing stores what is known of every send first.
 *
 * @throws when the store cannot be opened.
 */
export async function openParts(
  closing: Closing,
  config: Config,
  options: AppOptions,
  shared: SharedParts = {},
): Promise<Parts> {
  const { clock = systemClock, storeFile } = options;
  const log = options.log ?? createLogger(config.logLevel, standardError());
  const journal = new Journal(log, closing);
  const minutes = new Minutes(() => clock.now());
  const startedAtMs = clock.now();
  const metrics = config.metrics === null ? null : await openMetrics(VERSION);
  const opened = shared.store ?? (await openStore({ ...storeOptions(config, journal, storeFile), forServer: true }));
  closing.add(() => opened.close());
  const tracing = options.tracerProvider === undefined ? null : await openTracing(options.tracerProvider);
  const measured = metrics === null ? opened : metrics.measured(opened);
  const store = tracing === null ? measured : tracing.traced(measured);
  const key = await store.correlationKey(randomBytes(CORRELATION_KEY_BYTES));
  const upstream = await openUpstream(closing, config.upstream, {
    clock,
    running: shared.sandbox,
    ...journal.uploads,
  });
  const { account, media } = upstream;
  const correlation = new Correlation(key, upstream.formerSecrets);
  let credentials: readonly Credentials[] = [...config.callbackCredentials, ...upstream.callbackCredentials];
  const takesCallbacks = credentials.length > 0;
  const gateway = new CatapultClient({
    account,
    clock,
    correlation: takesCallbacks ? correlation : null,
    random: Math.random,
    around: tracing?.aroundAttempt(account.origin) ?? null,
  });
  const limits = store.sendLimits({
    perCaller: config.limitSends,
    perRecipient: config.limitPerRecipient,
    perRecipientOverall: config.limitPerRecipientOverall,
  });
  const refusals = new RefusalCounts(store);
  const { sendTimeoutMs, sendPolicy } = config;
  const { applicationIds } = sendPolicy;
  const observer = observed(
    journal.sends(() => {
      upstream.checkAgain();
    }),
    minutes,
    metrics,
    tracing,
  );
  const policy = new SendPolicy(sendPolicy, clock, (url) => media.owns(url));
  const messages = new MessageService({
    store,
    gateway,
    clock,
    observer,
    limits,
    applicationIds,
    refusals,
    newId,
    sendTimeoutMs,
  });
  closing.add(() => messages.close());
  closing.add(await startHousekeeping({ store, clock, refusals, ...journal.housekeeping }));
  if (shared.store === undefined) closing.add(startFiling({ store, clock, ...journal.filing }));
  const { optOutReply: text, retainMessagesMs: retainMs } = config;
  if (retainMs !== null && shared.store === undefined) {
    closing.add(startRetention({ store, clock, retainMs, ...journal.retention }));
  }
  if (text !== null && takesCallbacks) {
    const stop = startOptOutReplies({ store, messages, policy, clock, text, ...journal.replies });
    closing.add(async () => {
      // Whatever else was under way has ended by now.
      const cutOff = setTimeout(() => {
        gateway.abortInFlight();
      }, REPLY_DRAIN_MS);
      await stop();
      clearTimeout(cutOff);
    });
  }
  if (config.settleBySearch) {
    closing.add(startSettling({ store, search: new CatapultSearch(account), clock, ...journal.settling }));
  }
  const copies = config.mediaDir === null ? null : await openCopies(config.mediaDir);
  if (copies !== null) {
    closing.add(startCopying({ store, media, copies, clock, random: Math.random, ...journal.copies }));
    if (retainMs !== null) closing.add(startEndingCopies({ copies, clock, retainMs, ...journal.retention }));
  }
  const addresses = new MediaAddresses(key);
  const isCopied = copies?.has ?? (() => Promise.resolve(false));
  return {
    log,
    metrics,
    tracing,
    journal,
    clock,
    store,
    messages,
    attachments: new Attachments({ media, addresses, clock, isCopied }),
    addresses,
    copies,
    policy,
    optOuts: new OptOuts({ store, clock, isKept: config.keepsConsent }),
    numbers: new Numbers({ store, clock, removeCopy: copies?.remove ?? (() => Promise.resolve()) }),
    feed: new MessageFeed(store),
    changes: new ChangeStream(store, clock),
    upstream,
    watchUpstream: once((known = NOT_CHECKED) => {
      upstream.watch(journal.upstream(known));
    }),
    callbacks: takesCallbacks
      ? {
          store,
          clock,
          correlation,
          credentials: () => credentials,
          ...callbackHooks(journal, minutes, metrics, tracing),
        }
      : null,
    renew(next) {
      credentials = [...next.callbackCredentials, ...upstream.callbackCredentials];
      upstream.renew(next.upstream);
    },
    checks: { store: () => store.ping(), disk: freeDiskCheck(writtenPaths(config, storeFile), config.minFreeDisk) },
    healthOver: (readiness) =>
      new ServerHealth({
        ...{ startedAtMs, version: VERSION, minutes, readiness, sends: store },
        store: config.databaseUrl === null ? 'sqlite' : 'postgres',
        upstream: config.upstream.kind,
        upstreamCheck: () => upstream.state(),
        tokenEndsAtMs: () => upstream.tokenEndsAt(),
        now: () => clock.now(),
        askAll: shared.askAll ?? null,
      }),
    abortInFlight: () => {
      gateway.abortInFlight();
    },
  };
}

/**
 * Unique, and sorting by time: milliseconds in base 36, then the last 16 digits of a UUID, of which 62 bits are random: two of
 * the same millisecond are never alike. Some seventeen indexes hold it, so each character is as many bytes of a message.
 */
function newId(): string {
  // Node makes UUIDs from a pool of random bytes: to ask the system for a few bytes each time costs ten times as much.
  return Date.now().toString(36).padStart(9, '0') + randomUUID().replaceAll('-', '').slice(-16);
}

function once<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void {
  let isDone = false;
  return (...args) => {
    if (!isDone) work(...args);
    isDone = true;
  };
}

/** Loads the library. */
async function openTracing(provider: TracerProvider): Promise<Tracing> {
  const { Tracing: Traces } = await import('./telemetry/tracing.js');
  return new Traces(provider, VERSION);
}

/** Whatever happens to a send is logged and counted, and measured and traced where somebody wants it. */
function observed(
  journal: SendObserver,
  minutes: Minutes,
  metrics: Metrics | null,
  tracing: Tracing | null,
): SendObserver {
  return {
    ...journal,
    ...(tracing !== null && { onClaim: tracing.onClaim }),
    onSend(report) {
      journal.onSend(report);
      minutes.onSend(report);
      metrics?.onSend(report);
      tracing?.onSend(report);
    },
    onRecordFailure(failure, error) {
      journal.onRecordFailure(failure, error);
      metrics?.onRecordFailure(failure);
    },
  };
}

function callbackHooks(
  { callbacks }: Journal,
  minutes: Minutes,
  metrics: Metrics | null,
  tracing: Tracing | null,
): Pick<CallbackOptions, 'onEvent' | 'onFailure' | 'onWrongCredentials' | 'onNoCredentials' | 'around'> {
  return {
    onEvent: both(both(callbacks.onEvent, minutes.onEvent), metrics?.onEvent),
    onFailure: both(callbacks.onFailure, metrics?.onCallbackFailure),
    onWrongCredentials: both(callbacks.onWrongCredentials, metrics?.onWrongCredentials),
    ...(metrics !== null && { onNoCredentials: metrics.onNoCredentials }),
    around: tracing?.aroundCallback ?? null,
  };
}

/** One listener that calls two. */
export function both<Args extends unknown[]>(
  first: (...args: Args) => void,
  second: ((...args: Args) => void) | undefined,
): (...args: Args) => void {
  if (second === undefined) return first;
  return (...args) => {
    first(...args);
    second(...args);
  };
}

function writtenPaths({ databaseUrl, databaseFile, mediaDir }: Config, unsetFile = STORE_FILE): WrittenPaths {
  return { storeFile: databaseUrl === null ? (databaseFile ?? unsetFile) : null, mediaDir };
}

/** What the configuration says of the store. */
export function storeOptions(
  { databaseUrl, databaseFile, keepsConsent }: StoreConfig,
  { onConsentChange: onChange, onMigrationStep: onStep }: Journal,
  unsetFile = STORE_FILE,
): Pick<StoreOptions, 'databaseUrl' | 'file' | 'consent' | 'onStep'> {
  return { databaseUrl, file: databaseFile ?? unsetFile, consent: keepsConsent ? { onChange } : null, onStep };
}

/** @throws ConfigError when it cannot be written. */
export async function openCopies(folder: string): Promise<Copies> {
  try {
    return await Copies.open(folder);
  } catch {
    throw new ConfigError(['MEDIA_DIR must name a folder that the server can make, or write.']);
  }
}
