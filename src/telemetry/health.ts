/** How the server is, put together from its processes. */
import type { Health, HealthSource, Part, UnresolvedCount } from '../messaging/health.js';
import type { MessageStore } from '../messaging/ports.js';
import { lastMinutes, type MinuteCounts, type Minutes } from './minutes.js';
import { inTime, type Readiness } from './readiness.js';

/** What one process knows, as it travels to another one. */
export interface ProcessHealth {
  readonly startedAtMs: number;
  readonly missing: readonly Part[];
  readonly upstreamCheck: string;
  readonly tokenEndsAtMs: number | null;
  readonly minutes: readonly MinuteCounts[];
}

/** Unresolved sends that are counted: as many as the metrics count. */
const MAX_COUNTED = 1_000;
/** Whoever looks at a page is answered while the store is away. */
const STORE_PATIENCE_MS = 1_000;

export interface ServerHealthOptions extends Pick<Health, 'startedAtMs' | 'version' | 'store' | 'upstream'> {
  readonly minutes: Pick<Minutes, 'counts'>;
  readonly readiness: Pick<Readiness, 'missing'>;
  readonly upstreamCheck: () => string;
  readonly tokenEndsAtMs: () => number | null;
  readonly messages: Pick<MessageStore, 'unresolvedSends'>;
  readonly now: () => number;
  /** Asks all processes behind the port, this one among them; null where it is the only one. */
  readonly askAll: (() => Promise<readonly ProcessHealth[]>) | null;
}

export class ServerHealth implements HealthSource {
  readonly #options: ServerHealthOptions;

  constructor(options: ServerHealthOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async ofProcess(): Promise<ProcessHealth> {
    const { startedAtMs, readiness, upstreamCheck, tokenEndsAtMs, minutes } = this.#options;
    const missing = await readiness.missing();
    return {
      ...{ startedAtMs, missing, minutes: minutes.counts() },
      ...{ upstreamCheck: upstreamCheck(), tokenEndsAtMs: tokenEndsAtMs() },
    };
  }

  async health(): Promise<Health> {
    const { version, store, upstream } = this.#options;
    const now = this.#options.now();
    const processes = await this.#all();
    const startedAtMs = Math.min(...processes.map((each) => each.startedAtMs));
    const tokenEnds = processes.flatMap(({ tokenEndsAtMs }) => tokenEndsAtMs ?? []);
    const minutes = processes.map((each) => each.minutes);
    return {
      ...{ now, startedAtMs, version, store, upstream, processes: processes.length },
      upstreamCheck: processes.find(({ upstreamCheck }) => upstreamCheck !== 'ok')?.upstreamCheck ?? 'ok',
      tokenEndsAtMs: tokenEnds.length === 0 ? null : Math.min(...tokenEnds),
      missing: [...new Set(processes.flatMap(({ missing }) => missing))],
      minutes: (last) => lastMinutes(minutes, { last, now, sinceMs: startedAtMs }),
      unresolved: () => this.#unresolved(),
    };
  }

  /** This process at least. */
  async #all(): Promise<readonly ProcessHealth[]> {
    const asked = (await this.#options.askAll?.().catch(() => [])) ?? [];
    return asked.length > 0 ? asked : [await this.ofProcess()];
  }

  async #unresolved(): Promise<UnresolvedCount | null> {
    try {
      const sends = await inTime(STORE_PATIENCE_MS, this.#options.messages.unresolvedSends(MAX_COUNTED + 1, null));
      const count = Math.min(sends.length, MAX_COUNTED);
      return { count, isExact: count === sends.length, oldestMs: sends[0]?.startedAtMs ?? null };
    } catch {
      return null;
    }
  }
}
