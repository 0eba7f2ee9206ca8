/** Whose number a message belongs to, and which conversation. */
import { hash } from 'node:crypto';
import type { Message } from './message.js';

/** One of your numbers and the other side: one number, or the set of a group. */
export interface ConversationKey {
  readonly id: string;
  readonly number: string;
  /** The other side, sorted, each once. */
  readonly participants: readonly string[];
}

/** In UTF-16 units. What is longer is no address; databases bound what lies in an index. */
const MAX_ADDRESS_LENGTH = 255;

/** No id of a message or of a send has a colon: Catapult's are digits, small letters and perhaps dashes, as ours are. */
const ID_PREFIX = 'c:';
const ID = /^c:[\w-]{27}$/;

/** What makes a message belong to a number and a conversation. */
export type Addressed = Pick<Message, 'direction' | 'from' | 'to' | 'owner'>;

/** Your number: the sender of an outbound message, the owner of one that came in. Null where it is not known. */
export function numberOf({ direction, from, owner }: Pick<Addressed, 'direction' | 'from' | 'owner'>): string | null {
  return direction === 'OUT' ? from : owner;
}

/** The conversation that a message belongs to; null without a number, or where that is too long to be one. */
export function conversationOf(message: Addressed): ConversationKey | null {
  const number = numberOf(message);
  if (number === null || number.length > MAX_ADDRESS_LENGTH) return null;
  return conversationBetween(number, [message.from, ...message.to]);
}

/** The conversation of a number with all of these; it is left out of them, unless it writes to itself. */
export function conversationBetween(number: string, people: Iterable<string>): ConversationKey {
  const others = new Set(people);
  others.delete(number);
  const participants = others.size === 0 ? [number] : [...others].sort();
  return { id: idOf(number, participants), number, participants };
}

/** Made of what it stands for, so that all know it without asking. 162 bits: nobody finds two that are the same. */
function idOf(number: string, participants: readonly string[]): string {
  return ID_PREFIX + hash('sha256', JSON.stringify([number, participants]), 'base64url').slice(0, 27);
}

/** Whether a text can be the id of a conversation at all. */
export const isConversationId = (id: string): boolean => ID.test(id);
