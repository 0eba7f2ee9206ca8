/** GET /media/{message}/{index}: shows an attachment of a message, or a part of it. */
import type { ServerResponse } from 'node:http';
import { pipeline, Transform, type Readable } from 'node:stream';
import contentDisposition from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { placesOf, type Place } from '../messaging/attachment.js';
import { EVERYBODY, readableBy, type Caller } from '../messaging/caller.js';
import {
  MAX_READ_BYTES,
  readStoredName,
  type ByteRange,
  type FileAnswer,
  type MediaStore,
} from '../messaging/media.js';
import type { MediaAddresses } from '../messaging/media-address.js';
import { isShownInPlace, knownType, typeOfName } from '../messaging/media-type.js';
import type { MessageService } from '../messaging/message-service.js';
import type { Clock } from '../messaging/ports.js';
import type { Copies } from './copies.js';

/** How long an answer goes on. */
export interface DownloadPace {
  /** In which no byte moves: upstream sends none, or nobody reads. */
  readonly maxSilenceMs: number;
  readonly maxTotalMs: number;
}

const PACE: DownloadPace = { maxSilenceMs: 30_000, maxTotalMs: 300_000 };

export interface DownloadOptions {
  readonly messages: Pick<MessageService, 'messagesById'>;
  readonly media: MediaStore;
  /** Null where nothing is copied. */
  readonly copies: Copies | null;
  readonly addresses: MediaAddresses;
  readonly clock: Pick<Clock, 'now'>;
  /** Who asks, by the credentials of the request. Throws where nobody does. */
  readonly signIn: (request: FastifyRequest) => Promise<Caller>;
  /** Takes a place until the answer's end, of those that one caller has, or one message. Throws where there is none. */
  readonly takePlace: (reader: string) => void;
  readonly pace?: DownloadPace;
}

/** No credential: the address itself says who may read, and until when. */
interface Signed {
  readonly until: number;
}

/**
 * Answers with an attachment of a message that the caller may see, or that a signed address names.
 *
 * @throws ServiceError; that of a file which is not there says nothing of whether the message is.
 */
export async function answerAttachment(
  request: FastifyRequest,
  reply: FastifyReply,
  options: DownloadOptions,
): Promise<FastifyReply> {
  const { messageId, index } = request.params as { readonly messageId: string; readonly index: string };
  // In one spelling only: an address that is known by its text, to a cache or a proxy, has no second one.
  const number = /^(0|[1-9]\d{0,2})$/.test(index) ? Number(index) : -1;
  const signed = signatureIn(request, messageId, number, options);
  const caller = signed === null ? await options.signIn(request) : null;
  options.takePlace(caller === null ? `message ${messageId}` : `caller ${caller.name}`);
  const whose = caller === null ? EVERYBODY : readableBy(caller);
  const [message = null] = await options.messages.messagesById([messageId], whose);
  const place = message === null ? undefined : placesOf(message).find((each) => each.index === number);
  if (place === undefined || !options.media.owns(place.url)) throw notFound();

  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  const range = rangeIn(request);
  const found =
    (await options.copies?.find(place.url, range)) ?? (await options.media.get(place.url, range, gone.signal));
  return answer(request, reply, { found, place, signed }, options);
}

