/** Sends are counted in memory and in PostgreSQL by the same rules. */
import { jest } from '@jest/globals';
import { Client, Pool } from 'pg';
import type { Counted, Refused, Room, SendLimits } from '../../src/messaging/ports.js';
import { openStore, type OpenStore } from '../../src/store/index.js';
import { openPool } from '../../src/store/pool.js';
import { countersInPostgres } from '../../src/store/postgres-counters.js';
import { CountersInMemory, sendLimits, type Count, type LimitsOfSends } from '../../src/store/send-limits.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startPostgresProxy } from './postgres-proxy.js';
import { newSend } from './sends.js';

const HOUR = 3_600;
const LIMITS = {
  perCaller: [{ count: 5, windowSeconds: HOUR }],
  perRecipient: [{ count: 3, windowSeconds: HOUR }],
  perRecipientOverall: [],
};

/** Looks whether there is room, and takes it. */
async function take(limits: SendLimits, caller: string, recipients: readonly string[]): Promise<Counted | Refused> {
  const room = await limits.look(caller, recipients);
  return room.kind === 'REFUSED' ? room : room.take();
}

/** How many seconds to wait; null where the send was counted. */
async function waitOf(permit: Promise<Counted | Refused>): Promise<number | null> {
  const taken = await permit;
  return taken.kind === 'REFUSED' ? taken.retryAfterSeconds : null;
}

/** @throws where the send was refused. */
async function counted(permit: Promise<Counted | Refused>): Promise<Counted> {
  const taken = await permit;
  if (taken.kind === 'REFUSED') throw new Error('refused');
  return taken;
}

/** The rows of all counters; none where they are in memory. */
async function countersIn(databaseUrl: string | null): Promise<object[]> {
  if (databaseUrl === null) return [];
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<object>('SELECT * FROM send_counters ORDER BY key');
  await client.end();
  return rows;
}

