/** Forgets a number in PostgreSQL, step by step. */
import type { Pool, PoolClient } from 'pg';
import type { Forgetting, ForgettingOutcome, ForgettingPlace, ForgettingStep } from '../messaging/ports.js';
import { FORGET_WORDS } from './consent.js';
import {
  CALLBACK_TEXT,
  copiesFirst,
  EMPTY,
  fateOf,
  formsOf,
  isOf,
  MAY_NAME,
  mediaOf,
  NOTHING,
  PLACES,
  type NumberForms,
} from './forgetting.js';
import { removeTraces, REMOVAL_LOCK } from './postgres-removal.js';
import { COMMIT_NUMBER } from './postgres-sends.js';
import { SEND_COLUMNS, type AllColumns, type SendRow } from './rows.js';

/** Rows that are looked through in one step: some ten milliseconds. Those of callbacks may be pages long. */
const STEP = { sends: 5_000, callbacks: 500 };

/** See `MessageStore.forgetSome`. */
export async function forgetSome(
  client: PoolClient,
  number: string,
  place: ForgettingPlace | null,
): Promise<ForgettingStep> {
  const here = place ?? { table: 0, after: '', epoch: 0 };
  const { table: index, after } = here;
  const table = PLACES[index] ?? 'consent';
  const forms = formsOf(number);
  if (table === 'sends') return forgetSends(client, forms, here);
  if (table === 'consent') return { ...NOTHING, consent: await forgetConsent(client, forms) };
  const { callbacks, last } = await forgetCallbacks(client, table, forms, Number(after));
  const next = last === null ? { table: index + 1, after: '', epoch: 0 } : { table: index, after: last, epoch: 0 };
  return { ...NOTHING, callbacks, next };
}

/** By the time at which they came: some more than `STEP` where many came in one millisecond. */
async function forgetCallbacks(
  client: PoolClient,
  table: keyof typeof CALLBACK_TEXT,
  { core, pattern }: NumberForms,
  after: number,
): Promise<{ readonly callbacks: number; readonly last: number | null }> {
  const text = CALLBACK_TEXT[table];
  const { rows } = await client.query<{ last: number }>(
    `SELECT received_at AS last FROM ${table} WHERE received_at > $1 ORDER BY received_at OFFSET ${STEP.callbacks - 1} LIMIT 1`,
    [after],
  );
  const last = rows[0]?.last ?? null;
  const { rowCount } = await client.query(
    `DELETE FROM ${table} WHERE received_at > $1 AND ($2::bigint IS NULL OR received_at <= $2)
     AND position($3 IN ${text}) > 0 AND ${text} ~ $4`,
    [after, last, core, pattern],
  );
  return { callbacks: rowCount ?? 0, last };
}

const SOME = `SELECT * FROM sends WHERE send_id > $1 ORDER BY send_id LIMIT ${STEP.sends}`;
const SELECT_LAST = `SELECT max(send_id) AS last, count(*)::int AS count FROM (${SOME}) AS found`;
const SELECT_CANDIDATES = `SELECT send_id FROM (${SOME}) AS found WHERE ${MAY_NAME((column) => `position($2 IN ${column}) > 0`)}`;
const SELECT_LOCKED = `SELECT ${SEND_COLUMNS}, conversation FROM sends WHERE send_id = ANY ($1) ORDER BY send_id FOR UPDATE`;

async function forgetSends(client: PoolClient, forms: NumberForms, place: ForgettingPlace): Promise<ForgettingStep> {
  const { after } = place;
  const lasts = await client.query<{ last: string | null; count: number }>(SELECT_LAST, [after]);
  const { last = null, count = 0 } = lasts.rows[0] ?? {};
  const next =
    count < STEP.sends || last === null ? { table: 1, after: '', epoch: 0 } : { table: 0, after: last, epoch: 0 };
  const candidates = await client.query<{ send_id: string }>(SELECT_CANDIDATES, [after, forms.end]);
  if (candidates.rows.length === 0) return { ...NOTHING, next };
  // Two that remove at once would each take the other's message for the last one of its conversation.
  await client.query('SELECT pg_advisory_xact_lock($1)', [REMOVAL_LOCK]);
  const ids = candidates.rows.map(({ send_id }) => send_id);
  const locked = await client.query<SendRow & AllColumns>(SELECT_LOCKED, [ids]);
  const rows = locked.rows.filter((row) => isOf(row, forms));
  const media = mediaOf(rows);
  const first = copiesFirst(media, place);
  if (first !== null) return first;
  const idsOf = (fate: ReturnType<typeof fateOf>): string[] =>
    rows.filter((row) => fateOf(row) === fate).map(({ send_id }) => send_id);
  const names = Object.keys(EMPTY);
  const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(', ');
  await client.query(`UPDATE sends SET ${assignments}, changed = ${COMMIT_NUMBER} WHERE send_id = ANY ($1)`, [
    idsOf('IS_EMPTIED'),
    ...Object.values(EMPTY),
  ]);
  await client.query('DELETE FROM sends WHERE send_id = ANY ($1)', [idsOf('GOES')]);
  const removed = rows.filter((row) => fateOf(row) !== 'STAYS');
  await removeTraces(client, removed);
  return { ...NOTHING, messages: removed.length, unresolved: idsOf('STAYS'), media, next };
}

/** Nobody gets a message, or gets none, because he is forgotten: his last words stay, as digests of what claims ask for. */
async function forgetConsent(client: PoolClient, { all }: NumberForms): Promise<number> {
  const { rows } = await client.query<{ count: number }>(FORGET_WORDS, [all]);
  return rows[0]?.count ?? 0;
}

/** See `MessageStore.noteForgetting`. */
export async function noteForgetting(
  pool: Pool,
  number: string,
  outcome: ForgettingOutcome,
  { by, reason }: Forgetting,
  now: number,
): Promise<void> {
  await pool.query(
    `INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
     VALUES ($1, '', $2, digest_of_forgotten($3), $4, $2, $5)`,
    [now, by, number, outcome, reason],
  );
}
