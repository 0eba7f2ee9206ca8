/** What happened in each of the last minutes, in the memory of one process: it costs a send less than a microsecond. */
import { MINUTES_KEPT, type HealthMinute, type Percentiles } from '../messaging/health.js';
import type { SendReport } from '../messaging/message-service.js';
import type { TakenEvent } from './metrics.js';

const MINUTE_MS = 60_000;

/**
 * How many times something took how long, by steps that are each a tenth longer. A plot shows no finer ones; as numbers they
 * travel between processes and add up, which the histograms of Node and of libraries do not.
 */
type Times = ReadonlyMap<number, number>;
const STEP = Math.log(1.1);
/** All that is shorter is this. */
const SHORTEST_MS = 0.1;

/** What was counted in one minute. */
export interface MinuteCounts {
  /** Its beginning, in milliseconds since 1970. */
  readonly startMs: number;
  readonly sends: HealthMinute['sends'];
  readonly upstream: Times;
  readonly callbackEvents: number;
  readonly callbackLag: Times;
}

interface Counting extends MinuteCounts {
  readonly sends: Record<SendReport['outcome'], number>;
  readonly upstream: Map<number, number>;
  callbackEvents: number;
  readonly callbackLag: Map<number, number>;
}

export class Minutes {
  readonly #now: () => number;
  /** By their beginnings. */
  readonly #kept = new Map<number, Counting>();

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly onSend = ({ outcome, upstreamMs }: Pick<SendReport, 'outcome' | 'upstreamMs'>): void => {
    const minute = this.#current();
    minute.sends[outcome] += 1;
    if (upstreamMs !== null) add(minute.upstream, stepOf(upstreamMs), 1);
  };

  readonly onEvent = ({ result, lateMs, count }: Pick<TakenEvent, 'result' | 'lateMs' | 'count'>): void => {
    const minute = this.#current();
    minute.callbackEvents += count;
    // What is repeated was stored before.
    if (lateMs !== null && result !== 'REPEATED') add(minute.callbackLag, stepOf(lateMs), 1);
  };

  /** Those in which something happened. */
  counts(): readonly MinuteCounts[] {
    return [...this.#kept.values()];
  }

  #current(): Counting {
    const startMs = minuteOf(this.#now());
    const known = this.#kept.get(startMs);
    if (known !== undefined) return known;
    for (const old of this.#kept.keys()) if (old <= startMs - MINUTES_KEPT * MINUTE_MS) this.#kept.delete(old);
    const minute = emptyMinute(startMs);
    this.#kept.set(startMs, minute);
    return minute;
  }
}

/**
 * The last minutes of several processes together, up to the one that has begun, the earliest first: each from `sinceMs` on,
 * also if nothing happened in it.
 */
export function lastMinutes(
  processes: readonly (readonly MinuteCounts[])[],
  { last, now, sinceMs }: { readonly last: number; readonly now: number; readonly sinceMs: number },
): HealthMinute[] {
  const end = minuteOf(now);
  // The clock may have been put back since the start.
  const known = Math.min(end, minuteOf(sinceMs), ...processes.flat().map(({ startMs }) => startMs));
  const begin = Math.max(known, end - (last - 1) * MINUTE_MS);
  const minutes: HealthMinute[] = [];
  for (let startMs = begin; startMs <= end; startMs += MINUTE_MS) {
    const sum = emptyMinute(startMs);
    for (const counts of processes.flat()) if (counts.startMs === startMs) addMinute(sum, counts);
    const { sends, upstream, callbackEvents, callbackLag } = sum;
    minutes.push({
      ...{ startMs, sends, callbackEvents },
      ...{ upstream: percentilesOf(upstream), callbackLag: percentilesOf(callbackLag) },
    });
  }
  return minutes;
}

const minuteOf = (timeMs: number): number => Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;

const emptyMinute = (startMs: number): Counting => ({
  startMs,
  sends: { ACCEPTED: 0, ACCEPTED_WITHOUT_ID: 0, NOT_SENT: 0, UNKNOWN: 0 },
  upstream: new Map(),
  callbackEvents: 0,
  callbackLag: new Map(),
});

function addMinute(sum: Counting, { sends, upstream, callbackEvents, callbackLag }: MinuteCounts): void {
  for (const outcome of Object.keys(sum.sends) as SendReport['outcome'][]) sum.sends[outcome] += sends[outcome];
  sum.callbackEvents += callbackEvents;
  for (const [step, count] of upstream) add(sum.upstream, step, count);
  for (const [step, count] of callbackLag) add(sum.callbackLag, step, count);
}

function add(times: Map<number, number>, step: number, count: number): void {
  times.set(step, (times.get(step) ?? 0) + count);
}

const stepOf = (ms: number): number => Math.ceil(Math.log(Math.max(ms, SHORTEST_MS)) / STEP);

function percentilesOf(times: Times): Percentiles {
  const steps = [...times].sort(([a], [b]) => a - b);
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  const within = (share: number): number | null => {
    let passed = 0;
    for (const [step, count] of steps) {
      passed += count;
      // The end of the step: no measurement in it took longer.
      if (passed >= total * share) return Number(Math.exp(step * STEP).toPrecision(3));
    }
    return null;
  };
  return { p50Ms: within(0.5), p99Ms: within(0.99) };
}
