/** What may be said in the log, and how often. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { jest } from '@jest/globals';
import { createLogger, describeError, standardError, ThrottledLog } from '../src/log.js';
import { makeFolder, removeFolder } from './support/folder.js';
import { until } from './support/waiting.js';

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

describe('a pipe whose reader stands still', () => {
  const LINE = `{"msg":"${'x'.repeat(1_000)}"}\n`;
  let folder: string;
  let [reader, writer] = [0, 0];
  beforeEach(() => {
    folder = makeFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    writer = openSync(pipe, constants.O_WRONLY);
  });
  afterEach(() => {
    closeSync(reader);
    closeSync(writer);
    removeFolder(folder);
  });
  /** What is in the pipe now. */
  function read(): string {
    const buffer = Buffer.alloc(64 * 1024);
    try {
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    } catch {
      return '';
    }
  }

  it('holds up nothing, and gets every line once it reads again', async () => {
    const stream = standardError(undefined, undefined, writer);
    for (let count = 0; count < 1_000; count++) stream.write(LINE);
    // Turns of the event loop come, though the pipe has room for a part of it alone.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    let text = '';
    await until(() => (text += read()).length >= 1_000 * LINE.length);
    expect(text).toBe(LINE.repeat(1_000));
  });

  it('loses lines only when 4 MiB wait, and is told how many', async () => {
    const told: number[] = [];
    const stream = standardError(undefined, (count) => told.push(count), writer);
    const tooMany = Math.ceil((5 * 1024 * 1024) / LINE.length);
    for (let count = 0; count < tooMany; count++) stream.write(LINE);
    let text = '';
    await until(() => {
      text += read();
      return told.length === 1;
    });
    text += read();
    const kept = text.length / LINE.length;
    expect([kept + (told[0] ?? 0), text]).toEqual([tooMany, LINE.repeat(kept)]);
    expect(told[0]).toBeGreaterThan(500);
  });

  it('holds up the end of the process for half a second at most', () => {
    let end: () => void = () => undefined;
    const stream = standardError((flush) => (end = flush), undefined, writer);
    for (let count = 0; count < 1_000; count++) stream.write(LINE);
    const since = performance.now();
    end();
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(read()).toContain(LINE);
  });
});
