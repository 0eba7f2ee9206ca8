/** The operator's log: JSON lines by pino, in which no error may say more than where it happened. */
import { writeSync } from 'node:fs';
import { types } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** How many causes of an error are followed. */
const MAX_CAUSES = 5;

/**
 * An error without its message: libraries print values into messages (a JSON parser quotes the text it cannot read, a
 * database the row it refuses), and those are phone numbers and texts here. Class, code and stack frames tell enough.
 */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error) && !types.isNativeError(error)) return { type: typeof error };
  const code: unknown = 'code' in error ? error.code : undefined;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    at: frames.map((frame) => frame.trim()),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** How long the events of a kind are counted after one of them had its line. An outage is a line a minute. */
const PERIOD_MS = 60_000;

interface Period<Details> {
  readonly timer: NodeJS.Timeout;
  /** Of the events that had no line yet. */
  count: number;
  details: Details;
}

/**
 * For events that come in thousands: writes the first of a kind at once, and then, once a minute, how many more there
 * were, with the details of the last.
 */
export class ThrottledLog<Kind extends string, Details> {
  readonly #write: (kind: Kind, count: number, details: Details) => void;
  readonly #merge: (known: Details, next: Details) => Details;
  readonly #periods = new Map<Kind, Period<Details>>();

  /** `merge` makes one of the details of two events that share a line; without it, the line has those of the last. */
  constructor(
    write: (kind: Kind, count: number, details: Details) => void,
    merge: (known: Details, next: Details) => Details = (_known, next) => next,
  ) {
    this.#write = write;
    this.#merge = merge;
  }

  /** `kind` must come from a closed set: what a client can choose would make as many lines as it likes. */
  add(kind: Kind, details: Details): void {
    const period = this.#periods.get(kind);
    if (period === undefined) {
      this.#write(kind, 1, details);
      this.#begin(kind, details);
    } else {
      period.count += 1;
      period.details = period.count === 1 ? details : this.#merge(period.details, details);
    }
  }

  /** Writes what had no line yet. */
  close(): void {
    for (const [kind, { timer, count, details }] of this.#periods) {
      clearTimeout(timer);
      if (count > 0) this.#write(kind, count, details);
    }
    this.#periods.clear();
  }

  #begin(kind: Kind, details: Details): void {
    const timer = setTimeout(() => {
      const { count, details: merged } = period;
      this.#periods.delete(kind);
      if (count === 0) return;
      this.#write(kind, count, merged);
      this.#begin(kind, merged);
    }, PERIOD_MS);
    const period: Period<Details> = { timer, count: 0, details };
    this.#periods.set(kind, period);
  }
}

/**
 * As much as goes into a pipe in one piece: lines of several processes would otherwise run into each other. In UTF-16 units;
 * our lines are ASCII.
 */
const MAX_WRITE_LENGTH = 4_096;
/** How long to wait for a reader that is slower than we are. */
const FULL_PIPE_PAUSE_MS = 10;

/**
 * Lines to standard error. Those of one turn of the event loop are written together at its end, since a write costs as much
 * as what else is done for a line. `onExit` is given what writes the last ones when the process ends; without it they are lost.
 *
 * Where they cannot be written, as on a full disk or after the reader has ended, they are lost, and the server goes on.
 * pino's own destination would try again for ever, and hold up everything.
 */
export function standardError(onExit: (flush: () => void) => void = () => undefined): DestinationStream {
  const writeOut = writerTo(2);
  let lines = '';
  let isWaiting = false;
  const flushSync = (): void => {
    const written = lines;
    lines = '';
    if (written !== '') writeOut(written);
  };
  onExit(flushSync);
  const stream = {
    write(line: string) {
      if (lines.length + line.length > MAX_WRITE_LENGTH) flushSync();
      lines += line;
      if (isWaiting) return;
      isWaiting = true;
      setImmediate(() => {
        isWaiting = false;
        flushSync();
      });
    },
    // pino calls this after a line of level `fatal`.
    flushSync,
  };
  return stream;
}

/** What writes whole lines to a file descriptor. After a line that got there in part, the next one begins anew. */
function writerTo(descriptor: number): (lines: string) => void {
  const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let isTorn = false;
  return (lines) => {
    const whole = Buffer.from(isTorn ? `\n${lines}` : lines);
    let rest = whole;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') Atomics.wait(pause, 0, 0, FULL_PIPE_PAUSE_MS);
        else break;
      }
    }
    isTorn = rest.length === 0 ? false : isTorn || rest.length < whole.length;
  };
}

export function createLogger(level: string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => describeError(error) },
    },
    destination,
  );
}
