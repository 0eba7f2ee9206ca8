/**
 * Settling by upstream's message list, over a real store and a clock that the tests move: what it must never do whatever
 * happens, what it must do in the end, and each of its steps. A property that fails prints its seed; `SETTLE_SEED` runs
 * it again, and `SETTLE_RUNS` runs more of them.
 */
import fc from 'fast-check';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { ConfigError, readConfig } from '../../src/config/config.js';
import { Numbers } from '../../src/messaging/forgetting.js';
import type { Micros } from '../../src/messaging/message.js';
import type {
  Clock,
  MessageSearchQuery,
  MessageStore,
  NewSend,
  Resolution,
  StoredSend,
  UpstreamMessage,
} from '../../src/messaging/ports.js';
import { SettlingRounds, startSettling, type SettleStep } from '../../src/messaging/settle-by-search.js';
import { openStore } from '../../src/store/index.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accepted, newSend, REJECTED } from '../store/sends.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { OUTBOUND } from '../support/messages.js';
import { quiet } from '../support/waiting.js';
import { replacing } from '../support/replacing.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** When everything begins, milliseconds since 1970. */
const START = 1_800_000_000_000;
/** As the service has them: the gateway's deadline, and what a claim waits beyond it. */
const SEND_TIMEOUT_MS = 20 * SECOND_MS;
const LEASE_MS = SEND_TIMEOUT_MS + 5 * SECOND_MS;

const NUM_RUNS = Number(process.env.SETTLE_RUNS ?? 100);
const SEED = process.env.SETTLE_SEED === undefined ? {} : { seed: Number(process.env.SETTLE_SEED) };

/** When rounds run in 24 hours and a little more: at first as often as in life, then less, so that the tests stay quick. */
const ROUNDS = (() => {
  const rounds: number[] = [];
  for (let age = 0; age < 25 * HOUR_MS; age += Math.max(15 * SECOND_MS, age / 12)) rounds.push(START + age);
  return rounds;
})();

/** A send, what becomes of it, and what upstream knows of it. */
interface Plan {
  readonly fate:
    | 'accepted'
    | 'accepted without id'
    | 'unknown, sent'
    | 'unknown, not sent'
    | 'pending, sent'
    | 'pending, not sent'
    | 'rejected';
  readonly from: string;
  readonly to: readonly string[];
  readonly startsAfterMs: number;
  /** How long its call takes. */
  readonly callMs: number;
  /** Which part of that has passed when the message reaches upstream, 0 to 1. */
  readonly reachesAt: number;
  /** How long after that upstream lists it; null for never. */
  readonly listedAfterMs: number | null;
  /** How long its outcome is on the way to the store. */
  readonly recordMs: number;
  /** What else is found out of it, later. */
  readonly then: {
    readonly kind: 'event' | 'settled as sent' | 'settled as not sent';
    readonly afterMs: number;
  } | null;
}

interface World {
  readonly plans: readonly Plan[];
  /** How far upstream's clock is off. */
  readonly skewMs: number;
  /** Whether upstream lists only what was asked for. */
  readonly isStrict: boolean;
  /** Which of the searches fail, by their number. */
  readonly failing: readonly number[];
}

const wasSent = ({ fate }: Plan): boolean =>
  fate === 'accepted' || fate === 'accepted without id' || fate.endsWith(', sent');

const NUMBERS = ['+15550000001', '+15550000002'];
const RECIPIENTS = ['+15550000011', '+15550000012', '+15550000013'];

const lag = fc.oneof(fc.constant(0), fc.nat(5 * MINUTE_MS), fc.nat(20 * HOUR_MS));
const plan = (fields: { [Name in keyof Plan]?: fc.Arbitrary<Plan[Name]> } = {}): fc.Arbitrary<Plan> =>
  fc.record({
    fate: fc.constantFrom(
      'accepted',
      'accepted without id',
      'unknown, sent',
      'unknown, sent',
      'unknown, not sent',
      'unknown, not sent',
      'pending, sent',
      'pending, not sent',
      'rejected',
    ),
    from: fc.constantFrom(...NUMBERS),
    to: fc.subarray(RECIPIENTS, { minLength: 1, maxLength: 3 }),
    startsAfterMs: fc.nat(4 * MINUTE_MS),
    callMs: fc.nat(SEND_TIMEOUT_MS),
    reachesAt: fc.double({ min: 0, max: 1, noNaN: true }),
    listedAfterMs: fc.option(lag, { freq: 5 }),
    recordMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: lag }),
    then: fc.option(
      fc.record({
        kind: fc.constantFrom('event', 'settled as sent', 'settled as not sent'),
        afterMs: lag,
      }),
      { freq: 2, nil: null },
    ),
    ...fields,
  });
