/** The time that a request has. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withinTime } from '../../src/catapult/exchange.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve((signal.reason as { name: string }).name);
    });
  });

it('a time limit aborts its work even after a garbage collection', async () => {
  const outer = new AbortController();
  const ended = withinTime(50, outer.signal, untilAborted);
  collectGarbage();
  expect(await ended).toBe('TimeoutError');
});

it('a time limit aborts its work with the outer signal, and leaves no listener on it', async () => {
  const outer = new AbortController();
  const ended = withinTime(60_000, outer.signal, untilAborted);
  outer.abort(new DOMException('closing', 'AbortError'));
  expect(await ended).toBe('AbortError');
  expect(await withinTime(60_000, outer.signal, (signal) => Promise.resolve(signal.aborted))).toBe(true);
});
