/** A batch of writes as few statements: one for all writes of a kind. */
import type { PoolClient } from 'pg';
import { statementIn, statementOf, type ConsentStatement } from '../messaging/consent.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import { isUnresolved, type Settlement, type SettleResult, type Taken } from '../messaging/ports.js';
import { KEPT_FOR_PEOPLE, type Write, type WriteOf, type Written } from './batching-store.js';
import { CHANNEL } from './change-feed.js';
import { consentColumns, SAY_ALL } from './consent.js';
import type { News } from './postgres-conversations.js';
import { COMMIT_NUMBER, insertRecipientsOf, recordAll, type Connection } from './postgres-sends.js';
import { recordset } from './recordset.js';
import {
  distinctRecipients,
  EVENT_COLUMNS,
  isAbout,
  conversationKey,
  RECEIVED_COLUMNS,
  receivedColumns,
  rowAfter,
  SEND_COLUMNS,
  settledId,
  settlementColumns,
  storable,
  storedSend,
  type SendRow,
} from './rows.js';

/** All writes but claims. */
export type RestWrite = Exclude<Write, { readonly kind: 'claim' }>;

/** What came of events. */
type TakenOf = Map<RestWrite, Taken>;

/**
 * Stores records and events in the order they arrived in, as far as two of them can touch the same send. Answers each
 * in this order.
 */
export async function applyAll(client: PoolClient, writes: readonly RestWrite[], news: News): Promise<Written[]> {
  const of = byKind(writes);
  const taken: TakenOf = new Map();
  for (const wave of wavesOf(of.record)) {
    const { early, unfiled, known } = await recordAll(client, wave, 'later');
    news.known.push(...known);
    for (const sendId of unfiled) news.unfiled.add(sendId);
    if (early.length > 0) await adopt(client, early, wave[0]?.now ?? 0, news);
  }
  await applyEvents(client, of.delivery, news, taken);
  await applyReceived(client, of.received, news, taken);
  await keepStrange(client, of.strange);
  await keepOthers(client, of.other);
  return writes.map((write) => (write.kind === 'record' ? null : (taken.get(write) ?? KEPT_FOR_PEOPLE)));
}

/** Stores what is said of consent, unless something later was said. Returns what counts. */
export async function sayAll(
  connection: Connection,
  statements: readonly ConsentStatement[],
  now: number,
): Promise<Pick<ConsentStatement, 'source' | 'isOptedOut'>[]> {
  if (statements.length === 0) return [];
  const values = [JSON.stringify(statements.map((statement) => consentColumns(statement, now)))];
  const { rows } = await connection.query<{ source: ConsentStatement['source']; opted_out: number }>({
    text: SAY_ALL,
    values,
  });
  return rows.map(({ source, opted_out }) => ({ source, isOptedOut: opted_out === 1 }));
}

/** The writes of each kind, in their order. */
function byKind(writes: readonly RestWrite[]): { readonly [Kind in RestWrite['kind']]: WriteOf<Kind>[] } {
  const lists = { record: [], delivery: [], received: [], strange: [], other: [] };
  for (const write of writes) (lists[write.kind] as RestWrite[]).push(write);
  return lists;
}

/** An UPDATE takes each send once, so a second record of the same send waits for the next statement. */
function wavesOf(writes: readonly WriteOf<'record'>[]): WriteOf<'record'>[][] {
  const waves: Map<string, WriteOf<'record'>>[] = [];
  for (const write of writes) {
    const free = waves.find((wave) => !wave.has(write.sendId));
    if (free === undefined) waves.push(new Map([[write.sendId, write]]));
    else free.set(write.sendId, write);
  }
  return waves.map((wave) => [...wave.values()]);
}

/** Settlements take turns with each other, so that two of them cannot take the same message id. Any number will do. */
const SETTLEMENT_LOCK = 7_262_302;