describe.each(['memory', 'PostgreSQL'])('sends counted in %s', (place) => {
  let postgres: TestPostgres | null = null;
  let databaseUrl: string | null;
  const stores: OpenStore[] = [];

  beforeAll(async () => {
    if (place === 'PostgreSQL') postgres = await startPostgres({ flushes: false });
  });
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    databaseUrl = (await postgres?.newSchema()) ?? null;
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const open = async (): Promise<OpenStore> => {
    const store = await openStore({ databaseUrl, file: ':memory:' });
    stores.push(store);
    return store;
  };
  const openLimits = async (options: Partial<LimitsOfSends> = {}): Promise<SendLimits> =>
    (await open()).sendLimits({ ...LIMITS, ...options });
  const recipients = (count: number, from = 0): string[] =>
    Array.from({ length: count }, (_, index) => `+1${from + index}`);

  it('are counted by recipient, for each caller', async () => {
    const limits = await openLimits();
    await counted(take(limits, 'a', recipients(3)));
    await counted(take(limits, 'a', recipients(2, 10)));
    const wait = await waitOf(take(limits, 'a', recipients(1, 20)));
    expect(wait).toBeGreaterThan(HOUR - 60);
    expect(wait).toBeLessThanOrEqual(HOUR);
    await counted(take(limits, 'b', recipients(5, 30)));
  });

  it('to a recipient are counted for each caller separately: nobody can use up or count what others send to a number', async () => {
    const limits = await openLimits();
    for (let round = 0; round < 3; round++) await counted(take(limits, 'a', ['+1']));
    expect(await waitOf(take(limits, 'a', ['+1']))).toBeGreaterThan(0);
    for (let round = 0; round < 3; round++) await counted(take(limits, 'b', ['+1']));
  });

  it('to a recipient are counted for all callers together where the operator wants that', async () => {
    const limits = await openLimits({ perRecipientOverall: [{ count: 3, windowSeconds: HOUR }] });
    for (const caller of ['a', 'b', 'c']) await counted(take(limits, caller, ['+1']));
    expect(await waitOf(take(limits, 'd', ['+1']))).toBeGreaterThan(0);
    await counted(take(limits, 'd', ['+2']));
  });

  it('are counted in each window separately, those of callers and those of recipients', async () => {
    const windows = [
      { count: 3, windowSeconds: HOUR },
      { count: 4, windowSeconds: 2 * HOUR },
    ];
    const limits = await openLimits({ perCaller: windows, perRecipient: windows });
    for (let round = 0; round < 3; round++) await counted(take(limits, '+1', ['+1']));
    expect(await waitOf(take(limits, '+1', ['+2']))).toBeLessThanOrEqual(HOUR);
    await counted(take(limits, '+2', ['+2']));
  });

  it('that several windows refuse have to wait for the last of them', async () => {
    const windows = [2 * HOUR, HOUR, 3 * HOUR].map((windowSeconds) => ({ count: 1, windowSeconds }));
    const limits = await openLimits({ perCaller: windows, perRecipient: [] });
    await counted(take(limits, 'a', ['+1']));
    expect(await waitOf(take(limits, 'a', ['+1']))).toBeGreaterThan(2 * HOUR);
  });

  it('are not counted at all when refused', async () => {
    const limits = await openLimits();
    await counted(take(limits, 'a', recipients(3)));
    for (let round = 0; round < 5; round++) expect(await waitOf(take(limits, 'a', recipients(3, 10)))).not.toBeNull();
    await counted(take(limits, 'a', recipients(2, 10)));
  });

  it('begin no count when refused, whichever limit refuses them', async () => {
    const limits = await openLimits();
    await counted(take(limits, 'a', recipients(3)));
    for (let round = 0; round < 2; round++) await counted(take(limits, 'b', ['+1']));
    await counted(take(limits, 'b', ['+1']));
    const before = await countersIn(databaseUrl);
    expect(await waitOf(take(limits, 'a', recipients(3, 100)))).toBeGreaterThan(0);
    expect(await waitOf(take(limits, 'b', ['+1', ...recipients(1, 200)]))).toBeGreaterThan(0);
    expect(await waitOf(take(limits, 'c', recipients(6, 300)))).toBeGreaterThan(0);
    expect(await countersIn(databaseUrl)).toEqual(before);
  });

  it('that have found room keep it until they are counted or dropped', async () => {
    const limits = await openLimits();
    const rooms = await Promise.all(Array.from({ length: 9 }, (_, index) => limits.look('a', [`+1${index}`])));
    expect(rooms.filter(({ kind }) => kind === 'ROOM')).toHaveLength(5);
    for (const room of rooms) if (room.kind === 'ROOM') room.drop();
    await counted(take(limits, 'a', recipients(5)));
    expect((await limits.look('a', ['+19'])).kind).toBe('REFUSED');
  });

  it('of less than a minute are not given back: they say how fast may be tried', async () => {
    const limits = await openLimits({ perCaller: [{ count: 2, windowSeconds: 59 }], perRecipient: [] });
    for (let round = 0; round < 2; round++) await (await counted(take(limits, 'a', ['+1']))).giveBack();
    expect(await waitOf(take(limits, 'a', ['+1']))).toBeGreaterThan(0);
  });

  it('that are given back leave room for others', async () => {
    const limits = await openLimits({ perRecipientOverall: [{ count: 3, windowSeconds: HOUR }] });
    for (let round = 0; round < 9; round++) await (await counted(take(limits, 'a', recipients(3)))).giveBack();
    await counted(take(limits, 'a', recipients(3)));
    await counted(take(limits, 'a', recipients(2)));
    expect(await waitOf(take(limits, 'a', recipients(1)))).toBeGreaterThan(0);
  });

  it('never exceed the limit when all come at once', async () => {
    const limits = await openLimits({ perRecipient: [] });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => waitOf(take(limits, 'a', [`+1${index}`]))),
    );
    expect(answers.filter((answer) => answer === null).length).toBeLessThanOrEqual(5);
    expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(0);
  });

  it('leave what was not counted, as their caller may see, and seeing counts nothing', async () => {
    const windows = [
      { count: 5, windowSeconds: HOUR },
      { count: 9, windowSeconds: 2 * HOUR },
    ];
    const limits = await openLimits({ perCaller: windows });
    const left = async (caller: string): Promise<unknown> =>
      (await limits.left(caller)).perCaller.map(({ remaining }) => remaining);
    const before = Date.now();
    expect(await limits.left('a')).toEqual({
      perCaller: windows.map((limit) => ({ limit, remaining: limit.count, resetsAtMs: null })),
      perRecipient: LIMITS.perRecipient,
      perRecipientOverall: [],
    });
    const taken = await counted(take(limits, 'a', recipients(3)));
    for (let round = 0; round < 2; round++) expect(await left('a')).toEqual([2, 6]);
    const [first] = (await limits.left('a')).perCaller;
    expect(first?.resetsAtMs).toBeGreaterThanOrEqual(before + HOUR * 1_000);
    expect(first?.resetsAtMs).toBeLessThanOrEqual(Date.now() + HOUR * 1_000);
    const room = await limits.look('a', recipients(2, 10));
    expect(await left('a')).toEqual([0, 4]);
    if (room.kind === 'ROOM') room.drop();
    await taken.giveBack();
    expect([await left('a'), await left('b')]).toEqual([
      [5, 9],
      [5, 9],
    ]);
  });

  it('are not limited when there is no limit', async () => {
    const limits = await openLimits({ perCaller: [], perRecipient: [] });
    for (let round = 0; round < 20; round++) await counted(take(limits, 'a', ['+1']));
  });

  it('that have found room keep it for each of their recipients, and wait for a whole window where none runs', async () => {
    const limits = await openLimits({ perRecipient: [] });
    const room = await limits.look('a', recipients(3));
    const refused = { kind: 'REFUSED', retryAfterSeconds: HOUR };
    expect(await limits.look('a', recipients(3, 10))).toEqual(refused);
    expect(await limits.look('b', recipients(6))).toEqual(refused);
    if (room.kind === 'ROOM') room.drop();
    expect(await take(limits, 'a', recipients(3, 10))).toMatchObject({ kind: 'COUNTED' });
  });

  it('of a minute or more are given back', async () => {
    const limits = await openLimits({ perCaller: [{ count: 1, windowSeconds: 60 }], perRecipient: [] });
    await (await counted(take(limits, 'a', ['+1']))).giveBack();
    await counted(take(limits, 'a', ['+1']));
  });

  const oneAnHour = { perCaller: [{ count: 1, windowSeconds: HOUR }], perRecipient: [] };

  if (place === 'memory') {
    it('begin no count in memory when refused', async () => {
      const counters = new CountersInMemory();
      const add = jest.spyOn(counters, 'add');
      const limits = sendLimits({ ...oneAnHour, perRecipientOverall: [] }, counters);
      await counted(take(limits, 'a', ['+1']));
      expect(await waitOf(take(limits, 'a', ['+1']))).toBe(HOUR);
      expect(add).toHaveBeenCalledTimes(1);
    });

    it('are forgotten when their window has ended, and others are counted', async () => {
      const counters = new CountersInMemory();
      const count = (key: string): Count => ({ key, points: 1, limit: { count: 9, windowSeconds: 1 } });
      await counters.add([count('a')], 0);
      await counters.add([count('b')], 500);
      await counters.add([count('c')], 1_000);
      // As it was at 500.
      expect(await counters.read(['a', 'b'].map(count), 500)).toEqual([null, { points: 1, endsAt: 1_500 }]);
    });

    it('are counted to the last millisecond of a window, and what is given back after it is no room in the next', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      try {
        const limits = await openLimits(oneAnHour);
        const early = await counted(take(limits, 'a', ['+1']));
        await jest.advanceTimersByTimeAsync(HOUR * 1_000 - 1);
        expect(await waitOf(take(limits, 'a', ['+1']))).toBe(1);
        await jest.advanceTimersByTimeAsync(1);
        await early.giveBack();
        await counted(take(limits, 'a', ['+1']));
        expect(await waitOf(take(limits, 'a', ['+1']))).toBe(HOUR);
      } finally {
        jest.useRealTimers();
      }
    });

    it('that are given back late leave no room in the next window', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      try {
        const limits = await openLimits(oneAnHour);
        const early = await counted(take(limits, 'a', ['+1']));
        await jest.advanceTimersByTimeAsync(HOUR * 1_000 + 1);
        await counted(take(limits, 'a', ['+1']));
        await early.giveBack();
        expect(await waitOf(take(limits, 'a', ['+1']))).toBe(HOUR);
      } finally {
        jest.useRealTimers();
      }
    });
  }

  if (place === 'PostgreSQL') {
    it('that are given back late leave no room in the next window', async () => {
      const limits = await openLimits(oneAnHour);
      const early = await counted(take(limits, 'a', ['+1']));
      const client = new Client({ connectionString: databaseUrl ?? '' });
      await client.connect();
      // As if the next window had begun a second after the end of this one.
      await client.query('UPDATE send_counters SET expire = expire + 3601000');
      await client.end();
      await early.giveBack();
      expect(await waitOf(take(limits, 'a', ['+1']))).toBeGreaterThan(HOUR);
    });

    it('are looked at and counted with one statement each, however many come at the same moment', async () => {
      const limits = await openLimits({ perRecipientOverall: [{ count: 3, windowSeconds: HOUR }] });
      await counted(take(limits, 'a', ['+1']));
      const asked: string[] = [];
      const query = Reflect.get(Client.prototype, 'query') as (...args: unknown[]) => unknown;
      Client.prototype.query = function (this: Client, ...args: unknown[]) {
        asked.push((args[0] as { readonly name: string }).name);
        return Reflect.apply(query, this, args);
      } as typeof Client.prototype.query;
      try {
        await Promise.all(['+1', '+2', '+3'].map(async (to) => counted(take(limits, 'a', [to]))));
      } finally {
        Client.prototype.query = query as typeof Client.prototype.query;
      }
      expect(asked).toEqual(['look', 'count']);
      const points = (await countersIn(databaseUrl)).map((row) => (row as { readonly points: number }).points);
      expect(points.toSorted()).toEqual([1, 1, 1, 1, 2, 2, 4]);
    });

    it('leave no connection behind when their store is closed', async () => {
      const store = await openStore({ databaseUrl, file: '' });
      const limits = store.sendLimits(LIMITS);
      await take(limits, 'a', ['+1']);
      await store.close();
      await expect(take(limits, 'a', ['+1'])).rejects.toThrow('pool');
    });

    it('that wait to be counted leave connections to the claims, and give up after five seconds', async () => {
      const store = await open();
      const limits = store.sendLimits(LIMITS);
      const client = new Client({ connectionString: databaseUrl ?? '' });
      await client.connect();
      await client.query('BEGIN; LOCK TABLE send_counters');
      const startedAt = performance.now();
      const looks = Promise.allSettled(Array.from({ length: 50 }, () => limits.look('a', ['+1'])));
      expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      expect(new Set((await looks).map(({ status }) => status))).toEqual(new Set(['rejected']));
      expect(performance.now() - startedAt).toBeLessThan(9_000);
      await client.end();
      await counted(take(limits, 'a', ['+1']));
    }, 20_000);

    it('are counted once for two instances', async () => {
      const [first, second] = [await openLimits(), await openLimits()];
      await counted(take(first, 'a', recipients(3)));
      expect(await waitOf(take(second, 'a', recipients(3, 10)))).not.toBeNull();
    });

    it('reject when the database is away, and hold no number or name', async () => {
      const limits = await openLimits();
      await take(limits, 'zqcaller', ['+19995550123']);
      const rows = await countersIn(databaseUrl);
      expect(rows.length).toBe(2);
      expect(JSON.stringify(rows)).not.toMatch(/zqcaller|9995550123/);
      await postgres?.stop();
      await expect(take(limits, 'a', ['+1'])).rejects.toBeDefined();
      await postgres?.start();
      await counted(take(limits, 'a', ['+1']));
    }, 60_000);
  }
});

