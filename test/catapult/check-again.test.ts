/** When the account is checked again, by answers that the test gives and a clock in its hand. */
import type { Cancellation } from '../../src/messaging/cancellation.js';
import { AccountCheck, NOT_CHECKED, judge, type CheckResult } from '../../src/catapult/check.js';
import { NO_TOKEN } from '../../src/catapult/account.js';
import type { Exchange } from '../../src/catapult/exchange.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet } from '../support/waiting.js';

const seen = (fields: Partial<Omit<Exchange, 'body'>> & { body?: string | null } = {}): Exchange => {
  const { body = '{"messages":[]}', ...rest } = fields;
  return {
    started: true,
    status: 200,
    retryAfter: null,
    failure: null,
    ...rest,
    body: body === null ? null : Buffer.from(body),
  };
};

describe('the check of the account', () => {
  let queries: Readonly<Record<string, string>>[];
  let signals: Cancellation[];
  let answer: () => Promise<Exchange>;
  let clock: ManualClock;
  let told: CheckResult[];
  let check: AccountCheck | undefined;

  beforeEach(() => {
    [queries, signals, told] = [[], [], []];
    answer = () => Promise.resolve(seen());
    clock = manualClock(1_700_000_000_000);
  });
  afterEach(() => check?.close());

  function start(random = 0): AccountCheck {
    check = new AccountCheck({
      account: {
        list(query, signal) {
          queries.push(query);
          signals.push(signal);
          return answer();
        },
      },
      clock,
      random: () => random,
      onChange: (result) => told.push(result),
    });
    return check;
  }
  const failing = (): Promise<Exchange> => Promise.resolve(seen({ status: 503 }));

  it('knows nothing before the first answer, and asks for one message of the last minute', async () => {
    const { first, result } = start();
    expect(result).toEqual({ kind: 'unknown', why: 'not checked yet' });
    expect(NOT_CHECKED).toBe('not checked yet');
    expect(await first).toEqual({ kind: 'ok' });
    expect(queries).toEqual([
      { fromDateTime: '2023-11-14T22:12:20.000Z', toDateTime: '2023-11-14T22:13:20.000Z', limit: '1' },
    ]);
    await quiet();
    expect([told, clock.pauses]).toEqual([[{ kind: 'ok' }], []]);
  });

  it('waits after failures twice as long each time, a minute at most, less a random half', async () => {
    answer = failing;
    start(0.5);
    for (let failure = 1; failure <= 8; failure++) {
      await quiet();
      expect(clock.pauses).toHaveLength(failure);
      clock.wake();
    }
    // Three quarters of 2, 4, 8, 16 and 32 seconds, then of a minute.
    expect(clock.pauses).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]);
    expect(told).toEqual([{ kind: 'problem', problem: 'failing: answered HTTP 503' }]);
  });

  it('is made at once when the cause of a problem may be gone', async () => {
    answer = failing;
    const running = start();
    await quiet();
    answer = () => Promise.resolve(seen());
    running.mended();
    await quiet();
    expect(queries).toHaveLength(2);
    expect(running.result).toEqual({ kind: 'ok' });
  });

  it('stops asking when an answer shows that nothing can be known', async () => {
    answer = () => Promise.resolve(seen({ status: 403 }));
    start();
    await quiet();
    expect([queries.length, clock.pauses.length, told]).toEqual([
      1,
      0,
      [{ kind: 'unknown', why: 'cannot be checked: HTTP 403' }],
    ]);
  });

  it('is made again on demand, at once or a minute after the last one at the earliest', async () => {
    const running = start();
    await quiet();
    clock.advance(45_000);
    running.again();
    expect(clock.pauses).toEqual([15_000]);
    running.again();
    expect(clock.pauses).toHaveLength(1);
    answer = failing;
    clock.wake();
    await quiet();
    expect(running.result).toMatchObject({ kind: 'problem' });
    // It goes on by itself now, so that a demand changes nothing.
    expect(clock.pauses).toEqual([15_000, 2_000]);
    running.again();
    expect(clock.pauses).toHaveLength(2);
    answer = () => Promise.resolve(seen());
    clock.wake();
    await quiet();
    clock.advance(90_000);
    running.again();
    expect(clock.pauses).toEqual([15_000, 2_000, 0]);
  });

  it('is not begun a second time while it is under way', async () => {
    start().again();
    await quiet();
    expect([queries.length, clock.pauses]).toEqual([1, []]);
  });

  it('reports nothing and asks nothing once it is closed', async () => {
    let give: (exchange: Exchange) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        give = resolve;
      });
    const running = start();
    await quiet();
    const closing = running.close();
    expect(signals[0]?.aborted).toBe(true);
    give(seen({ status: 503 }));
    await closing;
    running.again();
    await quiet();
    expect(running.result).toEqual({ kind: 'unknown', why: 'not checked yet' });
    expect([queries.length, clock.pauses, told]).toEqual([1, [], []]);
  });

  it('ends in the middle of a pause, after a failure or before a check on demand', async () => {
    answer = failing;
    const failed = start();
    await quiet();
    await failed.close();
    expect(queries).toHaveLength(1);
    answer = () => Promise.resolve(seen());
    const fine = start();
    await quiet();
    fine.again();
    await fine.close();
    expect(queries).toHaveLength(2);
  });
});

describe('an answer of the message list', () => {
  it.each<[Parameters<typeof seen>[0], CheckResult]>([
    [
      { started: false, status: null, body: null, failure: NO_TOKEN },
      { kind: 'problem', problem: 'no access token' },
    ],
    [
      { status: null, body: null },
      { kind: 'problem', problem: 'no answer' },
    ],
    [
      { status: 200, body: null },
      { kind: 'problem', problem: 'no answer' },
    ],
    [{ status: 299 }, { kind: 'ok' }],
    [{ status: 300 }, { kind: 'problem', problem: 'not Catapult: redirects elsewhere (HTTP 300)' }],
    [{ status: 399 }, { kind: 'problem', problem: 'not Catapult: redirects elsewhere (HTTP 399)' }],
    [{ status: 400 }, { kind: 'unknown', why: 'cannot be checked: HTTP 400' }],
    [
      { status: 400, body: 'no' },
      { kind: 'problem', problem: 'not Catapult: the answer is not JSON' },
    ],
    [{ status: 428 }, { kind: 'unknown', why: 'cannot be checked: HTTP 428' }],
    [{ status: 429 }, { kind: 'problem', problem: 'failing: answered HTTP 429' }],
    [{ status: 499 }, { kind: 'unknown', why: 'cannot be checked: HTTP 499' }],
    [
      { status: 500, body: null },
      { kind: 'problem', problem: 'failing: answered HTTP 500' },
    ],
    [
      { status: 404, body: null },
      { kind: 'problem', problem: 'no such account' },
    ],
  ])('%j means %j', (fields, result) => {
    expect(judge(seen(fields))).toEqual(result);
  });
});
