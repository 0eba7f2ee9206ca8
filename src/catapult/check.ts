/** Finds out whether the account can be used, by a request that sends nothing, before a customer's message does. */
import type { Clock } from '../messaging/ports.js';
import { NO_TOKEN, type Account } from './account.js';
import { withinTime, type Exchange } from './exchange.js';
import { failureOf, isHtml } from './problem.js';
import { isJson } from './wire.js';

/** What is known of the account. */
export type CheckResult =
  | { readonly kind: 'ok' }
  /** These credentials may not read the message list. Whether they may send cannot be known without sending. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'problem'; readonly problem: string };

/** The state before the first answer. */
export const NOT_CHECKED = 'not checked yet';

/** The list of the last minute is short, and asking for it is always allowed where the list is. */
const LIST_SPAN_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** The first pause after a failure; it doubles up to the longest, and a random half of it is left out. */
const BACK_OFF_BASE_MS = 2_000;
const BACK_OFF_CAP_MS = 60_000;

export interface AccountCheckOptions {
  readonly account: Pick<Account, 'list'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called with every result that differs from the one before. */
  readonly onChange: (result: CheckResult) => void;
}

/** Asks at once, and after a failure until it is mended; later whenever `again` is called. */
export class AccountCheck {
  /** Resolves with the first result. */
  readonly first: Promise<CheckResult>;
  readonly #options: AccountCheckOptions;
  readonly #closing = new AbortController();
  #result: CheckResult = { kind: 'unknown', why: NOT_CHECKED };
  #checkedAt = 0;
  #running: Promise<void>;
  #isRunning = true;
  /** Ends the pause before the next try. */
  #pause = new AbortController();

  constructor(options: AccountCheckOptions) {
    this.#options = options;
    this.first = this.#check();
    this.#running = this.first.then((result) => this.#untilMended(result));
  }

  get result(): CheckResult {
    return this.#result;
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Call this when the cause of a problem may be gone: the next check then starts at once. */
  mended(): void {
    this.#pause.abort();
  }

  /** Call this when upstream refused a request in a way that a check would see, too. Checks at most once a minute. */
  again(): void {
    if (this.#isRunning || this.#isClosing()) return;
    this.#isRunning = true;
    this.#running = this.#checkIn(this.#checkedAt + LIST_SPAN_MS - this.#options.clock.now());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#pause.abort();
    await this.#running;
  }

  async #checkIn(delayMs: number): Promise<void> {
    await this.#sleep(Math.max(0, delayMs));
    if (!this.#isClosing()) await this.#untilMended(await this.#check());
  }

  async #untilMended(result: CheckResult): Promise<void> {
    const { random } = this.#options;
    for (let pauseMs = BACK_OFF_BASE_MS; result.kind === 'problem'; pauseMs = Math.min(pauseMs * 2, BACK_OFF_CAP_MS)) {
      if (this.#isClosing()) break;
      await this.#sleep(pauseMs * (1 - random() / 2));
      if (this.#isClosing()) break;
      result = await this.#check();
    }
    this.#isRunning = false;
  }

  /** Ends early when something was mended, or all is closed. */
  async #sleep(delayMs: number): Promise<void> {
    this.#pause = new AbortController();
    await this.#options.clock.sleep(delayMs, this.#pause.signal);
  }

  async #check(): Promise<CheckResult> {
    const { account, clock, onChange } = this.#options;
    const now = clock.now();
    const query = { fromDateTime: isoOf(now - LIST_SPAN_MS), toDateTime: isoOf(now), limit: '1' };
    const seen = await withinTime(TIMEOUT_MS, this.#closing.signal, (signal) => account.list(query, signal));
    const result = judge(seen);
    if (this.#isClosing()) return this.#result;
    this.#checkedAt = clock.now();
    const isNews = JSON.stringify(result) !== JSON.stringify(this.#result);
    this.#result = result;
    if (isNews) onChange(result);
    return result;
  }
}

const isoOf = (time: number): string => new Date(time).toISOString();

/** What an answer of the message list says of the account. */
export function judge(seen: Exchange): CheckResult {
  const { status, body } = seen;
  const problem = (text: string): CheckResult => ({ kind: 'problem', problem: text });
  if (seen.failure === NO_TOKEN) return problem('no access token');
  if (status === null) return problem(failureOf(seen) ?? 'no answer');
  if (status === 401) return problem('credentials refused');
  if (status === 403) return { kind: 'unknown', why: 'cannot be checked: HTTP 403' };
  if (status >= 300 && status < 400) return problem(`not Catapult: redirects elsewhere (HTTP ${status})`);
  if (isHtml(body)) return problem('not Catapult: answered with HTML');
  if (status === 404) return problem('no such account');
  if (status === 429 || status >= 500) return problem(`failing: answered HTTP ${status}`);
  if (body === null) return problem(failureOf(seen) ?? 'no answer');
  if (!isJson(body)) return problem('not Catapult: the answer is not JSON');
  return status < 300 ? { kind: 'ok' } : { kind: 'unknown', why: `cannot be checked: HTTP ${status}` };
}
