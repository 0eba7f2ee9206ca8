/** Apollo Server on /graphql: what it may do, what it tells, and GraphiQL for those who look at it in a browser. */
import { gzipSync } from 'node:zlib';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import websocket from '@fastify/websocket';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MessageFeed } from '../messaging/message-feed.js';
import type { MessageService } from '../messaging/message-service.js';
import type { RequestContext } from './context.js';
import { createLoaders } from './loaders.js';
import { errorFormatter, isInternal } from './public-error.js';
import { buildMessagingSchema } from './schema.js';
import { subscriptionHandler } from './subscriptions.js';

/** Ten sends written out in one document take about 700 tokens, the introspection of codegen tools under 300. */
const MAX_TOKENS = 2_000;

/** As much as an HTTP body may hold. */
const MAX_WEBSOCKET_MESSAGE_BYTES = 256 * 1024;

/** There is no sign-in yet: everybody is the same caller. */
const ANONYMOUS = 'anonymous';

export interface GraphQLOptions {
  readonly messages: MessageService;
  readonly feed: MessageFeed;
  /** Told of every failure that a caller only sees as INTERNAL_SERVER_ERROR. */
  readonly onInternalError: (requestId: string, error: unknown) => void;
}

/** Serves /graphql on `routes`; the result stops it once no request is in flight. */
export async function serveGraphQL(routes: FastifyInstance, options: GraphQLOptions): Promise<() => Promise<void>> {
  const schema = buildMessagingSchema(options.messages);
  const apollo = new ApolloServer<RequestContext>({
    schema,
    formatError: errorFormatter(schema),
    // All of these have defaults that depend on NODE_ENV or on the version; a server that spends money says them aloud.
    nodeEnv: 'production',
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
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      failureReporting(options.onInternalError),
    ],
  });
  await apollo.start();

  const newContext = (requestId: string): RequestContext => ({
    requestId,
    caller: ANONYMOUS,
    loaders: createLoaders((ids) => options.messages.messagesById(ids)),
    feed: options.feed,
  });
  const handler = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(newContext(request.id)),
  });
  routes.post('/graphql', handler);
  await routes.register(websocket, { options: { maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES } });
  const { onInternalError } = options;
  routes.route({
    method: 'GET',
    url: '/graphql',
    async handler(request, reply) {
      if (!wantsGraphiQL(request)) return handler.call(this, request, reply);
      return reply
        .type('text/html; charset=utf-8')
        .header('content-encoding', 'gzip')
        .send(await graphiQL());
    },
    wsHandler: subscriptionHandler({ schema, newContext, onInternalError, maxTokens: MAX_TOKENS }),
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
