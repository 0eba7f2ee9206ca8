/** Who uses this API, and what each of them may do. */
import { ServiceError, type ServiceErrorDetails } from '../errors.js';
import { isCleanText } from './message.js';

/** What a key or token may allow. `messages:read` is for the caller's own messages. */
export const SCOPES = [
  'messages:send',
  'messages:read',
  'messages:read-all',
  'operations:read',
  'operations:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a caller may do if its key names no scopes: send, and read what it sent. */
export const DEFAULT_SCOPES: readonly Scope[] = ['messages:send', 'messages:read'];

/** A caller's name is in indexes, and PostgreSQL bounds their entries. In UTF-16 units. */
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
/** A symbol, so that no name equals it and no omission means it. */
export const EVERYBODY: unique symbol = Symbol('everybody');

/** Who signed in, and until when. */
export interface SignedIn {
  readonly caller: Caller;
  /** When the credential expires, in milliseconds since the epoch; null for never. */
  readonly expiresAt: number | null;
}

/** Begins the names under which the server itself sends. No key, token or embedding server can have such a name. */
export const OWN_CALLERS = 'server:';

/** Whether this can be a caller's name, wherever it comes from. */
export function isCallerName(name: string): boolean {
  return name !== '' && !name.startsWith(OWN_CALLERS) && name.length <= MAX_CALLER_LENGTH && isCleanText(name);
}

/** The numbers that a caller may send from; null for all of the account's, where the operator listed none for it. */
export function sendersOf(
  name: string,
  senders: Readonly<Record<string, readonly string[]>>,
): ReadonlySet<string> | null {
  const allowed = Object.hasOwn(senders, name) ? senders[name] : undefined;
  return allowed === undefined ? null : new Set(allowed);
}

/** The refusal of a caller that lacks the scope; null when it has it. The refusal names the scope, which is no secret. */
export function refusalWithout(
  scope: Scope,
  { scopes }: Caller,
  details: ServiceErrorDetails = {},
): ServiceError | null {
  if (scopes.has(scope)) return null;
  return new ServiceError('FORBIDDEN', { ...details, message: `This key or token lacks the scope ${scope}.` });
}

/** @throws ServiceError FORBIDDEN when the caller lacks the scope. */
export function requireScope(caller: Caller, scope: Scope, details: ServiceErrorDetails = {}): void {
  const refusal = refusalWithout(scope, caller, details);
  if (refusal !== null) throw refusal;
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
