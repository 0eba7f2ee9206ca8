/** `/sandbox/phones`: what tests and a page do with the telephones. Nothing of it is Catapult's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { documentedFailures } from '../messaging/delivery-failure.js';
import { isShownInPlace, knownType, nameForType } from '../messaging/media-type.js';
import * as answers from './answers.js';
import type { Answer, SandboxRequest } from './answers.js';
import { readBehavior } from './behavior.js';
import { readBody, respond, type AnyAnswer } from './exchange.js';
import { MAX_FILE_BYTES, type MessageFile, type SandboxMedia } from './media.js';
import { BEGINNING, TooManyWaitingError, type Phone, type PhoneMessage, type Phones } from './phones.js';
import { E164, MAX_URL_LENGTH, parseObject, validateMessage } from './validation.js';

export const PHONES_PATH = '/sandbox/phones';
/** The table of codes with which a message can fail. */
export const DELIVERY_CODES_PATH = '/sandbox/delivery-codes';

/** Two files of the largest size, in base64. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_WAIT_MS = 30_000;
/** Changes of the list that come so close together are shown together, so that a busy sandbox is not asked without end. */
const TOGETHER_MS = 50;

export interface PhoneApiOptions {
  readonly phones: Phones;
  readonly media: SandboxMedia;
  /** Where the sandbox is reached. */
  readonly origin: () => string;
  /** The `applicationId` of a telephone that answers a number from which nothing came. */
  readonly applicationId: string;
  /** Whether callbacks go anywhere. */
  readonly callsBack: () => boolean;
  /**
   * Has a message come in at its one recipient; resolves once its callback was taken, or given up. `mediaOf` gives the URLs
   * of its files, by its id.
   */
  readonly bringIn: (
    message: SandboxRequest,
    mediaOf: (id: string) => readonly string[] | undefined,
  ) => Promise<PhoneMessage>;
}

/** A request that is answered with something else than it asks for. */
class Refusal extends Error {
  constructor(readonly answer: Answer) {
    super('The request is refused.');
  }
}

const refuse = (description: string): Refusal => new Refusal(answers.badRequest(description));

export const isForPhones = ({ url = '' }: IncomingMessage): boolean =>
  /^\/sandbox\/(?:phones(?:[/?]|$)|delivery-codes(?:\?|$))/.test(url);

export class PhoneApi {
  readonly #options: PhoneApiOptions;

