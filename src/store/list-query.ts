/**
 * The lists as SQL for both databases: a walk down one index from a position on, never an offset, and never a sort of many
 * rows. What no index has in order is several such walks, each with its own limit, and a merge of what they find.
 */
import { EVERYBODY, type Own, type Whose } from '../messaging/caller.js';
import { isConversationId } from '../messaging/conversation.js';
import { isCleanText, MESSAGE_STATUSES } from '../messaging/message.js';
import type { MessageFilter, Position, SendFilter, SendStatus, Slice, StoredSend } from '../messaging/ports.js';
import { IS_UNRESOLVED, SEND_COLUMNS, storable } from './rows.js';

type Value = string | number;
export type Condition = [sql: string, ...values: Value[]];

export interface Query {
  /** With `?` for each value. */
  readonly sql: string;
  readonly values: readonly Value[];
}

/** The same as PostgreSQL numbers its values. */
export function numbered({ sql, values }: Query): { readonly text: string; readonly values: Value[] } {
  let number = 0;
  return { text: sql.replace(/\?/g, () => `$${++number}`), values: [...values] };
}

/** What the databases do not have in common. */
export interface ListDialect {
  /** Makes the database read the table on the left first: SQLite keeps the order of a CROSS JOIN. */
  readonly join: 'CROSS JOIN' | 'JOIN';
  /** Names the index to take: SQLite has no statistics here to choose by. PostgreSQL has, and chooses. */
  readonly indexedBy: (index: string) => string;
  /** The texts of a JSON list, as rows with the column `value`. */
  readonly given: (alias: string) => string;
  /** Whether a join may have a limit of its own for each row on its left. PostgreSQL reads no index in part without. */
  readonly isLateral: boolean;
  /** The newest of what many walks find, as `time` and `send_id`. */
  readonly newestOf: (walks: ManyWalks) => Query;
}

/** One walk for each row of a table; they are not told apart until the database runs them. */
export interface ManyWalks {
  /** What is walked. It has a `time` and a `send_id`, by which it is in order. */
  readonly table: 'sends' | 'conversations';
  /** Its primary key, which is found as well; SQLite finds rows without one by their number. */
  readonly id?: string;
  /** The table, whose columns the walk's condition names as `each.…`. */
  readonly each: Query;
  readonly columns: readonly string[];
  /** The rows of one walk. `passed` replaces the bound where the walk begins. */
  readonly walk: (columns: string, limit: string, passed?: string) => Query;
  readonly slice: Slice;
}

export const LIST_DIALECTS: Readonly<Record<'sqlite' | 'postgres', ListDialect>> = {
  sqlite: {
    join: 'CROSS JOIN',
    indexedBy: (index) => ` INDEXED BY ${index}`,
    given: (alias) => `json_each(?) AS ${alias}`,
    isLateral: false,
    newestOf: mergedOneByOne,
  },
  postgres: {
    join: 'JOIN',
    indexedBy: () => '',
    given: (alias) => `json_array_elements_text(?::json) AS ${alias} (value)`,
    isLateral: true,
    newestOf: newestOfNewest,
  },
};

const COLUMNS = SEND_COLUMNS.split(', ')
  .map((column) => `sends.${column}`)
  .join(', ');

/** As the index `sends_number` says it: see `numberOf`. */
export const OWN_NUMBER =
  "(CASE sends.direction WHEN 'OUT' THEN substr(sends.sender, 1, 255) ELSE substr(sends.owner, 1, 255) END)";

/** A slice of the list, newest first, or oldest first if it is taken from the end; null where nothing can be in it. */
export function listQuery(filter: MessageFilter, slice: Slice, dialect: ListDialect): Query | null {
  if (!canMatch(filter)) return null;
  const walks = walksOf(filter, dialect);
  const [only] = walks;
  if (only !== undefined && only.each === undefined && walks.length === 1) {
    return walkQuery(only, COLUMNS, filter, slice);
  }
  const places = placesOf(walks, (walk) => newestIn(walk, filter, slice, dialect));
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
  const places = placesOf(walksOf(filter, dialect), (walk) =>
    walk.each === undefined ? walkQuery(walk, placeIn(walk), filter, whole) : anyOf(walk, filter, whole, dialect),
  );
  return { sql: `SELECT count(*) AS count FROM (${places.sql} LIMIT ?) AS places`, values: [...places.values, limit] };
}

