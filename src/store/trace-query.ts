/**
 * What an operator looks for by any of its ids. Few people ask, so no index is kept but those that sends need anyway: what
 * has none is read from the newest rows on, part by part, so that others get their turn.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { AuditEntry, StoredSend, TraceQuery, Traced } from '../messaging/ports.js';
import { CAME_IN, type Condition, type Query } from './list-query.js';
import { hashOfKey, SEND_COLUMNS, storable, storedSend, type SendRow } from './rows.js';

const HOUR_MS = 3_600_000;
/** A request has at most ten sends, and a key may have been used again and again. */
const MAX_SENDS = 50;
const MAX_ENTRIES = 200;
/** Whoever does not wait for everything: sends of one request start together, and so do those of a key that is repeated. */
const FURTHER_MS = HOUR_MS;
/** The audit is in the order of time but for what was under way in the same moment. */
const MARGIN_MS = 60_000;
/** A part of the audit that PostgreSQL looks through in this time may be wider. */
const QUICK_MS = 100;

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

/** Some rows of a table. */
interface Part {
  readonly condition: Condition;
  /** With this part, all that is newer was looked through; null where that cannot be said. */
  readonly sinceMs: number | null;
}

/** What the databases do not have in common. */
export interface TraceDialect {
  /** Sends that are looked through at once. SQLite does it while all others wait, and takes a few milliseconds. */
  readonly sendsAtOnce: number;
  /** Parts of the audit with everything that was written in this time, the newest first. */
  readonly auditParts: (read: ReadRows, sinceMs: number, untilMs: number) => AsyncIterable<Part>;
}

/** Rows of the audit that SQLite looks through at once. */
const ENTRIES_AT_ONCE = 2_000;

export const TRACE_DIALECTS: Readonly<Record<'sqlite' | 'postgres', TraceDialect>> = {
  sqlite: { sendsAtOnce: 500, auditParts: byRowNumber },
  postgres: { sendsAtOnce: 50_000, auditParts: byTime },
};

/** Follows sends in one store. */
export class Tracer {
  readonly #read: ReadRows;
  readonly #dialect: TraceDialect;
  /** Searches that run or wait. */
  #searches = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(read: ReadRows, dialect: TraceDialect) {
    this.#read = read;
    this.#dialect = dialect;
  }

  async trace(wanted: TraceQuery, patienceMs: number): Promise<Traced> {
    const askedAt = performance.now();
    const named = 'id' in wanted ? (await this.#read<SendRow>(namedQuery(wanted.id))).map(storedSend) : [];
    const find = (): Promise<Found> => this.#find(wanted, named, askedAt, patienceMs);
    const found = named.length > 0 ? await find() : await this.#inTurn(find, askedAt + patienceMs);
    const messageIds = found.sends.flatMap(({ message }) => message?.id ?? []);
    const early = await this.#read<EarlyRow>(earlyQuery('id' in wanted ? [wanted.id, ...messageIds] : messageIds));
    return { ...found, early: early.map(eventOf) };
  }

  /**
   * One search after the other: each holds up sends a little, and many at once would for seconds. Whoever has no patience left
   * when his turn comes is told that nothing was looked through.
   */
  async #inTurn(find: () => Promise<Found>, endsAt: number): Promise<Found> {
    const isAlone = this.#searches === 0;
    this.#searches += 1;
    const turn = this.#last.then(() => (isAlone || performance.now() < endsAt ? find() : nothingFound()));
    this.#last = turn.catch(() => undefined);
    return turn.finally(() => {
      this.#searches -= 1;
    });
  }

  async #find(wanted: TraceQuery, named: readonly StoredSend[], askedAt: number, patienceMs: number): Promise<Found> {
    const [read, dialect, isPatient] = [this.#read, this.#dialect, patienceMs === Infinity];
    const until = askedAt + patienceMs / 2;
    const searched = named.length > 0 ? null : await searchSends(read, dialect, wanted, { isPatient, endsAt: until });
    const sends = searched === null ? named : searched.sends;
    // Whoever waits for everything need not rely on the clocks of those who wrote it.
    const [since, upTo] = isPatient || sends.length === 0 ? [0, Infinity] : timeOf(sends);
    const condition = isOfAudit(wanted, sends);
    const audit = await search<AuditRow>(
      dialect.auditParts(read, since, upTo),
      ({ condition: [part, ...values] }) => {
        const sql = `SELECT * FROM audit WHERE ${part} AND ${condition.sql} ORDER BY time DESC, send_id LIMIT ${MAX_ENTRIES}`;
        return read({ sql, values: [...values, ...condition.values] });
      },
      { max: MAX_ENTRIES, timeOf: ({ time }) => time, furtherMs: Infinity, isPatient, endsAt: askedAt + patienceMs },
    );
    const ends = [searched?.sinceMs ?? null, audit.sinceMs].filter((end) => end !== null);
    return {
      sends,
      audit: audit.rows.map(entryOf).sort((a, b) => a.atMs - b.atMs || (a.sendId < b.sendId ? -1 : 1)),
      searchedSinceMs: ends.length === 0 ? null : Math.max(...ends),
    };
  }
}

