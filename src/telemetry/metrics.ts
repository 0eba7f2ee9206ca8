/**
 * What the server counts and measures, for Prometheus. Every value of a label comes from a closed set: no number, text,
 * id, caller or address becomes one. Nothing of this is loaded unless METRICS_PORT is set.
 */
import type { Counter, Gauge, Histogram, MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import type { ErrorCode } from '../errors.js';
import { failureOf } from '../messaging/delivery-failure.js';
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import { PARTS, type Part } from '../messaging/health.js';
import type { SendReport } from '../messaging/message-service.js';
import type { MessageStore, NewSend, Taken } from '../messaging/ports.js';

type Library = typeof import('prom-client');

/** The values of one process, as they travel to the process that serves the metrics of all. */
export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[];

/** What is known of a request that ended, apart from what its client wrote. */
export interface EndedRequest {
  readonly transport: string;
  readonly kind: string | null;
  readonly codes: readonly ErrorCode[];
  readonly durationMs: number;
}

/** What is known of an event of a callback. */
export interface TakenEvent extends Pick<Taken, 'result'> {
  readonly kind: CallbackEvent['kind'];
  readonly status: DeliveryEvent['status'] | null;
  /** Catapult's code of a failure. */
  readonly code: number | null;
  readonly lateMs: number | null;
  readonly count: number;
}

/** What is looked at when somebody asks for the metrics. */
export interface Looks {
  readonly store: Pick<MessageStore, 'countUnresolved'> & {
    /** Connections to the database, and calls that wait for one; absent where there are none. */
    connections?(): { readonly used: number; readonly waiting: number };
  };
  readonly lagMs: () => number;
  /** Requests under way. */
  readonly underWay: () => number;
  /** What is missing at /ready. */
  readonly missing: () => Promise<readonly Part[]>;
  /** Outcomes and claims that wait to be stored. */
  readonly recordsWaiting: () => number;
  readonly upstreamOk: () => boolean;
  /** When the access token ends, in milliseconds since 1970; null where there is none. */
  readonly tokenEndsAt: () => number | null;
  /** Open subscriptions, by transport. */
  readonly streams: () => Readonly<Record<string, number>>;
  readonly now: () => number;
}

const PREFIX = 'catapult_graphql_';
/** From a lookup in memory to the longest send. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];
/** From a commit on a fast disk to the time after which the store counts as away. */
const STORE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** From a write alone to as many as a commit may have. */
const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** Catapult tries for a day. */
const CALLBACK_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
const SOCKET_FAILURES = ['SIGN_IN', 'CONNECTION', 'SLOW_READER', 'MESSAGE', 'CLOSING'];
/** Unresolved sends that are counted: with more, the number is this. */
const MAX_COUNTED = 1_000;
/** Whoever asks for the metrics is answered in this time, with what the store said last. */
const LOOK_TIMEOUT_MS = 1_000;

export class Metrics {
  readonly #registry: Registry;
  readonly #library: Library;
  readonly #sends: Counter<'outcome' | 'code'>;
  readonly #sendSeconds: Histogram<'outcome'>;
  readonly #retries: Counter;
  readonly #upstreamSeconds: Histogram<'status'>;
  readonly #requests: Counter<'transport' | 'kind'>;
  readonly #requestSeconds: Histogram<'transport'>;
  readonly #refused: Counter<'code'>;
  readonly #shed: Counter<'kind'>;
  readonly #sockets: Counter<'kind'>;
  readonly #events: Counter<'kind' | 'result'>;
  readonly #callbackSeconds: Histogram<'kind'>;
  readonly #deliveries: Counter<'status' | 'origin'>;
  readonly #callbackFailures: Counter<'reason'>;
  readonly #storeSeconds: Histogram<'operation' | 'result'>;
  readonly #commitWrites: Histogram;
  readonly #recordFailures: Counter<'lost'>;
  readonly #unresolved: Gauge;
  readonly #oldest: Gauge;
  readonly #token: Gauge;
  readonly #streams: Gauge<'transport'>;
  readonly #connections: Readonly<Record<'used' | 'waiting', Gauge>>;
  readonly #gauges: Readonly<Record<'ready' | 'lag' | 'underWay' | 'waiting' | 'upstream', Gauge<'part'>>>;
  #looks: Looks | null = null;

  constructor(library: Library, version: string) {
    this.#library = library;
    const registry = new library.Registry();
    this.#registry = registry;
    library.collectDefaultMetrics({ register: registry });
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> =>
      new library.Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [registry] });
    const histogram = <Label extends string>(
      name: string,
      help: string,
      buckets: number[],
      labelNames: Label[] = [],
    ): Histogram<Label> =>
      new library.Histogram({ name: `${PREFIX}${name}`, help, buckets, labelNames, registers: [registry] });
    /** Of several processes, `max` or `min` keeps the worst; the others add up. */
    const gauge = <Label extends string>(
      name: string,
      help: string,
      aggregator: 'sum' | 'max' | 'min',
      labelNames: Label[] = [],
    ): Gauge<Label> =>
      new library.Gauge({ name: `${PREFIX}${name}`, help, aggregator, labelNames, registers: [registry] });

    this.#sends = counter(
      'sends_total',
      'Sends that were claimed, by outcome, and by error code where nothing was sent.',
      ['outcome', 'code'],
    );
    this.#sendSeconds = histogram('send_duration_seconds', 'How long sends took, all attempts included.', SECONDS, [
      'outcome',
    ]);
    this.#retries = counter('send_retries_total', 'Attempts after the first, of all sends.');
    this.#upstreamSeconds = histogram(
      'upstream_duration_seconds',
      "How long Catapult took for the last attempt of a send, by the status's class; none is an attempt without an answer.",
      SECONDS,
      ['status'],
    );
    this.#requests = counter(
      'requests_total',
      'Requests that reached a resolver or a file, or were refused; of subscriptions, those that ended.',
      ['transport', 'kind'],
    );
    this.#requestSeconds = histogram('request_duration_seconds', 'How long queries and mutations took.', SECONDS, [
      'transport',
    ]);
    this.#refused = counter('errors_total', 'Error codes that callers were told, each once a request.', ['code']);
    this.#shed = counter(
      'shed_total',
      'Requests and callbacks that were refused with SERVER_BUSY before they were read.',
      ['kind'],
    );
    this.#sockets = counter('connection_failures_total', 'Connections of subscribers that failed, by reason.', [
      'kind',
    ]);
    this.#events = counter(
      'callback_events_total',
      'Events that callbacks brought, by what they changed; REPEATED is a duplicate.',
      ['kind', 'result'],
    );
    this.#callbackSeconds = histogram(
      'callback_lag_seconds',
      'From the time of an event to its being stored.',
      CALLBACK_SECONDS,
      ['kind'],
    );
    this.#deliveries = counter(
      'delivery_reports_total',
      'What callbacks newly said of deliveries; of those that failed, who failed.',
      ['status', 'origin'],
    );
    this.#callbackFailures = counter(
      'callback_failures_total',
      'Callbacks that were refused for wrong credentials or for none, or could not be stored.',
      ['reason'],
    );
    this.#storeSeconds = histogram(
      'store_duration_seconds',
      'How long writes to the store took, the wait for their commit included.',
      STORE_SECONDS,
      ['operation', 'result'],
    );
    this.#commitWrites = histogram('store_commit_writes', 'Writes that shared a commit.', WRITES);
    this.#recordFailures = counter(
      'record_failures_total',
      'Outcomes that could not be stored at once; lost are those that the process ended with.',
      ['lost'],
    );
    this.#unresolved = gauge(
      'unresolved_sends',
      `Sends whose outcome or id is unknown, counted up to ${MAX_COUNTED}.`,
      'max',
    );
    this.#oldest = gauge('unresolved_oldest_age_seconds', 'Age of the oldest of them; 0 without any.', 'max');
    this.#token = gauge(
      'upstream_token_life_seconds',
      'Until the access token for Catapult ends; below 0 when it has ended. Absent where none was issued.',
      'min',
    );
    // Without a value there is no token yet, rather than one that ends now.
    this.#token.remove();
    this.#streams = gauge('subscriptions_open', 'Subscriptions that are open, by how their events travel.', 'sum', [
      'transport',
    ]);
    this.#connections = {
      used: gauge('store_connections_used', 'Connections to PostgreSQL that work; 0 with SQLite.', 'sum'),
      waiting: gauge('store_connections_waiting', 'Calls that wait for a connection to PostgreSQL.', 'sum'),
    };
    this.#gauges = {
      ready: gauge(
        'ready',
        'Whether each part that requests need is there: 1, or 0 when /ready says that it is missing.',
        'min',
        ['part'],
      ),
      lag: gauge(
        'event_loop_lag_seconds',
        'How long what is ready waits for its turn: the mean of the last second.',
        'max',
      ),
      underWay: gauge('requests_under_way', 'Requests whose answers have not begun.', 'sum'),
      waiting: gauge('records_waiting', 'Outcomes and claims that wait in memory to be stored.', 'sum'),
      upstream: gauge(
        'upstream_usable',
        'Whether Catapult can be used as it is configured, as far as is known.',
        'min',
      ),
    };
    gauge('build_info', 'Always 1; the version is its label.', 'max', ['version']).set({ version }, 1);
    // What alerts and dashboards ask for should be there before it first happens.
    for (const outcome of ['ACCEPTED', 'UNKNOWN']) this.#sends.inc({ outcome, code: 'none' }, 0);
    for (const kind of SOCKET_FAILURES) this.#sockets.inc({ kind }, 0);
    for (const kind of ['requests', 'callbacks']) this.#shed.inc({ kind }, 0);
    for (const reason of ['credentials', 'anonymous', 'store']) this.#callbackFailures.inc({ reason }, 0);
    for (const lost of ['yes', 'no']) this.#recordFailures.inc({ lost }, 0);
  }

  readonly onSend = ({ outcome, code, durationMs, attempts, httpStatus, upstreamMs }: SendReport): void => {
    this.#sends.inc({ outcome, code: code ?? 'none' });
    this.#sendSeconds.observe({ outcome }, durationMs / 1_000);
    if (attempts > 1) this.#retries.inc(attempts - 1);
    if (upstreamMs !== null) this.#upstreamSeconds.observe({ status: classOf(httpStatus) }, upstreamMs / 1_000);
  };

  readonly onRequest = ({ transport, kind, codes, durationMs }: EndedRequest): void => {
    this.#requests.inc({ transport, kind: kind ?? 'none' });
    // A subscription lasts as long as its client likes.
    if (kind !== 'subscription') this.#requestSeconds.observe({ transport }, durationMs / 1_000);
    for (const code of codes) this.#refused.inc({ code });
  };

  readonly onShed = (shedding: 'first' | 'last' | 'never'): void => {
    this.#shed.inc({ kind: shedding === 'last' ? 'callbacks' : 'requests' });
  };

  readonly onSocketFailure = (kind: string): void => {
    this.#sockets.inc({ kind });
  };

  readonly onEvent = ({ kind, status, code, lateMs, result, count }: TakenEvent): void => {
    this.#events.inc({ kind, result }, count);
    if (result === 'REPEATED') return;
    if (lateMs !== null) this.#callbackSeconds.observe({ kind }, lateMs / 1_000);
    if (status === null) return;
    const origin = status === 'FAILED' ? (code === null ? 'UNCLEAR' : failureOf(code).origin) : 'none';
    this.#deliveries.inc({ status, origin });
  };

  readonly onWrongCredentials = (): void => {
    this.#callbackFailures.inc({ reason: 'credentials' });
  };

  readonly onNoCredentials = (): void => {
    this.#callbackFailures.inc({ reason: 'anonymous' });
  };

  readonly onCallbackFailure = (): void => {
    this.#callbackFailures.inc({ reason: 'store' });
  };

  readonly onRecordFailure = ({ isLost }: { readonly isLost: boolean }): void => {
    this.#recordFailures.inc({ lost: isLost ? 'yes' : 'no' });
  };

  /** The same store; how long its writes take is measured. */
  measured<Store extends Committing & MessageStore>(store: Store): Store {
    this.countCommits(store);
    const timed =
      <Args extends unknown[], Result>(operation: string, work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        const since = performance.now();
        const took = (result: 'stored' | 'failed'): void => {
          this.#storeSeconds.observe({ operation, result }, (performance.now() - since) / 1_000);
        };
        try {
          const result = await work(...args);
          took('stored');
          return result;
        } catch (error) {
          took('failed');
          throw error;
        }
      };
    const own = {
      claim: timed('claim', (send: NewSend) => store.claim(send)),
      record: timed('record', (...args: Parameters<MessageStore['record']>) => store.record(...args)),
      take: timed('take', (...args: Parameters<MessageStore['take']>) => store.take(...args)),
    };
    return replacing(store, own);
  }

  /** Counts what the store commits, unless another process does that for it. */
  countCommits(store: Committing): void {
    if (store.onCommit === undefined) return;
    store.onCommit = (writes) => {
      this.#commitWrites.observe(writes);
    };
  }

  /** From now on the gauges have values. */
  watch(looks: Looks): void {
    this.#looks = looks;
  }

  /** The values of this process as they are now. */
  async ofProcess(): Promise<ProcessMetrics> {
    await this.#look();
    return this.#registry.getMetricsAsJSON();
  }

  /** The same of a process that answers no requests: what it commits, and what it takes of the machine. */
  async ofFirstProcess(lagMs: number): Promise<ProcessMetrics> {
    this.#gauges.lag.set(lagMs / 1_000);
    const all: ProcessMetrics = await this.#registry.getMetricsAsJSON();
    return all.filter(({ name }) => IS_OF_ANY_PROCESS.test(name));
  }

  /** The values of several processes together, as text. */
  async textOf(processes: readonly ProcessMetrics[]): Promise<string> {
    return this.#library.AggregatorRegistry.aggregate(processes as ProcessMetrics[]).metrics();
  }

  /** The same as one. */
  sumOf(processes: readonly ProcessMetrics[]): Promise<ProcessMetrics> {
    return this.#library.AggregatorRegistry.aggregate(processes as ProcessMetrics[]).getMetricsAsJSON();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async #look(): Promise<void> {
    if (this.#looks === null) return;
    const { lagMs, underWay, missing, recordsWaiting, upstreamOk, tokenEndsAt, streams, store, now } = this.#looks;
    const { ready, lag, underWay: current, waiting, upstream } = this.#gauges;
    lag.set(lagMs() / 1_000);
    current.set(underWay());
    waiting.set(recordsWaiting());
    upstream.set(upstreamOk() ? 1 : 0);
    const endsAt = tokenEndsAt();
    if (endsAt !== null) this.#token.set((endsAt - now()) / 1_000);
    for (const [transport, count] of Object.entries(streams())) this.#streams.set({ transport }, count);
    const connections = store.connections?.();
    this.#connections.used.set(connections?.used ?? 0);
    this.#connections.waiting.set(connections?.waiting ?? 0);
    const [absent] = await Promise.all([missing(), inTime(this.#countUnresolved(this.#looks))]);
    for (const part of PARTS) ready.set({ part }, absent.includes(part) ? 0 : 1);
  }

  async #countUnresolved({ store, now }: Looks): Promise<void> {
    const { count, oldestStartedAtMs } = await store.countUnresolved(MAX_COUNTED);
    this.#unresolved.set(count);
    this.#oldest.set(oldestStartedAtMs === null ? 0 : Math.max(0, now() - oldestStartedAtMs) / 1_000);
  }
}

/** What a process has that serves nobody. */
const IS_OF_ANY_PROCESS =
  /^(process_|nodejs_|catapult_graphql_(store_commit_writes|event_loop_lag_seconds|build_info)$)/;
/** What stays of a process that has ended: what it counted. Its gauges say nothing any more. */
export const countsIn = (said: ProcessMetrics): ProcessMetrics => said.filter(({ type }) => COUNTING.has(String(type)));
const COUNTING: ReadonlySet<string> = new Set(['counter', 'histogram']);

/** What commits writes. */
interface Committing {
  onCommit?: ((writes: number) => void) | null;
}

/** The same object with some of its functions replaced; all others stay bound to it, and each is bound once. */
export function replacing<Whole extends object>(whole: Whole, some: Readonly<Record<string, unknown>>): Whole {
  const known = new Map<string | symbol, unknown>(Object.entries(some));
  return new Proxy(whole, {
    get(target, name) {
      if (known.has(name)) return known.get(name);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const bound: unknown = value.bind(target);
      known.set(name, bound);
      return bound;
    },
  });
}

/** `2xx`, or `none` without an answer: a closed set, whatever upstream writes. */
function classOf(status: number | null): string {
  const first = Math.floor((status ?? 0) / 100);
  return first >= 1 && first <= 5 ? `${first}xx` : 'none';
}

/** Waits for a look, but no longer than whoever asks; what fails keeps its last value. */
async function inTime(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, LOOK_TIMEOUT_MS)));
  await Promise.race([look.catch(() => undefined), enough]);
  clearTimeout(timer);
}

/** Loads the library. */
export async function openMetrics(version: string): Promise<Metrics> {
  return new Metrics(await import('prom-client'), version);
}
