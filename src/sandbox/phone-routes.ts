/** The telephones of the built-in sandbox, at the server's own address: who may, and the way to wherever the sandbox runs. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Pool } from 'undici';
import { failureBody, ServiceError } from '../errors.js';
import { noteCode } from '../http/request-event.js';
import { requireScope } from '../messaging/caller.js';
import type { Authenticate } from '../messaging/ports.js';
import { DELIVERY_CODES_PATH, PHONES_PATH } from './phone-api.js';

/** More than may wait at a time, so that whoever waits holds up nobody. */
const MAX_CONNECTIONS = 96;
/** Longer than a reply takes whose callback is tried to the end. */
const MAX_SILENCE_MS = 60_000;

/** What the sandbox says of its answers; all else is the host's own. */
const PASSED_ON = [
  'content-type',
  'content-length',
  'content-disposition',
  'content-security-policy',
  'cache-control',
  'retry-after',
];

export interface PhoneRoutesOptions {
  /** Where the sandbox runs: perhaps in another process. */
  readonly origin: string;
  readonly authenticate: Authenticate;
}

/** Serves them to whoever may read everybody's messages. Requests that wait end at once when the host closes. */
export async function servePhones(
  routes: FastifyInstance,
  { origin, authenticate }: PhoneRoutesOptions,
): Promise<void> {
  const sandbox = new Pool(origin, { connections: MAX_CONNECTIONS, headersTimeout: MAX_SILENCE_MS });
  let isStopping = false;
  const passOn = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort();
    };
    if (reply.raw.destroyed) leave();
    else reply.raw.once('close', leave);
    const contentType = request.headers['content-type'];
    const answer = await sandbox
      .request({
        // As it came: the sandbox reads it itself.
        path: request.raw.url ?? '',
        method: request.method,
        headers: contentType === undefined ? {} : { 'content-type': contentType },
        body: (request.body as FastifyRequest['raw'] | undefined) ?? null,
        signal: gone.signal,
      })
      .catch((cause: unknown) => {
        if (gone.signal.aborted) return null;
        throw isStopping ? new ServiceError('SHUTTING_DOWN') : new ServiceError('UPSTREAM_UNAVAILABLE', { cause });
      });
    // Nobody is left to answer, and nothing has failed.
    if (answer === null) return reply.hijack();
    const headers = PASSED_ON.map((name) => [name, answer.headers[name]]).filter(([, value]) => value !== undefined);
    return reply
      .code(answer.statusCode)
      .headers(Object.fromEntries(headers) as Record<string, string>)
      .send(answer.body);
  };

  await routes.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // The sandbox bounds what it reads, and refuses what is no JSON.
    scope.addContentTypeParser('*', (_request, body, parsed) => {
      parsed(null, body);
    });
    scope.addHook('onRequest', async (request) => {
      if (isStopping) throw new ServiceError('SHUTTING_DOWN');
      const signedIn = await authenticate(request.headers);
      if (signedIn === null) throw new ServiceError('UNAUTHENTICATED');
      request.facts.caller = signedIn.caller.name;
      requireScope(signedIn.caller, 'messages:read-all');
    });
    // Ends the requests that wait.
    scope.addHook('preClose', async () => {
      isStopping = true;
      await sandbox.destroy();
    });
    scope.setErrorHandler((error, request, reply) => {
      if (!(error instanceof ServiceError)) throw error as Error;
      return fail(error, request, reply);
    });
    for (const url of [PHONES_PATH, `${PHONES_PATH}/*`, DELIVERY_CODES_PATH]) {
      scope.route({
        method: ['GET', 'POST', 'PUT', 'DELETE'],
        url,
        exposeHeadRoute: false,
        // Nearly all of them only wait: they neither count as load, nor are they refused because of it.
        config: { shed: 'never' },
        handler: passOn,
      });
    }
    done();
  });
}

function fail(error: ServiceError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  noteCode(request.facts.codes, error.code);
  const status = error.code === 'UNAUTHENTICATED' ? 401 : error.code === 'FORBIDDEN' ? 403 : 503;
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send(failureBody(error, request.id));
}