/** Settles one send; see `MessageStore.settle`. */
export async function applySettlement(
  client: PoolClient,
  sendId: string,
  settlement: Settlement,
  now: number,
  news: News,
): Promise<SettleResult> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [SETTLEMENT_LOCK]);
  const { rows } = await client.query<SendRow>(`SELECT ${SEND_COLUMNS} FROM sends WHERE send_id = $1 FOR UPDATE`, [
    storable(sendId),
  ]);
  const [row] = rows;
  if (row === undefined) return { kind: 'UNKNOWN_SEND' };
  if (!isUnresolved(storedSend(row))) return { kind: 'NOT_UNRESOLVED', send: storedSend(row) };
  const messageId = settledId(settlement);
  if (messageId !== null) {
    const taken = "SELECT 1 FROM sends WHERE message_id = $1 AND direction = 'OUT'";
    if ((await client.query(taken, [messageId])).rows.length > 0) return { kind: 'MESSAGE_ID_TAKEN' };
  }
  const columns = settlementColumns(row, settlement, now);
  const assignments = Object.keys(columns).map((name, index) => `${name} = $${index + 2}`);
  await client.query(`UPDATE sends SET ${assignments.join(', ')}, changed = ${COMMIT_NUMBER} WHERE send_id = $1`, [
    row.send_id,
    ...Object.values(columns),
  ]);
  if (messageId !== null) {
    const listed = distinctRecipients(JSON.parse(row.recipients) as string[]);
    await client.query(
      'INSERT INTO recipients SELECT unnest($1::text[]), time, send_id, caller FROM sends WHERE send_id = $2 ON CONFLICT DO NOTHING',
      [listed, row.send_id],
    );
    news.unfiled.add(row.send_id);
    await adopt(client, [messageId], now, news);
    await client.query('SELECT pg_notify($1, $2)', [CHANNEL, `updated:${messageId}`]);
  }
  const after = await client.query<SendRow>(`SELECT ${SEND_COLUMNS} FROM sends WHERE send_id = $1`, [row.send_id]);
  return { kind: 'SETTLED', send: storedSend(after.rows[0] ?? row) };
}

/** Applies the early events of messages that are known now. */
export async function adopt(client: PoolClient, messageIds: readonly string[], now: number, news: News): Promise<void> {
  const { rows } = await client.query<{ event: string }>(
    'DELETE FROM early_events WHERE message_id = ANY ($1) RETURNING event',
    [messageIds],
  );
  await applyEvents(
    client,
    rows.map(({ event }) => ({ kind: 'delivery', event: JSON.parse(event) as DeliveryEvent, now })),
    news,
  );
}

/** Applies events to the rows they are about, each row read and written once; keeps those that are about none yet. */
async function applyEvents(
  client: PoolClient,
  writes: readonly WriteOf<'delivery'>[],
  news: News,
  taken: TakenOf = new Map(),
): Promise<void> {
  if (writes.length === 0) return;
  const known = await lockRowsOf(client, writes);
  const changed = new Map<string, SendRow & { readonly updated_at: number }>();
  const newlyListed: { send_id: string; recipient: string }[] = [];
  const newlyKnown = new Set<string>();
  const early: object[] = [];
  for (const write of writes) {
    const { event, now } = write;
    const row = known.of(event);
    if (row === undefined) {
      taken.set(write, { result: 'EARLY', sendId: null });
      early.push({ message_id: storable(event.messageId), event: JSON.stringify(event), received_at: now });
      continue;
    }
    const changedRow = rowAfter(row, event);
    taken.set(write, { result: changedRow === null ? 'REPEATED' : 'CHANGED', sendId: row.send_id });
    if (changedRow === null) continue;
    const after = { ...changedRow, updated_at: now };
    const to = JSON.parse(row.recipients) as string[];
    const said = statementOf(event, { from: row.sender, to }, now);
    if (said !== null) news.heard.push(said);
    if (row.message_id === null) {
      newlyListed.push(...distinctRecipients(to).map((recipient) => ({ send_id: row.send_id, recipient })));
      news.unfiled.add(row.send_id);
    }
    known.replace(after);
    changed.set(row.send_id, after);
    if (row.message_id === null && after.message_id !== null) newlyKnown.add(after.message_id);
  }
  if (changed.size > 0) await updateDeliveries(client, [...changed.values()], newlyListed);
  await insertAll(client, 'early_events', early);
  // Events without a correlation that came before the one that brought the id.
  if (newlyKnown.size > 0) await adopt(client, [...newlyKnown], writes[0]?.now ?? 0, news);
}

