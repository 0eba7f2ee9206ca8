/** What happened in each of the last minutes, of one process and of several together. */
import { lastMinutes, Minutes } from '../../src/telemetry/minutes.js';

const MINUTE_MS = 60_000;
/** The beginning of a minute. */
const T0 = 1_800_000_000_000;

describe('the last minutes', () => {
  let now: number;
  let minutes: Minutes;
  beforeEach(() => {
    now = T0;
    minutes = new Minutes(() => now);
  });
  const accepted = (upstreamMs: number, from = minutes): void => {
    from.onSend({ outcome: 'ACCEPTED', upstreamMs });
  };
  const shown = (last: number, sinceMs = 0, processes = [minutes]): ReturnType<typeof lastMinutes> =>
    lastMinutes(
      processes.map((each) => each.counts()),
      { last, now, sinceMs },
    );

  it('count sends by outcome, and are there also if nothing happened', () => {
    accepted(10);
    accepted(10);
    now += 2 * MINUTE_MS + 59_999;
    minutes.onSend({ outcome: 'UNKNOWN', upstreamMs: 20_000 });
    minutes.onSend({ outcome: 'NOT_SENT', upstreamMs: null });
    expect(shown(3).map(({ startMs, sends }) => [startMs - T0, sends])).toEqual([
      [0, { ACCEPTED: 2, ACCEPTED_WITHOUT_ID: 0, NOT_SENT: 0, UNKNOWN: 0 }],
      [MINUTE_MS, { ACCEPTED: 0, ACCEPTED_WITHOUT_ID: 0, NOT_SENT: 0, UNKNOWN: 0 }],
      [2 * MINUTE_MS, { ACCEPTED: 0, ACCEPTED_WITHOUT_ID: 0, NOT_SENT: 1, UNKNOWN: 1 }],
    ]);
    expect(shown(1)[0]?.upstream.p50Ms).toBeCloseTo(20_000, -4);
    expect(shown(3)[1]?.upstream).toEqual({ p50Ms: null, p99Ms: null });
  });

  it('show what half and what 99 of 100 took, to a tenth and never less', () => {
    for (let ms = 1; ms <= 1_000; ms++) accepted(ms);
    const { p50Ms, p99Ms } = shown(1)[0]?.upstream ?? {};
    // Three digits are shown.
    expect(p50Ms).toBeGreaterThanOrEqual(499);
    expect(p50Ms).toBeLessThanOrEqual(551);
    expect(p99Ms).toBeGreaterThanOrEqual(989);
    expect(p99Ms).toBeLessThanOrEqual(1_090);
  });

  it('take what upstream says of no time, of the future, and of days', () => {
    for (const lateMs of [0, -5_000, 172_800_000]) minutes.onEvent({ result: 'CHANGED', lateMs, count: 1 });
    const { p50Ms, p99Ms } = shown(1)[0]?.callbackLag ?? {};
    expect(p50Ms).toBeLessThanOrEqual(0.11);
    expect(p99Ms).toBeGreaterThanOrEqual(172_000_000);
  });

  it('count events of callbacks, but not the lag of those that were stored before', () => {
    minutes.onEvent({ result: 'REPEATED', lateMs: 90_000, count: 1 });
    minutes.onEvent({ result: 'KEPT', lateMs: null, count: 7 });
    minutes.onEvent({ result: 'EARLY', lateMs: 100, count: 1 });
    const [{ callbackEvents, callbackLag } = {}] = shown(1);
    expect(callbackEvents).toBe(9);
    expect(callbackLag?.p99Ms).toBeLessThan(111);
  });

  it('begin with the start: of what was before, nothing is known', () => {
    now = T0 + 5 * MINUTE_MS;
    expect(shown(60, T0 + 3 * MINUTE_MS + 1).map(({ startMs }) => startMs)).toEqual(
      [3, 4, 5].map((minute) => T0 + minute * MINUTE_MS),
    );
  });

  it('go on with a clock that is put back to before the start', () => {
    const sinceMs = now;
    now = T0 - 3 * MINUTE_MS;
    expect(shown(60, sinceMs).map(({ startMs }) => startMs - T0)).toEqual([-3 * MINUTE_MS]);
    accepted(1);
    now += MINUTE_MS;
    expect(shown(60, sinceMs).map(({ startMs, sends }) => [startMs - T0, sends.ACCEPTED])).toEqual([
      [-3 * MINUTE_MS, 1],
      [-2 * MINUTE_MS, 0],
    ]);
  });

  it('are kept for an hour, and no longer', () => {
    for (let minute = 0; minute < 200; minute++) {
      now = T0 + minute * MINUTE_MS;
      accepted(1);
    }
    expect(minutes.counts()).toHaveLength(60);
    expect(shown(60).every(({ sends }) => sends.ACCEPTED === 1)).toBe(true);
  });

  it('of several processes are added up', () => {
    const other = new Minutes(() => now);
    for (let count = 0; count < 99; count++) accepted(10);
    accepted(1_000, other);
    other.onEvent({ result: 'CHANGED', lateMs: 50, count: 1 });
    const [sum] = shown(1, 0, [minutes, other]);
    expect([sum?.sends.ACCEPTED, sum?.callbackEvents]).toEqual([100, 1]);
    expect(sum?.upstream.p99Ms).toBeLessThan(12);
    accepted(1_000, other);
    expect(shown(1, 0, [minutes, other])[0]?.upstream.p99Ms).toBeGreaterThanOrEqual(1_000);
  });
});
