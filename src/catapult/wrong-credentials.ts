/**
 * Counts wrong credentials by the address that they come from, and answers a guesser slowly.
 *
 * Nobody is locked out: whatever an address sent before, its next credentials are compared, and the right ones get in at
 * once. Upstream may share an address with a guesser (a proxy in front of this server, a NAT); if a guesser could lock
 * that address, events would be lost, since upstream gives them up after a day. A comparison costs two microseconds, so
 * skipping it saves nothing. The length of the password stops guessing; waiting only makes it slow and visible.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../messaging/ports.js';

export interface WrongCredentialsOptions {
  readonly clock: Clock;
  /**
   * Called for each try, with the number of addresses that tried in this minute; all above ten thousand count as one.
   * Never gets the credentials or the addresses.
   */
  readonly onWrong: (addresses: number) => void;
}

/** Counts begin again this long after the first. */
const WINDOW_MS = 60_000;
/** More than a person needs who mistypes a password or tries an old one. */
const MAX_UNSLOWED = 10;
/** A guesser who waits for each answer tries sixty times a minute. */
const PAUSE_MS = 1_000;
/** Answers that wait at one time. An attack with more connections costs no more memory than these. */
const MAX_PAUSED = 1_000;
/** Addresses that are counted. All further ones share one count, and are soon slowed. */
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

  /** Counts one try. Resolves when it may be answered: true if it is one too many. */
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

  /** Answers all that wait. */
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
