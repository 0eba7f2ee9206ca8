/** The order of changes: what a reader that goes on where it stopped must find. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EVERYBODY } from '../../../src/messaging/caller.js';
import { compare, isRead, past } from '../../../src/messaging/change.js';
import type { Change, ChangeCursor, MessageStore, Position, Slice } from '../../../src/messaging/ports.js';
import { accepted, firstOf, heard, newRandom, newSend, put, REJECTED } from '../sends.js';
import type { Opened } from './opened.js';
import { SENT } from './settling.js';

/** What is new since the cursor, and the cursor after it. */
export async function news(
  store: MessageStore,
  cursor: ChangeCursor,
  limit = 100,
): Promise<{ changes: Change[]; cursor: ChangeCursor }> {
  const found = await store.changes(cursor, limit);
  const changes = found.filter((change) => !isRead(cursor, change));
  return { changes, cursor: found.reduce((at, { position }) => past(at, position), cursor) };
}

const idsIn = (changes: readonly Change[]): (string | undefined)[] => changes.map(({ send }) => send.message?.id);

export function describeChanges(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });

  describe('the changes', () => {
    it('begin behind everything that was there', async () => {
      await put(store);
      const cursor = await store.lastChange();
      expect((await news(store, cursor)).changes).toEqual([]);
      const { id } = await put(store);
      expect(idsIn((await news(store, cursor)).changes)).toEqual([id]);
    });

    it('tell each outcome of a send once, and no claim', async () => {
      const cursor = await store.lastChange();
      const sends = Array.from({ length: 4 }, () => newSend());
      const [pending, unknown, rejected, sent] = sends as [(typeof sends)[0], ...typeof sends];
      for (const send of sends) await store.claim(send);
      await store.record(unknown?.sendId ?? '', { status: 'UNKNOWN' }, 2_000);
      await store.record(rejected?.sendId ?? '', REJECTED, 2_000);
      await store.record(sent?.sendId ?? '', accepted(), 2_000);
      const found = await news(store, cursor);
      expect(found.changes.map(({ send }) => [send.sendId, send.status])).toEqual([
        [unknown?.sendId, 'UNKNOWN'],
        [rejected?.sendId, 'REJECTED'],
        [sent?.sendId, 'ACCEPTED'],
      ]);
      expect(found.changes[1]?.send.problem).toEqual(REJECTED.problem);
      await store.expireLeases(pending.leaseUntilMs + 1);
      const later = await news(store, found.cursor);
      expect(later.changes.map(({ send }) => [send.sendId, send.status])).toEqual([[pending.sendId, 'UNKNOWN']]);
      expect((await news(store, later.cursor)).changes).toEqual([]);
    });

    it('tell a message again after each event that says something new, with its latest state', async () => {
      const message = await put(store);
      const { cursor } = await news(store, await store.lastChange());
      await store.take(heard(message.id, { status: 'SENDING', time: 3 }), 3_000);
      const first = await news(store, cursor);
      expect(first.changes.map(({ send }) => send.status)).toEqual(['SENDING']);
      await store.take(heard(message.id, { status: 'SENDING', time: 3 }), 4_000);
      expect((await news(store, first.cursor)).changes).toEqual([]);
      await store.take(heard(message.id, { status: 'DELIVERED', time: 5 }), 5_000);
      // Who was not there for the first event finds the message once.
      expect((await news(store, cursor)).changes.map(({ send }) => send.status)).toEqual(['DELIVERED']);
      const [{ send } = { send: null }] = (await news(store, first.cursor)).changes;
      expect(send?.message?.events).toEqual([
        { to: message.to[0], status: 'SENDING', time: 3, errorCode: null },
        { to: message.to[0], status: 'DELIVERED', time: 5, errorCode: null },
      ]);
    });

    it('tell messages that came in, settlements, and events that were early', async () => {
      const cursor = await store.lastChange();
      const inbound = accepted({ direction: 'IN', status: 'RECEIVED', deliveries: [] }).message;
      await store.take({ kind: 'received', message: inbound }, 1_000);
      await store.take({ kind: 'received', message: inbound }, 1_000);
      const unknown = newSend();
      await store.claim(unknown);
      await store.record(unknown.sendId, { status: 'UNKNOWN' }, 2_000);
      await store.take(heard('early'), 2_500);
      const found = await news(store, cursor);
      expect(found.changes.map(({ send }) => send.status)).toEqual(['RECEIVED', 'UNKNOWN']);
      await store.settle(unknown.sendId, SENT, 3_000);
      await put(store, { id: 'early' });
      const later = await news(store, found.cursor);
      expect(later.changes.map(({ send }) => [send.sendId === unknown.sendId, send.status])).toEqual([
        [true, 'ACCEPTED'],
        [false, 'DELIVERED'],
      ]);
      await store.adoptEarlyEvents(4_000);
      expect((await news(store, later.cursor)).changes).toEqual([]);
    });

    it('tell a claim that was given up', async () => {
      const cursor = await store.lastChange();
      const [stored, lost] = [newSend({ idempotencyKey: 'k1' }), newSend({ idempotencyKey: 'k2' })];
      await store.claim(stored);
      await store.abandon([stored, lost], 2_000);
      const { changes } = await news(store, cursor);
      expect(changes.map(({ send }) => [send.sendId, send.status, send.problem?.code])).toEqual([
        [stored.sendId, 'REJECTED', 'STORE_UNAVAILABLE'],
        [lost.sendId, 'REJECTED', 'STORE_UNAVAILABLE'],
      ]);
    });

    it('come in order, and in pages of any size', async () => {
      const cursor = await store.lastChange();
      const messages = await Promise.all(Array.from({ length: 25 }, () => put(store)));
      for (const size of [1, 3, 25, 100]) {
        const seen: Change[] = [];
        let at = cursor;
        for (;;) {
          const page = await news(store, at, size);
          if (page.changes.length === 0) break;
          seen.push(...page.changes);
          at = page.cursor;
        }
        expect(idsIn(seen).toSorted()).toEqual(messages.map(({ id }) => id).toSorted());
        expect(seen.map(({ position }) => position).toSorted(compare)).toEqual(seen.map(({ position }) => position));
      }
    });

    it('miss and repeat nothing for readers beside writers of two processes', async () => {
      const seed = Date.now() % 100_000;
      const random = newRandom(seed);
      const other = await opened.openAnother();
      const cursor = await store.lastChange();
      const expected = new Map<string, string>();
      const write = async (into: MessageStore): Promise<void> => {
        for (let round = 0; round < 15; round++) {
          const some = await Promise.all(Array.from({ length: 1 + random(4) }, () => put(into)));
          for (const { id } of some) expected.set(id, 'ACCEPTED');
          const chosen = some[random(some.length)];
          if (chosen === undefined || random(2) === 0) continue;
          await into.take(heard(chosen.id), 3_000);
          expected.set(chosen.id, 'DELIVERED');
        }
      };
      const writers = { areBusy: true };
      const writing = Promise.all([write(store), write(other)]).finally(() => {
        writers.areBusy = false;
      });
      const states: string[] = [];
      const last = new Map<string, string>();
      let at = cursor;
      for (let wereBusy = true; wereBusy;) {
        // Reads of SQLite take no turn of the event loop, which the writers need.
        await nextTurn();
        wereBusy = writers.areBusy;
        for (;;) {
          const page = await news(wereBusy ? other : store, at, 1 + random(10));
          at = page.cursor;
          if (page.changes.length === 0) break;
          for (const { send } of page.changes) {
            states.push(`${send.message?.id ?? ''} ${send.status}`);
            last.set(send.message?.id ?? '', send.status);
          }
        }
      }
      await writing;
      expect({ seed, last: [...last].toSorted() }).toEqual({ seed, last: [...expected].toSorted() });
      expect({ seed, repeated: states.length - new Set(states).size }).toEqual({ seed, repeated: 0 });
    });
  });

  describe('the sends', () => {
    it('are found by their ids and by their messages, for whoever asked for them', async () => {
      const mine = newSend();
      const message = await put(store, {}, mine);
      const theirs = newSend({ caller: 'b' });
      await store.claim(theirs);
      const inbound = accepted({ direction: 'IN', status: 'RECEIVED', deliveries: [] }).message;
      await store.take({ kind: 'received', message: inbound }, 1_000);
      const idsOf = async (...args: Parameters<MessageStore['sendsById']>): Promise<(string | undefined)[]> =>
        (await store.sendsById(...args)).map((send) => send?.sendId);
      const ids = [theirs.sendId, 'none\0', mine.sendId, mine.sendId];
      expect(await idsOf('sendId', ids, EVERYBODY)).toEqual([theirs.sendId, undefined, mine.sendId, mine.sendId]);
      expect(await idsOf('sendId', ids, 'a')).toEqual([undefined, undefined, mine.sendId, mine.sendId]);
      expect(await idsOf('messageId', [message.id, inbound.id], EVERYBODY)).toEqual([mine.sendId, undefined]);
      expect(await idsOf('messageId', [message.id], 'b')).toEqual([undefined]);
    });

    it('are found by a key that is held, and by one that was given back', async () => {
      const statusOf = async (caller: string): Promise<unknown> => {
        const send = await store.sendOfKey(caller, 'k');
        return send && [send.sendId, send.status, send.idempotencyKey];
      };
      expect(await statusOf('a')).toBeNull();
      const [first, second, third] = [1, 2, 3].map(() => newSend({ idempotencyKey: 'k' })) as [
        ReturnType<typeof newSend>,
        ReturnType<typeof newSend>,
        ReturnType<typeof newSend>,
      ];
      await store.claim(first);
      expect(await statusOf('a')).toEqual([first.sendId, 'PENDING', 'k']);
      expect(await statusOf('b')).toBeNull();
      await store.record(first.sendId, REJECTED, 2_000);
      expect(await statusOf('a')).toEqual([first.sendId, 'REJECTED', null]);
      await store.claim(second);
      await store.record(second.sendId, REJECTED, 2_000);
      expect(await statusOf('a')).toEqual([second.sendId, 'REJECTED', null]);
      await store.claim(third);
      await store.record(third.sendId, { status: 'UNKNOWN' }, 2_000);
      expect(await statusOf('a')).toEqual([third.sendId, 'UNKNOWN', 'k']);
    });

    it('are found by a key that was freed after its time: its message went out', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      await store.record(send.sendId, accepted(), 2_000);
      expect(await store.purge(2_001, 10)).toBe(1);
      expect(await store.sendByKey('a', 'k')).toBeNull();
      expect(await store.sendOfKey('a', 'k')).toMatchObject({ sendId: send.sendId, status: 'ACCEPTED' });
      expect(await store.sendOfKey('b', 'k')).toBeNull();
    });

    it('are listed without what came in, whatever their ids are', async () => {
      const ids = ['0a', 'im', 'io', 'z'];
      for (const sendId of ids) await store.claim(newSend({ sendId }));
      await store.take({ kind: 'received', message: accepted({ direction: 'IN', status: 'RECEIVED' }).message }, 1_000);
      const listed = async (slice: Partial<Slice>): Promise<string[]> =>
        (await store.listSends({ caller: EVERYBODY, status: null }, { ...firstOf(100), ...slice })).map(
          ({ sendId }) => sendId,
        );
      const newest = ids.toReversed();
      const at = (sendId: string): Position => ({ time: 0, sendId });
      for (const fromEnd of [false, true]) {
        expect(await listed({ fromEnd })).toEqual(newest);
        for (const [after, afterId] of [null, ...newest].entries()) {
          for (const [before, beforeId] of [...newest, null].entries()) {
            const bounds = { after: afterId && at(afterId), before: beforeId && at(beforeId), fromEnd };
            expect(await listed(bounds)).toEqual(newest.slice(after, Math.max(after, before)));
          }
        }
        expect(await listed({ fromEnd, limit: 3 })).toEqual(fromEnd ? newest.slice(1) : newest.slice(0, 3));
      }
    });

    it('are listed newest first, by caller and by state', async () => {
      const sends = Array.from({ length: 9 }, (_, index) => newSend({ caller: index % 2 === 0 ? 'a' : 'b' }));
      const resolutions = [REJECTED, { status: 'UNKNOWN' }, accepted(), { status: 'ACCEPTED', message: null }] as const;
      for (const [index, send] of sends.entries()) {
        await store.claim(send);
        const resolution = resolutions[index % 5];
        if (resolution !== undefined) await store.record(send.sendId, resolution, 2_000);
      }
      await store.take({ kind: 'received', message: accepted({ direction: 'IN', status: 'RECEIVED' }).message }, 1_000);
      const newest = sends.map(({ sendId }) => sendId).toReversed();
      const listed = async (
        caller: 'a' | typeof EVERYBODY,
        status: Parameters<MessageStore['listSends']>[0]['status'],
        slice: Partial<Slice> = {},
      ): Promise<number[]> =>
        (await store.listSends({ caller, status }, { ...firstOf(100), ...slice })).map(({ sendId }) =>
          newest.indexOf(sendId),
        );
      expect(await listed(EVERYBODY, null)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await listed('a', null)).toEqual([0, 2, 4, 6, 8]);
      const at = (index: number): Position => ({ time: 0, sendId: newest[index] ?? '' });
      expect(await listed('a', null, { limit: 2, after: at(2) })).toEqual([4, 6]);
      expect(await listed('a', null, { limit: 2, before: at(6), fromEnd: true })).toEqual([2, 4]);
      expect(await listed(EVERYBODY, null, { limit: 2, fromEnd: true })).toEqual([7, 8]);
      expect(await listed(EVERYBODY, 'REJECTED')).toEqual([3, 8]);
      expect(await listed(EVERYBODY, 'UNKNOWN')).toEqual([2, 7]);
      expect(await listed(EVERYBODY, 'ACCEPTED')).toEqual([0, 1, 5, 6]);
      expect(await listed(EVERYBODY, 'PENDING')).toEqual([4]);
      expect(await listed('a', 'ACCEPTED')).toEqual([0, 6]);
    });
  });
}
