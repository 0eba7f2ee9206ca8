/** Says on standard error where a long run is, and how long it will go on. A short run says nothing. */
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** On a terminal the line is written over; in a file each stays. */
const EVERY_MS = 10_000;
const EVERY_MS_ON_TERMINAL = 1_000;
const FIRST_AFTER_MS = 10_000;

/** As people say it: `50 s`, `12 min`, `3 h 5 min`. */
export function durationOf(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1_000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * A run of `total` steps begins. Call the result after each step, or with a number after several.
 *
 *     SQLite: 120 of 300 (40 %) after 75 s, about 110 s left
 */
export function startProgress(title, total, options = {}) {
  const {
    write = (text) => process.stderr.write(text),
    isTerminal = process.stderr.isTTY === true,
    now = () => performance.now(),
  } = options;
  const startedAt = now();
  let done = 0;
  let nextAt = startedAt + FIRST_AFTER_MS;
  let hasLine = false;
  return (steps = 1) => {
    done += steps;
    const at = now();
    const isEnd = done >= total;
    if (at < nextAt && !(isEnd && hasLine)) return;
    nextAt = at + (isTerminal ? EVERY_MS_ON_TERMINAL : EVERY_MS);
    const took = at - startedAt;
    const left = isEnd ? 'done' : `about ${durationOf((took / done) * (total - done))} left`;
    const percent = Math.floor((done / total) * 100);
    const line = `${title}: ${done} of ${total} (${percent} %) after ${durationOf(took)}, ${left}`;
    write(isTerminal ? `\r\x1b[2K${line}${isEnd ? '\n' : ''}` : `${line}\n`);
    hasLine = true;
  };
}
