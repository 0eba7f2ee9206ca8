/** Forgets a number in PostgreSQL, step by step. */
import type { Pool, PoolClient } from 'pg';
import type { Forgetting, ForgettingPlace, ForgettingStep } from '../messaging/ports.js';
import {
  CALLBACK_TEXT,
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

/** Sends that are looked through in one step: some ten milliseconds. */
const STEP = 5_000;

/** See `MessageStore.forgetSome`. The tables of callbacks are bounded, and are looked through in one step each. */
export async function forgetSome(
  client: PoolClient,
  number: string,
  place: ForgettingPlace | null,
): Promise<ForgettingStep> {
  const { table: index, after } = place ?? { table: 0, after: '' };
  const table = PLACES[index] ?? 'consent';
  const forms = formsOf(number);
  if (table === 'sends') return forgetSends(client, forms, String(after));
  if (table === 'consent') return { ...NOTHING, consent: await forgetConsent(client, number, forms) };
  const text = CALLBACK_TEXT[table];
  const { rowCount } = await client.query(`DELETE FROM ${table} WHERE position($1 IN ${text}) > 0 AND ${text} ~ $2`, [
    forms.core,
    forms.pattern,
  ]);
  return { ...NOTHING, callbacks: rowCount ?? 0, next: { table: index + 1, after: '', epoch: 0 } };
}

const SOME = `SELECT * FROM sends WHERE send_id > $1 ORDER BY send_id LIMIT ${STEP}`;
const SELECT_LAST = `SELECT max(send_id) AS last, count(*)::int AS count FROM (${SOME}) AS found`;
const SELECT_CANDIDATES = `SELECT send_id FROM (${SOME}) AS found WHERE ${MAY_NAME((column) => `position($2 IN ${column}) > 0`)}`;
const SELECT_LOCKED = `SELECT ${SEND_COLUMNS}, conversation FROM sends WHERE send_id = ANY ($1) ORDER BY send_id FOR UPDATE`;

async function forgetSends(client: PoolClient, forms: NumberForms, after: string): Promise<ForgettingStep> {
  const lasts = await client.query<{ last: string | null; count: number }>(SELECT_LAST, [after]);
  const { last = null, count = 0 } = lasts.rows[0] ?? {};
  const next = count < STEP || last === null ? { table: 1, after: '', epoch: 0 } : { table: 0, after: last, epoch: 0 };
  const candidates = await client.query<{ send_id: string }>(SELECT_CANDIDATES, [after, forms.end]);
  if (candidates.rows.length === 0) return { ...NOTHING, next };
  // Two that remove at once would each take the other's message for the last one of its conversation.
  await client.query('SELECT pg_advisory_xact_lock($1)', [REMOVAL_LOCK]);
  const ids = candidates.rows.map(({ send_id }) => send_id);
  const locked = await client.query<SendRow & AllColumns>(SELECT_LOCKED, [ids]);
  const rows = locked.rows.filter((row) => isOf(row, forms));
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
  return { ...NOTHING, messages: removed.length, unresolved: idsOf('STAYS'), media: mediaOf(removed), next };
}

/** Nobody who said STOP gets a message because he is forgotten: that stays, as a digest. */
const FORGET_CONSENT = `WITH gone AS (DELETE FROM consent WHERE recipient = ANY ($1) RETURNING owner, since, opted_out),
  kept AS (
    INSERT INTO forgotten_opt_outs AS known
    SELECT digest_of_forgotten($2), owner, max(since) FROM gone WHERE opted_out = 1 GROUP BY owner
    ON CONFLICT (recipient_digest, owner) DO UPDATE SET since = greatest(known.since, excluded.since))
  SELECT count(*)::int AS count FROM gone`;

async function forgetConsent(client: PoolClient, number: string, { all }: NumberForms): Promise<number> {
  const { rows } = await client.query<{ count: number }>(FORGET_CONSENT, [all, number]);
  return rows[0]?.count ?? 0;
}

/** See `MessageStore.noteForgotten`. */
export async function noteForgotten(
  pool: Pool,
  number: string,
  { by, reason }: Forgetting,
  now: number,
): Promise<void> {
  await pool.query(
    `INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
     VALUES ($1, '', $2, digest_of_forgotten($3), 'FORGOTTEN', $2, $4)`,
    [now, by, number, reason],
  );
}