/** PostgreSQL refuses some texts even as parameters; no message holds one, so nothing can match it. */
function canMatch({ from, to, participant, tag, conversation, statuses, ids }: MessageFilter): boolean {
  const texts = [from, to, participant, tag].filter((text) => text !== null);
  const isConversation = conversation === null || isConversationId(conversation);
  return texts.every(isCleanText) && isConversation && statuses?.length !== 0 && ids?.length !== 0;
}

/** A way down one index, or one for each row of a table. */
interface Walk {
  /** Whose columns say where a message stands, and who sent it. */
  readonly table: 'sends' | 'recipients';
  readonly from: Query;
  /** The member of the filter that it takes care of by itself, and how. */
  readonly ofItself?: keyof MessageFilter;
  readonly condition?: Condition;
  /** Why its messages may be seen: by `condition` itself where there is none. */
  readonly right?: Condition;
  /** There is a walk for each row of this: its columns are in `condition` as `each.…`. */
  readonly each?: Query & { readonly columns: readonly string[] };
}

/** The walks that find the messages; several may find the same one. On the way, what is left out is passed over. */
function walksOf(filter: MessageFilter, dialect: ListDialect): Walk[] {
  const { caller, conversation, ids } = filter;
  if (ids !== null) return [{ table: 'sends', from: newestOf(ids, filter, dialect) }];
  if (conversation !== null) {
    const from = { sql: `sends${dialect.indexedBy('sends_conversation')}`, values: [] };
    const condition: Condition = ['sends.conversation = ?', conversation];
    return [{ table: 'sends', from, ofItself: 'conversation', condition, right: rightOf(caller, dialect) }];
  }
  if (caller === EVERYBODY) return walksBy('', filter, dialect);
  const sent = walksBy('caller_', filter, dialect).map((walk): Walk => ({
    ...walk,
    right: [`${walk.table}.caller = ?`, caller.caller],
  }));
  return caller.numbers.length === 0 ? sent : [...sent, ...walksByNumber(caller, filter, dialect)];
}

/** One condition has the index, whose name begins like this. */
function walksBy(prefix: '' | 'caller_', filter: MessageFilter, dialect: ListDialect): Walk[] {
  const { from, to, participant, statuses, tag } = filter;
  const sends = (index: string): Pick<Walk, 'table' | 'from'> => {
    return { table: 'sends', from: { sql: `sends${dialect.indexedBy(`sends_${prefix}${index}`)}`, values: [] } };
  };
  // Each row of the recipient finds its send by key.
  const recipients = (recipient: string): Omit<Walk, 'ofItself'> => ({
    table: 'recipients',
    from: { sql: `recipients ${dialect.join} sends ON sends.send_id = recipients.send_id`, values: [] },
    condition: ['recipients.recipient = ?', recipient],
  });
  if (participant !== null) {
    const asSender = { ...sends('sender'), condition: matching('sender', participant) };
    return [asSender, recipients(participant)].map((walk) => ({ ...walk, ofItself: 'participant' }));
  }
  if (to !== null) return [{ ...recipients(to), ofItself: 'to' }];
  if (tag !== null) return [sends('tag')];
  if (from !== null) return [sends('sender')];
  return (statuses ?? MESSAGE_STATUSES).map((status) => ({
    ...sends('status'),
    ofItself: 'statuses',
    condition: ['sends.status = ?', status],
  }));
}

/** The same for the messages of a caller's numbers. */
function walksByNumber({ numbers }: Own, filter: MessageFilter, dialect: ListDialect): Walk[] {
  const { from, to, participant, statuses, tag } = filter;
  const given = JSON.stringify(numbers);
  const person = participant ?? to ?? from;
  if (person !== null) return walksWith(person, numbers, filter, dialect);
  const sends = (index: string): Pick<Walk, 'table' | 'from'> => {
    return { table: 'sends', from: { sql: `sends${dialect.indexedBy(`sends_number${index}`)}`, values: [] } };
  };
  const numberTable = dialect.given('number');
  if (tag !== null) {
    const each = { sql: `SELECT number.value AS number FROM ${numberTable}`, values: [given], columns: ['number'] };
    return [{ ...sends('_tag'), each, condition: [`${OWN_NUMBER} = each.number`] }];
  }
  const each = {
    sql: `SELECT number.value AS number, status.value AS status FROM ${numberTable} CROSS JOIN ${dialect.given('status')}`,
    values: [given, JSON.stringify(statuses ?? MESSAGE_STATUSES)],
    columns: ['number', 'status'],
  };
  const condition: Condition = [`${OWN_NUMBER} = each.number AND sends.status = each.status`];
  return [{ ...sends(''), ofItself: 'statuses', each, condition }];
}

