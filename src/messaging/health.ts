/** How the server is, for its operator: what is asked now and then, and what was counted each minute. */
import type { SendReport } from './message-service.js';

/** Minutes that are kept: what a plot of the last hour needs. */
export const MINUTES_KEPT = 60;

/** What an instance cannot do without, in the order in which `/ready` names them. */
export const PARTS = ['store', 'disk', 'eventLoop', 'draining'] as const;
export type Part = (typeof PARTS)[number];

/** Half of the measurements, and 99 of 100 of them, took no longer; null where there were none. In milliseconds. */
export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** What happened in one minute. */
export interface HealthMinute {
  /** Its beginning, in milliseconds since 1970. */
  readonly startMs: number;
  /** How many sends ended so. */
  readonly sends: Readonly<Record<SendReport['outcome'], number>>;
  /** How long the last attempts of sends took upstream. */
  readonly upstream: Percentiles;
  /** How many events came in callbacks and were stored; repetitions are among them. */
  readonly callbackEvents: number;
  /** From the time of an event that said something new to its being stored. */
  readonly callbackLag: Percentiles;
}

/** Sends whose outcome or message id is not known, and that nobody settled. */
export interface UnresolvedCount {
  readonly count: number;
  /** Whether these are all. */
  readonly isExact: boolean;
  /** When the oldest started; null without any. */
  readonly oldestMs: number | null;
}

export interface Health {
  readonly now: number;
  /** When the process started; of several, the first. */
  readonly startedAtMs: number;
  readonly version: string;
  readonly store: 'sqlite' | 'postgres';
  readonly upstream: 'sandbox' | 'catapult';
  /** `ok`, or what is wrong, in words that hold no secret. */
  readonly upstreamCheck: string;
  /** When the access token ends; null where there is none. */
  readonly tokenEndsAtMs: number | null;
  /** Whatever is missing in one of the processes. */
  readonly missing: readonly Part[];
  /** How many processes this is about: workers that did not answer are not among them. */
  readonly processes: number;
  /** At most `last` minutes, the earliest first, up to the one that has begun; none before the start. */
  readonly minutes: (last: number) => HealthMinute[];
  /** Null if the store does not answer. */
  readonly unresolved: () => Promise<UnresolvedCount | null>;
}

export interface HealthSource {
  /** Never rejects. */
  health(): Promise<Health>;
}
