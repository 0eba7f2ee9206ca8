/** How consent lies in its table, the same in both databases. */
import { EVERYBODY } from '../messaging/caller.js';
import type { ConsentCounts, ConsentStatement, OptOut, OptOutSource } from '../messaging/consent.js';
import { isCleanText } from '../messaging/message.js';
import type { OptOutFilter, Position, Slice } from '../messaging/ports.js';
import type { Condition, ListDialect, Query } from './list-query.js';
import { storable } from './rows.js';

/** Whether consent is kept, and who is told what changed of it; null where it is not: then nothing is looked at either. */
export type ConsentKeeping = { readonly onChange: (counts: ConsentCounts) => void } | null;

/** For tools, which have no log. */
export const KEEP_QUIETLY: ConsentKeeping = { onChange: () => undefined };

/** The owner of what was said to all numbers. */
const ALL_NUMBERS = '';

/** What a statement writes, with the types of PostgreSQL. */
const COLUMN_TYPES = {
  recipient: 'TEXT',
  owner: 'TEXT',
  opted_out: 'INTEGER',
  since: 'BIGINT',
  source: 'TEXT',
  changed_by: 'TEXT',
  recorded_by: 'TEXT',
  message_id: 'TEXT',
  changed_at: 'BIGINT',
  updated_at: 'BIGINT',
} as const;
type Column = keyof typeof COLUMN_TYPES;
export const CONSENT_COLUMNS = Object.keys(COLUMN_TYPES) as readonly Column[];

export type ConsentColumns = Readonly<
  Record<'recipient' | 'owner' | 'source', string> &
    Record<'opted_out' | 'since' | 'changed_at' | 'updated_at', number> &
    Record<'changed_by' | 'recorded_by' | 'message_id', string | null>
>;

export function consentColumns(statement: ConsentStatement, now: number): ConsentColumns {
  const { recipient, owner, isOptedOut, since, source, changedBy, recordedBy, messageId } = statement;
  return {
    ...{ recipient, owner: owner ?? ALL_NUMBERS, opted_out: isOptedOut ? 1 : 0, since, source },
    ...{ changed_by: changedBy, recorded_by: recordedBy },
    message_id: messageId === null ? null : storable(messageId),
    ...{ changed_at: now, updated_at: now },
  };
}

const NAMES = CONSENT_COLUMNS.join(', ');
const ASSIGNMENTS = CONSENT_COLUMNS.map((name) =>
  name === 'changed_at'
    ? 'changed_at = CASE WHEN known.opted_out = excluded.opted_out THEN known.changed_at ELSE excluded.updated_at END'
    : `${name} = excluded.${name}`,
);
/** The later word counts, and of two at the same time the one that opts out. */
const IF_LATER = 'WHERE (excluded.since, excluded.opted_out) > (known.since, known.opted_out)';
const UNLESS_LATER = `ON CONFLICT (recipient, owner) DO UPDATE SET ${ASSIGNMENTS.join(', ')} ${IF_LATER}`;

/** Says one statement, to SQLite. */
export const SAY = `INSERT INTO consent AS known (${NAMES}) VALUES (${CONSENT_COLUMNS.map(() => '?').join(', ')}) ${UNLESS_LATER}`;

/**
 * The last word of somebody who is forgotten: a later one takes its place, and an earlier one is a repetition. It counts as
 * any other; so whoever is out by it has nothing to be confirmed.
 */
const FORGOTTEN_WORDS = 'recipient_digest, owner, since, opted_out';
const KEEP_WORDS = `INSERT INTO forgotten_opt_outs AS known (${FORGOTTEN_WORDS})`;
const UNLESS_KEPT = `ON CONFLICT (recipient_digest, owner)
  DO UPDATE SET since = excluded.since, opted_out = excluded.opted_out ${IF_LATER}`;
/** Stands for "since before he was forgotten". */
export const LONG_AGO = 0;

/**
 * Says many, to PostgreSQL: of each entry the one that counts, since a statement takes each row once; and in one order for
 * all instances, so that none of them waits for another that waits for it.
 */
