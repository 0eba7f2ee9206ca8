/**
 * Several processes behind one port. Each worker is a whole server. The first process holds what there may be only one
 * of: an SQLite file, its counts of sends, and the sandbox.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createAppWith, type App } from './app.js';
import { connect, type Channel } from './channel.js';
import { openAll, type Closing } from './closing.js';
import type { Config } from './config/config.js';
import { Journal } from './journal.js';
import type { Logger } from './log.js';
import { systemClock } from './messaging/clock.js';
import { startFiling } from './messaging/housekeeping.js';
import { startRetention } from './messaging/retention.js';
import type { StoreChange } from './messaging/ports.js';
import { storeOptions, type AppOptions } from './parts.js';
import { openStore, type OpenStore } from './store/index.js';
import { remoteStore, storeCalls, type StoreCalls } from './store/remote-store.js';
import { CountersInMemory } from './store/send-limits.js';
import type { ProcessHealth } from './telemetry/health.js';
import { openMetrics, type ProcessMetrics } from './telemetry/metrics.js';
import { serveMetrics } from './telemetry/metrics-server.js';
import { inTime } from './telemetry/readiness.js';
import { startBuiltInSandbox, type SandboxAddress } from './upstream.js';
import { VERSION } from './version.js';

/** Before a worker is replaced: one that dies at once would otherwise be replaced without end. */
const RESTART_PAUSE_MS = 1_000;
/** A worker ends within 10 s, after DRAIN_DELAY_MS. One that stands still never would, and would keep the port. */
const KILL_AFTER_MS = 9_700;

/** Less than the worker that asks waits; a look at what is missing takes 2 s at most. */
const HEALTH_PATIENCE_MS = 3_000;

/** A worker ended before it served. Its own log says why. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
}

/** What the first process does for a worker. It holds the store unless that is PostgreSQL. */
interface FirstProcess extends StoreCalls {
  /** Null where messages go to Catapult. */
  sandbox(): SandboxAddress | null;
  sendCallbacksTo(callbackUrl: string): void;
  /** The worker serves, at this URL. */
  serving(url: string): void;
  /** How all workers are. */
  healthOfAll(): Promise<ProcessHealth[]>;
}

/** What a worker does for the first process. */
interface OneOfItsWorkers {
  changed(change: StoreChange): void;
  /** What it counted and measured; null where metrics are off. */
  metrics(): Promise<ProcessMetrics | null>;
  /** Null until it serves. */
  health(): Promise<ProcessHealth | null>;
}

export interface Workers {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** Has each worker read its configuration again, as `SIGHUP` does. */
  reload(): void;
  /** Has each worker finish what is in flight; resolves within 10 s, and DRAIN_DELAY_MS before. */
  close(): Promise<void>;
}

/**
 * Starts `config.workers` of them, and another one for each that ends unasked. Its sends are then UNKNOWN once their
 * leases run out, as after a crash.
 *
 * @throws WorkerEndedError, and what `openStore` throws; then nothing stays open.
 */
export function startWorkers(config: Config, log: Logger): Promise<Workers> {
  return openAll(async (closing) => {
    const journal = new Journal(log, closing);
    const store = config.databaseUrl === null ? await openForWorkers(closing, config, journal) : null;
    const { upstream } = config;
    const sandbox = upstream.kind === 'sandbox' ? await startBuiltInSandbox(closing, upstream.auth) : null;
    const calls: Partial<FirstProcess> = {
      ...(store !== null && storeCalls(store, new CountersInMemory())),
      sandbox: () => sandbox?.address ?? null,
      sendCallbacksTo: (callbackUrl) => sandbox?.sendCallbacksTo(callbackUrl),
    };
    const crew = new Crew({ calls, store, journal, drainDelayMs: config.drainDelayMs });
    if (config.metrics !== null) await serveMetricsOf(crew, config.metrics, closing, journal);
    closing.add(() => crew.close());
    const url = await crew.start(config.workers);
    sandbox?.bringInSample?.();
    journal.workers.onAllServing(url, config.workers);
    const reload = (): void => {
      crew.signal('SIGHUP');
    };
    return { url, reload, close: closing.close };
  });
}

/** The first process serves the sum: whoever asked one of the workers would get that one's share. */
async function serveMetricsOf(
  crew: Crew,
  where: { host: string; port: number },
  closing: Closing,
  journal: Journal,
): Promise<void> {
  const metrics = await openMetrics(VERSION);
  const { contentType } = metrics;
  const server = await serveMetrics(where, async () => ({
    text: await metrics.textOf(await crew.metrics()),
    contentType,
  }));
  closing.add(server.close);
  journal.onMetricsServed(server.url);
}

async function openForWorkers(closing: Closing, config: Config, journal: Journal): Promise<OpenStore> {
  const store = await openStore({ ...storeOptions(config, journal), forServer: true });
  closing.add(() => store.close());
  // No worker runs yet: whatever is pending was left by a crash.
  const count = await store.expireLeases(Number.MAX_SAFE_INTEGER);
  if (count > 0) journal.housekeeping.onExpired(count);
  closing.add(startFiling({ store, clock: systemClock, ...journal.filing }));
  const { retainMessagesMs: retainMs } = config;
  if (retainMs !== null) closing.add(startRetention({ store, clock: systemClock, retainMs, ...journal.retention }));
  return store;
}

