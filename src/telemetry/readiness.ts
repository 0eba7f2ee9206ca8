/** Whether this instance should get requests, and which part is missing where not. */
import { PARTS, type Part } from '../messaging/health.js';

/** Those that ask load balancers usually give up after a few seconds: the answer has to come first. */
const CHECK_TIMEOUT_MS = 2_000;
/**
 * With a lag this long, an answer that takes a few turns of the event loop takes longer than most wait. Load alone does
 * not come here, since it is refused before: something holds up the loop.
 */
const MAX_LAG_MS = 2_000;

export interface ReadinessOptions {
  /** Each rejects when its part is missing, and may take as long as it likes. */
  readonly checks: Readonly<Record<'store' | 'disk', () => Promise<void>>>;
  /** By how much the event loop lags, in milliseconds. */
  readonly lagMs: () => number;
  /** Called when other parts are missing than at the last look, with why the first of them is. */
  readonly onChange: (missing: readonly Part[], reason: unknown) => void;
  readonly timeoutMs?: number;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #checks: readonly (readonly [Part, () => Promise<void>])[];
  #isDraining = false;
  #missing: readonly Part[] = [];
  #look: Promise<readonly Part[]> | null = null;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    const { store, disk } = options.checks;
    this.#checks = [
      ['store', shared(store)],
      ['disk', shared(disk)],
    ];
  }

  /** What was missing at the last look. */
  get lastMissing(): readonly Part[] {
    return this.#missing;
  }

  /** From now on the instance is not ready: it is about to stop. */
  drain(): void {
    this.#isDraining = true;
  }

  /** The parts that are missing; none where the instance is ready. Never rejects. Those who ask at once share one look. */
  missing(): Promise<readonly Part[]> {
    this.#look ??= this.#lookAtAll().finally(() => {
      this.#look = null;
    });
    return this.#look;
  }

  async #lookAtAll(): Promise<readonly Part[]> {
    const { lagMs, onChange, timeoutMs = CHECK_TIMEOUT_MS } = this.#options;
    const reasons = new Map<Part, unknown>();
    await Promise.all(
      this.#checks.map(([part, check]) =>
        inTime(timeoutMs, check()).catch((reason: unknown) => {
          reasons.set(part, reason);
        }),
      ),
    );
    if (lagMs() > MAX_LAG_MS) reasons.set('eventLoop', null);
    if (this.#isDraining) reasons.set('draining', null);
    const missing = PARTS.filter((part) => reasons.has(part));
    const [first] = missing;
    const isNews = missing.join() !== this.#missing.join();
    this.#missing = missing;
    if (isNews) onChange(missing, first === undefined ? null : reasons.get(first));
    return missing;
  }
}

/** Those who call while the work is under way get the same result: a disk that hangs is asked once. */
function shared(work: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | null = null;
  return () =>
    (underWay ??= work().finally(() => {
      underWay = null;
    }));
}

/** Rejects with a TimeoutError when `work` takes longer. */
export async function inTime<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DOMException('no answer in time', 'TimeoutError'));
    }, ms);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
