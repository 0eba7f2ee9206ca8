/** A search without an index, in a database that is too large for one look. */
import type { MessageStore } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { newSend, REJECTED } from './sends.js';

describe('a search for a request, in SQLite', () => {
  let store: MessageStore;
  /** Far more than one look at the sends or at the audit takes. */
  const COUNT = 5_500;
  const idOf = (place: number): string => `0${String(place).padStart(8, '0')}`;

  beforeAll(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
    const sends = Array.from({ length: COUNT }, (_, place) =>
      newSend({ sendId: idOf(place), requestId: `request-${place}`, startedAtMs: place * 1_000 }),
    );
    await Promise.all(sends.map((send) => store.claim(send)));
    for (const [place, { sendId }] of sends.entries()) await store.record(sendId, REJECTED, place * 1_000 + 1);
  }, 60_000);
  afterAll(() => store.close());

  const found = async (id: string, patienceMs: number): Promise<object> => {
    const { sends, audit, searchedSinceMs } = await store.trace({ id }, patienceMs);
    return { sends: sends.map(({ sendId }) => sendId), audit: audit.map(({ sendId }) => sendId), searchedSinceMs };
  };

  it('finds the newest at once, with its audit, and says that older ones were left out', async () => {
    const newest = COUNT - 1;
    expect(await found(`request-${newest}`, 0)).toEqual({
      ...{ sends: [idOf(newest)], audit: [idOf(newest)] },
      searchedSinceMs: (COUNT - 500) * 1_000,
    });
  });

  it('says how far back it looked, where there was no time to find it', async () => {
    expect(await found('request-0', 0)).toEqual({ sends: [], audit: [], searchedSinceMs: (COUNT - 500) * 1_000 });
  });

  it('finds the oldest if there is time, and has left nothing out', async () => {
    const oldest = { sends: [idOf(0)], audit: [idOf(0)], searchedSinceMs: null };
    expect([await found('request-0', 60_000), await found('request-0', Infinity)]).toEqual([oldest, oldest]);
  });

  it('goes no further than an hour back from what it found', async () => {
    const place = COUNT - 1_000;
    expect(await found(`request-${place}`, 60_000)).toMatchObject({ sends: [idOf(place)] });
    const { searchedSinceMs } = (await found(`request-${COUNT - 10}`, 60_000)) as { searchedSinceMs: number };
    expect(searchedSinceMs).toBe((COUNT - 4_000) * 1_000);
  });

  it('is not needed for the id of a send: that is found at once, and so is its audit', async () => {
    expect(await found(idOf(7), 0)).toEqual({ sends: [idOf(7)], audit: [idOf(7)], searchedSinceMs: null });
  });

  it('is made after those that came before, and leaves all out where there is no time any more', async () => {
    const since = Date.now();
    const [first, ...others] = await Promise.all(Array.from({ length: 50 }, () => store.trace({ id: 'nothing' }, 0)));
    expect(first?.searchedSinceMs).toBe((COUNT - 500) * 1_000);
    for (const { searchedSinceMs } of others) expect(searchedSinceMs).toBeGreaterThanOrEqual(since);
    const patient = await Promise.all(['request-0', 'nothing', 'request-1'].map((id) => found(id, 60_000)));
    expect(patient).toMatchObject([{ sends: [idOf(0)] }, { sends: [], searchedSinceMs: null }, { sends: [idOf(1)] }]);
  });

  it('lets others have their turn after each look', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await found('nothing', Infinity);
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