const skewMs = fc.integer({ min: -25 * SECOND_MS, max: 25 * SECOND_MS });

/** One thing that happens. */
interface Happening {
  readonly at: number;
  readonly happen: (store: MessageStore, now: number) => Promise<unknown>;
}

const messageIdOf = (index: number): string => `message of ${index}`;
const sendIdOf = (index: number): string => `send${String(index).padStart(3, '0')}`;
const reachedAt = ({ startsAfterMs, callMs, reachesAt }: Plan): number => START + startsAfterMs + callMs * reachesAt;

/** All that happens to one send, in no order. */
function happeningsOf(each: Plan, index: number): Happening[] {
  const { fate, from, to, callMs, recordMs, then } = each;
  const [sendId, id] = [sendIdOf(index), messageIdOf(index)];
  const startedAtMs = START + each.startsAfterMs;
  const claim = newSend({
    sendId,
    idempotencyKey: sendId,
    message: { ...OUTBOUND, from, to },
    startedAtMs,
    leaseUntilMs: startedAtMs + LEASE_MS,
  });
  const message = accepted({ id, from, to, time: reachedAt(each) * 1_000 });
  const resolution: Resolution | null = fate.startsWith('pending')
    ? null
    : fate === 'accepted'
      ? message
      : fate === 'accepted without id'
        ? { status: 'ACCEPTED', message: null }
        : fate === 'rejected'
          ? REJECTED
          : { status: 'UNKNOWN' };
  const happenings: Happening[] = [{ at: startedAtMs, happen: (store) => store.claim(claim) }];
  if (resolution !== null) {
    const at = startedAtMs + callMs + recordMs;
    happenings.push({ at, happen: (store, now) => store.record(sendId, resolution, now) });
  }
  const at = startedAtMs + LEASE_MS + (then?.afterMs ?? 0);
  if (then?.kind === 'event' && wasSent(each)) {
    const told = { time: 1, owner: from, segmentCount: 1, pairedMessageId: null };
    const event = {
      messageId: id,
      sendId,
      to: null,
      status: 'SENDING',
      time: 2,
      errorCode: null,
      message: told,
    } as const;
    happenings.push({ at, happen: (store, now) => store.take({ kind: 'delivery', event }, now) });
  } else if (then !== null && then.kind !== 'event') {
    // Rightly or not: people err, and searching must not make it worse.
    const who = { by: 'ops', reason: null };
    const settlement =
      then.kind === 'settled as sent'
        ? ({ as: 'SENT', found: null, ...who } as const)
        : ({ as: 'NOT_SENT', ...who } as const);
    happenings.push({ at, happen: (store, now) => store.settle(sendId, settlement, now) });
  }
  return happenings;
}

/** What upstream answers, by its own clock, `now` by ours. */
function listOf({ plans, skewMs: skew, isStrict }: World, query: MessageSearchQuery, now: number): UpstreamMessage[] {
  return plans.flatMap((each, index) => {
    const { from, to, listedAfterMs } = each;
    const reached = reachedAt(each);
    const time: Micros = Math.round((reached + skew) * 1_000);
    if (!wasSent(each) || listedAfterMs === null || now < reached + listedAfterMs) return [];
    const entries = to.map((recipient) => ({ id: messageIdOf(index), from, to: recipient, time }));
    const isWanted = (entry: UpstreamMessage): boolean =>
      entry.from === query.from &&
      query.to.includes(entry.to) &&
      time >= query.sinceMs * 1_000 &&
      time <= query.untilMs * 1_000;
    return isStrict ? entries.filter(isWanted) : entries;
  });
}

