/** What a credential opened ends with it, on a fake clock. */
import { jest } from '@jest/globals';
import { isExpired, whenExpired } from '../../../src/graphql/subscriptions/expiry.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

describe('what a credential opened', () => {
  const end = jest.fn();
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    end.mockClear();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends once, when the credential does', () => {
    whenExpired(Date.now() + 1_000, end);
    jest.advanceTimersByTime(999);
    expect(end).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(HOUR_MS);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('lasts for all of a year, which is more than a timer of Node can wait', () => {
    whenExpired(Date.now() + YEAR_MS, end);
    jest.advanceTimersByTime(YEAR_MS - 1);
    expect(end).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('ends within a minute when the clock is set forward past its end', () => {
    whenExpired(Date.now() + HOUR_MS, end);
    jest.setSystemTime(Date.now() + HOUR_MS);
    jest.advanceTimersByTime(60_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('lasts longer when the clock is set back', () => {
    whenExpired(Date.now() + HOUR_MS, end);
    jest.setSystemTime(Date.now() - HOUR_MS);
    jest.advanceTimersByTime(2 * HOUR_MS - 1);
    expect(end).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('ends at once when the credential has ended before', () => {
    whenExpired(Date.now(), end);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('never ends if the credential has no end, or once it was cancelled', () => {
    whenExpired(null, end);
    whenExpired(Date.now() + 1_000, end)();
    jest.advanceTimersByTime(HOUR_MS);
    expect(end).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is over from the exact millisecond on', () => {
    const now = Date.now();
    expect([isExpired(now + 1), isExpired(now), isExpired(null)]).toEqual([false, true, false]);
  });
});
