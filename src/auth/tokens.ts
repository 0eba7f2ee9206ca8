/** JSON Web Tokens of one issuer. Its public keys are fetched from its JWKS address. */
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import { isCallerName, SCOPES, type Scope } from '../messaging/caller.js';
import { isAccessToken } from './access-token.js';
import { numbersIn } from './numbers-claim.js';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** The claim that lists the numbers of a token's caller; null where tokens say nothing of numbers. */
  readonly numbersClaim: string | null;
}

export interface TokenFacts {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The numbers that the token allows; null where tokens say nothing of numbers. */
  readonly numbers: ReadonlySet<string> | null;
  /** When `find` stops taking the token, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Tokens {
  /** Who a token speaks for; null when it is not valid. @throws when the issuer's keys cannot be fetched. */
  find(token: string): Promise<TokenFacts | null>;
}

/** Signatures by public keys alone: a shared secret or `none` in a token's header must never be believed (RFC 8725). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Clocks of two machines differ. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** An unknown key id makes us fetch the keys again, at most this often: anybody can invent key ids. */
const REFETCH_INTERVAL_MS = 30_000;
/** After a failure they are not fetched again sooner than this. */
const RETRY_INTERVAL_MS = 1_000;
const CACHE_MS = 10 * 60_000;
const FETCH_TIMEOUT_MS = 5_000;
/** Keeps a token's subject from being the name of an API key. */
const PREFIX = 'jwt:';

export function openTokens({ issuer, audience, jwksUrl, numbersClaim }: TokenOptions): Tokens {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    cooldownDuration: REFETCH_INTERVAL_MS,
    cacheMaxAge: CACHE_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: fetchPatiently(),
  });
  return {
    async find(token) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ['sub', 'exp'],
        });
        return isAccessToken(protectedHeader, payload) ? callerOf(payload, numbersClaim) : null;
      } catch (error) {
        if (!isTokensFault(error)) throw error;
        return null;
      }
    },
  };
}

/** A bad token or an unknown key id, and not the issuer: jose throws its bare class when the keys cannot be fetched. */
function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}

/** Fetches the keys. While the issuer fails, forged tokens must not cause one fetch each. */
function fetchPatiently(): typeof fetch {
  let failedAtMs = -Infinity;
  return async (url, options) => {
    if (performance.now() - failedAtMs < RETRY_INTERVAL_MS)
      throw new TypeError('the keys could not be fetched just now');
    let isFetched = false;
    try {
      // The address was configured; where it redirects to was not.
      const response = await fetch(url, { ...options, redirect: 'error' });
      const text = await response.text();
      isFetched = response.ok && isKeySet(text);
      return new Response(text, { status: response.status });
    } finally {
      if (!isFetched) failedAtMs = performance.now();
    }
  };
}

function isKeySet(text: string): boolean {
  try {
    return Array.isArray((JSON.parse(text) as { keys?: unknown }).keys);
  } catch {
    return false;
  }
}

function callerOf(payload: JWTPayload, numbersClaim: string | null): TokenFacts | null {
  const { sub, scope, scp, exp = 0 } = payload;
  // The library does not check its type.
  if (typeof (sub as unknown) !== 'string' || sub === undefined) return null;
  const name = `${PREFIX}${sub}`;
  if (sub === '' || !isCallerName(name)) return null;
  const given = [scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  const numbers = numbersClaim === null ? null : numbersIn(payload, numbersClaim);
  if (numbers === 'MALFORMED') return null;
  const expiresAt = (exp + CLOCK_TOLERANCE_SECONDS) * 1000;
  return { name, scopes: new Set(SCOPES.filter((known) => given.includes(known))), numbers, expiresAt };
}
