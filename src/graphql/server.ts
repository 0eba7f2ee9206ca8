/** Apollo Server on /graphql: what it may do, what it tells, and GraphiQL for those who look at it in a browser. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import websocket from '@fastify/websocket';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { failureBody, ServiceError, type ErrorCode } from '../errors.js';
import type { SignedIn } from '../messaging/caller.js';
import type { Authenticate } from '../messaging/ports.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import { isTooMuch } from './answer-budget.js';
import { contextFactory, type ContextParts, type RequestContext } from './context.js';
import { DocumentGate, MAX_TOKENS } from './documents/gate.js';
import { errorFormatter, errorPublisher, isInternal } from './public-error.js';
import { routerSubscriptions } from './subscriptions/router.js';
import { buildMessagingSchema } from './schema.js';
import type { OnSocketFailure } from './subscriptions/socket.js';
import { subscriptionHandler } from './subscriptions/websocket.js';
import type { DocumentRequest, TrustedDocuments } from './documents/trusted.js';
import { documentRules, VALIDATION_OPTIONS } from './documents/rules.js';

/** As much as an HTTP body may hold. */
const MAX_WEBSOCKET_MESSAGE_BYTES = 256 * 1024;
/** A peer that does not answer our close frame by then is cut off; a stop waits for it, and takes less than 10 s. */
const WEBSOCKET_CLOSE_TIMEOUT_MS = 2_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who signed in; null on routes and upgrades that ask for it otherwise. */
    signedIn: SignedIn | null;
  }
}

export interface GraphQLOptions extends ContextParts {
  readonly policy: SendPolicy;
  readonly authenticate: Authenticate;
  readonly trustedDocuments: TrustedDocuments;
  /** The origins, beside our own, whose pages may open a WebSocket. */
  readonly corsOrigins: readonly string[];
  /** Whether the schema may be asked for, by introspection, `_service` and GraphiQL. */
  readonly introspection: boolean;
  /** Whether timings go into the answers that a router asks to trace (ftv1). */
  readonly federatedTracing: boolean;
  /** The origins of routers that may have events posted to them. */
  readonly routerOrigins: readonly string[];
  readonly onSocketFailure: OnSocketFailure;
}

/** Serves /graphql on `routes`; the result stops it once no request is in flight. */
export async function serveGraphQL(routes: FastifyInstance, options: GraphQLOptions): Promise<() => Promise<void>> {
  const { onInternalError, introspection, routerOrigins, authenticate, trustedDocuments } = options;
  const schema = buildMessagingSchema(options);
  const format = errorFormatter(schema, { introspection });
  const rules = documentRules({ introspection });
  const gate = new DocumentGate(trustedDocuments);
  const publish = errorPublisher(format, onInternalError);
  const apollo = new ApolloServer<RequestContext>({
    schema,
    formatError: format,
    validationRules: [...rules],
    validationOptions: VALIDATION_OPTIONS,
    // All of these have defaults that depend on NODE_ENV or on the version; a server that spends money says them aloud.
    nodeEnv: 'production',
    // Refused by `documentRules` where it is off, which hold for WebSockets, too.
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    status400ForVariableCoercionErrors: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    logger: silentLogger,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      options.federatedTracing ? ApolloServerPluginInlineTrace() : ApolloServerPluginInlineTraceDisabled(),
      routerSubscriptions({ origins: routerOrigins, publish }),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      failureReporting(onInternalError),
    ],
  });
  await apollo.start();

  const newContext = contextFactory(options);
  const answer = fastifyApolloHandler(apollo, {
    context: (request) => {
      // Every route to here has its hook; a request that went around it must not become anybody.
      if (request.signedIn === null) throw new ServiceError('UNAUTHENTICATED');
      return Promise.resolve(newContext(request.id, request.signedIn));
    },
  });
  const handler: RouteHandlerMethod = async function (request, reply) {
    const body: unknown = await answer.call(this, request, reply);
    return reply.statusCode < 400 ? body : withRequestId(body, request.id, onInternalError);
  };
  routes.decorateRequest('signedIn', null);
  const signIn = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    // A page has no credential yet, and a WebSocket brings it in its first message.
    if (request.ws || (introspection && wantsGraphiQL(request))) return undefined;
    request.signedIn = await authenticate(request.headers);
    if (request.signedIn !== null) return undefined;
    return refuse(reply.header('www-authenticate', 'Bearer'), 401, 'UNAUTHENTICATED');
  };
  const passGate = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const refusal = refusalOf(request, gate, trustedDocuments);
    if (refusal === null) done();
    else void refuse(reply, wantsLegacyJson(request.headers.accept) ? 200 : 400, refusal);
  };
  routes.post('/graphql', { onRequest: signIn, preHandler: passGate }, handler);
  // The types of `ws` do not know its `closeTimeout` yet.
  const webSockets = {
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
    closeTimeout: WEBSOCKET_CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  await routes.register(websocket, { options: webSockets });
  routes.route({
    method: 'GET',
    url: '/graphql',
    onRequest: signIn,
    preHandler: passGate,
    async handler(request, reply) {
      if (!introspection || !wantsGraphiQL(request)) return handler.call(this, request, reply);
      const { html, policy } = await graphiQL();
      return reply
        .type('text/html; charset=utf-8')
        .header('content-encoding', 'gzip')
        .header('content-security-policy', policy)
        .send(html);
    },
    wsHandler: subscriptionHandler({
      schema,
      newContext,
      authenticate,
      gate,
      origins: options.corsOrigins,
      publish,
      rules,
      onFailure: options.onSocketFailure,
      maxTokens: MAX_TOKENS,
    }),
  });
  return () => apollo.stop();
}

