/** The telephones of those whom messages are sent to: what each received and sent, and what happens to the next message. */
import { randomBytes } from 'node:crypto';
import { behaviorOfNumber, type Behavior } from './behavior.js';
import type { CallbackMessage } from './callbacks.js';
import { oneTimeCodesIn } from './one-time-codes.js';

/** More than a person looks at, or tests use side by side; then the one that changed longest ago goes. */
const MAX_PHONES = 500;
/** Of one telephone; then the oldest goes. */
const MAX_MESSAGES = 200;
/** The texts of all of them together, in UTF-16 units; then the telephone that changed longest ago goes, or an oldest message. */
const MAX_SIZE = 32 * 1024 * 1024;
/** Each is a connection that stands open. */
const MAX_WAITING = 64;

/** The recipient's carrier says so of who has opted out. */
const OPTED_OUT = 4775;

export interface PhoneMessage {
  /** Its place among all changes, of all telephones. */
  readonly place: number;
  /** As seen from the telephone. */
  readonly direction: 'received' | 'sent';
  /** As upstream tells of it; the numbers are whole. */
  readonly message: Pick<CallbackMessage, 'id' | 'from' | 'to' | 'text' | 'media' | 'applicationId' | 'time'>;
  /** The one-time codes in one that was received. */
  readonly codes: readonly string[];
  /** What became of one that was received, or of one that was sent: whether the server has taken its callback. */
  status: 'arrived' | 'failed' | 'sending' | 'taken' | 'lost';
  readonly errorCode: number | null;
  /** The types of the callbacks about a received one that the server has taken. */
  readonly reports: string[];
}

export interface Phone {
  readonly number: string;
  /** The oldest first. */
  readonly messages: readonly PhoneMessage[];
  readonly behavior: Behavior;
  /** The senders that the network blocks for it. */
  readonly blocked: ReadonlySet<string>;
}

/** What is kept of one. */
class Kept {
  readonly messages: PhoneMessage[] = [];
  readonly blocked = new Set<string>();
  /** What somebody chose; null for what the number alone asks for. */
  chosen: Behavior | null = null;
}

/** Too many requests wait already. */
export class TooManyWaitingError extends Error {
  override readonly name = 'TooManyWaitingError';
}

/** Before all changes. */
export const BEGINNING = -1;

export interface MessageFilter {
  /** Only what came after this place. */
  readonly after: number;
  readonly contains: string;
  readonly withCode: boolean;
}

export class Phones {
  /** What changed last is last. */
  readonly #phones = new Map<string, Kept>();
  /** Whoever waits looks again at each change of this telephone; at each change of any, where it is null. */
  readonly #waiting = new Map<() => void, string | null>();
  /** Tells the cursors of this run from those of others. */
  readonly #run = randomBytes(4).toString('hex');
  /** How many changes there have been. Each has a place among them. */
  #changes = 0;
  readonly #maxSize: number;
  #size = 0;

  constructor({ maxSize = MAX_SIZE } = {}) {
    this.#maxSize = maxSize;
  }

  /** Where one may go on reading. */
  get cursor(): string {
    return this.cursorAt(this.#changes);
  }

  cursorAt(place: number): string {
    return `${this.#run}-${place}`;
  }

  /** The place that a cursor names: the beginning if it is of another run; null if it is no cursor. */
  placeOf(cursor: string): number | null {
    const [, run, place] = /^([\da-f]{8})-(\d{1,15})$/.exec(cursor) ?? [];
    if (place === undefined) return null;
    return run === this.#run ? Number(place) : BEGINNING;
  }

  hasChangedSince(place: number): boolean {
    return this.#changes > place;
  }

  /** All of them, what changed last first. */
  list(): Phone[] {
    return [...this.#phones].map(([number, kept]) => phoneOf(number, kept)).reverse();
  }

  /** The messages of one, as far as they pass the filter; the oldest first. */
  messages(number: string, { after, contains, withCode }: MessageFilter): PhoneMessage[] {
    const { messages = [] } = this.#phones.get(number) ?? {};
    return messages.filter((each) => {
      if (each.place <= after || !each.message.text.includes(contains)) return false;
      return !withCode || each.codes.length > 0;
    });
  }

  /** The last message that one received from this sender, or from anybody. */
  lastReceived(number: string, sender: string | null): PhoneMessage | undefined {
    const messages = this.#phones.get(number)?.messages ?? [];
    return messages.findLast(
      ({ direction, message }) => direction === 'received' && (sender ?? message.from) === message.from,
    );
  }

  /** What happens to the next message to this number. */
  behaviorOf(number: string): Behavior {
    return this.#phones.get(number)?.chosen ?? behaviorOfNumber(number);
  }

  choose(number: string, behavior: Behavior): void {
    this.#change(number, (kept) => {
      kept.chosen = behavior;
    });
  }

