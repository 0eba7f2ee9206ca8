/** Every message that was accepted, whatever became of the answer; and Catapult's list of them. */
import * as answers from './answers.js';
import type { Answer, SandboxRequest } from './answers.js';

/** So many are remembered, so that a long demo does not fill the memory. */
const MAX_REMEMBERED = 100_000;
/** The length of all of them together, as JSON. Messages of a usual length do not come near it. */
const MAX_SIZE = 64 * 1024 * 1024;
/** As many as one page of the list holds. */
const MAX_LISTED = 100;

export interface AcceptedMessage extends SandboxRequest {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export class Ledger {
  readonly #messages: AcceptedMessage[] = [];
  readonly #maxSize: number;
  #size = 0;

  constructor({ maxSize = MAX_SIZE } = {}) {
    this.#maxSize = maxSize;
  }

  /** The oldest first. */
  get messages(): readonly AcceptedMessage[] {
    return this.#messages;
  }

  add(message: AcceptedMessage): void {
    this.#messages.push(message);
    this.#size += sizeOf(message);
    if (this.#messages.length <= MAX_REMEMBERED && this.#size <= this.#maxSize) return;
    // A tenth at a time, since all others move then.
    const oldest = this.#messages.splice(0, Math.ceil(this.#messages.length / 10));
    for (const each of oldest) this.#size -= sizeOf(each);
  }

  /** The message list: one entry for each recipient, without text and tag. */
  list(query: URLSearchParams): Answer {
    const times = ['fromDateTime', 'toDateTime'].map((name) => query.get(name));
    // Only milliseconds are taken (Bandwidth/cli, AGENTS.md).
    const isTime = (time: string | null): boolean => time === null || /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(time);
    if (query.size === 0 || !times.every(isTime)) return answers.badListRequest();
    const [since = -Infinity, until = Infinity] = times.map((time) => (time === null ? undefined : Date.parse(time)));
    const [from, to] = [query.get('sourceTn'), query.get('destinationTn')?.split(',')];
    const found = this.#messages
      .filter((message) => message.time >= since && message.time <= until && (from ?? message.from) === message.from)
      .flatMap((message) => message.to.map((recipient) => ({ message, recipient })))
      .filter(({ recipient }) => to?.includes(recipient) ?? true);
    const limit = Math.min(Number(query.get('limit') ?? MAX_LISTED), MAX_LISTED);
    return answers.messageList(
      query.get('messageDirection') === 'INBOUND' ? 0 : found.length,
      query.get('messageDirection') === 'INBOUND' ? [] : found.slice(0, limit),
    );
  }
}

/** About as much as one takes in the memory. */
const sizeOf = (message: AcceptedMessage): number => JSON.stringify(message).length;
