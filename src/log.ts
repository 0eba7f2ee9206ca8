/** The operator's log: JSON lines by pino, in which no error may say more than where it happened. */
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
