/** The sends with an unknown outcome, and their rivals. */
import type { MessageStore, NewSend, Position, StoredSend } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, REJECTED } from '../sends.js';
import type { Opened } from './opened.js';
import { NOT_SENT, SENT, sentAs, sendIdsOf, SETTLEMENTS, UNKNOWN, WITHOUT_ID, settling } from './settling.js';

export function describeUnresolved(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });
  const { put, settled } = settling(opened);

  describe('the unresolved sends', () => {
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

    it('lists unresolved sends oldest first in pages of any size, also when they began at the same time', async () => {
      const sends: NewSend[] = [];
      for (const startedAtMs of [3_000, 1_000, 1_000, 2_000, 1_000, 2_000, 1_000]) {
        sends.push(await put(sends.length % 2 === 0 ? UNKNOWN : WITHOUT_ID, { startedAtMs }));
      }
      const byAge = sends.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.sendId < b.sendId ? -1 : 1));
      for (const size of [1, 2, 3, 7, 100]) expect(await pages(size)).toEqual(sendIdsOf(byAge));
    });

    it('lists no send as unresolved that is under way, known or settled', async () => {
      await put(null);
      await put(accepted());
      await put(REJECTED);
      for (const [, settlement] of SETTLEMENTS) await settled(settlement);
      const open = await put(UNKNOWN);
      expect(sendIdsOf(await store.unresolvedSends(100, null))).toEqual([open.sendId]);
    });

    it('lists unresolved sends after a position whose own send was settled meanwhile', async () => {
      const sends: NewSend[] = [];
      for (let index = 0; index < 4; index++) sends.push(await put(UNKNOWN));
      const page = await store.unresolvedSends(2, null);
      for (const { sendId } of page) await store.settle(sendId, SENT, 5_000);
      const [, last] = page as [StoredSend, StoredSend];
      expect(sendIdsOf(await store.unresolvedSends(2, positionOf(last)))).toEqual(sendIdsOf(sends.slice(2)));
      expect(sendIdsOf(await store.unresolvedSends(2, null))).toEqual(sendIdsOf(sends.slice(2)));
    });

    it('lists unresolved sends after a position that no send can have', async () => {
      const send = await put(UNKNOWN);
      const after = { time: send.startedAtMs * 1000, sendId: '\0' };
      expect(sendIdsOf(await store.unresolvedSends(5, after))).toEqual([send.sendId]);
    });
  });

  describe('rivals', () => {
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
    ])('finds a rival that %s, once', async (_name, make) => {
      const rival = await make({ ...WINDOW, message });
      const stored = await store.rivalsOf(send, MARGIN_MS);
      expect(sendIdsOf(stored)).toEqual([rival.sendId]);
      expect(stored).toMatchObject([{ from, to: OUTBOUND.to, ...WINDOW, message: null }]);
    });

    it('finds rivals whose windows touch when both are wider by the margin', async () => {
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

    it('finds no rival from another number', async () => {
      await put(UNKNOWN, { ...WINDOW, message: { ...message, from: '+159' } });
      await put(null, { ...WINDOW, message: OUTBOUND });
      expect(await rivals()).toEqual([]);
    });

    it('finds no rival whose message is known by its id, and none that was rejected', async () => {
      await put(accepted({ from }), { ...WINDOW, message });
      await put(REJECTED, { ...WINDOW, message });
      await settled({ ...sentAs('found'), by: 'search' }, { ...WINDOW, message });
      const named = await settled(sentAs('named'), { ...WINDOW, message });
      await store.take(heard('named', { sendId: named.sendId }), 6_000);
      const told = await put(UNKNOWN, { ...WINDOW, message });
      await store.take(heard('told', { sendId: told.sendId }), 6_000);
      await store.take(
        {
          kind: 'received',
          message: { ...accepted({ id: 'in', from }).message, direction: 'IN', status: 'RECEIVED' },
        },
        210_000,
      );
      expect(await rivals()).toEqual([]);
    });

    it('finds a rival that somebody settled with an id that upstream has not confirmed', async () => {
      const rival = await settled(sentAs('named'), { ...WINDOW, message });
      expect(await rivals()).toEqual([rival.sendId]);
    });

    it('finds rivals of any caller, to any recipients', async () => {
      const rival = await put(UNKNOWN, { ...WINDOW, caller: 'b', message: { ...message, to: ['+18'] } });
      expect(await rivals()).toEqual([rival.sendId]);
    });
  });
}
