/** /graphql: who may ask, which documents pass, and who answers: Apollo, GraphiQL, an event stream or a WebSocket. */
import type { ApolloServer } from '@apollo/server';
import websocket from '@fastify/websocket';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  preHandlerHookHandler,
  RouteHandlerMethod,
} from 'fastify';
import { getOperationAST, type DocumentNode } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import { failureBody, ServiceError } from '../errors.js';
import type { SignedIn } from '../messaging/caller.js';
import type { HealthSource } from '../messaging/health.js';
import type { Authenticate } from '../messaging/ports.js';
import type { Numbers } from '../messaging/forgetting.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import { createApollo, statusOfRefusal, withRequestId } from './apollo.js';
import { contextFactory, type ContextFactory, type ContextParts, type RequestContext } from './context.js';
import { DocumentGate } from './documents/gate.js';
import { documentRules, documentValidator } from './documents/rules.js';
import type { DocumentRequest, TrustedDocuments } from './documents/trusted.js';
import { graphiQL, wantsGraphiQL } from './graphiql.js';
import { ordinaryAnswers, type AnswerOrdinary } from './ordinary.js';
import type { Load } from '../http/load.js';
import type { OpenStreams } from '../http/open-streams.js';
import { baseOf, isFromOurPage } from '../http/own-pages.js';
import { noteCode, safeName, type OnRequest, type OperationSpans } from '../http/request-event.js';
import { errorFormatter, errorPublisher, type ErrorPublisher, type Told } from './public-error.js';
import { buildMessagingSchema } from './schema.js';
import { ServerSentEvents } from './subscriptions/server-sent-events.js';
import type { OnSocketFailure } from './subscriptions/socket.js';
import { subscriptionHandler } from './subscriptions/websocket.js';

/** As much as an HTTP body may hold. */
const MAX_WEBSOCKET_MESSAGE_BYTES = 256 * 1024;
/** A peer that does not answer our close frame by then is cut off; a stop waits for it, and takes less than 10 s. */
const WEBSOCKET_CLOSE_TIMEOUT_MS = 2_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who signed in; null on routes and upgrades that sign in by other means. */
    signedIn: SignedIn | null;
    /** What passed the gate; null where there is no document. */
    document: DocumentNode | null;
  }
}

export interface GraphQLOptions extends ContextParts {
  readonly policy: SendPolicy;
  readonly optOuts: OptOuts;
  readonly numbers: Numbers;
  readonly health: HealthSource;
  readonly authenticate: Authenticate;
  /** The URL under which clients reach this server, without a slash behind; null for what each request says. */
  readonly publicUrl: string | null;
  readonly trustedDocuments: TrustedDocuments;
  /** The origins, beside our own, whose pages may open a WebSocket. */
  readonly corsOrigins: readonly string[];
  /** Whether callers may see the schema, by introspection, `_service` and GraphiQL. */
  readonly introspection: boolean;
  /** The input of a send that can do no harm, for GraphiQL; null where every send is real. */
  readonly sampleInput: object | null;
  /** Whether timings go into the answers that a router asks to trace (ftv1). */
  readonly federatedTracing: boolean;
  /** The origins of routers that may have events posted to them. */
  readonly routerOrigins: readonly string[];
  /** What is under way; operations over WebSockets are counted there, too. */
  readonly load: Load;
  readonly streams: OpenStreams;
  readonly onSocketFailure: OnSocketFailure;
  /** Called for each operation whose answer is no ordinary one: over WebSocket, or a stream of events. */
  readonly onRequest: OnRequest;
  /** Null where nobody wants traces. */
  readonly spans: OperationSpans | null;
}

