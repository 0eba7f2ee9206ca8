/** What a subscriber reads of the feed, with a store that holds what the test says. */
import { EVERYBODY, type Whose } from '../../src/messaging/caller.js';
import type { Message } from '../../src/messaging/message.js';
import { MessageFeed } from '../../src/messaging/message-feed.js';
import type { MessageStore, StoreChange } from '../../src/messaging/ports.js';
import { accepted, own } from '../store/sends.js';
import { quiet } from '../support/waiting.js';

describe('a subscriber', () => {
  let messages: Map<string, Message>;
  let asked: { ids: readonly string[]; caller: Whose }[];
  let listeners: Set<(change: StoreChange) => void>;
  let feed: MessageFeed;

  beforeEach(() => {
    messages = new Map();
    asked = [];
    listeners = new Set();
    feed = new MessageFeed({
      messagesById(ids: readonly string[], caller: Whose) {
        asked.push({ ids, caller });
        return Promise.resolve(ids.map((id) => messages.get(id) ?? null));
      },
      onChange(listener: (change: StoreChange) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    } as unknown as MessageStore);
  });

  const put = (id: string, fields: Partial<Message> = {}): void => {
    messages.set(id, { ...accepted({ id }).message, ...fields });
  };
  const tell = (change: StoreChange): void => {
    for (const listener of listeners) listener(change);
  };
  /** What it has read by now; `waiting` where nothing came. */
  const readBy = async (reading: Promise<IteratorResult<Message, unknown>>): Promise<unknown> => {
    const nothing = quiet().then(() => 'waiting');
    const result = await Promise.race([reading, nothing]);
    if (typeof result === 'string') return result;
    return result.done === true ? 'done' : [result.value.id, result.value.status];
  };

  describe('to one message', () => {
    it('gets only that message, and only when it changed', async () => {
      put('m1');
      put('m2');
      const updates = feed.updates('m1', own('shop'));
      expect(await readBy(updates.next())).toEqual(['m1', 'ACCEPTED']);
      const next = updates.next();
      tell({ kind: 'updated', messageId: 'm2' });
      tell({ kind: 'received', messageId: 'm2' });
      expect(await readBy(next)).toBe('waiting');
      expect(asked).toEqual([{ ids: ['m1'], caller: own('shop') }]);
      // It was touched, and is the same.
      tell({ kind: 'updated', messageId: 'm1' });
      expect(await readBy(next)).toBe('waiting');
      expect(asked).toHaveLength(2);
      put('m1', { status: 'SENDING' });
      tell({ kind: 'updated', messageId: 'm1' });
      expect(await readBy(next)).toEqual(['m1', 'SENDING']);
    });

    it.each(['DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED'] as const)(
      'ends after the state %s, and listens no longer',
      async (status) => {
        put('m1', { status });
        const updates = feed.updates('m1', EVERYBODY);
        expect(await readBy(updates.next())).toEqual(['m1', status]);
        expect(await readBy(updates.next())).toBe('done');
        expect(listeners.size).toBe(0);
      },
    );

    it('is refused once the message is gone, and then no longer listens', async () => {
      put('m1');
      const updates = feed.updates('m1', EVERYBODY);
      await updates.next();
      messages.clear();
      tell({ kind: 'missed' });
      await expect(updates.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(listeners.size).toBe(0);
    });

    it('can be read by a loop, and left in the middle of it', async () => {
      put('m1');
      const updates = feed.updates('m1', EVERYBODY);
      for await (const message of updates) {
        expect(message.id).toBe('m1');
        break;
      }
      expect(listeners.size).toBe(0);
      expect(await readBy(updates.next())).toBe('done');
    });
  });

  describe('to what comes in', () => {
    it('gets every message that came in, in order, and no other change', async () => {
      put('m1', { status: 'RECEIVED' });
      put('m2', { status: 'RECEIVED' });
      const received = feed.received(null, EVERYBODY);
      tell({ kind: 'updated', messageId: 'm2' });
      tell({ kind: 'received', messageId: 'm1' });
      tell({ kind: 'received', messageId: 'm2' });
      expect(await readBy(received.next())).toEqual(['m1', 'RECEIVED']);
      expect(await readBy(received.next())).toEqual(['m2', 'RECEIVED']);
      expect(await readBy(received.next())).toBe('waiting');
    });

    it('skips a message that is gone', async () => {
      put('m2', { status: 'RECEIVED' });
      const received = feed.received(null, EVERYBODY);
      tell({ kind: 'received', messageId: 'm1' });
      tell({ kind: 'received', messageId: 'm2' });
      expect(await readBy(received.next())).toEqual(['m2', 'RECEIVED']);
    });

    it.each<[string, Partial<Message>, boolean]>([
      ['whose owner is the number', { owner: '+17', to: ['+16', '+17'] }, true],
      ['whose owner is another of its recipients', { owner: '+16', to: ['+16', '+17'] }, false],
      ['without an owner, to the number', { owner: null, to: ['+16', '+17'] }, true],
      ['without an owner, to others', { owner: null, to: ['+16'] }, false],
    ])('for one number gets a message %s: %#', async (_name, fields, isFor) => {
      put('m1', fields);
      put('last', { owner: '+17' });
      const received = feed.received('+17', EVERYBODY);
      tell({ kind: 'received', messageId: 'm1' });
      tell({ kind: 'received', messageId: 'last' });
      expect(await readBy(received.next())).toEqual([isFor ? 'm1' : 'last', 'ACCEPTED']);
    });

    const own = (...numbers: string[]): Whose => ({ caller: 'shop', numbers });
    it.each<[string, Whose, Partial<Message>, boolean]>([
      ['to its number', own('+16', '+17'), { owner: '+17' }, true],
      ['to another number', own('+16', '+18'), { owner: '+17' }, false],
      ['to another number, beside its own', own('+16'), { owner: '+17', to: ['+16', '+17'] }, false],
      ['from its number', own('+16'), { owner: '+17', from: '+16' }, false],
      ['that belongs to no number', own('+17'), { owner: null, to: ['+17'] }, false],
      ['for a caller without numbers', own(), { owner: '+17' }, false],
      ['for everybody', EVERYBODY, { owner: null, to: ['+17'] }, true],
    ])('gets a message only if it may be seen: %s', async (_name, whose, fields, isSeen) => {
      put('m1', { direction: 'IN', status: 'RECEIVED', ...fields });
      const received = feed.received(null, whose);
      tell({ kind: 'received', messageId: 'm1' });
      expect(await readBy(received.next())).toEqual(isSeen ? ['m1', 'RECEIVED'] : 'waiting');
    });

    it('reads a message once for all subscribers that hear of it, whatever their numbers', async () => {
      put('m1', { direction: 'IN', status: 'RECEIVED', owner: '+17' });
      const callers: Whose[] = [own('+17'), own('+16'), EVERYBODY];
      const some = callers.map((whose) => feed.received(null, whose).next());
      tell({ kind: 'received', messageId: 'm1' });
      expect(await Promise.all(some.map(readBy))).toEqual([['m1', 'RECEIVED'], 'waiting', ['m1', 'RECEIVED']]);
      expect(asked).toEqual([{ ids: ['m1'], caller: EVERYBODY }]);
      // It is not remembered.
      tell({ kind: 'received', messageId: 'm1' });
      await quiet();
      expect(asked).toHaveLength(2);
    });

    it('may fall a thousand messages behind, and no further', async () => {
      put('m', { status: 'RECEIVED' });
      const [slow, slower] = [feed.received(null, EVERYBODY), feed.received(null, EVERYBODY)];
      for (let index = 0; index < 1_000; index++) tell({ kind: 'received', messageId: 'm' });
      expect(await readBy(slow.next())).toEqual(['m', 'RECEIVED']);
      tell({ kind: 'received', messageId: 'm' });
      expect(await readBy(slow.next())).toEqual(['m', 'RECEIVED']);
      // What waited for the slower one is not read out first: it has missed something already.
      await expect(slower.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_LOST' });
    });

    it('ends at once when something was missed, although messages wait', async () => {
      put('m1', { status: 'RECEIVED' });
      const received = feed.received(null, EVERYBODY);
      tell({ kind: 'received', messageId: 'm1' });
      tell({ kind: 'missed' });
      await expect(received.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_LOST' });
      expect(listeners.size).toBe(0);
    });

    it('ends when it is left, whether or not it waits', async () => {
      const [waiting, idle] = [feed.received(null, EVERYBODY), feed.received(null, EVERYBODY)];
      const next = waiting.next();
      await waiting.return?.();
      expect(await readBy(next)).toBe('done');
      await idle.return?.();
      expect(await readBy(idle.next())).toBe('done');
      expect(listeners.size).toBe(0);
    });
  });
});
