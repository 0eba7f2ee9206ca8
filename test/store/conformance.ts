/** What every store must do. Run against each of them. */
import { createHash } from 'node:crypto';
import { openDeliveries, type DeliveryEvent } from '../../src/messaging/delivery.js';
import type { Delivery, Message, MessageStatus } from '../../src/messaging/message.js';
import type {
  MessageFilter,
  MessageStore,
  NewSend,
  OtherEvent,
  Position,
  Resolution,
  StoreChange,
} from '../../src/messaging/ports.js';
import { OUTBOUND } from '../support/messages.js';

export const NO_FILTER: MessageFilter = {
  caller: null,
  from: null,
  to: null,
  status: null,
  tag: null,
  since: null,
  until: null,
};

let counter = 0;

export function newSend(fields: Partial<NewSend> = {}): NewSend {
  const sendId = `send${String(++counter).padStart(8, '0')}`;
  const base = { sendId, caller: 'a', idempotencyKey: null, fingerprint: 'f', message: OUTBOUND, requestId: 'r' };
  return { ...base, startedAtMs: 1_000, leaseUntilMs: 36_000, ...fields };
}

export function accepted(fields: Partial<Message> = {}): Resolution & { readonly message: Message } {
  const message: Message = {
    id: `message${++counter}`,
    time: 1_000_000 + counter,
    from: OUTBOUND.from,
    to: OUTBOUND.to,
    text: OUTBOUND.text,
    applicationId: OUTBOUND.applicationId,
    media: [],
    tag: null,
    owner: OUTBOUND.from,
    direction: 'OUT',
    segmentCount: 1,
    priority: null,
    expiresAt: null,
    pairedMessageId: null,
    status: 'ACCEPTED',
    deliveries: openDeliveries(fields.to ?? OUTBOUND.to),
    ...fields,
  };
  return { status: 'ACCEPTED', message };
}

/** What a callback tells of a message: that it was delivered. */
export const heard = (messageId: string, fields: Partial<DeliveryEvent> = {}): DeliveryEvent => ({
  messageId,
  sendId: null,
  to: OUTBOUND.to[0] ?? null,
  status: 'DELIVERED',
  time: 5,
  errorCode: null,
  message: { time: 4, owner: '+19', segmentCount: 2, pairedMessageId: null },
  ...fields,
});

/** Claims and accepts a message in one go. */
async function put(store: MessageStore, fields: Partial<Message> = {}, send: Partial<NewSend> = {}): Promise<Message> {
  const claim = newSend(send);
  const resolution = accepted(fields);
  await store.claim(claim);
  await store.record(claim.sendId, resolution, 2_000);
  return resolution.message;
}

/** All pages of a list, and how many there were. */
async function pages(store: MessageStore, size: number, filter: Partial<MessageFilter> = {}): Promise<Message[]> {
  const found: Message[] = [];
  let after: Position | null = null;
  for (;;) {
    const page = await store.listMessages({ ...NO_FILTER, ...filter }, size, after);
    found.push(...page.map(({ message }) => message));
    const last = page.at(-1);
    if (last === undefined || page.length < size) return found;
    after = last.position;
  }
}

const idsOf = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);

/** Random sequences of callbacks, each about one send. */
const SEQUENCES = Number(process.env.CALLBACK_SEQUENCES ?? 1_000);
const SEQUENCES_AT_ONCE = 100;

/** Numbers from 0 to below `limit`, the same in every run (mulberry32). */
export function newRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

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
  const played: (() => Promise<void>)[] = [
    () => store.record(send.sendId, answer, 2_000),
    ...events.concat(events.filter(() => random(2) === 0)).map((each) => () => store.applyEvent(each, 2_000)),
  ];
  for (let last = played.length - 1; last > 0; last--) {
    const other = random(last + 1);
    const [a, b] = [played[last], played[other]];
    if (a !== undefined && b !== undefined) [played[last], played[other]] = [b, a];
  }
  await store.claim(send);
  while (played.length > 0) await Promise.all(played.splice(0, 1 + random(4)).map((play) => play()));
  await store.adoptEarlyEvents(2_000);
  const [found] = await store.messagesById([message.id]);
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

export interface StoreUnderTest {
  /** Opens the store anew on the same data, as another process would. */
  open(): Promise<MessageStore>;
  /** Asks the database itself, as an operator would. */
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** Statements of this database that would change or delete a row of the audit in a way of its own. */
  readonly rewritesOfAudit: readonly string[];
}

