/** Outcomes and abandoned claims that could not be stored at once, kept in memory and tried again until they are. */
import type { Clock, MessageStore, NewSend, Resolution } from './ports.js';

/** The first pause before a round of tries; it doubles up to the longest. */
const RETRY_MS = 50;
const RETRY_CAP_MS = 2_000;
/** With more than this no new send is accepted: a crash would lose too many outcomes. */
export const MAX_WAITING = 10_000;

export interface RecordFailure {
  readonly sendId: string;
  readonly status: Resolution['status'];
  /** Catapult's id, where it is known. */
  readonly messageId: string | null;
  /** Whether it is not tried again, since the process ends. */
  readonly isLost: boolean;
}

/** What goes into the operator's log. */
export interface RecordObserver {
  /** Once when an outcome could not be stored, and again when the process ends without having stored it. */
  onRecordFailure(failure: RecordFailure, error: unknown): void;
  /** Once for each round of tries that failed, however many writes wait. */
  onStillWaiting(waiting: { outcomes: number; claims: number }, error: unknown): void;
}

export interface RecordQueueOptions {
  readonly store: Pick<MessageStore, 'record' | 'abandon'>;
  readonly clock: Clock;
  readonly observer: RecordObserver;
}

interface WaitingRecord {
  readonly sendId: string;
  readonly resolution: Resolution;
  /** Called with whether it was stored: false only when the process ends first. */
  readonly done: (isStored: boolean) => void;
}

export class RecordQueue {
  readonly #options: RecordQueueOptions;
  readonly #closing = new AbortController();
  /** First tries under way; only their caller waits for them. */
  readonly #firstTries = new Set<Promise<unknown>>();
  readonly #records = new Set<WaitingRecord>();
  readonly #claims = new Set<NewSend>();
  #rounds: Promise<void> | null = null;

  constructor(options: RecordQueueOptions) {
    this.#options = options;
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.#records.size + this.#claims.size;
  }

  /** Whether so much waits that nothing should be added. */
  get isFull(): boolean {
    return this.waiting >= MAX_WAITING;
  }

  /** Stores an outcome, with as many tries as it takes. False only when the process ends and the last try failed, too. */
  record(sendId: string, resolution: Resolution): Promise<boolean> {
    const stored = this.#record(sendId, resolution).finally(() => this.#firstTries.delete(stored));
    this.#firstTries.add(stored);
    return stored;
  }

  /** Ends a claim that may or may not have been stored. */
  abandon(send: NewSend): void {
    this.#claims.add(send);
    this.#start();
  }

  /** Resolves once everything is stored, or was tried a last time and reported to the observer. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#firstTries);
    await this.#rounds;
  }

  async #record(sendId: string, resolution: Resolution): Promise<boolean> {
    const { store, clock, observer } = this.#options;
    try {
      await store.record(sendId, resolution, clock.now());
      return true;
    } catch (error) {
      observer.onRecordFailure(failureOf({ sendId, resolution }, false), error);
    }
    return new Promise((done) => {
      this.#records.add({ sendId, resolution, done });
      this.#start();
    });
  }

  #start(): void {
    this.#rounds ??= this.#run().finally(() => {
      this.#rounds = null;
    });
  }

  /** Round by round, until nothing waits or the process ends. */
  async #run(): Promise<void> {
    const { clock, observer } = this.#options;
    const { signal } = this.#closing;
    for (
      let pauseMs = RETRY_MS;
      this.#records.size + this.#claims.size > 0;
      pauseMs = Math.min(pauseMs * 2, RETRY_CAP_MS)
    ) {
      await clock.sleep(pauseMs, signal);
      const isLast = signal.aborted;
      const error = await this.#tryAll();
      if (error === null) continue;
      if (!isLast) {
        observer.onStillWaiting({ outcomes: this.#records.size, claims: this.#claims.size }, error);
        continue;
      }
      for (const waiting of this.#records) {
        observer.onRecordFailure(failureOf(waiting, true), error);
        waiting.done(false);
      }
      this.#records.clear();
      // A claim that is left is found when its lease runs out.
      this.#claims.clear();
    }
  }

  /** Tries everything that waits, together; the first error, or null when all was stored. */
  async #tryAll(): Promise<unknown> {
    const { store, clock } = this.#options;
    const [records, claims] = [[...this.#records], [...this.#claims]];
    const tries: Promise<unknown>[] = records.map(async (waiting) => {
      await store.record(waiting.sendId, waiting.resolution, clock.now());
      this.#records.delete(waiting);
      waiting.done(true);
    });
    if (claims.length > 0) {
      tries.push(
        store.abandon(claims, clock.now()).then(() => {
          for (const claim of claims) this.#claims.delete(claim);
        }),
      );
    }
    const failed = (await Promise.allSettled(tries)).find((each) => each.status === 'rejected');
    return failed === undefined ? null : (failed.reason as unknown);
  }
}

function failureOf(
  { sendId, resolution }: Pick<WaitingRecord, 'sendId' | 'resolution'>,
  isLost: boolean,
): RecordFailure {
  const messageId = resolution.status === 'ACCEPTED' ? (resolution.message?.id ?? null) : null;
  return { sendId, status: resolution.status, messageId, isLost };
}