  /** What happens to this message; what was chosen for one message ends with it. */
  use(number: string): Behavior {
    const behavior = this.behaviorOf(number);
    if (behavior.once) {
      this.#change(number, (kept) => {
        kept.chosen = null;
      });
    }
    return behavior;
  }

  /** What happens to a message from this sender: the network stops those that it blocks. */
  useFor(number: string, sender: string): Behavior {
    const behavior = this.use(number);
    const isBlocked = this.#phones.get(number)?.blocked.has(sender) === true;
    return isBlocked ? { ...behavior, delivery: 'failed', errorCode: OPTED_OUT } : behavior;
  }

  receive(number: string, message: PhoneMessage['message'], { delivery, errorCode }: DeliveryOf): void {
    const failed = delivery === 'failed';
    this.#add(number, {
      direction: 'received',
      message,
      codes: oneTimeCodesIn(message.text),
      status: failed ? 'failed' : 'arrived',
      errorCode: failed ? errorCode : null,
    });
  }

  send(number: string, message: PhoneMessage['message']): PhoneMessage {
    return this.#add(number, { direction: 'sent', message, codes: [], status: 'sending', errorCode: null });
  }

  /** The server has taken the callback of a message that was sent, or has not. */
  settle(number: string, sent: PhoneMessage, isTaken: boolean): void {
    sent.status = isTaken ? 'taken' : 'lost';
    // Whoever has forgotten the telephone in the meantime wants none.
    if (this.#phones.get(number)?.messages.includes(sent) === true) this.#change(number, () => undefined);
  }

  /** The server has taken a callback about a message that was received. */
  report(number: string, id: string, type: string): void {
    const received = this.#phones.get(number)?.messages.find(({ message }) => message.id === id);
    if (received === undefined) return;
    this.#change(number, () => {
      received.reports.push(type);
    });
  }

  block(number: string, sender: string): void {
    this.#change(number, ({ blocked }) => void blocked.add(sender));
  }

  unblock(number: string, sender: string): void {
    this.#change(number, ({ blocked }) => void blocked.delete(sender));
  }

  forget(number: string): void {
    if (this.#drop(number)) this.#tell(number);
  }

  /**
   * Resolves with what `find` finds at this telephone, or at any, as soon as it finds something; with null after this time,
   * or once nobody waits.
   *
   * @throws TooManyWaitingError
   */
  async wait<Found>(
    number: string | null,
    find: () => Found | null,
    { waitMs, gone }: { readonly waitMs: number; readonly gone: AbortSignal },
  ): Promise<Found | null> {
    const found = find();
    if (found !== null || waitMs === 0 || gone.aborted) return found;
    if (this.#waiting.size >= MAX_WAITING) throw new TooManyWaitingError('Too many requests wait already.');
    return new Promise((resolve) => {
      const end = (result: Found | null): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', leave);
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = (): void => {
        const result = find();
        if (result !== null) end(result);
      };
      const leave = (): void => {
        end(null);
      };
      const timer = setTimeout(leave, waitMs);
      gone.addEventListener('abort', leave);
      this.#waiting.set(look, number);
    });
  }

  #add(number: string, given: Omit<PhoneMessage, 'place' | 'reports'>): PhoneMessage {
    const added: PhoneMessage = { ...given, place: this.#changes + 1, reports: [] };
    this.#change(number, ({ messages }) => {
      messages.push(added);
      this.#size += sizeOf(added);
      if (messages.length > MAX_MESSAGES) this.#dropOldest(messages);
    });
    return added;
  }

  #dropOldest(messages: PhoneMessage[]): void {
    const oldest = messages.shift();
    if (oldest !== undefined) this.#size -= sizeOf(oldest);
  }

  #drop(number: string): boolean {
    for (const message of this.#phones.get(number)?.messages ?? []) this.#size -= sizeOf(message);
    return this.#phones.delete(number);
  }

  #change(number: string, change: (kept: Kept) => void): void {
    const kept = this.#phones.get(number) ?? new Kept();
    change(kept);
    this.#phones.delete(number);
    this.#phones.set(number, kept);
    for (const oldest of this.#phones.keys()) {
      if (this.#phones.size <= MAX_PHONES && this.#size <= this.#maxSize) break;
      if (oldest !== number) this.#drop(oldest);
    }
    // Validation keeps each of them far below.
    while (this.#size > this.#maxSize) this.#dropOldest(kept.messages);
    this.#tell(number);
  }

  #tell(number: string): void {
    this.#changes += 1;
    for (const [look, ofWhom] of this.#waiting) if (ofWhom === null || ofWhom === number) look();
  }
}

/** About as much as one takes in the memory. */
const sizeOf = ({ message, codes }: PhoneMessage): number =>
  [message.text, message.applicationId, ...message.to, ...(message.media ?? []), ...codes].reduce(
    (size, text) => size + text.length,
    0,
  );

type DeliveryOf = Pick<Behavior, 'delivery' | 'errorCode'>;

const phoneOf = (number: string, { messages, blocked, chosen }: Kept): Phone => ({
  number,
  messages,
  behavior: chosen ?? behaviorOfNumber(number),
  blocked,
});
