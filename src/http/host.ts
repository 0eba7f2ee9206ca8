/** The HTTP host: limits, the shape of its own errors, /health and /ready, and an orderly end. */
import cors from '@fastify/cors';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { failureBody, ServiceError, type ErrorCode } from '../errors.js';
import { readJsonOnly } from './json-body.js';
import { endOfWork, RETRY_AFTER_SECONDS, SERVER_BUSY, type Load, type Shedding } from './load.js';
import { eventOf, newFacts, noteCode, requestIdOf, type OnRequest } from './request-event.js';
import { endConnection } from './slow-requests.js';
import { UnreadAnswers } from './unread-answers.js';

/** Ten sends with everything at its limit, written out as JSON, are smaller. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** A client that needs longer to send one request is broken or means harm. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for such clients; its default of 30 s would double the timeout. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000;
/** What is still open after this long while closing is cut off, so that a stop takes less than 10 s. */
const CLOSE_GRACE_MS = 9_000;

/** What pages put on a request: content, credentials, the client's name, and the traces of the usual tools. */
const ALLOWED_HEADERS = [
  'content-type',
  'authorization',
  'x-api-key',
  'x-filename',
  'range',
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'graphql-client-name',
  'x-apollo-operation-name',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];
/** What pages may read of an answer, beside what every page may. */
const EXPOSED_HEADERS = ['x-request-id', 'content-disposition', 'content-range', 'accept-ranges'];
/** The longest part of a path that names something: an id of Catapult's may have 255 characters, each of them encoded. */
const MAX_PARAMETER_LENGTH = 765;
/** How long a browser remembers what it may do. */
const CORS_MAX_AGE_SECONDS = 600;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route answers whatever its Host header names: it has credentials of its own, or tells nothing. */
    readonly anyName?: boolean;
  }
}

export interface HttpHostOptions {
  /** Called for each request as soon as its answer is ready. */
  readonly onRequest: OnRequest;
  /** Called with the cause of an answer that says INTERNAL_SERVER_ERROR. */
  readonly onInternalError: (requestId: string, error: unknown) => void;
  /** What /ready says: that the server is ready where nothing is missing. Must not reject. */
  readonly readiness: () => Promise<Readiness>;
  /** What is under way, and when more is refused; without it, nothing is. */
  readonly load?: Load;
  /** The origins whose pages may call; none turns CORS off. */
  readonly corsOrigins: readonly string[];
  /** The proxies whose `X-Forwarded-` headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Whether requests to our own port with this Host header are refused; without it, none are. */
  readonly isMisdirected?: ((host: string) => boolean) | undefined;
}

export interface Readiness {
  /** The parts without which requests should go elsewhere. */
  readonly missing?: readonly string[];
  /** What else there is to know. */
  readonly facts?: object;
}

export interface HttpHost {
  readonly routes: FastifyInstance;
  /** Starts to listen; resolves with the host's own base URL. */
  listen(host: string, port: number): Promise<string>;
  /** Refuses new requests from now on, finishes those in flight and resolves when all connections are closed. */
  close(): Promise<void>;
}

export async function createHttpHost(options: HttpHostOptions): Promise<HttpHost> {
  const { onRequest, onInternalError, readiness, load, corsOrigins, trustedProxies, isMisdirected } = options;
  let draining = false;
  let isListening = false;
  const routes = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS },
    genReqId: ({ headers }) => requestIdOf(headers),
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Refusals while closing are this file's own, in the shape of a GraphQL error.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: endConnection,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors(error, request, reply) {
      request.facts = newFacts(request.headers);
      void answerError(error, request, reply, onInternalError);
    },
  });
  const protection = protectiveHeaders(corsOrigins);
  routes.decorateRequest('facts');
  routes.addHook('onRequest', (request, reply, next) => {
    request.facts = newFacts(request.headers);
    void reply.headers(protection).header('x-request-id', request.id);
    if (draining && sheddingOf(request) !== 'never') void refuse(reply, 503, 'SHUTTING_DOWN');
    else if (isListening && isMisdirected?.(request.headers.host ?? '') === true && !answersToAnyName(request))
      void refuse(reply, 421, 'BAD_REQUEST', MISDIRECTED);
    else next();
  });
  await allowOrigins(routes, corsOrigins);
  routes.decorateRequest('load', null);
  if (load !== undefined) shedLoad(routes, load);
  const unread = new UnreadAnswers();
  routes.addHook('onSend', (request, reply, payload, next) => {
    const event = eventOf(request, reply.statusCode);
    if (event !== null) onRequest(event, request.facts);
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) unread.add(reply.raw, Buffer.byteLength(payload));
    // A client that keeps its connection alive would otherwise hold up the end.
    if (draining) void reply.header('connection', 'close');
    next();
  });
  routes.addHook('onResponse', (request, _reply, next) => {
    // Nobody reads the connection of an upgrade that was refused, not even its end: it would hold up ours.
    if (isUpgrade(request)) request.raw.socket.destroy();
    next();
  });
  routes.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, onInternalError));
  routes.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'BAD_REQUEST', 'There is nothing at this path.'));
  readJsonOnly(routes);
  answerProbes(routes, readiness);
  return {
    routes,
    listen(host, port) {
      isListening = true;
      return routes.listen({ host, port });
    },
    async close() {
      draining = true;
      const cutOff = setTimeout(() => {
        routes.server.closeAllConnections();
      }, CLOSE_GRACE_MS);
      await routes.close();
      clearTimeout(cutOff);
    },
  };
}

