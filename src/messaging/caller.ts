/** Who uses this API, and what each of them may do. */
import { ServiceError, type ServiceErrorDetails } from '../errors.js';
import { isCleanText } from './message.js';
import { isE164 } from './region.js';

/** What a key or token may allow. `messages:read` is for what it sent and what belongs to its numbers. */
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

/** Numbers of one caller: a list of messages looks each of them up. Whoever has more reads with `messages:read-all`. */
export const MAX_NUMBERS = 100;

export interface Caller {
  /** Owns messages and idempotency keys. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /**
   * The numbers that the caller may send from, and whose messages it may read; null for one that may send from all of the
   * account's, and reads what it sent.
   */
  readonly senders: ReadonlySet<string> | null;
}

/** The only caller where nobody has to sign in. */
export const ANYBODY: Caller = { name: 'anonymous', scopes: new Set(SCOPES), senders: null };

/** Whose messages: what one caller may see, or everybody's. */
export type Whose = Own | typeof EVERYBODY;

/** What a caller sees: the messages that it sent, and those of its numbers, whoever sent them. */
export interface Own {
  /** The caller's name. */
  readonly caller: string;
  /** E.164, sorted, each once. */
  readonly numbers: readonly string[];
}

/** Whose sends: one caller's, by its name, or everybody's. A number is no right to what others tried to send from it. */
export type WhoseSends = string | typeof EVERYBODY;

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

/** Whether these can be the numbers of a caller. */
export function areNumbers(numbers: readonly unknown[]): numbers is readonly string[] {
  return numbers.length <= MAX_NUMBERS && numbers.every((number) => typeof number === 'string' && isE164(number));
}

/** The numbers that both allow; null allows all. */
export function inBoth(one: ReadonlySet<string> | null, other: ReadonlySet<string> | null): ReadonlySet<string> | null {
  if (one === null || other === null) return one ?? other;
  return new Set([...one].filter((number) => other.has(number)));
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
 * Whose messages a caller may look at: what it sent and what belongs to its numbers, or everybody's. A caller that may
 * send from all numbers has none for reading: what was not said never widens a right.
 *
 * @throws ServiceError FORBIDDEN without a scope to read.
 */
export function readableBy(caller: Caller): Whose {
  const whose = sendsReadableBy(caller);
  return whose === EVERYBODY ? EVERYBODY : { caller: whose, numbers: [...(caller.senders ?? [])].sort() };
}

/**
 * The same for what belongs to numbers alone, such as messages that come in: to this number, or to all that the caller has.
 * A number of others is refused in the same words, whether or not there is such a number.
 *
 * @throws ServiceError FORBIDDEN without a scope to read, and unless the caller has the number, or reads everybody's.
 */
export function readableByNumber(caller: Caller, number: string | null): Whose {
  const whose = readableBy(caller);
  if (whose === EVERYBODY) return whose;
  if (whose.numbers.length === 0) throw lacksNumber('messages:read-all');
  if (number !== null && !whose.numbers.includes(number)) {
    throw new ServiceError('FORBIDDEN', { message: 'This key or token does not have this number.' });
  }
  return whose;
}

/** The refusal of a caller that has no number, where what it asks for belongs to numbers, or takes one of these scopes. */
export function lacksNumber(...scopes: readonly Scope[]): ServiceError {
  const message = `This key or token needs a number, or the scope ${scopes.join(' or ')}.`;
  return new ServiceError('FORBIDDEN', { message });
}

/**
 * Whose conversations a caller may look at: those of its numbers, which may be none, or everybody's.
 *
 * @throws ServiceError FORBIDDEN without a scope to read.
 */
export function numbersReadableBy(caller: Caller): readonly string[] | typeof EVERYBODY {
  const whose = readableBy(caller);
  return whose === EVERYBODY ? EVERYBODY : whose.numbers;
}

/**
 * Whose sends a caller may look at: its own, or everybody's.
 *
 * @throws ServiceError FORBIDDEN without a scope to read.
 */
export function sendsReadableBy(caller: Caller): WhoseSends {
  if (caller.scopes.has('messages:read-all')) return EVERYBODY;
  requireScope(caller, 'messages:read');
  return caller.name;
}
