/**
 * The lists as SQL for both databases: a walk down one index from a position on, never an offset, and never a sort of many
 * rows. What no index has in order is several such walks, each with its own limit, and a merge of what they find.
 */
import { EVERYBODY, type Whose } from '../messaging/caller.js';
import { isCleanText } from '../messaging/message.js';
import type { MessageFilter, Position, SendFilter, SendStatus, Slice, StoredSend } from '../messaging/ports.js';
import { IS_UNRESOLVED, SEND_COLUMNS, storable } from './rows.js';

type Value = string | number;
type Condition = [sql: string, ...values: Value[]];

export interface Query {
  /** With `?` for each value. */
  readonly sql: string;
  readonly values: readonly Value[];
}

/** What the databases do not have in common. */
export interface ListDialect {
  /** Makes the database read the table on the left first: SQLite keeps the order of a CROSS JOIN. */
  readonly join: 'CROSS JOIN' | 'JOIN';
  /** Names the index to take: SQLite has no statistics here to choose by. PostgreSQL has, and chooses. */
  readonly indexedBy: (index: string) => string;
  /** The texts of a JSON list, as rows with the column `value`. */
  readonly given: string;
}

export const LIST_DIALECTS: Readonly<Record<'sqlite' | 'postgres', ListDialect>> = {
  sqlite: { join: 'CROSS JOIN', indexedBy: (index) => ` INDEXED BY ${index}`, given: 'json_each(?)' },
  postgres: { join: 'JOIN', indexedBy: () => '', given: 'json_array_elements_text(?::json) AS given (value)' },
};

const COLUMNS = SEND_COLUMNS.split(', ')
  .map((column) => `sends.${column}`)
  .join(', ');

/** A slice of the list, newest first, or oldest first if it is taken from the end; null where nothing can be in it. */
export function listQuery(filter: MessageFilter, slice: Slice, dialect: ListDialect): Query | null {
  if (!canMatch(filter)) return null;
  const walks = walksOf(filter, dialect);
  const [only] = walks;
  if (only !== undefined && walks.length === 1) return walkQuery(only, COLUMNS, filter, slice);
  const places = placesOf(walks, filter, slice);
  return {
    sql:
      `SELECT ${COLUMNS} FROM (SELECT * FROM (${places.sql}) AS places ${inOrder('places', slice)} LIMIT ?) AS found ` +
      `${dialect.join} sends ON sends.send_id = found.send_id ${inOrder('found', slice)}`,
    values: [...places.values, slice.limit],
  };
}

/** How many messages are in the list, as `count`, no further than `limit`; null where nothing can be in it. */
export function countQuery(filter: MessageFilter, limit: number, dialect: ListDialect): Query | null {
  if (!canMatch(filter)) return null;
  const whole = { limit, after: null, before: null, fromEnd: false };
  const places = placesOf(walksOf(filter, dialect), filter, whole);
  return { sql: `SELECT count(*) AS count FROM (${places.sql} LIMIT ?) AS places`, values: [...places.values, limit] };
}

/** PostgreSQL refuses some texts even as parameters; no message holds one, so nothing can match it. */
function canMatch({ from, to, participant, tag, statuses, ids }: MessageFilter): boolean {
  const texts = [from, to, participant, tag].filter((text) => text !== null);
  return texts.every(isCleanText) && statuses?.length !== 0 && ids?.length !== 0;
}

/** A way down one index. */
interface Walk {
  /** Whose columns say where a message stands, and who sent it. */
  readonly table: 'sends' | 'recipients';
  readonly from: Query;
  /** The member of the filter that it takes care of by itself, and how. */
  readonly ofItself?: keyof MessageFilter;
  readonly condition?: Condition;
}

/** The walks that find the messages. One condition has the index; on the way, what the others leave out is passed over. */
function walksOf(filter: MessageFilter, dialect: ListDialect): Walk[] {
  const { caller, from, to, participant, statuses, ids, tag } = filter;
  const sends = (index: string, ofCaller = `caller_${index}`): Pick<Walk, 'table' | 'from'> => {
    const name = `sends_${caller === EVERYBODY ? index : ofCaller}`;
    return { table: 'sends', from: { sql: `sends${dialect.indexedBy(name)}`, values: [] } };
  };
  // Each row of the recipient finds its send by key.
  const recipients = (recipient: string): Omit<Walk, 'ofItself'> => ({
    table: 'recipients',
    from: { sql: `recipients ${dialect.join} sends ON sends.send_id = recipients.send_id`, values: [] },
    condition: ['recipients.recipient = ?', recipient],
  });
  if (ids !== null) return [{ table: 'sends', from: newestOf(ids, caller, dialect) }];
  if (participant !== null) {
    const asSender = { ...sends('sender'), condition: matching('sender', participant) };
    return [asSender, recipients(participant)].map((walk) => ({ ...walk, ofItself: 'participant' }));
  }
  if (to !== null) return [{ ...recipients(to), ofItself: 'to' }];
  if (tag !== null) return [sends('tag')];
  if (from !== null) return [sends('sender')];
  if (statuses === null) return [sends('time', 'caller')];
  return statuses.map((status) => ({
    ...sends('status'),
    ofItself: 'statuses',
    condition: ['sends.status = ?', status],
  }));
}

