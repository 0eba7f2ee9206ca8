/** How sends and messages lie in the one table, the same in both databases. */
import { createHash } from 'node:crypto';
import { ServiceError } from '../errors.js';
import { conversationOf, type Addressed, type ConversationKey } from '../messaging/conversation.js';
import { aggregateStatus, openDeliveries, withEvent, withReport, type DeliveryEvent } from '../messaging/delivery.js';
import { yieldsTo } from '../messaging/message.js';
import type {
  Delivery,
  Message,
  MessageDirection,
  MessageEvent,
  MessagePriority,
  MessageStatus,
  SendState,
} from '../messaging/message.js';
import type {
  Change,
  ListedMessage,
  NewSend,
  Resolution,
  SendProblem,
  Settlement,
  StoredSend,
  Unresolved,
} from '../messaging/ports.js';
import { FORGOTTEN } from '../messaging/ports.js';

/** A row of `sends`. Lists lie in it as JSON. */
export interface SendRow {
  readonly send_id: string;
  readonly caller: string;
  readonly idempotency_key: string | null;
  readonly key_hash: string | null;
  readonly request_id: string | null;
  readonly fingerprint: string;
  readonly status: string;
  readonly started_at: number;
  readonly updated_at: number;
  readonly lease_until: number;
  readonly last_seen: string | null;
  readonly attempts: number | null;
  readonly settled_by: string | null;
  /** JSON: why it was not sent. */
  readonly problem: string | null;
  readonly sender: string;
  readonly recipients: string;
  readonly body: string;
  readonly application_id: string | null;
  readonly tag: string | null;
  readonly media: string;
  readonly message_id: string | null;
  readonly time: number | null;
  readonly owner: string | null;
  readonly direction: string;
  readonly segment_count: number | null;
  readonly priority: string | null;
  readonly expires_at: number | null;
  readonly paired_message_id: string | null;
  /** JSON; null until a delivery is reported. */
  readonly deliveries: string | null;
  /** JSON; null until a delivery is reported, or where an earlier version took the reports. */
  readonly events: string | null;
  /** The number of the commit that changed it last; null since its claim, and where an earlier version did. */
  readonly changed: number | null;
}

/** The columns that make up a `SendRow`, with their types in PostgreSQL. */
const COLUMN_TYPES: Readonly<Record<keyof SendRow, 'TEXT' | 'BIGINT' | 'INTEGER'>> = {
  send_id: 'TEXT',
  caller: 'TEXT',
  idempotency_key: 'TEXT',
  key_hash: 'TEXT',
  request_id: 'TEXT',
  fingerprint: 'TEXT',
  status: 'TEXT',
  started_at: 'BIGINT',
  updated_at: 'BIGINT',
  lease_until: 'BIGINT',
  last_seen: 'TEXT',
  attempts: 'INTEGER',
  settled_by: 'TEXT',
  problem: 'TEXT',
  sender: 'TEXT',
  recipients: 'TEXT',
  body: 'TEXT',
  application_id: 'TEXT',
  tag: 'TEXT',
  media: 'TEXT',
  message_id: 'TEXT',
  time: 'BIGINT',
  owner: 'TEXT',
  direction: 'TEXT',
  segment_count: 'INTEGER',
  priority: 'TEXT',
  expires_at: 'BIGINT',
  paired_message_id: 'TEXT',
  deliveries: 'TEXT',
  events: 'TEXT',
  changed: 'BIGINT',
};

export const SEND_COLUMNS = Object.keys(COLUMN_TYPES).join(', ');

/** The columns of a message's own members. */
export const MESSAGE_COLUMNS = [
  'message_id',
  'time',
  'sender',
  'recipients',
  'body',
  'application_id',
  'tag',
  'media',
  'owner',
  'direction',
  'segment_count',
  'priority',
  'expires_at',
  'paired_message_id',
  'conversation',
] as const satisfies readonly (keyof AllColumns)[];