export const SAY_ALL = `WITH given AS (
    SELECT DISTINCT ON (recipient, owner) *, digest_of_forgotten(recipient) AS digest
    FROM json_to_recordset($1::json) AS one (${CONSENT_COLUMNS.map((name) => `${name} ${COLUMN_TYPES[name]}`).join(', ')})
    ORDER BY recipient, owner, since DESC, opted_out DESC),
  replaced AS (
    DELETE FROM forgotten_opt_outs AS said USING given WHERE said.recipient_digest = given.digest AND said.owner = given.owner
      AND (said.since, said.opted_out) < (given.since, given.opted_out))
  INSERT INTO consent AS known (${NAMES})
  SELECT ${NAMES.replace('changed_at', `CASE WHEN ${forgottenWord('given.digest', 'given.owner')} = 1 THEN ${LONG_AGO} ELSE changed_at END`)}
  FROM given WHERE NOT EXISTS (SELECT 1 FROM forgotten_opt_outs AS said WHERE said.recipient_digest = given.digest
    AND said.owner = given.owner AND (said.since, said.opted_out) >= (given.since, given.opted_out))
  ORDER BY recipient, owner
  ${UNLESS_LATER} RETURNING source, opted_out`;

/** What counts of the words of somebody who is forgotten, for PostgreSQL: as `consentOf`. */
function forgottenWord(digest: string, owner: string): string {
  return `(SELECT said.opted_out FROM forgotten_opt_outs AS said WHERE said.recipient_digest = ${digest}
    AND (said.owner = ${owner} OR (said.owner = '${ALL_NUMBERS}' AND said.opted_out = 1))
    ORDER BY said.since DESC, said.opted_out DESC LIMIT 1)`;
}

/** Keeps a word of somebody who is forgotten, in SQLite. */
export const KEEP_WORD = `${KEEP_WORDS} VALUES (?, ?, ?, ?) ${UNLESS_KEPT}`;

/** Removes all words of these recipients, and keeps them by their digests, in PostgreSQL. Counts them. */
export const FORGET_WORDS = `WITH gone AS (DELETE FROM consent WHERE recipient = ANY ($1) RETURNING *),
  kept AS (${KEEP_WORDS} SELECT digest_of_forgotten(recipient), owner, since, opted_out FROM gone ${UNLESS_KEPT})
  SELECT count(*)::int AS count FROM gone`;

/**
 * Whoever is forgotten and was in needs no digest once no earlier word of his can be repeated; unless he is out for all
 * other numbers.
 */
export const purgeForgottenWords = (before: '?' | '$1'): string => `DELETE FROM forgotten_opt_outs
  WHERE opted_out = 0 AND since < ${before} AND NOT EXISTS (SELECT 1 FROM forgotten_opt_outs AS said
    WHERE said.recipient_digest = forgotten_opt_outs.recipient_digest AND said.owner = '${ALL_NUMBERS}' AND said.opted_out = 1)`;

/**
 * What counts between a number and a recipient, as SQL: 1 for opted out, 0 for opted in, null where nothing was said. The
 * latest counts of what was said to the number, and of an opt-out from all numbers; also of one that is forgotten.
 */
export const consentOf = (recipient: string, owner: string): string =>
  `(SELECT opted_out FROM (
     SELECT opted_out, since FROM consent WHERE consent.recipient = ${recipient}
       AND (consent.owner = ${owner} OR (consent.owner = '${ALL_NUMBERS}' AND consent.opted_out = 1))
     UNION ALL SELECT opted_out, since FROM forgotten_opt_outs WHERE recipient_digest = digest_of_forgotten(${recipient})
       AND (forgotten_opt_outs.owner = ${owner} OR (forgotten_opt_outs.owner = '${ALL_NUMBERS}' AND opted_out = 1))) AS said
   ORDER BY since DESC, opted_out DESC LIMIT 1)`;

/** What was said to a number and to all of them, for SQLite: a sort of nothing takes it longer than two looks by key. */
export const SELECT_CONSENT = `SELECT opted_out, since, owner FROM consent WHERE recipient = ? AND owner IN (?, '${ALL_NUMBERS}')`;

export type ConsentRow = Readonly<Record<'opted_out' | 'since', number>> & { readonly owner: string };

