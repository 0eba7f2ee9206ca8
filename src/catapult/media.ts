/** The account's store of files: `{url}/users/{userId}/media/{name}`. */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { ServiceError } from '../errors.js';
import {
  MAX_READ_BYTES,
  partOf,
  type ByteRange,
  type FileAnswer,
  type FilePart,
  type MediaStore,
  type NewFile,
} from '../messaging/media.js';
import type { AccountOptions } from './account.js';
import { withinTime } from './exchange.js';

/** How long the head of an answer may take, from the request's last byte on. */
const ANSWER_TIMEOUT_MS = 20_000;
/** How long a deletion may take. Nobody waits for it. */
const REMOVE_TIMEOUT_MS = 10_000;
/** How long the last deletions may take once the store closes: a stop waits for them. */
const LAST_REMOVALS_MS = 3_000;

/**
 * A name below the store's address. Upstream's own have segments (`{messageId}/{index}/{filename}`). Signs that parsers of
 * URLs understand in different ways are not among these. Some servers take `..;x` for `..`.
 */
const NAME = /^[\w.~!$'()*+,;=:-]+(?:\/[\w.~!$'()*+,;=:-]+)*$/;
/** What an encoded character must not be: it would end the segment for some reader, or the text. */
const ENCODED = /%(?!2f|5c|00|0[0-9a-f]|1[0-9a-f]|7f|2e)[0-9a-f]{2}/gi;

type Answer = Dispatcher.ResponseData;

/** What a stopped wait aborts with where upstream is to blame. */
const tooSlow = (): ServiceError => unavailable('no answer in time');

export interface MediaOptions extends AccountOptions {
  /** A file that nobody will use could not be deleted: if upstream stored it, it stays there for 48 hours. */
  readonly onLeftOver: (error: unknown) => void;
}

export class CatapultMedia implements MediaStore {
  readonly #options: MediaOptions;
  readonly #origin: string;
  readonly #path: string;
  /** What all URLs of the store begin with. */
  readonly #prefix: string;
  readonly #answerTimeoutMs: number;
  readonly #lastRemovalsMs: number;
  /** What is being stored or deleted. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  /** Ends the last deletions. */
  readonly #ending = new AbortController();
  #closed: Promise<void> | null = null;

  constructor(options: MediaOptions, times: { readonly answerMs?: number; readonly lastRemovalsMs?: number } = {}) {
    const { origin, pathname } = new URL(options.url);
    this.#options = options;
    this.#origin = origin;
    this.#path = `${pathname.replace(/\/$/, '')}/users/${encodeURIComponent(options.userId)}/media/`;
    this.#prefix = origin + this.#path;
    this.#answerTimeoutMs = times.answerMs ?? ANSWER_TIMEOUT_MS;
    this.#lastRemovalsMs = times.lastRemovalsMs ?? LAST_REMOVALS_MS;
  }

  owns(url: string): boolean {
    return this.#nameIn(url) !== null;
  }

  put(file: NewFile, signal: AbortSignal): Promise<string> {
    return this.#counted(endedByEither(signal, this.#stopping.signal, (either) => this.#put(file, either)));
  }

