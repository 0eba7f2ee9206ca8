/** Settles a send with an unknown outcome by what somebody found out. */
import { badArgument } from '../errors.js';
import { isCleanText } from './message.js';
import type { MessageStore, Settlement, StoredSend } from './ports.js';

export interface SettleRequest {
  readonly sendId: string;
  readonly as: Settlement['as'];
  /** Catapult's id of the message; null where it is not known, or there is none. */
  readonly messageId: string | null;
  /** Who says so. */
  readonly by: string;
  /** Why, in that person's words. */
  readonly reason: string | null;
}

/** In UTF-16 units. It is kept for ever. */
const MAX_REASON_LENGTH = 1_000;
/** Visible characters; Catapult's ids have 29 of them. */
const MESSAGE_ID = /^[\x21-\x7e]{1,255}$/;

/**
 * Settles the send and returns it. `SENT` keeps its idempotency key and gives its callers the message, where the id is
 * known; `NOT_SENT` frees the key. Repeating a settlement changes nothing.
 *
 * @throws ServiceError BAD_USER_INPUT when there is no such send, its outcome is known, or an argument is wrong.
 */
export async function settleByHand(
  store: MessageStore,
  now: number,
  request: SettleRequest,
): Promise<{ send: StoredSend; isNew: boolean }> {
  const { sendId, as, messageId, by, reason } = request;
  if (messageId !== null && as === 'NOT_SENT') {
    throw badArgument(
      'messageId',
      'MESSAGE_ID_WITHOUT_MESSAGE',
      'A message that was not sent has no id: leave this out.',
    );
  }
  if (messageId !== null && !MESSAGE_ID.test(messageId)) {
    throw badArgument('messageId', 'INVALID_MESSAGE_ID', 'Must be 1 to 255 visible ASCII characters.');
  }
  checkReason(reason);
  const settlement: Settlement =
    as === 'NOT_SENT'
      ? { as, by, reason }
      : { as, by, reason, found: messageId === null ? null : { id: messageId, time: null } };
  const result = await store.settle(sendId, settlement, now);
  switch (result.kind) {
    case 'SETTLED':
      return { send: result.send, isNew: true };
    case 'NOT_UNRESOLVED':
      if (isSettledSo(result.send, request)) return { send: result.send, isNew: false };
      throw badArgument(
        'sendId',
        'NOT_UNRESOLVED',
        'The outcome of this send is known or still on its way: there is nothing to settle.',
      );
    case 'UNKNOWN_SEND':
      throw badArgument('sendId', 'UNKNOWN_SEND', 'There is no send with this id.');
    case 'MESSAGE_ID_TAKEN':
      throw badArgument('messageId', 'MESSAGE_ID_TAKEN', 'Another send has this message id.');
  }
}

/** Whether the audit can keep the reason. @throws ServiceError BAD_USER_INPUT */
export function checkReason(reason: string | null): void {
  if (reason !== null && reason.length > MAX_REASON_LENGTH) {
    throw badArgument('reason', 'REASON_TOO_LONG', `Must have at most ${MAX_REASON_LENGTH} characters.`, {
      max: MAX_REASON_LENGTH,
      actual: reason.length,
    });
  }
  if (reason !== null && !isCleanText(reason)) {
    throw badArgument('reason', 'INVALID_CHARACTER', 'Must not contain U+0000 or half of a surrogate pair.');
  }
}

/** Whether the send was settled before, and in the same way. */
function isSettledSo({ settledBy, status, message }: StoredSend, { as, messageId }: SettleRequest): boolean {
  if (settledBy === null) return false;
  return as === 'NOT_SENT' ? status === 'REJECTED' : status !== 'REJECTED' && (message?.id ?? null) === messageId;
}
