/** What every store must do about sends that their calls left open, and what it keeps beside. Run against each of them. */
import { createHash } from 'node:crypto';
import { openDeliveries } from '../../src/messaging/delivery.js';
import type { Message } from '../../src/messaging/message.js';
import type {
  MessageFilter,
  MessageStore,
  NewSend,
  Position,
  Resolution,
  Settlement,
  StoreChange,
  StoredSend,
} from '../../src/messaging/ports.js';
import { OUTBOUND } from '../support/messages.js';
import { accepted, heard, newSend, NO_FILTER, type StoreUnderTest } from './conformance.js';

const UNKNOWN: Resolution = { status: 'UNKNOWN' };
const WITHOUT_ID: Resolution = { status: 'ACCEPTED', message: null };
/** What a call can leave open. */
const OPEN: [name: string, resolution: Resolution][] = [
  ['unknown', UNKNOWN],
  ['accepted without an id', WITHOUT_ID],
];
/** What a late call may bring that is worth less than what somebody found out. */
const USELESS: readonly Resolution[] = [UNKNOWN, { status: 'REJECTED' }, WITHOUT_ID];

const WHO = { by: 'ops', reason: 'seen in the dashboard' } as const;
const NOT_SENT: Settlement = { as: 'NOT_SENT', ...WHO };
const SENT: Settlement = { as: 'SENT', found: null, ...WHO };
const sentAs = (id: string, time: number | null = null): Settlement => ({ as: 'SENT', found: { id, time }, ...WHO });
/** All ways to settle a send; the id is the same in each. */
const SETTLEMENTS: [name: string, settlement: Settlement][] = [
  ['as sent with an id', sentAs('settled')],
  ['as sent without an id', SENT],
  ['as not sent', NOT_SENT],
];

const sendIdsOf = (sends: readonly { readonly sendId: string }[]): string[] => sends.map(({ sendId }) => sendId);

