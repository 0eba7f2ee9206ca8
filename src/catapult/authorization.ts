/** How requests upstream are authorized: by a user name and password, or by a token that is requested and renewed. */
import {
  allowInsecureRequests,
  clientCredentialsGrantRequest,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import type { Dispatcher } from 'undici';
import type { Cancellation } from '../messaging/cancellation.js';
import type { Clock } from '../messaging/ports.js';
import { exchange, withinTime, type Exchange } from './exchange.js';
import { failureOf, isHtml } from './problem.js';
import { isObject, parseJson } from './untrusted-json.js';

/** Where requests get their `Authorization` header from. */
export interface Authorization {
  /** The header; null when none is available. Waits until `signal` aborts at the longest. */
  header(signal: Cancellation): Promise<string | null>;
  /** After a 401: another header than `refused`, the same where asking again cannot help, or null as above. */
  headerAfter(refused: string, signal: Cancellation): Promise<string | null>;
  /** Call this when upstream answered a request with anything but 401. */
  accepted(): void;
  close(): void;
}

/** One whose user name and password, or client and secret, can be changed. Requests under way go on with what they have. */
export interface RenewableAuthorization extends Authorization {
  /** From now on. A token that is still good stays in use until the new secret has brought another. */
  use(name: string, secret: string): void;
}

/** Basic authentication. Catapult ends it on 2 December 2026. */
export function basicAuthorization(username: string, password: string): RenewableAuthorization {
  let header = basic(username, password);
  return {
    header: () => Promise.resolve(header),
    headerAfter: () => Promise.resolve(header),
    accepted: () => undefined,
    close: () => undefined,
    use(name, secret) {
      header = basic(name, secret);
    },
  };
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** What is assumed where an answer does not say: the shortest that other clients of Catapult assume. */
const DEFAULT_LIFE_S = 300;
/** Bounds of what is believed: less would ask without a pause, more is far beyond what anybody issues. */
const MIN_LIFE_S = 1;
const MAX_LIFE_S = 86_400;
/** How long before its end a token is renewed: a tenth of its life, at most a minute. */
const MAX_MARGIN_MS = 60_000;
/** A token endpoint that takes longer than this is down. */
const REQUEST_TIMEOUT_MS = 5_000;
/** The first pause after a failure; it doubles up to the longest, and a random half of it is left out. */
const BACK_OFF_BASE_MS = 250;
const BACK_OFF_CAP_MS = 30_000;
/** How many fresh tokens in a row may be refused before the next one has to wait. */
const MAX_REFUSED_IN_A_ROW = 2;

export interface TokenOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The token endpoint's URL. */
  readonly tokenUrl: string;
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
  readonly clock: Clock;
  /** 0 ≤ random() < 1, for jitter. */
  readonly random: () => number;
  /** Called once for each change: why there is no token, and null when there is one again. */
  readonly onChange: (problem: string | null) => void;
}

interface Token {
  readonly header: string;
  /** Milliseconds since 1970, by our clock. */
  readonly endsAt: number;
}

/**
 * One token for all requests (OAuth 2.0 client credentials, RFC 6749, 4.4), requested at once and again before it ends.
 * A send waits for a token only when there is none. One token is requested at a time; after a failure, only after a
 * pause.
 */
export class TokenAuthorization implements RenewableAuthorization {
  readonly #options: TokenOptions;
  #client: Pick<TokenOptions, 'clientId' | 'clientSecret'>;
  readonly #closing = new AbortController();
  #token: Token | null = null;
  /** The request for a token that is under way; it never rejects. */
  #asking: Promise<void> | null = null;
  /** Why the last request for a token brought none. */
  #problem: string | null = null;
  #failures = 0;
  #refusedInARow = 0;
  /** No token is asked for before this. */
  #notBefore = 0;
  /** Ends the pause before the next request for a token. */
  #next = new AbortController();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#client = options;
    void this.#ask();
  }

  async header(signal: Cancellation): Promise<string | null> {
    const header = this.#valid();
    if (header !== null) return header;
    if (this.#asking === null && this.#options.clock.now() < this.#notBefore) return null;
    await unlessAborted(this.#ask(), signal);
    return this.#valid();
  }

  async headerAfter(refused: string, signal: Cancellation): Promise<string | null> {
    if (refused !== this.#token?.header) return this.header(signal);
    this.#refusedInARow += 1;
    if (this.#refusedInARow > MAX_REFUSED_IN_A_ROW) {
      if (this.#options.clock.now() < this.#notBefore) return refused;
      this.#notBefore = this.#options.clock.now() + this.#backOff(this.#refusedInARow);
    }
    this.#token = null;
    await unlessAborted(this.#ask(), signal);
    return this.#valid();
  }

  accepted(): void {
    this.#refusedInARow = 0;
  }

  use(clientId: string, clientSecret: string): void {
    this.#client = { clientId, clientSecret };
    this.#failures = 0;
    this.#notBefore = 0;
    // What is under way still asks with the former secret.
    void (this.#asking ?? Promise.resolve()).then(() => (this.#closing.signal.aborted ? undefined : this.#ask()));
  }

  close(): void {
    this.#closing.abort();
    this.#next.abort();
  }

  /** The header, as long as the token lives. */
  #valid(): string | null {
    return this.#token !== null && this.#options.clock.now() < this.#token.endsAt ? this.#token.header : null;
  }

  /** Asks for a token, or waits with others for the one that is under way. Never rejects. */
  #ask(): Promise<void> {
    this.#next.abort();
    this.#asking ??= this.#request().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #request(): Promise<void> {
    const { clock, onChange } = this.#options;
    const askedAt = clock.now();
    const answer = await this.#grant();
    if (this.#closing.signal.aborted) return;
    const isToken = typeof answer !== 'string';
    const problem = isToken ? null : `no access token: ${answer}`;
    if (isToken) {
      const lifeMs = clamp(answer.lifeS ?? DEFAULT_LIFE_S, MIN_LIFE_S, MAX_LIFE_S) * 1000;
      this.#token = { header: `Bearer ${answer.accessToken}`, endsAt: askedAt + lifeMs };
      this.#failures = 0;
      this.#askIn(askedAt + lifeMs - Math.min(MAX_MARGIN_MS, lifeMs / 10) - clock.now());
    } else {
      this.#failures += 1;
      const pauseMs = this.#backOff(this.#failures);
      this.#notBefore = clock.now() + pauseMs;
      this.#askIn(pauseMs);
    }
    if (problem === this.#problem) return;
    this.#problem = problem;
    onChange(problem);
  }

  #askIn(delayMs: number): void {
    this.#next = new AbortController();
    const { signal } = this.#next;
    void this.#options.clock.sleep(delayMs, signal).then(() => (signal.aborted ? undefined : this.#ask()));
  }

  /** Doubles with each failure up to the cap; a random half of it is left out, so that instances do not ask in step. */
  #backOff(failures: number): number {
    return Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (failures - 1)) * (1 - this.#options.random() / 2);
  }

  /** One request to the token endpoint: what it grants, or why it grants nothing. */
  async #grant(): Promise<Grant | string> {
    const { tokenUrl, userAgent } = this.#options;
    const { clientId, clientSecret } = this.#client;
    const server = { issuer: tokenUrl, token_endpoint: tokenUrl };
    let seen: Exchange | undefined;
    try {
      const response = await clientCredentialsGrantRequest(
        server,
        { client_id: clientId },
        (_server, _client, _body, headers) => {
          // As Bandwidth's own clients write it; RFC 6749 would have both encoded first.
          headers.set('authorization', basic(clientId, clientSecret));
        },
        {},
        {
          headers: { 'user-agent': userAgent },
          // A sandbox speaks http. The configuration decides, not the library.
          [allowInsecureRequests]: true,
          [customFetch]: async (url, { headers, body }) => {
            seen = await this.#exchange(url, headers, String(body));
            return responseOf(seen);
          },
        },
      );
      const { access_token: accessToken, expires_in: lifeS } = await processClientCredentialsResponse(
        server,
        { client_id: clientId },
        response,
      );
      return FITS_HEADER.test(accessToken) ? { accessToken, lifeS } : NO_TOKEN;
    } catch (error) {
      return seen === undefined ? `failed: ${error instanceof Error ? error.name : 'unknown'}` : refusalOf(seen);
    }
  }

  #exchange(url: string, headers: Record<string, string>, body: string): Promise<Exchange> {
    const { origin, pathname, search } = new URL(url);
    const request = {
      method: 'POST' as const,
      origin,
      path: `${pathname}${search}`,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    };
    return withinTime(REQUEST_TIMEOUT_MS, this.#closing.signal, (signal) =>
      exchange(this.#options.dispatcher, request, signal),
    );
  }
}

interface Grant {
  readonly accessToken: string;
  /** In seconds; undefined where the answer does not say. */
  readonly lifeS: number | undefined;
}

/** What a header can carry, and no more than a server takes. */
const FITS_HEADER = /^[\x21-\x7e]{1,8192}$/;
const NO_TOKEN = 'the answer has none';

function refusalOf(seen: Exchange): string {
  const { status, body } = seen;
  if (status === 401 || jsonOf(body).error === 'invalid_client') return 'credentials refused';
  if (isHtml(body)) return 'answered with HTML';
  return failureOf(seen) ?? (status === 200 ? NO_TOKEN : `answered HTTP ${String(status)}`);
}

/** The answer for the library to read. Some token endpoints leave out what kind of token it is. */
function responseOf({ status, body, failure }: Exchange): Response {
  if (status === null || body === null) throw new Error(failure ?? 'no answer');
  const { access_token, token_type, expires_in } = jsonOf(body);
  // What else stands there (refresh tokens, scopes, null for nothing) is of no use here, and must not spoil the token.
  const token = { access_token, token_type: token_type ?? 'Bearer', expires_in: expires_in ?? undefined };
  return Response.json(token, { status });
}

function jsonOf(body: Buffer | null): Record<string, unknown> {
  const json = parseJson(body ?? '');
  return isObject(json) ? json : {};
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Waits for `work`, which never rejects, but no longer than until `signal` aborts. */
function unlessAborted(work: Promise<void>, signal: Cancellation): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
    void work.then(done);
  });
}
