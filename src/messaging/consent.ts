/**
 * Whether somebody wants to be sent messages: what is said of it, and what of that counts.
 *
 * For each recipient and number the latest statement counts, by the time at which it was made, in whatever order they
 * come: so an old STOP that is repeated, or comes late, does not undo a START that came after it. An opt-out from all
 * numbers counts for each of them until something later is said to that number.
 */
import { consentWordOf } from './consent-words.js';
import type { DeliveryEvent } from './delivery.js';
import type { Message, Micros } from './message.js';
import { numberOf } from './conversation.js';
import { isE164 } from './region.js';

/** How it is known: by the recipient's own word, from a carrier, by hand, or from a file. */
export const OPT_OUT_SOURCES = ['KEYWORD', 'CARRIER', 'MANUAL', 'IMPORT'] as const;
export type OptOutSource = (typeof OPT_OUT_SOURCES)[number];

/** What was said of a recipient's consent. */
export interface ConsentStatement {
  /** E.164. */
  readonly recipient: string;
  /** The number of ours, E.164; null for all of the account's. */
  readonly owner: string | null;
  readonly isOptedOut: boolean;
  /** When it was said. */
  readonly since: Micros;
  readonly source: OptOutSource;
  /** Who said it, where it was neither the recipient nor a carrier: `caller:` and a name. */
  readonly changedBy: string | null;
  /** Who put it in here, likewise: of a file, who imported it. */
  readonly recordedBy: string | null;
  /** Catapult's id of the message that said it, or that the carrier refused. */
  readonly messageId: string | null;
}

/** Somebody who wants no messages. */
export interface OptOut extends Omit<ConsentStatement, 'isOptedOut' | 'recordedBy'> {
  /** Names the entry, and no person. */
  readonly id: string;
  /** Since when somebody is opted out without a break, by our clock, in milliseconds since 1970. */
  readonly changedAtMs: number;
}

/** A number of ours, and somebody whom a message from it would reach. */
export interface ConsentPair {
  readonly owner: string;
  readonly recipient: string;
}

/** How many recipients were newly said to be opted out, or in. */
export interface ConsentCounts {
  readonly source: OptOutSource;
  readonly optedOut: number;
  readonly optedIn: number;
}

/**
 * The codes of a failure that say that the recipient has opted out: 4475 by Bandwidth's list, 4775 by the carrier's. For
 * toll-free numbers, the network itself takes STOP, START and UNSTOP, answers them, and refuses with these.
 */
const OPTED_OUT_CODES: ReadonlySet<number | null> = new Set([4475, 4775]);

/** What a message that came in says of its sender's consent; null for nothing. */
export function statementIn(message: Message, nowMs: number): ConsentStatement | null {
  const word = consentWordOf(message.text);
  if (word === null || !isE164(message.from)) return null;
  // Only telephone numbers send from here. A message that does not name the number that it came to is about all of them.
  const owner = numberOf(message);
  if (owner !== null && !isE164(owner)) return null;
  return {
    recipient: message.from,
    owner,
    isOptedOut: word === 'OUT',
    since: notLater(message.time, nowMs),
    ...{ source: 'KEYWORD', changedBy: null, recordedBy: null, messageId: message.id },
  };
}

/** What a failed delivery of a message says of its recipient's consent; null for nothing. */
export function statementOf(
  event: DeliveryEvent,
  { from, to }: Pick<Message, 'from' | 'to'>,
  nowMs: number,
): ConsentStatement | null {
  if (event.status !== 'FAILED' || !OPTED_OUT_CODES.has(event.errorCode)) return null;
  // Of a group, only the one whom the event names.
  const recipient = to.length === 1 ? to[0] : to.find((each) => each === event.to);
  if (recipient === undefined || !isE164(recipient) || !isE164(from)) return null;
  return {
    ...{ recipient, owner: from, isOptedOut: true, since: notLater(event.time, nowMs), source: 'CARRIER' },
    ...{ changedBy: null, recordedBy: null, messageId: event.messageId },
  };
}

/** A time of upstream's that lies in the future would outdo everything that is said until then. */
function notLater(time: Micros, nowMs: number): Micros {
  return Math.min(time, nowMs * 1000);
}
