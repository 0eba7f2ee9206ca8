/** What belongs to one caller is not shown to another. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { heard, idsOf, newSend, pages, put } from '../sends.js';
import type { Opened } from './opened.js';

export function describeCallers(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });

  describe('callers', () => {
    it('keeps callers apart by id and in the list', async () => {
      const mine = await put(store, {}, { caller: 'me' });
      const theirs = await put(store, {}, { caller: 'them' });
      expect(await store.messagesById([mine.id, theirs.id], 'me')).toEqual([mine, null]);
      expect(await store.messagesById([mine.id, theirs.id], EVERYBODY)).toEqual([mine, theirs]);
      expect(idsOf(await pages(store, 5, { caller: 'me' }))).toEqual([mine.id]);
      expect(idsOf(await pages(store, 5, { caller: 'me', to: OUTBOUND.to[0] ?? '' }))).toEqual([mine.id]);
    });

    it('keeps callers apart by each filter', async () => {
      const same = { from: '+15', to: ['+16', '+17'], tag: 'red' };
      const mine = await put(store, same, { caller: 'me' });
      await put(store, same, { caller: 'them' });
      for (const filter of [{ from: '+15' }, { to: '+17' }, { tag: 'red' }, { statuses: ['ACCEPTED' as const] }]) {
        expect(idsOf(await pages(store, 1, { caller: 'me', ...filter }))).toEqual([mine.id]);
        expect(await pages(store, 1, filter)).toHaveLength(2);
      }
    });

    it('keeps callers apart when only a callback brings the message', async () => {
      const send = newSend({ caller: 'me' });
      await store.claim(send);
      await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      await store.take(heard('found', { sendId: send.sendId }), 3_000);
      const filter = { caller: 'me', to: OUTBOUND.to[0] ?? '' };
      expect(idsOf(await pages(store, 1, filter))).toEqual(['found']);
      expect(await pages(store, 1, { ...filter, caller: 'them' })).toEqual([]);
    });

    it('keeps callers apart when upstream gave both the same id', async () => {
      const mine = await put(store, { id: 'same', time: 1 }, { caller: 'me' });
      await put(store, { id: 'same', time: 2 }, { caller: 'them' });
      expect(await store.messagesById(['same'], 'me')).toEqual([mine]);
    });
  });
}
