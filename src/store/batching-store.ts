/** What every store does alike: its writes wait for each other, and share commits. */
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Claim, MessageStore, NewSend, Resolution, Taken } from '../messaging/ports.js';

/** A write that shares its commit with others. */
export type Write =
  | { readonly kind: 'claim'; readonly send: NewSend }
  | { readonly kind: 'record'; readonly sendId: string; readonly resolution: Resolution; readonly now: number }
  | (CallbackEvent & { readonly now: number });

export type WriteOf<Kind extends Write['kind']> = Extract<Write, { readonly kind: Kind }>;

/** Of a claim that was not stored, why; of an event, what came of it; null for all else. */
export type Written = Claim | Taken | null;

/** What came of an event that is no state of a message. */
export const KEPT_FOR_PEOPLE: Taken = { result: 'KEPT', sendId: null };

export abstract class BatchingStore implements Pick<MessageStore, 'claim' | 'record' | 'take'> {
  /** Called after each commit, with how many writes shared it; null, as at first, where nobody counts them. */
  onCommit: ((writes: number) => void) | null = null;
  readonly #write: (write: Write) => Promise<Written>;

  /** @param write stores a write with others. */
  constructor(write: (write: Write) => Promise<Written>) {
    this.#write = write;
  }

  async claim(send: NewSend): Promise<Claim> {
    return ((await this.#write({ kind: 'claim', send })) as Claim | null) ?? { kind: 'CLAIMED' };
  }

  async record(sendId: string, resolution: Resolution, now: number): Promise<void> {
    await this.#write({ kind: 'record', sendId, resolution, now });
  }

  async take(event: CallbackEvent, now: number): Promise<Taken> {
    return (await this.#write({ ...event, now })) as Taken;
  }
}
