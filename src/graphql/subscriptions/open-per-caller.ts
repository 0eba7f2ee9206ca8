/** Counts what each caller holds open, and limits it. */

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