type Found = Omit<Traced, 'early'>;

const nothingFound = (): Found => ({ sends: [], audit: [], searchedSinceMs: Date.now() });

/** By the ids that have an index. */
function namedQuery(id: string): Query {
  const sql = ['send_id = ?', 'message_id IS NOT NULL AND message_id = ?']
    .map((is) => `SELECT ${SEND_COLUMNS} FROM sends WHERE ${is}`)
    .join(' UNION ');
  return { sql: `${sql} ORDER BY started_at, send_id LIMIT ${MAX_SENDS}`, values: [storable(id), storable(id)] };
}

/** By what has none: the request, and the key. */
async function searchSends(
  read: ReadRows,
  { sendsAtOnce }: TraceDialect,
  wanted: TraceQuery,
  patience: Patience,
): Promise<{ sends: StoredSend[]; sinceMs: number | null }> {
  const [is, ...values] = isOfKey(wanted);
  const asked = 'id' in wanted ? `(request_id = ? OR ${is})` : is;
  const ids = 'id' in wanted ? [storable(wanted.id)] : [];
  const { rows, sinceMs } = await search<SendRow>(
    sendParts(read, sendsAtOnce),
    ({ condition: [part, ...bounds] }) => {
      const sql = `SELECT ${SEND_COLUMNS} FROM sends WHERE ${part} AND ${asked} ORDER BY send_id DESC LIMIT ${MAX_SENDS}`;
      return read({ sql, values: [...bounds, ...ids, ...values] });
    },
    { max: MAX_SENDS, timeOf: (row) => row.started_at, furtherMs: FURTHER_MS, ...patience },
  );
  const sends = rows.map(storedSend);
  return { sends: sends.sort((a, b) => a.startedAtMs - b.startedAtMs || (a.sendId < b.sendId ? -1 : 1)), sinceMs };
}

function isOfKey(wanted: TraceQuery): Condition {
  if (!('id' in wanted)) return ['(caller = ? AND key_hash = ?)', storable(wanted.caller), wanted.keyHash];
  return ['key_hash IN (?, ?)', storable(wanted.id), hashOfKey(wanted.id)];
}

function isOfAudit(wanted: TraceQuery, sends: readonly StoredSend[]): Query {
  const [ofKey, ...values] = isOfKey(wanted);
  const ids = [...('id' in wanted ? [storable(wanted.id)] : []), ...sends.map(({ sendId }) => sendId)];
  const ofIds = ids.map(() => 'send_id = ?');
  // That a number was forgotten stands there, too, and names no send.
  return { sql: `send_id <> '' AND (${[ofKey, ...ofIds].join(' OR ')})`, values: [...values, ...ids] };
}

/** Within this time, everything was written to the audit that is about these sends. */
function timeOf(sends: readonly StoredSend[]): [since: number, until: number] {
  return [
    Math.min(...sends.map(({ startedAtMs }) => startedAtMs)) - MARGIN_MS,
    Math.max(...sends.map(({ updatedAtMs }) => updatedAtMs)) + MARGIN_MS,
  ];
}

interface Patience {
  /** Whether somebody waits until everything was looked through. */
  readonly isPatient: boolean;
  /** When the patience of all others ends, by the clock of `performance`. */
  readonly endsAt: number;
}

interface SearchOptions<Row> extends Patience {
  /** Rows that are enough. */
  readonly max: number;
  readonly timeOf: (row: Row) => number;
  /** Once something was found, how much further back is looked by those whose patience ends. */
  readonly furtherMs: number;
}

