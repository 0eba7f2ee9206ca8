/** Which messages a filter means, for those that are at hand. The stores find the same ones in their tables. */
import { EVERYBODY, type Whose, type WhoseSends } from './caller.js';
import { conversationOf, numberOf } from './conversation.js';
import type { Message } from './message.js';
import type { MessageFilter, StoredSend } from './ports.js';

/** Whether this is one of the sends. */
export const isSendOf = (whose: WhoseSends, send: StoredSend): boolean => whose === EVERYBODY || whose === send.caller;

/** Whether the message of this send, or the one that came in, may be seen. */
function maySee(whose: Whose, { caller, message }: StoredSend): boolean {
  if (whose === EVERYBODY || whose.caller === caller) return true;
  const number = message && numberOf(message);
  return number !== null && whose.numbers.includes(number);
}

/** Whether all conditions hold for the message of this send. */
export function fits({ caller, ...conditions }: MessageFilter, send: StoredSend): boolean {
  return send.message !== null && maySee(caller, send) && hold(conditions, send.message);
}

function hold(filter: Omit<MessageFilter, 'caller'>, message: Message): boolean {
  const { id, from, to, tag, status, time } = message;
  const { participant, statuses, ids, since, until } = filter;
  return (
    (filter.from === null || filter.from === from) &&
    (filter.to === null || to.includes(filter.to)) &&
    (participant === null || participant === from || to.includes(participant)) &&
    (statuses === null || statuses.includes(status)) &&
    (ids === null || ids.includes(id)) &&
    (filter.tag === null || filter.tag === tag) &&
    (filter.conversation === null || filter.conversation === conversationOf(message)?.id) &&
    (since === null || time >= since) &&
    (until === null || time < until)
  );
}