/** The columns that an event may change, beside `updated_at` and `changed`. */
export const EVENT_COLUMNS = [
  'status',
  'deliveries',
  'events',
  'message_id',
  'time',
  'owner',
  'segment_count',
  'paired_message_id',
] as const satisfies readonly (keyof SendRow)[];

/** The columns that are written to `sends`: those of a `SendRow`, and two that are never read with it. */
export interface AllColumns extends SendRow {
  readonly settled_reason: string | null;
  /** The id of the message's conversation; empty where it belongs to none; null until somebody has looked. */
  readonly conversation: string | null;
}
type Columns = Readonly<Partial<AllColumns>>;

/** The columns of other tables that are no texts. */
const BIGINTS = ['received_at', 'sent', 'received'];

/** The type in PostgreSQL of a column of `sends`, or of another table. */
export function columnType(name: string): string {
  if (Object.hasOwn(COLUMN_TYPES, name)) return COLUMN_TYPES[name as keyof SendRow];
  return BIGINTS.includes(name) ? 'BIGINT' : 'TEXT';
}

/** What callbacks brought that is kept only for people to read. */
export const DEAD_LETTER_TABLES = ['strange_callbacks', 'other_events'] as const;

/** What is kept of the message that a call brings after its number was forgotten: its id, beside what was seen last. */
export const IN_FORGOTTEN = ', message ';

/** Which rows are unresolved sends. */
export const IS_UNRESOLVED = "message_id IS NULL AND status IN ('UNKNOWN', 'ACCEPTED') AND settled_by IS NULL";

/** The columns that a claim writes. */
export const CLAIM_COLUMNS = [
  'send_id',
  'caller',
  'idempotency_key',
  'key_hash',
  'request_id',
  'fingerprint',
  'status',
  'started_at',
  'updated_at',
  'lease_until',
  'sender',
  'recipients',
  'body',
  'application_id',
  'tag',
  'media',
  'priority',
  'expires_at',
  'direction',
] as const satisfies readonly (keyof AllColumns)[];
type ClaimColumns = Pick<AllColumns, (typeof CLAIM_COLUMNS)[number]>;

/** The columns that a tombstone writes, beside `changed`. */
export const TOMBSTONE_COLUMNS = [...CLAIM_COLUMNS, 'problem'] as const satisfies readonly (keyof AllColumns)[];

/** The columns that a record writes, whatever the outcome, beside `changed`. */
export const RECORD_COLUMNS = [
  'status',
  'updated_at',
  'last_seen',
  'attempts',
  'problem',
] as const satisfies readonly (keyof AllColumns)[];

/** The columns of a message that came in. */
export const RECEIVED_COLUMNS = [
  'send_id',
  'caller',
  'fingerprint',
  'status',
  'started_at',
  'updated_at',
  'lease_until',
  ...MESSAGE_COLUMNS,
] as const satisfies readonly (keyof AllColumns)[];

/** What stands for its conversation in a message that belongs to none. */
export const NO_CONVERSATION = '';

/** What is written, in the order in which a statement names its columns. */
export function valuesOf<Name extends keyof AllColumns>(
  columns: Pick<AllColumns, Name>,
  names: readonly Name[],
): (string | number | null)[] {
  return names.map((name) => columns[name]);
}

/** What stays of an idempotency key when it may be used again. */
export function hashOfKey(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex');
}

/** What a claim writes, by column. */
export function claimColumns(send: NewSend): ClaimColumns {
  const { message } = send;
  return {
    send_id: send.sendId,
    caller: send.caller,
    idempotency_key: send.idempotencyKey,
    key_hash: send.idempotencyKey && hashOfKey(send.idempotencyKey),
    request_id: send.requestId,
    fingerprint: send.fingerprint,
    status: 'PENDING',
    started_at: send.startedAtMs,
    updated_at: send.startedAtMs,
    lease_until: send.leaseUntilMs,
    sender: message.from,
    recipients: JSON.stringify(message.to),
    body: message.text,
    application_id: message.applicationId,
    tag: message.tag,
    media: JSON.stringify(message.media),
    priority: message.priority,
    expires_at: message.expiresAt,
    direction: 'OUT',
  };
}

