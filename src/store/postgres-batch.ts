/** A batch of writes as few statements: one for all writes of a kind. */
import type { PoolClient } from 'pg';
import type { DeliveryEvent } from '../messaging/delivery.js';
import { yieldsTo } from '../messaging/message.js';
import {
  isUnresolved,
  type Claim,
  type NewSend,
  type Settlement,
  type SettleResult,
  type StoredSend,
} from '../messaging/ports.js';
import type { Write, WriteOf } from './batching-store.js';
import { CHANNEL } from './change-feed.js';
import {
  claimColumns,
  columnType,
  distinctRecipients,
  EVENT_COLUMNS,
  isAbout,
  MESSAGE_COLUMNS,
  messageColumns,
  ON_STORED_CLAIM,
  receivedColumns,
  recipientsOf,
  recordColumns,
  rowAfter,
  SEND_COLUMNS,
  settledId,
  settlementColumns,
  SHED_COLUMNS,
  storable,
  storedSend,
  tombstoneColumns,
  type SendRow,
} from './rows.js';

/** How often a claim is tried again when its key was freed between two of its statements. */
const MAX_CLAIM_ROUNDS = 5;
/** Stores a batch in the order it arrived in, as far as two of its writes can touch the same send. */
export async function applyAll(client: PoolClient, writes: readonly Write[]): Promise<(Claim | null)[]> {
  const of = byKind(writes);
  const held = await applyClaims(
    client,
    of.claim.map(({ send }) => send),
  );
  await applyRecords(client, of.record);
  await applyEvents(client, of.delivery);
  await applyReceived(client, of.received);
  await keepStrange(client, of.strange);
  await keepOthers(client, of.other);
  return writes.map((write) => (write.kind === 'claim' ? (held.get(write.send) ?? null) : null));
}

/** The writes of each kind, in their order. */
function byKind(writes: readonly Write[]): { readonly [Kind in Write['kind']]: WriteOf<Kind>[] } {
  const lists = { claim: [], record: [], delivery: [], received: [], strange: [], other: [] };
  for (const write of writes) (lists[write.kind] as Write[]).push(write);
  return lists;
}

/** Claims all of `sends` in one statement. Returns, for each send whose key is held, who holds it. */
async function applyClaims(client: PoolClient, sends: readonly NewSend[]): Promise<Map<NewSend, Claim>> {
  const held = new Map<NewSend, Claim>();
  let open = sends;
  for (let round = 0; open.length > 0; round++) {
    if (round === MAX_CLAIM_ROUNDS) throw new Error('idempotency keys change hands faster than they can be claimed');
    const claimed = await insertClaims(client, open);
    const refused = open.filter(({ sendId }) => !claimed.has(sendId));
    const holders = await holdersOf(client, refused);
    for (const send of refused) {
      const by = holders.get(keyOf(send.caller, send.idempotencyKey));
      if (by !== undefined) held.set(send, { kind: 'HELD', by });
    }
    // A send that was refused but finds no holder: its key was freed in between, so it is tried again.
    open = refused.filter((send) => !held.has(send));
  }
  return held;
}

async function insertClaims(client: PoolClient, sends: readonly NewSend[]): Promise<Set<string>> {
  const rows = sends.map(claimColumns);
  const names = Object.keys(rows[0] ?? {});
  const { rows: claimed } = await client.query<{ send_id: string }>(
    `INSERT INTO sends (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${recordset(names)}
     ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING send_id`,
    [JSON.stringify(rows)],
  );
  return new Set(claimed.map(({ send_id }) => send_id));
}

async function holdersOf(client: PoolClient, sends: readonly NewSend[]): Promise<Map<string, StoredSend>> {
  if (sends.length === 0) return new Map();
  const keys = sends.map(({ caller, idempotencyKey }) => ({ caller, idempotency_key: idempotencyKey }));
  const { rows } = await client.query<SendRow & { caller: string; idempotency_key: string }>(
    `SELECT caller, idempotency_key, ${SEND_COLUMNS} FROM sends
     WHERE (caller, idempotency_key) IN (SELECT caller, idempotency_key FROM ${recordset(['caller', 'idempotency_key'])})`,
    [JSON.stringify(keys)],
  );
  return new Map(rows.map((row) => [keyOf(row.caller, row.idempotency_key), storedSend(row)]));
}

const keyOf = (caller: string, key: string | null): string => JSON.stringify([caller, key]);

