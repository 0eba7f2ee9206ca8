/**
 * Changes of sends and messages, for subscribers that miss and repeat nothing.
 *
 * The store numbers its changes; a subscriber has a cursor among them. First it reads what it missed, page by page. Then it
 * is live: one reader for the whole process, the tail, reads each change once and passes it to all live subscribers that
 * have not read it. A subscriber that reads too slowly is no longer live, and reads again for itself.
 */
import { isDeepStrictEqual } from 'node:util';
import { ServiceError } from '../errors.js';
import { Canceller } from './cancellation.js';
import { compare, isRead, notACursor, past } from './change.js';
import type { Change, ChangeCursor, Clock, MessageStore, StoredSend } from './ports.js';

/** Changes that are read at once: as many as half a second brings at 200 a second. */
const PAGE_SIZE = 100;
/** Changes that wait for one live subscriber. */
const MAX_WAITING = 200;
/**
 * How often the tail reads while somebody listens. Stores tell at once of what a callback or a settlement changes, but not
 * of what became of a send: that would cost every send more than these few reads.
 */
const POLL_MS = 200;
/** However many changes come, the tail reads no more often than this. */
const MIN_PAUSE_MS = 20;

/** A change, and the cursor of whoever has read it. */
export interface Update {
  readonly send: StoredSend;
  readonly cursor: ChangeCursor;
}

export interface Following {
  /** Where to go on; null for what changes from now on. */
  readonly since: ChangeCursor | null;
  /** Which changes to list. */
  readonly wants: (send: StoredSend) => boolean;
  /** What is listed first: read when no later change can be missed any more. */
  readonly first?: () => Promise<StoredSend>;
  /** After which send no more changes are expected. */
  readonly isLast?: (send: StoredSend) => boolean;
}

interface Subscriber {
  /** Which changes it wants. */
  readonly wants: (send: StoredSend) => boolean;
  /** Everything up to here is in `waiting`, was read, or is not wanted. */
  cursor: ChangeCursor;
  readonly waiting: Update[];
  isLive: boolean;
  isClosed: boolean;
  wake: () => void;
}

interface Behind {
  readonly subscriber: Subscriber;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ChangeStream {
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #subscribers = new Set<Subscriber>();
  /** What the tail has read; null while there is no subscriber. */
  #tail: ChangeCursor | null = null;
  #pause = new Canceller();
  /** Who waits for a page of what it missed. */
  #behind: Behind[] = [];
  #isReading = false;

  constructor(store: MessageStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * What changes, each change once, in order. If a send changes again before it is read, its states in between may be left
   * out.
   *
   * @throws ServiceError BAD_USER_INPUT when `since` is no cursor of this database: it lies in the future.
   * SUBSCRIPTION_LOST when the store is away.
   */
  follow(following: Following): AsyncGenerator<Update> {
    let subscriber: Subscriber | null = null;
    let isClosed = false;
    const updates = this.#read(following, (opened) => {
      subscriber = opened;
      opened.isClosed = isClosed;
    });
    const close = (): void => {
      isClosed = true;
      if (subscriber === null) return;
      subscriber.isClosed = true;
      subscriber.wake();
    };
    // A generator that waits cannot be ended from outside: its `return` would wait as well. So it is woken first.
    return Object.assign(updates, { return: endedBy(close, updates.return.bind(updates)) });
  }

