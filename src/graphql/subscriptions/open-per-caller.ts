/** Counts what each caller holds open, and limits it. */
import { ServiceError } from '../../errors.js';

/** How much one caller may hold open, of each kind. */
export const MAX_OPEN = {
  /** A frontend server holds one connection, or a handful; each costs memory here. */
  webSockets: 100,
  /** A page shows a few messages at a time. */
  operationsPerWebSocket: 50,
  /**
   * A gateway may sign in for all of its users, who look at one page each. A stream costs a connection, and at most one
   * event that waits for its reader.
   */
  eventStreams: 1_000,
  /** The same gateway. Each costs a post every heartbeat: a thousand at 5 s are 200 a second. */
  routerSubscriptions: 1_000,
} as const;

/** The refusal of one more. Its code is that of sends, but its text must not speak of them. */
export function tooManyOpen(limit: number): ServiceError {
  return new ServiceError('RATE_LIMITED', { message: `Too many open subscriptions: at most ${limit}. Close some.` });
}

export class OpenPerCaller {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a place for the caller. The first call of the result gives it back; null when the caller has as many as it
   * may have.
   */
  take(caller: string): (() => void) | null {
    const count = this.#counts.get(caller) ?? 0;
    if (count >= this.#limit) return null;
    this.#counts.set(caller, count + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack(caller);
      isTaken = false;
    };
  }

  #giveBack(caller: string): void {
    const left = (this.#counts.get(caller) ?? 0) - 1;
    if (left > 0) this.#counts.set(caller, left);
    else this.#counts.delete(caller);
  }
}
