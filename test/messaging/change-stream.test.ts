/** The stream of changes, with a real store behind it. */
import { ServiceError } from '../../src/errors.js';
import { ChangeStream, type Following, type Update } from '../../src/messaging/change-stream.js';
import { systemClock } from '../../src/messaging/clock.js';
import { isFinal } from '../../src/messaging/delivery.js';
import type { ChangeCursor, MessageStore, StoredSend } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { accepted, heard, newSend, put, REJECTED } from '../store/sends.js';
import { replacing } from '../support/replacing.js';
import { quiet, until } from '../support/waiting.js';

describe('the stream of changes', () => {
  let store: MessageStore;
  let stream: ChangeStream;
  let listening: number;
  let reads: number;
  /** What the next read of changes fails with. */
  let failure: Error | null;

  beforeEach(async () => {
    const real = await openStore({ databaseUrl: null, file: ':memory:' });
    [listening, reads, failure] = [0, 0, null];
    store = replacing(real, {
      onChange(listener) {
        listening += 1;
        const stop = real.onChange(listener);
        return () => {
          listening -= 1;
          stop();
        };
      },
      changes(cursor, limit) {
        reads += 1;
        return failure === null ? real.changes(cursor, limit) : Promise.reject(failure);
      },
    });
    stream = new ChangeStream(store, systemClock);
  });
  afterEach(async () => {
    // The last reader of a test takes a moment to end.
    await until(() => listening === 0);
    await store.close();
  });

  const follow = (following: Partial<Following> = {}): AsyncGenerator<Update> =>
    stream.follow({ since: null, wants: () => true, ...following });
  const next = async (updates: AsyncGenerator<Update>): Promise<Update> => {
    const result = await updates.next();
    if (result.done === true) throw new Error('the stream has ended');
    return result.value;
  };
  /** The next updates, by message and state. */
  const states = async (updates: AsyncGenerator<Update>, count: number): Promise<string[]> => {
    const found: string[] = [];
    while (found.length < count) found.push(stateOf((await next(updates)).send));
    return found;
  };
  const stateOf = ({ message, status }: StoredSend): string => `${message?.id ?? 'none'} ${status}`;

  it('begins now, and tells of sends as well as of what callbacks bring', async () => {
    await put(store);
    const updates = follow();
    const first = next(updates);
    await until(() => listening === 1);
    await quiet();
    const message = await put(store);
    expect(stateOf((await first).send)).toBe(`${message.id} ACCEPTED`);
    const second = next(updates);
    await store.take(heard(message.id), 3_000);
    expect(stateOf((await second).send)).toBe(`${message.id} DELIVERED`);
    await updates.return(undefined);
  });

  it('reads what many have missed as if they were one, from wherever they go on', async () => {
    const start = await store.lastChange();
    const cursors: ChangeCursor[] = [start];
    const all: string[] = [];
    for (let index = 0; index < 250; index++) {
      all.push(`${(await put(store)).id} ACCEPTED`);
      if (index < 9) cursors.push(await store.lastChange());
    }
    const many = Array.from({ length: 50 }, (_, index) => follow({ since: cursors[index % 10] ?? start }));
    const found = await Promise.all(many.map((updates, index) => states(updates, 250 - (index % 10))));
    for (const [index, each] of found.entries()) expect(each).toEqual(all.slice(index % 10));
    // Each by itself would take 150.
    expect(reads).toBeLessThan(15);
    await Promise.all(many.map((updates) => updates.return(undefined)));
  });

  it('goes on after any cursor, and neither misses nor repeats', async () => {
    const start = await store.lastChange();
    const messages = [];
    for (let index = 0; index < 250; index++) messages.push(await put(store));
    const all = messages.map(({ id }) => `${id} ACCEPTED`);
    const whole = follow({ since: start });
    expect(await states(whole, 250)).toEqual(all);
    await whole.return(undefined);
    let since: ChangeCursor = start;
    const found: string[] = [];
    for (const count of [1, 99, 100, 50]) {
      const updates = follow({ since });
      for (let index = 0; index < count; index++) {
        const update = await next(updates);
        found.push(stateOf(update.send));
        since = update.cursor;
      }
      await updates.return(undefined);
    }
    expect(found).toEqual(all);
  });

  it('reads each change once for all who are live, however many they are', async () => {
    const followers = Array.from({ length: 50 }, () => follow());
    const first = followers.map((updates) => states(updates, 20));
    await until(() => listening === 1);
    await quiet();
    const before = reads;
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) ids.push((await put(store)).id);
    for (const found of await Promise.all(first)) expect(found).toEqual(ids.map((id) => `${id} ACCEPTED`));
    // A read each 20 ms at the most, in place of fifty for each message.
    expect(reads - before).toBeLessThan(100);
    await Promise.all(followers.map((updates) => updates.return(undefined)));
  });

  it('lets one who reads slowly read again, and lose nothing', async () => {
    const slow = follow();
    const fast = follow();
    const [first, all] = [states(slow, 1), states(fast, 1_000)];
    await until(() => listening === 1);
    await quiet();
    const ids: string[] = [];
    for (let index = 0; index < 1_000; index++) ids.push((await put(store)).id);
    expect(await all).toEqual(ids.map((id) => `${id} ACCEPTED`));
    expect([...(await first), ...(await states(slow, 999))]).toEqual(ids.map((id) => `${id} ACCEPTED`));
    await Promise.all([slow.return(undefined), fast.return(undefined)]);
  });

  it('tells only what is wanted', async () => {
    const since = await store.lastChange();
    await put(store, {}, { caller: 'b' });
    const { id } = await put(store);
    const updates = follow({ since, wants: ({ caller }) => caller === 'a' });
    expect(await states(updates, 1)).toEqual([`${id} ACCEPTED`]);
    await updates.return(undefined);
  });

  it('ends while it waits, stops listening, and begins again for the next', async () => {
    for (let round = 0; round < 3; round++) {
      const updates = follow();
      const waiting = updates.next();
      await until(() => listening === 1);
      await updates.return(undefined);
      expect(await waiting).toEqual({ value: undefined, done: true });
      await until(() => listening === 0);
    }
    const unread = follow();
    await unread.return(undefined);
    expect(await unread.next()).toEqual({ value: undefined, done: true });
    expect(listening).toBe(0);
  });

  it('refuses a cursor of a database that is further than this one', async () => {
    const { commit } = await store.lastChange();
    const updates = follow({ since: { commit: commit + 5, sendId: 'a', ahead: null } });
    await expect(updates.next()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['since'], code: 'INVALID_CURSOR' }],
    });
    expect(listening).toBe(0);
  });

  it('says that it is lost when the store is away, and goes on by the cursor afterwards', async () => {
    const since = await store.lastChange();
    const { id } = await put(store);
    failure = new Error('away');
    await expect(follow({ since }).next()).rejects.toThrow(new ServiceError('SUBSCRIPTION_LOST').message);
    failure = null;
    const updates = follow({ since });
    expect(await states(updates, 1)).toEqual([`${id} ACCEPTED`]);
    await updates.return(undefined);
  });

  it('gets over a store that is away for a while beneath one who is live', async () => {
    const updates = follow();
    const first = states(updates, 1);
    await until(() => listening === 1);
    await quiet();
    failure = new Error('away');
    const { id } = await put(store);
    const before = reads;
    await until(() => reads > before);
    failure = null;
    expect(await first).toEqual([`${id} ACCEPTED`]);
    await updates.return(undefined);
  });

  it('of one send begins with what it is, tells no state twice, and ends with the last', async () => {
    const send = newSend();
    await store.claim(send);
    const read = async (): Promise<StoredSend> => {
      const [found] = await store.sendsById('sendId', [send.sendId], 'a');
      if (found == null) throw new Error('no such send');
      return found;
    };
    const isLast = ({ message }: StoredSend): boolean => message !== null && isFinal(message);
    const updates = follow({ wants: ({ sendId }) => sendId === send.sendId, first: read, isLast });
    expect(await states(updates, 1)).toEqual(['none PENDING']);
    const resolution = accepted();
    await store.record(send.sendId, resolution, 2_000);
    expect(await states(updates, 1)).toEqual([`${resolution.message.id} ACCEPTED`]);
    await store.take(heard(resolution.message.id), 3_000);
    expect(await states(updates, 1)).toEqual([`${resolution.message.id} DELIVERED`]);
    expect(await updates.next()).toEqual({ value: undefined, done: true });
    const late = follow({ first: read, isLast, wants: () => true });
    expect(await states(late, 1)).toEqual([`${resolution.message.id} DELIVERED`]);
    expect(await late.next()).toEqual({ value: undefined, done: true });
    await until(() => listening === 0);
  });

  it('tells of sends that were refused', async () => {
    const since = await store.lastChange();
    const send = newSend();
    await store.claim(send);
    await store.record(send.sendId, REJECTED, 2_000);
    const updates = follow({ since });
    expect((await next(updates)).send.problem).toEqual(REJECTED.problem);
    await updates.return(undefined);
  });
});