/** An UPDATE takes each send once, so a second record of the same send waits for the next statement. */
async function applyRecords(client: PoolClient, writes: readonly WriteOf<'record'>[]): Promise<void> {
  for (let open = writes; open.length > 0;) {
    const firstOfEach = new Map<string, WriteOf<'record'>>();
    for (const write of open) if (!firstOfEach.has(write.sendId)) firstOfEach.set(write.sendId, write);
    const wave = [...firstOfEach.values()];
    await updateRecords(client, wave);
    const ids = wave.flatMap(({ resolution }) =>
      resolution.status === 'ACCEPTED' && resolution.message ? [storable(resolution.message.id)] : [],
    );
    if (ids.length > 0) await adopt(client, ids, wave[0]?.now ?? 0);
    open = open.filter((write) => firstOfEach.get(write.sendId) !== write);
  }
}

const HAS_MESSAGE = 'record.message_id IS NOT NULL';
const REPLACES_ALL = `(${HAS_MESSAGE} OR record.status = 'REJECTED')`;

async function updateRecords(client: PoolClient, writes: readonly WriteOf<'record'>[]): Promise<void> {
  const rows = writes.map(({ sendId, resolution, now }) => ({
    send_id: sendId,
    ...recordColumns(resolution, now),
    replaces: yieldsTo(resolution.status).join(','),
    ...(resolution.status === 'ACCEPTED' && resolution.message !== null && messageColumns(resolution.message)),
    ...(resolution.status === 'REJECTED' && SHED_COLUMNS),
  }));
  const listed = writes.flatMap(({ sendId, resolution }) =>
    recipientsOf(resolution).map((recipient) => ({ send_id: sendId, recipient })),
  );
  const assignments = MESSAGE_COLUMNS.map((name) =>
    // A message keeps its place in the lists.
    name === 'time'
      ? 'time = COALESCE(sends.time, record.time)'
      : `${name} = CASE WHEN ${name in SHED_COLUMNS ? REPLACES_ALL : HAS_MESSAGE} THEN record.${name} ELSE sends.${name} END`,
  );
  await client.query(
    `WITH updated AS (
       UPDATE sends SET status = record.status, updated_at = record.updated_at, last_seen = record.last_seen,
         idempotency_key = CASE WHEN record.status = 'REJECTED' THEN NULL ELSE sends.idempotency_key END,
         ${assignments.join(', ')}
       FROM ${recordset(['send_id', 'status', 'updated_at', 'last_seen', 'replaces', ...MESSAGE_COLUMNS], 'record')}
       WHERE sends.send_id = record.send_id AND (
         sends.status = ANY (string_to_array(record.replaces, ','))
         -- The call's own answer replaces a settlement, until a callback has confirmed that settlement.
         OR (record.status = 'ACCEPTED' AND sends.settled_by IS NOT NULL AND (sends.status = 'REJECTED'
           OR (record.message_id IS NOT NULL AND sends.deliveries IS NULL
             AND sends.message_id IS DISTINCT FROM record.message_id))))
       RETURNING sends.send_id, sends.time, sends.caller)
     ${insertRecipientsOf('updated')}`,
    [JSON.stringify(rows), JSON.stringify(listed)],
  );
}

/** Writes a tombstone for each claim, or ends the claim where it is stored; see `MessageStore.abandon`. */
export async function applyAbandonments(client: PoolClient, sends: readonly NewSend[], now: number): Promise<void> {
  if (sends.length === 0) return;
  const rows = sends.map((send) => tombstoneColumns(send, now));
  const names = Object.keys(rows[0] ?? {});
  await client.query(
    `INSERT INTO sends (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${recordset(names)} ${ON_STORED_CLAIM}`,
    [JSON.stringify(rows)],
  );
}

/** Settlements take turns with each other, so that two of them cannot take the same message id. Any number will do. */
const SETTLEMENT_LOCK = 7_262_302;

/** Settles one send; see `MessageStore.settle`. */
export async function applySettlement(
  client: PoolClient,
  sendId: string,
  settlement: Settlement,
  now: number,
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
  await client.query(`UPDATE sends SET ${assignments.join(', ')} WHERE send_id = $1`, [
    row.send_id,
    ...Object.values(columns),
  ]);
  if (messageId !== null) {
    const listed = distinctRecipients(JSON.parse(row.recipients) as string[]);
    await client.query(
      'INSERT INTO recipients SELECT unnest($1::text[]), time, send_id, caller FROM sends WHERE send_id = $2 ON CONFLICT DO NOTHING',
      [listed, row.send_id],
    );
    await adopt(client, [messageId], now);
    await client.query('SELECT pg_notify($1, $2)', [CHANNEL, `updated:${messageId}`]);
  }
  const after = await client.query<SendRow>(`SELECT ${SEND_COLUMNS} FROM sends WHERE send_id = $1`, [row.send_id]);
  return { kind: 'SETTLED', send: storedSend(after.rows[0] ?? row) };
}