/** `prepare` makes a place for new data. */
export function describeSettlement(name: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store`, () => {
    let place: StoreUnderTest;
    let store: MessageStore;
    let others: MessageStore[];

    beforeEach(async () => {
      place = await prepare();
      store = await place.open();
      others = [];
    });
    afterEach(async () => {
      for (const opened of [store, ...others]) await opened.close();
    });

    async function openAnother(): Promise<MessageStore> {
      const another = await place.open();
      others.push(another);
      return another;
    }

    /** A send after its call, or under way where there is no resolution. */
    async function put(resolution: Resolution | null, fields: Partial<NewSend> = {}): Promise<NewSend> {
      const send = newSend(fields);
      await store.claim(send);
      if (resolution !== null) await store.record(send.sendId, resolution, 2_000);
      return send;
    }

    async function settled(settlement: Settlement, fields: Partial<NewSend> = {}): Promise<NewSend> {
      const send = await put(UNKNOWN, fields);
      expect(await store.settle(send.sendId, settlement, 3_000)).toMatchObject({ kind: 'SETTLED' });
      return send;
    }

    async function listed(filter: Partial<MessageFilter> = {}): Promise<string[]> {
      return (await store.listMessages({ ...NO_FILTER, ...filter }, 100, null)).map(({ message }) => message.id);
    }

    async function auditOf({ sendId }: NewSend): Promise<Record<string, unknown>[]> {
      const rows = await place.sql(
        `SELECT time, caller, key_hash, outcome, settled_by, reason FROM audit WHERE send_id = '${sendId}' ORDER BY time`,
      );
      return rows.map((row) => ({ ...row, time: Number(row.time) }));
    }

    /** The send that holds the key, as its claim and its lookup tell it; null where the key is free. */
    async function holderOf(key: string): Promise<StoredSend | null> {
      const found = await store.sendByKey('a', key);
      const probe = newSend({ idempotencyKey: key });
      const claim = await store.claim(probe);
      if (claim.kind === 'CLAIMED') await store.record(probe.sendId, { status: 'REJECTED' }, 0);
      expect(claim.kind === 'HELD' ? claim.by : null).toEqual(found);
      return found;
    }

    describe('settles', () => {
      it.each(OPEN)('a send that is %s as sent, and it is a message from then on', async (_name, resolution) => {
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
        };
        const result = await store.settle(send.sendId, sentAs('found', 7_000_000), 5_000);
        const { sendId } = send;
        expect(result).toMatchObject({
          kind: 'SETTLED',
          send: { sendId, status: 'ACCEPTED', settledBy: 'ops', updatedAtMs: 5_000, message },
        });
        expect(await store.messagesById(['found'])).toEqual([message]);
        expect(await store.messagesById(['found'], 'a')).toEqual([message]);
        const { from } = OUTBOUND;
        const filters = [{}, { to: '+16' }, { to: '+17' }, { from }, { tag: 'red' }, { caller: 'a' }, { since: 1 }];
        for (const filter of filters) expect(await listed(filter)).toEqual(['found']);
        expect(await listed({ status: 'ACCEPTED', until: 7_000_001 })).toEqual(['found']);
        expect(await holderOf('k')).toMatchObject({ sendId, message, fingerprint: 'f' });
        expect(await (await openAnother()).messagesById(['found'])).toEqual([message]);
      });

      it('a send with an id alone as old as the send is', async () => {
        const send = await put(UNKNOWN, { startedAtMs: 1_234 });
        await store.settle(send.sendId, sentAs('found'), 5_000);
        expect(await store.messagesById(['found'])).toMatchObject([{ time: 1_234_000 }]);
      });

      it.each(OPEN)('a send that is %s as sent without an id, and keeps its key', async (_name, resolution) => {
        const send = await put(resolution, { idempotencyKey: 'k' });
        const after = { sendId: send.sendId, status: 'ACCEPTED', settledBy: 'ops', updatedAtMs: 5_000, message: null };
        expect(await store.settle(send.sendId, SENT, 5_000)).toMatchObject({ kind: 'SETTLED', send: after });
        expect(await holderOf('k')).toMatchObject(after);
        expect(await listed()).toEqual([]);
        expect(await store.unresolvedSends(10, null)).toEqual([]);
      });

      it.each(OPEN)('a send that is %s as not sent, and frees its key', async (_name, resolution) => {
        const send = await put(resolution, { idempotencyKey: 'k' });
        const after = { sendId: send.sendId, status: 'REJECTED', settledBy: 'ops', updatedAtMs: 5_000, message: null };
        expect(await store.settle(send.sendId, NOT_SENT, 5_000)).toMatchObject({ kind: 'SETTLED', send: after });
        expect(await store.sendByKey('a', 'k')).toBeNull();
        expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'other' }))).toEqual({ kind: 'CLAIMED' });
        expect(await listed()).toEqual([]);
        expect(await store.unresolvedSends(10, null)).toEqual([]);
      });

      it('no send that it does not know', async () => {
        expect(await store.settle('nobody', NOT_SENT, 5_000)).toEqual({ kind: 'UNKNOWN_SEND' });
        expect(await store.settle('a\0b', NOT_SENT, 5_000)).toEqual({ kind: 'UNKNOWN_SEND' });
      });

      it.each<[string, () => Promise<NewSend>]>([
        ['is under way', () => put(null, { idempotencyKey: 'k' })],
        ['was accepted', () => put(accepted({ id: 'known' }), { idempotencyKey: 'k' })],
        ['was rejected', () => put({ status: 'REJECTED' }, { idempotencyKey: 'k' })],
        ...SETTLEMENTS.map(([how, settlement]): [string, () => Promise<NewSend>] => [
          `was settled ${how}`,
          () => settled(settlement, { idempotencyKey: 'k' }),
        ]),
      ])('no send that %s, and tells what is known of it', async (_name, make) => {
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
      ])('no send with an id that another %s, and leaves it as it is', async (_name, make) => {
        await make();
        const send = await put(UNKNOWN, { idempotencyKey: 'k' });
        expect(await store.settle(send.sendId, sentAs('taken'), 5_000)).toEqual({ kind: 'MESSAGE_ID_TAKEN' });
        expect(await holderOf('k')).toMatchObject({ status: 'UNKNOWN', settledBy: null, message: null });
        expect(sendIdsOf(await store.unresolvedSends(10, null))).toEqual([send.sendId]);
        expect(await auditOf(send)).toHaveLength(1);
        expect(await store.settle(send.sendId, sentAs('free'), 5_000)).toMatchObject({ kind: 'SETTLED' });
      });

      it('one send once, though two settle it at once over two connections', async () => {
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

      it('one of two sends with the same id, though both are settled at once over two connections', async () => {
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

      it('a send, and takes up the events that waited for its id before it tells of it', async () => {
        await store.applyEvent(heard('early', { status: 'SENDING' }), 2_000);
        await store.applyEvent(heard('early'), 2_000);
        const send = await put(UNKNOWN);
        const result = await store.settle(send.sendId, sentAs('early'), 5_000);
        expect(await store.messagesById(['early'])).toMatchObject([{ status: 'DELIVERED' }]);
        expect(await listed({ status: 'DELIVERED' })).toEqual(['early']);
        expect(result).toMatchObject({ kind: 'SETTLED', send: { message: { status: 'DELIVERED' } } });
        // Nothing of them is left to be let go.
        expect(await store.purge(2_001, 10)).toBe(0);
      });

      it('a send so that later events find it', async () => {
        await settled(sentAs('later'));
        await store.applyEvent(heard('later', { status: 'FAILED', errorCode: 4_750 }), 6_000);
        expect(await store.messagesById(['later'])).toMatchObject([{ status: 'FAILED' }]);
      });

      it('a send, and tells those who listen', async () => {
        const listening = store.shared ? await openAnother() : store;
        const send = await put(UNKNOWN);
        const told = new Promise<StoreChange>((resolve) => listening.onChange(resolve));
        await store.settle(send.sendId, sentAs('told'), 5_000);
        expect(await told).toEqual({ kind: 'updated', messageId: 'told' });
      });

      it('a send with an id that holds what databases refuse, as everything from upstream', async () => {
        const send = await put(UNKNOWN, { idempotencyKey: 'k' });
        expect(await store.settle(send.sendId, sentAs('a\0b\ud800'), 5_000)).toMatchObject({ kind: 'SETTLED' });
        expect(await holderOf('k')).toMatchObject({ message: { id: 'ab\ufffd' } });
        const other = await put(UNKNOWN);
        expect(await store.settle(other.sendId, sentAs('a\0b\ud800'), 5_000)).toEqual({ kind: 'MESSAGE_ID_TAKEN' });
      });
    });

    describe('audits a settlement', () => {
      it.each(SETTLEMENTS)('%s as a second row, with who and why', async (_name, settlement) => {
        const send = await put(UNKNOWN, { idempotencyKey: 'key-1' });
        await store.settle(send.sendId, settlement, 5_000);
        const who = { caller: 'a', key_hash: createHash('sha256').update('key-1').digest('hex') };
        const outcome = settlement.as === 'SENT' ? 'ACCEPTED' : 'REJECTED';
        expect(await auditOf(send)).toEqual([
          { time: 2_000, ...who, outcome: 'UNKNOWN', settled_by: null, reason: null },
          { time: 5_000, ...who, outcome, settled_by: 'ops', reason: 'seen in the dashboard' },
        ]);
      });

      it('also where nobody gave a reason', async () => {
        const send = await put(WITHOUT_ID);
        await store.settle(send.sendId, { as: 'SENT', found: null, by: 'ops', reason: null }, 5_000);
        expect(await auditOf(send)).toMatchObject([
          { outcome: 'ACCEPTED', settled_by: null },
          { outcome: 'ACCEPTED', settled_by: 'ops', reason: null },
        ]);
      });

      it('also one that somebody makes in the database itself', async () => {
        const send = await put(UNKNOWN);
        await place.sql(
          `UPDATE sends SET status = 'REJECTED', updated_at = 9000, settled_by = 'sql', settled_reason = 'why' WHERE send_id = '${send.sendId}'`,
        );
        expect(await auditOf(send)).toMatchObject([
          { outcome: 'UNKNOWN', settled_by: null },
          { time: 9_000, outcome: 'REJECTED', settled_by: 'sql', reason: 'why' },
        ]);
      });

      it('in rows that nobody can change, and that outlive the send', async () => {
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

    describe('hears late of a send that was settled', () => {
      it('as sent without an id: its call brings the message', async () => {
        const send = await settled(SENT, { idempotencyKey: 'k' });
        const late = accepted({ id: 'late', to: ['+16', '+17'] });
        await store.record(send.sendId, late, 6_000);
        expect(await store.messagesById(['late'])).toEqual([late.message]);
        for (const to of ['+16', '+17']) expect(await listed({ to })).toEqual(['late']);
        expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, message: late.message });
      });

      it('as not sent: its call brings the message, and the key stays with whom it went to', async () => {
        const send = await settled(NOT_SENT, { idempotencyKey: 'k' });
        const second = newSend({ idempotencyKey: 'k' });
        await store.claim(second);
        const late = accepted({ id: 'late' });
        await store.record(send.sendId, late, 6_000);
        expect(await store.messagesById(['late'])).toEqual([late.message]);
        expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['late']);
        expect(await holderOf('k')).toMatchObject({ sendId: second.sendId, status: 'PENDING' });
        await store.record(second.sendId, { status: 'REJECTED' }, 7_000);
        expect(await holderOf('k')).toBeNull();
      });

      it('with the id that its call brings as well: it stays one message', async () => {
        const send = await settled(sentAs('same'), { idempotencyKey: 'k' });
        await store.record(send.sendId, accepted({ id: 'same' }), 6_000);
        expect(await listed()).toEqual(['same']);
        expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['same']);
        expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, message: { id: 'same' } });
      });

      it('as not sent, by a call that brings the message: the audit says that it was sent after all', async () => {
        const send = await settled(NOT_SENT);
        await store.record(send.sendId, accepted({ id: 'late' }), 6_000);
        expect((await auditOf(send)).map(({ outcome, settled_by, reason }) => [outcome, settled_by, reason])).toEqual([
          ['UNKNOWN', null, null],
          ['REJECTED', NOT_SENT.by, NOT_SENT.reason],
          ['ACCEPTED', 'upstream', 'it was sent after all'],
        ]);
      });

      it('as not sent, after events that waited for the id of its message', async () => {
        await store.applyEvent(heard('late'), 2_000);
        const send = await settled(NOT_SENT);
        await store.record(send.sendId, accepted({ id: 'late' }), 6_000);
        await store.adoptEarlyEvents(6_000);
        expect(await store.messagesById(['late'])).toMatchObject([{ status: 'DELIVERED' }]);
      });

      it.each(SETTLEMENTS)('%s, by a call that knows less, and changes nothing', async (_how, settlement) => {
        const send = await settled(settlement, { idempotencyKey: 'k' });
        const everything = 'SELECT * FROM sends';
        const before = await place.sql(everything);
        // That Catapult took it, though under which id is not known, is news where somebody was sure of the opposite.
        const useless = USELESS.filter((late) => settlement !== NOT_SENT || late !== WITHOUT_ID);
        for (const late of useless) await store.record(send.sendId, late, 6_000);
        expect(await place.sql(everything)).toEqual(before);
        expect(await auditOf(send)).toHaveLength(2);
        expect(await store.unresolvedSends(10, null)).toEqual([]);
      });

      it('as not sent, by a call that was accepted without an id: it is accepted, and the audit says so', async () => {
        const send = await settled(NOT_SENT);
        await store.record(send.sendId, { ...WITHOUT_ID, lastSeen: 'HTTP 202' }, 6_000);
        expect(await place.sql('SELECT status, last_seen FROM sends')).toEqual([
          { status: 'ACCEPTED', last_seen: 'HTTP 202' },
        ]);
        expect((await auditOf(send)).at(-1)).toMatchObject({ outcome: 'ACCEPTED', settled_by: 'upstream' });
      });

      it.each([
        ['its call', (id: string, { sendId }: NewSend) => store.record(sendId, accepted({ id }), 6_000)],
        ['a callback', (id: string, { sendId }: NewSend) => store.applyEvent(heard(id, { sendId }), 6_000)],
      ])('with an id that is not its own: %s brings the right one', async (_who, tell) => {
        const send = await settled(sentAs('mistaken'), { idempotencyKey: 'k' });
        await tell('right', send);
        expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, message: { id: 'right' } });
        expect(await listed()).toEqual(['right']);
        expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['right']);
        // What is told of the other message is not told of this one.
        await store.applyEvent(heard('mistaken', { status: 'FAILED', errorCode: 4_700 }), 7_000);
        expect(await store.messagesById(['right', 'mistaken'])).toEqual([
          expect.not.objectContaining({ status: 'FAILED' }),
          null,
        ]);
      });

      it('as sent without an id: a callback brings it', async () => {
        const send = await settled(SENT, { idempotencyKey: 'k', message: { ...OUTBOUND, tag: 'red' } });
        await store.applyEvent(heard('told', { sendId: send.sendId }), 6_000);
        const message = { id: 'told', tag: 'red', time: 4, owner: '+19', segmentCount: 2, status: 'DELIVERED' };
        expect(await store.messagesById(['told'])).toMatchObject([message]);
        expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['told']);
        expect(await holderOf('k')).toMatchObject({ sendId: send.sendId, settledBy: 'ops', message });
        expect(await auditOf(send)).toHaveLength(2);
      });

      it('as not sent: a callback brings the message, and the key stays free', async () => {
        const send = await settled(NOT_SENT, { idempotencyKey: 'k' });
        await store.applyEvent(heard('told', { sendId: send.sendId }), 6_000);
        expect(await store.messagesById(['told'])).toMatchObject([{ status: 'DELIVERED' }]);
        expect(await listed({ to: OUTBOUND.to[0] ?? '' })).toEqual(['told']);
        expect(await holderOf('k')).toBeNull();
      });

      it('in the moment that it is settled, over two connections, and loses nothing', async () => {
        const another = await openAnother();
        for (let round = 0; round < 10; round++) {
          const [called, told, found] = [await put(UNKNOWN), await put(UNKNOWN), await put(UNKNOWN)];
          const late = accepted({ id: `called${round}` });
          await Promise.all([
            store.settle(called.sendId, NOT_SENT, 5_000),
            another.record(called.sendId, late, 5_000),
            another.settle(told.sendId, SENT, 5_000),
            store.applyEvent(heard(`told${round}`, { sendId: told.sendId }), 5_000),
            store.settle(found.sendId, sentAs(`found${round}`), 5_000),
            another.applyEvent(heard(`found${round}`), 5_000),
          ]);
          await store.adoptEarlyEvents(6_000);
          const delivered = { status: 'DELIVERED' };
          expect(await store.messagesById([late.message.id, `told${round}`, `found${round}`])).toMatchObject([
            late.message,
            delivered,
            delivered,
          ]);
        }
      });
    });

    describe('lets go', () => {
      it('of settled sends what is known not sent, and the keys of messages with an id, and no other key', async () => {
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

    describe('lists what is unresolved', () => {
      /** All pages of the list, by the position of the last of each. */
      async function pages(size: number): Promise<string[]> {
        const found: string[] = [];
        let after: Position | null = null;
        for (;;) {
          const page: StoredSend[] = await store.unresolvedSends(size, after);
          found.push(...sendIdsOf(page));
          const last = page.at(-1);
          if (last === undefined || page.length < size) return found;
          after = positionOf(last);
        }
      }

      const positionOf = ({ startedAtMs, sendId }: StoredSend): Position => ({ time: startedAtMs * 1000, sendId });

      it('oldest first in pages of any size, also where they began at the same time', async () => {
        const sends: NewSend[] = [];
        for (const startedAtMs of [3_000, 1_000, 1_000, 2_000, 1_000, 2_000, 1_000]) {
          sends.push(await put(sends.length % 2 === 0 ? UNKNOWN : WITHOUT_ID, { startedAtMs }));
        }
        const byAge = sends.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.sendId < b.sendId ? -1 : 1));
        for (const size of [1, 2, 3, 7, 100]) expect(await pages(size)).toEqual(sendIdsOf(byAge));
      });

      it('without what is under way, known or settled', async () => {
        await put(null);
        await put(accepted());
        await put({ status: 'REJECTED' });
        for (const [, settlement] of SETTLEMENTS) await settled(settlement);
        const open = await put(UNKNOWN);
        expect(sendIdsOf(await store.unresolvedSends(100, null))).toEqual([open.sendId]);
      });

      it('after a position whose own send was settled meanwhile', async () => {
        const sends: NewSend[] = [];
        for (let index = 0; index < 4; index++) sends.push(await put(UNKNOWN));
        const page = await store.unresolvedSends(2, null);
        for (const { sendId } of page) await store.settle(sendId, SENT, 5_000);
        const [, last] = page as [StoredSend, StoredSend];
        expect(sendIdsOf(await store.unresolvedSends(2, positionOf(last)))).toEqual(sendIdsOf(sends.slice(2)));
        expect(sendIdsOf(await store.unresolvedSends(2, null))).toEqual(sendIdsOf(sends.slice(2)));
      });

      it('after a position that holds what no send can', async () => {
        const send = await put(UNKNOWN);
        const after = { time: send.startedAtMs * 1000, sendId: '\0' };
        expect(sendIdsOf(await store.unresolvedSends(5, after))).toEqual([send.sendId]);
      });
    });

    describe('tells the rivals of a send', () => {
      const MARGIN_MS = 30_000;
      const WINDOW = { startedAtMs: 200_000, leaseUntilMs: 225_000 };
      /** The same number sends both. */
      const from = '+15';
      const message = { ...OUTBOUND, from };
      let send: StoredSend;

      beforeEach(async () => {
        const { sendId } = await put(UNKNOWN, { ...WINDOW, message });
        [send] = (await store.unresolvedSends(1, null)) as [StoredSend];
        expect(send.sendId).toBe(sendId);
      });

      const rivals = async (): Promise<string[]> => sendIdsOf(await store.rivalsOf(send, MARGIN_MS));

      it.each<[string, (fields: Partial<NewSend>) => Promise<NewSend>]>([
        ['is under way', (fields) => put(null, fields)],
        ['is unknown', (fields) => put(UNKNOWN, fields)],
        ['was accepted without an id', (fields) => put(WITHOUT_ID, fields)],
        ['was settled as sent without an id', (fields) => settled(SENT, fields)],
        ['was settled as not sent', (fields) => settled(NOT_SENT, fields)],
      ])('that %s, once', async (_name, make) => {
        const rival = await make({ ...WINDOW, message });
        const stored = await store.rivalsOf(send, MARGIN_MS);
        expect(sendIdsOf(stored)).toEqual([rival.sendId]);
        expect(stored).toMatchObject([{ from, to: OUTBOUND.to, ...WINDOW, message: null }]);
      });

      it('whose windows touch its own when both are wider by the margin', async () => {
        const [first, last] = [200_000 - 2 * MARGIN_MS, 225_000 + 2 * MARGIN_MS];
        const touching = [
          await put(UNKNOWN, { message, startedAtMs: first - 25_000, leaseUntilMs: first }),
          await put(UNKNOWN, { message, startedAtMs: last, leaseUntilMs: last + 25_000 }),
          await put(UNKNOWN, { message, startedAtMs: 0, leaseUntilMs: last + 99_000 }),
        ];
        await put(UNKNOWN, { message, startedAtMs: first - 25_000, leaseUntilMs: first - 1 });
        await put(UNKNOWN, { message, startedAtMs: last + 1, leaseUntilMs: last + 25_000 });
        expect((await rivals()).sort()).toEqual(sendIdsOf(touching).sort());
      });

      it('but none from another number', async () => {
        await put(UNKNOWN, { ...WINDOW, message: { ...message, from: '+159' } });
        await put(null, { ...WINDOW, message: OUTBOUND });
        expect(await rivals()).toEqual([]);
      });

      it('but none whose message is known by its id, and none that was rejected', async () => {
        await put(accepted({ from }), { ...WINDOW, message });
        await put({ status: 'REJECTED' }, { ...WINDOW, message });
        await settled({ ...sentAs('found'), by: 'search' }, { ...WINDOW, message });
        const named = await settled(sentAs('named'), { ...WINDOW, message });
        await store.applyEvent(heard('named', { sendId: named.sendId }), 6_000);
        const told = await put(UNKNOWN, { ...WINDOW, message });
        await store.applyEvent(heard('told', { sendId: told.sendId }), 6_000);
        await store.receive({ ...accepted({ id: 'in', from }).message, direction: 'IN', status: 'RECEIVED' }, 210_000);
        expect(await rivals()).toEqual([]);
      });

      it('that somebody settled with an id, of which upstream told nothing yet', async () => {
        const rival = await settled(sentAs('named'), { ...WINDOW, message });
        expect(await rivals()).toEqual([rival.sendId]);
      });

      it('of any caller, to any recipients', async () => {
        const rival = await put(UNKNOWN, { ...WINDOW, caller: 'b', message: { ...message, to: ['+18'] } });
        expect(await rivals()).toEqual([rival.sendId]);
      });
    });

    describe('finds a send by its key', () => {
      it('whatever its outcome, until it is known not sent', async () => {
        const send = await put(null, { idempotencyKey: 'k' });
        expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, status: 'PENDING' });
        await store.record(send.sendId, UNKNOWN, 2_000);
        expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, status: 'UNKNOWN' });
        const { message } = accepted();
        await store.record(send.sendId, { status: 'ACCEPTED', message }, 3_000);
        expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, message });
        const refused = await put({ status: 'REJECTED' }, { idempotencyKey: 'refused' });
        expect(refused.idempotencyKey).toBe('refused');
        expect(await store.sendByKey('a', 'refused')).toBeNull();
      });

      it('for its caller alone, and for the whole of the key', async () => {
        await put(UNKNOWN, { idempotencyKey: 'k' });
        await put(UNKNOWN);
        expect(await store.sendByKey('b', 'k')).toBeNull();
        expect(await store.sendByKey('a', 'K')).toBeNull();
        expect(await store.sendByKey('a', '')).toBeNull();
        expect(await store.sendByKey('a', "'; DROP TABLE sends; --")).toBeNull();
      });
    });

    describe('keeps', () => {
      it('what an operator needs to know of a send', async () => {
        const send = newSend({ idempotencyKey: 'key-1', requestId: 'request-1', caller: 'shop', leaseUntilMs: 26_000 });
        const message = { ...OUTBOUND, to: ['+16', '+17'], tag: 'red' };
        await store.claim({ ...send, message });
        await store.record(send.sendId, { status: 'UNKNOWN', lastSeen: 'HTTP 502, ECONNRESET' }, 2_000);
        expect(await store.unresolvedSends(5, null)).toEqual([
          {
            sendId: send.sendId,
            caller: 'shop',
            keyHash: createHash('sha256').update('key-1').digest('hex'),
            requestId: 'request-1',
            fingerprint: 'f',
            status: 'UNKNOWN',
            from: OUTBOUND.from,
            to: ['+16', '+17'],
            tag: 'red',
            startedAtMs: 1_000,
            leaseUntilMs: 26_000,
            updatedAtMs: 2_000,
            lastSeen: 'HTTP 502, ECONNRESET',
            settledBy: null,
            message: null,
          },
        ]);
      });

      it('what was last seen of a send, whatever its outcome, and nothing where nobody saw it', async () => {
        const lastSeen = async (key: string): Promise<string | null | undefined> => (await holderOf(key))?.lastSeen;
        await put({ ...accepted(), lastSeen: 'HTTP 202' }, { idempotencyKey: 'accepted' });
        await put({ ...WITHOUT_ID, lastSeen: 'HTTP 200' }, { idempotencyKey: 'without id' });
        await put(null, { idempotencyKey: 'abandoned', leaseUntilMs: 100 });
        expect(await store.expireLeases(150)).toBe(1);
        expect([await lastSeen('accepted'), await lastSeen('without id')]).toEqual(['HTTP 202', 'HTTP 200']);
        expect(await holderOf('abandoned')).toMatchObject({ status: 'UNKNOWN', lastSeen: null, updatedAtMs: 100 });
        const keyless = await put(UNKNOWN, { startedAtMs: 9_000 });
        expect((await store.unresolvedSends(9, null)).at(-1)).toMatchObject({ sendId: keyless.sendId, keyHash: null });
      });

      it('what a message says of its priority, its end and its pair', async () => {
        const fields = { priority: 'HIGH', expiresAt: 1_900_000_000_123_456, pairedMessageId: 'pair' } as const;
        await put(accepted({ id: 'said', ...fields }));
        expect(await store.messagesById(['said'])).toMatchObject([fields]);
        await put(accepted({ id: 'unsaid' }), { message: { ...OUTBOUND, ...fields } });
        const none = { priority: null, expiresAt: null, pairedMessageId: null };
        expect(await store.messagesById(['unsaid'])).toMatchObject([none]);
      });

      it('what was asked of a message whose answer was lost', async () => {
        const fields = { priority: 'DEFAULT', expiresAt: 1_900_000_000_123_456 } as const;
        await settled(sentAs('settled'), { message: { ...OUTBOUND, ...fields } });
        const told = await put(UNKNOWN, { message: { ...OUTBOUND, ...fields } });
        const { message } = heard('told');
        const event = heard('told', { sendId: told.sendId, message: { ...message, pairedMessageId: 'pair' } });
        await store.applyEvent(event, 6_000);
        expect(await store.messagesById(['settled', 'told'])).toMatchObject([
          { ...fields, pairedMessageId: null },
          { ...fields, pairedMessageId: 'pair' },
        ]);
      });

      it('the pair of a message that its callbacks tell first, and not another one later', async () => {
        await put(accepted({ id: 'm' }));
        const { message } = heard('m');
        for (const pairedMessageId of [null, 'first', 'second', null]) {
          await store.applyEvent(heard('m', { message: { ...message, pairedMessageId } }), 6_000);
        }
        expect(await store.messagesById(['m'])).toMatchObject([{ pairedMessageId: 'first' }]);
      });

      it('an event that is no state of a delivery, for people to read', async () => {
        await store.keepEvent({ messageId: 'm', type: 'message-read', body: '{"type":"message-read"}' }, 7_000);
        await store.keepEvent({ messageId: 'm\0', type: 'suggestion-response\0', body: 'a\0b\ud800' }, 8_000);
        const rows = await place.sql('SELECT * FROM other_events ORDER BY received_at');
        expect(rows.map((row) => ({ ...row, received_at: Number(row.received_at) }))).toEqual([
          { message_id: 'm', type: 'message-read', body: '{"type":"message-read"}', received_at: 7_000 },
          { message_id: 'm', type: 'suggestion-response', body: 'ab\ufffd', received_at: 8_000 },
        ]);
      });
    });

    describe('keeps the key of correlations', () => {
      const keyOf = (byte: number): Buffer => Buffer.alloc(32, byte);

      it('as the first one gave it', async () => {
        expect(await store.correlationKey(keyOf(0))).toEqual(keyOf(0));
        expect(await store.correlationKey(keyOf(1))).toEqual(keyOf(0));
      });

      it('the same for all that ask at once over two connections, and for those that come later', async () => {
        const another = await openAnother();
        const keys = await Promise.all(
          Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store : another).correlationKey(keyOf(index))),
        );
        const [first] = keys as [Buffer];
        expect(first).toHaveLength(32);
        for (const key of keys) expect(key).toEqual(first);
        expect(await (await openAnother()).correlationKey(keyOf(99))).toEqual(first);
      });
    });
  });
}
