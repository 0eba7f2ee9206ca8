/** POST /media: takes one file, and streams it to upstream's store. */
import multipart, { type Multipart } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { takeTime } from '../http/slow-requests.js';
import { KEPT_UPSTREAM_MS, MAX_UPLOAD_BYTES, newStoredName, type MediaStore } from '../messaging/media.js';
import type { Clock } from '../messaging/ports.js';
import { formatTime } from '../messaging/time.js';
import { checkName, checkType, nameInHeader, tooLarge } from './file-check.js';
import { CheckedBody, streamed, withSpooled } from './incoming-file.js';

/** How long an upload may take. */
export interface UploadPace {
  /** In which no byte comes, or none is wanted. */
  readonly maxSilenceMs: number;
  /** In all: 3.5 MiB by then takes 30 KB a second. */
  readonly maxTotalMs: number;
}

const PACE: UploadPace = { maxSilenceMs: 15_000, maxTotalMs: 120_000 };
/** How long the rest of a refused body is read and dropped, so that its sender gets to the answer. */
const LINGER_MS = 5_000;

export interface UploadOptions {
  readonly media: MediaStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly pace?: UploadPace;
}

/** What the answer says of a file that was stored. */
export interface Uploaded {
  /** To be used in `MessageInput.media`. */
  readonly url: string;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  /** When upstream deletes it. */
  readonly availableUntil: string;
}

/** Lets bodies of this scope through unread: a file as it is, or a form with one. */
export async function readFiles(scope: FastifyInstance): Promise<void> {
  scope.removeAllContentTypeParsers();
  const limits = { files: 1, fields: 10, parts: 11, fieldNameSize: 100, fieldSize: 1_000, headerPairs: 20 };
  // One byte more than is allowed, so that it is refused by our own count.
  await scope.register(multipart, { preservePath: true, limits: { ...limits, fileSize: MAX_UPLOAD_BYTES + 1 } });
  scope.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload);
  });
}

/**
 * Takes the file of a request. After a failure nothing of it stays upstream.
 *
 * @throws ServiceError with what is wrong, or with why it could not be stored.
 */
export async function takeUpload(request: FastifyRequest, options: UploadOptions): Promise<Uploaded> {
  const { raw } = request;
  const stopping = new AbortController();
  const endPatience = takeTime(raw.socket);
  const stopWatching = watch(request, options.pace ?? PACE, (reason) => {
    stopping.abort(reason);
  });
  const onGone = (): void => {
    stopping.abort(new ServiceError('BAD_REQUEST', { message: 'The upload was cut off.' }));
  };
  raw.socket.once('close', onGone);
  try {
    return await unlessStopped(stopping.signal, take(request, options, stopping.signal));
  } finally {
    raw.socket.off('close', onGone);
    stopWatching();
    endPatience();
    if (!raw.complete && !raw.destroyed) linger(request);
  }
}

function take(request: FastifyRequest, options: UploadOptions, signal: AbortSignal): Promise<Uploaded> {
  if (request.isMultipart()) return takeForm(request, options, signal);
  const { headers, raw } = request;
  const length = lengthOf(headers['content-length']);
  if (length !== null && length > MAX_UPLOAD_BYTES) throw tooLarge();
  const type = checkType(headers['content-type']);
  const name = checkName(nameInHeader(headers['x-filename']), type);
  return store(new CheckedBody(raw, type), { name, type, length }, options, signal);
}

async function takeForm(request: FastifyRequest, options: UploadOptions, signal: AbortSignal): Promise<Uploaded> {
  const length = lengthOf(request.headers['content-length']);
  if (length !== null && length > MAX_UPLOAD_BYTES + MAX_AROUND_FILE_BYTES) throw tooLarge();
  const parts = request.parts();
  for (;;) {
    const next = await nextOf(parts);
    if (next.done === true) throw wrongForm();
    const part = next.value;
    if (part.type !== 'file') continue;
    const type = checkType(part.mimetype);
    const name = checkName(part.filename === '' ? null : part.filename, type);
    const body = new CheckedBody(part.file, type);
    return store(body, { name, type, length: null }, options, signal, async () => {
      // Behind the file nothing may follow but fields, and the end.
      while ((await nextOf(parts)).done !== true);
    }).catch((error: unknown) => {
      // The form ended within the file.
      throw body.errored === error && !(error instanceof ServiceError) ? wrongForm(error) : error;
    });
  }
}

/** A form's boundaries, headers and fields. */
const MAX_AROUND_FILE_BYTES = 16 * 1024;

type Parts = ReturnType<FastifyRequest['parts']>;

async function nextOf(parts: Parts): Promise<IteratorResult<Multipart, void>> {
  try {
    return await parts.next();
  } catch (cause) {
    throw wrongForm(cause);
  }
}

const wrongForm = (cause?: unknown): ServiceError =>
  new ServiceError('BAD_REQUEST', {
    message: 'The form must be whole, and have one file and at most ten short fields.',
    cause,
  });

interface Described {
  readonly name: string;
  readonly type: string;
  /** In bytes; null where it is not known yet. */
  readonly length: number | null;
}

async function store(
  body: CheckedBody,
  { name, type, length }: Described,
  { media, clock }: UploadOptions,
  signal: AbortSignal,
  whenRead: () => Promise<void> = () => Promise.resolve(),
): Promise<Uploaded> {
  const storedAtMs = clock.now();
  const storedAs = newStoredName(storedAtMs, name);
  signal.addEventListener('abort', () => {
    body.destroy(signal.reason as Error);
  });
  try {
    let url: string;
    if (length === null) {
      url = await withSpooled(body, storedAs, type, async (file) => {
        await whenRead();
        return media.put(file, signal);
      });
    } else {
      await body.checked;
      url = await media.put(streamed(body, storedAs, type, length), signal);
    }
    // Stored, but nobody is there any more to hear where.
    if (signal.aborted) void media.remove(url);
    const availableUntil = formatTime((storedAtMs + KEPT_UPSTREAM_MS) * 1000);
    return { url, contentType: type, size: body.size, availableUntil };
  } catch (error) {
    // What is wrong with the file itself is why it could not be stored.
    throw body.errored instanceof ServiceError ? body.errored : error;
  } finally {
    body.destroy();
  }
}

function lengthOf(header: string | undefined): number | null {
  return header === undefined ? null : Number(header);
}

/** Ends an upload that stands still or takes too long. Node's own limit for requests is far shorter. */
function watch({ raw }: FastifyRequest, pace: UploadPace, onSlow: (reason: ServiceError) => void): () => void {
  const { socket } = raw;
  const startedAt = performance.now();
  let [bytes, movedAt] = [socket.bytesRead, startedAt];
  const timer = setInterval(() => {
    const now = performance.now();
    if (socket.bytesRead !== bytes) [bytes, movedAt] = [socket.bytesRead, now];
    const isStill = !raw.complete && now - movedAt > pace.maxSilenceMs;
    if (isStill || now - startedAt > pace.maxTotalMs) onSlow(new ServiceError('BAD_REQUEST', { message: TOO_SLOW }));
  }, pace.maxSilenceMs / 15);
  return () => {
    clearInterval(timer);
  };
}

export const TOO_SLOW = 'The upload stood still, or took too long.';

/** Waits for `work`, unless the signal aborts first. */
function unlessStopped<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    work.then(resolve, reject);
  });
}

function linger({ raw }: FastifyRequest): void {
  const timer = setTimeout(() => raw.destroy(), LINGER_MS);
  raw.once('close', () => {
    clearTimeout(timer);
  });
  raw.resume();
}
