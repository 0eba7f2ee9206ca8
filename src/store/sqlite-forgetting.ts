/** Forgets a number in SQLite, step by step. */
import { createHash } from 'node:crypto';
import type { ForgettingPlace, ForgettingStep } from '../messaging/ports.js';
import { KEEP_WORD, type ConsentRow } from './consent.js';
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
import { SEND_COLUMNS, type AllColumns, type SendRow } from './rows.js';
import { removeRows, removeTraces, type Prepare } from './sqlite-removal.js';

/** Rows that are looked through in one step: a few milliseconds. Those of callbacks may be pages long. */
const STEP = { sends: 2_000, callbacks: 200 };

export const NOTE_FORGETTING = `INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
  VALUES (?, '', ?, ?, ?, ?, ?)`;

/** What stands for a number that is forgotten. */
export function digestOf(prepare: Prepare, number: string): string {
  const { value } = prepare("SELECT value FROM secrets WHERE name = 'forgotten'").get() as { readonly value: string };
  return createHash('sha256')
    .update(value + number)
    .digest('hex');
}

/**
 * See `MessageStore.forgetSome`. In a transaction of the caller's, which `commit` numbers. Rows are walked by their numbers,
 * which only VACUUM changes, and with them the version of the schema.
 */
export function forgetSome(
  prepare: Prepare,
  number: string,
  place: ForgettingPlace | null,
  commit: () => number,
): ForgettingStep {
  const { schema_version: epoch } = prepare('PRAGMA schema_version').get() as { readonly schema_version: number };
  const here = place?.epoch === epoch ? place : { table: 0, after: 0, epoch };
  const { table: index, after } = here;
  const table = PLACES[index] ?? 'consent';
  const forms = formsOf(number);
  if (table === 'consent') return { ...NOTHING, consent: forgetConsent(prepare, forms) };
  const limit = table === 'sends' ? STEP.sends : STEP.callbacks;
  const { last, count } = prepare(
    `SELECT max(rowid) AS last, count(*) AS count FROM (SELECT rowid FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?)`,
  ).get(after, limit) as { readonly last: number | null; readonly count: number };
  const next = count < limit ? { table: index + 1, after: 0, epoch } : { table: index, after: last ?? 0, epoch };
  if (last === null) return { ...NOTHING, next };
  const range = [Number(after), last] as const;
  if (table !== 'sends') return { ...NOTHING, callbacks: forgetCallbacks(prepare, table, forms, range), next };
  const rows = rowsOf(prepare, forms, range);
  return copiesFirst(mediaOf(rows), here) ?? { ...forgetSends(prepare, rows, commit), next };
}

function rowsOf(
  prepare: Prepare,
  forms: NumberForms,
  [after, last]: readonly [number, number],
): (SendRow & AllColumns)[] {
  const mayName = MAY_NAME((column) => `instr(${column}, $end) > 0`);
  const select = `SELECT ${SEND_COLUMNS}, conversation FROM sends WHERE rowid > $after AND rowid <= $last AND (${mayName})`;
  const candidates = prepare(select).all({ after, last, end: forms.end }) as (SendRow & AllColumns)[];
  return candidates.filter((row) => isOf(row, forms));
}

function forgetSends(prepare: Prepare, rows: readonly (SendRow & AllColumns)[], commit: () => number): ForgettingStep {
  const [emptied, gone] = (['IS_EMPTIED', 'GOES'] as const).map((fate) => rows.filter((row) => fateOf(row) === fate));
  empty(prepare, emptied ?? [], commit);
  removeRows(prepare, gone ?? []);
  const removed = rows.filter((row) => fateOf(row) !== 'STAYS');
  const unresolved = rows.filter((row) => fateOf(row) === 'STAYS').map(({ send_id }) => send_id);
  return { ...NOTHING, messages: removed.length, unresolved, media: mediaOf(removed) };
}

function empty(prepare: Prepare, rows: readonly AllColumns[], commit: () => number): void {
  if (rows.length === 0) return;
  const names = Object.keys(EMPTY);
  const update = prepare(
    `UPDATE sends SET ${names.map((name) => `${name} = ?`).join(', ')}, changed = ? WHERE send_id = ?`,
  );
  for (const { send_id } of rows) update.run(...Object.values(EMPTY), commit(), send_id);
  removeTraces(prepare, rows);
}

function forgetCallbacks(
  prepare: Prepare,
  table: keyof typeof CALLBACK_TEXT,
  { core, isIn }: NumberForms,
  [after, last]: readonly [number, number],
): number {
  const text = CALLBACK_TEXT[table];
  const select = `SELECT rowid AS place, ${text} AS text FROM ${table} WHERE rowid > ? AND rowid <= ? AND instr(${text}, ?) > 0`;
  const found = prepare(select).all(after, last, core) as { readonly place: number; readonly text: string }[];
  const rows = found.filter((row) => isIn(row.text));
  const remove = prepare(`DELETE FROM ${table} WHERE rowid = ?`);
  for (const { place } of rows) remove.run(place);
  return rows.length;
}

/** Nobody gets a message, or gets none, because he is forgotten: his last words stay, as digests of what claims ask for. */
function forgetConsent(prepare: Prepare, { all }: NumberForms): number {
  const remove = prepare(`DELETE FROM consent WHERE recipient IN (SELECT value FROM json_each(?))
    RETURNING recipient, owner, since, opted_out`);
  const words = remove.all(JSON.stringify(all)) as (ConsentRow & { readonly recipient: string })[];
  const keep = prepare(KEEP_WORD);
  for (const { recipient, owner, since, opted_out } of words)
    keep.run(digestOf(prepare, recipient), owner, since, opted_out);
  return words.length;
}
