/** API keys. Only their digests are known here. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../messaging/caller.js';

export interface ApiKey {
  /** The caller that holds it. */
  readonly name: string;
  /** SHA-256 of the key, in hexadecimal. Keys are long and random, so a fast digest gives nothing away. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
}

export interface KeyFacts {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** A key says nothing of numbers. */
  readonly numbers: null;
  /** It never expires. */
  readonly expiresAt: null;
}

interface KnownKey {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly digest: Buffer;
}

export class ApiKeys {
  readonly #keys: readonly KnownKey[];

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map(({ name, scopes, sha256 }) => ({
      name,
      scopes: new Set(scopes),
      digest: Buffer.from(sha256, 'hex'),
    }));
  }

  /** Who holds this key; null when nobody does. */
  find(key: string): KeyFacts | null {
    const digest = createHash('sha256').update(key).digest();
    let found: KnownKey | null = null;
    // All are compared, so that the time does not show which came close.
    for (const candidate of this.#keys) if (timingSafeEqual(digest, candidate.digest)) found ??= candidate;
    return found && { name: found.name, scopes: found.scopes, numbers: null, expiresAt: null };
  }
}
