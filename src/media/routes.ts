/** /media: who may upload and read files, how many at a time, and what a failure says. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { failureBody, ServiceError, type ErrorCode } from '../errors.js';
import { isFromOurPage, isVouchedFor } from '../http/own-pages.js';
import { noteCode } from '../http/request-event.js';
import { requireScope, type Caller } from '../messaging/caller.js';
import type { Authenticate } from '../messaging/ports.js';
import { answerAttachment, NOT_FOUND, type DownloadOptions } from './download.js';
import { readFiles, takeUpload, TOO_SLOW, type UploadOptions } from './upload.js';

/** How many files may be under way at one time. Each costs a connection upstream, and some 200 KB here. */
export interface MediaPlaces {
  readonly uploads: number;
  /** Of one caller. A person uploads the files of one message. */
  readonly uploadsPerCaller: number;
  readonly downloads: number;
  /**
   * Of one caller, or of the signed addresses of one message, which anybody may pass on: those who do not read what they
   * ask for leave places to others.
   */
  readonly downloadsPerReader: number;
}

const PLACES: MediaPlaces = { uploads: 32, uploadsPerCaller: 10, downloads: 128, downloadsPerReader: 32 };
/** What a caller without a place is told to wait. Most files take less, and who reads none is cut off after 30 s. */
const RETRY_AFTER_SECONDS = 5;

export interface MediaRoutesOptions extends UploadOptions, Omit<DownloadOptions, 'signIn' | 'pace' | 'takePlace'> {
  readonly authenticate: Authenticate;
  /** The origins, beside our own, whose pages may upload without a credential. */
  readonly corsOrigins: readonly string[];
  /** Called for each file that was stored. */
  readonly onUploaded: (file: { requestId: string; caller: string; bytes: number }) => void;
  /** Called for each file that upstream did not take or give. */
  readonly onUpstreamFailure: (requestId: string, code: ErrorCode, cause: unknown) => void;
  readonly places?: MediaPlaces;
  readonly downloadPace?: DownloadOptions['pace'];
}

export async function serveMedia(routes: FastifyInstance, options: MediaRoutesOptions): Promise<void> {
  const { authenticate, corsOrigins, onUploaded, places = PLACES } = options;
  const uploads = new Places(places.uploads, places.uploadsPerCaller);
  const downloads = new Places(places.downloads, places.downloadsPerReader);
  const signIn = async ({ headers, facts }: FastifyRequest): Promise<Caller> => {
    const signedIn = await authenticate(headers);
    if (signedIn === null) throw new ServiceError('UNAUTHENTICATED');
    facts.caller = signedIn.caller.name;
    return signedIn.caller;
  };
  const upload = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = await signIn(request);
    requireScope(caller, 'messages:send');
    if (!mayAsk(request, corsOrigins)) throw notVouchedFor();
    const giveBack = uploads.take(caller.name);
    try {
      const uploaded = await takeUpload(request, options);
      onUploaded({ requestId: request.id, caller: caller.name, bytes: uploaded.size });
      return await reply.code(201).send(uploaded);
    } finally {
      giveBack();
    }
  };
  const download = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const takePlace = (reader: string): void => {
      const giveBack = downloads.take(reader);
      if (reply.raw.destroyed) giveBack();
      else reply.raw.once('close', giveBack);
    };
    const pace = options.downloadPace === undefined ? {} : { pace: options.downloadPace };
    return answerAttachment(request, reply, { ...options, signIn, takePlace, ...pace });
  };

  await routes.register(async (scope) => {
    scope.addHook('onRequest', ({ facts }, _reply, next) => {
      facts.transport = 'media';
      next();
    });
    await readFiles(scope);
    scope.setErrorHandler((error, request, reply) => {
      if (!(error instanceof ServiceError)) throw error as Error;
      return fail(error, request, reply, options);
    });
    scope.post('/media', upload);
    // Fastify would read the whole of a file to say how long it is.
    scope.route({
      method: ['GET', 'HEAD'],
      url: '/media/:messageId/:index',
      exposeHeadRoute: false,
      handler: download,
    });
  });
}

/** Whether no page but ours can have sent this: by what the browser says of it, or by what it would have asked us before. */
function mayAsk(request: FastifyRequest, corsOrigins: readonly string[]): boolean {
  const site = request.headers['sec-fetch-site'];
  const isFromElsewhere = site === 'cross-site' || site === 'same-site';
  if (isFromElsewhere && !isFromOurPage(request.headers, corsOrigins)) return false;
  return asksFirst(request) || isVouchedFor(request.headers, corsOrigins);
}

/**
 * Whether a browser asks before it sends such a request from another page: any header but the usual ones makes it ask,
 * and so does a type that no form of HTML has. Credentials that a browser adds by itself, to whatever any page sends, are
 * no such header: those of a proxy in front of us, for which it asked its user.
 */
function asksFirst({ headers }: FastifyRequest): boolean {
  const isForm = /^\s*(multipart\/form-data|text\/plain|application\/x-www-form-urlencoded)\s*(;|$)/i;
  const type = headers['content-type'] ?? '';
  const isUnusual = ['x-api-key', 'x-filename'].some((name) => headers[name] !== undefined);
  const isGiven = /^Bearer /i.test(headers.authorization ?? '');
  return isUnusual || isGiven || (type !== '' && !isForm.test(type));
}

const notVouchedFor = (): ServiceError =>
  new ServiceError('FORBIDDEN', {
    message: 'Upload from a page of this server, or with a credential, or with the header apollo-require-preflight.',
  });

/** The status of each failure that is not a mistake in a file. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UPSTREAM_RATE_LIMITED: 503,
  UPSTREAM_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  UPSTREAM_REJECTED: 502,
};

function statusOf({ code, message, fieldErrors = [] }: ServiceError): number {
  if (message === NOT_FOUND) return 404;
  if (message === TOO_SLOW) return 408;
  const mistake = fieldErrors[0]?.code;
  if (mistake === 'MEDIA_TOO_LARGE') return 413;
  if (mistake === 'MEDIA_TYPE_NOT_SUPPORTED' || mistake === 'MEDIA_TYPE_MISMATCH') return 415;
  return STATUSES[code] ?? 400;
}

function fail(
  error: ServiceError,
  request: FastifyRequest,
  reply: FastifyReply,
  { onUpstreamFailure }: MediaRoutesOptions,
): FastifyReply {
  noteCode(request.facts.codes, error.code);
  const status = statusOf(error);
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', error.retryAfterSeconds);
  if (status >= 500) onUpstreamFailure(request.id, error.code, error.cause);
  for (const name of ['content-disposition', 'content-range', 'content-length']) void reply.removeHeader(name);
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(failureBody(error, request.id));
}

/** Counts what is under way, of each owner and in all. */
class Places {
  readonly #limit: number;
  readonly #limitPerOwner: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limit: number, limitPerOwner: number) {
    this.#limit = limit;
    this.#limitPerOwner = limitPerOwner;
  }

  /** Takes a place; the result gives it back, once. @throws ServiceError RATE_LIMITED where there is none. */
  take(owner: string): () => void {
    const count = this.#taken.get(owner) ?? 0;
    if (this.#total >= this.#limit || count >= this.#limitPerOwner) {
      throw new ServiceError('RATE_LIMITED', {
        message: 'Too many files are under way at once. Try again in a moment.',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#total += 1;
    this.#taken.set(owner, count + 1);
    return () => {
      this.#total -= 1;
      const left = (this.#taken.get(owner) ?? 1) - 1;
      if (left > 0) this.#taken.set(owner, left);
      else this.#taken.delete(owner);
    };
  }
}