/** Whether what was said counts as an opt-out: the same as `consentOf` says in SQL. */
export function isOptOut(said: readonly ConsentRow[]): boolean {
  const counting = said.filter(({ owner, opted_out }) => owner !== ALL_NUMBERS || opted_out === 1);
  const latest = Math.max(...counting.map(({ since }) => since));
  return counting.some(({ since, opted_out }) => since === latest && opted_out === 1);
}

/** What stays of the words of somebody who is forgotten, for SQLite. Hardly anybody is: whether there are any is asked first. */
export const ANY_FORGOTTEN = 'SELECT 1 FROM forgotten_opt_outs LIMIT 1';
export const SELECT_FORGOTTEN = `SELECT opted_out, since, owner FROM forgotten_opt_outs
  WHERE recipient_digest = ? AND owner IN (?, '${ALL_NUMBERS}')`;
export const REPLACE_FORGOTTEN = 'DELETE FROM forgotten_opt_outs WHERE recipient_digest = ? AND owner = ?';

/** Statements of one commit that counted, as they are told. */
export function countsOf(said: readonly Pick<ConsentStatement, 'source' | 'isOptedOut'>[]): ConsentCounts[] {
  const bySource = new Map<OptOutSource, { optedOut: number; optedIn: number }>();
  for (const { source, isOptedOut } of said) {
    const counts = bySource.get(source) ?? { optedOut: 0, optedIn: 0 };
    counts[isOptedOut ? 'optedOut' : 'optedIn'] += 1;
    bySource.set(source, counts);
  }
  return [...bySource].map(([source, counts]) => ({ source, ...counts }));
}

/** An entry of somebody who has opted out. */
export interface OptOutRow {
  readonly id: string;
  readonly recipient: string;
  readonly owner: string;
  readonly since: number;
  readonly source: string;
  readonly changed_by: string | null;
  readonly message_id: string | null;
  readonly changed_at: number;
}
const OPT_OUT_COLUMNS = 'id, recipient, owner, since, source, changed_by, message_id, changed_at';

export function optOutOf(row: OptOutRow): OptOut {
  return {
    id: row.id,
    recipient: row.recipient,
    owner: row.owner === ALL_NUMBERS ? null : row.owner,
    since: row.since,
    source: row.source as OptOutSource,
    changedBy: row.changed_by,
    messageId: row.message_id,
    changedAtMs: row.changed_at,
  };
}

/**
 * A slice of the list, newest first, or oldest first if it is taken from the end; null where nothing can be in it. The
 * entries of one number lie together in an index, in order: of several numbers, what each has is merged.
 */
export function optOutsQuery(
  { numbers, owner, recipient }: OptOutFilter,
  slice: Slice,
  dialect: ListDialect,
): Query | null {
  if (![owner, recipient].every((text) => text === null || isCleanText(text))) return null;
  const mayBeSeen = owner === null || numbers === EVERYBODY || numbers.includes(owner);
  const owners = owner !== null ? (mayBeSeen ? [owner] : []) : numbers === EVERYBODY ? null : numbers;
  if (owners === null) {
    const ofRecipient: Condition = recipient === null ? ['true'] : ['recipient = ?', recipient];
    return walk({ columns: OPT_OUT_COLUMNS, condition: ofRecipient }, slice);
  }
  const given = JSON.stringify([...owners, ALL_NUMBERS]);
  if (recipient === null)
    return dialect.isLateral ? newestOfNewest(given, slice, dialect) : merged(given, slice, dialect);
  // Few: one for each of the numbers.
  const ofBoth = `recipient = ? AND owner IN (SELECT value FROM ${dialect.given('number')})`;
  return walk({ columns: OPT_OUT_COLUMNS, condition: [ofBoth, recipient, given] }, slice);
}

interface Walk {
  readonly columns: string;
  readonly condition: Condition;
  readonly limit?: '1' | '?';
  /** How an entry's place is written, and the one that was passed; `?` stand for its time and id. */
  readonly place?: string;
  readonly passed?: string;
  /** Replaces the place where the walk begins. */
  readonly from?: string;
}