/**
 * The messages of these ids, to be walked as if they were all: upstream may repeat an id, and then its newest message
 * counts, as in `messagesById`. They are few, so that they are sorted. The limit keeps the conditions outside.
 */
function newestOf(ids: readonly string[], caller: Whose, { join, given, indexedBy }: ListDialect): Query {
  const wanted = [...new Set(ids.filter(isCleanText))];
  const [isTheirs, values] = caller === EVERYBODY ? ['', []] : [' AND caller = ?', [caller]];
  const newest =
    `SELECT send_id FROM sends${indexedBy('sends_message')} WHERE message_id = value${isTheirs} ` +
    'ORDER BY time DESC, send_id DESC LIMIT 1';
  return {
    sql:
      `(SELECT sends.* FROM (SELECT (${newest}) AS send_id FROM ${given}) AS wanted ` +
      `${join} sends ON sends.send_id = wanted.send_id LIMIT ?) AS sends`,
    values: [...values, JSON.stringify(wanted), wanted.length],
  };
}

/** What all walks find, without an order. A participant who writes to himself is found twice. */
function placesOf(walks: readonly Walk[], filter: MessageFilter, slice: Slice): Query {
  const queries = walks.map((walk) => walkQuery(walk, `${walk.table}.time, ${walk.table}.send_id`, filter, slice));
  const union = filter.participant === null ? ' UNION ALL ' : ' UNION ';
  return {
    sql: queries.map(({ sql }, index) => `SELECT time, send_id FROM (${sql}) AS walk${index}`).join(union),
    values: queries.flatMap(({ values }) => values),
  };
}

/** What one walk finds. */
function walkQuery(walk: Walk, columns: string, filter: MessageFilter, slice: Slice): Query {
  const { table, from, condition } = walk;
  const conditions: Condition[] = [['sends.message_id IS NOT NULL']];
  if (filter.caller !== EVERYBODY) conditions.push([`${table}.caller = ?`, filter.caller]);
  if (condition !== undefined) conditions.push(condition);
  conditions.push(...otherConditions(filter, walk), ...boundsOf(table, filter, slice));
  return {
    sql: `SELECT ${columns} FROM ${from.sql} WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ${inOrder(table, slice)} LIMIT ?`,
    values: [...from.values, ...conditions.flatMap(([, ...values]) => values), slice.limit],
  };
}

function otherConditions({ from, to, participant, statuses, tag }: MessageFilter, { ofItself }: Walk): Condition[] {
  const conditions: Condition[] = [];
  if (from !== null) conditions.push(matching('sender', from));
  // It follows from the second condition, but lets the index be used that leaves out sends without a tag.
  if (tag !== null) conditions.push(['sends.tag IS NOT NULL'], matching('tag', tag));
  if (to !== null && ofItself !== 'to') conditions.push([IS_RECIPIENT, to]);
  if (participant !== null && ofItself !== 'participant') {
    conditions.push([`(sends.sender = ? OR ${IS_RECIPIENT})`, participant, participant]);
  }
  if (statuses !== null && ofItself !== 'statuses') {
    conditions.push([`sends.status IN (${statuses.map(() => '?').join(', ')})`, ...statuses]);
  }
  return conditions;
}

const IS_RECIPIENT =
  'EXISTS (SELECT 1 FROM recipients AS one WHERE one.recipient = ? AND one.time = sends.time AND one.send_id = sends.send_id)';

const inOrder = (table: string, { fromEnd }: Slice): string =>
  fromEnd ? `ORDER BY ${table}.time, ${table}.send_id` : `ORDER BY ${table}.time DESC, ${table}.send_id DESC`;

/**
 * Where a walk begins and ends. Of two bounds on one side a database may begin at the wrong one, and pass over all that
 * lies between: so it gets the narrower. An instant stands before every position in it, since no id is empty.
 */
