/** Somebody settles what a call left open, and the audit keeps it. */
import { createHash } from 'node:crypto';
import { EVERYBODY } from '../../../src/messaging/caller.js';
import { openDeliveries } from '../../../src/messaging/delivery.js';
import type { Message } from '../../../src/messaging/message.js';
import type { MessageStore, NewSend, StoreChange } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, newSend, own, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';
import { NOT_SENT, OPEN, SENT, sentAs, sendIdsOf, SETTLEMENTS, UNKNOWN, WITHOUT_ID, settling } from './settling.js';

export function describeSettlements(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother } = opened;
  const { put, settled, listed, auditOf, holderOf } = settling(opened);

  describe('settlements', () => {
    it.each(OPEN)('settles a send that is %s as sent, and it is a message from then on', async (_name, resolution) => {
      const to = ['+16', '+17'];
      const asked = { ...OUTBOUND, to, tag: 'red', media: ['https://example.com/a'] };
      const send = await put(resolution, { idempotencyKey: 'k', message: asked });
      const message: Message = {
        ...asked,
        id: 'found',
        time: 7_000_000,
        owner: OUTBOUND.from,
        direction: 'OUT',
        segmentCount: null,
        pairedMessageId: null,
        status: 'ACCEPTED',
        deliveries: openDeliveries(to),
        events: [],
      };
      const result = await store.settle(send.sendId, sentAs('found', 7_000_000), 5_000);
      const { sendId } = send;
      expect(result).toMatchObject({
        kind: 'SETTLED',
        send: { sendId, status: 'ACCEPTED', settledBy: 'ops', updatedAtMs: 5_000, message },
      });
      expect(await store.messagesById(['found'], EVERYBODY)).toEqual([message]);
      expect(await store.messagesById(['found'], own('a'))).toEqual([message]);
      const { from } = OUTBOUND;
      const filters = [{}, { to: '+16' }, { to: '+17' }, { from }, { tag: 'red' }, { caller: own('a') }, { since: 1 }];
      for (const filter of filters) expect(await listed(filter)).toEqual(['found']);
      expect(await listed({ statuses: ['ACCEPTED'], until: 7_000_001 })).toEqual(['found']);
      expect(await holderOf('k')).toMatchObject({ sendId, message, fingerprint: 'f' });
      expect(await (await openAnother()).messagesById(['found'], EVERYBODY)).toEqual([message]);
    });

    it('settles a send with an id but no time as of the start of the send', async () => {
      const send = await put(UNKNOWN, { startedAtMs: 1_234 });
      await store.settle(send.sendId, sentAs('found'), 5_000);
      expect(await store.messagesById(['found'], EVERYBODY)).toMatchObject([{ time: 1_234_000 }]);
    });

    it.each(OPEN)('settles a send that is %s as sent without an id, and keeps its key', async (_name, resolution) => {
      const send = await put(resolution, { idempotencyKey: 'k' });
      const after = { sendId: send.sendId, status: 'ACCEPTED', settledBy: 'ops', updatedAtMs: 5_000, message: null };
      expect(await store.settle(send.sendId, SENT, 5_000)).toMatchObject({ kind: 'SETTLED', send: after });
      expect(await holderOf('k')).toMatchObject(after);
      expect(await listed()).toEqual([]);
      expect(await store.unresolvedSends(10, null)).toEqual([]);
    });

    it.each(OPEN)('settles a send that is %s as not sent, and frees its key', async (_name, resolution) => {
      const send = await put(resolution, { idempotencyKey: 'k' });
      const after = { sendId: send.sendId, status: 'REJECTED', settledBy: 'ops', updatedAtMs: 5_000, message: null };
      expect(await store.settle(send.sendId, NOT_SENT, 5_000)).toMatchObject({ kind: 'SETTLED', send: after });
      expect(await store.sendByKey('a', 'k')).toBeNull();
      expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'other' }))).toEqual({ kind: 'CLAIMED' });
      expect(await listed()).toEqual([]);
      expect(await store.unresolvedSends(10, null)).toEqual([]);
    });

    it('settles no unknown send', async () => {
      expect(await store.settle('nobody', NOT_SENT, 5_000)).toEqual({ kind: 'UNKNOWN_SEND' });
      expect(await store.settle('a\0b', NOT_SENT, 5_000)).toEqual({ kind: 'UNKNOWN_SEND' });
    });

    it.each<[string, () => Promise<NewSend>]>([
      ['is under way', () => put(null, { idempotencyKey: 'k' })],
      ['was accepted', () => put(accepted({ id: 'known' }), { idempotencyKey: 'k' })],
      ['was rejected', () => put(REJECTED, { idempotencyKey: 'k' })],
      ...SETTLEMENTS.map(([how, settlement]): [string, () => Promise<NewSend>] => [
        `was settled ${how}`,
        () => settled(settlement, { idempotencyKey: 'k' }),
      ]),
    ])('settles no send that %s, and answers what is known of it', async (_name, make) => {
      const { sendId } = await make();
      const before = await holderOf('k');
      const everything = `SELECT * FROM sends WHERE send_id = '${sendId}'`;
      const row = await place.sql(everything);
      const audit = await auditOf({ sendId } as NewSend);
      for (const settlement of [NOT_SENT, SENT, sentAs('other')]) {
        expect(await store.settle(sendId, settlement, 5_000)).toMatchObject({
          kind: 'NOT_UNRESOLVED',
          send: { sendId, ...before },
        });
      }
      expect(await place.sql(everything)).toEqual(row);
      expect(await auditOf({ sendId } as NewSend)).toEqual(audit);
    });

    it.each<[string, () => Promise<NewSend>]>([
      ['was accepted with', () => put(accepted({ id: 'taken' }))],
      ['was settled with', () => settled(sentAs('taken'))],
    ])('settles no send with an id that another %s, and leaves it as it is', async (_name, make) => {
      await make();
      const send = await put(UNKNOWN, { idempotencyKey: 'k' });
      expect(await store.settle(send.sendId, sentAs('taken'), 5_000)).toEqual({ kind: 'MESSAGE_ID_TAKEN' });
      expect(await holderOf('k')).toMatchObject({ status: 'UNKNOWN', settledBy: null, message: null });
      expect(sendIdsOf(await store.unresolvedSends(10, null))).toEqual([send.sendId]);
      expect(await auditOf(send)).toHaveLength(1);
      expect(await store.settle(send.sendId, sentAs('free'), 5_000)).toMatchObject({ kind: 'SETTLED' });
    });

    it('settles one send once, even if two settle it at once over two connections', async () => {
      const another = await openAnother();
      for (let round = 0; round < 5; round++) {
        const { sendId } = await put(UNKNOWN);
        const results = await Promise.all([
          store.settle(sendId, sentAs(`one${round}`), 5_000),
          another.settle(sendId, NOT_SENT, 5_000),
        ]);
        expect(results.map(({ kind }) => kind).sort()).toEqual(['NOT_UNRESOLVED', 'SETTLED']);
        expect(await auditOf({ sendId } as NewSend)).toHaveLength(2);
      }
    });

    it('settles one of two sends with the same id, even if both are settled at once over two connections', async () => {
      const another = await openAnother();
      for (let round = 0; round < 5; round++) {
        const [first, second] = [await put(UNKNOWN), await put(UNKNOWN)];
        const results = await Promise.all([
          store.settle(first.sendId, sentAs(`one${round}`), 5_000),
          another.settle(second.sendId, sentAs(`one${round}`), 5_000),
        ]);
        expect(results.map(({ kind }) => kind).sort()).toEqual(['MESSAGE_ID_TAKEN', 'SETTLED']);
      }
      expect(await listed()).toHaveLength(5);
    });

    it('settles a send, and applies the events that waited for its id', async () => {
      await store.take(heard('early', { status: 'SENDING' }), 2_000);
      await store.take(heard('early'), 2_000);
      const send = await put(UNKNOWN);
      const result = await store.settle(send.sendId, sentAs('early'), 5_000);
      expect(await store.messagesById(['early'], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
      expect(await listed({ statuses: ['DELIVERED'] })).toEqual(['early']);
      expect(result).toMatchObject({ kind: 'SETTLED', send: { message: { status: 'DELIVERED' } } });
      // None of them are left to be deleted.
      expect(await store.purge(2_001, 10)).toBe(0);
    });

    it('settles a send so that later events find it', async () => {
      await settled(sentAs('later'));
      await store.take(heard('later', { status: 'FAILED', errorCode: 4_750 }), 6_000);
      expect(await store.messagesById(['later'], EVERYBODY)).toMatchObject([{ status: 'FAILED' }]);
    });

    it('settles a send, and calls listeners', async () => {
      const listening = store.shared ? await openAnother() : store;
      const send = await put(UNKNOWN);
      const told = new Promise<StoreChange>((resolve) => listening.onChange(resolve));
      await store.settle(send.sendId, sentAs('told'), 5_000);
      expect(await told).toEqual({ kind: 'updated', messageId: 'told' });
    });

    it('settles a send with an id that holds characters that databases refuse', async () => {
      const send = await put(UNKNOWN, { idempotencyKey: 'k' });
      expect(await store.settle(send.sendId, sentAs('a\0b\ud800'), 5_000)).toMatchObject({ kind: 'SETTLED' });
      expect(await holderOf('k')).toMatchObject({ message: { id: 'ab\ufffd' } });
      const other = await put(UNKNOWN);
      expect(await store.settle(other.sendId, sentAs('a\0b\ud800'), 5_000)).toEqual({ kind: 'MESSAGE_ID_TAKEN' });
    });
  });

  describe('the audit of settlements', () => {
    it.each(SETTLEMENTS)('audits a settlement %s in a second row, with who and why', async (_name, settlement) => {
      const send = await put(UNKNOWN, { idempotencyKey: 'key-1' });
      await store.settle(send.sendId, settlement, 5_000);
      const who = { caller: 'a', key_hash: createHash('sha256').update('key-1').digest('hex') };
      const outcome = settlement.as === 'SENT' ? 'ACCEPTED' : 'REJECTED';
      expect(await auditOf(send)).toEqual([
        { time: 2_000, ...who, outcome: 'UNKNOWN', settled_by: null, reason: null },
        { time: 5_000, ...who, outcome, settled_by: 'ops', reason: 'seen in the dashboard' },
      ]);
    });

    it('audits a settlement without a reason', async () => {
      const send = await put(WITHOUT_ID);
      await store.settle(send.sendId, { as: 'SENT', found: null, by: 'ops', reason: null }, 5_000);
      expect(await auditOf(send)).toMatchObject([
        { outcome: 'ACCEPTED', settled_by: null },
        { outcome: 'ACCEPTED', settled_by: 'ops', reason: null },
      ]);
    });

    it('audits a settlement that somebody makes in the database itself', async () => {
      const send = await put(UNKNOWN);
      await place.sql(
        `UPDATE sends SET status = 'REJECTED', updated_at = 9000, settled_by = 'sql', settled_reason = 'why' WHERE send_id = '${send.sendId}'`,
      );
      expect(await auditOf(send)).toMatchObject([
        { outcome: 'UNKNOWN', settled_by: null },
        { time: 9_000, outcome: 'REJECTED', settled_by: 'sql', reason: 'why' },
      ]);
    });

    it('audits a settlement in rows that nobody can change and that outlive the send', async () => {
      const send = await settled(NOT_SENT);
      const refusal = { message: expect.stringContaining('append-only') as string };
      for (const change of ["UPDATE audit SET settled_by = 'nobody'", "UPDATE audit SET reason = ''"]) {
        await expect(place.sql(change)).rejects.toMatchObject(refusal);
      }
      await expect(place.sql('DELETE FROM audit WHERE settled_by IS NOT NULL')).rejects.toMatchObject(refusal);
      expect(await store.purge(9_000, 10)).toBe(1);
      expect(await store.settle(send.sendId, NOT_SENT, 9_000)).toEqual({ kind: 'UNKNOWN_SEND' });
      expect(await auditOf(send)).toHaveLength(2);
    });
  });
}
