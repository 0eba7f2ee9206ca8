/**
 * Counts wrong credentials by the address that they come from, and answers a guesser slowly.
 *
 * Nobody is locked out: whatever an address sent before, its next credentials are compared, and the right ones get in at
 * once. Upstream may share an address with whoever guesses (a proxy in front of this server, a NAT), and whoever could
 * lock that address would have events lost: upstream gives them up after a day. A comparison costs two microseconds, so
 * it is nothing to save. What guessing meets is the length of the password; waiting only makes it slow and loud.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../messaging/ports.js';

export interface WrongCredentialsOptions {
  readonly clock: Clock;
  /**
   * Called for each try, with the number of addresses that this minute's came from; more than ten thousand are not told
   * apart. Never learns what was sent, nor by whom.
   */
  readonly onWrong: (addresses: number) => void;
}

/** Counts start again this long after the first. */
const WINDOW_MS = 60_000;
/** More than somebody needs who types a password wrong, or tries an old one. */
const MAX_UNSLOWED = 10;
/** A guesser who waits for each answer tries sixty times a minute. */
const PAUSE_MS = 1_000;
/** Answers that wait at one time. An attack with more connections costs no more memory than these. */
const MAX_PAUSED = 1_000;
/** Addresses that are counted. Whoever has more than these shares one count with all others, and is slowed at once. */
const MAX_ADDRESSES = 10_000;
const ALL_OTHERS = '';

export class WrongCredentials {
  readonly #options: WrongCredentialsOptions;
  readonly #triesOf = new Map<string, number>();
  readonly #closing = new AbortController();
  #paused = 0;

  constructor(options: WrongCredentialsOptions) {
    this.#options = options;
    // Each pause listens; Node would take more than ten for a leak.
    setMaxListeners(MAX_PAUSED + 1, this.#closing.signal);
  }

  /** Counts one try. Resolves when it may be answered: true as one of too many. */
  async taken(address: string): Promise<boolean> {
    if (this.#triesOf.size === 0) void this.#startWindow();
    const known = this.#triesOf.has(address) || this.#triesOf.size < MAX_ADDRESSES;
    const counted = known ? address : ALL_OTHERS;
    const tries = (this.#triesOf.get(counted) ?? 0) + 1;
    this.#triesOf.set(counted, tries);
    this.#options.onWrong(this.#triesOf.size);
    if (tries <= MAX_UNSLOWED) return false;
    if (this.#paused < MAX_PAUSED) await this.#pause();
    return true;
  }

  /** Answers whoever waits. */
  close(): void {
    this.#closing.abort();
  }

  async #pause(): Promise<void> {
    this.#paused += 1;
    await this.#options.clock.sleep(PAUSE_MS, this.#closing.signal);
    this.#paused -= 1;
  }

  async #startWindow(): Promise<void> {
    await this.#options.clock.sleep(WINDOW_MS, this.#closing.signal);
    this.#triesOf.clear();
  }
}
