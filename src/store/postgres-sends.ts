/** Claims, records and tombstones of many sends, each kind in one statement, so that it takes one round trip. */
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { yieldsTo } from '../messaging/message.js';
import type { Claim, NewSend, StoredSend } from '../messaging/ports.js';
import type { ConsentPair } from '../messaging/consent.js';
import type { WriteOf } from './batching-store.js';
import { consentOf } from './consent.js';
import type { KnownMessage } from './conversations.js';
import { retryDeadlock } from './pool.js';
import { countOf } from './postgres-conversations.js';
import { recordset } from './recordset.js';
import {
  CLAIM_COLUMNS,
  claimColumns,
  conversationKey,
  MESSAGE_COLUMNS,
  messageColumns,
  ON_STORED_CLAIM,
  RECORD_COLUMNS,
  recipientsOf,
  recordColumns,
  SEND_COLUMNS,
  SHED_COLUMNS,
  storable,
  storedSend,
  TOMBSTONE_COLUMNS,
  tombstoneColumns,
  type SendRow,
} from './rows.js';

/** How often a claim is tried again when its key was freed between two of its statements. */
const MAX_CLAIM_ROUNDS = 5;

/** What is added to the numbers of transactions, so that they never fall back: see `keepNumbersRising`. */
export const OFFSET = '(SELECT added FROM commit_offset)';

/** The number of the commit under way: PostgreSQL gives one to each transaction that writes. */
export const COMMIT_NUMBER = `(pg_current_xact_id()::text::bigint + ${OFFSET})`;

/** A pool, where each statement is a commit of its own, or the connection of a transaction. */
export interface Connection {
  query<Row extends QueryResultRow>(query: QueryConfig): Promise<QueryResult<Row>>;
}

/**
 * Claims all of `sends` in one statement, and asks why only where some are refused: for the holders of their keys, and
 * then for recipients who have opted out. Answers in the same order: the reason, or null where it was claimed.
 */
export async function claimAll(
  connection: Pool,
  sends: readonly NewSend[],
  asksForConsent: boolean,
): Promise<(Claim | null)[]> {
  const reasons = new Map<NewSend, Claim>();
  let open = sends;
  for (let round = 0; open.length > 0; round++) {
    if (round === MAX_CLAIM_ROUNDS) throw new Error('keys or consent change faster than they can be claimed');
    const claimed = new Set<string>();
    for (const statement of claimsOf(open, asksForConsent, round === 0)) {
      const { rows } = await retryDeadlock(() => connection.query<{ send_id: string }>(statement));
      for (const { send_id } of rows) claimed.add(send_id);
    }
    const refused = open.filter(({ sendId }) => !claimed.has(sendId));
    const answerHeld = async (some: readonly NewSend[]): Promise<void> => {
      const holders = await holdersOf(connection, some);
      for (const send of some) {
        const by = holders.get(keyOf(send.caller, send.idempotencyKey));
        if (by !== undefined) reasons.set(send, { kind: 'HELD', by });
      }
    };
    await answerHeld(refused);
    open = refused.filter((send) => !reasons.has(send));
    const optedOut = asksForConsent ? await optedOutOf(connection, open) : new Map<NewSend, number[]>();
    const keyed = [...optedOut.keys()].filter(({ idempotencyKey }) => idempotencyKey !== null);
    if (keyed.length > 0) {
      await waitForClaimsLike(connection, keyed);
      await answerHeld(keyed);
    }
    for (const [send, recipients] of optedOut) {
      if (!reasons.has(send)) reasons.set(send, { kind: 'OPTED_OUT', recipients });
    }
    // What was refused for no reason of its own is tried again: its key was freed in between, or a neighbour's recipient
    // has opted out.
    open = open.filter((send) => !reasons.has(send));
  }
  return sends.map((send) => reasons.get(send) ?? null);
}

/** Who knows whom somebody forgot asks for it here; for others, the database does: see the last migration. */
const INTO_SENDS = `INSERT INTO sends (${CLAIM_COLUMNS.join(', ')}, knows_forgotten)
  SELECT ${CLAIM_COLUMNS.join(', ')}, true FROM ${recordset(CLAIM_COLUMNS)}`;