interface Answered {
  readonly found: FileAnswer;
  readonly place: Place;
  readonly signed: Signed | null;
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { found, place, signed }: Answered,
  { clock, pace = PACE }: DownloadOptions,
): FastifyReply {
  if (found.kind === 'NOT_FOUND') throw notFound();
  if (found.kind === 'TOO_LARGE') throw new ServiceError('UPSTREAM_REJECTED', { message: TOO_LARGE_TO_READ });
  const maxAgeSeconds = signed === null ? 0 : Math.max(0, Math.floor((signed.until - clock.now()) / 1000));
  void reply.headers({
    'accept-ranges': 'bytes',
    // Whoever may read it, caches that others share may not keep it.
    'cache-control': signed === null ? 'private, no-store' : `private, max-age=${maxAgeSeconds}`,
    // An image of another origin's page sends no credentials; the address is the credential.
    ...(signed !== null && { 'cross-origin-resource-policy': 'cross-origin' }),
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  });
  if (found.kind === 'OUT_OF_RANGE') {
    const headers = { 'content-range': `bytes */${found.totalBytes}`, 'content-length': 0 };
    return reply.code(416).headers(headers).send();
  }

  const name = readStoredName(place.name ?? '')?.name ?? place.name ?? 'file';
  const type = knownType(found.contentType ?? undefined) ?? typeOfName(name) ?? 'application/octet-stream';
  const { part, totalBytes, body } = found;
  const length = part === null ? totalBytes : part.last - part.first + 1;
  void reply.headers({
    'content-type': type,
    'content-disposition': contentDisposition(name, { type: isShownInPlace(type) ? 'inline' : 'attachment' }),
    ...(length !== null && { 'content-length': length }),
    ...(part !== null && { 'content-range': `bytes ${part.first}-${part.last}/${totalBytes ?? '*'}` }),
  });
  void reply.code(part === null ? 200 : 206);
  if (request.method === 'HEAD') {
    body.destroy();
    return reply.send();
  }
  return reply.send(paced(body, reply.raw, pace));
}

/** What a signed address in the request names; null for a request without one. @throws ServiceError FORBIDDEN */
function signatureIn(
  { query }: FastifyRequest,
  messageId: string,
  index: number,
  { addresses, clock }: DownloadOptions,
): Signed | null {
  const { signature, until } = query as Readonly<Record<string, unknown>>;
  if (signature === undefined && until === undefined) return null;
  const isWellFormed = typeof signature === 'string' && typeof until === 'string' && /^[1-9]\d{0,14}$/.test(until);
  const signed = isWellFormed ? { messageId, index, until: Number(until), signature } : null;
  if (signed !== null && addresses.isValid(signed, clock.now())) return signed;
  const message = 'This address is not valid, or has ended: ask for the attachments of the message again.';
  throw new ServiceError('FORBIDDEN', { message });
}

/**
 * The part that a request asks for; null for the whole, which several parts at once also get, and whatever is not GET
 * (RFC 9110, 14.2).
 */
function rangeIn({ method, headers }: FastifyRequest): ByteRange | null {
  // If-Range holds for a version of the file, and we name none.
  if (method !== 'GET' || headers['if-range'] !== undefined) return null;
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(headers.range ?? '') ?? [];
  if (from === '') return to === '' ? null : { first: null, count: Number(to) };
  const [first, last] = [Number(from), to === '' ? null : Number(to)];
  return last !== null && last < first ? null : { first, last };
}

/** A body that ends, with its connection, when it is too large, or nothing of it moves for too long. */
function paced(body: Readable, response: ServerResponse, { maxSilenceMs, maxTotalMs }: DownloadPace): Readable {
  const cutOff = (): void => {
    response.destroy();
  };
  const silence = setTimeout(cutOff, maxSilenceMs);
  const total = setTimeout(cutOff, maxTotalMs);
  let size = 0;
  const passed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      silence.refresh();
      size += chunk.length;
      done(size > MAX_READ_BYTES ? new RangeError('The file is too large.') : null, chunk);
    },
  });
  const end = (): void => {
    clearTimeout(silence);
    clearTimeout(total);
    passed.destroy();
    body.destroy();
  };
  if (response.destroyed) end();
  else response.once('close', end);
  pipeline(body, passed, () => undefined);
  return passed;
}

const TOO_LARGE_TO_READ = 'This attachment has more than 16 MiB, which is more than this server reads.';
export const NOT_FOUND = 'There is no such attachment, it is not kept any more, or it is not yours to see.';
const notFound = (): ServiceError => new ServiceError('BAD_REQUEST', { message: NOT_FOUND });