/** Looks through one part after the other. `sinceMs` is null if these were all. */
async function search<Row>(
  parts: AsyncIterable<Part>,
  find: (part: Part) => Promise<Row[]>,
  { max, timeOf: timeOfRow, isPatient, endsAt, furtherMs }: SearchOptions<Row>,
): Promise<{ rows: Row[]; sinceMs: number | null }> {
  const rows: Row[] = [];
  let stopsAtMs: number | null = null;
  for await (const part of parts) {
    // Only now is it known that something is left out.
    if (stopsAtMs !== null) return { rows: rows.slice(0, max), sinceMs: stopsAtMs };
    rows.push(...(await find(part)));
    const { sinceMs } = part;
    const enough = Math.min(...rows.map(timeOfRow)) - furtherMs;
    const isEnough = rows.length >= max || (!isPatient && sinceMs !== null && rows.length > 0 && sinceMs < enough);
    if (isEnough || performance.now() >= endsAt) stopsAtMs = sinceMs;
    await nextTurn();
  }
  return { rows: rows.slice(0, max), sinceMs: null };
}

/** Parts of the sends, the newest first; what came in lies between those of today and those with other ids. */
async function* sendParts(read: ReadRows, atOnce: number): AsyncGenerator<Part> {
  const ranges: Condition[] = [
    ['send_id >= ?', CAME_IN.to],
    ['send_id < ?', CAME_IN.from],
  ];
  for (const [range, ...values] of ranges) {
    let rest: Condition = [range, ...values];
    for (;;) {
      const [sql, ...bounds] = rest;
      const [first] = await read<Pick<SendRow, 'send_id' | 'started_at'>>({
        sql: `SELECT send_id, started_at FROM sends WHERE ${sql} ORDER BY send_id DESC LIMIT 1 OFFSET ${atOnce - 1}`,
        values: bounds,
      });
      if (first === undefined) break;
      const { send_id: sendId, started_at: sinceMs } = first;
      yield { condition: [`${sql} AND send_id >= ?`, ...bounds, sendId], sinceMs };
      rest = [`${range} AND send_id < ?`, ...values, sendId];
    }
    yield { condition: rest, sinceMs: null };
  }
}

/** SQLite numbers the rows of the audit in the order in which they are written, and nobody deletes any. */
async function* byRowNumber(read: ReadRows, sinceMs: number, untilMs: number): AsyncGenerator<Part> {
  const [{ last } = { last: null }] = await read<{ last: number | null }>({
    sql: 'SELECT max(rowid) AS last FROM audit',
    values: [],
  });
  if (last === null) return;
  const begin = sinceMs <= 0 ? 0 : (await aroundTime(read, last, sinceMs)).below;
  const end = untilMs === Infinity ? last : (await aroundTime(read, last, untilMs)).above;
  for (let upTo = end; upTo > begin; upTo -= ENTRIES_AT_ONCE) {
    const condition: Condition = ['rowid > ? AND rowid <= ?', Math.max(begin, upTo - ENTRIES_AT_ONCE), upTo];
    const [sql, ...values] = condition;
    const [row] = await read<{ time: number | null }>({
      sql: `SELECT min(time) AS time FROM audit WHERE ${sql}`,
      values,
    });
    yield { condition, sinceMs: row?.time ?? null };
  }
}

/** Two numbers, not far from each other, between which the rows of this time begin. */
async function aroundTime(read: ReadRows, last: number, timeMs: number): Promise<{ below: number; above: number }> {
  let [below, above] = [0, last];
  while (above - below > ENTRIES_AT_ONCE) {
    const middle = Math.floor((below + above) / 2);
    const [row] = await read<Pick<AuditRow, 'time'>>({
      sql: 'SELECT time FROM audit WHERE rowid > ? ORDER BY rowid LIMIT 1',
      values: [middle],
    });
    if (row !== undefined && row.time < timeMs) below = middle;
    else above = middle;
  }
  return { below, above };
}

/** PostgreSQL has an index of which time lies where, and nobody deletes any: the first row that it meets is an old one. */
async function* byTime(read: ReadRows, sinceMs: number, untilMs: number): AsyncGenerator<Part> {
  const [oldest] = await read<Pick<AuditRow, 'time'>>({ sql: 'SELECT time FROM audit LIMIT 1', values: [] });
  if (oldest === undefined) return;
  const begin = Math.max(sinceMs, oldest.time - MARGIN_MS);
  let end = untilMs === Infinity ? Date.now() : untilMs;
  // Another instance's clock may be ahead.
  if (untilMs === Infinity) yield { condition: ['time >= ?', end], sinceMs: end };
  let widthMs = HOUR_MS;
  while (end > begin) {
    const since = Math.max(begin, end - widthMs);
    const startedAt = performance.now();
    yield { condition: ['time >= ? AND time < ?', since, end], sinceMs: since };
    if (performance.now() - startedAt < QUICK_MS) widthMs *= 2;
    end = since;
  }
  if (sinceMs <= 0) yield { condition: ['time < ?', end], sinceMs: null };
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
