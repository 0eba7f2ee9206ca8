/** The feed that subscriptions read, with a real store behind it. */
import { EVERYBODY } from '../../src/messaging/caller.js';
import { openDeliveries } from '../../src/messaging/delivery.js';
import type { Message } from '../../src/messaging/message.js';
import { MessageFeed } from '../../src/messaging/message-feed.js';
import type { MessageStore, StoreChange } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend } from '../store/sends.js';
import { replacing } from '../support/replacing.js';

describe('the feed', () => {
  let store: MessageStore;
  let feed: MessageFeed;
  /** Tells all who listen, as if another instance had. */
  let tell: (change: StoreChange) => void;
  let listening: number;
  /** Whether the store's own changes are not announced, as while its connection is away. */
  let isDeaf: boolean;

  beforeEach(async () => {
    const real = await openStore({ databaseUrl: null, file: ':memory:' });
    const listeners = new Set<(change: StoreChange) => void>();
    listening = 0;
    isDeaf = false;
    tell = (change) => {
      for (const listener of listeners) listener(change);
    };
    store = real;
    feed = new MessageFeed(
      replacing(real, {
        onChange(listener) {
          listeners.add(listener);
          listening += 1;
          const stop = real.onChange((change) => {
            if (!isDeaf) listener(change);
          });
          return () => {
            if (listeners.delete(listener)) listening -= 1;
            stop();
          };
        },
      }),
    );
  });
  afterEach(() => store.close());

  async function sent(): Promise<Message> {
    const send = newSend();
    const resolution = accepted();
    await store.claim(send);
    await store.record(send.sendId, resolution, 1);
    return resolution.message;
  }

  async function deliver({ id, to }: Message, status: 'SENDING' | 'DELIVERED'): Promise<void> {
    const message = { time: 1, owner: null, segmentCount: null, pairedMessageId: null };
    await store.take(
      {
        kind: 'delivery',
        event: { messageId: id, sendId: null, to: to[0] ?? null, status, time: 1, errorCode: null, message },
      },
      1,
    );
  }

  const inbound = (id: string): Message => ({
    ...accepted({ id }).message,
    direction: 'IN',
    status: 'RECEIVED',
    deliveries: [],
  });

  it('of a message begins with its present state, yields every change, and ends with the last', async () => {
    const message = await sent();
    const updates = feed.updates(message.id, EVERYBODY);
    expect((await updates.next()).value).toEqual(message);
    const next = updates.next();
    await deliver(message, 'SENDING');
    expect((await next).value).toMatchObject({ status: 'SENDING' });
    await deliver(message, 'SENDING');
    await deliver(message, 'DELIVERED');
    expect((await updates.next()).value).toMatchObject({ status: 'DELIVERED' });
    expect((await updates.next()).done).toBe(true);
    expect(listening).toBe(0);
  });

  it('of a message gives a slow reader the latest state, with one change waiting however many there were', async () => {
    const message = await sent();
    const updates = feed.updates(message.id, EVERYBODY);
    await updates.next();
    for (let change = 0; change < 10_000; change++) tell({ kind: 'updated', messageId: message.id });
    await deliver(message, 'DELIVERED');
    expect((await updates.next()).value).toMatchObject({ status: 'DELIVERED' });
  });

  it('of a message looks again when changes were missed', async () => {
    const message = await sent();
    const updates = feed.updates(message.id, EVERYBODY);
    await updates.next();
    const next = updates.next();
    isDeaf = true;
    await store.take(
      {
        kind: 'delivery',
        event: {
          messageId: message.id,
          sendId: null,
          to: null,
          status: 'DELIVERED',
          time: 1,
          errorCode: null,
          message: { time: 1, owner: null, segmentCount: null, pairedMessageId: null },
        },
      },
      1,
    );
    tell({ kind: 'missed' });
    expect((await next).value).toMatchObject({
      status: 'DELIVERED',
      deliveries: [{ ...openDeliveries(message.to)[0], status: 'DELIVERED', time: 1 }],
    });
  });

  it('of an unknown message is refused', async () => {
    await expect(feed.updates('nobody', EVERYBODY).next()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['id'], code: 'UNKNOWN_MESSAGE' }],
    });
    expect(listening).toBe(0);
  });

  it('can be left while it waits', async () => {
    const message = await sent();
    const updates = feed.updates(message.id, EVERYBODY);
    await updates.next();
    const waiting = updates.next();
    await updates.return?.();
    expect((await waiting).done).toBe(true);
    expect(listening).toBe(0);
  });

  it('of incoming messages is for all numbers or for one', async () => {
    const [all, one] = [feed.received(null, EVERYBODY), feed.received('+17', EVERYBODY)];
    const firsts = [all.next(), one.next()];
    await store.take({ kind: 'received', message: inbound('a') }, 1);
    // Another of the numbers that it went to has this one.
    await store.take({ kind: 'received', message: { ...inbound('b'), to: ['+17', '+18'], owner: '+18' } }, 1);
    await store.take({ kind: 'received', message: { ...inbound('c'), to: ['+17', '+18'], owner: '+17' } }, 1);
    expect((await Promise.all(firsts)).map(({ value }) => (value as Message).id)).toEqual(['a', 'c']);
    for (const id of ['b', 'c']) expect(((await all.next()).value as Message).id).toBe(id);
    await all.return?.();
    await one.return?.();
  });

  it('of incoming messages is cut off when its reader is too slow, or when something was missed', async () => {
    const slow = feed.received(null, EVERYBODY);
    for (let index = 0; index <= 1_000; index++) tell({ kind: 'received', messageId: `m${index}` });
    await expect(slow.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_LOST', retryable: true });
    const interrupted = feed.received(null, EVERYBODY);
    const next = interrupted.next();
    tell({ kind: 'missed' });
    await expect(next).rejects.toMatchObject({ code: 'SUBSCRIPTION_LOST' });
    expect(listening).toBe(0);
  });
});
