/** What every store does alike: its writes wait for each other, and share commits. */
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Claim, MessageStore, NewSend, Resolution } from '../messaging/ports.js';

/** A write that shares its commit with others. */
export type Write =
  | { readonly kind: 'claim'; readonly send: NewSend }
  | { readonly kind: 'record'; readonly sendId: string; readonly resolution: Resolution; readonly now: number }
  | (CallbackEvent & { readonly now: number });

export type WriteOf<Kind extends Write['kind']> = Extract<Write, { readonly kind: Kind }>;

export abstract class BatchingStore implements Pick<MessageStore, 'claim' | 'record' | 'take'> {
  readonly #write: (write: Write) => Promise<Claim | null>;

  /** @param write stores a write with others; answers a claim that was not stored with the reason, and null to all else. */
  constructor(write: (write: Write) => Promise<Claim | null>) {
    this.#write = write;
  }

  async claim(send: NewSend): Promise<Claim> {
    return (await this.#write({ kind: 'claim', send })) ?? { kind: 'CLAIMED' };
  }

  async record(sendId: string, resolution: Resolution, now: number): Promise<void> {
    await this.#write({ kind: 'record', sendId, resolution, now });
  }

  async take(event: CallbackEvent, now: number): Promise<void> {
    await this.#write({ ...event, now });
  }
}
