/** GET and POST /opt-outs.csv: those who want no messages, to and from a file, for operators. */
import { Readable, pipeline } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { stringify } from 'csv-stringify';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { failureBody, ServiceError } from '../errors.js';
import { noteCode } from '../http/request-event.js';
import { EVERYBODY, requireScope, type SignedIn } from '../messaging/caller.js';
import type { ConsentStatement } from '../messaging/consent.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import type { Authenticate, Clock, OptOutFilter, Position } from '../messaging/ports.js';
import { cellsOf, COLUMNS, headerOf, linesOf, statementOfLine, type LineMistake } from './opt-outs-csv.js';

export const OPT_OUTS_PATH = '/opt-outs.csv';

/** A longer list is several files. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** As many as usually have room in it: empty lines, too, take time to be read. */
const MAX_LINES = 100_000;
/** Lines in one commit, so that a file never holds up a send. */
const LINES_AT_ONCE = 200;
/** Entries that are read at once. */
const PAGE_SIZE = 500;
/** Mistakes that are told; of the others, how many. */
const MAX_MISTAKES = 100;
/** A reader that takes nothing for so long is cut off. */
const MAX_PAUSE_MS = 60_000;

/** What became of a file. */
export interface ImportResult {
  /** Lines that count. */
  readonly imported: number;
  /** Lines that say what is known, or something older than that. */
  readonly unchanged: number;
  /** Lines with a mistake: the others were imported. */
  readonly refused: number;
  /** The first of them, at most 100. */
  readonly mistakes: readonly (LineMistake & { readonly line: number })[];
}

export interface CsvRouteOptions {
  readonly optOuts: OptOuts;
  readonly authenticate: Authenticate;
  readonly clock: Pick<Clock, 'now'>;
  readonly onImported: (result: Omit<ImportResult, 'mistakes'> & { by: string; requestId: string }) => void;
  readonly onInternalError: (requestId: string, error: unknown) => void;
}

/** An answer of this route's own. */
class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly error: ServiceError,
  ) {
    super(error.message);
  }
}

const badRequest = (status: number, message: string): Refusal =>
  new Refusal(status, new ServiceError('BAD_REQUEST', { message }));

export async function serveOptOutsCsv(routes: FastifyInstance, options: CsvRouteOptions): Promise<void> {
  await routes.register((scope, _options, done) => {
    const callers = new WeakMap<FastifyRequest, SignedIn['caller']>();
    const signIn: onRequestAsyncHookHandler = async (request) => {
      request.facts.transport = 'csv';
      const signedIn = await options.authenticate(request.headers);
      if (signedIn === null) throw new Refusal(401, new ServiceError('UNAUTHENTICATED'));
      request.facts.caller = signedIn.caller.name;
      requireScope(signedIn.caller, 'operations:write');
      callers.set(request, signedIn.caller);
    };
    scope.removeAllContentTypeParsers();
    // Read as a stream, and counted on the way.
    scope.addContentTypeParser('text/csv', (_request, body, parsed) => {
      parsed(null, body);
    });
    scope.setErrorHandler((error, request, reply) => answerError(error, request, reply, options));
    scope.get(OPT_OUTS_PATH, { onRequest: signIn }, (_request, reply) => sendAll(reply, options));
    scope.post(OPT_OUTS_PATH, {
      bodyLimit: MAX_FILE_BYTES,
      onRequest: [signIn, requireCsv],
      handler: async (request) => {
        const by = `caller:${callers.get(request)?.name ?? ''}`;
        const result = await importFile(bounded(request.body as AsyncIterable<Uint8Array>), by, options);
        const { imported, unchanged, refused } = result;
        options.onImported({ imported, unchanged, refused, by, requestId: request.id });
        return result;
      },
    });
    done();
  });
}

const requireCsv: onRequestAsyncHookHandler = ({ headers }) => {
  const { 'content-type': type = '', 'content-length': length = '0' } = headers;
  if (Number(length) > MAX_FILE_BYTES) return Promise.reject(tooLarge());
  if (/^text\/csv *(; *(charset="?utf-8"?|header=present) *)*$/i.test(type)) return Promise.resolve();
  return Promise.reject(badRequest(415, 'The content type must be text/csv, in UTF-8.'));
};

