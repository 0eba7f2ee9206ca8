/** What arrives about a send after somebody settled it. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore, NewSend } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, newSend, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';
import { NOT_SENT, SENT, sentAs, SETTLEMENTS, UNKNOWN, USELESS, WITHOUT_ID, settling } from './settling.js';

export function describeLateOutcomes(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother } = opened;
  const { put, settled, listed, auditOf, holderOf } = settling(opened);

  describe('late outcomes', () => {
    it('learns late of a send settled as sent without an id: its call brings the message', async () => {
      const send = await settled(SENT, { idempotencyKey: 'k' });
      const late = accepted({ id: 'late', to: ['+16', '+17'] });
      await store.record(send.sendId, late, 6_000);
      expect(await store.messagesById(['late'], EVERYBODY)).toEqual([late.message]);
      for (const to of ['+16', '+17']) expect(await listed({ to })).toEqual(['late']);
      expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, message: late.message });
    });

    it('learns late of a send settled as not sent: its call brings the message, and the key stays with its new holder', async () => {
      const send = await settled(NOT_SENT, { idempotencyKey: 'k' });
      const second = newSend({ idempotencyKey: 'k' });
      await store.claim(second);
      const late = accepted({ id: 'late' });
      await store.record(send.sendId, late, 6_000);
      expect(await store.messagesById(['late'], EVERYBODY)).toEqual([late.message]);
      expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['late']);
      expect(await holderOf('k')).toMatchObject({ sendId: second.sendId, status: 'PENDING' });
      await store.record(second.sendId, REJECTED, 7_000);
      expect(await holderOf('k')).toBeNull();
    });

    it('learns late of a send settled with the id that its call brings as well: it stays one message', async () => {
      const send = await settled(sentAs('same'), { idempotencyKey: 'k' });
      await store.record(send.sendId, accepted({ id: 'same' }), 6_000);
      expect(await listed()).toEqual(['same']);
      expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['same']);
      expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, message: { id: 'same' } });
    });

    it('learns late of a send settled as not sent, by a call that brings the message: the audit says that it was sent after all', async () => {
      const send = await settled(NOT_SENT);
      await store.record(send.sendId, accepted({ id: 'late' }), 6_000);
      expect((await auditOf(send)).map(({ outcome, settled_by, reason }) => [outcome, settled_by, reason])).toEqual([
        ['UNKNOWN', null, null],
        ['REJECTED', NOT_SENT.by, NOT_SENT.reason],
        ['ACCEPTED', 'upstream', 'it was sent after all'],
      ]);
    });

    it('learns late of a send settled as not sent, after events that waited for the id of its message', async () => {
      await store.take(heard('late'), 2_000);
      const send = await settled(NOT_SENT);
      await store.record(send.sendId, accepted({ id: 'late' }), 6_000);
      await store.adoptEarlyEvents(6_000);
      expect(await store.messagesById(['late'], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
    });

    it.each(SETTLEMENTS)('changes nothing of a send settled %s when its call brings less', async (_how, settlement) => {
      const send = await settled(settlement, { idempotencyKey: 'k' });
      const everything = 'SELECT * FROM sends';
      const before = await place.sql(everything);
      // That Catapult took it, even under an unknown id, is news if somebody was sure of the opposite.
      const useless = USELESS.filter((late) => settlement !== NOT_SENT || late !== WITHOUT_ID);
      for (const late of useless) await store.record(send.sendId, late, 6_000);
      expect(await place.sql(everything)).toEqual(before);
      expect(await auditOf(send)).toHaveLength(2);
      expect(await store.unresolvedSends(10, null)).toEqual([]);
    });

    it('learns late of a send settled as not sent, by a call that was accepted without an id: it is accepted, and the audit says so', async () => {
      const send = await settled(NOT_SENT);
      await store.record(send.sendId, { ...WITHOUT_ID, lastSeen: 'HTTP 202' }, 6_000);
      expect(await place.sql('SELECT status, last_seen FROM sends')).toEqual([
        { status: 'ACCEPTED', last_seen: 'HTTP 202' },
      ]);
      expect((await auditOf(send)).at(-1)).toMatchObject({ outcome: 'ACCEPTED', settled_by: 'upstream' });
    });

    it.each([
      ['its call', (id: string, { sendId }: NewSend) => store.record(sendId, accepted({ id }), 6_000)],
      ['a callback', (id: string, { sendId }: NewSend) => store.take(heard(id, { sendId }), 6_000)],
    ])('learns late of a send settled with an id that is not its own: %s brings the right one', async (_who, tell) => {
      const send = await settled(sentAs('mistaken'), { idempotencyKey: 'k' });
      await tell('right', send);
      expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, message: { id: 'right' } });
      expect(await listed()).toEqual(['right']);
      expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['right']);
      // A report on the other message is no report on this one.
      await store.take(heard('mistaken', { status: 'FAILED', errorCode: 4_700 }), 7_000);
      expect(await store.messagesById(['right', 'mistaken'], EVERYBODY)).toEqual([
        expect.not.objectContaining({ status: 'FAILED' }),
        null,
      ]);
    });

    it('learns late of a send settled as sent without an id: a callback brings it', async () => {
      const send = await settled(SENT, { idempotencyKey: 'k', message: { ...OUTBOUND, tag: 'red' } });
      await store.take(heard('told', { sendId: send.sendId }), 6_000);
      const message = { id: 'told', tag: 'red', time: 4, owner: '+19', segmentCount: 2, status: 'DELIVERED' };
      expect(await store.messagesById(['told'], EVERYBODY)).toMatchObject([message]);
      expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['told']);
      expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, settledBy: 'ops', message });
      expect(await auditOf(send)).toHaveLength(2);
    });

    it('learns late of a send settled as not sent: a callback brings the message, and the key stays free', async () => {
      const send = await settled(NOT_SENT, { idempotencyKey: 'k' });
      await store.take(heard('told', { sendId: send.sendId }), 6_000);
      expect(await store.messagesById(['told'], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
      expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['told']);
      expect(await holderOf('k')).toBeNull();
    });

    it('loses no outcome that arrives while its send is settled over two connections', async () => {
      const another = await openAnother();
      for (let round = 0; round < 10; round++) {
        const [called, told, found] = [await put(UNKNOWN), await put(UNKNOWN), await put(UNKNOWN)];
        const late = accepted({ id: `called${round}` });
        await Promise.all([
          store.settle(called.sendId, NOT_SENT, 5_000),
          another.record(called.sendId, late, 5_000),
          another.settle(told.sendId, SENT, 5_000),
          store.take(heard(`told${round}`, { sendId: told.sendId }), 5_000),
          store.settle(found.sendId, sentAs(`found${round}`), 5_000),
          another.take(heard(`found${round}`), 5_000),
        ]);
        await store.adoptEarlyEvents(6_000);
        const delivered = { status: 'DELIVERED' };
        expect(await store.messagesById([late.message.id, `told${round}`, `found${round}`], EVERYBODY)).toMatchObject([
          late.message,
          delivered,
          delivered,
        ]);
      }
    });
  });

  describe('old settlements', () => {
    it('deletes settled sends that were not sent, and frees only the keys of messages with an id', async () => {
      const keys = ['with', 'without', 'not'];
      for (const [index, [, settlement]] of SETTLEMENTS.entries()) {
        await settled(settlement, { idempotencyKey: keys[index] ?? '' });
      }
      expect(await store.purge(3_000, 10)).toBe(0);
      expect(await store.purge(3_001, 10)).toBe(2);
      expect(await holderOf('with')).toBeNull();
      expect(await holderOf('without')).toMatchObject({ status: 'ACCEPTED', settledBy: 'ops' });
      expect(await listed()).toEqual(['settled']);
    });
  });
}
