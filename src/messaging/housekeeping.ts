/** What the store needs done from time to time: abandoned claims are found, old keys let go. */
import type { Clock, MessageStore } from './ports.js';
import type { RefusalCounts } from './refusal-counts.js';

/** How often abandoned claims, and events that missed their message, are looked for. */
const CHECK_EVERY_MS = 5_000;
/** How often refused sends are written down: a crash may forget as many as this. */
const COUNT_EVERY_MS = 1_000;
/** How often old keys are let go. */
const PURGE_EVERY_MS = 10 * 60_000;
/** Rows changed in one go, so that a purge never holds up a send. */
const PURGE_BATCH = 500;
/** How long an idempotency key lives after the last change of its send: 72 hours, longer than a weekend's outage. */
export const KEY_RETENTION_MS = 72 * 3_600_000;

export interface HousekeepingOptions {
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly refusals: Pick<RefusalCounts, 'store'>;
  readonly onExpired: (count: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Runs until the returned function is called. It starts with the claims that a crash left behind: where no other
 * process shares the store, whatever is pending now has no owner any more; elsewhere a claim is abandoned once its
 * lease ran out. Either becomes `UNKNOWN`, and is never sent again.
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
  const rounds = [
    repeat(CHECK_EVERY_MS, () => expire(clock.now())),
    repeat(CHECK_EVERY_MS, () => store.adoptEarlyEvents(clock.now())),
    repeat(COUNT_EVERY_MS, () => refusals.store()),
    repeat(PURGE_EVERY_MS, () => purgeAll(store, clock.now() - KEY_RETENTION_MS, stopping.signal)),
  ];
  return async () => {
    stopping.abort();
    await Promise.all(rounds);
    await refusals.store().catch(options.onFailure);
  };

  async function repeat(everyMs: number, work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      await clock.sleep(everyMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await work().catch(options.onFailure);
    }
  }
}

async function purgeAll(store: MessageStore, before: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await store.purge(before, PURGE_BATCH)) > 0);
}
