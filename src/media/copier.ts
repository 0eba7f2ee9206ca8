/**
 * Copies the files of incoming messages before upstream deletes them, in the background. A callback waits for nothing of
 * it. What cannot be copied is tried again, with growing pauses, until its 48 hours are over. What this process does not
 * know any more, after a restart or when too much came at once, is found again in the store.
 */
import { KEPT_UPSTREAM_MS, type MediaStore } from '../messaging/media.js';
import { placesOf } from '../messaging/attachment.js';
import { EVERYBODY } from '../messaging/caller.js';
import { Canceller } from '../messaging/cancellation.js';
import type { Message } from '../messaging/message.js';
import type { Clock, MessageFilter, MessageStore, Position } from '../messaging/ports.js';
import { DiskError, FileTooLargeError, type Copies } from './copies.js';

/** Files that are copied at one time: enough for a busy inbox, and few enough to leave the line to sends. */
const MAX_AT_ONCE = 4;
/** Files, and messages, that wait here. More are found again later. */
const MAX_WAITING = 10_000;
/** Messages that are read at once. */
const PAGE = 100;
/** Between two pages of a scan: others use the store as well. */
const PAGE_PAUSE_MS = 50;
/** How often the messages of the last 48 hours are looked through, beside the start. */
const SCAN_EVERY_MS = 3_600_000;
/** Instances and workers hear of a message at once. Each waits a random part of this, so that most find a copy. */
const SPREAD_MS = 2_000;
/** The pause after a failure; it doubles up to the longest, and a random half of it is left out. */
const BACK_OFF_BASE_MS = 5_000;
const BACK_OFF_CAP_MS = 3_600_000;
/** A file that takes longer is tried again. */
const COPY_TIMEOUT_MS = 300_000;

export type CopyFailure = 'UPSTREAM' | 'DISK' | 'TOO_LARGE' | 'TOO_LATE' | 'STORE';

export interface CopierOptions {
  readonly store: Pick<MessageStore, 'onChange' | 'messagesById' | 'listMessages'>;
  readonly media: MediaStore;
  readonly copies: Copies;
  readonly clock: Clock;
  /** 0 ≤ random() < 1, for jitter. */
  readonly random: () => number;
  readonly onFailure: (kind: CopyFailure, error: unknown) => void;
}

interface Waiting {
  readonly url: string;
  /** The message that it belongs to. */
  readonly messageId: string;
  /** When upstream deletes it. */
  readonly endsAt: number;
  tries: number;
  /** Not tried before this. */
  nextAt: number;
}

/** Begins to copy. The result stops it, and resolves once nothing is under way. */
export function startCopying(options: CopierOptions): () => Promise<void> {
  const copier = new Copier(options);
  const done = copier.run();
  return async () => {
    copier.stop();
    await done;
  };
}