/** Lets a day pass, and tells how each of the sends stands at its end; null for one whose key is free. */
async function liveThrough(world: World): Promise<(StoredSend | null)[]> {
  const store = await openStore({ databaseUrl: null, file: ':memory:' });
  let now = START;
  let searches = 0;
  const rounds = new SettlingRounds(
    {
      store,
      search: {
        find: (query) =>
          world.failing.includes(searches++)
            ? Promise.reject(new Error('upstream is away'))
            : Promise.resolve(listOf(world, query, now)),
      },
      clock: { now: () => now, sleep: () => Promise.resolve() },
      onStep: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    },
    new AbortController().signal,
  );
  const happenings: Happening[] = [
    ...world.plans.flatMap(happeningsOf),
    ...ROUNDS.map((at) => ({
      at,
      async happen() {
        await store.expireLeases(now);
        await rounds.next();
      },
    })),
  ].sort((a, b) => a.at - b.at);
  try {
    for (const { at, happen } of happenings) {
      now = at;
      await happen(store, now);
    }
    const ends: (StoredSend | null)[] = [];
    for (const index of world.plans.keys()) ends.push(await store.sendByKey('a', sendIdOf(index)));
    return ends;
  } finally {
    await store.close();
  }
}

describe('settling by search, whatever is sent and listed,', () => {
  it('never takes a message for one that it is not, and never frees a key', async () => {
    const world = fc.record({
      plans: fc.array(plan(), { minLength: 1, maxLength: 7, size: 'max' }),
      skewMs,
      isStrict: fc.boolean(),
      failing: fc.array(fc.nat(10), { maxLength: 3 }),
    });
    const ends = { settled: 0, free: 0, known: 0 };
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        for (const [index, end] of (await liveThrough(given)).entries()) {
          const each = given.plans[index];
          if (each === undefined) continue;
          if (end?.settledBy === 'search') {
            ends.settled += 1;
            expect([wasSent(each), end.message?.id]).toEqual([true, messageIdOf(index)]);
          } else if (end === null) {
            ends.free += 1;
            expect([each.fate, each.then?.kind]).toContainEqual(
              expect.stringMatching(/^(rejected|settled as not sent)$/),
            );
          } else if (end.message !== null) {
            ends.known += 1;
            expect(end.message.id).toBe(messageIdOf(index));
          }
        }
      }),
      { numRuns: NUM_RUNS, ...SEED },
    );
    // All of these were met: nothing was shown by looking at nothing.
    expect(Object.values(ends).every((count) => count > 0)).toBe(true);
  }, 120_000);

  it('settles a send in the end whose message is listed and can be no other one', async () => {
    const [from, otherFrom] = NUMBERS as [string, string];
    const ours = fc.subarray(RECIPIENTS.slice(0, 2), { minLength: 1 });
    const [, , others] = RECIPIENTS as [string, string, string];
    const lone = plan({
      fate: fc.constantFrom('unknown, sent', 'pending, sent', 'accepted without id'),
      from: fc.constant(from),
      to: ours,
      listedAfterMs: fc.nat(4 * HOUR_MS),
      recordMs: fc.constant(0),
      then: fc.constant(null),
    });
    const harmless = fc.oneof(
      plan({ from: fc.constant(otherFrom) }),
      plan({ to: fc.constant([others]) }),
      plan({
        from: fc.constant(from),
        fate: fc.constantFrom('accepted', 'rejected'),
        recordMs: fc.constant(0),
        then: fc.constant(null),
      }),
      plan({ startsAfterMs: fc.integer({ min: 8 * MINUTE_MS, max: 60 * MINUTE_MS }) }),
    );
    const world = fc.record({
      plans: fc.tuple(lone, fc.array(harmless, { maxLength: 5 })).map(([first, rest]) => [first, ...rest]),
      skewMs,
      isStrict: fc.boolean(),
      failing: fc.subarray([0, 1]),
    });
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const [end] = await liveThrough(given);
        expect(end).toMatchObject({ settledBy: 'search', status: 'ACCEPTED', message: { id: messageIdOf(0) } });
      }),
      { numRuns: NUM_RUNS, ...SEED },
    );
  }, 120_000);
});