/** `prepare` makes a place for new data. */
export function describeStore(name: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store`, () => {
    let place: StoreUnderTest;
    let store: MessageStore;
    let others: MessageStore[];

    beforeEach(async () => {
      place = await prepare();
      store = await place.open();
      others = [];
    });
    afterEach(async () => {
      for (const opened of [store, ...others]) await opened.close();
    });

    async function openAnother(): Promise<MessageStore> {
      const another = await place.open();
      others.push(another);
      return another;
    }

    async function statusOf(key: string): Promise<MessageStatus | 'free'> {
      const probe = newSend({ idempotencyKey: key });
      const claim = await store.claim(probe);
      if (claim.kind === 'HELD') return claim.by.status;
      await store.record(probe.sendId, { status: 'REJECTED' }, 0);
      return 'free';
    }

    describe('claims', () => {
      it('a send without a key as often as it is asked', async () => {
        expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
        expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
      });

      it('a key once, and tells who holds it', async () => {
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
            settledBy: null,
            message: null,
          },
        });
      });

      it('the same key for each caller', async () => {
        expect(await store.claim(newSend({ caller: 'a', idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
        expect(await store.claim(newSend({ caller: 'b', idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
      });

      it('a key once out of fifty calls at once, in one batch or over two connections', async () => {
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

      it('different keys in one batch', async () => {
        const claims = await Promise.all(
          Array.from({ length: 300 }, (_, index) => store.claim(newSend({ idempotencyKey: `k${index}` }))),
        );
        expect(claims.every(({ kind }) => kind === 'CLAIMED')).toBe(true);
      });

      it('a key anew once its send is known not sent', async () => {
        const first = newSend({ idempotencyKey: 'k' });
        await store.claim(first);
        await store.record(first.sendId, { status: 'REJECTED' }, 2_000);
        expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'other' }))).toEqual({ kind: 'CLAIMED' });
      });
    });

    describe('records', () => {
      it('a message as it was accepted, every member of it', async () => {
        const text = `😀 "'\\ line\nline \u2028 ${'x'.repeat(2000)}`;
        const message = await put(store, {
          to: ['+12345678902', '+12345678903'],
          text,
          tag: '',
          media: ['https://example.com/?a=1&b=%20'],
          applicationId: null,
          owner: null,
          segmentCount: null,
          time: 1_733_171_241_979_456,
        });
        expect(await store.messagesById([message.id])).toEqual([message]);
      });

      it('an outcome, in the place of a lower one alone', async () => {
        const send = newSend({ idempotencyKey: 'k' });
        await store.claim(send);
        await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
        expect(await statusOf('k')).toBe('UNKNOWN');
        const resolution = accepted();
        await store.record(send.sendId, resolution, 3_000);
        expect(await statusOf('k')).toBe('ACCEPTED');
        await store.record(send.sendId, { status: 'UNKNOWN' }, 4_000);
        await store.record(send.sendId, { status: 'REJECTED' }, 4_000);
        await store.record(send.sendId, accepted(), 4_000);
        expect(await statusOf('k')).toBe('ACCEPTED');
        expect(await store.messagesById([resolution.message.id])).toEqual([resolution.message]);
      });

      it('two outcomes of one send in the order they came, though in one batch', async () => {
        const send = newSend({ idempotencyKey: 'k' });
        await store.claim(send);
        const resolution = accepted();
        await Promise.all([
          store.record(send.sendId, { status: 'UNKNOWN' }, 2_000),
          store.record(send.sendId, resolution, 2_000),
          store.record(send.sendId, { status: 'REJECTED' }, 2_000),
        ]);
        expect(await store.messagesById([resolution.message.id])).toEqual([resolution.message]);
      });

      it('nothing for a send that it does not know', async () => {
        await store.record('nobody', accepted({ id: 'ghost' }), 2_000);
        expect(await store.messagesById(['ghost'])).toEqual([null]);
      });

      it('an answer that holds what databases refuse, without harm to the others of its batch', async () => {
        const [poisoned, sound] = await Promise.all([put(store, { text: 'a\0b\ud800c', tag: '\0' }), put(store)]);
        expect(await store.messagesById([poisoned.id, sound.id])).toEqual([
          { ...poisoned, text: 'ab\ufffdc', tag: '' },
          sound,
        ]);
      });

      it('an answer longer than any index takes, without harm to the others of its batch', async () => {
        // Characters that do not repeat, so that no compression makes them fit.
        const long = (length: number): string =>
          String.fromCodePoint(...Array.from({ length }, (_, index) => 0x4e00 + ((index * 7_919) % 20_000)));
        const [tagged, odd, sound] = await Promise.all([
          put(store, { tag: long(1_024) }),
          put(store, { from: long(5_000), to: [long(5_001), '+16'] }),
          put(store),
        ]);
        expect(await store.messagesById([tagged.id, odd.id, sound.id])).toEqual([tagged, odd, sound]);
        expect(idsOf(await pages(store, 5, { tag: tagged.tag }))).toEqual([tagged.id]);
        expect(idsOf(await pages(store, 5, { tag: `${long(1_023)}x` }))).toEqual([]);
        expect(idsOf(await pages(store, 5, { from: odd.from }))).toEqual([odd.id]);
        expect(idsOf(await pages(store, 5, { to: '+16' }))).toEqual([odd.id]);
      });

      it('a segment count beyond reason as none, without harm to the others of its batch', async () => {
        const [odd, sound] = await Promise.all([put(store, { segmentCount: 2 ** 40 }), put(store)]);
        expect(await store.messagesById([odd.id, sound.id])).toEqual([
          { ...odd, segmentCount: null, pairedMessageId: null },
          sound,
        ]);
      });

      it('everything so that another process finds it', async () => {
        const message = await put(store, {}, { idempotencyKey: 'k' });
        const another = await openAnother();
        expect(await another.messagesById([message.id])).toEqual([message]);
        expect(await another.claim(newSend({ idempotencyKey: 'k' }))).toMatchObject({ kind: 'HELD', by: { message } });
      });
    });

    describe('finds messages', () => {
      it('by id, in the order asked for, with nulls and repetitions', async () => {
        const [a, b] = [await put(store), await put(store)];
        expect(await store.messagesById([b.id, 'none', a.id, b.id])).toEqual([b, null, a, b]);
        expect(await store.messagesById(["'; DROP TABLE sends; --", 'a\0b'])).toEqual([null, null]);
        expect(await store.messagesById([])).toEqual([]);
      });

      it('the newest of those to which upstream gave the same id', async () => {
        await put(store, { id: 'same', time: 1 });
        const newest = await put(store, { id: 'same', time: 3 });
        await put(store, { id: 'same', time: 2 });
        expect(await store.messagesById(['same'])).toEqual([newest]);
      });

      it('newest first, in pages of any size, also when their times are equal', async () => {
        const messages: Message[] = [];
        for (let index = 0; index < 25; index++) messages.push(await put(store, { time: 100 + Math.floor(index / 5) }));
        const expected = idsOf(messages).reverse();
        for (const size of [1, 2, 7, 25, 100]) expect(idsOf(await pages(store, size))).toEqual(expected);
      });

      it('in pages that stay what they are while new messages arrive', async () => {
        for (let index = 0; index < 10; index++) await put(store, { time: index });
        const whole = idsOf(await pages(store, 100));
        const [first, second] = [await store.listMessages(NO_FILTER, 4, null), whole.slice(4)];
        for (let index = 10; index < 15; index++) await put(store, { time: index });
        const rest = await store.listMessages(NO_FILTER, 100, first.at(-1)?.position ?? null);
        expect(rest.map(({ message }) => message.id)).toEqual(second);
      });

      it('by each filter, and by all of them together', async () => {
        const wanted = await put(store, { from: '+15', to: ['+16', '+17'], tag: 'red', time: 500 });
        await put(store, { from: '+15', to: ['+18'], tag: 'blue', time: 600 });
        await put(store, { from: '+19', to: ['+16'], tag: null, time: 400 });
        expect(await pages(store, 1, { from: '+15' })).toHaveLength(2);
        expect(await pages(store, 1, { to: '+16' })).toHaveLength(2);
        expect(idsOf(await pages(store, 1, { to: '+17' }))).toEqual([wanted.id]);
        expect(idsOf(await pages(store, 1, { tag: 'red' }))).toEqual([wanted.id]);
        expect(await pages(store, 1, { status: 'ACCEPTED' })).toHaveLength(3);
        expect(await pages(store, 1, { status: 'DELIVERED' })).toEqual([]);
        expect(idsOf(await pages(store, 1, { since: 500, until: 600 }))).toEqual([wanted.id]);
        expect(await pages(store, 1, { since: 500 })).toHaveLength(2);
        expect(await pages(store, 1, { until: 500 })).toHaveLength(1);
        const all = { from: '+15', to: '+16', status: 'ACCEPTED', tag: 'red', since: 1, until: 501 } as const;
        expect(idsOf(await pages(store, 1, all))).toEqual([wanted.id]);
        expect(await pages(store, 1, { to: "'; DROP TABLE recipients; --" })).toEqual([]);
      });

      it('from a position on, whatever bound in time is given as well', async () => {
        for (let time = 1; time <= 6; time++) await put(store, { time });
        const [, at5] = await store.listMessages(NO_FILTER, 2, null);
        const timesBelow = async (until: number): Promise<number[]> =>
          (await store.listMessages({ ...NO_FILTER, until }, 9, at5?.position ?? null)).map(
            ({ message }) => message.time,
          );
        expect(await timesBelow(6)).toEqual([4, 3, 2, 1]);
        expect(await timesBelow(5)).toEqual([4, 3, 2, 1]);
        expect(await timesBelow(3)).toEqual([2, 1]);
      });

      it('none by what no message can hold', async () => {
        await put(store, { tag: 'a', to: ['+16'] });
        for (const filter of [{ tag: 'a\0' }, { to: '+16\0' }, { from: `${OUTBOUND.from}\0` }]) {
          expect(await pages(store, 5, filter)).toEqual([]);
        }
        await expect(store.listMessages(NO_FILTER, 5, { time: 5, sendId: 'x\0' })).resolves.toBeDefined();
      });

      it('once, though a recipient was answered twice', async () => {
        const message = await put(store, { to: ['+16', '+16'] });
        expect(idsOf(await pages(store, 5, { to: '+16' }))).toEqual([message.id]);
      });

      it('but none of which the id is not known', async () => {
        await store.claim(newSend());
        const send = newSend();
        await store.claim(send);
        await store.record(send.sendId, { status: 'ACCEPTED', message: null }, 2_000);
        expect(await pages(store, 5)).toEqual([]);
      });
    });

    describe('keeps callers apart', () => {
      it('by id and in the list', async () => {
        const mine = await put(store, {}, { caller: 'me' });
        const theirs = await put(store, {}, { caller: 'them' });
        expect(await store.messagesById([mine.id, theirs.id], 'me')).toEqual([mine, null]);
        expect(await store.messagesById([mine.id, theirs.id], null)).toEqual([mine, theirs]);
        expect(idsOf(await pages(store, 5, { caller: 'me' }))).toEqual([mine.id]);
        expect(idsOf(await pages(store, 5, { caller: 'me', to: OUTBOUND.to[0] ?? '' }))).toEqual([mine.id]);
      });

      it('by each filter', async () => {
        const same = { from: '+15', to: ['+16', '+17'], tag: 'red' };
        const mine = await put(store, same, { caller: 'me' });
        await put(store, same, { caller: 'them' });
        for (const filter of [{ from: '+15' }, { to: '+17' }, { tag: 'red' }, { status: 'ACCEPTED' as const }]) {
          expect(idsOf(await pages(store, 1, { caller: 'me', ...filter }))).toEqual([mine.id]);
          expect(await pages(store, 1, filter)).toHaveLength(2);
        }
      });

      it('also where only a callback tells of the message', async () => {
        const send = newSend({ caller: 'me' });
        await store.claim(send);
        await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
        await store.applyEvent(heard('found', { sendId: send.sendId }), 3_000);
        const filter = { caller: 'me', to: OUTBOUND.to[0] ?? '' };
        expect(idsOf(await pages(store, 1, filter))).toEqual(['found']);
        expect(await pages(store, 1, { ...filter, caller: 'them' })).toEqual([]);
      });

      it('though upstream gave both the same id', async () => {
        const mine = await put(store, { id: 'same', time: 1 }, { caller: 'me' });
        await put(store, { id: 'same', time: 2 }, { caller: 'them' });
        expect(await store.messagesById(['same'], 'me')).toEqual([mine]);
      });
    });

    describe('keeps an audit', () => {
      const audit = (): Promise<Record<string, unknown>[]> =>
        place.sql('SELECT time, send_id, caller, key_hash, outcome FROM audit ORDER BY send_id');

      it('of what became of every attempt, once each', async () => {
        const sends = [1, 2, 3, 4].map((index) => newSend({ caller: 'me', idempotencyKey: `key-${index}` }));
        const [sent, refused, lost, abandoned] = sends as [NewSend, NewSend, NewSend, NewSend];
        for (const send of sends) await store.claim(send);
        await store.record(sent.sendId, accepted(), 2_000);
        await store.record(refused.sendId, { status: 'REJECTED' }, 3_000);
        await store.record(lost.sendId, { status: 'UNKNOWN' }, 4_000);
        await store.expireLeases(99_000);
        await store.record(lost.sendId, accepted(), 5_000);
        await store.record(sent.sendId, accepted(), 5_000);

        const told = (await audit()).map(({ time, send_id, caller, outcome }) => [
          Number(time),
          send_id,
          caller,
          outcome,
        ]);
        expect(told).toEqual([
          [2_000, sent.sendId, 'me', 'ACCEPTED'],
          [3_000, refused.sendId, 'me', 'REJECTED'],
          [4_000, lost.sendId, 'me', 'UNKNOWN'],
          [36_000, abandoned.sendId, 'me', 'UNKNOWN'],
        ]);
      });

      it('with the digest of the idempotency key, and nothing that is private', async () => {
        const keyed = newSend({ idempotencyKey: 'key-1' });
        const keyless = newSend();
        for (const send of [keyed, keyless]) {
          await store.claim(send);
          await store.record(send.sendId, accepted(), 2_000);
        }
        const records = await audit();
        expect(records.map(({ key_hash }) => key_hash)).toEqual([
          createHash('sha256').update('key-1').digest('hex'),
          null,
        ]);
        expect(JSON.stringify(records)).not.toMatch(/\+123|Hey|key-1"/);
      });

      it('that nobody can change, and that outlives the send', async () => {
        const send = newSend();
        await store.claim(send);
        await store.record(send.sendId, { status: 'REJECTED' }, 2_000);
        // Not toThrow: a driver's errors may be of another copy of the language than the tests.
        const refusal = { message: expect.stringContaining('append-only') as string };
        await expect(place.sql("UPDATE audit SET outcome = 'ACCEPTED'")).rejects.toMatchObject(refusal);
        await expect(place.sql('DELETE FROM audit')).rejects.toMatchObject(refusal);
        const before = await place.sql('SELECT * FROM audit');
        for (const attempt of place.rewritesOfAudit) await expect(place.sql(attempt)).rejects.toMatchObject(refusal);
        await store.purge(9_000, 10);
        expect(await place.sql('SELECT * FROM audit')).toEqual(before);
        // What is new still comes in.
        const next = newSend();
        await store.claim(next);
        await store.record(next.sendId, { status: 'REJECTED' }, 3_000);
        expect(await audit()).toHaveLength(2);
      });
    });

    it('keeps nothing that is long of a send that was not sent, and all of one that is unknown', async () => {
      const message = { ...OUTBOUND, text: 'x'.repeat(2_048), media: ['https://example.com/a.jpg'], tag: 'red' };
      const [refused, unknown] = [newSend({ message }), newSend({ message })];
      for (const send of [refused, unknown]) await store.claim(send);
      await store.record(refused.sendId, { status: 'REJECTED' }, 2_000);
      await store.record(unknown.sendId, { status: 'UNKNOWN' }, 2_000);
      expect(await place.sql('SELECT body, media, tag FROM sends ORDER BY send_id')).toEqual([
        { body: '', media: '[]', tag: null },
        { body: message.text, media: JSON.stringify(message.media), tag: 'red' },
      ]);
    });

    it('counts refused sends by caller and hour', async () => {
      const counts = (...all: [caller: string, hour: number, count: number][]): Promise<void> =>
        store.addRefusals(all.map(([caller, hour, count]) => ({ caller, hour, count })));
      await counts(['a', 0, 2], ['b', 0, 1]);
      await counts(['b', 0, 4], ['b', 3_600_000, 3]);
      const rows = await place.sql('SELECT caller, hour, count FROM refusals ORDER BY caller, hour');
      expect(rows.map(({ caller, hour, count }) => [caller, Number(hour), Number(count)])).toEqual([
        ['a', 0, 2],
        ['b', 0, 5],
        ['b', 3_600_000, 3],
      ]);
      expect(await place.sql('SELECT * FROM audit')).toEqual([]);
    });

    describe('keeps house', () => {
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

      it('lets old keys go in small batches, and none whose outcome is open', async () => {
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
          await store.record(send.sendId, { status: 'REJECTED' }, 2_000);
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

      it('lists what is unresolved, oldest first', async () => {
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
        expect((await store.unresolvedSends(10, null)).map(({ sendId, status, tag }) => [sendId, status, tag])).toEqual(
          [
            [first, 'ACCEPTED', 't1'],
            [second, 'UNKNOWN', 't2'],
            [third, 'UNKNOWN', 't3'],
          ],
        );
        expect(await store.unresolvedSends(1, null)).toHaveLength(1);
      });

      describe('ends claims of which it is open whether they are stored', () => {
        const statusesOf = async (ids: readonly string[]): Promise<unknown> =>
          (await place.sql('SELECT send_id, status, idempotency_key AS key FROM sends ORDER BY send_id'))
            .filter(({ send_id }) => ids.includes(String(send_id)))
            .map(({ status, key }) => [status, key]);

        it('where they are, and frees their keys', async () => {
          const sends = ['k1', 'k2'].map((idempotencyKey) => newSend({ idempotencyKey }));
          for (const send of sends) await store.claim(send);
          await store.abandon(sends, 2_000);
          expect(await statusesOf(sends.map(({ sendId }) => sendId))).toEqual([
            ['REJECTED', null],
            ['REJECTED', null],
          ]);
          expect(await statusOf('k1')).toBe('free');
        });

        it('where they are not: what comes late finds that it has ended', async () => {
          const send = newSend({ idempotencyKey: 'k', message: { ...OUTBOUND, text: 'private' } });
          await store.abandon([send], 2_000);
          await store.abandon([send], 3_000);
          await expect(store.claim(send)).rejects.toThrow();
          expect(await statusOf('k')).toBe('free');
          expect(await statusesOf([send.sendId])).toEqual([['REJECTED', null]]);
          expect(JSON.stringify(await place.sql('SELECT * FROM sends'))).not.toContain('private');
        });

        it('but never one whose outcome is known', async () => {
          const send = newSend({ idempotencyKey: 'k' });
          await store.claim(send);
          await store.record(send.sendId, accepted(), 2_000);
          await store.abandon([send], 3_000);
          expect(await statusOf('k')).toBe('ACCEPTED');
        });
      });

      it('answers a ping', async () => {
        await expect(store.ping()).resolves.toBeUndefined();
      });
    });

    describe('hears of a message', () => {
      it('and keeps what became of it for each recipient', async () => {
        const to = ['+16', '+17'];
        const message = await put(store, { to });
        await store.applyEvent(heard(message.id, { to: '+17', status: 'FAILED', errorCode: 4775 }), 3_000);
        const deliveries = [
          { to: '+16', status: 'ACCEPTED', time: null, errorCode: null },
          { to: '+17', status: 'FAILED', time: 5, errorCode: 4775 },
        ];
        expect(await store.messagesById([message.id])).toEqual([{ ...message, status: 'SENDING', deliveries }]);
        await store.applyEvent(heard(message.id, { to: '+16' }), 3_000);
        expect(await store.messagesById([message.id])).toMatchObject([{ status: 'PARTIALLY_DELIVERED' }]);
        expect(await pages(store, 5, { status: 'PARTIALLY_DELIVERED' })).toHaveLength(1);
      });

      it('before its answer, first without the correlation and then with it, and loses neither', async () => {
        const send = newSend({ message: { ...OUTBOUND, to: ['+16', '+17'] } });
        await store.claim(send);
        await store.applyEvent(heard('m', { to: '+16', status: 'FAILED', errorCode: 4_775 }), 2_000);
        await store.applyEvent(heard('m', { to: '+17', sendId: send.sendId }), 2_000);
        const statuses = [
          { to: '+16', status: 'FAILED', errorCode: 4_775 },
          { to: '+17', status: 'DELIVERED' },
        ];
        expect(await store.messagesById(['m'])).toMatchObject([{ deliveries: statuses }]);
        await store.record(send.sendId, accepted({ id: 'm', to: ['+16', '+17'] }), 3_000);
        expect(await store.messagesById(['m'])).toMatchObject([{ deliveries: statuses }]);
        expect(await place.sql('SELECT message_id FROM early_events')).toEqual([]);
      });

      it('before its answer, with the correlation and then without it before the record, and loses neither', async () => {
        const send = newSend({ message: { ...OUTBOUND, to: ['+16', '+17'] } });
        await store.claim(send);
        await Promise.all([
          store.applyEvent(heard('m', { to: '+17', sendId: send.sendId }), 2_000),
          store.applyEvent(heard('m', { to: '+16' }), 2_000),
          store.record(send.sendId, accepted({ id: 'm', to: ['+16', '+17'] }), 3_000),
        ]);
        await store.adoptEarlyEvents(4_000);
        expect(await store.messagesById(['m'])).toMatchObject([{ status: 'DELIVERED' }]);
        expect(await place.sql('SELECT message_id FROM early_events')).toEqual([]);
      });

      it.each([
        ['U+0000', '\0'],
        ['half a surrogate pair', '\ud800'],
      ])('whose owner holds %s, and stores it with its neighbours', async (_name, poison) => {
        const poisoned = newSend();
        const innocent = newSend({ idempotencyKey: 'innocent' });
        await store.claim(poisoned);
        const event = heard(`m${poison}`, {
          sendId: poisoned.sendId,
          to: `+1${poison}`,
          message: { time: 4, owner: `+1${poison}`, segmentCount: 1, pairedMessageId: `p${poison}` },
        });
        await Promise.all([store.applyEvent(event, 2_000), store.claim(innocent)]);
        expect(await store.sendByKey('a', 'innocent')).not.toBeNull();
        expect(await store.unresolvedSends(10, null)).toEqual([]);
      });

      it.each<[string, Resolution | null]>([
        ['whose outcome is unknown', { status: 'UNKNOWN' }],
        ['whose id is not known', { status: 'ACCEPTED', message: null }],
        ['that is still pending', null],
      ])('%s, and knows it by its correlation from then on', async (_name, resolution) => {
        const send = newSend({ idempotencyKey: 'k', message: { ...OUTBOUND, text: 'mine', tag: 'tag' } });
        await store.claim(send);
        if (resolution !== null) await store.record(send.sendId, resolution, 2_000);
        await store.applyEvent(heard('late', { sendId: send.sendId }), 3_000);
        expect(await store.messagesById(['late'])).toMatchObject([
          { id: 'late', text: 'mine', tag: 'tag', time: 4, owner: '+19', segmentCount: 2, status: 'DELIVERED' },
        ]);
        expect(await store.unresolvedSends(5, null)).toEqual([]);
        expect(await pages(store, 5, { to: OUTBOUND.to[0] ?? '' })).toHaveLength(1);
        await store.record(send.sendId, accepted({ id: 'late' }), 4_000);
        expect(await statusOf('k')).toBe('DELIVERED');
      });

      it('before its id is known, and remembers it until then', async () => {
        const send = newSend();
        await store.claim(send);
        await Promise.all([
          store.applyEvent(heard('early', { status: 'SENDING' }), 2_000),
          store.applyEvent(heard('early'), 2_000),
          store.applyEvent(heard('somebody else'), 2_000),
        ]);
        await store.record(send.sendId, accepted({ id: 'early' }), 3_000);
        await store.adoptEarlyEvents(3_000);
        expect(await store.messagesById(['early', 'somebody else'])).toMatchObject([{ status: 'DELIVERED' }, null]);
      });

      it('in the same moment as its answer, and loses neither', async () => {
        const another = await openAnother();
        for (let round = 0; round < 30; round++) {
          const send = newSend();
          const id = `both${round}`;
          await store.claim(send);
          await Promise.all([store.record(send.sendId, accepted({ id }), 2_000), another.applyEvent(heard(id), 2_000)]);
          await store.adoptEarlyEvents(3_000);
          expect(await store.messagesById([id])).toMatchObject([{ status: 'DELIVERED' }]);
        }
      });

      it('of which somebody else claims to be the send, and does not believe it', async () => {
        const message = await put(store);
        const [other] = await pages(store, 1);
        expect(other?.id).toBe(message.id);
        const send = newSend();
        await store.claim(send);
        await store.record(send.sendId, accepted({ id: 'mine' }), 2_000);
        await store.applyEvent(heard(message.id, { sendId: send.sendId }), 3_000);
        expect(await store.messagesById(['mine', message.id])).toMatchObject([
          { status: 'ACCEPTED' },
          { status: 'DELIVERED' },
        ]);
      });

      it('lets events go whose message never came', async () => {
        await store.applyEvent(heard('never'), 2_000);
        expect(await store.purge(2_001, 10)).toBe(1);
        expect(await store.purge(2_001, 10)).toBe(0);
      });

      it('and tells those who listen, once it is stored', async () => {
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
        await store.applyEvent(heard(message.id), 3_000);
        const inbound = { ...message, id: 'in', direction: 'IN', status: 'RECEIVED', deliveries: [] } as const;
        await (store.shared ? another : store).receive(inbound, 3_000);
        await heardOfTwo;
        expect(told).toEqual([
          { kind: 'updated', messageId: message.id },
          { kind: 'received', messageId: 'in' },
        ]);
      });

      it('that came in, once, however often it is told', async () => {
        const inbound = {
          ...accepted({ to: ['+16', '+17'] }).message,
          direction: 'IN',
          status: 'RECEIVED',
          deliveries: [],
        } as const;
        await Promise.all([store.receive(inbound, 2_000), store.receive(inbound, 2_000)]);
        await store.receive(inbound, 3_000);
        expect(await store.messagesById([inbound.id])).toEqual([inbound]);
        expect(await pages(store, 5, { to: '+17' })).toEqual([inbound]);
        expect(await store.purge(9_000, 10)).toBe(0);
      });

      it('and counts its key from the last event on, not from its record', async () => {
        const message = await put(store, {}, { idempotencyKey: 'k' });
        await store.applyEvent(heard(message.id), 5_000);
        expect(await store.purge(5_000, 10)).toBe(0);
        expect(await statusOf('k')).toBe('DELIVERED');
        expect(await store.purge(5_001, 10)).toBe(1);
        expect(await statusOf('k')).toBe('free');
      });

      it('ends in the same state, whatever the order, the repetitions and the moment of its answer', async () => {
        const random = newRandom(20_261_124);
        for (let group = 0; group < SEQUENCES; group += SEQUENCES_AT_ONCE) {
          await Promise.all(
            Array.from({ length: SEQUENCES_AT_ONCE }, (_, index) => playSequence(store, `${group + index}`, random)),
          );
        }
      }, 240_000);
    });

    describe('keeps for people to read', () => {
      const other = (body: string): OtherEvent => ({ messageId: 'm\0', type: 'message-read\0', body });
      const bodies = async (table: 'strange_callbacks' | 'other_events'): Promise<unknown[]> =>
        (await place.sql(`SELECT body FROM ${table} ORDER BY received_at, body`)).map(({ body }) => body);

      it('what nobody understands, and what databases refuse, without harm to the claims of its batch', async () => {
        await Promise.all([
          store.keepAside('a\0b\ud800', 2_000),
          store.claim(newSend({ idempotencyKey: 'k1' })),
          store.keepEvent(other('c\0d\udc00'), 2_000),
          store.claim(newSend({ idempotencyKey: 'k2' })),
        ]);
        expect(await bodies('strange_callbacks')).toEqual(['ab\ufffd']);
        expect(await bodies('other_events')).toEqual(['cd\ufffd']);
        expect(await place.sql('SELECT message_id, type FROM other_events')).toEqual([
          { message_id: 'm', type: 'message-read' },
        ]);
        expect([await statusOf('k1'), await statusOf('k2')]).toEqual(['PENDING', 'PENDING']);
      });

      it('for a time, and lets it go in small batches', async () => {
        for (const [index, received] of [1_000, 2_000, 3_000, 4_000].entries()) {
          await store.keepAside(`strange ${index}`, received);
          await store.keepEvent(other(`other ${index}`), received);
        }
        expect(await store.purgeDeadLetters(1_000, 100, 10)).toEqual({ expired: 0, crowdedOut: 0 });
        expect(await store.purgeDeadLetters(3_000, 100, 3)).toEqual({ expired: 3, crowdedOut: 0 });
        expect(await store.purgeDeadLetters(3_000, 100, 3)).toEqual({ expired: 1, crowdedOut: 0 });
        expect(await bodies('strange_callbacks')).toEqual(['strange 2', 'strange 3']);
        expect(await bodies('other_events')).toEqual(['other 2', 'other 3']);
      });

      it('the newest of each kind alone, once there are too many, and tells how many it dropped', async () => {
        for (let index = 0; index < 5; index++) {
          await store.keepAside(`strange ${index}`, 1_000 + index);
          await store.keepEvent(other(`other ${index}`), 1_000 + index);
        }
        expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 4 });
        expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 2 });
        expect(await store.purgeDeadLetters(0, 2, 4)).toEqual({ expired: 0, crowdedOut: 0 });
        expect(await bodies('strange_callbacks')).toEqual(['strange 3', 'strange 4']);
        expect(await bodies('other_events')).toEqual(['other 3', 'other 4']);
      });
    });

    it('is made once when eight open it at the same time', async () => {
      const fresh = await prepare();
      const opened = await Promise.all(Array.from({ length: 8 }, () => fresh.open()));
      const message = await put(opened[0] ?? store);
      for (const each of opened) expect(await each.messagesById([message.id])).toEqual([message]);
      for (const each of opened) await each.close();
    });
  });
}