  remove(url: string): Promise<void> {
    return this.#counted(this.#remove(url));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stopping.abort(new ServiceError('SHUTTING_DOWN'));
    const timer = setTimeout(() => {
      this.#ending.abort(tooSlow());
    }, this.#lastRemovalsMs);
    // What ends to be stored begins to be deleted.
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    clearTimeout(timer);
  }

  async #counted<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #put(file: NewFile, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const url = this.#prefix + file.name;
    const sending = { isBegun: false };
    try {
      const answer = await this.#authorized(file.isRepeatable, signal, (authorization) => {
        sending.isBegun = true;
        return this.#store(file, authorization, signal);
      });
      await answer.body.dump();
      if (answer.statusCode >= 200 && answer.statusCode < 300) return url;
      throw refusalOf(answer);
    } catch (error) {
      // Whatever came of it, nobody will learn its name.
      if (sending.isBegun) void this.remove(url);
      if (signal.aborted) throw signal.reason;
      throw error instanceof ServiceError ? error : unavailable(error);
    }
  }

  async get(url: string, range: ByteRange | null, signal: AbortSignal): Promise<FileAnswer> {
    const name = this.#nameIn(url);
    if (name === null) return { kind: 'NOT_FOUND' };
    const headers = { accept: '*/*', 'accept-encoding': 'identity', ...(range !== null && { range: written(range) }) };
    let answer: Answer;
    try {
      answer = await this.#authorized(true, signal, (authorization) =>
        this.#request({ method: 'GET', path: this.#path + name, headers: { ...headers, authorization } }, signal),
      );
    } catch (error) {
      throw error instanceof ServiceError || signal.aborted ? error : unavailable(error);
    }
    const found = fileIn(answer, range);
    if (found?.kind !== 'FOUND') answer.body.destroy();
    if (found === null) throw refusalOf(answer);
    return found;
  }

  async #remove(url: string): Promise<void> {
    const name = this.#nameIn(url);
    if (name === null) return;
    const removing = withinTime(REMOVE_TIMEOUT_MS, this.#ending.signal, async (signal) => {
      const answer = await this.#authorized(true, signal, (authorization) =>
        this.#request({ method: 'DELETE', path: this.#path + name, headers: { authorization } }, signal),
      );
      await answer.body.dump();
      const { statusCode } = answer;
      const isGone = (statusCode >= 200 && statusCode < 300) || statusCode === 404 || statusCode === 410;
      if (!isGone) throw refusalOf(answer);
    });
    await removing.catch(this.#options.onLeftOver);
  }

  /** The part of a URL that names a file of ours; null for any other URL. It is compared as text, letter by letter. */
  #nameIn(url: string): string | null {
    if (!url.startsWith(this.#prefix)) return null;
    const name = url.slice(this.#prefix.length);
    const decoded = name.replace(ENCODED, 'x');
    const isPlain = NAME.test(decoded) && !decoded.split('/').some((segment) => /^\.{1,2}(;|$)/.test(segment));
    return isPlain && URL.canParse(url) && new URL(url).href === url ? name : null;
  }

  /** When the token is refused, nobody looked at the request: it is repeated once, if it can be and there is another. */
  async #authorized(
    isRepeatable: boolean,
    signal: AbortSignal,
    ask: (authorization: string) => Promise<Answer>,
  ): Promise<Answer> {
    const { authorization } = this.#options;
    const header = await authorization.header(signal);
    if (header === null) throw unavailable('no access token');
    const answer = await ask(header);
    if (answer.statusCode !== 401) {
      authorization.accepted();
      return answer;
    }
    const another = await authorization.headerAfter(header, signal);
    if (another === header) return answer;
    answer.body.destroy();
    // The bytes of a stream are gone. But its sender has them, and the next token is there by then.
    if (another === null || !isRepeatable) throw unavailable('the token was refused');
    return ask(another);
  }

  async #store(file: NewFile, authorization: string, signal: AbortSignal): Promise<Answer> {
    const body = file.open();
    const headers = { authorization, 'content-type': file.type, 'content-length': String(file.sizeBytes) };
    const request = { method: 'PUT', path: this.#path + file.name, headers, body } as const;
    // Its own clock bounds how long the file takes to come; ours begins when it is there.
    const isThere = finished(body, { writable: false }).then(
      () => true,
      () => false,
    );
    try {
      return await this.#request(request, signal, isThere);
    } finally {
      body.destroy();
    }
  }

  /** One request, with a bounded wait for its answer's head. The answer's body must be read or destroyed. */
  async #request(
    request: Omit<Dispatcher.RequestOptions, 'origin' | 'headers'> & { readonly headers: Record<string, string> },
    signal: AbortSignal,
    isSent: Promise<boolean> = Promise.resolve(true),
  ): Promise<Answer> {
    const { dispatcher, userAgent } = this.#options;
    const stopping = new AbortController();
    const onAbort = (): void => {
      stopping.abort(signal.reason);
    };
    let timer: NodeJS.Timeout | undefined;
    let isWaiting = true;
    void isSent.then((all) => {
      if (!all || !isWaiting) return;
      timer = setTimeout(() => {
        stopping.abort(tooSlow());
      }, this.#answerTimeoutMs);
    });
    const stopListening = (): void => {
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      const headers = { ...request.headers, 'user-agent': userAgent };
      const answer = await dispatcher.request({ ...request, headers, origin: this.#origin, signal: stopping.signal });
      // Without a listener, an answer that breaks off while nobody reads it would end the process.
      answer.body.on('error', () => undefined);
      void once(answer.body, 'close').then(stopListening, stopListening);
      return answer;
    } catch (error) {
      stopListening();
      throw error;
    } finally {
      isWaiting = false;
      clearTimeout(timer);
    }
  }
}

/** Does `work` with a signal that aborts with either. `AbortSignal.any` would leave a trace at the one that lives on. */
async function endedByEither<Result>(
  one: AbortSignal,
  other: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const inner = new AbortController();
  const stops = [one, other].map((outer) => {
    const onAbort = (): void => {
      inner.abort(outer.reason);
    };
    if (outer.aborted) onAbort();
    else outer.addEventListener('abort', onAbort, { once: true });
    return (): void => {
      outer.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await work(inner.signal);
  } finally {
    for (const stop of stops) stop();
  }
}

/** What an answer says of a file; null for a refusal. */
function fileIn({ statusCode, headers, body }: Answer, range: ByteRange | null): FileAnswer | null {
  if (statusCode === 404 || statusCode === 410) return { kind: 'NOT_FOUND' };
  if (statusCode === 416 && range !== null) {
    const total = /^bytes \*\/(\d{1,15})$/.exec(first(headers['content-range']) ?? '')?.[1];
    return { kind: 'OUT_OF_RANGE', totalBytes: Number(total ?? 0) };
  }
  if (statusCode !== 200 && statusCode !== 206) return null;
  // What we asked for comes as it is. Compressed, its length and its parts would be those of something else.
  if (!/^(identity)?$/i.test(first(headers['content-encoding']) ?? '')) return null;
  return statusCode === 200 ? wholeFile(headers, body, range) : partOfFile(headers, body, range);
}

function wholeFile(headers: IncomingHttpHeaders, body: Readable, range: ByteRange | null): FileAnswer | null {
  const contentType = first(headers['content-type']);
  const length = first(headers['content-length']);
  const totalBytes = length === null ? null : Number(length);
  if (totalBytes !== null && totalBytes > MAX_READ_BYTES) return { kind: 'TOO_LARGE' };
  const whole = { kind: 'FOUND', contentType, totalBytes, part: null, body } as const;
  // Upstream knows no parts: then the part is cut out here. Without a length nobody can say which part it is.
  if (range === null || totalBytes === null) return whole;
  const part = partOf(range, totalBytes);
  if (part === null) return { kind: 'OUT_OF_RANGE', totalBytes };
  return { ...whole, part, body: Readable.from(cut(body, part), { objectMode: false }) };
}

function partOfFile(headers: IncomingHttpHeaders, body: Readable, range: ByteRange | null): FileAnswer | null {
  const [, from, to, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(first(headers['content-range']) ?? '') ?? [];
  const [part, totalBytes] = [{ first: Number(from), last: Number(to) }, Number(total)];
  const asked = range === null || from === undefined ? null : partOf(range, totalBytes);
  if (asked?.first !== part.first || asked.last !== part.last) return null;
  return totalBytes > MAX_READ_BYTES
    ? { kind: 'TOO_LARGE' }
    : {
        kind: 'FOUND',
        contentType: first(headers['content-type']),
        totalBytes,
        part,
        // Not a byte more than it says: the rest would be read as the beginning of our next answer.
        body: Readable.from(cut(body, { first: 0, last: part.last - part.first }), { objectMode: false }),
      };
}

const written = (range: ByteRange): string =>
  range.first === null ? `bytes=-${range.count}` : `bytes=${range.first}-${range.last ?? ''}`;

/** The bytes of a part. Its source is destroyed when it has them, or nobody wants more. */
async function* cut(source: Readable, part: FilePart): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const wanted = chunk.subarray(Math.max(0, part.first - at), Math.max(0, part.last + 1 - at));
    at += chunk.length;
    if (wanted.length > 0) yield wanted;
    if (at > part.last) return;
  }
  throw unavailable('the file is shorter than it was said to be');
}

/** Why a file could not be stored or read. The words are for a file; those of the codes are for a send. */
function refusalOf({ statusCode, headers }: Answer): ServiceError {
  const cause = new Error(`HTTP ${statusCode}`);
  if (statusCode === 429) {
    const seconds = /^\d{1,6}$/.exec(first(headers['retry-after']) ?? '')?.[0];
    return new ServiceError('UPSTREAM_RATE_LIMITED', {
      message: 'Catapult takes no more requests for files right now. Try again later.',
      cause,
      ...(seconds !== undefined && { retryAfterSeconds: Number(seconds) }),
    });
  }
  const isRefusal = statusCode >= 300 && statusCode < 500 && statusCode !== 408;
  return isRefusal ? new ServiceError('UPSTREAM_REJECTED', { cause }) : unavailable(cause);
}

const unavailable = (cause: unknown): ServiceError =>
  new ServiceError('UPSTREAM_UNAVAILABLE', {
    message: "Catapult's store of files cannot be reached or is failing. Try again later.",
    cause,
  });

const first = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;