/** Serves /graphql on `routes`; the result stops it once no request is in flight. */
export async function serveGraphQL(routes: FastifyInstance, options: GraphQLOptions): Promise<() => Promise<void>> {
  const { onInternalError, introspection, authenticate, trustedDocuments } = options;
  const schema = buildMessagingSchema(options);
  const rules = documentRules({ introspection });
  const format = errorFormatter(schema, { introspection });
  const publish = errorPublisher(format, onInternalError);
  const gate = new DocumentGate(trustedDocuments, documentValidator(schema, rules));
  const newContext = contextFactory(options);
  const { routerOrigins, federatedTracing, streams } = options;
  const apollo = createApollo({
    schema,
    gate,
    rules,
    format,
    publish,
    routerOrigins,
    streams,
    federatedTracing,
    onInternalError,
  });
  await apollo.start();

  const events = new ServerSentEvents({ ...options, schema, publish });
  const { publicUrl, onRequest, spans } = options;
  const answer = requestHandler(apollo, ordinaryAnswers(schema, publish), events, newContext, options);
  const handler = spans === null ? answer : inSpans(answer, spans);
  const { corsOrigins: origins, load, onSocketFailure: onFailure } = options;
  const wsHandler = subscriptionHandler({
    schema,
    newContext,
    authenticate,
    publicUrl,
    gate,
    origins,
    publish,
    load,
    streams,
    onFailure,
    onRequest,
    spans,
  });
  const hooks = {
    onRequest: signInHook(authenticate, introspection),
    preHandler: gateHook(gate, trustedDocuments, publish, events),
  };

  routes.decorateRequest('signedIn', null);
  routes.decorateRequest('document', null);
  routes.route({ method: 'POST', url: '/graphql', ...hooks, handler });
  await registerWebSockets(routes);
  routes.route({ method: 'GET', url: '/graphql', ...hooks, handler, wsHandler });
  // Streams would hold up the end of the host, which waits for all answers.
  routes.addHook('preClose', () => {
    events.stop();
    return Promise.resolve();
  });
  return () => apollo.stop();
}

/** Answers a request that passed the hooks. */
function requestHandler(
  apollo: ApolloServer<RequestContext>,
  answerOrdinary: AnswerOrdinary,
  events: ServerSentEvents,
  newContext: ContextFactory,
  { introspection, corsOrigins, sampleInput, publicUrl, onInternalError }: GraphQLOptions,
): RouteHandlerMethod {
  const sendGraphiQL = graphiQL(sampleInput);
  const contextOf = (request: FastifyRequest): RequestContext => {
    const { id, signedIn, facts } = request;
    // Every route to here has its hook; a request that bypassed it must not become a caller.
    if (signedIn === null) throw new ServiceError('UNAUTHENTICATED');
    const { traceId, codes } = facts;
    return newContext({ requestId: id, traceId, codes }, signedIn, publicUrl ?? baseOf(request));
  };
  const answer = fastifyApolloHandler(apollo, { context: (request) => Promise.resolve(contextOf(request)) });
  return async function handle(request, reply) {
    if (introspection && wantsGraphiQL(request)) return sendGraphiQL(request, reply);
    if (events.isAskedFor(request)) {
      await events.answer(request, reply, () => contextOf(request));
      return reply;
    }
    const { document } = request;
    if (document !== null && (await answerOrdinary(request, reply, document, () => contextOf(request)))) return reply;
    // Apollo runs a GET only with a header that makes a browser ask first. It asked, or it says that it had no need to.
    if (request.method === 'GET' && isFromOurPage(request.headers, corsOrigins))
      request.headers['apollo-require-preflight'] = 'true';
    const body: unknown = await answer.call(this, request, reply);
    return reply.statusCode < 400 ? body : withRequestId(body, told(request), onInternalError);
  };
}

/** Each operation gets its span. A page is none. */
function inSpans(answer: RouteHandlerMethod, spans: OperationSpans): RouteHandlerMethod {
  return function handle(request, reply) {
    const { facts, headers } = request;
    if (facts.transport === null) return answer.call(this, request, reply);
    spans.begin(facts, headers);
    return spans.during(facts, () => answer.call(this, request, reply));
  };
}

