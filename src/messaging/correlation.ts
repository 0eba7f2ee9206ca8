/**
 * How a send whose answer was lost finds its message. After the client's tag, the tag on the wire carries our id of the
 * send, and a short HMAC so that no other tag is believed. Callbacks bring the tag back; callers never see the suffix.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The longest tag that Catapult takes, in characters. */
const MAX_TAG_LENGTH = 1024;
/** 72 bits: enough, since nobody can guess often. */
const MAC_LENGTH = 12;

/** `~` follows a tag that the client gave, even an empty one; `^` stands where it gave none. */
const SUFFIX = /^(.*)([~^])([0-9a-z]{1,64})\.([\w-]{12})$/s;

export interface Correlated {
  /** The tag as the client wrote it. */
  readonly tag: string | null;
  /** Our id of the send; null where there is no suffix of ours. */
  readonly sendId: string | null;
}

/** The length of the key, in bytes: as long as its hash. */
export const CORRELATION_KEY_BYTES = 32;

export class Correlation {
  /** The first one signs; all are accepted. */
  readonly #keys: readonly [Buffer, ...Buffer[]];

  /**
   * @param key random bytes of our own, kept in the store: changing the credentials at Catapult orphans no send.
   * @param formerSecrets Catapult secrets from which earlier versions of this software derived their key.
   */
  constructor(key: Buffer, formerSecrets: readonly string[] = []) {
    this.#keys = [key, ...formerSecrets.map(derivedKey)];
  }

  /** The tag for the wire. A tag that leaves no room for the suffix is sent as it is. */
  wireTag(tag: string | null, sendId: string): string | null {
    const mark = tag === null ? '^' : '~';
    const wireTag = `${tag ?? ''}${mark}${sendId}.${mac(this.#keys[0], mark, sendId)}`;
    return wireTag.length > MAX_TAG_LENGTH ? tag : wireTag;
  }

  /**
   * The tag to show, from the one in the answer to `sendId`; the client gave `given`. If it came back changed, we cannot
   * know where our suffix begins: then the tag is shown as it was given.
   */
  shownTag(wireTag: string | null, given: string | null, sendId: string): string | null {
    if (wireTag === null) return null;
    const found = this.read(wireTag);
    if (found.sendId === sendId) return found.tag;
    const hadSuffix = this.wireTag(given, sendId) !== given;
    return hadSuffix ? given : found.tag;
  }

  /** The client's tag and our send's id, from a tag that came back. */
  read(wireTag: string | null): Correlated {
    const [, tag = '', mark = '', sendId = '', given = ''] = SUFFIX.exec(wireTag ?? '') ?? [];
    const isOurs = (key: Buffer): boolean => timingSafeEqual(Buffer.from(given), Buffer.from(mac(key, mark, sendId)));
    if (mark === '' || !this.#keys.some(isOurs)) return { tag: wireTag, sendId: null };
    return { tag: mark === '^' ? null : tag, sendId };
  }
}

function mac(key: Buffer, mark: string, sendId: string): string {
  return createHmac('sha256', key).update(`${mark}${sendId}`).digest('base64url').slice(0, MAC_LENGTH);
}

function derivedKey(catapultSecret: string): Buffer {
  return createHmac('sha256', catapultSecret).update('catapult-graphql correlation').digest();
}