/** Applies the early events of messages that are known now. */
export async function adopt(client: PoolClient, messageIds: readonly string[], now: number): Promise<void> {
  const { rows } = await client.query<{ event: string }>(
    'DELETE FROM early_events WHERE message_id = ANY ($1) RETURNING event',
    [messageIds],
  );
  await applyEvents(
    client,
    rows.map(({ event }) => ({ kind: 'delivery', event: JSON.parse(event) as DeliveryEvent, now })),
  );
}

/** Applies events to the rows they are about, each row read and written once; keeps those that are about none yet. */
async function applyEvents(client: PoolClient, writes: readonly WriteOf<'delivery'>[]): Promise<void> {
  if (writes.length === 0) return;
  const known = await lockRowsOf(client, writes);
  const changed = new Map<string, SendRow & { readonly updated_at: number }>();
  const newlyListed: { send_id: string; recipient: string }[] = [];
  const newlyKnown = new Set<string>();
  const early: object[] = [];
  for (const { event, now } of writes) {
    const row = known.of(event);
    if (row === undefined) {
      early.push({ message_id: storable(event.messageId), event: JSON.stringify(event), received_at: now });
      continue;
    }
    const after = { ...rowAfter(row, event), updated_at: now };
    if (row.message_id === null) {
      const to = distinctRecipients(JSON.parse(row.recipients) as string[]);
      newlyListed.push(...to.map((recipient) => ({ send_id: row.send_id, recipient })));
    }
    known.replace(after);
    changed.set(row.send_id, after);
    if (row.message_id === null && after.message_id !== null) newlyKnown.add(after.message_id);
  }
  if (changed.size > 0) await updateDeliveries(client, [...changed.values()], newlyListed);
  await insertAll(client, 'early_events', early);
  // Events without a correlation that came before the one that brought the id.
  if (newlyKnown.size > 0) await adopt(client, [...newlyKnown], writes[0]?.now ?? 0);
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
       UPDATE sends SET ${DELIVERY_COLUMNS.map((name) => `${name} = row.${name}`).join(', ')}
       FROM ${recordset(['send_id', ...DELIVERY_COLUMNS], 'row')} WHERE sends.send_id = row.send_id
       RETURNING sends.send_id, sends.time, sends.caller, sends.message_id),
     notified AS (SELECT pg_notify('${CHANNEL}', 'updated:' || message_id) FROM updated),
     listed AS (${insertRecipientsOf('updated')})
     SELECT COUNT(*) FROM notified`,
    [JSON.stringify(rows), JSON.stringify(newlyListed)],
  );
}

async function applyReceived(client: PoolClient, writes: readonly WriteOf<'received'>[]): Promise<void> {
  if (writes.length === 0) return;
  const rows = writes.map(({ message, now }) => receivedColumns(message, now));
  const names = Object.keys(rows[0] ?? {});
  const listed = writes.flatMap(({ message }, index) =>
    distinctRecipients(message.to).map((recipient) => ({ send_id: rows[index]?.send_id, recipient })),
  );
  await client.query(
    `WITH stored AS (
       INSERT INTO sends (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${recordset(names)}
       ON CONFLICT DO NOTHING RETURNING send_id, time, caller, message_id),
     notified AS (SELECT pg_notify('${CHANNEL}', 'received:' || message_id) FROM stored),
     listed AS (${insertRecipientsOf('stored')})
     SELECT COUNT(*) FROM notified`,
    [JSON.stringify(rows), JSON.stringify(listed)],
  );
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

/** Makes the rows of `source` findable by the recipients in the second parameter. */
function insertRecipientsOf(source: 'updated' | 'stored'): string {
  return `INSERT INTO recipients (recipient, time, send_id, caller)
     SELECT given.recipient, ${source}.time, ${source}.send_id, ${source}.caller
     FROM ${source} JOIN ${recordset(['send_id', 'recipient'], 'given', 2)} ON given.send_id = ${source}.send_id
     ON CONFLICT DO NOTHING`;
}

/** The parameter, a JSON array of objects, as a table with these columns. */
function recordset(names: readonly string[], alias = 'given', parameter = 1): string {
  const columns = names.map((name) => `${name} ${columnType(name)}`);
  return `json_to_recordset($${parameter}::json) AS ${alias} (${columns.join(', ')})`;
}
