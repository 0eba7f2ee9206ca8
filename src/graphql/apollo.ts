/** Apollo Server: what it may do, and what its answers say. */
import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import type { DocumentNode, GraphQLFormattedError, GraphQLSchema, ValidationRule } from 'graphql';
import { answerRefusal } from './answer-budget.js';
import type { ContextParts, RequestContext } from './context.js';
import type { DocumentGate } from './documents/gate.js';
import { PARSE_OPTIONS, VALIDATION_OPTIONS } from './documents/rules.js';
import { isInternal, noteCodeOf, type ErrorFormatter, type ErrorPublisher, type Told } from './public-error.js';
import { routerSubscriptions } from './subscriptions/router.js';

type OnInternalError = ContextParts['onInternalError'];

export interface ApolloParts {
  readonly schema: GraphQLSchema;
  readonly gate: DocumentGate;
  readonly rules: readonly ValidationRule[];
  readonly format: ErrorFormatter;
  readonly publish: ErrorPublisher;
  /** The origins of routers that may have events posted to them. */
  readonly routerOrigins: readonly string[];
  /** Whether timings go into the answers that a router asks to trace (ftv1). */
  readonly federatedTracing: boolean;
  readonly onInternalError: OnInternalError;
}

/** Makes the server that runs the documents which passed the gate. Not started yet. */
export function createApollo(parts: ApolloParts): ApolloServer<RequestContext> {
  const { schema, gate, rules, format, publish, routerOrigins, federatedTracing, onInternalError } = parts;
  return new ApolloServer({
    schema,
    formatError: format,
    documentStore: documentsOf(gate),
    // For the rare document that the gate forgot before Apollo asked for it: that one is parsed and validated again.
    parseOptions: PARSE_OPTIONS,
    validationRules: [...rules],
    validationOptions: VALIDATION_OPTIONS,
    // The defaults of all these depend on NODE_ENV or on the version; a server that spends money states them.
    nodeEnv: 'production',
    // Where it is off, `documentRules` refuse it, over WebSocket, too.
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    status400ForVariableCoercionErrors: true,
    stopOnTerminationSignals: false,
    logger: silentLogger,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      federatedTracing ? ApolloServerPluginInlineTrace() : ApolloServerPluginInlineTraceDisabled(),
      routerSubscriptions({ origins: routerOrigins, publish }),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      failureReporting(onInternalError),
    ],
  });
}

const SHA256_HEX_LENGTH = 64;

/** Apollo neither parses nor validates what it finds in its document store, by a prefix and the SHA-256 of its text. */
function documentsOf(gate: DocumentGate): NonNullable<ApolloServerOptions<RequestContext>['documentStore']> {
  return {
    get: (key): Promise<DocumentNode | undefined> => Promise.resolve(gate.documentOf(key.slice(-SHA256_HEX_LENGTH))),
    set: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  };
}

/** Puts the request id into every error, and hands the server's own failures to the log. */
function failureReporting(onInternalError: OnInternalError): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: ({ contextValue: { requestId, budget, codes } }) =>
      Promise.resolve({
        didEncounterErrors({ errors }) {
          for (const error of errors) if (isInternal(error)) onInternalError(requestId, error);
          return Promise.resolve();
        },
        willSendResponse({ request, operation, response: { body, http } }) {
          if (body.kind !== 'single') return Promise.resolve();
          const refusal = answerRefusal(operation, budget, body.singleResult);
          if (refusal !== null) {
            const { message, extensions } = refusal;
            body.singleResult = { errors: [{ message, extensions }] };
            http.status = 400;
          }
          if (http.status === 400) http.status = statusOfRefusal(request.http?.headers.get('accept'));
          if (body.singleResult.errors === undefined) return Promise.resolve();
          const errors = body.singleResult.errors.map((error) => {
            noteCodeOf(error, codes);
            return { ...error, extensions: { ...error.extensions, requestId } };
          });
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
 * The HTTP status for a wrong document. GraphQL over HTTP (section 6.4.1) asks for 200 where a client takes
 * `application/json` and nothing else; every other client gets the honest 400.
 */
export function statusOfRefusal(accept = '*/*'): 200 | 400 {
  return accept.includes('application/json') && !/\*\/\*|application\/graphql-response\+json/.test(accept) ? 200 : 400;
}

/** Apollo gives failures of its own, before and after its plugins, no request id; this puts it into such an answer. */
export function withRequestId(body: unknown, { requestId, codes }: Told, onInternalError: OnInternalError): unknown {
  if (typeof body !== 'string') return body;
  const { errors = [], ...rest } = JSON.parse(body) as { errors?: GraphQLFormattedError[] };
  for (const error of errors) noteCodeOf(error, codes);
  if (errors.every(({ extensions }) => extensions?.requestId === requestId)) return body;
  if (errors.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR')) {
    onInternalError(requestId, new AnswerFailure());
  }
  const identified = errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } }));
  return JSON.stringify({ errors: identified, ...rest });
}

/** Apollo could not begin a request, or not print its answer, and does not tell a plugin why. */
class AnswerFailure extends Error {
  override readonly name = 'AnswerFailure';
}

/** Apollo's own messages may quote a request; the failures that matter arrive through `onInternalError`. */
const silentLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {
  // Nothing to say.
}