const RETURNING_CLAIMED =
  'ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING send_id';

/** Claims whatever anybody wants. */
const CLAIM = `${INTO_SENDS} ${RETURNING_CLAIMED}`;
/**
 * Claims all, or nothing if a recipient of any of them has opted out of anything: hardly ever, and so one look for all of
 * them is enough. `> 0`, since only the primary key is to be taken: the plan stays while the table grows.
 */
const CLAIM_ALL = `${INTO_SENDS} WHERE NOT EXISTS (SELECT 1 FROM consent WHERE recipient = ANY ($2) AND opted_out > 0)
  AND NOT (EXISTS (SELECT 1 FROM forgotten_opt_outs) AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS one (recipient)
    JOIN forgotten_opt_outs ON recipient_digest = digest_of_forgotten(one.recipient)))
  ${RETURNING_CLAIMED}`;
const CLAIM_EACH = `${INTO_SENDS}
  WHERE NOT EXISTS (SELECT 1 FROM json_array_elements_text(given.recipients::json) AS one (recipient)
    WHERE ${consentOf('one.recipient', 'given.sender')} = 1)
  ${RETURNING_CLAIMED}`;

/**
 * Waits for claims with the same keys that are under way in other instances: one that looked before the recipient opted
 * out, and is not committed yet, goes out all the same. To insert the key again takes as long; then it is taken back.
 */
async function waitForClaimsLike(pool: Pool, sends: readonly NewSend[]): Promise<void> {
  await retryDeadlock(async () => {
    const client = await pool.connect();
    let isUsable = false;
    try {
      await client.query('BEGIN');
      await client.query({ name: 'claim', text: CLAIM, values: [JSON.stringify(sends.map(claimColumns))] });
      await client.query('ROLLBACK');
      isUsable = true;
    } finally {
      client.release(!isUsable);
    }
  });
}

/** What claims these sends: nearly always one statement. */
function claimsOf(sends: readonly NewSend[], asksForConsent: boolean, together: boolean): QueryConfig[] {
  const isAsked = ({ ignoresConsent = false }: NewSend): boolean => asksForConsent && !ignoresConsent;
  const [asked, others] = [sends.filter(isAsked), sends.filter((send) => !isAsked(send))];
  const given = (some: readonly NewSend[]): string => JSON.stringify(some.map(claimColumns));
  const recipients = asked.flatMap(({ message }) => message.to);
  const all: QueryConfig = { name: 'claim-all', text: CLAIM_ALL, values: [given(asked), recipients] };
  const each: QueryConfig = { text: CLAIM_EACH, values: [given(asked)] };
  return [
    ...(asked.length > 0 ? [together ? all : each] : []),
    ...(others.length > 0 ? [{ name: 'claim', text: CLAIM, values: [given(others)] }] : []),
  ];
}

/** The sends that have recipients who opted out, and the places of those. */
async function optedOutOf(connection: Connection, sends: readonly NewSend[]): Promise<Map<NewSend, number[]>> {
  const asked = sends.filter(({ ignoresConsent = false }) => !ignoresConsent);
  const pairs = asked.flatMap(({ message: { from, to } }) => to.map((recipient) => ({ owner: from, recipient })));
  const areOut = (await areOptedOut(connection, pairs)).values();
  const places = asked.map((send) => {
    const recipients = send.message.to.flatMap((_, index) => (areOut.next().value === true ? [index] : []));
    return [send, recipients] as const;
  });
  return new Map(places.filter(([, recipients]) => recipients.length > 0));
}

const SELECT_OPTED_OUT = `SELECT COALESCE(${consentOf('given.recipient', 'given.owner')}, 0) AS opted_out
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (owner, recipient, place) ORDER BY place`;