/**
 * The messages of these numbers with somebody: in his conversations with them, and among all messages of a number that he
 * is himself. What no conversation has yet is looked through: nothing, but for a while after an upgrade.
 */
function walksWith(person: string, numbers: readonly string[], filter: MessageFilter, dialect: ListDialect): Walk[] {
  const { join, given, indexedBy } = dialect;
  const sends = (index: string): Pick<Walk, 'table' | 'from'> => {
    return { table: 'sends', from: { sql: `sends${indexedBy(`sends_${index}`)}`, values: [] } };
  };
  const ofNumbers = JSON.stringify(numbers);
  const inConversations: Walk = {
    ...sends('conversation'),
    each: {
      sql:
        `SELECT one.conversation FROM conversation_participants AS one ${join} conversations ON conversations.id = one.conversation ` +
        `WHERE one.participant = ? AND conversations.number IN (SELECT value FROM ${given('number')})`,
      values: [person, ofNumbers],
      columns: ['conversation'],
    },
    condition: ['sends.conversation = each.conversation'],
  };
  const unfiled: Walk = {
    ...sends('unfiled'),
    each: { sql: `SELECT number.value AS number FROM ${given('number')}`, values: [ofNumbers], columns: ['number'] },
    condition: [`sends.conversation IS NULL AND ${OWN_NUMBER} = each.number`],
  };
  const ofHimself = numbers.includes(person)
    ? walksByNumber({ caller: '', numbers: [person] }, { ...filter, from: null, to: null, participant: null }, dialect)
    : [];
  return [inConversations, unfiled, ...ofHimself];
}

/**
 * The messages of these ids, to be walked as if they were all: upstream may repeat an id, and then its newest message
 * counts, as in `messagesById`. They are few, so that they are sorted. The limit keeps the conditions outside.
 */
function newestOf(ids: readonly string[], { caller }: MessageFilter, dialect: ListDialect): Query {
  const { join, given, indexedBy } = dialect;
  const wanted = [...new Set(ids.filter(isCleanText))];
  const [right, ...values] = rightOf(caller, dialect);
  const newest =
    `SELECT send_id FROM sends${indexedBy('sends_message')} WHERE message_id = wanted.value AND ${right} ` +
    'ORDER BY time DESC, send_id DESC LIMIT 1';
  return {
    sql:
      `(SELECT sends.* FROM (SELECT (${newest}) AS send_id FROM ${given('wanted')}) AS newest ` +
      `${join} sends ON sends.send_id = newest.send_id LIMIT ?) AS sends`,
    values: [...values, JSON.stringify(wanted), wanted.length],
  };
}

/** Whether a row of `sends` may be seen. */
export function rightOf(caller: Whose, { given }: Pick<ListDialect, 'given'>): Condition {
  if (caller === EVERYBODY) return ['true'];
  if (caller.numbers.length === 0) return ['sends.caller = ?', caller.caller];
  return [
    `(sends.caller = ? OR ${OWN_NUMBER} IN (SELECT value FROM ${given('number')}))`,
    caller.caller,
    JSON.stringify(caller.numbers),
  ];
}

const placeIn = ({ table }: Walk): string => `${table}.time, ${table}.send_id`;

/** What all walks find, without an order, each message once. */
function placesOf(walks: readonly Walk[], queryOf: (walk: Walk) => Query): Query {
  const queries = walks.map(queryOf);
  // Those by state find each message once, and leave nothing to compare.
  const areApart = walks.every(({ ofItself, each }) => ofItself === 'statuses' && each === undefined);
  return {
    sql: queries
      .map(({ sql }, index) => `SELECT time, send_id FROM (${sql}) AS walk${index}`)
      .join(areApart ? ' UNION ALL ' : ' UNION '),
    values: queries.flatMap(({ values }) => values),
  };
}

