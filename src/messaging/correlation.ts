/**
 * How a lost answer finds its message: behind the client's tag, the wire's tag carries our id of the send, and a short
 * HMAC so that a tag from elsewhere is never believed. Callbacks bring the tag back; nobody else gets to see the suffix.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The longest tag that Catapult takes, in characters. */
const MAX_TAG_LENGTH = 1024;
/** 72 bits: enough against guessing by somebody who cannot try often. */
const MAC_LENGTH = 12;

/** `~` follows a tag that the client gave, though it be empty; `^` stands where it gave none. */
const SUFFIX = /^(.*)([~^])([0-9a-z]{1,64})\.([\w-]{12})$/s;

export interface Correlated {
  /** The tag as the client wrote it. */
  readonly tag: string | null;
  /** Our id of the send; null where there is no suffix of ours. */
  readonly sendId: string | null;
}

export class Correlation {
  readonly #key: Buffer;

  /** The key is derived, so that neither secret can be found out from the other. */
  constructor(catapultSecret: string) {
    this.#key = createHmac('sha256', catapultSecret).update('catapult-graphql correlation').digest();
  }

  /** The tag for the wire. A tag that leaves no room for the suffix goes out as it is. */
  wireTag(tag: string | null, sendId: string): string | null {
    const mark = tag === null ? '^' : '~';
    const wireTag = `${tag ?? ''}${mark}${sendId}.${this.#mac(mark, sendId)}`;
    return wireTag.length > MAX_TAG_LENGTH ? tag : wireTag;
  }

  /** The client's tag and our send, out of a tag that came back. */
  read(wireTag: string | null): Correlated {
    const [, tag = '', mark = '', sendId = '', mac = ''] = SUFFIX.exec(wireTag ?? '') ?? [];
    if (mark === '' || !timingSafeEqual(Buffer.from(mac), Buffer.from(this.#mac(mark, sendId)))) {
      return { tag: wireTag, sendId: null };
    }
    return { tag: mark === '^' ? null : tag, sendId };
  }

  #mac(mark: string, sendId: string): string {
    return createHmac('sha256', this.#key).update(`${mark}${sendId}`).digest('base64url').slice(0, MAC_LENGTH);
  }
}