/** What the answer to an accepted send writes over its request, by column. */
export function messageColumns(
  message: Message,
  key: ConversationKey | null,
): Pick<AllColumns, (typeof MESSAGE_COLUMNS)[number]> {
  return {
    message_id: storable(message.id),
    time: message.time,
    sender: storable(message.from),
    recipients: storable(JSON.stringify(message.to)),
    body: storable(message.text),
    application_id: message.applicationId === null ? null : storable(message.applicationId),
    tag: message.tag === null ? null : storable(message.tag),
    media: storable(JSON.stringify(message.media)),
    owner: message.owner === null ? null : storable(message.owner),
    direction: message.direction,
    segment_count: message.segmentCount,
    priority: message.priority,
    expires_at: message.expiresAt,
    paired_message_id: message.pairedMessageId === null ? null : storable(message.pairedMessageId),
    conversation: key?.id ?? NO_CONVERSATION,
  };
}

/** Its conversation, by what can be stored of its addresses. */
export function conversationKey({ direction, from, to, owner }: Addressed): ConversationKey | null {
  return conversationOf({ direction, from: storable(from), to: to.map(storable), owner: owner && storable(owner) });
}

/** Dropped from a send that was not sent: a caller who is refused again and again must not fill the disk. */
export const SHED_COLUMNS = { body: '', media: '[]', tag: null } as const;

/** What is written for an abandoned claim that was not stored, by column: just enough to stop a late commit of it. */
export function tombstoneColumns(send: NewSend, now: number): Pick<AllColumns, (typeof TOMBSTONE_COLUMNS)[number]> {
  const { code, message } = new ServiceError('STORE_UNAVAILABLE');
  return {
    ...claimColumns(send),
    problem: JSON.stringify({ code, message } satisfies SendProblem),
    idempotency_key: null,
    status: 'REJECTED',
    updated_at: now,
    recipients: '[]',
    ...SHED_COLUMNS,
  };
}

/**
 * The end of the statement that writes tombstones: it also ends the claim itself, if that is stored by now. Its lease may
 * have run out while the store was silent; whoever writes a tombstone knows that nothing was sent.
 */
export const ON_STORED_CLAIM = `ON CONFLICT (send_id) DO UPDATE
  SET status = 'REJECTED', idempotency_key = NULL, updated_at = excluded.updated_at, problem = excluded.problem,
    changed = excluded.changed, ${Object.keys(SHED_COLUMNS)
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}
  WHERE sends.status IN ('${yieldsTo('REJECTED').join("', '")}')`;

/**
 * Upstream's strings may hold what a database refuses: U+0000, which ends strings in PostgreSQL, and halves of surrogate
 * pairs. One such answer would fail the whole batch that it is stored with.
 */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/**
 * The row after an event: the message's own members are filled in where its answer was lost. Null if the event says
 * nothing new. Of somebody who is forgotten, all that is kept is that something was sent after all.
 */
export function rowAfter(known: SendRow, event: DeliveryEvent): SendRow | null {
  if (known.settled_by === FORGOTTEN) return known.status === 'REJECTED' ? { ...known, status: 'ACCEPTED' } : null;
  const row = withNews(known, event);
  return EVENT_COLUMNS.some((name) => row[name] !== known[name]) ? row : null;
}

