/** What callbacks bring, at least once and in any order. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { DeliveryEvent } from '../../../src/messaging/delivery.js';
import type { Delivery } from '../../../src/messaging/message.js';
import type { MessageStore, Resolution, StoreChange } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { startProgress } from '../../support/progress.mjs';
import { accepted, heard, newRandom, newSend, pages, put } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

/** Random sequences of callbacks, each about one send. */
const SEQUENCES = Number(process.env.CALLBACK_SEQUENCES ?? 300);
const SEQUENCES_AT_ONCE = 100;

/** Plays events duplicated, shuffled and split, with the send's own answer among them; expects the ordered result. */
async function playSequence(store: MessageStore, name: string, random: (limit: number) => number): Promise<void> {
  const to = Array.from({ length: 1 + random(3) }, (_, index) => `+1555000${index}`);
  const send = newSend({ message: { ...OUTBOUND, to } });
  const message = accepted({ id: `sequence-${name}`, to }).message;
  const correlated = random(2) === 0;
  const event = (recipient: string, status: DeliveryEvent['status'], errorCode: number | null): DeliveryEvent => ({
    messageId: message.id,
    // Upstream may leave the tag out of some of them.
    sendId: correlated && random(3) > 0 ? send.sendId : null,
    to: recipient,
    status,
    time: 10 + random(5),
    errorCode,
    message: { time: message.time, owner: message.owner, segmentCount: message.segmentCount, pairedMessageId: null },
  });
  const events = to.flatMap((recipient) => [
    ...(random(2) === 0 ? [event(recipient, 'SENDING', null)] : []),
    ...(random(3) > 0 ? [event(recipient, 'DELIVERED', null)] : []),
    ...(random(3) === 0 ? [event(recipient, 'FAILED', 4_700 + random(3))] : []),
    // Two reports of one rank, perhaps of one moment.
    ...(random(4) === 0 ? [event(recipient, 'FAILED', 4_700 + random(3)), event(recipient, 'DELIVERED', null)] : []),
  ]);
  const expected = to.map((recipient) => ({
    ...{ to: recipient, status: 'ACCEPTED', time: null, errorCode: null },
    ...heardLast(events.filter((each) => each.to === recipient)),
  }));

  // Mostly the answer comes, somewhere among the events; where it is lost, a correlated event takes its place.
  const isAnswerLost = events.some(({ sendId }) => sendId !== null) && random(4) === 0;
  const answer: Resolution = isAnswerLost ? { status: 'UNKNOWN' } : { status: 'ACCEPTED', message };
  const played: (() => Promise<unknown>)[] = [
    () => store.record(send.sendId, answer, 2_000),
    ...events
      .concat(events.filter(() => random(2) === 0))
      .map((each) => () => store.take({ kind: 'delivery', event: each }, 2_000)),
  ];
  for (let last = played.length - 1; last > 0; last--) {
    const other = random(last + 1);
    const [a, b] = [played[last], played[other]];
    if (a !== undefined && b !== undefined) [played[last], played[other]] = [b, a];
  }
  await store.claim(send);
  while (played.length > 0) await Promise.all(played.splice(0, 1 + random(4)).map((play) => play()));
  await store.adoptEarlyEvents(2_000);
  const [found] = await store.messagesById([message.id], EVERYBODY);
  expect(found).toMatchObject({ deliveries: expected, status: wholeStatus(expected.map(({ status }) => status)) });
}

/** What counts of the events about one recipient, found by sorting: the code under test never sees them together. */
function heardLast(events: readonly DeliveryEvent[]): Pick<Delivery, 'status' | 'time' | 'errorCode'> | undefined {
  const ORDER = ['SENDING', 'DELIVERED', 'FAILED'];
  const [first] = events.toSorted(
    (a, b) =>
      ORDER.indexOf(b.status) - ORDER.indexOf(a.status) || a.time - b.time || (a.errorCode ?? 0) - (b.errorCode ?? 0),
  );
  return first && { status: first.status, time: first.time, errorCode: first.errorCode };
}

/** The status of the whole message, by the statuses of its recipients. */
function wholeStatus(statuses: readonly string[]): string {
  if (statuses.every((status) => status === statuses[0])) return String(statuses[0]);
  return statuses.every((status) => status === 'DELIVERED' || status === 'FAILED') ? 'PARTIALLY_DELIVERED' : 'SENDING';
}

