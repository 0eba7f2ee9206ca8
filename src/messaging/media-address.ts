/**
 * Addresses at which an attachment can be read without credentials, for `<img src>`. They name a message, one of its
 * attachments and an end, and are signed by a key that all instances share. Nothing is stored.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** All that one asks for within such a time gets the same address, so that a browser's cache knows it again. */
const STEP_MS = 5 * 60_000;
/** An address lives at least so long: time enough to load a page, and to open a picture on it. */
const LIFE_MS = 15 * 60_000;
/** 144 bits. */
const SIGNATURE_LENGTH = 24;

/** What an address names, as it came. */
export interface SignedAddress {
  readonly messageId: string;
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly signature: string;
}

export class MediaAddresses {
  readonly #key: Buffer;

  /** @param key the store's correlation key: from it we derive one of our own. */
  constructor(key: Buffer) {
    this.#key = createHmac('sha256', key).update('catapult-graphql media address').digest();
  }

  /** Path and query of the attachment's address, valid for 15 to 20 minutes. */
  sign(messageId: string, index: number, nowMs: number): string {
    const until = Math.ceil(nowMs / STEP_MS) * STEP_MS + LIFE_MS;
    const signature = this.#signature(messageId, index, until);
    return `/media/${encodeURIComponent(messageId)}/${index}?until=${until}&signature=${signature}`;
  }

  /** Whether we signed this address, and its end has not come. */
  isValid({ messageId, index, until, signature }: SignedAddress, nowMs: number): boolean {
    const given = Buffer.from(signature);
    const right = Buffer.from(this.#signature(messageId, index, until));
    return given.length === right.length && timingSafeEqual(given, right) && nowMs < until;
  }

  #signature(messageId: string, index: number, until: number): string {
    const named = JSON.stringify([messageId, index, until]);
    return createHmac('sha256', this.#key).update(named).digest('base64url').slice(0, SIGNATURE_LENGTH);
  }
}
