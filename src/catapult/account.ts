/** Requests to the messages of one account: `{url}/users/{userId}/messages`. */
import type { Dispatcher } from 'undici';
import type { Cancellation } from '../messaging/cancellation.js';
import type { Authorization } from './authorization.js';
import { exchange, type Exchange } from './exchange.js';

export interface AccountOptions {
  /** Base URL without a trailing slash: `https://messaging.bandwidth.com/api/v2`. */
  readonly url: string;
  readonly userId: string;
  readonly authorization: Authorization;
  readonly dispatcher: Dispatcher;
  /** Name and version of this software. */
  readonly userAgent: string;
}

/** The failure of a request that has no credential: no byte of it left. */
export const NO_TOKEN = 'NO_TOKEN';

export class Account {
  readonly #options: AccountOptions;
  readonly #origin: string;
  readonly #path: string;

  constructor(options: AccountOptions) {
    const { origin, pathname } = new URL(options.url);
    this.#options = options;
    this.#origin = origin;
    this.#path = `${pathname.replace(/\/$/, '')}/users/${encodeURIComponent(options.userId)}/messages`;
  }

  /** Where it is. */
  get origin(): string {
    return this.#origin;
  }

  /** POSTs a message, if it `mayStart` once there is a connection. Resolves with what was seen; never rejects. */
  post(body: string, signal: Cancellation, mayStart: () => boolean): Promise<Exchange> {
    return this.#request({ method: 'POST', path: this.#path, body }, signal, mayStart);
  }

  /** GETs the message list, which changes nothing. Never rejects. */
  list(query: Readonly<Record<string, string>>, signal: Cancellation): Promise<Exchange> {
    return this.#request({ method: 'GET', path: `${this.#path}?${new URLSearchParams(query).toString()}` }, signal);
  }

  /** When the token is refused, nobody looked at the request: it is repeated once, if there is another token. */
  async #request(
    request: Omit<Dispatcher.DispatchOptions, 'headers'>,
    signal: Cancellation,
    mayStart?: () => boolean,
  ): Promise<Exchange> {
    const { authorization } = this.#options;
    const header = await authorization.header(signal);
    const seen = await this.#exchange(request, header, signal, mayStart);
    if (header === null || seen.status !== 401) return seen;
    const another = await authorization.headerAfter(header, signal);
    return another === header ? seen : this.#exchange(request, another, signal, mayStart);
  }

  async #exchange(
    request: Omit<Dispatcher.DispatchOptions, 'headers'>,
    header: string | null,
    signal: Cancellation,
    mayStart?: () => boolean,
  ): Promise<Exchange> {
    if (header === null) {
      return { started: false, status: null, retryAfter: null, body: null, failure: NO_TOKEN };
    }
    const { dispatcher, userAgent, authorization } = this.#options;
    const headers = {
      authorization: header,
      'content-type': 'application/json; charset=utf-8',
      accept: 'application/json',
      'user-agent': userAgent,
    };
    const seen = await exchange(dispatcher, { ...request, origin: this.#origin, headers }, signal, mayStart);
    if (seen.status !== null && seen.status !== 401) authorization.accepted();
    return seen;
  }
}