/** Whether recipients have opted out, in the order of the pairs. */
export async function areOptedOut(connection: Connection, pairs: readonly ConsentPair[]): Promise<boolean[]> {
  if (pairs.length === 0) return [];
  const values = [pairs.map(({ owner }) => owner), pairs.map(({ recipient }) => recipient)];
  const { rows } = await connection.query<{ opted_out: number }>({ text: SELECT_OPTED_OUT, values });
  return rows.map(({ opted_out }) => opted_out === 1);
}

const SELECT_HOLDERS = `SELECT caller, idempotency_key, ${SEND_COLUMNS} FROM sends
  WHERE (caller, idempotency_key) IN (SELECT caller, idempotency_key FROM ${recordset(['caller', 'idempotency_key'])})`;

async function holdersOf(connection: Connection, sends: readonly NewSend[]): Promise<Map<string, StoredSend>> {
  if (sends.length === 0) return new Map();
  const keys = sends.map(({ caller, idempotencyKey }) => ({ caller, idempotency_key: idempotencyKey }));
  const { rows } = await connection.query<SendRow & { idempotency_key: string }>({
    text: SELECT_HOLDERS,
    values: [JSON.stringify(keys)],
  });
  return new Map(rows.map((row) => [keyOf(row.caller, row.idempotency_key), storedSend(row)]));
}

const keyOf = (caller: string, key: string | null): string => JSON.stringify([caller, key]);

/** What records leave to do, for whoever stored them; if that fails, housekeeping does it. */
export interface Recorded {
  /** The ids of messages for which events are waiting: see `adopt`. */
  readonly early: readonly string[];
  /** The sends whose messages may lie in no conversation: they had been settled. */
  readonly unfiled: readonly string[];
  /** The messages that became known; none where they are counted already. */
  readonly known: readonly KnownMessage[];
}

/**
 * Records the outcomes of sends, each send at most once, and counts the messages in their conversations: in this
 * statement, or `later`, together with what else the transaction makes known.
 */
export async function recordAll(
  connection: Connection,
  writes: readonly WriteOf<'record'>[],
  counting: 'now' | 'later' = 'now',
): Promise<Recorded> {
  const ids: string[] = [];
  const keys = new Map<string, Pick<KnownMessage, 'key' | 'direction'>>();
  const listed: { send_id: string; recipient: string }[] = [];
  const rows = writes.map(({ sendId, resolution, now }) => {
    const row = { send_id: sendId, ...recordColumns(resolution, now), replaces: LOWER[resolution.status] };
    if (resolution.status === 'REJECTED') return { ...row, ...SHED_COLUMNS };
    if (resolution.status === 'UNKNOWN' || resolution.message === null) return row;
    ids.push(storable(resolution.message.id));
    for (const recipient of recipientsOf(resolution)) listed.push({ send_id: sendId, recipient });
    const key = conversationKey(resolution.message);
    if (key !== null) keys.set(sendId, { key, direction: resolution.message.direction });
    const ofConversation = key && { number: key.number, participants: JSON.stringify(key.participants) };
    return { ...row, ...messageColumns(resolution.message, key), ...ofConversation };
  });
  const { rows: found } = await connection.query<{ kind: string; id: string; time: number | null }>({
    name: counting === 'now' ? 'record' : 'record-and-count-later',
    text: counting === 'now' ? RECORD_AND_COUNT : RECORD,
    values: [JSON.stringify(rows), JSON.stringify(listed), ids],
  });
  const idsOf = (kind: string): string[] => found.filter((each) => each.kind === kind).map(({ id }) => id);
  const known = found.flatMap(({ kind, id, time }) => {
    const key = keys.get(id);
    return kind === 'known' && key !== undefined ? [{ ...key, sendId: id, time: time ?? 0 }] : [];
  });
  return { early: idsOf('early'), unfiled: idsOf('unfiled'), known };
}