/** No route has a JSON schema. Without this, Fastify loads its compilers for them at each start. */
function noSchemas(): never {
  throw new Error('Routes have no JSON schemas here.');
}

/** What a browser may do with the answers: nothing but give them to the pages that may ask. helmet's choice, for an API. */
function protectiveHeaders(corsOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    // An API has no page to protect; GraphiQL's brings a policy of its own.
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    // Pages of configured origins read the answers.
    'cross-origin-resource-policy': corsOrigins.length > 0 ? 'cross-origin' : 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'SAMEORIGIN',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  };
}

async function allowOrigins(routes: FastifyInstance, corsOrigins: readonly string[]): Promise<void> {
  if (corsOrigins.length === 0) return;
  await routes.register(cors, {
    origin: [...corsOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: CORS_MAX_AGE_SECONDS,
  });
}

/** Node says so, though its types do not; the header alone says nothing. */
const isUpgrade = ({ raw }: FastifyRequest): boolean => (raw as { readonly upgrade?: boolean }).upgrade === true;

const answersToAnyName = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config.anyName ?? false;

const sheddingOf = ({ routeOptions }: FastifyRequest): Shedding => routeOptions.config.shed ?? 'first';

/**
 * Refuses what is too much before its body is read. What is not refused counts until its answer begins: the end of an
 * answer depends on its reader, and who waits behind another answer on a connection that breaks would never be told.
 */
function shedLoad(routes: FastifyInstance, load: Load): void {
  routes.addHook('onRequest', (request, reply, next) => {
    const shedding = sheddingOf(request);
    // A connection is little work: its operations are counted one by one.
    if (shedding === 'never' || isUpgrade(request)) next();
    else if (load.enter(shedding)) {
      request.load = load;
      next();
    } else {
      // `onShed` counts it: a line in the log for each would cost as much as many of them.
      void reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(failureBody(SERVER_BUSY, request.id));
    }
  });
  routes.addHook('onSend', (request, _reply, _payload, next) => {
    endOfWork(request);
    next();
  });
}

/** /health answers as long as the process lives. Both answer whatever the load is, and to the end. */
function answerProbes(routes: FastifyInstance, readiness: HttpHostOptions['readiness']): void {
  const config = { shed: 'never', anyName: true } as const;
  routes.get('/health', { config }, () => ({ status: 'ok' }));
  routes.get('/ready', { config }, async (_request, reply) => {
    const { missing = [], facts } = await readiness();
    if (missing.length === 0) return { status: 'ready', ...facts };
    return reply.code(503).send({ status: 'not ready', missing, ...facts });
  });
}

const MISDIRECTED =
  'This server needs no key, so it answers to no name of the public internet but that in PUBLIC_URL: use localhost, or set PUBLIC_URL.';

/** Constant texts for the refusals of the framework, whose own messages may quote the request. */
const REFUSALS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `The body is larger than ${BODY_LIMIT_BYTES / 1024} KiB: split the request.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The content type must be application/json.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: send the operation as JSON.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as its content-length header says.',
  OTHER_CHARSET: 'The content type must be application/json, in UTF-8.',
  NOT_UNICODE: 'The body must be UTF-8, without half of a surrogate pair.',
  ERR_INVALID_URL: 'The Host header must name a host.',
};

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  onInternalError: HttpHostOptions['onInternalError'],
): FastifyReply {
  const { code } = error;
  // The Apollo integration builds a URL from the Host header, which the client may fill with anything.
  const status = code === 'ERR_INVALID_URL' || error instanceof SyntaxError ? 400 : (error.statusCode ?? 500);
  if (status >= 400 && status < 500) return refuse(reply, status, 'BAD_REQUEST', REFUSALS[code]);
  onInternalError(request.id, error);
  return refuse(reply, 500, 'INTERNAL_SERVER_ERROR');
}

function refuse(reply: FastifyReply, status: number, code: ErrorCode, message?: string): FastifyReply {
  noteCode(reply.request.facts.codes, code);
  return reply.code(status).send(failureBody(new ServiceError(code, { message }), reply.request.id));
}
