/** What is done from time to time: leases, old keys, dead letters. */
import type { OtherEvent } from '../../../src/messaging/callback-event.js';
import type { MessageStore, Resolution } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, newSend, pages, put, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

export function describeHousekeeping(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { statusOf } = opened;

  describe('housekeeping', () => {
    it('turns claims into UNKNOWN once their lease ran out, and counts them', async () => {
      await store.claim(newSend({ idempotencyKey: 'old', leaseUntilMs: 100 }));
      await store.claim(newSend({ idempotencyKey: 'young', leaseUntilMs: 200 }));
      await put(store, {}, { leaseUntilMs: 100 });
      expect(await store.expireLeases(150)).toBe(1);
      expect([await statusOf('old'), await statusOf('young')]).toEqual(['UNKNOWN', 'PENDING']);
      expect(await store.expireLeases(150)).toBe(0);
      expect(await store.expireLeases(Number.MAX_SAFE_INTEGER)).toBe(1);
    });

    it('still takes the outcome of a send whose lease ran out', async () => {
      const send = newSend({ idempotencyKey: 'k', leaseUntilMs: 100 });
      await store.claim(send);
      await store.expireLeases(150);
      await store.record(send.sendId, accepted(), 200);
      expect(await statusOf('k')).toBe('ACCEPTED');
    });

    it('frees old keys in small batches, but none whose outcome is open', async () => {
      for (let index = 0; index < 5; index++) await put(store, {}, { idempotencyKey: `k${index}` });
      const open: [string, Resolution | null][] = [
        ['pending', null],
        ['unknown', { status: 'UNKNOWN' }],
        ['without id', { status: 'ACCEPTED', message: null }],
      ];
      for (const [idempotencyKey, resolution] of open) {
        const send = newSend({ idempotencyKey });
        await store.claim(send);
        if (resolution !== null) await store.record(send.sendId, resolution, 2_000);
      }
      for (let index = 0; index < 2; index++) {
        const send = newSend();
        await store.claim(send);
        await store.record(send.sendId, REJECTED, 2_000);
      }

      expect(await store.purge(2_000, 100)).toBe(0);
      const changes: number[] = [];
      for (let changed = -1; changed !== 0; changes.push(changed)) changed = await store.purge(2_001, 2);
      expect(changes.every((count) => count <= 2)).toBe(true);
      expect(changes.reduce((sum, count) => sum + count)).toBe(7);
      expect(await statusOf('k0')).toBe('free');
      for (const [key] of open) expect(await statusOf(key)).not.toBe('free');
      expect(await pages(store, 100)).toHaveLength(5);
    });

    it('lists unresolved sends, oldest first', async () => {
      const sends = [3, 1, 2].map((startedAtMs) =>
        newSend({ startedAtMs, message: { ...OUTBOUND, tag: `t${startedAtMs}` } }),
      );
      for (const send of sends) await store.claim(send);
      await store.claim(newSend());
      await put(store);
      const [third, first, second] = sends.map(({ sendId }) => sendId) as [string, string, string];
      await store.record(third, { status: 'UNKNOWN' }, 2_000);
      await store.record(first, { status: 'ACCEPTED', message: null }, 2_000);
      await store.record(second, { status: 'UNKNOWN' }, 2_000);
      expect((await store.unresolvedSends(10, null)).map(({ sendId, status, tag }) => [sendId, status, tag])).toEqual([
        [first, 'ACCEPTED', 't1'],
        [second, 'UNKNOWN', 't2'],
        [third, 'UNKNOWN', 't3'],
      ]);
      expect(await store.unresolvedSends(1, null)).toHaveLength(1);
    });

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });

  describe('dead letters', () => {
    const other = (body: string): OtherEvent => ({ messageId: 'm\0', type: 'message-read\0', body });
    const bodies = async (table: 'strange_callbacks' | 'other_events'): Promise<unknown[]> =>
      (await place.sql(`SELECT body FROM ${table} ORDER BY received_at, body`)).map(({ body }) => body);

    it('keeps dead letters with characters that databases refuse, and the claims of their batch', async () => {
      await Promise.all([
        store.take({ kind: 'strange', count: 1, body: 'a\0b\ud800' }, 2_000),
        store.claim(newSend({ idempotencyKey: 'k1' })),
        store.take({ kind: 'other', event: other('c\0d\udc00') }, 2_000),
        store.claim(newSend({ idempotencyKey: 'k2' })),
      ]);
      expect(await bodies('strange_callbacks')).toEqual(['ab\ufffd']);
      expect(await bodies('other_events')).toEqual(['cd\ufffd']);
      expect(await place.sql('SELECT message_id, type FROM other_events')).toEqual([
        { message_id: 'm', type: 'message-read' },
      ]);
      expect([await statusOf('k1'), await statusOf('k2')]).toEqual(['PENDING', 'PENDING']);
    });

    it('keeps so many events of messages that are not known, the newest', async () => {
      for (let index = 1; index <= 5; index++) await store.take(heard(`not ours ${index}`), index * 1_000);
      expect(await store.boundEarlyEvents(2, 2)).toBe(2);
      expect(await store.boundEarlyEvents(2, 2)).toBe(1);
      expect(await store.boundEarlyEvents(2, 2)).toBe(0);
      const left = await place.sql('SELECT message_id FROM early_events ORDER BY received_at');
      expect(left.map(({ message_id }) => message_id)).toEqual(['not ours 4', 'not ours 5']);
    });

    it('keeps dead letters for a time, and deletes them in small batches', async () => {
      for (const [index, received] of [1_000, 2_000, 3_000, 4_000].entries()) {
        await store.take({ kind: 'strange', count: 1, body: `strange ${index}` }, received);
        await store.take({ kind: 'other', event: other(`other ${index}`) }, received);
      }
      expect(await store.purgeDeadLetters(1_000, 100, 10)).toEqual({ expired: 0, crowdedOut: 0 });
      expect(await store.purgeDeadLetters(3_000, 100, 3)).toEqual({ expired: 3, crowdedOut: 0 });
      expect(await store.purgeDeadLetters(3_000, 100, 3)).toEqual({ expired: 1, crowdedOut: 0 });
      expect(await bodies('strange_callbacks')).toEqual(['strange 2', 'strange 3']);
      expect(await bodies('other_events')).toEqual(['other 2', 'other 3']);
    });

    it('keeps only the newest dead letters of each kind when there are too many, and counts what it drops', async () => {
      for (let index = 0; index < 5; index++) {
        await store.take({ kind: 'strange', count: 1, body: `strange ${index}` }, 1_000 + index);
        await store.take({ kind: 'other', event: other(`other ${index}`) }, 1_000 + index);
      }
      expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 4 });
      expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 2 });
      expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 0 });
      expect(await bodies('strange_callbacks')).toEqual(['strange 3', 'strange 4']);
      expect(await bodies('other_events')).toEqual(['other 3', 'other 4']);
    });
  });

  it('deletes old rows of all kinds in batches of one size', async () => {
    for (const idempotencyKey of ['k1', 'k2']) await put(store, {}, { idempotencyKey });
    for (const send of [newSend(), newSend()]) {
      await store.claim(send);
      await store.record(send.sendId, REJECTED, 2_000);
    }
    for (let index = 0; index < 5; index++) await store.take(heard(`early${index}`), 2_000);
    const freed: number[] = [];
    for (let round = 0; round < 3; round++) freed.push(await store.purge(2_001, 5));
    expect(freed).toEqual([5, 4, 0]);
  });
}