  async *#read(
    { since, wants, first, isLast }: Following,
    onOpen: (subscriber: Subscriber) => void,
  ): AsyncGenerator<Update> {
    const now = await this.#store.lastChange().catch((cause: unknown) => Promise.reject(lost(cause)));
    if (since !== null && compare(since, behind(now)) > 0) throw notACursor('since');
    const subscriber: Subscriber = {
      wants,
      cursor: since ?? now,
      waiting: [],
      isLive: false,
      isClosed: false,
      wake: () => undefined,
    };
    onOpen(subscriber);
    this.#add(subscriber, now);
    try {
      let before: Update | null = null;
      if (first !== undefined) subscriber.waiting.push({ send: await first(), cursor: now });
      while (!subscriber.isClosed) {
        const update = subscriber.waiting.shift();
        if (update !== undefined) {
          // What was read first may be listed again as a change.
          if (before === null || !isDeepStrictEqual(before.send, update.send)) yield update;
          before = first === undefined ? null : update;
          if (isLast?.(update.send) === true) return;
        } else if (subscriber.isLive) await new Promise<void>((resolve) => (subscriber.wake = resolve));
        else await this.#catchUp(subscriber);
      }
    } finally {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#pause.abort('nobody listens');
    }
  }

  /** Resolves when a page was read for the subscriber: one at a time for all that are behind. */
  #catchUp(subscriber: Subscriber): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#behind.push({ subscriber, resolve, reject });
      if (this.#isReading) return;
      this.#isReading = true;
      void this.#readForThoseBehind();
    });
  }

  /** However many are behind, and however far, everything else has its turn after each page. */
  async #readForThoseBehind(): Promise<void> {
    for (let [first] = this.#behind; first !== undefined; [first] = this.#behind) {
      await this.#readFor(first.subscriber);
      await this.#clock.sleep(0);
    }
    this.#isReading = false;
  }

  /**
   * Reads a page for one subscriber, and for all others that stand within it: after a restart of the server, all come at
   * once. If it was the last page, and the tail has not read on meanwhile, they are live.
   */
  async #readFor({ cursor: from, isClosed }: Subscriber): Promise<void> {
    const tail = this.#tail;
    let page: readonly Change[];
    try {
      page = isClosed ? [] : await this.#store.changes(from, PAGE_SIZE);
    } catch (cause) {
      for (const { reject } of this.#behind.splice(0)) reject(lost(cause));
      return;
    }
    const end = page.length < PAGE_SIZE ? null : page.at(-1)?.position;
    const isWithin = ({ subscriber }: Behind): boolean =>
      subscriber.isClosed ||
      (!isClosed && compare(subscriber.cursor, from) >= 0 && (end == null || compare(subscriber.cursor, end) < 0));
    const served = this.#behind.filter(isWithin);
    this.#behind = this.#behind.filter((each) => !isWithin(each));
    for (const { subscriber, resolve } of served) {
      for (const change of page) take(subscriber, change);
      subscriber.isLive = end === null && tail === this.#tail;
      resolve();
    }
  }

  #add(subscriber: Subscriber, now: ChangeCursor): void {
    this.#subscribers.add(subscriber);
    if (this.#tail !== null) return;
    this.#tail = now;
    void this.#follow();
  }

  /** The tail, as long as there are subscribers. */
  async #follow(): Promise<void> {
    const stopListening = this.#store.onChange(() => {
      this.#pause.abort('something changed');
    });
    while (this.#subscribers.size > 0) {
      await this.#readOn();
      await this.#clock.sleep(MIN_PAUSE_MS);
      await this.#clock.sleep(POLL_MS, this.#pause);
      this.#pause = new Canceller();
    }
    stopListening();
    this.#tail = null;
  }

  /** Passes what is new to the live subscribers. A store that is away is asked again at the next turn. */
  async #readOn(): Promise<void> {
    for (let isMore = true; isMore && this.#tail !== null;) {
      const page = await this.#store.changes(this.#tail, PAGE_SIZE).catch(() => []);
      for (const { position } of page) this.#tail = past(this.#tail, position);
      for (const subscriber of this.#subscribers) if (subscriber.isLive) pass(page, subscriber);
      isMore = page.length === PAGE_SIZE;
    }
  }
}

/** Everything before this was changed already. A cursor that names a later commit was made by another database. */
function behind({ commit, ahead }: ChangeCursor): ChangeCursor {
  return { commit: Math.max(commit, ahead?.before ?? 0), sendId: '', ahead: null };
}

/** With its cursor, the subscriber can go on later. */
const lost = (cause: unknown): ServiceError => new ServiceError('SUBSCRIPTION_LOST', { cause });

function pass(page: readonly Change[], subscriber: Subscriber): void {
  for (const change of page) {
    if (subscriber.waiting.length >= MAX_WAITING) subscriber.isLive = false;
    if (!subscriber.isLive) break;
    take(subscriber, change);
  }
  if (subscriber.waiting.length > 0) subscriber.wake();
}

/** Moves the subscriber past a change, which waits for it if it is new and wanted. */
function take(subscriber: Subscriber, change: Change): void {
  const { cursor } = subscriber;
  const isNew = !isRead(cursor, change);
  if (compare(change.position, cursor) > 0) subscriber.cursor = past(cursor, change.position);
  if (isNew && subscriber.wants(change.send)) {
    subscriber.waiting.push({ send: change.send, cursor: subscriber.cursor });
  }
}

function endedBy<Result>(
  close: () => void,
  end: (value: undefined) => Promise<Result>,
): (value?: unknown) => Promise<Result> {
  return () => {
    close();
    return end(undefined);
  };
}
