/** Sends that their calls left open, and all ways to settle them. */
import type { MessageFilter, NewSend, Resolution, Settlement, StoredSend } from '../../../src/messaging/ports.js';
import { firstOf, newSend, NO_FILTER, REJECTED } from '../sends.js';
import type { Opened } from './opened.js';

export const UNKNOWN: Resolution = { status: 'UNKNOWN' };
export const WITHOUT_ID: Resolution = { status: 'ACCEPTED', message: null };
/** What a call can leave open. */
export const OPEN: [name: string, resolution: Resolution][] = [
  ['unknown', UNKNOWN],
  ['accepted without an id', WITHOUT_ID],
];
/** What a late call may bring that counts less than what somebody found out. */
export const USELESS: readonly Resolution[] = [UNKNOWN, REJECTED, WITHOUT_ID];

const WHO = { by: 'ops', reason: 'seen in the dashboard' } as const;
export const NOT_SENT: Settlement = { as: 'NOT_SENT', ...WHO };
export const SENT: Settlement = { as: 'SENT', found: null, ...WHO };
export const sentAs = (id: string, time: number | null = null): Settlement => ({
  as: 'SENT',
  found: { id, time },
  ...WHO,
});
/** All ways to settle a send; the id is the same in each. */
export const SETTLEMENTS: [name: string, settlement: Settlement][] = [
  ['as sent with an id', sentAs('settled')],
  ['as sent without an id', SENT],
  ['as not sent', NOT_SENT],
];

export const sendIdsOf = (sends: readonly { readonly sendId: string }[]): string[] => sends.map(({ sendId }) => sendId);

/** What the themes about settling ask of the opened store again and again. */
export function settling(opened: Opened): Settling {
  /** A send after its call, or under way where there is no resolution. */
  async function put(resolution: Resolution | null, fields: Partial<NewSend> = {}): Promise<NewSend> {
    const send = newSend(fields);
    await opened.store.claim(send);
    if (resolution !== null) await opened.store.record(send.sendId, resolution, 2_000);
    return send;
  }

  async function settled(settlement: Settlement, fields: Partial<NewSend> = {}): Promise<NewSend> {
    const send = await put(UNKNOWN, fields);
    expect(await opened.store.settle(send.sendId, settlement, 3_000)).toMatchObject({ kind: 'SETTLED' });
    return send;
  }

  async function listed(filter: Partial<MessageFilter> = {}): Promise<string[]> {
    return (await opened.store.listMessages({ ...NO_FILTER, ...filter }, firstOf(100))).listed.map(
      ({ message }) => message.id,
    );
  }

  async function auditOf({ sendId }: NewSend): Promise<Record<string, unknown>[]> {
    const rows = await opened.place.sql(
      `SELECT time, caller, key_hash, outcome, settled_by, reason FROM audit WHERE send_id = '${sendId}' ORDER BY time`,
    );
    return rows.map((row) => ({ ...row, time: Number(row.time) }));
  }

  /** The send that holds the key, as its claim and its lookup show it; null where the key is free. */
  async function holderOf(key: string): Promise<StoredSend | null> {
    const found = await opened.store.sendByKey('a', key);
    const probe = newSend({ idempotencyKey: key });
    const claim = await opened.store.claim(probe);
    if (claim.kind === 'CLAIMED') await opened.store.record(probe.sendId, REJECTED, 0);
    expect(claim.kind === 'HELD' ? claim.by : null).toEqual(found);
    return found;
  }

  return { put, settled, listed, auditOf, holderOf };
}

interface Settling {
  readonly put: (resolution: Resolution | null, fields?: Partial<NewSend>) => Promise<NewSend>;
  readonly settled: (settlement: Settlement, fields?: Partial<NewSend>) => Promise<NewSend>;
  readonly listed: (filter?: Partial<MessageFilter>) => Promise<string[]>;
  readonly auditOf: (send: NewSend) => Promise<Record<string, unknown>[]>;
  readonly holderOf: (key: string) => Promise<StoredSend | null>;
}
