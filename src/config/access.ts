/** The part of the configuration that says who may call. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { ApiKey } from '../auth/api-keys.js';
import type { AuthOptions } from '../auth/authenticator.js';
import type { TokenOptions } from '../auth/tokens.js';
import { DEFAULT_SCOPES, MAX_NUMBERS, SCOPES, type Scope } from '../messaging/caller.js';
import { isE164 } from '../messaging/region.js';
import { isOrigin, type ConfigReader } from './reader.js';

export interface AccessConfig {
  readonly auth: AuthOptions;
  /** The origins whose pages may call; none means that CORS is off. */
  readonly corsOrigins: readonly string[];
  /** The proxies, as addresses or networks, whose `X-Forwarded-` headers are believed. */
  readonly trustedProxies: readonly string[];
}

const JWT_VARIABLES = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'] as const;
/** What `printf %s "$KEY" | sha256sum` prints where KEY is not set. */
const EMPTY_SHA256 = createHash('sha256').update('').digest('hex');

/** @param isExposed whether messages cost money, or others than this machine can call. */
export function readAccess(reader: ConfigReader, isExposed: boolean): AccessConfig {
  const apiKeys = readApiKeys(reader);
  const tokens = readTokens(reader);
  const isOpen = reader.read('API_KEYS') === null && JWT_VARIABLES.every((name) => reader.read(name) === null);
  const mode = reader.readText('AUTH', (text) => text === 'none', 'none, or unset');
  if (mode === 'none' && !isOpen) {
    reader.addProblem('AUTH=none contradicts API_KEYS and the JWT_ variables: unset one or the other.');
  }
  if (isOpen && isExposed && mode === null) {
    reader.addProblem(
      'Anybody could call: set API_KEYS or the JWT_ variables, or AUTH=none if you want that. Only the sandbox on loopback needs none of them.',
    );
  }
  const senders = readSenders(reader);
  const isKnown = (name: string): boolean =>
    name.startsWith('jwt:') ? tokens !== null : apiKeys.some((key) => key.name === name);
  if (!Object.keys(senders).every(isKnown)) {
    reader.addProblem(
      'ALLOWED_SENDERS names a caller that cannot sign in: use a name from API_KEYS, or jwt:SUBJECT with the JWT_ variables.',
    );
  }
  return {
    auth: { apiKeys, tokens, senders },
    corsOrigins: reader.readList('CORS_ORIGINS', isOrigin, 'origins such as https://app.example.com'),
    trustedProxies: reader.readList('TRUSTED_PROXIES', isNetwork, 'addresses or networks such as 10.0.0.0/8'),
  };
}

/** An address, or an address with the length of its network's prefix. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (prefix === undefined) return bits > 0;
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

function readApiKeys(reader: ConfigReader): ApiKey[] {
  const keys = reader.readItems('API_KEYS');
  const parsed = keys.flatMap((item) => parseApiKey(item) ?? []);
  if (parsed.length < keys.length) {
    reader.addProblem(
      `API_KEYS must be name:sha256 or name:sha256:scope+scope, separated by commas; scopes are ${SCOPES.join(', ')}.`,
    );
  }
  if (parsed.some(({ sha256 }) => sha256 === EMPTY_SHA256)) {
    reader.addProblem('API_KEYS holds the SHA-256 of an empty key: set the key before you hash it.');
  }
  if (new Set(parsed.map(({ sha256 }) => sha256)).size < parsed.length) {
    reader.addProblem('API_KEYS holds a key twice: give each caller its own key.');
  }
  return parsed;
}

function parseApiKey(item: string): ApiKey | null {
  // Scopes hold colons as well.
  const [, name = '', sha256 = '', scopes = ''] = /^([\w.-]{1,64}):([0-9a-f]{64})(?::(.+))?$/i.exec(item) ?? [];
  if (name === '') return null;
  const named = scopes === '' ? DEFAULT_SCOPES : scopes.split('+');
  const known = named.filter((scope): scope is Scope => SCOPES.includes(scope as Scope));
  return known.length === named.length ? { name, sha256: sha256.toLowerCase(), scopes: known } : null;
}

function readTokens(reader: ConfigReader): TokenOptions | null {
  const missing = JWT_VARIABLES.filter((name) => reader.read(name) === null);
  const isClaimName = (text: string): boolean => !/\p{Cc}/u.test(text);
  const numbersClaim = reader.readText(
    'JWT_NUMBERS_CLAIM',
    isClaimName,
    'the name of a claim, without control characters',
  );
  if (missing.length === JWT_VARIABLES.length) {
    if (numbersClaim !== null)
      reader.addProblem(`JWT_NUMBERS_CLAIM goes with ${JWT_VARIABLES.join(', ')}: set these, too.`);
    return null;
  }
  for (const name of missing) reader.addProblem(`${name} is missing: ${JWT_VARIABLES.join(', ')} go together.`);
  const [issuer, audience] = [reader.read('JWT_ISSUER'), reader.read('JWT_AUDIENCE')];
  const isUrl = (text: string): boolean => URL.canParse(text) && /^https?:/.test(text);
  const jwksUrl = reader.readText('JWT_JWKS_URL', isUrl, 'an https or http URL');
  if (issuer === null || audience === null || jwksUrl === null) return null;
  return { issuer, audience, jwksUrl, numbersClaim };
}

function readSenders(reader: ConfigReader): Record<string, string[]> {
  const senders = new Map<string, string[]>();
  for (const item of reader.readItems('ALLOWED_SENDERS')) {
    const separator = item.lastIndexOf(':');
    const [name, numbers] = [item.slice(0, separator), item.slice(separator + 1).split('|')];
    if (separator < 1 || !numbers.every(isE164)) {
      reader.addProblem('ALLOWED_SENDERS must be caller:+19195551212|+19195551213, separated by commas.');
      break;
    }
    if (senders.has(name)) {
      reader.addProblem('ALLOWED_SENDERS names a caller twice: put its numbers together, separated by |.');
      break;
    }
    const different = [...new Set(numbers)];
    if (different.length > MAX_NUMBERS) {
      reader.addProblem(
        `ALLOWED_SENDERS gives a caller more than ${MAX_NUMBERS} numbers: leave it out, and give its key messages:read-all if it is to read them all.`,
      );
      break;
    }
    senders.set(name, different);
  }
  // A map takes `__proto__` as a name, too.
  return Object.fromEntries(senders);
}