function withNews(known: SendRow, event: DeliveryEvent): SendRow {
  // Events about a wrong id were about another message. The place in the lists stays.
  const row = isMistaken(known, event) ? { ...known, message_id: null, deliveries: null, events: null } : known;
  const before = deliveriesOf(row);
  const deliveries = withEvent(before, event);
  // An event that was kept by an earlier version has none.
  const { pairedMessageId }: { pairedMessageId?: string | null } = event.message;
  const reported = {
    deliveries: JSON.stringify(deliveries),
    events: JSON.stringify(withReport(eventsOf(row), before, event)),
    status: aggregateStatus(deliveries),
    paired_message_id: row.paired_message_id ?? (pairedMessageId == null ? null : storable(pairedMessageId)),
  };
  if (row.message_id !== null) return { ...row, ...reported };
  const { time, owner, segmentCount } = event.message;
  return {
    ...row,
    ...reported,
    message_id: storable(event.messageId),
    time: row.time ?? time,
    owner: owner === null ? null : storable(owner),
    segment_count: segmentCount,
  };
}

/** What the outcome of a call writes, by column, whatever the outcome. */
export function recordColumns(resolution: Resolution, now: number): Pick<AllColumns, (typeof RECORD_COLUMNS)[number]> {
  const { status, lastSeen = null, attempts = null } = resolution;
  const problem = status === 'REJECTED' ? storable(JSON.stringify(resolution.problem)) : null;
  return { status, updated_at: now, last_seen: lastSeen, attempts, problem };
}

/** The message id that a settlement names; null where it names none. */
export function settledId(settlement: Settlement): string | null {
  return settlement.as === 'SENT' && settlement.found !== null ? storable(settlement.found.id) : null;
}

/** What a settlement writes, by column. A message without a time gets the time of its send. */
export function settlementColumns(row: SendRow, settlement: Settlement, now: number): Columns {
  const { by, reason } = settlement;
  const columns = { updated_at: now, settled_by: by, settled_reason: reason };
  if (settlement.as === 'NOT_SENT') return { ...columns, ...SHED_COLUMNS, status: 'REJECTED', idempotency_key: null };
  if (settlement.found === null) return { ...columns, status: 'ACCEPTED' };
  const { id, time } = settlement.found;
  return {
    ...columns,
    status: 'ACCEPTED',
    message_id: storable(id),
    time: time ?? row.started_at * 1000,
    owner: row.sender,
  };
}

/** Whether an event is about this row's message, as far as the row knows. */
export function isAbout(row: SendRow | undefined, event: DeliveryEvent): row is SendRow {
  return row !== undefined && (isMistaken(row, event) || row.message_id === null || row.message_id === event.messageId);
}

/** Whether somebody settled the send with another id than the one in upstream's event. */
function isMistaken(row: SendRow, event: DeliveryEvent): boolean {
  return row.settled_by !== null && row.send_id === event.sendId && row.message_id !== storable(event.messageId);
}

/** What a message that came in writes, by column. Its id makes it unique, so repeating it is harmless. */
export function receivedColumns(
  message: Message,
  key: ConversationKey | null,
  now: number,
): Pick<AllColumns, (typeof RECEIVED_COLUMNS)[number]> {
  const digest = createHash('sha256').update(message.id).digest('hex').slice(0, 40);
  const times = { started_at: now, updated_at: now, lease_until: now };
  return {
    send_id: `in${digest}`,
    caller: '',
    fingerprint: '',
    status: message.status,
    ...times,
    ...messageColumns(message, key),
  };
}

/** The recipients under which an accepted message can be found. */
export function recipientsOf(resolution: Resolution): readonly string[] {
  if (resolution.status !== 'ACCEPTED' || resolution.message === null) return [];
  return distinctRecipients(resolution.message.to);
}

/** UTF-16 units. E.164 has at most 16; PostgreSQL takes no index entry above 2704 bytes. */
const MAX_SEARCHABLE_LENGTH = 255;

/** The recipients to be found by. What is longer than any address stays in the message, but out of the index. */
export function distinctRecipients(to: readonly string[]): string[] {
  return [...new Set(to.map(storable))].filter((recipient) => recipient.length <= MAX_SEARCHABLE_LENGTH);
}

