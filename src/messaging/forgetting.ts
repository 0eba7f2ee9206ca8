/** Forgets a number: everything that is stored about it goes, in steps between which others use the store. */
import { badArgument } from '../errors.js';
import type { Clock, Forgetting, ForgettingPlace, MessageStore } from './ports.js';
import { checkReason } from './settlement.js';

/** E.164, with or without a line that libphonenumber knows: whatever upstream stored must be forgettable. Or a short code. */
const NUMBER = /^(\+[1-9][0-9]{6,14}|[0-9]{3,8})$/;
/** So many sends that must be settled first are named. */
const MAX_NAMED = 100;
/** A reason with so many digits of the number, in whatever form, would keep what is to be forgotten. */
const TELLING_DIGITS = 7;

export interface ForgetRequest extends Forgetting {
  readonly number: string;
}

/** What was removed. */
export interface Forgotten {
  /** How many messages, and sends without one. */
  readonly messages: number;
  /** How many stored callbacks. */
  readonly callbacks: number;
  /** How many entries about consent. */
  readonly consent: number;
  /** The ids of sends that stay until somebody settles them, at most a hundred. */
  readonly unresolved: readonly string[];
  /** Whether nothing of it is left in unused space of the database's files. */
  readonly areFilesClear: boolean;
}

export interface NumbersOptions {
  readonly store: Pick<MessageStore, 'noteForgetting' | 'forgetSome' | 'clearFiles'>;
  readonly clock: Clock;
  /** Removes the copy of a file, if there is one. */
  readonly removeCopy: (url: string) => Promise<void>;
}

export class Numbers {
  readonly #options: NumbersOptions;

  constructor(options: NumbersOptions) {
    this.#options = options;
  }

  /**
   * Forgets a number. Repeating it is harmless, and removes what came since. A failure in the middle leaves the rest: then
   * it is to be repeated. The database's files are cleared where that is quick, or `mayTakeLong`: nothing else is done then.
   *
   * @throws ServiceError BAD_USER_INPUT
   */
  async forget(request: ForgetRequest, mayTakeLong = false): Promise<Forgotten> {
    check(request);
    const { store, clock, removeCopy } = this.#options;
    const { number, by, reason } = request;
    // First: whoever began it is known also if it ends in the middle, and searches trust nothing from here on.
    await store.noteForgetting(number, 'FORGETTING', { by, reason }, clock.now());
    let [messages, callbacks, consent] = [0, 0, 0];
    const unresolved: string[] = [];
    let place: ForgettingPlace | null = null;
    do {
      const since = clock.now();
      const step: Awaited<ReturnType<MessageStore['forgetSome']>> = await store.forgetSome(number, place);
      messages += step.messages;
      callbacks += step.callbacks;
      consent += step.consent;
      unresolved.push(...step.unresolved.slice(0, MAX_NAMED - unresolved.length));
      // Once before their messages go, and once after: nobody else knows what was copied in between.
      for (const url of step.media) await removeCopy(url);
      place = step.next;
      // As long as the step took: an embedded store holds up everything else meanwhile.
      await clock.sleep(clock.now() - since);
    } while (place !== null);
    await store.noteForgetting(number, 'FORGOTTEN', { by, reason }, clock.now());
    const areFilesClear = await store.clearFiles(mayTakeLong);
    return { messages, callbacks, consent, unresolved, areFilesClear };
  }
}

function check({ number, reason }: ForgetRequest): void {
  if (!NUMBER.test(number)) {
    throw badArgument(
      'number',
      'INVALID_E164',
      'Must be an E.164 number such as +19195551212, or a short code of 3 to 8 digits.',
    );
  }
  checkReason(reason);
  const digits = number.replace('+', '').slice(-TELLING_DIGITS);
  if (reason?.replace(/\D/g, '').includes(digits) === true) {
    throw badArgument('reason', 'REASON_NAMES_NUMBER', 'Must not name the number: the audit keeps it for ever.');
  }
}
