/** Messages as they change, for subscribers. */
import { badArgument, ServiceError } from '../errors.js';
import { EVERYBODY, type Whose } from './caller.js';
import { isFinal } from './delivery.js';
import { numberOf } from './conversation.js';
import type { Message } from './message.js';
import type { MessageStore, StoreChange } from './ports.js';

/** Messages that wait for one subscriber. More means that it cannot keep up, and it is cut off. */
const MAX_WAITING = 1_000;

export class MessageFeed {
  readonly #store: MessageStore;
  /** Messages that came in and are read just now. */
  readonly #reading = new Map<string, Promise<Message | null>>();

  constructor(store: MessageStore) {
    this.#store = store;
  }

  /**
   * The message as it is now, then after every change; ends when no more changes are expected. Of changes that come
   * faster than they are read, only the latest state is sent.
   *
   * @param caller who must be allowed to see it.
   * @throws ServiceError BAD_USER_INPUT when the message is not known.
   */
  updates(id: string, caller: Whose): AsyncIterableIterator<Message> {
    const store = this.#store;
    const waiting = new Waiting<true>(1, 'coalesce');
    return subscription(store, waiting, listener, read());

    function listener(change: StoreChange): void {
      if (change.kind === 'missed' || change.messageId === id) waiting.add(true);
    }

    async function* read(): AsyncGenerator<Message> {
      let last = '';
      do {
        const [message = null] = await store.messagesById([id], caller);
        if (message === null) throw unknownMessage();
        const now = JSON.stringify(message);
        if (now !== last) yield message;
        last = now;
        if (isFinal(message)) return;
      } while ((await waiting.next()) === true);
    }
  }

  /**
   * Every message that comes in from now on, for one of your numbers or for all of them.
   *
   * @param whose what the subscriber may see.
   * @throws ServiceError SUBSCRIPTION_LOST when messages may have been missed.
   */
  received(to: string | null, whose: Whose): AsyncIterableIterator<Message> {
    const readOnce = this.#readOnce.bind(this);
    const waiting = new Waiting<string>(MAX_WAITING, 'fail');
    return subscription(this.#store, waiting, listener, read());

    function listener(change: StoreChange): void {
      if (change.kind === 'missed') waiting.fail(new ServiceError('SUBSCRIPTION_LOST'));
      else if (change.kind === 'received') waiting.add(change.messageId);
    }

    async function* read(): AsyncGenerator<Message> {
      for (let id = await waiting.next(); id !== null; id = await waiting.next()) {
        const message = await readOnce(id);
        if (message !== null && isSeenBy(whose, message) && isFor(to, message)) yield message;
      }
    }
  }

  /** Reads a message for all subscribers that ask at the same time: most of them may not see it. */
  #readOnce(id: string): Promise<Message | null> {
    const running = this.#reading.get(id);
    if (running !== undefined) return running;
    const reading = this.#store
      .messagesById([id], EVERYBODY)
      .then(([message = null]) => message)
      .finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }
}

/** Nobody sent it from here: it is seen by those who have its number. */
function isSeenBy(whose: Whose, message: Message): boolean {
  if (whose === EVERYBODY) return true;
  const number = numberOf(message);
  return number !== null && whose.numbers.includes(number);
}

/** A message to several of your numbers comes once for each, as its `owner`; `to` names them all. */
function isFor(number: string | null, { owner, to }: Message): boolean {
  if (number === null) return true;
  return owner === null ? to.includes(number) : owner === number;
}

const unknownMessage = (): ServiceError => badArgument('id', 'UNKNOWN_MESSAGE', 'There is no message with this id.');

/** What a subscriber has not read yet. */
class Waiting<Item> {
  readonly #items: Item[] = [];
  readonly #limit: number;
  readonly #whenFull: 'coalesce' | 'fail';
  #failure: ServiceError | null = null;
  #isClosed = false;
  #wake = (): void => undefined;

  constructor(limit: number, whenFull: 'coalesce' | 'fail') {
    this.#limit = limit;
    this.#whenFull = whenFull;
  }

  add(item: Item): void {
    if (this.#items.length < this.#limit) this.#items.push(item);
    else if (this.#whenFull === 'fail') this.fail(new ServiceError('SUBSCRIPTION_LOST'));
    this.#wake();
  }

  fail(failure: ServiceError): void {
    this.#failure = failure;
    this.#items.length = 0;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** The next item once there is one; null when closed. @throws what it failed with. */
  async next(): Promise<Item | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const item = this.#items.shift();
      if (item !== undefined) return item;
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * Ties a generator to its source. An async generator that waits cannot be ended from outside: its `return` would wait as
 * well. So what it waits for is closed first.
 */
function subscription<Item>(
  store: MessageStore,
  waiting: Waiting<Item>,
  listener: (change: StoreChange) => void,
  messages: AsyncGenerator<Message>,
): AsyncIterableIterator<Message> {
  const stopListening = store.onChange(listener);
  const stop = (): void => {
    stopListening();
    waiting.close();
  };
  return {
    async next() {
      try {
        const result = await messages.next();
        if (result.done === true) stop();
        return result;
      } catch (error) {
        stop();
        throw error;
      }
    },
    return() {
      stop();
      return messages.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