export function storedSend(row: SendRow): StoredSend {
  return {
    sendId: row.send_id,
    caller: row.caller,
    idempotencyKey: row.idempotency_key,
    keyHash: row.key_hash,
    requestId: row.request_id,
    fingerprint: row.fingerprint,
    status: row.status as SendState,
    from: row.sender,
    to: JSON.parse(row.recipients) as string[],
    tag: row.tag,
    startedAtMs: row.started_at,
    leaseUntilMs: row.lease_until,
    updatedAtMs: row.updated_at,
    lastSeen: row.last_seen,
    attempts: row.attempts,
    settledBy: row.settled_by,
    problem: row.problem === null ? null : (JSON.parse(row.problem) as SendProblem),
    message: messageOf(row),
  };
}

/** The message of a row; `null` as long as Catapult's id is not known. */
export function messageOf(row: SendRow): Message | null {
  if (row.message_id === null || row.time === null) return null;
  return {
    id: row.message_id,
    time: row.time,
    to: JSON.parse(row.recipients) as string[],
    from: row.sender,
    text: row.body,
    applicationId: row.application_id,
    tag: row.tag,
    owner: row.owner,
    media: JSON.parse(row.media) as string[],
    direction: row.direction as MessageDirection,
    segmentCount: row.segment_count,
    priority: row.priority as MessagePriority | null,
    expiresAt: row.expires_at,
    pairedMessageId: row.paired_message_id,
    status: row.status as MessageStatus,
    deliveries: deliveriesOf(row),
    events: eventsOf(row),
  };
}

function deliveriesOf(row: SendRow): Delivery[] {
  if (row.deliveries !== null) return JSON.parse(row.deliveries) as Delivery[];
  return row.direction === 'IN' ? [] : openDeliveries(JSON.parse(row.recipients) as string[]);
}

/** An earlier version kept only the last report on each recipient. */
function eventsOf({ events, deliveries }: SendRow): readonly MessageEvent[] {
  if (events !== null) return JSON.parse(events) as MessageEvent[];
  const kept = deliveries === null ? [] : (JSON.parse(deliveries) as Delivery[]);
  return kept.flatMap(({ time, ...delivery }) => (time === null ? [] : [{ ...delivery, time }]));
}

/** Changes, from rows that were changed by this version. */
export function changesOf(rows: readonly SendRow[]): Change[] {
  return rows.map((row) => ({
    position: { commit: row.changed ?? 0, sendId: row.send_id },
    send: storedSend(row),
  }));
}

export function listedMessages(rows: readonly SendRow[]): ListedMessage[] {
  return rows.flatMap((row) => {
    const message = messageOf(row);
    return message === null ? [] : [{ message, position: { time: message.time, sendId: row.send_id } }];
  });
}

/** The messages of `ids`, in that order; where an id came twice from upstream, the newest. */
export function inOrderOf(ids: readonly string[], newestFirst: readonly SendRow[]): (Message | null)[] {
  const byId = new Map<string, Message>();
  for (const { message } of listedMessages(newestFirst)) if (!byId.has(message.id)) byId.set(message.id, message);
  return ids.map((id) => byId.get(id) ?? null);
}

/** The sends of `ids`, in that order; where an id came twice from upstream, the newest. */
export function sendsInOrderOf(
  by: 'sendId' | 'messageId',
  ids: readonly string[],
  newestFirst: readonly SendRow[],
): (StoredSend | null)[] {
  const byId = new Map<string | null, StoredSend>();
  for (const send of newestFirst.map(storedSend)) {
    const id = by === 'sendId' ? send.sendId : (send.message?.id ?? null);
    if (!byId.has(id)) byId.set(id, send);
  }
  return ids.map((id) => byId.get(id) ?? null);
}

/** What `countUnresolvedQuery` found: PostgreSQL counts in strings. */
export function unresolvedIn(rows: readonly unknown[]): Unresolved {
  const [{ count, oldest }] = rows as readonly [{ count: number | string; oldest: number | string | null }];
  return { count: Number(count), oldestStartedAtMs: oldest === null ? null : Number(oldest) };
}
