/** What a store keeps of sends and messages, and the key of correlations. */
import { createHash } from 'node:crypto';
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, heard, newSend, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';
import { sentAs, settling, UNKNOWN, WITHOUT_ID } from './settling.js';

export function describeKept(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother } = opened;
  const { put, settled, holderOf } = settling(opened);

  describe('keys', () => {
    it('finds a send by its key whatever its outcome, until it is known not sent', async () => {
      const send = await put(null, { idempotencyKey: 'k' });
      expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, status: 'PENDING' });
      await store.record(send.sendId, UNKNOWN, 2_000);
      expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, status: 'UNKNOWN' });
      const { message } = accepted();
      await store.record(send.sendId, { status: 'ACCEPTED', message }, 3_000);
      expect(await store.sendByKey('a', 'k')).toMatchObject({ sendId: send.sendId, message });
      const refused = await put(REJECTED, { idempotencyKey: 'refused' });
      expect(refused.idempotencyKey).toBe('refused');
      expect(await store.sendByKey('a', 'refused')).toBeNull();
    });

    it('finds a send only by its own caller and the whole key', async () => {
      await put(UNKNOWN, { idempotencyKey: 'k' });
      await put(UNKNOWN);
      expect(await store.sendByKey('b', 'k')).toBeNull();
      expect(await store.sendByKey('a', 'K')).toBeNull();
      expect(await store.sendByKey('a', '')).toBeNull();
      expect(await store.sendByKey('a', "'; DROP TABLE sends; --")).toBeNull();
    });
  });

  describe('what is unresolved', () => {
    it('is counted up to a limit, with when the oldest began', async () => {
      expect(await store.countUnresolved(3)).toEqual({ count: 0, oldestStartedAtMs: null });
      await put(null, { startedAtMs: 1_000 });
      await put(REJECTED, { startedAtMs: 1_000 });
      const known = await put(UNKNOWN, { startedAtMs: 1_000 });
      await store.settle(known.sendId, { as: 'NOT_SENT', by: 'ops', reason: null }, 9_000);
      for (const startedAtMs of [5_000, 3_000, 4_000]) await put(UNKNOWN, { startedAtMs });
      await put(WITHOUT_ID, { startedAtMs: 2_000 });
      expect(await store.countUnresolved(9)).toEqual({ count: 4, oldestStartedAtMs: 2_000 });
      expect(await store.countUnresolved(3)).toEqual({ count: 3, oldestStartedAtMs: 2_000 });
    });
  });

  describe('what is kept', () => {
    it('keeps what an operator needs to know of a send', async () => {
      const send = newSend({ idempotencyKey: 'key-1', requestId: 'request-1', caller: 'shop', leaseUntilMs: 26_000 });
      const message = { ...OUTBOUND, to: ['+16', '+17'], tag: 'red' };
      await store.claim({ ...send, message });
      await store.record(send.sendId, { status: 'UNKNOWN', lastSeen: 'HTTP 502, ECONNRESET', attempts: 3 }, 2_000);
      expect(await store.unresolvedSends(5, null)).toEqual([
        {
          sendId: send.sendId,
          caller: 'shop',
          idempotencyKey: 'key-1',
          keyHash: createHash('sha256').update('key-1').digest('hex'),
          requestId: 'request-1',
          fingerprint: 'f',
          status: 'UNKNOWN',
          from: OUTBOUND.from,
          to: ['+16', '+17'],
          tag: 'red',
          startedAtMs: 1_000,
          leaseUntilMs: 26_000,
          updatedAtMs: 2_000,
          lastSeen: 'HTTP 502, ECONNRESET',
          attempts: 3,
          settledBy: null,
          problem: null,
          message: null,
        },
      ]);
    });

    it('keeps what was last seen of a send, whatever its outcome, and null if there was nothing to see', async () => {
      const lastSeen = async (key: string): Promise<string | null | undefined> => (await holderOf(key))?.lastSeen;
      await put({ ...accepted(), lastSeen: 'HTTP 202' }, { idempotencyKey: 'accepted' });
      await put({ ...WITHOUT_ID, lastSeen: 'HTTP 200' }, { idempotencyKey: 'without id' });
      await put(null, { idempotencyKey: 'abandoned', leaseUntilMs: 100 });
      expect(await store.expireLeases(150)).toBe(1);
      expect([await lastSeen('accepted'), await lastSeen('without id')]).toEqual(['HTTP 202', 'HTTP 200']);
      expect(await holderOf('abandoned')).toMatchObject({
        status: 'UNKNOWN',
        lastSeen: null,
        attempts: null,
        updatedAtMs: 100,
      });
      const keyless = await put(UNKNOWN, { startedAtMs: 9_000 });
      expect((await store.unresolvedSends(9, null)).at(-1)).toMatchObject({ sendId: keyless.sendId, keyHash: null });
    });

    it('keeps the priority, the expiry and the pair of a message', async () => {
      const fields = { priority: 'HIGH', expiresAt: 1_900_000_000_123_456, pairedMessageId: 'pair' } as const;
      await put(accepted({ id: 'said', ...fields }));
      expect(await store.messagesById(['said'], EVERYBODY)).toMatchObject([fields]);
      await put(accepted({ id: 'unsaid' }), { message: { ...OUTBOUND, ...fields } });
      const none = { priority: null, expiresAt: null, pairedMessageId: null };
      expect(await store.messagesById(['unsaid'], EVERYBODY)).toMatchObject([none]);
    });

    it('keeps what was asked of a message whose answer was lost', async () => {
      const fields = { priority: 'DEFAULT', expiresAt: 1_900_000_000_123_456 } as const;
      await settled(sentAs('settled'), { message: { ...OUTBOUND, ...fields } });
      const told = await put(UNKNOWN, { message: { ...OUTBOUND, ...fields } });
      const { message } = heard('told').event;
      const event = heard('told', { sendId: told.sendId, message: { ...message, pairedMessageId: 'pair' } });
      await store.take(event, 6_000);
      expect(await store.messagesById(['settled', 'told'], EVERYBODY)).toMatchObject([
        { ...fields, pairedMessageId: null },
        { ...fields, pairedMessageId: 'pair' },
      ]);
    });

    it('keeps the first pair that callbacks name, and no later one', async () => {
      await put(accepted({ id: 'm' }));
      const { message } = heard('m').event;
      for (const pairedMessageId of [null, 'first', 'second', null]) {
        await store.take(heard('m', { message: { ...message, pairedMessageId } }), 6_000);
      }
      expect(await store.messagesById(['m'], EVERYBODY)).toMatchObject([{ pairedMessageId: 'first' }]);
    });

    it('keeps an event of another kind for people to read', async () => {
      await store.take(
        { kind: 'other', event: { messageId: 'm', type: 'message-read', body: '{"type":"message-read"}' } },
        7_000,
      );
      await store.take(
        { kind: 'other', event: { messageId: 'm\0', type: 'suggestion-response\0', body: 'a\0b\ud800' } },
        8_000,
      );
      const rows = await place.sql('SELECT * FROM other_events ORDER BY received_at');
      expect(rows.map((row) => ({ ...row, received_at: Number(row.received_at) }))).toEqual([
        { message_id: 'm', type: 'message-read', body: '{"type":"message-read"}', received_at: 7_000 },
        { message_id: 'm', type: 'suggestion-response', body: 'ab\ufffd', received_at: 8_000 },
      ]);
    });
  });

  describe('the key of correlations', () => {
    const keyOf = (byte: number): Buffer => Buffer.alloc(32, byte);

    it('keeps the first key of correlations', async () => {
      expect(await store.correlationKey(keyOf(0))).toEqual(keyOf(0));
      expect(await store.correlationKey(keyOf(1))).toEqual(keyOf(0));
    });

    it('keeps one key of correlations for all that ask at once over two connections, and later', async () => {
      const another = await openAnother();
      const keys = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store : another).correlationKey(keyOf(index))),
      );
      const [first] = keys as [Buffer];
      expect(first).toHaveLength(32);
      for (const key of keys) expect(key).toEqual(first);
      expect(await (await openAnother()).correlationKey(keyOf(99))).toEqual(first);
    });
  });
}
