/** Who uses this API, and what each of them may do. */
import { ServiceError, type ServiceErrorDetails } from '../errors.js';
import { isCleanText } from './message.js';

/** What a key or token can allow. `messages:read` is for the caller's own messages. */
export const SCOPES = [
  'messages:send',
  'messages:read',
  'messages:read-all',
  'operations:read',
  'operations:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a key allows unless it says otherwise: sending, and reading what was sent with it. */
export const DEFAULT_SCOPES: readonly Scope[] = ['messages:send', 'messages:read'];

/** In UTF-16 units. The name is in indexes, and PostgreSQL limits the length of their entries. */
const MAX_CALLER_LENGTH = 255;

export interface Caller {
  /** Owns messages and idempotency keys. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The numbers that the caller may send from; null for all of the account's. */
  readonly senders: ReadonlySet<string> | null;
}

/** The only caller where nobody has to sign in. */
export const ANYBODY: Caller = { name: 'anonymous', scopes: new Set(SCOPES), senders: null };

/** Whose messages: one caller's, by its name, or everybody's. */
export type Whose = string | typeof EVERYBODY;
/** No name can be mistaken for it, and nothing that is left out means it. */
export const EVERYBODY: unique symbol = Symbol('everybody');

/** Who signed in, and until when that holds. */
export interface SignedIn {
  readonly caller: Caller;
  /** From when on the credential is not taken any more, in milliseconds since the epoch; null when it has no end. */
  readonly expiresAt: number | null;
}

/** Whether this can be a caller's name, wherever it comes from. */
export function isCallerName(name: string): boolean {
  return name !== '' && name.length <= MAX_CALLER_LENGTH && isCleanText(name);
}

/** The numbers that a caller may send from; null for all of the account's, where the operator listed none for it. */
export function sendersOf(
  name: string,
  senders: Readonly<Record<string, readonly string[]>>,
): ReadonlySet<string> | null {
  const allowed = Object.hasOwn(senders, name) ? senders[name] : undefined;
  return allowed === undefined ? null : new Set(allowed);
}

/** @throws ServiceError FORBIDDEN when the caller lacks the scope. */
export function requireScope(caller: Caller, scope: Scope, details: ServiceErrorDetails = {}): void {
  if (!caller.scopes.has(scope)) throw new ServiceError('FORBIDDEN', details);
}

/**
 * Whose messages a caller may look at: its own, or everybody's. Messages that came in were sent by no caller, so only
 * `messages:read-all` sees them.
 *
 * @throws ServiceError FORBIDDEN without a scope to read.
 */
export function readableBy(caller: Caller): Whose {
  if (caller.scopes.has('messages:read-all')) return EVERYBODY;
  requireScope(caller, 'messages:read');
  return caller.name;
}
