/** What writes do to each other that come together, or one before the other. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore, StoreChange } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, newSend, put } from '../sends.js';
import type { Opened } from './opened.js';

const ORDERS = [
  [1, 2, 3],
  [1, 3, 2],
  [2, 1, 3],
  [2, 3, 1],
  [3, 1, 2],
  [3, 2, 1],
];

export function describeBatches(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });
  const { statusOf } = opened;

  /** Asked before any housekeeping: what is not applied by then was not applied with its write. */
  const statusesOf = async (...ids: string[]): Promise<unknown[]> =>
    (await store.messagesById(ids, EVERYBODY)).map((message) => message?.status ?? null);

  describe('batches', () => {
    it.each([
      ['the record that brings its id', (sendId: string) => store.record(sendId, accepted({ id: 'm' }), 3_000)],
      ['the event that brings its id', (sendId: string) => store.take(heard('m', { sendId, to: null }), 3_000)],
    ])('applies an event that came too early together with %s, at its time', async (_name, bringId) => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      await Promise.all(['m', 'other'].map((id) => store.take(heard(id), 3_000)));
      await bringId(send.sendId);
      expect(await statusesOf('m', 'other')).toEqual(['DELIVERED', null]);
      // Neither the key nor the event that still waits is older than this.
      expect(await store.purge(3_000, 10)).toBe(0);
      expect(await statusOf('k')).toBe('DELIVERED');
      expect(await store.purge(3_001, 10)).toBe(2);
    });

    it('applies events without a correlation beside the one that brings the id, before and after it', async () => {
      const to = ['+16', '+17', '+18'];
      const send = newSend({ message: { ...OUTBOUND, to } });
      await store.claim(send);
      await Promise.all([
        store.take(heard('m', { to: '+16' }), 2_000),
        store.take(heard('m', { to: '+17', sendId: send.sendId }), 2_000),
        store.take(heard('m', { to: '+18' }), 2_000),
      ]);
      expect(await statusesOf('m')).toEqual(['DELIVERED']);
    });

    it('applies an event beside the record that brings its id, before and after it', async () => {
      const sends = [newSend(), newSend()];
      await Promise.all(sends.map((send) => store.claim(send)));
      const [first, second] = sends.map(
        ({ sendId }, index) =>
          () =>
            store.record(sendId, accepted({ id: `m${index}` }), 2_000),
      ) as [() => Promise<void>, () => Promise<void>];
      await Promise.all([first(), store.take(heard('m0'), 2_000), store.take(heard('m1'), 2_000), second()]);
      expect(await statusesOf('m0', 'm1')).toEqual(['DELIVERED', 'DELIVERED']);
    });

    it('applies an event to the newest of the messages with its id, in whatever order they were stored', async () => {
      await Promise.all(ORDERS.flatMap((times) => times.map((time) => put(store, { id: times.join(), time }))));
      await Promise.all(ORDERS.map((times) => store.take(heard(times.join()), 3_000)));
      expect(await statusesOf(...ORDERS.map((times) => times.join()))).toEqual(ORDERS.map(() => 'DELIVERED'));
    });

    it('abandons nothing where there is nothing to abandon', async () => {
      await expect(store.abandon([], 2_000)).resolves.toBeUndefined();
    });
  });

  describe('listeners', () => {
    it('get ids as they are, colons and all, until they stop listening', async () => {
      const unwanted: StoreChange[] = [];
      store.onChange((change) => unwanted.push(change))();
      const change = new Promise((resolve) => store.onChange(resolve));
      const { message } = accepted({ id: ':a::b:', direction: 'IN', status: 'RECEIVED', deliveries: [] });
      await store.take({ kind: 'received', message }, 3_000);
      expect(await change).toEqual({ kind: 'received', messageId: ':a::b:' });
      expect(unwanted).toEqual([]);
    });
  });
}
