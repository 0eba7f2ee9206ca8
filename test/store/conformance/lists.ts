/** How messages are found by id, and listed. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { Message } from '../../../src/messaging/message.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { firstOf, idsOf, newSend, NO_FILTER, pages, put } from '../sends.js';
import type { Opened } from './opened.js';

export function describeLists(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });

  describe('lists', () => {
    it('finds messages by id, in the order asked for, with nulls and repetitions', async () => {
      const [a, b] = [await put(store), await put(store)];
      expect(await store.messagesById([b.id, 'none', a.id, b.id], EVERYBODY)).toEqual([b, null, a, b]);
      expect(await store.messagesById(["'; DROP TABLE sends; --", 'a\0b'], EVERYBODY)).toEqual([null, null]);
      expect(await store.messagesById([], EVERYBODY)).toEqual([]);
    });

    it('finds the newest of the messages to which upstream gave the same id', async () => {
      await put(store, { id: 'same', time: 1 });
      const newest = await put(store, { id: 'same', time: 3 });
      await put(store, { id: 'same', time: 2 });
      expect(await store.messagesById(['same'], EVERYBODY)).toEqual([newest]);
    });

    it('lists messages newest first, in pages of any size, also when their times are equal', async () => {
      const messages: Message[] = [];
      for (let index = 0; index < 25; index++) messages.push(await put(store, { time: 100 + Math.floor(index / 5) }));
      const expected = idsOf(messages).reverse();
      for (const size of [1, 2, 7, 25, 100]) expect(idsOf(await pages(store, size))).toEqual(expected);
    });

    it('lists messages in pages that stay the same while new messages arrive', async () => {
      for (let index = 0; index < 10; index++) await put(store, { time: index });
      const whole = idsOf(await pages(store, 100));
      const [first, second] = [(await store.listMessages(NO_FILTER, firstOf(4))).listed, whole.slice(4)];
      for (let index = 10; index < 15; index++) await put(store, { time: index });
      const rest = (await store.listMessages(NO_FILTER, firstOf(100, first.at(-1)?.position))).listed;
      expect(rest.map(({ message }) => message.id)).toEqual(second);
    });

    it('lists messages by each filter, and by all of them together', async () => {
      const wanted = await put(store, { from: '+15', to: ['+16', '+17'], tag: 'red', time: 500 });
      await put(store, { from: '+15', to: ['+18'], tag: 'blue', time: 600 });
      await put(store, { from: '+19', to: ['+16'], tag: null, time: 400 });
      expect(await pages(store, 1, { from: '+15' })).toHaveLength(2);
      expect(await pages(store, 1, { to: '+16' })).toHaveLength(2);
      expect(idsOf(await pages(store, 1, { to: '+17' }))).toEqual([wanted.id]);
      expect(idsOf(await pages(store, 1, { tag: 'red' }))).toEqual([wanted.id]);
      expect(await pages(store, 1, { statuses: ['ACCEPTED'] })).toHaveLength(3);
      expect(await pages(store, 1, { statuses: ['DELIVERED'] })).toEqual([]);
      expect(idsOf(await pages(store, 1, { since: 500, until: 600 }))).toEqual([wanted.id]);
      expect(await pages(store, 1, { since: 500 })).toHaveLength(2);
      expect(await pages(store, 1, { until: 500 })).toHaveLength(1);
      const all = { from: '+15', to: '+16', statuses: ['ACCEPTED'], tag: 'red', since: 1, until: 501 } as const;
      expect(idsOf(await pages(store, 1, all))).toEqual([wanted.id]);
      expect(await pages(store, 1, { to: "'; DROP TABLE recipients; --" })).toEqual([]);
    });

    it('lists messages after a position, whatever time limit is given as well', async () => {
      for (let time = 1; time <= 6; time++) await put(store, { time });
      const [, at5] = (await store.listMessages(NO_FILTER, firstOf(2))).listed;
      const timesBelow = async (until: number): Promise<number[]> =>
        (await store.listMessages({ ...NO_FILTER, until }, firstOf(9, at5?.position))).listed.map(
          ({ message }) => message.time,
        );
      expect(await timesBelow(6)).toEqual([4, 3, 2, 1]);
      expect(await timesBelow(5)).toEqual([4, 3, 2, 1]);
      expect(await timesBelow(3)).toEqual([2, 1]);
    });

    it('lists no messages by a value that none can hold', async () => {
      await put(store, { tag: 'a', to: ['+16'] });
      for (const filter of [{ tag: 'a\0' }, { to: '+16\0' }, { from: `${OUTBOUND.from}\0` }]) {
        expect(await pages(store, 5, filter)).toStrictEqual([]);
      }
      await expect(store.listMessages(NO_FILTER, firstOf(5, { time: 5, sendId: 'x\0' }))).resolves.toBeDefined();
    });

    it('lists a message once, even if the answer names a recipient twice', async () => {
      const message = await put(store, { to: ['+16', '+16'] });
      expect(idsOf(await pages(store, 5, { to: '+16' }))).toEqual([message.id]);
    });

    it('lists no message whose id is not known', async () => {
      await store.claim(newSend());
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, { status: 'ACCEPTED', message: null }, 2_000);
      expect(await pages(store, 5)).toEqual([]);
    });
  });
}