interface CrewOptions {
  /** What the first process does for each of them. */
  readonly calls: object;
  readonly store: OpenStore | null;
  readonly journal: Journal;
  readonly drainDelayMs: number;
}

class Crew {
  readonly #options: CrewOptions;
  readonly #stopping = new AbortController();
  readonly #asked = new Map<number, Pick<OneOfItsWorkers, 'metrics' | 'health'>>();
  #onServing: (url: string) => void = () => undefined;
  /** A worker has ended unasked. */
  #onEnd: (worker: number, code: number | null, signal: string | null) => void = () => undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    // Workers accept connections themselves. One that the first process had handed to a worker that is killed in that
    // moment would hang for ever; and a worker that stands still accepts none.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  /** Resolves with their URL once all of them serve. Those that end later are replaced. */
  async start(count: number): Promise<string> {
    let missing = count;
    const url = await new Promise<string>((resolve, reject) => {
      this.#onServing = (servedAt) => {
        missing -= 1;
        if (missing === 0) resolve(servedAt);
      };
      this.#onEnd = () => {
        reject(new WorkerEndedError('A worker ended before it served: the log says why.'));
      };
      for (let left = count; left > 0; left--) this.#fork();
    });
    this.#onEnd = (worker, code, signal) => {
      this.#options.journal.workers.onEnd(worker, code, signal);
      void this.#forkLater();
    };
    return url;
  }

  /** What all of them counted and measured. One that does not answer is left out. */
  async metrics(): Promise<ProcessMetrics[]> {
    return answersOf([...this.#asked.values()].map((worker) => worker.metrics()));
  }

  /** How all of them are. One that does not answer while somebody waits is left out. */
  health(): Promise<ProcessHealth[]> {
    return answersOf([...this.#asked.values()].map((worker) => inTime(HEALTH_PATIENCE_MS, worker.health())));
  }

  /** Sends all of them a signal. */
  signal(signal: NodeJS.Signals): void {
    for (const { process: child } of this.#living()) child.kill(signal);
  }

  /** Resolves when all have ended. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#living().map((worker) => this.#end(worker)));
  }

  #living(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker?.isDead() === false) as Worker[];
  }

  async #end(worker: Worker): Promise<void> {
    const ended = once(worker, 'exit');
    // Its own `kill` would first cut it off from the store.
    const { id, process: child } = worker;
    child.kill('SIGTERM');
    const tooLong = setTimeout(() => {
      this.#options.journal.workers.onStuck(id);
      child.kill('SIGKILL');
    }, this.#options.drainDelayMs + KILL_AFTER_MS);
    await ended;
    clearTimeout(tooLong);
  }

  #fork(): void {
    const { calls, store, journal } = this.#options;
    const worker = cluster.fork();
    const { id, process: child } = worker;
    const serving = (url: string): void => {
      journal.workers.onServing(id, child.pid);
      this.#onServing(url);
    };
    const healthOfAll = (): Promise<ProcessHealth[]> => this.health();
    const itself = connect<OneOfItsWorkers, object>(channelOf(worker), { ...calls, serving, healthOfAll });
    this.#asked.set(id, { metrics: () => itself.metrics(), health: () => itself.health() });
    const stopTelling = store?.onChange((change) => void itself.changed.asEvent(change));
    worker.once('exit', (code: number | null, signal: string | null) => {
      stopTelling?.();
      this.#asked.delete(id);
      if (!this.#stopping.signal.aborted) this.#onEnd(id, code, signal);
    });
  }

  async #forkLater(): Promise<void> {
    const { signal } = this.#stopping;
    await delay(RESTART_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) this.#fork();
  }
}

/** Serves as one of the workers. @throws when it cannot; then nothing stays open. */
export async function serveAsWorker(
  config: Config,
  log: Logger,
  tracerProvider?: AppOptions['tracerProvider'],
): Promise<App> {
  const { worker } = cluster;
  if (worker === undefined) throw new Error('This process is no worker.');
  const first = connect<FirstProcess, OneOfItsWorkers>(channelOf(worker), {
    changed: (change) => store?.changed(change),
    metrics: async () => (await serving?.metrics()) ?? null,
    health: async () => (await serving?.health()) ?? null,
  });
  let serving: App | null = null;
  const store = config.databaseUrl === null ? remoteStore(first) : null;
  const address = await first.sandbox();
  const sandbox = address === null ? null : { address, sendCallbacksTo: first.sendCallbacksTo.asEvent };
  const shared = { ...(store !== null && { store }), ...(sandbox !== null && { sandbox }) };
  const options = { log: log.child({ worker: worker.id }), tracerProvider };
  const askAll = (): Promise<ProcessHealth[]> => first.healthOfAll();
  const app = await createAppWith({ ...shared, isWorker: true, askAll }, config, options);
  serving = app;
  await first.serving(await app.listen());
  return app;
}

/** What was answered; whoever did not answer is left out. */
async function answersOf<Answer>(asked: readonly Promise<Answer | null>[]): Promise<Answer[]> {
  const answers = await Promise.all(asked.map((answer) => answer.catch(() => null)));
  return answers.filter((answer) => answer !== null);
}

const channelOf = (worker: Worker): Channel => ({
  send(message) {
    // It has ended. Whoever waits for its answer is told by the time that the answer takes.
    if (worker.isConnected()) worker.send(message as object, () => undefined);
  },
  onMessage(listener) {
    worker.on('message', listener);
  },
});