function newestIn(walk: Walk, filter: MessageFilter, slice: Slice, dialect: ListDialect): Query {
  const { each } = walk;
  if (each === undefined) return walkQuery(walk, placeIn(walk), filter, slice);
  return dialect.newestOf({
    table: 'sends',
    each,
    columns: each.columns,
    slice,
    walk: (columns, limit, passed) => walkQuery(walk, columns, filter, slice, limit, passed),
  });
}

/** So many of what many walks find, whichever. */
function anyOf(walk: Walk, filter: MessageFilter, whole: Slice, { isLateral }: ListDialect): Query {
  const { sql = '', values = [] } = walk.each ?? {};
  if (isLateral) {
    const { sql: one, values: ofOne } = walkQuery(walk, placeIn(walk), filter, whole);
    return {
      sql: `SELECT found.time, found.send_id FROM (${sql}) AS each CROSS JOIN LATERAL (${one}) AS found LIMIT ?`,
      values: [...values, ...ofOne, whole.limit],
    };
  }
  const conditions = [...conditionsOf(walk, filter), ...boundsOf(walk.table, whole, undefined, filter)];
  return {
    sql: `SELECT ${placeIn(walk)} FROM (${sql}) AS each CROSS JOIN ${walk.from.sql} WHERE ${allOf(conditions)} LIMIT ?`,
    values: [...values, ...walk.from.values, ...valuesOf(conditions), whole.limit],
  };
}

const allOf = (conditions: readonly Condition[]): string => conditions.map(([sql]) => sql).join(' AND ');
const valuesOf = (conditions: readonly Condition[]): Value[] => conditions.flatMap(([, ...values]) => values);

/** What one walk finds. */
function walkQuery(
  walk: Walk,
  columns: string,
  filter: MessageFilter,
  slice: Slice,
  limit = '?',
  passed?: string,
): Query {
  const { table, from } = walk;
  const conditions = [...conditionsOf(walk, filter), ...boundsOf(table, slice, passed, filter)];
  return {
    sql: `SELECT ${columns} FROM ${from.sql} WHERE ${allOf(conditions)} ${inOrder(table, slice)} LIMIT ${limit}`,
    values: [...from.values, ...valuesOf(conditions), ...(limit === '?' ? [slice.limit] : [])],
  };
}

function conditionsOf(walk: Walk, filter: MessageFilter): Condition[] {
  const { condition, right } = walk;
  const ofWalk = [right, condition].filter((each) => each !== undefined);
  return [['sends.message_id IS NOT NULL'], ...ofWalk, ...otherConditions(filter, walk)];
}

function otherConditions(filter: MessageFilter, { ofItself }: Walk): Condition[] {
  const { from, to, participant, statuses, tag, conversation } = filter;
  const conditions: Condition[] = [];
  if (from !== null) conditions.push(matching('sender', from));
  // It follows from the second condition, but lets the index be used that leaves out sends without a tag.
  if (tag !== null) conditions.push(['sends.tag IS NOT NULL'], matching('tag', tag));
  if (to !== null && ofItself !== 'to') conditions.push([IS_RECIPIENT, to]);
  if (participant !== null && ofItself !== 'participant') {
    conditions.push([`(sends.sender = ? OR ${IS_RECIPIENT})`, participant, participant]);
  }
  if (conversation !== null && ofItself !== 'conversation') {
    conditions.push(['sends.conversation = ?', conversation]);
  }
  if (statuses !== null && ofItself !== 'statuses') {
    conditions.push([`sends.status IN (${statuses.map(() => '?').join(', ')})`, ...statuses]);
  }
  return conditions;
}

const IS_RECIPIENT =
  'EXISTS (SELECT 1 FROM recipients AS one WHERE one.recipient = ? AND one.time = sends.time AND one.send_id = sends.send_id)';

export const inOrder = (table: string, { fromEnd }: Slice): string =>
  fromEnd ? `ORDER BY ${table}.time, ${table}.send_id` : `ORDER BY ${table}.time DESC, ${table}.send_id DESC`;

