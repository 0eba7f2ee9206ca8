/** What an operator looks for by any of its ids. Few people ask, so no index is kept for it: these read whole tables. */
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { AuditEntry, TraceQuery, Traced } from '../messaging/ports.js';
import type { Query } from './list-query.js';
import { SEND_COLUMNS, storable, storedSend, type SendRow } from './rows.js';

/** A request has at most ten sends, and a key may have been used again and again. */
const MAX_SENDS = 50;
const MAX_ENTRIES = 200;

interface AuditRow {
  readonly time: number;
  readonly send_id: string;
  readonly caller: string;
  readonly key_hash: string | null;
  readonly outcome: string;
  readonly settled_by: string | null;
  readonly reason: string | null;
}

interface EarlyRow {
  readonly received_at: number;
  readonly event: string;
}

/** Rows of the tables, as a store reads them. */
export type ReadRows = <Row extends object>(query: Query) => Promise<Row[]>;

export async function traceIn(read: ReadRows, wanted: TraceQuery): Promise<Traced> {
  const sends = (await read<SendRow>(sendsQuery(wanted))).map(storedSend);
  const audit = (
    await read<AuditRow>(
      auditQuery(
        wanted,
        sends.map(({ sendId }) => sendId),
      ),
    )
  ).map(entryOf);
  const messageIds = sends.flatMap(({ message }) => message?.id ?? []);
  const early = await read<EarlyRow>(earlyQuery('id' in wanted ? [wanted.id, ...messageIds] : messageIds));
  return { sends, audit, early: early.map(eventOf) };
}

function sendsQuery(wanted: TraceQuery): Query {
  const order = `ORDER BY started_at, send_id LIMIT ${MAX_SENDS}`;
  if (!('id' in wanted)) {
    const sql = `SELECT ${SEND_COLUMNS} FROM sends WHERE caller = ? AND key_hash = ? ${order}`;
    return { sql, values: [storable(wanted.caller), wanted.keyHash] };
  }
  const id = storable(wanted.id);
  const names = ['send_id', 'message_id', 'request_id', 'key_hash'].map((name) => `${name} = ?`);
  return { sql: `SELECT ${SEND_COLUMNS} FROM sends WHERE ${names.join(' OR ')} ${order}`, values: [id, id, id, id] };
}

function auditQuery(wanted: TraceQuery, sendIds: readonly string[]): Query {
  const [is, values] =
    'id' in wanted
      ? ['send_id = ? OR key_hash = ?', [storable(wanted.id), storable(wanted.id)]]
      : ['(caller = ? AND key_hash = ?)', [storable(wanted.caller), wanted.keyHash]];
  const conditions = [is, ...sendIds.map(() => 'send_id = ?')];
  return {
    sql: `SELECT * FROM audit WHERE ${conditions.join(' OR ')} ORDER BY time, send_id LIMIT ${MAX_ENTRIES}`,
    values: [...values, ...sendIds],
  };
}

function earlyQuery(messageIds: readonly string[]): Query {
  const conditions = messageIds.map(() => 'message_id = ?');
  const sql = `SELECT * FROM early_events WHERE ${conditions.join(' OR ') || '1 = 0'} ORDER BY received_at LIMIT ${MAX_ENTRIES}`;
  return { sql, values: messageIds.map(storable) };
}

function entryOf({ time, send_id, caller, key_hash, outcome, settled_by, reason }: AuditRow): AuditEntry {
  return { atMs: time, sendId: send_id, caller, keyHash: key_hash, outcome, settledBy: settled_by, reason };
}

function eventOf({ received_at, event }: EarlyRow): Traced['early'][number] {
  return { atMs: received_at, event: JSON.parse(event) as DeliveryEvent };
}