async function registerWebSockets(routes: FastifyInstance): Promise<void> {
  // The types of `ws` do not know its `closeTimeout` yet; they let it pass in a constant.
  const options = {
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
    closeTimeout: WEBSOCKET_CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  await routes.register(websocket, { options });
}

function signInHook(authenticate: Authenticate, introspection: boolean): onRequestAsyncHookHandler {
  return async (request, reply) => {
    // Caches between may keep what a GET brought, and know nothing of `x-api-key`. Pages and events say otherwise.
    if (request.method !== 'POST') void reply.header('cache-control', 'no-store');
    // A page has no credential yet, and a WebSocket brings it in its first message.
    if (request.ws || (introspection && wantsGraphiQL(request))) return undefined;
    const { facts } = request;
    facts.transport = 'http';
    request.signedIn = await authenticate(request.headers);
    facts.caller = request.signedIn?.caller.name ?? null;
    if (request.signedIn !== null) return undefined;
    noteCode(facts.codes, 'UNAUTHENTICATED');
    void reply.code(401).header('www-authenticate', 'Bearer').type(typeFor(request));
    return reply.send(failureBody(new ServiceError('UNAUTHENTICATED'), request.id));
  };
}

/** Answers a request whose document may not run. Without a caller there is none: it would only show what the schema has. */
function gateHook(
  gate: DocumentGate,
  trusted: TrustedDocuments,
  publish: ErrorPublisher,
  events: ServerSentEvents,
): preHandlerHookHandler {
  return (request, reply, done) => {
    const text = request.signedIn === null ? null : documentTextOf(request, trusted);
    const judgement = text === null ? null : gate.judge(text, request.id);
    request.document = judgement !== null && 'document' in judgement ? judgement.document : null;
    noteOperation(request);
    if (judgement === null || 'document' in judgement) done();
    else if (events.isAskedFor(request)) events.sayErrors(reply, judgement.errors);
    else void refuse(reply, { errors: publish(judgement.errors, told(request)) });
  };
}

/** Notes which operation a request asks for, as far as its document can be read. */
function noteOperation({ document, facts, method, url, body }: FastifyRequest): void {
  if (document === null) return;
  const name = method === 'GET' ? new URL(url, 'http://host').searchParams.get('operationName') : nameIn(body);
  const operation = getOperationAST(document, name);
  facts.kind = operation?.operation ?? null;
  facts.operationName = safeName(operation?.name?.value);
}

function nameIn(body: unknown): string | null {
  const { operationName }: { operationName?: unknown } = body ?? {};
  return typeof operationName === 'string' ? operationName : null;
}

const told = ({ id, facts }: FastifyRequest): Told => ({ requestId: id, codes: facts.codes });

/** The media type of a refusal. Of the two that are asked for, the one that comes first, as Apollo chooses. */
function typeFor({ headers }: FastifyRequest): string {
  const accept = (headers.accept ?? '*/*').toLowerCase();
  const [type] = /application\/(graphql-response\+)?json/.exec(accept) ?? ['application/json'];
  return `${type}; charset=utf-8`;
}

function refuse(reply: FastifyReply, body: object): FastifyReply {
  const { request } = reply;
  return reply.code(statusOfRefusal(request.headers.accept?.toLowerCase())).type(typeFor(request)).send(body);
}

/** The text of a request's document, put in place of its id; null where Apollo says what is wrong with the request. */
function documentTextOf(request: FastifyRequest, trusted: TrustedDocuments): string | null {
  // Parsed as Apollo does: Fastify leaves encoded what is not UTF-8, and the gate would judge another text.
  const asked: unknown =
    request.method === 'GET' ? Object.fromEntries(new URL(request.url, 'http://host').searchParams) : request.body;
  if (typeof asked !== 'object' || asked === null) return null;
  const named = trusted.textOf(asked);
  if (named !== null && request.method === 'POST') {
    // Without its hash, which Apollo would look up again.
    const extensions = { ...(asked as { extensions?: object }).extensions, persistedQuery: undefined };
    request.body = { ...asked, query: named, extensions };
  }
  const text = named ?? (asked as DocumentRequest).query;
  return typeof text === 'string' && text !== '' ? text : null;
}