/** Down an index, from a position on. */
function walk(given: Walk, slice: Slice): Query {
  const { columns, condition, limit = '?', place = '(since, id)', passed = '(?, ?)', from } = given;
  const { after, before, fromEnd } = slice;
  const bound = (sign: '<' | '>', position: Position | null, isBeginning: boolean): Condition[] => {
    if (isBeginning && from !== undefined) return [[`${place} ${sign} ${from}`]];
    return position === null ? [] : [[`${place} ${sign} ${passed}`, position.time, storable(position.sendId)]];
  };
  const conditions = [condition, ...bound('<', after, !fromEnd), ...bound('>', before, fromEnd)];
  const where = conditions.map(([sql]) => sql).join(' AND ');
  return {
    sql: `SELECT ${columns} FROM consent WHERE opted_out = 1 AND ${where} ${inOrder('consent', slice)} LIMIT ${limit}`,
    values: [...conditions.flatMap(([, ...values]) => values), ...(limit === '?' ? [slice.limit] : [])],
  };
}

const OF_EACH: Condition = ['owner = each.value'];

/** As `LIST_DIALECTS` does it for messages: here SQLite, and below PostgreSQL. */
function merged(owners: string, slice: Slice, { given }: ListDialect): Query {
  const one = { columns: 'id', condition: OF_EACH, limit: '1' } as const;
  const first = walk(one, slice);
  // The signs keep the columns out of the search for a better index: with them, one look leads to the next entry also among
  // those of one moment, as all of a file are.
  const next = walk({ ...one, from: '(+each.since, +each.id)' }, slice);
  const found = (from: string, { sql }: Query): string =>
    `SELECT each.value, consent.since, consent.id FROM ${from} AS each CROSS JOIN consent ON consent.id = (${sql})`;
  const order = slice.fromEnd ? 'ORDER BY 2, 3' : 'ORDER BY 2 DESC, 3 DESC';
  const sql =
    `WITH RECURSIVE merged (value, since, id) AS (SELECT * FROM (${found(`(SELECT value FROM ${given('owner')})`, first)}) ` +
    `UNION ALL ${found('merged', next)} ${order} LIMIT ?) SELECT since, id FROM merged`;
  return atPlaces({ sql, values: [owners, ...first.values, ...next.values, slice.limit] }, 'CROSS JOIN', slice);
}

function newestOfNewest(owners: string, slice: Slice, { given }: ListDialect): Query {
  // With the number in the place, no other index looks as good: one by time alone passes over all entries of others.
  const place = { place: '(owner, since, id)', passed: '(each.value, ?, ?)' };
  const entries = { columns: 'since, id', condition: OF_EACH, ...place };
  const first = walk({ ...entries, limit: '1' }, slice);
  const page = walk(entries, slice);
  const sql =
    `SELECT found.since, found.id FROM (SELECT each.value FROM ${given('each')} CROSS JOIN LATERAL (${first.sql}) AS first ` +
    `${inOrder('first', slice)} LIMIT ?) AS each CROSS JOIN LATERAL (${page.sql}) AS found ${inOrder('found', slice)} LIMIT ?`;
  const values = [owners, ...first.values, slice.limit, ...page.values, slice.limit];
  return atPlaces({ sql, values }, 'JOIN', slice);
}

const atPlaces = ({ sql, values }: Query, join: ListDialect['join'], slice: Slice): Query => ({
  sql: `SELECT ${OPT_OUT_COLUMNS.replace(/\w+/g, 'consent.$&')} FROM (${sql}) AS places ${join} consent ON consent.id = places.id ${inOrder('consent', slice)}`,
  values,
});

const inOrder = (table: string, { fromEnd }: Slice): string =>
  fromEnd ? `ORDER BY ${table}.since, ${table}.id` : `ORDER BY ${table}.since DESC, ${table}.id DESC`;

export const newOptOutsQuery = ({ changedAtMs, id }: Pick<OptOut, 'changedAtMs' | 'id'>, limit: number): Query => ({
  sql: `SELECT ${OPT_OUT_COLUMNS} FROM consent WHERE opted_out = 1 AND source = 'KEYWORD' AND (changed_at, id) > (?, ?)
    ORDER BY changed_at, id LIMIT ?`,
  values: [changedAtMs, id, limit],
});
