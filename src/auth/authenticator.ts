/** Finds out who calls: by an API key, by a JSON Web Token, or nobody in particular where the operator chose that. */
import { isDeepStrictEqual } from 'node:util';
import { ANYBODY, inBoth, sendersOf } from '../messaging/caller.js';
import type { Authenticate, CredentialHeaders } from '../messaging/ports.js';
import { ApiKeys, type ApiKey } from './api-keys.js';
import { openTokens, type TokenOptions, type Tokens } from './tokens.js';

export interface AuthOptions {
  readonly apiKeys: readonly ApiKey[];
  /** Null where no tokens are taken. */
  readonly tokens: TokenOptions | null;
  /**
   * The numbers that a caller may send from, and whose messages it may read, by the caller's name. A caller without an
   * entry may send from all, and reads what it sent.
   */
  readonly senders: Readonly<Record<string, readonly string[]>>;
}

/** Whether nobody has to sign in. */
export const isOpen = ({ apiKeys, tokens }: AuthOptions): boolean => apiKeys.length === 0 && tokens === null;

/** Longer than any key or token of ours; what is longer is refused unread. */
const MAX_CREDENTIAL_LENGTH = 8_192;

/**
 * A function that finds out who a request comes from: null when its credential is missing or wrong. Without keys and
 * tokens everybody is the same caller, and may do everything.
 */
export function authenticator(options: AuthOptions): Authenticate {
  return authenticatorBy(options, options.tokens && openTokens(options.tokens));
}

/** The same, until other options are put in their place: whoever has been found by then stays who it is. */
export function replaceableAuthenticator(options: AuthOptions): {
  readonly authenticate: Authenticate;
  readonly replace: (next: AuthOptions) => void;
} {
  let { tokens } = options;
  // It keeps the issuer's keys.
  let verifier = tokens && openTokens(tokens);
  let current = authenticatorBy(options, verifier);
  return {
    authenticate: (headers) => current(headers),
    replace(next) {
      if (!isDeepStrictEqual(next.tokens, tokens)) {
        tokens = next.tokens;
        verifier = tokens && openTokens(tokens);
      }
      current = authenticatorBy(next, verifier);
    },
  };
}

function authenticatorBy(options: AuthOptions, verifier: Tokens | null): Authenticate {
  if (isOpen(options)) return () => Promise.resolve({ caller: ANYBODY, expiresAt: null });
  const { apiKeys, senders } = options;
  const keys = new ApiKeys(apiKeys);
  return async (headers) => {
    const credential = credentialIn(headers);
    if (credential === null) return null;
    const found = keys.find(credential) ?? (await verifier?.find(credential)) ?? null;
    if (found === null) return null;
    const { name, scopes, numbers, expiresAt } = found;
    return { caller: { name, scopes, senders: inBoth(numbers, sendersOf(name, senders)) }, expiresAt };
  };
}

/** The one credential of a request; null when there is none, or two that might name different callers. */
function credentialIn({ authorization, 'x-api-key': apiKey }: CredentialHeaders): string | null {
  if (authorization !== undefined && apiKey !== undefined) return null;
  const text: unknown = apiKey ?? authorization;
  if (typeof text !== 'string' || text === '' || text.length > MAX_CREDENTIAL_LENGTH) return null;
  if (apiKey !== undefined) return text;
  return /^Bearer +([\w~+/.=:-]+)$/i.exec(text)?.[1] ?? null;
}