describe('settling by search', () => {
  let real: MessageStore;
  /** What settling sees of the store: the real one, but for what a test puts in its place. */
  let store: MessageStore;
  let now: number;
  let listed: UpstreamMessage[];
  let find: (query: MessageSearchQuery, signal?: AbortSignal) => Promise<readonly UpstreamMessage[]>;
  /** When each search was made, and what it asked for. */
  let asked: { at: number; query: MessageSearchQuery }[];
  let steps: SettleStep[];
  let errors: unknown[];
  let failures: unknown[];
  let slept: number[];
  let sleep: Clock['sleep'];

  beforeEach(async () => {
    real = await openStore({ databaseUrl: null, file: ':memory:' });
    store = real;
    now = START;
    [listed, asked, steps, errors, failures, slept] = [[], [], [], [], [], []];
    find = () => Promise.resolve(listed);
    sleep = (delayMs) => {
      slept.push(delayMs);
      return Promise.resolve();
    };
  });
  afterEach(() => real.close());

  const options = (): ConstructorParameters<typeof SettlingRounds>[0] => ({
    store,
    search: {
      find: (query: MessageSearchQuery, signal?: AbortSignal) => {
        asked.push({ at: now, query });
        return find(query, signal);
      },
    },
    clock: { now: () => now, sleep: (delayMs, signal) => sleep(delayMs, signal) },
    onStep(step, error) {
      steps.push(step);
      if (error !== undefined) errors.push(error);
    },
    onFailure: (error) => failures.push(error),
  });
  const newRounds = (): SettlingRounds => new SettlingRounds(options(), new AbortController().signal);

  /** One round, as late after the start as is said. */
  async function roundAfter(ms: number, rounds = newRounds()): Promise<void> {
    now = START + ms;
    await rounds.next();
  }

  async function put(resolution: Resolution | null, fields: Partial<NewSend> = {}): Promise<NewSend> {
    const send = newSend({ startedAtMs: START, leaseUntilMs: START + LEASE_MS, ...fields });
    await real.claim(send);
    if (resolution !== null) await real.record(send.sendId, resolution, START);
    return send;
  }

  const UNKNOWN: Resolution = { status: 'UNKNOWN' };
  const [to = ''] = OUTBOUND.to;
  const message = (fields: Partial<UpstreamMessage> = {}): UpstreamMessage => ({
    id: 'found',
    from: OUTBOUND.from,
    to,
    time: START * 1_000,
    ...fields,
  });
  const openSends = async (): Promise<string[]> =>
    (await real.unresolvedSends(1_000, null)).map(({ sendId }) => sendId);

  /** Lets time pass for a running settling, as fast as it can, until `endsAt`; then stops it. */
  async function passUntil(endsAt: number): Promise<void> {
    const over = new Promise<void>((resolve) => {
      sleep = (delayMs, signal) => {
        now += delayMs;
        if (now < endsAt) return Promise.resolve();
        resolve();
        return new Promise((wake) => {
          signal?.addEventListener('abort', () => {
            wake();
          });
        });
      };
    });
    const stop = startSettling(options());
    await over;
    await stop();
  }

  it('gives a send the one message that fits, with its time', async () => {
    const { sendId } = await put(UNKNOWN, { idempotencyKey: 'k' });
    const time = (START + 3_000) * 1_000 + 1;
    listed = [message({ time })];
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toEqual([{ sendId, step: 'settled', found: 1, rivals: 0, messageId: 'found' }]);
    expect(await real.sendByKey('a', 'k')).toMatchObject({ settledBy: 'search', message: { id: 'found', time } });
    expect(await openSends()).toEqual([]);
  });

  it('asks for what the send was, in the time of its call and half a minute on either side', async () => {
    await put(UNKNOWN, { message: { ...OUTBOUND, to: ['+16', '+17'] } });
    await roundAfter(2 * MINUTE_MS);
    expect(asked.map(({ query }) => query)).toEqual([
      { from: OUTBOUND.from, to: ['+16', '+17'], sinceMs: START - 30_000, untilMs: START + LEASE_MS + 30_000 },
    ]);
  });

  it('asks first after two minutes, then ever more rarely, and never after a day', async () => {
    await put(UNKNOWN);
    await passUntil(START + 50 * HOUR_MS);
    const ages = asked.map(({ at }) => at - START);
    const [first = 0] = ages;
    expect(first).toBeGreaterThanOrEqual(2 * MINUTE_MS);
    expect(first).toBeLessThan(2.5 * MINUTE_MS);
    for (const [index, age] of ages.slice(1).entries()) expect(age).toBeGreaterThanOrEqual(2 * (ages[index] ?? 0));
    expect(ages.length).toBeGreaterThanOrEqual(9);
    expect(ages.length).toBeLessThanOrEqual(11);
    expect(ages.at(-1)).toBeGreaterThan(12 * HOUR_MS);
    expect(ages.at(-1)).toBeLessThanOrEqual(24 * HOUR_MS);
    expect(failures).toEqual([]);
  });

  it('no longer asks about a send that is a day old, even if it never asked before', async () => {
    await put(UNKNOWN);
    await roundAfter(24 * HOUR_MS + 1);
    expect([asked, steps]).toEqual([[], []]);
    await roundAfter(24 * HOUR_MS - 1);
    expect(asked).toHaveLength(1);
  });

  it('asks at once after a restart', async () => {
    await put(UNKNOWN);
    await roundAfter(3 * MINUTE_MS);
    await roundAfter(3 * MINUTE_MS + 15_000);
    expect(asked).toHaveLength(2);
  });

  it('asks about every send that is due, however many there are, with a pause after each', async () => {
    const pairs = Array.from({ length: 230 }, (_, index) => ({ ...OUTBOUND, from: `+1555000${1_000 + index}` }));
    for (const message of pairs) await put(UNKNOWN, { message });
    // Every other one leaves the list while it is read.
    listed = pairs.filter((_, index) => index % 2 === 0).map(({ from }) => message({ id: `of ${from}`, from }));
    await roundAfter(2 * MINUTE_MS);
    expect(new Set(asked.map(({ query }) => query.from)).size).toBe(230);
    expect(asked).toHaveLength(230);
    expect(slept).toEqual(asked.map(() => 250));
    expect(await openSends()).toHaveLength(115);
  });

  it('settles nothing while none is listed, and settles it once one is', async () => {
    const { sendId } = await put(UNKNOWN);
    const rounds = newRounds();
    await roundAfter(2 * MINUTE_MS, rounds);
    expect(steps).toEqual([{ sendId, step: 'none', found: 0, rivals: 0, messageId: null }]);
    listed = [message()];
    await roundAfter(3 * MINUTE_MS, rounds);
    expect(steps).toHaveLength(1);
    await roundAfter(4 * MINUTE_MS, rounds);
    expect(steps.at(-1)?.step).toBe('settled');
  });

  it('settles nothing by two messages that fit', async () => {
    const { sendId } = await put(UNKNOWN);
    listed = [message({ id: 'one' }), message({ id: 'two' })];
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toEqual([{ sendId, step: 'several', found: 2, rivals: 0, messageId: null }]);
    expect(await openSends()).toEqual([sendId]);
  });

  it('takes a group message, which is listed once for each recipient, as one', async () => {
    const to = ['+16', '+17', '+18'];
    await put(UNKNOWN, { message: { ...OUTBOUND, to } });
    listed = [...to, '+19'].map((recipient) => message({ to: recipient }));
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toMatchObject([{ step: 'settled', messageId: 'found' }]);
  });

  it.each<[string, Partial<UpstreamMessage>, boolean]>([
    ['from another number', { from: '+19' }, false],
    ['to another number', { to: '+19' }, false],
    ['half a minute before the call', { time: (START - 30_000) * 1_000 }, true],
    ['earlier than that', { time: (START - 30_000) * 1_000 - 1 }, false],
    ['half a minute after the call', { time: (START + LEASE_MS + 30_000) * 1_000 }, true],
    ['later than that', { time: (START + LEASE_MS + 30_000) * 1_000 + 1 }, false],
  ])('judges a message %s by itself, although upstream lists it', async (_name, fields, fits) => {
    await put(UNKNOWN);
    listed = [message(fields)];
    await roundAfter(2 * MINUTE_MS);
    expect(steps.map(({ step }) => step)).toEqual([fits ? 'settled' : 'none']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['under way', () => put(null)],
    ['unknown', () => put(UNKNOWN, { startedAtMs: START + 80_000, leaseUntilMs: START + 80_000 + LEASE_MS })],
    ['accepted without an id', () => put({ status: 'ACCEPTED', message: null })],
    [
      'settled as not sent',
      async () => {
        const { sendId } = await put(UNKNOWN);
        await real.settle(sendId, { as: 'NOT_SENT', by: 'ops', reason: null }, START);
      },
    ],
    [
      'settled as sent without an id',
      async () => {
        const { sendId } = await put(UNKNOWN);
        await real.settle(sendId, { as: 'SENT', found: null, by: 'ops', reason: null }, START);
      },
    ],
  ])('does not even ask while another send that could be it is %s', async (_name, makeRival) => {
    const { sendId } = await put(UNKNOWN);
    await makeRival();
    listed = [message()];
    await roundAfter(2 * MINUTE_MS);
    expect(asked).toEqual([]);
    expect(steps[0]).toEqual({ sendId, step: 'rivals', found: 0, rivals: 1, messageId: null });
    expect(await openSends()).toContain(sendId);
  });

  it('asks although another send is open, if no recipient is the same', async () => {
    await put(UNKNOWN);
    await put(UNKNOWN, { message: { ...OUTBOUND, to: ['+19'] } });
    listed = [message(), message({ id: 'other', to: '+19' })];
    await roundAfter(2 * MINUTE_MS);
    expect(steps.map(({ step, messageId }) => [step, messageId])).toEqual([
      ['settled', 'found'],
      ['settled', 'other'],
    ]);
  });

  it('asks once a rival is no longer one', async () => {
    const { sendId } = await put(UNKNOWN);
    const rival = await put(null);
    const rounds = newRounds();
    await roundAfter(2 * MINUTE_MS, rounds);
    await real.record(rival.sendId, accepted({ id: 'of the rival' }), now);
    listed = [message({ id: 'of the rival' }), message()];
    await roundAfter(4 * MINUTE_MS, rounds);
    expect(steps.map((step) => [step.sendId, step.step, step.messageId])).toEqual([
      [sendId, 'rivals', null],
      [sendId, 'settled', 'found'],
    ]);
  });

  it('never takes the message of another send of ours', async () => {
    const { sendId } = await put(UNKNOWN);
    await put(accepted({ id: 'of another' }));
    listed = [message({ id: 'of another' })];
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toEqual([{ sendId, step: 'none', found: 0, rivals: 0, messageId: null }]);
    expect(await openSends()).toEqual([sendId]);
  });

  /** Has a number forgotten, at the time that it is. */
  const forget = (number: string): Promise<unknown> => {
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    const numbers = new Numbers({ store: real, clock, removeCopy: () => Promise.resolve() });
    return numbers.forget({ number, by: 'ops', reason: null });
  };

  it.each([
    ['a send of ours that is forgotten', [], OUTBOUND.to[0] ?? ''],
    ['one to a group of whom somebody else is forgotten', ['+19195550009'], '+19195550009'],
    ['one from a number of ours that is forgotten', [], OUTBOUND.from],
  ])('never takes the message of %s', async (_name, others, number) => {
    const { sendId } = await put(UNKNOWN);
    const to = [...OUTBOUND.to, ...others];
    await put(accepted({ id: 'of another', to }), { message: { ...OUTBOUND, to } });
    await forget(number);
    listed = [message({ id: 'of another' })];
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toEqual([{ sendId, step: 'forgotten', found: 1, rivals: 0, messageId: null }]);
    expect(await openSends()).toEqual([sendId]);
  });

  it('trusts what is there again for sends that begin after a number was forgotten', async () => {
    now = START - MINUTE_MS - 1;
    await forget('+19195550009');
    await put(UNKNOWN);
    listed = [message()];
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toMatchObject([{ step: 'settled', messageId: 'found' }]);
  });

  it('reports a search that failed, and asks again later', async () => {
    const { sendId } = await put(UNKNOWN);
    const away = new Error('upstream is away');
    find = () => Promise.reject(away);
    const rounds = newRounds();
    await roundAfter(2 * MINUTE_MS, rounds);
    expect(steps).toEqual([{ sendId, step: 'failed', found: 0, rivals: 0, messageId: null }]);
    expect(errors).toEqual([away]);
    find = () => Promise.resolve([message()]);
    await roundAfter(2 * MINUTE_MS + 15_000, rounds);
    expect(steps).toHaveLength(1);
    await roundAfter(4 * MINUTE_MS, rounds);
    expect(steps.at(-1)?.step).toBe('settled');
  });

  it('leaves a send alone that somebody else settled while it asked', async () => {
    const { sendId } = await put(UNKNOWN, { idempotencyKey: 'k' });
    find = async () => {
      await real.settle(sendId, { as: 'SENT', found: null, by: 'ops', reason: null }, now);
      return [message()];
    };
    await roundAfter(2 * MINUTE_MS);
    expect(steps).toEqual([{ sendId, step: 'resolved', found: 1, rivals: 0, messageId: 'found' }]);
    expect(await real.sendByKey('a', 'k')).toMatchObject({ settledBy: 'ops', message: null });
  });

  it('goes on after the store failed', async () => {
    await put(UNKNOWN);
    listed = [message()];
    let isBroken = true;
    store = replacing(real, {
      rivalsOf(...args) {
        if (!isBroken) return real.rivalsOf(...args);
        isBroken = false;
        return Promise.reject(new Error('disk full'));
      },
    });
    await passUntil(START + 3 * MINUTE_MS);
    expect(failures).toEqual([new Error('disk full')]);
    expect(steps.map(({ step }) => step)).toEqual(['settled']);
  });

  it('stops at once, also while upstream does not answer', async () => {
    await put(UNKNOWN);
    now = START + 2 * MINUTE_MS;
    const searching = new Promise<void>((resolve) => {
      find = (_query, signal) =>
        new Promise((_listed, reject) => {
          resolve();
          signal?.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        });
    });
    const stop = startSettling(options());
    await searching;
    let isStopped = false;
    void stop().then(() => (isStopped = true));
    await quiet();
    expect(isStopped).toBe(true);
  });
});

describe('SETTLE_BY_SEARCH', () => {
  it('is off unless it is on', () => {
    expect(readConfig({}).settleBySearch).toBe(false);
    expect(readConfig({ SETTLE_BY_SEARCH: 'off' }).settleBySearch).toBe(false);
    expect(readConfig({ SETTLE_BY_SEARCH: 'on' }).settleBySearch).toBe(true);
    expect(() => readConfig({ SETTLE_BY_SEARCH: 'true' })).toThrow(ConfigError);
  });

  describe('in the whole server, with a sandbox that accepts a message and cuts its answer off,', () => {
    const INPUT = {
      from: '+19195560202',
      to: ['+19195550002'],
      text: 'Hey',
      applicationId: 'app-1',
      idempotencyKey: 'k',
    };
    let sandbox: Sandbox;
    let app: TestApp;
    let passedMs: number;
    let sleepers: { until: number; wake: () => void }[];

    beforeEach(async () => {
      sandbox = await startSandbox(SANDBOX_ACCOUNT);
      [passedMs, sleepers] = [0, []];
    });
    afterEach(async () => {
      await app.close();
      await sandbox.close();
    });

    /** The machine's own time, which the sandbox goes by, and what the test adds. */
    const clock: Clock = {
      now: () => Date.now() + passedMs,
      sleep: (delayMs, signal) =>
        new Promise((wake) => {
          sleepers.push({ until: clock.now() + delayMs, wake });
          signal?.addEventListener('abort', () => {
            wake();
          });
          if (signal?.aborted === true) wake();
        }),
    };

    function pass(ms: number): void {
      passedMs += ms;
      const due = sleepers.filter(({ until }) => until <= clock.now());
      sleepers = sleepers.filter(({ until }) => until > clock.now());
      for (const { wake } of due) wake();
    }

    /** The id that the key's message has by now, or the code of the failure. */
    async function send(): Promise<string | undefined> {
      const { data, errors } = await execute(app.url, SendMessageDocument, { input: INPUT });
      return data?.sendMessage?.id ?? errors?.[0]?.extensions.code;
    }

    const stepsIn = (log: TestApp['log']): unknown[] =>
      log.filter(({ msg }) => msg === 'settle by search').map(({ step, messageId }) => [step, messageId]);

    it('on, finds the message, and its key gives it out without another send', async () => {
      app = await startTestApp({ ...accountAt(sandbox), SETTLE_BY_SEARCH: 'on' }, { clock });
      let told = await send();
      expect(told).toBe('OUTCOME_UNKNOWN');
      for (; told === 'OUTCOME_UNKNOWN'; told = await send()) pass(15_000);
      expect(sandbox.accepted.map(({ id }) => id)).toEqual([told]);
      expect(stepsIn(app.log)).toEqual([['settled', told]]);
    });

    it('off, asks nobody', async () => {
      app = await startTestApp(accountAt(sandbox), { clock });
      for (let round = 0; round < 40; round++) {
        expect(await send()).toBe('OUTCOME_UNKNOWN');
        pass(15_000);
      }
      expect(stepsIn(app.log)).toEqual([]);
      expect(sandbox.accepted).toHaveLength(1);
    });
  });
});
