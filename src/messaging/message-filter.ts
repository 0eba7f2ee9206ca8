/** Which messages a filter means, for those that are at hand. The stores find the same ones in their tables. */
import { EVERYBODY, type Whose } from './caller.js';
import type { Message } from './message.js';
import type { MessageFilter, StoredSend } from './ports.js';

/** Whether `caller` may see the send, or the message that came in. */
export const maySee = (caller: Whose, send: StoredSend): boolean => caller === EVERYBODY || caller === send.caller;

/** Whether all conditions hold for the message of this send. */
export function fits({ caller, ...conditions }: MessageFilter, send: StoredSend): boolean {
  return send.message !== null && maySee(caller, send) && hold(conditions, send.message);
}

function hold(filter: Omit<MessageFilter, 'caller'>, { id, from, to, tag, status, time }: Message): boolean {
  const { participant, statuses, ids, since, until } = filter;
  return (
    (filter.from === null || filter.from === from) &&
    (filter.to === null || to.includes(filter.to)) &&
    (participant === null || participant === from || to.includes(participant)) &&
    (statuses === null || statuses.includes(status)) &&
    (ids === null || ids.includes(id)) &&
    (filter.tag === null || filter.tag === tag) &&
    (since === null || time >= since) &&
    (until === null || time < until)
  );
}