/**
 * Where a walk begins and ends. Of two bounds on one side a database may begin at the wrong one, and pass over all that
 * lies between: so it gets the narrower. An instant stands before every position in it, since no id is empty.
 *
 * @param passed a place, as columns, that the walk has passed already.
 */
export function boundsOf(
  table: string,
  slice: Slice,
  passed?: string,
  { since, until }: Pick<MessageFilter, 'since' | 'until'> = { since: null, until: null },
): Condition[] {
  const { after, before, fromEnd } = slice;
  const [upper] = [after, instant(until)].filter((position) => position !== null).sort(byPosition);
  const lower = [before, instant(since)]
    .filter((position) => position !== null)
    .sort(byPosition)
    .at(-1);
  const place = `(${table}.time, ${table}.send_id)`;
  const bound = (sign: '<' | '>', position: Position | undefined, isPassed: boolean): Condition[] => {
    if (isPassed && passed !== undefined) return [[`${place} ${sign} ${passed}`]];
    return position === undefined ? [] : [[`${place} ${sign} (?, ?)`, position.time, storable(position.sendId)]];
  };
  return [...bound('<', upper, !fromEnd), ...bound('>', lower, fromEnd)];
}

const instant = (time: number | null): Position | null => (time === null ? null : { time, sendId: '' });
const byPosition = (a: Position, b: Position): number => a.time - b.time || (a.sendId < b.sendId ? -1 : 1);

/**
 * SQLite takes the next message of the walk that is furthest ahead, one by one, as a merge does: the rows of a recursive
 * query wait in a queue, and the first of it, by the order of the list, brings the next one of its own walk
 * (https://sqlite.org/lang_with.html). So a page costs one look for each walk and one for each entry.
 */
function mergedOneByOne({ table, id, each, columns, walk, slice }: ManyWalks): Query {
  const more = id === undefined ? [] : [id];
  const key = id ?? 'rowid';
  const keys = [...columns.map((name) => `each.${name}`), ...more.map((name) => `${table}.${name}`)].join(', ');
  const names = [...columns, ...more];
  const first = walk(`${table}.${key}`, '1');
  // The signs keep the columns out of the search for a better index: with them, one look leads to the next row also among
  // those of one moment, since upstream may count in seconds.
  const next = walk(`${table}.${key}`, '1', '(+each.time, +each.send_id)');
  const found = (from: string, { sql }: Query): string =>
    `SELECT ${keys}, ${table}.time, ${table}.send_id FROM ${from} AS each CROSS JOIN ${table} ON ${table}.${key} = (${sql})`;
  const [time, sendId] = [names.length + 1, names.length + 2];
  const order = slice.fromEnd ? `ORDER BY ${time}, ${sendId}` : `ORDER BY ${time} DESC, ${sendId} DESC`;
  return {
    sql:
      `WITH RECURSIVE merged (${names.join(', ')}, time, send_id) AS (` +
      `SELECT * FROM (${found(`(${each.sql})`, first)}) UNION ALL ${found('merged', next)} ${order} LIMIT ?) ` +
      `SELECT ${[...more, 'time', 'send_id'].join(', ')} FROM merged`,
    values: [...each.values, ...first.values, ...next.values, slice.limit],
  };
}

/**
 * PostgreSQL looks at the newest message of each walk first: only as many walks as the page has entries, those whose
 * newest is newer than the others', can have an entry of the page. They are walked as far as the page is long.
 */
function newestOfNewest({ table, id, each, walk, slice }: ManyWalks): Query {
  const names = [...(id === undefined ? [] : [id]), 'time', 'send_id'];
  const columns = names.map((name) => `${table}.${name}`).join(', ');
  const first = walk(columns, '1');
  const page = walk(columns, '?');
  return {
    sql:
      `SELECT ${names.map((name) => `found.${name}`).join(', ')} FROM (SELECT each.* FROM (${each.sql}) AS each CROSS JOIN LATERAL (${first.sql}) AS first ` +
      `${inOrder('first', slice)} LIMIT ?) AS each CROSS JOIN LATERAL (${page.sql}) AS found ${inOrder('found', slice)} LIMIT ?`,
    values: [...each.values, ...first.values, slice.limit, ...page.values, slice.limit],
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
export const CAME_IN = { from: 'in', to: 'io' } as const;

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
