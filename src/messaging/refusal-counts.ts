/** The audit of sends that a limit refused: a count by caller and hour, so that refusing costs next to nothing. */
import type { MessageStore, RefusalCount } from './ports.js';

const HOUR_MS = 3_600_000;

/** Counts in memory, and adds to the store from time to time: see `startHousekeeping`. */
export class RefusalCounts {
  readonly #store: Pick<MessageStore, 'addRefusals'>;
  #counts = new Map<string, RefusalCount>();

  constructor(store: Pick<MessageStore, 'addRefusals'>) {
    this.#store = store;
  }

  /** @param now milliseconds since 1970. */
  add(caller: string, now: number): void {
    const hour = now - (now % HOUR_MS);
    this.#add({ caller, hour, count: 1 });
  }

  /** Stores what was counted since the last time. Rejects if that fails, and keeps the counts for the next time. */
  async store(): Promise<void> {
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      await this.#store.addRefusals(counts);
    } catch (error) {
      for (const count of counts) this.#add(count);
      throw error;
    }
  }

  #add({ caller, hour, count }: RefusalCount): void {
    const key = JSON.stringify([caller, hour]);
    this.#counts.set(key, { caller, hour, count: (this.#counts.get(key)?.count ?? 0) + count });
  }
}
