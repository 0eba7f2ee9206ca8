/** Failures that come in thousands take a few lines of the log. */
import { jest } from '@jest/globals';
import { FailureLog } from '../../../src/graphql/subscriptions/failure-log.js';

describe('failures that come in thousands', () => {
  let told: unknown[];
  let log: FailureLog<'A' | 'B'>;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    log = new FailureLog(({ kind, count }, lastError) => told.push([kind, count, lastError]));
  });
  afterEach(() => {
    log.close();
    jest.useRealTimers();
  });

  it('are told at once by the first of a kind, and then by their number, once a minute', () => {
    for (let index = 0; index < 1_000; index++) log.add('A', index);
    expect(told).toEqual([['A', 1, 0]]);
    jest.advanceTimersByTime(60_000);
    expect(told.slice(1)).toEqual([['A', 999, 999]]);
    for (let index = 0; index < 10; index++) log.add('A', index);
    jest.advanceTimersByTime(59_999);
    expect(told).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(told.slice(2)).toEqual([['A', 10, 9]]);
  });

  it('do not hide those of another kind', () => {
    log.add('A', 'a');
    log.add('B', 'b');
    expect(told).toEqual([
      ['A', 1, 'a'],
      ['B', 1, 'b'],
    ]);
  });

  it('are told at once again after a minute without any', () => {
    log.add('A', 1);
    jest.advanceTimersByTime(60_000);
    expect(jest.getTimerCount()).toBe(0);
    log.add('A', 2);
    expect(told).toEqual([
      ['A', 1, 1],
      ['A', 1, 2],
    ]);
  });

  it('are told before the server is gone', () => {
    for (let index = 0; index < 5; index++) log.add('A', index);
    log.close();
    expect(told.slice(1)).toEqual([['A', 4, 4]]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
