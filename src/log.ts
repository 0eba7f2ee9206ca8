/** The operator's log: JSON lines by pino, in which no error may say more than where it happened. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
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
    }, PERIOD_MS).unref();
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
/** What waits for such a reader, in UTF-16 units: some ten thousand lines. More of them are lost, and counted. */
const MAX_WAITING_LENGTH = 4 * 1024 * 1024;
/** The end of the process waits this long for a reader that stands still. */
const MAX_EXIT_WAIT_MS = 500;

/**
 * Lines to standard error. Those of one turn of the event loop are written together at its end, since a write costs as much
 * as what else is done for a line. `onExit` is given what writes the last ones when the process ends; without it they are lost.
 *
 * Nothing here waits. Where lines cannot be written, as on a full disk or after the reader has ended, they are lost, and the
 * server goes on. A reader that stands still gets them later, as far as they have room; `onLost` is told how many had none.
 */
export function standardError(
  onExit: (flush: () => void) => void = () => undefined,
  onLost: (count: number) => void = () => undefined,
  descriptor = STANDARD_ERROR,
): DestinationStream {
  const writeOut = writerTo(withoutWaiting(descriptor));
  let waiting: string[] = [];
  /** What goes into the pipe next: it stays as it is until all of it is there. */
  let piece: string | null = null;
  let length = 0;
  let lost = 0;
  let isScheduled = false;

  /** Whether all that waits was written, or cannot be. */
  const flush = (): boolean => {
    while (piece !== null || waiting.length > 0) {
      if (piece === null) {
        const lines = pieceOf(waiting);
        piece = lines.join('');
        waiting = waiting.slice(lines.length);
      }
      if (!writeOut(piece)) return false;
      piece = null;
    }
    length = 0;
    if (lost > 0) {
      const count = lost;
      lost = 0;
      onLost(count);
    }
    return true;
  };
  const flushLater = (): void => {
    isScheduled = true;
    setImmediate(flushSoon);
  };
  const flushSoon = (): void => {
    isScheduled = false;
    if (flush()) return;
    isScheduled = true;
    setTimeout(flushSoon, FULL_PIPE_PAUSE_MS).unref();
  };
  onExit(() => {
    const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const endsAt = performance.now() + MAX_EXIT_WAIT_MS;
    while (!flush() && performance.now() < endsAt) Atomics.wait(pause, 0, 0, FULL_PIPE_PAUSE_MS);
  });
  return {
    write(line: string) {
      if (length + line.length > MAX_WAITING_LENGTH) {
        lost += 1;
        return;
      }
      waiting.push(line);
      length += line.length;
      if (!isScheduled) flushLater();
    },
    // pino calls this after a line of level `fatal`.
    flushSync: () => void flush(),
  } as DestinationStream;
}

const STANDARD_ERROR = 2;

/**
 * The same pipe, opened once more, so that a write to it never waits; others that have it are left as they are. A file takes
 * everything at once. A socket cannot be opened again: Node has seen to it since main.ts used its stream of standard error.
 */
function withoutWaiting(descriptor: number): number {
  try {
    if (!fstatSync(descriptor).isFIFO()) return descriptor;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Not Linux, or no reader is left.
    return descriptor;
  }
}

/** The first lines, as many as go into a pipe in one piece; one that is longer goes alone. */
function pieceOf(lines: string[]): string[] {
  let length = 0;
  const tooMany = lines.findIndex((line, index) => {
    length += line.length;
    return index > 0 && length > MAX_WRITE_LENGTH;
  });
  return tooMany === -1 ? lines : lines.slice(0, tooMany);
}

/**
 * What writes whole lines to a file descriptor: false where it is full, and the same lines are to be given to it again. After a
 * line that got there in part and is lost, the next one begins anew.
 */
function writerTo(descriptor: number): (lines: string) => boolean {
  let isTorn = false;
  /** What did not go in. */
  let rest: Buffer | null = null;
  return (lines) => {
    let bytes = rest ?? Buffer.from(isTorn ? `\n${lines}` : lines);
    rest = null;
    const wholeLength = bytes.length;
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(descriptor, bytes));
      isTorn = false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        rest = bytes;
        return false;
      }
      isTorn = isTorn || bytes.length < wholeLength;
    }
    return true;
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