/** The states that an outcome replaces. */
const LOWER = {
  ACCEPTED: yieldsTo('ACCEPTED').join(','),
  REJECTED: yieldsTo('REJECTED').join(','),
  UNKNOWN: yieldsTo('UNKNOWN').join(','),
};
const HAS_MESSAGE = 'record.message_id IS NOT NULL';
const SHEDS = `(${HAS_MESSAGE} OR record.status = 'REJECTED')`;
/** When a column is replaced, where that is not by every message. One that was settled is filed by itself. */
const REPLACES: Readonly<Partial<Record<string, string>>> = {
  ...Object.fromEntries(Object.keys(SHED_COLUMNS).map((name) => [name, SHEDS])),
  conversation: `(${HAS_MESSAGE} AND sends.settled_by IS NULL)`,
};
const MESSAGE_ASSIGNMENTS = MESSAGE_COLUMNS.map((name) =>
  // A message keeps its place in the lists.
  name === 'time'
    ? 'time = COALESCE(sends.time, record.time)'
    : `${name} = CASE WHEN ${REPLACES[name] ?? HAS_MESSAGE} THEN record.${name} ELSE sends.${name} END`,
);
const record = (count: boolean): string => `WITH updated AS (
    UPDATE sends SET ${RECORD_COLUMNS.map((name) => `${name} = record.${name}`).join(', ')}, changed = ${COMMIT_NUMBER},
      idempotency_key = CASE WHEN record.status = 'REJECTED' THEN NULL ELSE sends.idempotency_key END,
      ${MESSAGE_ASSIGNMENTS.join(', ')}
    FROM ${recordset(['send_id', ...RECORD_COLUMNS, 'replaces', ...MESSAGE_COLUMNS, 'number', 'participants'], 'record')}
    WHERE sends.send_id = record.send_id AND (
      sends.status = ANY (string_to_array(record.replaces, ','))
      -- The call's own answer replaces a settlement, until a callback has confirmed that settlement.
      OR (record.status = 'ACCEPTED' AND sends.settled_by IS NOT NULL AND (sends.status = 'REJECTED'
        OR (record.message_id IS NOT NULL AND sends.deliveries IS NULL
          AND sends.message_id IS DISTINCT FROM record.message_id))))
    RETURNING sends.send_id, sends.time, sends.caller, sends.settled_by, sends.direction, record.number, record.participants,
      CASE WHEN sends.settled_by IS NULL THEN NULLIF(record.conversation, '') END AS conversation),
  listed AS (${insertRecipientsOf('updated')})${count ? `,\n  ${countOf('updated')}` : ''}
  SELECT DISTINCT 'early' AS kind, message_id AS id, NULL::bigint AS time FROM early_events WHERE message_id = ANY ($3)
  UNION ALL SELECT 'unfiled', send_id, NULL FROM updated WHERE settled_by IS NOT NULL
  ${count ? '' : "UNION ALL SELECT 'known', send_id, time FROM updated WHERE conversation IS NOT NULL"}`;
const RECORD = record(false);
const RECORD_AND_COUNT = record(true);

const INSERT_TOMBSTONES = `INSERT INTO sends (${TOMBSTONE_COLUMNS.join(', ')}, changed)
  SELECT ${TOMBSTONE_COLUMNS.join(', ')}, ${COMMIT_NUMBER} FROM ${recordset(TOMBSTONE_COLUMNS)} ${ON_STORED_CLAIM}`;

/** Writes a tombstone for each claim, or ends the claim where it is stored; see `MessageStore.abandon`. */
export async function abandonAll(connection: Connection, sends: readonly NewSend[], now: number): Promise<void> {
  if (sends.length === 0) return;
  const rows = sends.map((send) => tombstoneColumns(send, now));
  await connection.query({ text: INSERT_TOMBSTONES, values: [JSON.stringify(rows)] });
}

/**
 * Makes the rows of `source` findable by the recipients in the second parameter. Emptied ones have no time: the database
 * itself keeps them empty, by a trigger of the last migration.
 */
export function insertRecipientsOf(source: 'updated' | 'stored'): string {
  return `INSERT INTO recipients (recipient, time, send_id, caller)
     SELECT given.recipient, ${source}.time, ${source}.send_id, ${source}.caller
     FROM ${source} JOIN ${recordset(['send_id', 'recipient'], 'given', 2)} ON given.send_id = ${source}.send_id
     WHERE ${source}.time IS NOT NULL
     ON CONFLICT DO NOTHING`;
}
