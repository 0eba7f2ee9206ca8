/** What ends waits early, and the clock whose pauses it ends. */
import { jest } from '@jest/globals';
import { Canceller } from '../../src/messaging/cancellation.js';
import { systemClock } from '../../src/messaging/clock.js';

describe('a canceller', () => {
  it('calls each listener once, with the first reason, and none that was taken away', () => {
    const canceller = new Canceller();
    const heard: unknown[] = [];
    const listener = (): void => void heard.push([canceller.aborted, canceller.reason]);
    const other = (): void => void heard.push('other');
    for (const each of [listener, other]) canceller.addEventListener('abort', each);
    canceller.removeEventListener('abort', other);
    expect([canceller.aborted, canceller.reason]).toEqual([false, undefined]);
    for (const reason of ['first', 'second']) canceller.abort(reason);
    expect(heard).toEqual([[true, 'first']]);
    expect(canceller.reason).toBe('first');
  });

  it('calls nobody twice when a listener aborts again', () => {
    const canceller = new Canceller();
    let calls = 0;
    canceller.addEventListener('abort', () => {
      calls += 1;
      canceller.abort('again');
    });
    canceller.abort('once');
    expect([calls, canceller.reason]).toEqual([1, 'once']);
  });
});

it('a canceller calls the others when a listener throws, and the process hears of it', () => {
  const queued = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
  const canceller = new Canceller();
  let isHeard = false;
  canceller.addEventListener('abort', () => {
    throw new Error('broken');
  });
  canceller.addEventListener('abort', () => (isHeard = true));
  canceller.abort('over');
  const [[report]] = queued.mock.calls as unknown as [[() => void]];
  queued.mockRestore();
  expect(report).toThrow('broken');
  expect(isHeard).toBe(true);
});

describe("a pause of the machine's clock", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('lasts as long as it was asked to, and leaves no listener behind', async () => {
    const canceller = new Canceller();
    const removed = jest.spyOn(canceller, 'removeEventListener');
    let isOver = false;
    void systemClock.sleep(1_000, canceller).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it.each(['a canceller', 'an AbortSignal'])('ends when %s aborts, and leaves no timer behind', async (kind) => {
    const aborting = kind === 'a canceller' ? new Canceller() : new AbortController();
    const pause = systemClock.sleep(1_000, aborting instanceof Canceller ? aborting : aborting.signal);
    expect(jest.getTimerCount()).toBe(1);
    aborting.abort('over');
    await pause;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is over at once where its canceller has aborted already', async () => {
    const canceller = new Canceller();
    canceller.abort('over');
    await systemClock.sleep(1_000, canceller);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('needs no canceller', async () => {
    const pause = systemClock.sleep(1_000);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(pause).resolves.toBeUndefined();
  });
});
