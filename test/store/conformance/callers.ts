/** What belongs to one caller is not shown to another. */
import { EVERYBODY, type Own } from '../../../src/messaging/caller.js';
import type { Message } from '../../../src/messaging/message.js';
import type { MessageFilter, MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { heard, idsOf, newSend, NO_FILTER, own, pages, put, receive } from '../sends.js';
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
      expect(await store.messagesById([mine.id, theirs.id], own('me'))).toEqual([mine, null]);
      expect(await store.messagesById([mine.id, theirs.id], EVERYBODY)).toEqual([mine, theirs]);
      expect(idsOf(await pages(store, 5, { caller: own('me') }))).toEqual([mine.id]);
      expect(idsOf(await pages(store, 5, { caller: own('me'), to: OUTBOUND.to[0] ?? '' }))).toEqual([mine.id]);
    });

    it('keeps callers apart by each filter', async () => {
      const same = { from: '+15', to: ['+16', '+17'], tag: 'red' };
      const mine = await put(store, same, { caller: 'me' });
      await put(store, same, { caller: 'them' });
      for (const filter of [{ from: '+15' }, { to: '+17' }, { tag: 'red' }, { statuses: ['ACCEPTED' as const] }]) {
        expect(idsOf(await pages(store, 1, { caller: own('me'), ...filter }))).toEqual([mine.id]);
        expect(await pages(store, 1, filter)).toHaveLength(2);
      }
    });

    it('keeps callers apart when only a callback brings the message', async () => {
      const send = newSend({ caller: 'me' });
      await store.claim(send);
      await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      await store.take(heard('found', { sendId: send.sendId }), 3_000);
      const filter = { caller: own('me'), to: OUTBOUND.to[0] ?? '' };
      expect(idsOf(await pages(store, 1, filter))).toEqual(['found']);
      expect(await pages(store, 1, { ...filter, caller: own('them') })).toEqual([]);
    });

    it('shows the messages of a number, in and out, to every caller that has it, each once', async () => {
      const mine = await put(store, { from: '+15', to: ['+19'] }, { caller: 'me' });
      const colleagues = await put(store, { from: '+15', to: ['+19'], tag: 'red' }, { caller: 'colleague' });
      const other = await put(store, { from: '+16', to: ['+19'] }, { caller: 'me' });
      const foreign = await put(store, { from: '+17', to: ['+19'] }, { caller: 'colleague' });
      const inbound = await receive(store, { from: '+19', to: ['+15'], owner: '+15' });
      const unowned = await receive(store, { from: '+19', to: ['+15'], owner: null });
      const all = [mine, colleagues, other, foreign, inbound, unowned];
      const seen = async (caller: Own): Promise<Message[]> => {
        const byId = await store.messagesById(idsOf(all), caller);
        const listed = await pages(store, 2, { caller });
        expect(idsOf(listed).reverse()).toEqual(idsOf(byId.filter((message) => message !== null)));
        expect(await store.countMessages({ ...NO_FILTER, caller }, 100)).toBe(listed.length);
        return listed.reverse();
      };
      expect(await seen(own('me', '+15'))).toEqual([mine, colleagues, other, inbound]);
      expect(await seen(own('stranger', '+15'))).toEqual([mine, colleagues, inbound]);
      expect(await seen(own('stranger', '+15', '+17'))).toEqual([mine, colleagues, foreign, inbound]);
      expect(await seen(own('stranger', '+19'))).toEqual([]);
      expect(await seen(own('me'))).toEqual([mine, other]);
      const listed = async (filter: Partial<MessageFilter>): Promise<string[]> =>
        idsOf(await pages(store, 1, { caller: own('stranger', '+15'), ...filter }));
      expect(await listed({ to: '+19' })).toEqual(idsOf([colleagues, mine]));
      expect(await listed({ from: '+19' })).toEqual([inbound.id]);
      expect(await listed({ participant: '+17' })).toEqual([]);
      expect(await listed({ tag: 'red' })).toEqual([colleagues.id]);
      expect(await listed({ statuses: ['RECEIVED'] })).toEqual([inbound.id]);
      expect(await listed({ ids: idsOf(all) })).toEqual(idsOf([inbound, colleagues, mine]));
    });

    it('shows the messages of a hundred numbers in one list, the newest first', async () => {
      const numbers = Array.from({ length: 100 }, (_, index) => `+1${200 + index}`);
      const expected: string[] = [];
      for (const [index, from] of [...numbers, ...numbers.slice(0, 20)].entries()) {
        const { id } = await put(store, { from, time: 1_000 + ((index * 37) % 101) }, { caller: 'colleague' });
        if (index < 3) await store.take(heard(id), 3_000);
        expected.push(id);
      }
      const caller = own('me', ...numbers);
      const listed = await pages(store, 7, { caller });
      expect(idsOf(listed).sort()).toEqual(expected.sort());
      expect(idsOf(listed)).toEqual(idsOf(await pages(store, 100)));
    });

    it('keeps callers apart when upstream gave both the same id', async () => {
      const mine = await put(store, { id: 'same', time: 1 }, { caller: 'me' });
      await put(store, { id: 'same', time: 2 }, { caller: 'them' });
      expect(await store.messagesById(['same'], own('me'))).toEqual([mine]);
    });
  });
}
