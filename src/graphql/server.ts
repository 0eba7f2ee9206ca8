/** Apollo Server on /graphql: what it may do, what it tells, and GraphiQL for those who look at it in a browser. */
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
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { contextFactory, type ContextParts, type RequestContext } from './context.js';
import { errorFormatter, isInternal } from './public-error.js';
import { routerSubscriptions } from './router-subscriptions.js';
import { buildMessagingSchema } from './schema.js';
import { subscriptionHandler } from './subscriptions.js';
import { documentRules } from './validation.js';

/** Ten sends written out in one document take about 700 tokens, the introspection of codegen tools under 300. */
const MAX_TOKENS = 2_000;

/** As much as an HTTP body may hold. */
const MAX_WEBSOCKET_MESSAGE_BYTES = 256 * 1024;

/** There is no sign-in yet: everybody is the same caller. */
const ANONYMOUS = 'anonymous';

export interface GraphQLOptions extends ContextParts {
  /** Whether the schema may be asked for, by introspection, `_service` and GraphiQL. */
  readonly introspection: boolean;
  /** Whether timings go into the answers that a router asks to trace (ftv1). */
  readonly federatedTracing: boolean;
  /** The origins of routers that may have events posted to them. */
  readonly routerOrigins: readonly string[];
}

/** Serves /graphql on `routes`; the result stops it once no request is in flight. */
export async function serveGraphQL(routes: FastifyInstance, options: GraphQLOptions): Promise<() => Promise<void>> {
  const { messages, onInternalError, introspection, routerOrigins } = options;
  const schema = buildMessagingSchema(messages);
  const format = errorFormatter(schema, { introspection });
  const rules = documentRules({ introspection });
  const apollo = new ApolloServer<RequestContext>({
    schema,
    formatError: format,
    validationRules: [...rules],
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
      routerSubscriptions({ origins: routerOrigins, onInternalError }),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      failureReporting(onInternalError),
    ],
  });
  await apollo.start();

  const newContext = contextFactory(options);
  const handler = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(newContext(request.id, ANONYMOUS)),
  });
  routes.post('/graphql', handler);
  await routes.register(websocket, { options: { maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES } });
  routes.route({
    method: 'GET',
    url: '/graphql',
    async handler(request, reply) {
      if (!introspection || !wantsGraphiQL(request)) return handler.call(this, request, reply);
      return reply
        .type('text/html; charset=utf-8')
        .header('content-encoding', 'gzip')
        .send(await graphiQL());
    },
    wsHandler: subscriptionHandler({
      schema,
      newContext: (requestId) => newContext(requestId, ANONYMOUS),
      format,
      rules,
      onInternalError,
      maxTokens: MAX_TOKENS,
    }),
  });
  return () => apollo.stop();
}

/** Puts the request id into every error, and hands the masked ones to the log. */
function failureReporting(onInternalError: GraphQLOptions['onInternalError']): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: ({ contextValue: { requestId } }) =>
      Promise.resolve({
        didEncounterErrors({ errors }) {
          for (const error of errors) if (isInternal(error)) onInternalError(requestId, error);
          return Promise.resolve();
        },
        willSendResponse({ request, response: { body, http } }) {
          if (http.status === 400 && wantsLegacyJson(request.http?.headers.get('accept'))) http.status = 200;
          if (body.kind !== 'single' || body.singleResult.errors === undefined) return Promise.resolve();
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

function wantsGraphiQL({ headers, query }: FastifyRequest): boolean {
  const asksForHtml = headers.accept?.includes('text/html') ?? false;
  return asksForHtml && !(typeof query === 'object' && query !== null && 'query' in query);
}

let graphiQLPage: Promise<Buffer> | undefined;

/** One page without any outside host. It weighs megabytes, so it is made on the first visit and kept compressed. */
function graphiQL(): Promise<Buffer> {
  graphiQLPage ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) =>
    gzipSync(renderGraphiQL({ title: 'catapult-graphql', endpoint: '/graphql' })),
  );
  return graphiQLPage;
}
