/** The lists of the SQLite store where two of their rules meet, and its batches where one write is at fault. */
import type { MessageFilter, MessageStore, Position } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { accepted, firstOf, newSend, NO_FILTER } from './sends.js';

let store: MessageStore;
beforeEach(async () => {
  store = await openStore({ databaseUrl: null, file: ':memory:' });
});
afterEach(() => store.close());

async function put(sendId: string, fields: Parameters<typeof accepted>[0]): Promise<void> {
  await store.claim(newSend({ sendId }));
  await store.record(sendId, accepted({ id: `of ${sendId}`, ...fields }), 2_000);
}

async function list(filter: Partial<MessageFilter>, after: Position | null = null): Promise<string[]> {
  const page = (await store.listMessages({ ...NO_FILTER, ...filter }, firstOf(100, after))).listed;
  return page.map(({ position }) => position.sendId);
}

describe('a list', () => {
  it.each([254, 255, 256])(
    'by a text of %i characters holds what has that text, and nothing that begins so',
    async (length) => {
      const text = 'x'.repeat(length);
      await put('exact', { tag: text, from: text });
      await put('longer', { tag: `${text}x`, from: `${text}x` });
      await put('shorter', { tag: text.slice(1), from: text.slice(1) });
      await put('other', { tag: `${text.slice(1)}y`, from: `${text.slice(1)}y` });
      expect(await list({ tag: text })).toEqual(['exact']);
      expect(await list({ from: text })).toEqual(['exact']);
    },
  );

  it('after a position ends at whichever of its upper bounds is lower', async () => {
    for (const sendId of ['s1', 's2', 's3']) await put(sendId, { time: 10 });
    await put('s0', { time: 9 });
    const position = { time: 10, sendId: 's3' };
    expect(await list({}, position)).toEqual(['s2', 's1', 's0']);
    expect(await list({ until: 11 }, position)).toEqual(['s2', 's1', 's0']);
    // Before 10, so neither s1 nor s2.
    expect(await list({ until: 10 }, position)).toEqual(['s0']);
    expect(await list({ until: 9 }, position)).toEqual([]);
  });

  it('of the unresolved begins at the first of all, and after a position in its millisecond', async () => {
    const claimUnknown = async (sendId: string, startedAtMs: number): Promise<void> => {
      await store.claim(newSend({ sendId, startedAtMs }));
      await store.record(sendId, { status: 'UNKNOWN' }, 2_000);
    };
    await claimUnknown('b', 0);
    await claimUnknown('c', 1_000);
    await claimUnknown('d', 1_000);
    const ids = async (after: Position | null): Promise<string[]> =>
      (await store.unresolvedSends(10, after)).map(({ sendId }) => sendId);
    expect(await ids(null)).toEqual(['b', 'c', 'd']);
    expect(await ids({ time: 1_000_999, sendId: 'c' })).toEqual(['d']);
    expect(await store.unresolvedSends(1, null)).toHaveLength(1);
  });
});

describe('a batch', () => {
  it('stores the other writes when one breaks a rule of the table', async () => {
    await store.claim(newSend({ sendId: 'taken' }));
    const claims = await Promise.allSettled(
      ['a', 'taken', 'b'].map((sendId) => store.claim(newSend({ sendId, idempotencyKey: sendId }))),
    );
    expect(claims.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(claims[1]).toMatchObject({ reason: { name: 'WriteError', code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } });
    expect(await store.sendByKey('a', 'b')).toMatchObject({ sendId: 'b' });
  });

  it('calls listeners once for each change, and never for what was rolled back', async () => {
    const told: string[] = [];
    const stop = store.onChange((change) => told.push(change.kind === 'missed' ? 'missed' : change.messageId));
    const received = (id: string): Promise<unknown> =>
      store.take({ kind: 'received', message: accepted({ id, direction: 'IN', status: 'RECEIVED' }).message }, 1);
    await store.claim(newSend({ sendId: 'taken' }));
    await Promise.allSettled([received('m1'), store.claim(newSend({ sendId: 'taken' })), received('m2')]);
    expect(told).toEqual(['m1', 'm2']);
    stop();
    await received('m3');
    expect(told).toEqual(['m1', 'm2']);
  });
});
