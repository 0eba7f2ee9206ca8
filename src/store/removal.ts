/** Which messages are past their time, and what is read of a row to remove it; the same in both databases. */
import { MESSAGE_STATUSES } from '../messaging/message.js';
import type { ListDialect, Query } from './list-query.js';
import type { SendRow } from './rows.js';

/** What is read of a row that goes: it also tells where else something lies. */
export const REMOVED_COLUMNS = 'send_id, time, recipients, conversation';

export type RemovedRow = Pick<SendRow, 'send_id' | 'time' | 'recipients'> & { readonly conversation: string | null };

/**
 * At most `limit` messages that are older than `before`, by their own time and by their last change: upstream's clock may be
 * wrong. A walk down the index of each state, oldest first; and the few sends that people settled without an id, which hold
 * their keys for as long as they are there.
 */
export function oldMessagesQuery(before: number, limit: number, { indexedBy }: ListDialect): Query {
  const walks = MESSAGE_STATUSES.map(
    (status) =>
      `SELECT ${REMOVED_COLUMNS} FROM sends${indexedBy('sends_status')} WHERE message_id IS NOT NULL AND status = '${status}' ` +
      'AND time < ? AND updated_at < ? AND idempotency_key IS NULL ORDER BY time, send_id LIMIT ?',
  );
  const settled =
    `SELECT ${REMOVED_COLUMNS} FROM sends${indexedBy('sends_settled')} WHERE settled_by IS NOT NULL AND message_id IS NULL ` +
    "AND status = 'ACCEPTED' AND started_at < ? AND updated_at < ? ORDER BY started_at LIMIT ?";
  const all = [...walks, settled].map((sql, index) => `SELECT * FROM (${sql}) AS walk${index}`);
  return {
    sql: `${all.join(' UNION ALL ')} LIMIT ?`,
    values: [...walks.flatMap(() => [before * 1000, before, limit]), before, before, limit, limit],
  };
}