/** The rows that events are about, locked, as they are and as the events of this batch change them. */
async function lockRowsOf(
  client: PoolClient,
  writes: readonly WriteOf<'delivery'>[],
): Promise<{ of: (event: DeliveryEvent) => SendRow | undefined; replace: (row: SendRow) => void }> {
  const { rows } = await client.query<SendRow>(
    `SELECT ${SEND_COLUMNS} FROM sends WHERE direction = 'OUT' AND (send_id = ANY ($1) OR message_id = ANY ($2))
     ORDER BY send_id FOR UPDATE`,
    [writes.map(({ event }) => event.sendId), writes.map(({ event }) => storable(event.messageId))],
  );
  const bySend = new Map<string, SendRow>();
  const sendOf = new Map<string, string>();
  const add = (row: SendRow): void => {
    bySend.set(row.send_id, row);
    if (row.message_id !== null) sendOf.set(row.message_id, row.send_id);
  };
  // The newest comes last, and is the one that an id stands for.
  for (const row of rows.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0))) add(row);
  return {
    of(event) {
      const row = bySend.get(event.sendId ?? '');
      return isAbout(row, event) ? row : bySend.get(sendOf.get(storable(event.messageId)) ?? '');
    },
    replace: add,
  };
}

const DELIVERY_COLUMNS = [...EVENT_COLUMNS, 'updated_at'];

async function updateDeliveries(
  client: PoolClient,
  rows: readonly SendRow[],
  newlyListed: readonly object[],
): Promise<void> {
  await client.query(
    `WITH updated AS (
       UPDATE sends SET ${DELIVERY_COLUMNS.map((name) => `${name} = row.${name}`).join(', ')}, changed = ${COMMIT_NUMBER}
       FROM ${recordset(['send_id', ...DELIVERY_COLUMNS], 'row')} WHERE sends.send_id = row.send_id
       RETURNING sends.send_id, sends.time, sends.caller, sends.message_id),
     notified AS (SELECT pg_notify('${CHANNEL}', 'updated:' || message_id) FROM updated WHERE message_id IS NOT NULL),
     listed AS (${insertRecipientsOf('updated')})
     SELECT COUNT(*) FROM notified`,
    [JSON.stringify(rows), JSON.stringify(newlyListed)],
  );
}

async function applyReceived(
  client: PoolClient,
  writes: readonly WriteOf<'received'>[],
  news: News,
  taken: TakenOf,
): Promise<void> {
  if (writes.length === 0) return;
  const keys = writes.map(({ message }) => conversationKey(message));
  const rows = writes.map(({ message, now }, index) => receivedColumns(message, keys[index] ?? null, now));
  const names = RECEIVED_COLUMNS;
  const listed = writes.flatMap(({ message }, index) =>
    distinctRecipients(message.to).map((recipient) => ({ send_id: rows[index]?.send_id, recipient })),
  );
  const { rows: stored } = await client.query<{ send_id: string }>(
    `WITH stored AS (
       INSERT INTO sends (${names.join(', ')}, changed) SELECT ${names.join(', ')}, ${COMMIT_NUMBER} FROM ${recordset(names)}
       ON CONFLICT DO NOTHING RETURNING send_id, time, caller, message_id),
     notified AS (SELECT message_id, pg_notify('${CHANNEL}', 'received:' || message_id) FROM stored),
     listed AS (${insertRecipientsOf('stored')})
     SELECT send_id FROM stored, (SELECT COUNT(*) FROM notified) AS all_told`,
    [JSON.stringify(rows), JSON.stringify(listed)],
  );
  const isNew = new Set(stored.map(({ send_id }) => send_id));
  for (const [index, { send_id: sendId, time }] of rows.entries()) {
    const [write, key = null] = [writes[index], keys[index]];
    // The same message may be twice in the batch.
    if (write === undefined) continue;
    const isFirst = isNew.delete(sendId);
    taken.set(write, { result: isFirst ? 'CHANGED' : 'REPEATED', sendId: null });
    if (!isFirst) continue;
    if (key !== null && time !== null) news.known.push({ key, time, sendId, direction: 'IN' });
    const said = statementIn(write.message, write.now);
    if (said !== null) news.heard.push(said);
  }
}

async function keepStrange(client: PoolClient, writes: readonly WriteOf<'strange'>[]): Promise<void> {
  const rows = writes.map(({ body, now }) => ({ received_at: now, body: storable(body) }));
  await insertAll(client, 'strange_callbacks', rows);
}

async function keepOthers(client: PoolClient, writes: readonly WriteOf<'other'>[]): Promise<void> {
  const rows = writes.map(({ event, now }) => ({
    message_id: storable(event.messageId),
    type: storable(event.type),
    body: storable(event.body),
    received_at: now,
  }));
  await insertAll(client, 'other_events', rows);
}

/** Inserts rows that nothing can conflict with. */
async function insertAll(client: PoolClient, table: string, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(rows[0] ?? {});
  const insert = `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${recordset(names)}`;
  await client.query(insert, [JSON.stringify(rows)]);
}
