/** What the store needs from time to time: abandoned claims are found, old keys freed, old dead letters deleted. */
import { setImmediate } from 'node:timers/promises';
import type { Clock, MessageStore } from './ports.js';
import type { RefusalCounts } from './refusal-counts.js';

/** How often abandoned claims, and events that missed their message, are looked for. */
const CHECK_EVERY_MS = 5_000;
/** How often the counts of refused sends are stored: a crash loses what came since. */
const COUNT_EVERY_MS = 1_000;
/** How often old keys are freed. */
const PURGE_EVERY_MS = 10 * 60_000;
/** Rows changed in one go, so that a purge never holds up a send. */
const PURGE_BATCH = 500;
/**
 * Messages that are put into their conversations in one go: a few milliseconds, for which an embedded store holds up
 * everything else.
 */
const FILE_BATCH = 200;
/** Between two of them, or as long as one took: so they never take more than about half of the time. */
const FILE_PAUSE_MS = 5;
/** How often the log tells how far it is. */
const PROGRESS_EVERY_MS = 10_000;
/** How long an idempotency key lives after the last change of its send: 72 hours, longer than a weekend's outage. */
const KEY_RETENTION_MS = 72 * 3_600_000;
/**
 * How long dead letters are kept: time enough for people to come back from a holiday, and not for ever, since they may
 * hold what somebody wrote.
 */
const DEAD_LETTER_RETENTION_MS = 30 * 24 * 3_600_000;
/**
 * How many dead letters of each kind are kept, the newest. At 16 KiB each, the longest, they take 160 MB. They are
 * counted every few seconds, so that a mad upstream cannot fill the disk. Nobody reads more than ten thousand.
 */
const MAX_DEAD_LETTERS = 10_000;
/**
 * How many events wait for their messages, the newest. An event overtakes its message by seconds; the others are of messages
 * that are not ours. They take some 60 MB.
 */
const MAX_EARLY_EVENTS = 100_000;
/** Fewer than `PURGE_BATCH`, since each row may be pages long. */
const DEAD_LETTER_BATCH = 100;

export interface HousekeepingOptions {
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly refusals: Pick<RefusalCounts, 'store'>;
  readonly onExpired: (count: number) => void;
  /** How many dead letters, and events that wait for their messages, were deleted early, because more came than are kept. */
  readonly onDropped: (count: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Runs until the returned function is called. It starts with the claims that a crash left behind: if no other process
 * shares the store, whatever is pending now has lost its owner; otherwise a claim is abandoned once its lease has run
 * out. Both become `UNKNOWN`, and are never sent again.
 *
 * @throws what the store throws at that first look: a server that cannot read its store must not start.
 */
export async function startHousekeeping(options: HousekeepingOptions): Promise<() => Promise<void>> {
  const { store, clock, refusals } = options;
  const expire = async (before: number): Promise<void> => {
    const count = await store.expireLeases(before);
    if (count > 0) options.onExpired(count);
  };
  await expire(store.shared ? clock.now() : Number.MAX_SAFE_INTEGER);

  const stopping = new AbortController();
  const { signal } = stopping;
  const repeat = (everyMs: number, work: () => Promise<unknown>): Promise<void> =>
    repeated(options, signal, everyMs, work);
  const rounds = [
    repeat(CHECK_EVERY_MS, () => expire(clock.now())),
    repeat(CHECK_EVERY_MS, () => store.adoptEarlyEvents(clock.now())),
    repeat(COUNT_EVERY_MS, () => refusals.store()),
    repeat(CHECK_EVERY_MS, () => purgeDeadLetters(options, signal)),
    repeat(PURGE_EVERY_MS, () => purgeKeys(options, signal)),
  ];
  return async () => {
    stopping.abort();
    await Promise.all(rounds);
    await refusals.store().catch(options.onFailure);
  };
}

export interface FilingOptions extends Pick<HousekeepingOptions, 'store' | 'clock' | 'onFailure'> {
  /**
   * How many of the messages of an earlier version are in their conversations by now, and how long the rest takes if it
   * goes on so; at the end, all.
   */
  readonly onFiled: (progress: { readonly filed: number; readonly of: number; readonly leftMs: number }) => void;
}

/**
 * Puts the messages of an earlier version into their conversations, until the returned function is called. Where workers
 * share a store that another process holds, that one does it alone.
 */
export function startFiling(options: FilingOptions): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = repeated(options, signal, CHECK_EVERY_MS, () => fileMessages(options, signal));
  return async () => {
    stopping.abort();
    await rounds;
  };
}

/** Does `work` again and again until `signal` aborts, with a pause before each; a failure ends only that time. */
export async function repeated(
  { clock, onFailure }: Pick<HousekeepingOptions, 'clock' | 'onFailure'>,
  signal: AbortSignal,
  everyMs: number,
  work: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    await work().catch(onFailure);
  }
}

async function purgeKeys({ store, clock }: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const before = clock.now() - KEY_RETENTION_MS;
  await inBatches(() => store.purge(before, PURGE_BATCH), signal);
}

async function purgeDeadLetters({ store, clock, onDropped }: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const before = clock.now() - DEAD_LETTER_RETENTION_MS;
  let dropped = 0;
  try {
    await inBatches(async () => {
      const { expired, crowdedOut } = await store.purgeDeadLetters(before, MAX_DEAD_LETTERS, DEAD_LETTER_BATCH);
      dropped += crowdedOut;
      return expired + crowdedOut;
    }, signal);
    await inBatches(async () => {
      const crowdedOut = await store.boundEarlyEvents(MAX_EARLY_EVENTS, PURGE_BATCH);
      dropped += crowdedOut;
      return crowdedOut;
    }, signal);
  } finally {
    if (dropped > 0) onDropped(dropped);
  }
}

/** Finds nothing but after an upgrade, and while instances of an earlier version still run beside this one. */
async function fileMessages({ store, clock, onFiled }: FilingOptions, signal: AbortSignal): Promise<void> {
  const begunAt = clock.now();
  let filed = await store.fileMessages(FILE_BATCH);
  if (filed === 0) return;
  const of = filed + (await store.countUnfiled());
  const leftMs = (): number => ((clock.now() - begunAt) / filed) * Math.max(0, of - filed);
  let [toldAt, tookMs] = [clock.now(), 0];
  for (let some = filed; some > 0 && !signal.aborted; filed += some) {
    if (clock.now() - toldAt >= PROGRESS_EVERY_MS) {
      toldAt = clock.now();
      onFiled({ filed, of, leftMs: leftMs() });
    }
    await clock.sleep(Math.max(FILE_PAUSE_MS, tookMs), signal);
    const since = clock.now();
    some = await store.fileMessages(FILE_BATCH);
    tookMs = clock.now() - since;
  }
  // Others may have filed some of them.
  if (filed > FILE_BATCH) onFiled({ filed, of: Math.max(filed, of), leftMs: signal.aborted ? leftMs() : 0 });
}

/** Repeats `work` until it finds nothing more to do. An embedded store never yields, so others get their turn here. */
async function inBatches(work: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await work()) > 0) await setImmediate();
}
