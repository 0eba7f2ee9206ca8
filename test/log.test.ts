/** What may be said in the log, and how often. */
import { Writable } from 'node:stream';
import { jest } from '@jest/globals';
import { createLogger, describeError, ThrottledLog } from '../src/log.js';

describe('the log', () => {
  it('says of an error its class, its code and where it happened, and never its message', () => {
    const cause = Object.assign(new TypeError('+12345678901 in a cause'), { code: 'ECODE' });
    const error = new Error('+12345678901', { cause });
    const described = describeError(error);
    expect(described).toMatchObject({ type: 'Error', cause: { type: 'TypeError', code: 'ECODE' } });
    expect(JSON.stringify(described)).toContain('log.test.ts');
    expect(JSON.stringify(described)).not.toContain('12345678901');
  });

  it('follows a ring of causes to an end', () => {
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
  });

  it('says nothing of what was thrown when it was no error', () => {
    expect(describeError('+12345678901')).toEqual({ type: 'string' });
  });

  it('describes errors in its lines by the same rule', () => {
    const lines: string[] = [];
    const destination = new Writable({
      write: (line: Buffer, _encoding, done) => {
        lines.push(line.toString());
        done();
      },
    });
    createLogger('info', destination).error({ err: new Error('secret') }, 'it failed');
    expect(lines.join('')).toContain('it failed');
    expect(lines.join('')).not.toContain('secret');
  });
});

describe('events that come in thousands', () => {
  let written: unknown[];
  let log: ThrottledLog<'A' | 'B', unknown>;
  beforeEach(() => {
    jest.useFakeTimers();
    written = [];
    log = new ThrottledLog((...line) => written.push(line));
  });
  afterEach(() => {
    log.close();
    jest.useRealTimers();
  });

  it('have a line for the first of a kind at once, and then one a minute with their number and the last', () => {
    for (let index = 0; index < 1_000; index++) log.add('A', index);
    expect(written).toEqual([['A', 1, 0]]);
    jest.advanceTimersByTime(60_000);
    expect(written.slice(1)).toEqual([['A', 999, 999]]);
    for (let index = 0; index < 10; index++) log.add('A', index);
    jest.advanceTimersByTime(59_999);
    expect(written).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(written.slice(2)).toEqual([['A', 10, 9]]);
  });

  it('have in their line the greatest of what they bring, where that is asked for', () => {
    const greatest = new ThrottledLog<'A', number>((...line) => written.push(line), Math.max);
    for (const addresses of [1, 2, 10_000, 1, 3]) greatest.add('A', addresses);
    jest.advanceTimersByTime(60_000);
    greatest.add('A', 7);
    greatest.close();
    expect(written).toEqual([
      ['A', 1, 1],
      ['A', 4, 10_000],
      ['A', 1, 7],
    ]);
  });

  it('do not hide those of another kind', () => {
    log.add('A', 'a');
    log.add('B', 'b');
    expect(written).toEqual([
      ['A', 1, 'a'],
      ['B', 1, 'b'],
    ]);
  });

  it('have a line at once again after a minute without any', () => {
    log.add('A', 1);
    jest.advanceTimersByTime(60_000);
    expect(jest.getTimerCount()).toBe(0);
    log.add('A', 2);
    expect(written).toEqual([
      ['A', 1, 1],
      ['A', 1, 2],
    ]);
  });

  it('all are in the log before the server is gone', () => {
    for (let index = 0; index < 5; index++) log.add('A', index);
    log.close();
    expect(written.slice(1)).toEqual([['A', 4, 4]]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
