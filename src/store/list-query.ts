/** The list of messages as SQL for both databases: a walk down one index from a position on, never a sort or an offset. */
import type { MessageFilter, Position } from '../messaging/ports.js';
import { SEND_COLUMNS } from './rows.js';

export interface Query {
  /** With `?` for each value. */
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * A page of the list, newest first. `join` is how the database is told to walk the recipients first: SQLite takes a
 * CROSS JOIN as an order.
 */
export function listQuery(
  { from, to, status, tag, since, until }: MessageFilter,
  limit: number,
  after: Position | null,
  join: 'CROSS JOIN' | 'JOIN',
): Query {
  // With a recipient, the walk goes down that recipient's rows, and each finds its send by key.
  const walked = to === null ? 'sends' : 'recipients';
  const source = to === null ? 'sends' : `recipients ${join} sends ON sends.send_id = recipients.send_id`;
  const conditions: [sql: string, ...values: (string | number)[]][] = [['sends.message_id IS NOT NULL']];
  if (to !== null) conditions.push(['recipients.recipient = ?', to]);
  if (from !== null) conditions.push(['sends.sender = ?', from]);
  if (status !== null) conditions.push(['sends.status = ?', status]);
  if (tag !== null) conditions.push(['sends.tag = ?', tag]);
  if (since !== null) conditions.push([`${walked}.time >= ?`, since]);
  if (until !== null) conditions.push([`${walked}.time < ?`, until]);
  if (after !== null) conditions.push([`(${walked}.time, ${walked}.send_id) < (?, ?)`, after.time, after.sendId]);
  const columns = SEND_COLUMNS.split(', ').map((column) => `sends.${column}`);
  return {
    sql:
      `SELECT ${columns.join(', ')} FROM ${source} WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ` +
      `ORDER BY ${walked}.time DESC, ${walked}.send_id DESC LIMIT ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit],
  };
}