function boundsOf(table: string, { since, until }: MessageFilter, { after, before }: Slice): Condition[] {
  const [upper] = [after, instant(until)].filter((position) => position !== null).sort(byPosition);
  const lower = [before, instant(since)]
    .filter((position) => position !== null)
    .sort(byPosition)
    .at(-1);
  const place = `(${table}.time, ${table}.send_id)`;
  const bounds: Condition[] = [];
  if (upper !== undefined) bounds.push([`${place} < (?, ?)`, upper.time, storable(upper.sendId)]);
  if (lower !== undefined) bounds.push([`${place} > (?, ?)`, lower.time, storable(lower.sendId)]);
  return bounds;
}

const instant = (time: number | null): Position | null => (time === null ? null : { time, sendId: '' });
const byPosition = (a: Position, b: Position): number => a.time - b.time || (a.sendId < b.sendId ? -1 : 1);

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

/** As the index says it: SQLite compares the words. */
const WITHOUT_MESSAGE = "message_id IS NULL AND status IN ('UNKNOWN', 'REJECTED')";

/** What each state of a send is in the table, and the index that has few rows beside those of the state. */
const SENDS_IN: Readonly<Record<SendStatus, { readonly is: string; readonly index: string | null }>> = {
  // A claim is soon something else, so there are few, which are sorted.
  PENDING: { is: "status = 'PENDING'", index: 'pending' },
  UNKNOWN: { is: `status = 'UNKNOWN' AND ${WITHOUT_MESSAGE}`, index: 'without_message' },
  REJECTED: { is: `status = 'REJECTED' AND ${WITHOUT_MESSAGE}`, index: 'without_message' },
  // As nearly all are.
  ACCEPTED: { is: "status NOT IN ('PENDING', 'UNKNOWN', 'REJECTED')", index: null },
};

/** All that came in has ids between these two (see `receivedColumns`), however much that is: no walk passes over it. */
const CAME_IN = { from: 'in', to: 'io' } as const;

interface SendIds {
  readonly above: Condition | null;
  readonly below: Condition | null;
}

/** A slice of the sends, newest first, or oldest first if it is taken from the end: their ids sort by time. */
export function sendsQuery({ caller, status }: SendFilter, slice: Slice, dialect: ListDialect): Query {
  const { limit, after, before, fromEnd } = slice;
  const { is = null, index = null } = status === null ? {} : SENDS_IN[status];
  const below: Condition | null = after && ['send_id < ?', storable(after.sendId)];
  const above: Condition | null = before && ['send_id > ?', storable(before.sendId)];
  const select = (bounds: SendIds): Query => {
    const conditions: Condition[] = [["direction = 'OUT'"]];
    if (caller !== EVERYBODY) conditions.push(['caller = ?', caller]);
    if (is !== null) conditions.push([is]);
    conditions.push(...[bounds.below, bounds.above].filter((bound) => bound !== null));
    const ofCaller = caller !== EVERYBODY && index !== 'pending' ? 'caller_' : '';
    const source = `sends${index === null ? '' : dialect.indexedBy(`sends_${ofCaller}${index}`)}`;
    const where = conditions.map(([sql]) => sql).join(' AND ');
    return {
      sql: `SELECT ${SEND_COLUMNS} FROM ${source} WHERE ${where} ORDER BY send_id ${fromEnd ? '' : 'DESC '}LIMIT ?`,
      values: [...conditions.flatMap(([, ...values]) => values), limit],
    };
  };
  if (index !== null) return select({ above, below });
  const walks = [
    select({ above, below: after !== null && after.sendId < CAME_IN.from ? below : ['send_id < ?', CAME_IN.from] }),
    select({ above: before !== null && before.sendId >= CAME_IN.to ? above : ['send_id >= ?', CAME_IN.to], below }),
  ];
  const union = walks.map(({ sql }, number) => `SELECT * FROM (${sql}) AS walk${number}`).join(' UNION ALL ');
  return {
    sql: `SELECT * FROM (${union}) AS found ORDER BY send_id ${fromEnd ? '' : 'DESC '}LIMIT ?`,
    values: [...walks.flatMap(({ values }) => values), limit],
  };
}

/**
 * By the hash of the key, which stays when the key is given back: since nothing was sent, or since the message was done
 * long ago. Who asks about that one must not hear that nothing went out.
 */
export const FREED_KEY = `SELECT ${SEND_COLUMNS} FROM sends
  WHERE idempotency_key IS NULL AND caller = ? AND key_hash = ? ORDER BY send_id DESC LIMIT 1`;

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