/** Puts the document in the place of its id, and tells whether it may not even be validated. */
function refusalOf(request: FastifyRequest, gate: DocumentGate, trusted: TrustedDocuments): ErrorCode | null {
  // By the parser that Apollo uses: Fastify's leaves encoded what is not UTF-8, and the gate would judge another text.
  const asked: unknown =
    request.method === 'GET' ? Object.fromEntries(new URL(request.url, 'http://host').searchParams) : request.body;
  if (typeof asked !== 'object' || asked === null) return null;
  const named = trusted.textOf(asked);
  if (named !== null && request.method === 'POST') {
    // The hash has done its work, and Apollo would look it up again.
    const extensions = { ...(asked as { extensions?: object }).extensions, persistedQuery: undefined };
    request.body = { ...asked, query: named, extensions };
  }
  const text = named ?? (asked as DocumentRequest).query;
  if (typeof text !== 'string') return null;
  return (gate.refusalOf(text, request.id)?.extensions.code ?? null) as ErrorCode | null;
}

function refuse(reply: FastifyReply, status: number, code: ErrorCode): FastifyReply {
  return reply.code(status).send(failureBody(new ServiceError(code), reply.request.id));
}

/** What Apollo could not begin with, or not print, it answers without asking a plugin. */
function withRequestId(body: unknown, requestId: string, onInternalError: GraphQLOptions['onInternalError']): unknown {
  if (typeof body !== 'string') return body;
  const { errors = [], ...rest } = JSON.parse(body) as { errors?: { extensions?: Record<string, unknown> }[] };
  if (errors.every(({ extensions }) => extensions?.requestId === requestId)) return body;
  if (errors.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR')) {
    onInternalError(requestId, new AnswerFailure());
  }
  const told = errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } }));
  return JSON.stringify({ errors: told, ...rest });
}

class AnswerFailure extends Error {
  override readonly name = 'AnswerFailure';
}

/** Puts the request id into every error, and hands the masked ones to the log. */
function failureReporting(onInternalError: GraphQLOptions['onInternalError']): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: ({ contextValue: { requestId, budget } }) =>
      Promise.resolve({
        didEncounterErrors({ errors }) {
          for (const error of errors) if (isInternal(error)) onInternalError(requestId, error);
          return Promise.resolve();
        },
        willSendResponse({ request, operation, response: { body, http } }) {
          if (body.kind !== 'single') return Promise.resolve();
          if (isTooMuch(operation, budget, body.singleResult)) {
            const { message, extensions } = new ServiceError('OPERATION_TOO_COSTLY');
            body.singleResult = { errors: [{ message, extensions }] };
            http.status = 400;
          }
          if (http.status === 400 && wantsLegacyJson(request.http?.headers.get('accept'))) http.status = 200;
          if (body.singleResult.errors === undefined) return Promise.resolve();
          const errors = body.singleResult.errors.map((error) => ({
            ...error,
            extensions: { ...error.extensions, requestId },
          }));
          body.singleResult = { ...body.singleResult, errors };
          return Promise.resolve();
        },
      }),
    unexpectedErrorProcessingRequest: ({ requestContext, error }) => {
      onInternalError(requestContext.contextValue.requestId, error);
      return Promise.resolve();
    },
  };
}

/**
 * Whether a client takes `application/json` and nothing else. GraphQL over HTTP (section 6.4.1) asks for 200 then, even
 * when the document is wrong; every other client gets the honest 400.
 */
function wantsLegacyJson(accept = '*/*'): boolean {
  return accept.includes('application/json') && !/\*\/\*|application\/graphql-response\+json/.test(accept);
}

/** Apollo's own messages may quote a request; what matters of a failure arrives through `onInternalError`. */
const silentLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {
  // Nothing is to be said.
}

function wantsGraphiQL({ method, headers, query }: FastifyRequest): boolean {
  const asksForHtml = method === 'GET' && (headers.accept?.includes('text/html') ?? false);
  return asksForHtml && !(typeof query === 'object' && query !== null && 'query' in query);
}

let graphiQLPage: Promise<{ html: Buffer; policy: string }> | undefined;

/** One page without any outside host. It weighs megabytes, so it is made on the first visit and kept compressed. */
function graphiQL(): Promise<{ html: Buffer; policy: string }> {
  graphiQLPage ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) => {
    const html = renderGraphiQL({ title: 'catapult-graphql', endpoint: '/graphql' });
    return { html: gzipSync(html), policy: policyFor(html) };
  });
  return graphiQLPage;
}

/** A content security policy under which this page's own scripts run and nothing else does. */
function policyFor(html: string): string {
  const hashes = [...html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    // Its editor writes style elements while it runs.
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