describe('sends counted in PostgreSQL by two instances', () => {
  let postgres: TestPostgres;
  let url: URL;
  let client: Client;
  let first: OpenStore;
  let second: OpenStore;
  const open = (): Promise<OpenStore> => openStore({ databaseUrl: url.href, file: '' });

  beforeAll(async () => {
    postgres = await startPostgres({ flushes: false });
    url = new URL(await postgres.newSchema());
    [first, second] = [await open(), await open()];
    client = new Client({ connectionString: url.href });
    await client.connect();
  }, 30_000);
  beforeEach(() => client.query('DELETE FROM send_counters'));
  afterAll(async () => {
    await client.end();
    for (const store of [first, second]) await store.close();
    await postgres.close();
  });

  const overall = { ...LIMITS, perRecipientOverall: [{ count: 9, windowSeconds: 2 * HOUR }] };
  const pointsByName = async (): Promise<unknown> => {
    const { rows } = await client.query<{ name: string; points: number }>(
      "SELECT split_part(key, ':', 1) AS name, points FROM send_counters ORDER BY key",
    );
    return rows.map(({ name, points }) => [name, points]);
  };

  it('lie under names that instances of other versions share: the kind of the limit, and the seconds of its window', async () => {
    await counted(take(first.sendLimits(overall), 'a', ['+1', '+2']));
    expect(await pointsByName()).toEqual([
      ['caller-recipient/3600', 1],
      ['caller-recipient/3600', 1],
      ['caller/3600', 2],
      ['recipient/7200', 1],
      ['recipient/7200', 1],
    ]);
  });

  it('wait for the end of the window that the other has filled between look and count, and are given back', async () => {
    const room = await first.sendLimits(overall).look('a', ['+1', '+2']);
    await counted(take(second.sendLimits(overall), 'a', ['+3', '+4', '+5', '+6']));
    const wait = await waitOf((room as Room).take());
    expect(wait).toBeGreaterThan(HOUR - 60);
    expect(wait).toBeLessThanOrEqual(HOUR);
    expect(await pointsByName()).toContainEqual(['caller/3600', 4]);
  });

  it('reject with what PostgreSQL says when one of their counts fails, and none is made', async () => {
    await client.query(
      "ALTER TABLE send_counters ADD CONSTRAINT no_recipients CHECK (key NOT LIKE 'caller-recipient%') NOT VALID",
    );
    const outcome = await take(first.sendLimits(overall), 'a', ['+1']).catch((error: unknown) => error);
    await client.query('ALTER TABLE send_counters DROP CONSTRAINT no_recipients');
    expect(outcome).toMatchObject({ constraint: 'no_recipients' });
    expect(await pointsByName()).toEqual([]);
  });

  it('are looked at with one query, however many recipients they have', async () => {
    const limits = first.sendLimits(overall);
    const queries = jest.spyOn(Pool.prototype, 'query');
    await limits.look('a', ['+1', '+2', '+3']);
    const { length } = queries.mock.calls;
    queries.mockRestore();
    expect(length).toBe(1);
  });

  it('are counted on, by the same process, after a connection of theirs was reset during a statement', async () => {
    const proxy = await startPostgresProxy(Number(url.port));
    const byProxy = new URL(url);
    byProxy.port = String(proxy.port);
    const pool = openPool(byProxy.href);
    const limits = sendLimits(LIMITS, countersInPostgres(pool));
    proxy.resetAt('FROM send_counters');
    // As a transaction does: queries of the pool itself have a listener of their own.
    const taken = await pool.connect();
    const broken = await taken.query('SELECT FROM send_counters').catch(() => 'failed');
    taken.release(true);
    const { kind } = await limits.look('a', ['+1']);
    await pool.end();
    await proxy.close();
    expect([broken, kind]).toEqual(['failed', 'ROOM']);
  });

  it('are read as numbers, although they may have 64 bits', async () => {
    const pool = openPool(url.href);
    const { rows } = await pool.query('SELECT 9007199254740991::bigint AS number');
    await pool.end();
    expect(rows).toEqual([{ number: Number.MAX_SAFE_INTEGER }]);
  });
});
