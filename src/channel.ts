/** Calls from one process to another, over a channel that carries values as they are. */
import { types } from 'node:util';
import { createBirpc, type BirpcReturn } from 'birpc';
import { NotTriedError } from './messaging/ports.js';

/** Between Node's processes: their own channel, with `serialization: 'advanced'`. */
export interface Channel {
  /** Never throws: what cannot be delivered is lost. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** The other process did not answer in time: whether it did what it was asked for is not known. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'NO_ANSWER';
}

/** As long as a query to PostgreSQL may take: the other process stands still, or its disk does. */
const CALL_TIMEOUT_MS = 5_000;

/** `birpc`'s answer to a call; `e` is why it failed. */
interface Answer {
  readonly e?: unknown;
}

/** What is kept of an error on its way; its class is lost, but for a NotTriedError, which is a promise. */
interface ErrorOnItsWay {
  readonly error: unknown;
  readonly name: unknown;
  readonly code: unknown;
}

/**
 * The functions of the other process, as if they were here, and ours for it. A call rejects as the function does, or
 * with a NoAnswerError in the end. Calls arrive in their order.
 */
export function connect<Theirs extends object, Ours extends object>(
  channel: Channel,
  ours: Ours,
  timeoutMs = CALL_TIMEOUT_MS,
): BirpcReturn<Theirs, Ours> {
  const post = inBatches((messages) => {
    channel.send(messages);
  });
  return createBirpc<Theirs, Ours>(ours, {
    post,
    on(listener) {
      channel.onMessage((messages) => {
        for (const message of messages as readonly unknown[]) listener(message);
      });
    },
    serialize: (message: Answer) => (message.e === undefined ? message : { ...message, e: packed(message.e) }),
    deserialize: (message: Answer) =>
      message.e === undefined ? message : { ...message, e: unpacked(message.e as ErrorOnItsWay) },
    timeout: timeoutMs,
    onTimeoutError(name) {
      throw new NoAnswerError(`The other process did not answer ${name} in time.`);
    },
  });
}

/** What is posted within one turn of the event loop goes together: each message costs a system call on both sides. */
function inBatches(send: (messages: readonly unknown[]) => void): (message: unknown) => void {
  let waiting: unknown[] = [];
  return (message) => {
    if (waiting.length === 0) {
      setImmediate(() => {
        const messages = waiting;
        waiting = [];
        send(messages);
      });
    }
    waiting.push(message);
  };
}

const NOT_TRIED = new NotTriedError().code;

function packed(error: unknown): ErrorOnItsWay {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return { error, name, code };
}

function unpacked({ error, name, code }: ErrorOnItsWay): unknown {
  if (code === NOT_TRIED) return new NotTriedError();
  return types.isNativeError(error) ? Object.assign(error, { name, code }) : error;
}