class Copier {
  readonly #options: CopierOptions;
  /** Messages that came, by their ids, and were not looked at yet. */
  readonly #arrived = new Set<string>();
  /** Files by their URLs. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #stopListening: () => void;
  #scanAt = 0;
  #pause = new Canceller();

  constructor(options: CopierOptions) {
    this.#options = options;
    this.#stopListening = options.store.onChange((change) => {
      if (change.kind === 'missed') this.#scanAt = 0;
      else if (change.kind === 'received' && this.#arrived.size < MAX_WAITING) this.#arrived.add(change.messageId);
      else return;
      this.#pause.abort('something came');
    });
  }

  stop(): void {
    this.#stopListening();
    this.#stopping.abort();
    this.#pause.abort('stopping');
  }

  async run(): Promise<void> {
    const { clock, onFailure } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#pause = new Canceller();
      await this.#look().catch((error: unknown) => {
        onFailure('STORE', error);
      });
      this.#begin();
      await clock.sleep(this.#pauseMs(), this.#pause);
    }
    await Promise.all(this.#underWay);
  }

  /** Until the next file is due; a file that ends, or a message that comes, ends the pause before. */
  #pauseMs(): number {
    const now = this.#options.clock.now();
    const due = this.#underWay.size < MAX_AT_ONCE ? [...this.#waiting.values()].map(({ nextAt }) => nextAt) : [];
    const next = due.reduce((earliest, at) => Math.min(earliest, at), now + SCAN_EVERY_MS);
    return Math.max(next - now, 1);
  }

  /** Notes the files of messages that came, and of those in the store when it is time. */
  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    while (this.#arrived.size > 0 && !this.#stopping.signal.aborted) {
      const ids = [...this.#arrived].slice(0, PAGE);
      const messages = await store.messagesById(ids, EVERYBODY);
      for (const id of ids) this.#arrived.delete(id);
      for (const message of messages) if (message !== null) await this.#note(message);
    }
    if (clock.now() < this.#scanAt) return;
    this.#scanAt = clock.now() + SCAN_EVERY_MS;
    for (const { url, endsAt } of [...this.#waiting.values()]) if (endsAt <= clock.now()) this.#waiting.delete(url);
    await this.#scan();
  }

  async #scan(): Promise<void> {
    const { store, clock } = this.#options;
    const wanted = { ...ALL, statuses: ['RECEIVED'], since: (clock.now() - KEPT_UPSTREAM_MS) * 1000 } as const;
    let after: Position | null = null;
    while (!this.#stopping.signal.aborted) {
      const slice = { limit: PAGE, after, before: null, fromEnd: false };
      const { listed }: Awaited<ReturnType<MessageStore['listMessages']>> = await store.listMessages(wanted, slice);
      for (const { message } of listed) await this.#note(message);
      after = listed.at(-1)?.position ?? null;
      if (listed.length < PAGE) return;
      await clock.sleep(PAGE_PAUSE_MS, this.#stopping.signal);
    }
  }

  async #note(message: Message): Promise<void> {
    const { media, copies, clock, random } = this.#options;
    const [now, endsAt] = [clock.now(), message.time / 1000 + KEPT_UPSTREAM_MS];
    for (const { url } of placesOf(message)) {
      if (!media.owns(url) || endsAt <= now || this.#waiting.has(url) || (await copies.has(url))) continue;
      if (this.#waiting.size >= MAX_WAITING) return;
      this.#waiting.set(url, { url, messageId: message.id, endsAt, tries: 0, nextAt: now + random() * SPREAD_MS });
    }
  }

  /** Begins with what is due, as far as there is room. */
  #begin(): void {
    const now = this.#options.clock.now();
    for (const file of this.#waiting.values()) {
      if (this.#underWay.size >= MAX_AT_ONCE) return;
      if (file.nextAt > now) continue;
      file.nextAt = Infinity;
      const copying = this.#copy(file).finally(() => {
        this.#underWay.delete(copying);
        this.#pause.abort('a file ended');
      });
      this.#underWay.add(copying);
    }
  }

  async #copy(file: Waiting): Promise<void> {
    const { copies, clock, random, onFailure } = this.#options;
    try {
      if (await this.#isKept(file)) await this.#copyOnce(file.url);
      // Its number may be forgotten meanwhile, by somebody who found no copy.
      if (!(await this.#isKept(file))) await copies.remove(file.url);
      this.#waiting.delete(file.url);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const kind = kindOf(error);
      onFailure(kind, error);
      // Kept where it is: it would be found again, and be too large again.
      if (kind === 'TOO_LARGE') return;
      file.tries += 1;
      const pauseMs = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (file.tries - 1)) * (1 - random() / 2);
      file.nextAt = clock.now() + pauseMs;
      if (file.nextAt < file.endsAt) return;
      this.#waiting.delete(file.url);
      onFailure('TOO_LATE', error);
    }
  }

  /** Whether its message is still there. @throws NotLookedUpError */
  async #isKept({ messageId }: Waiting): Promise<boolean> {
    try {
      const [message = null] = await this.#options.store.messagesById([messageId], EVERYBODY);
      return message !== null;
    } catch (cause) {
      throw new NotLookedUpError('The store did not answer.', { cause });
    }
  }

  async #copyOnce(url: string): Promise<void> {
    const { media, copies } = this.#options;
    if (await copies.has(url)) return;
    const stopping = new AbortController();
    const stop = (): void => {
      stopping.abort(new Error('stopped'));
    };
    const timer = setTimeout(stop, COPY_TIMEOUT_MS);
    this.#stopping.signal.addEventListener('abort', stop);
    try {
      const found = await media.get(url, null, stopping.signal);
      if (found.kind === 'TOO_LARGE') throw new FileTooLargeError();
      if (found.kind !== 'FOUND') throw new Error('not there');
      await copies.write(url, found.body);
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }
}

class NotLookedUpError extends Error {
  override readonly name = 'NotLookedUpError';
}

function kindOf(error: unknown): CopyFailure {
  if (error instanceof NotLookedUpError) return 'STORE';
  if (error instanceof DiskError) return 'DISK';
  return error instanceof FileTooLargeError ? 'TOO_LARGE' : 'UPSTREAM';
}

const ALL: MessageFilter = {
  caller: EVERYBODY,
  from: null,
  to: null,
  participant: null,
  statuses: null,
  ids: null,
  conversation: null,
  tag: null,
  since: null,
  until: null,
};
