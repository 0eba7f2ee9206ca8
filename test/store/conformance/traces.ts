/** What an operator finds of a message, by any of its ids; and what a store says of an event that it took. */
import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../../../src/messaging/delivery.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { accepted, newSend, REJECTED } from '../sends.js';
import type { Opened } from './opened.js';

export function describeTraces(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });

  const failed = (messageId: string, sendId: string | null = null): DeliveryEvent => ({
    ...{ messageId, sendId, to: null, status: 'FAILED', time: 3_000_000, errorCode: 4720 },
    message: { time: 1_000_000, owner: null, segmentCount: null, pairedMessageId: null },
  });

  describe.each([
    ['who waits for everything', Infinity],
    ['who waits for some seconds', 3_000],
  ])('a trace for somebody %s', (_who, patienceMs) => {
    const nothing = { sends: [], audit: [], early: [], searchedSinceMs: null };

    it('finds a send by its id, its message, its request, its key, and the hash of that', async () => {
      const send = newSend({ idempotencyKey: 'traced', requestId: 'r-traced' });
      const answer = accepted();
      for (const each of [newSend({ idempotencyKey: 'other' }), send]) await store.claim(each);
      await store.record(send.sendId, answer, 2_000);
      const keyHash = createHash('sha256').update('traced').digest('hex');
      for (const id of [send.sendId, answer.message.id, 'r-traced', 'traced', keyHash]) {
        const { sends, audit, early, searchedSinceMs } = await store.trace({ id }, patienceMs);
        expect(sends).toMatchObject([{ sendId: send.sendId, message: { id: answer.message.id } }]);
        expect(audit).toEqual([
          {
            atMs: 2_000,
            sendId: send.sendId,
            caller: 'a',
            keyHash,
            outcome: 'ACCEPTED',
            settledBy: null,
            reason: null,
          },
        ]);
        expect([early, searchedSinceMs]).toEqual([[], null]);
      }
      expect((await store.trace({ caller: 'a', keyHash }, patienceMs)).sends).toHaveLength(1);
      expect(await store.trace({ caller: 'b', keyHash }, patienceMs)).toEqual(nothing);
      expect(await store.trace({ id: 'nothing' }, patienceMs)).toEqual(nothing);
      expect(await store.trace({ id: 'no\0thing' }, patienceMs)).toEqual(nothing);
    });

    it('finds the audit of a send that is gone, and events whose message is not known', async () => {
      const send = newSend({ idempotencyKey: 'gone' });
      await store.claim(send);
      await store.record(send.sendId, REJECTED, 2_000);
      await store.purge(9_000, 10);
      const { sends, audit } = await store.trace({ id: send.sendId }, patienceMs);
      expect([sends, audit.map(({ outcome }) => outcome)]).toEqual([[], ['REJECTED']]);
      await store.take({ kind: 'delivery', event: failed('m-early') }, 5_000);
      expect((await store.trace({ id: 'm-early' }, patienceMs)).early).toMatchObject([
        { atMs: 5_000, event: { messageId: 'm-early', status: 'FAILED', errorCode: 4720 } },
      ]);
    });
  });

  it('says of each event what came of it, alone and beside others', async () => {
    const send = newSend();
    const { message } = accepted({ id: 'm-said' });
    await store.claim(send);
    await store.record(send.sendId, { status: 'ACCEPTED', message }, 2_000);
    const received = {
      kind: 'received',
      message: { ...message, id: 'm-in', direction: 'IN', status: 'RECEIVED' },
    } as const;
    const events = [
      { kind: 'delivery', event: failed('m-said', send.sendId) },
      { kind: 'delivery', event: failed('m-said') },
      { kind: 'delivery', event: failed('m-unknown') },
      { kind: 'other', event: { messageId: 'm-said', type: 'message-read', body: '{}' } },
      { kind: 'strange', count: 2, body: '[]' },
      received,
      received,
    ] as const;
    const { sendId } = send;
    const changed = { result: 'CHANGED', sendId };
    const [repeated, kept] = [
      { result: 'REPEATED', sendId },
      { result: 'KEPT', sendId: null },
    ];
    const [early, came] = [
      { result: 'EARLY', sendId: null },
      { result: 'CHANGED', sendId: null },
    ];
    const again = { result: 'REPEATED', sendId: null };
    expect(await Promise.all(events.map((event) => store.take(event, 4_000)))).toEqual([
      ...[changed, repeated, early, kept, kept, came, again],
    ]);
    const alone = [];
    for (const event of events) alone.push(await store.take(event, 4_000));
    expect(alone).toEqual([repeated, repeated, early, kept, kept, again, again]);
  });
}
