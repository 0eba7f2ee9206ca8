/** What a store does with the intent to send. */
import type { MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, newSend, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

export function describeClaims(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother, statusOf } = opened;

  describe('claims', () => {
    it('claims a send without a key each time', async () => {
      expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
      expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    });

    it('claims a key once, and returns its holder', async () => {
      const first = newSend({
        idempotencyKey: 'k',
        fingerprint: 'one',
        message: { ...OUTBOUND, tag: 't', to: ['+1', '+2'] },
      });
      expect(await store.claim(first)).toEqual({ kind: 'CLAIMED' });
      expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'two' }))).toEqual({
        kind: 'HELD',
        by: {
          sendId: first.sendId,
          caller: 'a',
          idempotencyKey: 'k',
          // SHA-256 of `k`.
          keyHash: '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a',
          requestId: 'r',
          fingerprint: 'one',
          status: 'PENDING',
          from: OUTBOUND.from,
          to: ['+1', '+2'],
          tag: 't',
          startedAtMs: 1_000,
          leaseUntilMs: 36_000,
          updatedAtMs: 1_000,
          lastSeen: null,
          attempts: null,
          settledBy: null,
          problem: null,
          message: null,
        },
      });
    });

    it('claims the same key for each caller', async () => {
      expect(await store.claim(newSend({ caller: 'a', idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
      expect(await store.claim(newSend({ caller: 'b', idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
    });

    it('claims a key once out of fifty calls at once, in one batch or over two connections', async () => {
      const another = await openAnother();
      for (let round = 0; round < 5; round++) {
        const sends = Array.from({ length: 50 }, () => newSend({ idempotencyKey: `k${round}` }));
        const claims = await Promise.all(sends.map((send, index) => (index % 2 === 0 ? store : another).claim(send)));
        const winners = sends.filter((_, index) => claims[index]?.kind === 'CLAIMED');
        expect(winners).toHaveLength(1);
        const holders = claims.flatMap((claim) => (claim.kind === 'HELD' ? [claim.by.sendId] : []));
        expect(holders).toEqual(Array.from({ length: 49 }, () => winners[0]?.sendId));
      }
    });

    it('claims no key that is held, and names the holder of each, whatever else its batch asks for', async () => {
      const held = ['a', 'b'].flatMap((caller) =>
        ['k1', 'k2'].map((idempotencyKey) => newSend({ caller, idempotencyKey })),
      );
      for (const send of held) await store.claim(send);
      const claims = await Promise.all(
        held.map(({ caller, idempotencyKey }) => store.claim(newSend({ caller, idempotencyKey }))),
      );
      expect(claims.map((claim) => claim.kind === 'HELD' && claim.by.sendId)).toEqual(held.map(({ sendId }) => sendId));
    });

    it('claims different keys in one batch', async () => {
      const claims = await Promise.all(
        Array.from({ length: 300 }, (_, index) => store.claim(newSend({ idempotencyKey: `k${index}` }))),
      );
      expect(claims.every(({ kind }) => kind === 'CLAIMED')).toBe(true);
    });

    it('claims a key again once its send is known not sent', async () => {
      const first = newSend({ idempotencyKey: 'k' });
      await store.claim(first);
      await store.record(first.sendId, REJECTED, 2_000);
      expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'other' }))).toEqual({ kind: 'CLAIMED' });
    });
  });

  describe('abandoned claims', () => {
    const statusesOf = async (ids: readonly string[]): Promise<unknown> =>
      (await place.sql('SELECT send_id, status, idempotency_key AS key FROM sends ORDER BY send_id'))
        .filter(({ send_id }) => ids.includes(String(send_id)))
        .map(({ status, key }) => [status, key]);

    it('abandons claims that were stored, and frees their keys', async () => {
      const sends = ['k1', 'k2'].map((idempotencyKey) => newSend({ idempotencyKey }));
      for (const send of sends) await store.claim(send);
      await store.abandon(sends, 2_000);
      expect(await statusesOf(sends.map(({ sendId }) => sendId))).toEqual([
        ['REJECTED', null],
        ['REJECTED', null],
      ]);
      expect(await statusOf('k1')).toBe('free');
    });

    it('abandons claims that were not stored: one that comes late finds that it has ended', async () => {
      const send = newSend({ idempotencyKey: 'k', message: { ...OUTBOUND, text: 'private' } });
      await store.abandon([send], 2_000);
      await store.abandon([send], 3_000);
      await expect(store.claim(send)).rejects.toThrow();
      expect(await statusOf('k')).toBe('free');
      expect(await statusesOf([send.sendId])).toEqual([['REJECTED', null]]);
      expect(JSON.stringify(await place.sql('SELECT * FROM sends'))).not.toContain('private');
    });

    it('abandons claims whose leases ran out meanwhile: it is known that nothing was sent', async () => {
      const sends = ['k', null].map((idempotencyKey) => newSend({ idempotencyKey }));
      for (const send of sends) await store.claim(send);
      expect(await store.expireLeases(Number.MAX_SAFE_INTEGER)).toBe(2);
      await store.abandon(sends, 2_000);
      expect(await store.unresolvedSends(10, null)).toEqual([]);
      expect(await statusesOf(sends.map(({ sendId }) => sendId))).toEqual([
        ['REJECTED', null],
        ['REJECTED', null],
      ]);
      expect(await statusOf('k')).toBe('free');
    });

    it('abandons no claim that somebody settled', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      await store.expireLeases(Number.MAX_SAFE_INTEGER);
      await store.settle(send.sendId, { as: 'SENT', found: null, by: 'shell:me', reason: null }, 2_000);
      await store.abandon([send], 3_000);
      expect(await statusOf('k')).toBe('ACCEPTED');
    });

    it('abandons no claim whose outcome is known', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      await store.record(send.sendId, accepted(), 2_000);
      await store.abandon([send], 3_000);
      expect(await statusOf('k')).toBe('ACCEPTED');
    });
  });
}
