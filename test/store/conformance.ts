/** What every store must do. Run against each of them. */
import type { Message, MessageStatus } from '../../src/messaging/message.js';
import type { MessageFilter, MessageStore, NewSend, Position, Resolution } from '../../src/messaging/ports.js';
import { OUTBOUND } from '../support/messages.js';

const NO_FILTER: MessageFilter = { from: null, to: null, status: null, tag: null, since: null, until: null };

let counter = 0;

export function newSend(fields: Partial<NewSend> = {}): NewSend {
  const sendId = `send${String(++counter).padStart(8, '0')}`;
  const base = { sendId, caller: 'a', idempotencyKey: null, fingerprint: 'f', request: OUTBOUND };
  return { ...base, startedAt: 1_000, leaseUntil: 36_000, ...fields };
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
    status: 'ACCEPTED',
    ...fields,
  };
  return { status: 'ACCEPTED', message };
}

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

export interface StoreUnderTest {
  /** Opens the store anew on the same data, as another process would. */
  open(): Promise<MessageStore>;
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
          request: { ...OUTBOUND, tag: 't', to: ['+1', '+2'] },
        });
        expect(await store.claim(first)).toEqual({ kind: 'CLAIMED' });
        expect(await store.claim(newSend({ idempotencyKey: 'k', fingerprint: 'two' }))).toEqual({
          kind: 'HELD',
          by: {
            sendId: first.sendId,
            fingerprint: 'one',
            status: 'PENDING',
            from: OUTBOUND.from,
            to: ['+1', '+2'],
            tag: 't',
            startedAt: 1_000,
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
          for (const claim of claims) if (claim.kind === 'HELD') expect(claim.by.sendId).toBe(winners[0]?.sendId);
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

    describe('keeps house', () => {
      it('turns claims into UNKNOWN once their lease ran out, and counts them', async () => {
        await store.claim(newSend({ idempotencyKey: 'old', leaseUntil: 100 }));
        await store.claim(newSend({ idempotencyKey: 'young', leaseUntil: 200 }));
        await put(store, {}, { leaseUntil: 100 });
        expect(await store.expireLeases(150)).toBe(1);
        expect([await statusOf('old'), await statusOf('young')]).toEqual(['UNKNOWN', 'PENDING']);
        expect(await store.expireLeases(150)).toBe(0);
        expect(await store.expireLeases(Number.MAX_SAFE_INTEGER)).toBe(1);
      });

      it('still takes the outcome of a send whose lease ran out', async () => {
        const send = newSend({ idempotencyKey: 'k', leaseUntil: 100 });
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
        const sends = [3, 1, 2].map((startedAt) =>
          newSend({ startedAt, request: { ...OUTBOUND, tag: `t${startedAt}` } }),
        );
        for (const send of sends) await store.claim(send);
        await store.claim(newSend());
        await put(store);
        const [third, first, second] = sends.map(({ sendId }) => sendId) as [string, string, string];
        await store.record(third, { status: 'UNKNOWN' }, 2_000);
        await store.record(first, { status: 'ACCEPTED', message: null }, 2_000);
        await store.record(second, { status: 'UNKNOWN' }, 2_000);
        expect((await store.unresolvedSends(10)).map(({ sendId, status, tag }) => [sendId, status, tag])).toEqual([
          [first, 'ACCEPTED', 't1'],
          [second, 'UNKNOWN', 't2'],
          [third, 'UNKNOWN', 't3'],
        ]);
        expect(await store.unresolvedSends(1)).toHaveLength(1);
      });

      it('answers a ping', async () => {
        await expect(store.ping()).resolves.toBeUndefined();
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
