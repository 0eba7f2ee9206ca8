/** Reports failures that come in thousands: the first of a kind at once, and then how many more there were. */

/** An outage is a line a minute for each kind of failure. */
const PERIOD_MS = 60_000;

export type TellFailures<Kind extends string> = (failures: Failures<Kind>, lastError: unknown) => void;

export interface Failures<Kind extends string> {
  readonly kind: Kind;
  readonly count: number;
}

interface Period {
  readonly timer: NodeJS.Timeout;
  /** Failures that were not reported yet. */
  count: number;
  lastError: unknown;
}

/** `Kind` must be a closed set: if clients could choose it, they could fill the log. */
export class FailureLog<Kind extends string> {
  readonly #tell: TellFailures<Kind>;
  readonly #periods = new Map<Kind, Period>();

  constructor(tell: TellFailures<Kind>) {
    this.#tell = tell;
  }

  add(kind: Kind, error: unknown): void {
    const period = this.#periods.get(kind);
    if (period === undefined) {
      this.#tell({ kind, count: 1 }, error);
      this.#begin(kind);
    } else {
      period.count += 1;
      period.lastError = error;
    }
  }

  /** Reports what was not reported yet. */
  close(): void {
    for (const [kind, { timer, count, lastError }] of this.#periods) {
      clearTimeout(timer);
      if (count > 0) this.#tell({ kind, count }, lastError);
    }
    this.#periods.clear();
  }

  #begin(kind: Kind): void {
    const timer = setTimeout(() => {
      const { count, lastError } = period;
      this.#periods.delete(kind);
      if (count === 0) return;
      this.#tell({ kind, count }, lastError);
      this.#begin(kind);
    }, PERIOD_MS);
    const period: Period = { timer, count: 0, lastError: null };
    this.#periods.set(kind, period);
  }
}
