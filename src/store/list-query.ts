/** The lists as SQL for both databases: a walk down one index from a position on, never a sort or an offset. */
import { EVERYBODY } from '../messaging/caller.js';
import type { MessageFilter, Position, SendFilter, SendStatus, StoredSend } from '../messaging/ports.js';
import { IS_UNRESOLVED, SEND_COLUMNS } from './rows.js';

type Condition = [sql: string, ...values: (string | number)[]];

export interface Query {
  /** With `?` for each value. */
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * A page of the list, newest first. `join` makes the database walk the recipients first: SQLite keeps the order of a
 * CROSS JOIN.
 */
export function listQuery(
  { caller, from, to, status, tag, since, until }: MessageFilter,
  limit: number,
  after: Position | null,
  join: 'CROSS JOIN' | 'JOIN',
): Query {
  // With a recipient, the walk goes down that recipient's rows, and each finds its send by key.
  const walked = to === null ? 'sends' : 'recipients';
  const source = to === null ? 'sends' : `recipients ${join} sends ON sends.send_id = recipients.send_id`;
  const conditions: Condition[] = [['sends.message_id IS NOT NULL']];
  if (caller !== EVERYBODY) conditions.push([`${walked}.caller = ?`, caller]);
  if (to !== null) conditions.push(['recipients.recipient = ?', to]);
  if (from !== null) conditions.push(matching('sender', from));
  if (status !== null) conditions.push(['sends.status = ?', status]);
  // It follows from the second condition, but lets the index be used that leaves out sends without a tag.
  if (tag !== null) conditions.push(['sends.tag IS NOT NULL'], matching('tag', tag));
  if (since !== null) conditions.push([`${walked}.time >= ?`, since]);
  // Of two upper bounds a database may begin its walk at the wrong one, and pass over all that lies between.
  const startsAtPosition = after !== null && (until === null || after.time < until);
  if (startsAtPosition) conditions.push([`(${walked}.time, ${walked}.send_id) < (?, ?)`, after.time, after.sendId]);
  else if (until !== null) conditions.push([`${walked}.time < ?`, until]);
  const columns = SEND_COLUMNS.split(', ').map((column) => `sends.${column}`);
  return {
    sql:
      `SELECT ${columns.join(', ')} FROM ${source} WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ` +
      `ORDER BY ${walked}.time DESC, ${walked}.send_id DESC LIMIT ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit],
  };
}

/** A page of the unresolved sends, oldest first. */
export function unresolvedQuery(limit: number, after: Position | null): Query {
  const { time, sendId } = after ?? { time: 0, sendId: '' };
  return {
    sql:
      `SELECT ${SEND_COLUMNS} FROM sends WHERE ${IS_UNRESOLVED} AND (started_at, send_id) > (?, ?) ` +
      'ORDER BY started_at, send_id LIMIT ?',
    values: [Math.floor(time / 1000), sendId, limit],
  };
}

/** What each state of a send is in the table. A claim in PENDING is soon something else, so there are few. */
const HAS_STATUS: Readonly<Record<SendStatus, string>> = {
  PENDING: "status = 'PENDING'",
  UNKNOWN: "status = 'UNKNOWN' AND message_id IS NULL",
  REJECTED: "status = 'REJECTED' AND message_id IS NULL",
  ACCEPTED: "status NOT IN ('PENDING', 'UNKNOWN', 'REJECTED')",
};

/** A page of the sends, newest first: their ids sort by time. */
export function sendsQuery({ caller, status }: SendFilter, limit: number, after: string | null): Query {
  const conditions: Condition[] = [["direction = 'OUT'"]];
  if (caller !== EVERYBODY) conditions.push(['caller = ?', caller]);
  if (status !== null) conditions.push([HAS_STATUS[status]]);
  if (after !== null) conditions.push(['send_id < ?', after]);
  return {
    sql: `SELECT ${SEND_COLUMNS} FROM sends WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ORDER BY send_id DESC LIMIT ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit],
  };
}

/** By the hash of the key, which a send that was not sent has given back. */
export const REFUSED_BY_KEY = `SELECT ${SEND_COLUMNS} FROM sends
  WHERE status = 'REJECTED' AND caller = ? AND key_hash = ? ORDER BY send_id DESC LIMIT 1`;

export const SEND_BY_KEY = `SELECT ${SEND_COLUMNS} FROM sends WHERE caller = ? AND idempotency_key = ?`;

/** See `MessageStore.rivalsOf`. Three queries in one, since each set has a small index of its own. */
export function rivalsQuery({ sendId, from, startedAtMs, leaseUntilMs }: StoredSend, marginMs: number): Query {
  const [since, until] = [startedAtMs - 2 * marginMs, leaseUntilMs + 2 * marginMs];
  const sets = [
    "status = 'PENDING'",
    "message_id IS NULL AND status IN ('UNKNOWN', 'ACCEPTED')",
    // People err: what they settled may be another message, or none.
    "settled_by <> 'search' AND deliveries IS NULL AND (message_id IS NOT NULL OR status = 'REJECTED')",
  ];
  const select = (set: string): string =>
    `SELECT ${SEND_COLUMNS} FROM sends WHERE ${set} AND sender = ? AND send_id <> ? AND started_at <= ? AND lease_until >= ?`;
  return {
    sql: sets.map(select).join(' UNION ALL '),
    values: sets.flatMap(() => [from, sendId, until, since]),
  };
}

/** Characters of a text that its index holds; see the third migration. */
const INDEXED_LENGTH = 255;

/**
 * Equality through an index that holds only the beginning of a text. A shorter text is its own beginning, so the second
 * condition is left out: PostgreSQL would take it as independent, expect too few rows, and sort them.
 */
function matching(column: 'sender' | 'tag', text: string): Condition {
  const beginning = `substr(sends.${column}, 1, ${INDEXED_LENGTH})`;
  if (text.length < INDEXED_LENGTH) return [`${beginning} = ?`, text];
  return [`${beginning} = substr(?, 1, ${INDEXED_LENGTH}) AND sends.${column} = ?`, text, text];
}