export function describeCallbacks(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother, statusOf } = opened;

  describe('callbacks', () => {
    it('keeps what became of a message for each recipient', async () => {
      const to = ['+16', '+17'];
      const message = await put(store, { to });
      await store.take(heard(message.id, { to: '+17', status: 'FAILED', errorCode: 4775 }), 3_000);
      const deliveries = [
        { to: '+16', status: 'ACCEPTED', time: null, errorCode: null },
        { to: '+17', status: 'FAILED', time: 5, errorCode: 4775 },
      ];
      expect(await store.messagesById([message.id], EVERYBODY)).toEqual([
        { ...message, status: 'SENDING', deliveries, events: deliveries.slice(1) },
      ]);
      await store.take(heard(message.id, { to: '+16' }), 3_000);
      expect(await store.messagesById([message.id], EVERYBODY)).toMatchObject([{ status: 'PARTIALLY_DELIVERED' }]);
      expect(await pages(store, 5, { statuses: ['PARTIALLY_DELIVERED'] })).toHaveLength(1);
    });

    it('loses no event before the answer: first without the correlation, then with it', async () => {
      const send = newSend({ message: { ...OUTBOUND, to: ['+16', '+17'] } });
      await store.claim(send);
      await store.take(heard('m', { to: '+16', status: 'FAILED', errorCode: 4_775 }), 2_000);
      await store.take(heard('m', { to: '+17', sendId: send.sendId }), 2_000);
      const statuses = [
        { to: '+16', status: 'FAILED', errorCode: 4_775 },
        { to: '+17', status: 'DELIVERED' },
      ];
      expect(await store.messagesById(['m'], EVERYBODY)).toMatchObject([{ deliveries: statuses }]);
      await store.record(send.sendId, accepted({ id: 'm', to: ['+16', '+17'] }), 3_000);
      expect(await store.messagesById(['m'], EVERYBODY)).toMatchObject([{ deliveries: statuses }]);
      expect(await place.sql('SELECT message_id FROM early_events')).toEqual([]);
    });

    it('loses no event before the answer: first with the correlation, then without it', async () => {
      const send = newSend({ message: { ...OUTBOUND, to: ['+16', '+17'] } });
      await store.claim(send);
      await Promise.all([
        store.take(heard('m', { to: '+17', sendId: send.sendId }), 2_000),
        store.take(heard('m', { to: '+16' }), 2_000),
        store.record(send.sendId, accepted({ id: 'm', to: ['+16', '+17'] }), 3_000),
      ]);
      await store.adoptEarlyEvents(4_000);
      expect(await store.messagesById(['m'], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
      expect(await place.sql('SELECT message_id FROM early_events')).toEqual([]);
    });

    it.each([
      ['U+0000', '\0'],
      ['half a surrogate pair', '\ud800'],
    ])('stores an event whose owner holds %s, and the rest of its batch', async (_name, poison) => {
      const poisoned = newSend();
      const innocent = newSend({ idempotencyKey: 'innocent' });
      await store.claim(poisoned);
      const event = heard(`m${poison}`, {
        sendId: poisoned.sendId,
        to: `+1${poison}`,
        message: { time: 4, owner: `+1${poison}`, segmentCount: 1, pairedMessageId: `p${poison}` },
      });
      await Promise.all([store.take(event, 2_000), store.claim(innocent)]);
      expect(await store.sendByKey('a', 'innocent')).not.toBeNull();
      expect(await store.unresolvedSends(10, null)).toEqual([]);
    });

    it.each<[string, Resolution | null]>([
      ['whose outcome is unknown', { status: 'UNKNOWN' }],
      ['whose id is not known', { status: 'ACCEPTED', message: null }],
      ['that is still pending', null],
    ])('finds a send %s by the correlation of an event, and keeps the id', async (_name, resolution) => {
      const send = newSend({ idempotencyKey: 'k', message: { ...OUTBOUND, text: 'mine', tag: 'tag' } });
      await store.claim(send);
      if (resolution !== null) await store.record(send.sendId, resolution, 2_000);
      await store.take(heard('late', { sendId: send.sendId }), 3_000);
      expect(await store.messagesById(['late'], EVERYBODY)).toMatchObject([
        { id: 'late', text: 'mine', tag: 'tag', time: 4, owner: '+19', segmentCount: 2, status: 'DELIVERED' },
      ]);
      expect(await store.unresolvedSends(5, null)).toEqual([]);
      expect(await pages(store, 5, { to: OUTBOUND.to[0] ?? '' })).toHaveLength(1);
      await store.record(send.sendId, accepted({ id: 'late' }), 4_000);
      expect(await statusOf('k')).toBe('DELIVERED');
    });

    it('remembers events that come before the id is known', async () => {
      const send = newSend();
      await store.claim(send);
      await Promise.all([
        store.take(heard('early', { status: 'SENDING' }), 2_000),
        store.take(heard('early'), 2_000),
        store.take(heard('somebody else'), 2_000),
      ]);
      await store.record(send.sendId, accepted({ id: 'early' }), 3_000);
      await store.adoptEarlyEvents(3_000);
      expect(await store.messagesById(['early', 'somebody else'], EVERYBODY)).toMatchObject([
        { status: 'DELIVERED' },
        null,
      ]);
    });

    it('loses neither an answer nor an event that come at the same moment', async () => {
      const another = await openAnother();
      for (let round = 0; round < 30; round++) {
        const send = newSend();
        const id = `both${round}`;
        await store.claim(send);
        await Promise.all([store.record(send.sendId, accepted({ id }), 2_000), another.take(heard(id), 2_000)]);
        await store.adoptEarlyEvents(3_000);
        expect(await store.messagesById([id], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
      }
    });

    it('does not believe an event whose correlation names another send', async () => {
      const message = await put(store);
      const [other] = await pages(store, 1);
      expect(other?.id).toBe(message.id);
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, accepted({ id: 'mine' }), 2_000);
      await store.take(heard(message.id, { sendId: send.sendId }), 3_000);
      expect(await store.messagesById(['mine', message.id], EVERYBODY)).toMatchObject([
        { status: 'ACCEPTED' },
        { status: 'DELIVERED' },
      ]);
    });

    it('deletes events whose message never came', async () => {
      await store.take(heard('never'), 2_000);
      expect(await store.purge(2_001, 10)).toBe(1);
      expect(await store.purge(2_001, 10)).toBe(0);
    });

    it('calls listeners with a change once it is stored', async () => {
      const another = await openAnother();
      const told: StoreChange[] = [];
      const message = await put(store);
      const heardOfTwo = new Promise<void>((resolve) => {
        const stop = store.onChange((change) => {
          told.push(change);
          if (told.length < 2) return;
          stop();
          resolve();
        });
      });
      await store.take(heard(message.id), 3_000);
      const inbound = { ...message, id: 'in', direction: 'IN', status: 'RECEIVED', deliveries: [] } as const;
      await (store.shared ? another : store).take({ kind: 'received', message: inbound }, 3_000);
      await heardOfTwo;
      expect(told).toEqual([
        { kind: 'updated', messageId: message.id },
        { kind: 'received', messageId: 'in' },
      ]);
    });

    it('stores a message that came in once, however often it comes', async () => {
      const inbound = {
        ...accepted({ to: ['+16', '+17'] }).message,
        direction: 'IN',
        status: 'RECEIVED',
        deliveries: [],
      } as const;
      await Promise.all([
        store.take({ kind: 'received', message: inbound }, 2_000),
        store.take({ kind: 'received', message: inbound }, 2_000),
      ]);
      await store.take({ kind: 'received', message: inbound }, 3_000);
      expect(await store.messagesById([inbound.id], EVERYBODY)).toEqual([inbound]);
      expect(await pages(store, 5, { to: '+17' })).toEqual([inbound]);
      expect(await store.purge(9_000, 10)).toBe(0);
    });

    it('keeps a key for a time after the last event, not after the record', async () => {
      const message = await put(store, {}, { idempotencyKey: 'k' });
      await store.take(heard(message.id), 5_000);
      expect(await store.purge(5_000, 10)).toBe(0);
      expect(await statusOf('k')).toBe('DELIVERED');
      expect(await store.purge(5_001, 10)).toBe(1);
      expect(await statusOf('k')).toBe('free');
    });

    it('ends in the same state, whatever the order of events, their repetitions and the moment of the answer', async () => {
      const random = newRandom(20_261_124);
      const step = startProgress('sequences of callbacks', SEQUENCES);
      for (let group = 0; group < SEQUENCES; group += SEQUENCES_AT_ONCE) {
        await Promise.all(
          Array.from({ length: SEQUENCES_AT_ONCE }, (_, index) => playSequence(store, `${group + index}`, random)),
        );
        step(SEQUENCES_AT_ONCE);
      }
    }, 240_000);
  });
}