  constructor(options: PhoneApiOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answerTo(request, response);
      if (!response.destroyed) respond(response, answer);
    } catch (error) {
      // A client that still sends could lose an answer with which the connection ends: the rest is read first.
      if (!request.complete) await readBody(request, 0);
      if (error instanceof Refusal) respond(response, error.answer);
      else if (error instanceof TooManyWaitingError) respond(response, answers.tooManyWaiting());
      else throw error;
    }
  }

  async #answerTo(request: IncomingMessage, response: ServerResponse): Promise<AnyAnswer> {
    const { method = '' } = request;
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://sandbox');
    const [, , , ...parts] = pathname.split('/');
    const [number, what, ...rest] = parts.map(decoded);
    if (pathname === DELIVERY_CODES_PATH) return only('GET', method, codesAnswer);
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    if (number === undefined) return only('GET', method, () => this.#list(query, gone.signal));
    if (!E164.test(number)) throw refuse(`'${number}' must be a telephone number in E.164, such as +12345678902`);
    if (what === undefined) return only('DELETE', method, () => this.#forget(number));
    if (what === 'media' && rest.length === 2) return only('GET', method, () => this.#file(number, rest));
    if (rest.length > 0) return answers.notFound(pathname);
    switch (what) {
      case 'messages':
        return only('GET', method, () => this.#messages(number, query, gone.signal));
      case 'reply':
        return only('POST', method, async () => this.#reply(number, await bodyOf(request)));
      case 'behavior':
        return only('PUT', method, async () => this.#behave(number, await bodyOf(request)));
      default:
        return answers.notFound(pathname);
    }
  }

  async #list(query: URLSearchParams, gone: AbortSignal): Promise<Answer> {
    const { phones } = this.#options;
    const { after, waitMs } = this.#position(query, []);
    const before = phones.cursor;
    await phones.wait(null, () => phones.hasChangedSince(after) || null, { waitMs, gone });
    if (phones.cursor !== before) await delay(TOGETHER_MS);
    return answers.ok({ phones: phones.list().map((phone) => this.#showPhone(phone)), cursor: phones.cursor });
  }

  async #messages(number: string, query: URLSearchParams, gone: AbortSignal): Promise<Answer> {
    const { phones } = this.#options;
    const { after, waitMs } = this.#position(query, ['contains', 'code']);
    const code = query.get('code');
    if (!['true', 'false', null].includes(code)) throw refuse("'code' must be true or false");
    const filter = { after, contains: query.get('contains') ?? '', withCode: code === 'true' };
    // Whatever comes later is behind this cursor.
    const read = (): { messages: PhoneMessage[]; cursor: string } => ({
      messages: phones.messages(number, filter),
      cursor: phones.cursor,
    });
    const readSome = (): ReturnType<typeof read> | null => {
      const some = read();
      return some.messages.length === 0 ? null : some;
    };
    const { messages, cursor } = (await phones.wait(number, readSome, { waitMs, gone })) ?? read();
    return answers.ok({ messages: messages.map((message) => this.#show(number, message)), cursor });
  }

  /** From where to read on, and how long to wait. */
  #position(query: URLSearchParams, others: readonly string[]): { after: number; waitMs: number } {
    const known = ['after', 'wait', ...others];
    for (const name of query.keys()) {
      if (!known.includes(name)) throw refuse(`'${name}' is not known: use ${known.join(', ')}`);
    }
    const cursor = query.get('after');
    const after = cursor === null ? BEGINNING : this.#options.phones.placeOf(cursor);
    if (after === null) throw refuse("'after' must be a cursor of an earlier answer");
    const [, amount, unit] = /^(\d{1,5})(s|ms)$/.exec(query.get('wait') ?? '0s') ?? [];
    const waitMs = Number(amount) * (unit === 's' ? 1000 : 1);
    if (!(waitMs <= MAX_WAIT_MS)) throw refuse("'wait' must be a time such as 5s or 500ms, and at most 30s");
    return { after, waitMs };
  }

  #forget(number: string): Answer {
    this.#options.phones.forget(number);
    return answers.noContent();
  }

  #behave(number: string, asked: Readonly<Record<string, unknown>>): Answer {
    const behavior = readBehavior(asked);
    if (typeof behavior === 'string') throw refuse(behavior);
    this.#options.phones.choose(number, behavior);
    return answers.ok(behavior);
  }

  async #reply(number: string, asked: Readonly<Record<string, unknown>>): Promise<Answer> {
    const { phones, media, bringIn } = this.#options;
    const unknown = Object.keys(asked).find((name) => !['to', 'text', 'media', 'applicationId'].includes(name));
    if (unknown !== undefined) throw refuse(`'${unknown}' is not known: use to, text, media, applicationId`);
    const to = asked.to ?? phones.lastReceived(number, null)?.message.from;
    if (typeof to !== 'string')
      throw refuse("'to' must be one telephone number: this telephone has received nothing yet");
    const applicationId =
      asked.applicationId ?? phones.lastReceived(number, to)?.message.applicationId ?? this.#options.applicationId;
    const message = validateMessage({ ...asked, from: number, to: [to], applicationId }, isUrlOrData);
    if ('status' in message) throw new Refusal(message);
    const sources = message.media ?? [];
    const files = await readFiles(sources);
    if (!this.#options.callsBack()) throw new Refusal(answers.noCallbackUrl());
    const sent = await bringIn(message, (id) => {
      if (message.media === undefined) return undefined;
      const paths = media.addFiles(
        id,
        files.filter((file) => file !== null),
      );
      const stored = paths.map((path) => `${this.#options.origin()}${path}`);
      return sources.map((source, index) => (files[index] == null ? source : (stored.shift() ?? '')));
    });
    if (sent.status !== 'taken') throw new Refusal(answers.callbackNotTaken());
    // What the server's answer to the callback has brought already is behind this cursor.
    return answers.ok({ message: this.#show(number, sent), cursor: phones.cursorAt(sent.place) }, 201);
  }

  /** A picture, as the telephone shows it. */
  #file(number: string, [id = '', index = '']: readonly (string | undefined)[]): AnyAnswer {
    const { phones, media } = this.#options;
    const everything = { after: BEGINNING, contains: '', withCode: false };
    const found = phones.messages(number, everything).find(({ message }) => message.id === id);
    const source = /^\d{1,2}$/.test(index) ? found?.message.media?.[Number(index)] : undefined;
    const file = source === undefined ? null : media.fileAt(source);
    if (file === null) return answers.objectNotFound();
    const type = knownType(file.contentType) ?? 'application/octet-stream';
    const headers = {
      'content-type': type,
      // Whoever sent it may have put a page with scripts into it.
      'content-disposition': isShownInPlace(type) ? 'inline' : 'attachment',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=3600',
    };
    return { status: 200, body: file.body, headers };
  }

  #showPhone({ number, messages, behavior, blocked }: Phone): object {
    const last = messages.at(-1);
    const shown = last === undefined ? null : this.#show(number, last);
    return { number, count: messages.length, last: shown, behavior, blocked: [...blocked] };
  }

  #show(number: string, phoneMessage: PhoneMessage): object {
    const { direction, message, codes, status, errorCode, reports } = phoneMessage;
    const { id, from, to, text, media = [], time, applicationId } = message;
    const files = media.map((source, index) => {
      const contentType = this.#options.media.fileAt(source)?.contentType ?? null;
      const url = `${PHONES_PATH}/${encodeURIComponent(number)}/media/${id}/${index}`;
      return { source, url: contentType === null ? null : url, contentType };
    });
    return { id, direction, from, to, text, media: files, time, applicationId, codes, status, errorCode, reports };
  }
}

const codesAnswer = (): Answer =>
  answers.ok({ codes: documentedFailures().map(({ code, name, meaning }) => ({ code, name, meaning })) });

/** A part of a path, decoded; as it is where it cannot be. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function only(method: string, given: string, answer: () => AnyAnswer | Promise<AnyAnswer>): Promise<AnyAnswer> {
  return given === method ? answer() : answers.methodNotAllowed(given);
}

/** The JSON object of a request. A page of somebody else's cannot send one unasked, and a form of HTML is none. */
async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) throw new Refusal(answers.unsupportedContentType(contentType));
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === null) throw new Refusal(answers.tooLarge());
  const json = parseObject(body);
  if (json === null) throw refuse('The body must be a JSON object');
  return json;
}

/** Data URLs are stored as files, which have a limit of their own. */
const isUrlOrData = (url: string): boolean => url.length <= MAX_URL_LENGTH || url.startsWith('data:');

/** The files that are given as data URLs; null for the URLs of files elsewhere. */
async function readFiles(sources: readonly string[]): Promise<(MessageFile | null)[]> {
  return Promise.all(
    sources.map(async (source, index) => {
      if (!source.startsWith('data:')) {
        const isUrl = /^https?:\/\//.test(source) && URL.canParse(source);
        if (!isUrl) throw refuse("'media' must be a list of URLs, each http, https or data");
        return null;
      }
      // Node reads data URLs by itself, as the standard says, and asks nobody for them.
      const answer = await fetch(source).catch(() => null);
      const contentType = knownType(answer?.headers.get('content-type') ?? undefined);
      if (answer === null || contentType === null) throw refuse("'media' has a data URL of no known type");
      const body = Buffer.from(await answer.arrayBuffer());
      if (body.length > MAX_FILE_BYTES) throw new Refusal(answers.tooLarge());
      return { name: nameForType(`file-${index + 1}`, contentType), contentType, body };
    }),
  );
}