/** Sends the whole list, the oldest first, as fast as it is read. */
function sendAll(reply: FastifyReply, { optOuts, onInternalError }: CsvRouteOptions): FastifyReply {
  const csv = stringify({ header: true, columns: [...COLUMNS] });
  pipeline(Readable.from(allCells(optOuts)), csv, (error) => {
    // The answer ends without its last chunk, so that its reader knows. A reader that went away is no failure.
    const { code } = (error ?? {}) as { readonly code?: unknown };
    if (error != null && code !== 'ERR_STREAM_PREMATURE_CLOSE') onInternalError(reply.request.id, error);
  });
  reply.raw.setTimeout(MAX_PAUSE_MS, () => reply.raw.destroy());
  return reply
    .type('text/csv; charset=utf-8; header=present')
    .header('content-disposition', 'attachment; filename="opt-outs.csv"')
    .header('cache-control', 'no-store')
    .send(csv);
}

async function* allCells(optOuts: OptOuts): AsyncGenerator<string[]> {
  const everything: OptOutFilter = { numbers: EVERYBODY, owner: null, recipient: null };
  for (let before: Position | null = null; ;) {
    const page = await optOuts.list(everything, { limit: PAGE_SIZE, after: null, before, fromEnd: true });
    for (const entry of page.toReversed()) yield cellsOf(entry);
    const [newest] = page;
    if (newest === undefined || page.length < PAGE_SIZE) return;
    before = { time: newest.since, sendId: newest.id };
  }
}

/** The file, as far as it is not too long. */
async function* bounded(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of file) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) throw tooLarge();
    yield chunk;
  }
}

const tooLarge = (): Refusal =>
  badRequest(
    413,
    'The file has more than 5 MiB or 100,000 lines: split it. What stands before that is imported; to import it again does no harm.',
  );

async function importFile(
  file: AsyncIterable<Uint8Array>,
  by: string,
  { optOuts, clock }: CsvRouteOptions,
): Promise<ImportResult> {
  const facts = { by, now: clock.now() * 1000 };
  const result = { imported: 0, unchanged: 0, refused: 0, mistakes: [] as (LineMistake & { line: number })[] };
  let header: ReturnType<typeof headerOf> = null;
  let batch: ConsentStatement[] = [];
  const store = async (): Promise<void> => {
    const count = await optOuts.import(batch);
    result.imported += count;
    result.unchanged += batch.length - count;
    batch = [];
  };
  await optOuts.import([]);
  for await (const { number, text } of linesOf(file)) {
    // A chunk has thousands of lines, and an embedded store never yields: so others get their turn here.
    if (number % LINES_AT_ONCE === 0) await setImmediate();
    if (number > MAX_LINES) throw tooLarge();
    if (header === null) {
      header = headerOf(text ?? '');
      if (header === null) throw badRequest(400, `The first line must name the columns: ${COLUMNS.join(',')}.`);
      continue;
    }
    const read = statementOfLine(text, header, facts);
    if (read === null) continue;
    if ('code' in read) {
      result.refused += 1;
      if (result.mistakes.length < MAX_MISTAKES) result.mistakes.push({ line: number, ...read });
      continue;
    }
    batch.push(read);
    if (batch.length === LINES_AT_ONCE) await store();
  }
  await store();
  return result;
}

/** What the store throws has no code: it is away, or refuses. */
function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { onInternalError }: CsvRouteOptions,
): FastifyReply {
  const refusal = refusalOf(error);
  noteCode(request.facts.codes, refusal.error.code);
  if (refusal.status >= 500) onInternalError(request.id, error);
  if (refusal.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(refusal.status).send(failureBody(refusal.error, request.id));
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof ServiceError) return new Refusal(error.code === 'FORBIDDEN' ? 403 : 500, error);
  const { statusCode, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
  if (statusCode === 413) return tooLarge();
  if (typeof statusCode === 'number' && statusCode < 500)
    return badRequest(statusCode, 'The request is not understood.');
  if (code === 'ECONNRESET') return badRequest(400, 'The file ended before its end.');
  const message = 'The server cannot reach its database right now; try again.';
  return new Refusal(503, new ServiceError('STORE_UNAVAILABLE', { message }));
}
