/** GraphQL over WebSocket, by the graphql-ws protocol, under the same rules as over HTTP. */
import { randomUUID } from 'node:crypto';
import type { WebsocketHandler } from '@fastify/websocket';
import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { GraphQLFormattedError, GraphQLSchema, ValidationRule } from 'graphql';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { ErrorCode } from '../errors.js';
import type { RequestContext } from './context.js';
import { isInternal, type ErrorFormatter } from './public-error.js';

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly newContext: (requestId: string) => RequestContext;
  readonly format: ErrorFormatter;
  readonly rules: readonly ValidationRule[];
  readonly onInternalError: (requestId: string, error: unknown) => void;
  /** The longest document that is read. */
  readonly maxTokens: number;
}

/** The close code for a page that may not connect: 4403, as graphql-ws has it. */
const FORBIDDEN = 4403;

export function subscriptionHandler(options: SubscriptionOptions): WebsocketHandler {
  const { schema, newContext, format, onInternalError, maxTokens } = options;
  const rules = [...specifiedRules, ...options.rules];

  /** The errors as their caller may see them; the server's own go to the log. */
  const publicErrors = (errors: readonly GraphQLError[]): GraphQLFormattedError[] => {
    const requestId = randomUUID();
    return errors.map((error) => {
      if (isInternal(error)) onInternalError(requestId, error);
      const formatted = format(error.toJSON(), error);
      return { ...formatted, extensions: { ...formatted.extensions, requestId } };
    });
  };

  const serve = makeHandler({
    schema,
    isProd: true,
    onSubscribe(_socket, _id, { query, variables = null, operationName = null }) {
      try {
        const document = parse(query, { maxLexicalTokens: maxTokens });
        const errors = validate(schema, document, rules);
        if (errors.length > 0) return errors.map(withCode('GRAPHQL_VALIDATION_FAILED'));
        const contextValue = newContext(randomUUID());
        return { schema, document, variableValues: variables, operationName, contextValue };
      } catch (error) {
        return [withCode('GRAPHQL_PARSE_FAILED')(error as GraphQLError)];
      }
    },
    onNext: (_socket, _id, _payload, _args, { data = null, errors }) =>
      errors === undefined ? undefined : { data, errors: publicErrors(errors) },
    onError: (_socket, _id, _payload, errors) => publicErrors(errors.map(asGraphQLError)),
  });

  return function handle(socket, request) {
    // A browser lets any page open a connection to any server; only our own pages may.
    const { origin, host } = request.headers;
    const isOurs = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
    if (isOurs) void serve.call(this, socket, request);
    else socket.close(FORBIDDEN, 'Forbidden');
  };
}

function withCode(code: ErrorCode): (error: GraphQLError) => GraphQLError {
  return ({ message, nodes = null, source = null, positions = null }) =>
    new GraphQLError(message, { nodes, source, positions, extensions: { code } });
}

/** What a subscription's source throws arrives as it was thrown. */
function asGraphQLError(error: Error): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(error.message, { originalError: error });
}
