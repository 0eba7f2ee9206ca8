/** GraphQL over WebSocket, by the graphql-ws protocol, under the same rules as over HTTP. */
import { randomUUID } from 'node:crypto';
import type { WebsocketHandler } from '@fastify/websocket';
import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { GraphQLFormattedError, GraphQLSchema, ValidationRule } from 'graphql';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import { ServiceError, type ErrorCode } from '../errors.js';
import type { Caller } from '../messaging/caller.js';
import type { ContextFactory } from './context.js';
import { isInternal, type ErrorFormatter } from './public-error.js';
import { VALIDATION_OPTIONS } from './validation.js';
import type { DocumentGate } from './document-gate.js';
import type { CredentialHeaders } from './server.js';

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly newContext: ContextFactory;
  readonly authenticate: (headers: CredentialHeaders) => Promise<Caller | null>;
  readonly gate: DocumentGate;
  /** The origins, beside our own, whose pages may connect. */
  readonly origins: readonly string[];
  readonly format: ErrorFormatter;
  readonly rules: readonly ValidationRule[];
  readonly onInternalError: (requestId: string, error: unknown) => void;
  /** The longest document that is read. */
  readonly maxTokens: number;
}

/** The close codes, as graphql-ws has them where it has. */
const FORBIDDEN = 4403;
const UNAUTHORIZED = 4401;
const TOO_MANY = 4429;

/** A page shows a few messages at a time. */
const MAX_OPERATIONS_PER_CONNECTION = 50;
/** A frontend server holds one connection, or a handful; every one costs memory here. */
const MAX_CONNECTIONS_PER_CALLER = 100;

export function subscriptionHandler(options: SubscriptionOptions): WebsocketHandler {
  const { schema, newContext, format, onInternalError, maxTokens, authenticate, gate, origins } = options;
  /** Who signed in on each connection, and how many connections each caller has. */
  const callers = new WeakMap<object, Caller>();
  const connections = new Map<string, number>();
  const count = (name: string, change: 1 | -1): number => {
    const now = (connections.get(name) ?? 0) + change;
    if (now > 0) connections.set(name, now);
    else connections.delete(name);
    return now;
  };
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
    async onConnect({ extra: { socket, request }, connectionParams = {} }) {
      const { authorization, 'x-api-key': apiKey } = { ...request.headers, ...connectionParams };
      const caller = await authenticate({
        ...(typeof authorization === 'string' && { authorization }),
        ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      });
      if (caller === null) {
        socket.close(UNAUTHORIZED, 'Unauthorized');
        return false;
      }
      const isTooMany = count(caller.name, 1) > MAX_CONNECTIONS_PER_CALLER;
      socket.once('close', () => count(caller.name, -1));
      if (isTooMany) {
        socket.close(TOO_MANY, 'Too many connections');
        return false;
      }
      callers.set(socket, caller);
      return true;
    },
    onSubscribe({ extra, subscriptions }, _id, { query, variables = null, operationName = null }) {
      const caller = callers.get(extra.socket);
      if (caller === undefined) return [new GraphQLError('', { originalError: new ServiceError('UNAUTHENTICATED') })];
      if (Object.keys(subscriptions).length > MAX_OPERATIONS_PER_CONNECTION) {
        return [new GraphQLError('', { originalError: new ServiceError('RATE_LIMITED') })];
      }
      const requestId = randomUUID();
      try {
        const refusal = gate.refusalOf(query, requestId);
        if (refusal !== null) return [refusal];
        const document = parse(query, { maxLexicalTokens: maxTokens });
        const errors = validate(schema, document, rules, VALIDATION_OPTIONS);
        if (errors.length > 0) return errors.map(withCode('GRAPHQL_VALIDATION_FAILED'));
        const contextValue = newContext(requestId, caller);
        return { schema, document, variableValues: variables, operationName, contextValue };
      } catch (error) {
        const failure = error as GraphQLError;
        return [failure.extensions.code === undefined ? withCode('GRAPHQL_PARSE_FAILED')(failure) : failure];
      }
    },
    onNext: (_socket, _id, _payload, _args, { data = null, errors }) =>
      errors === undefined ? undefined : { data, errors: publicErrors(errors) },
    onError: (_socket, _id, _payload, errors) => publicErrors(errors.map(asGraphQLError)),
  });

  return function handle(socket, request) {
    // A browser lets any page open a connection to any server; only our own pages may.
    const { origin, host } = request.headers;
    const isOurs =
      origin === undefined || origins.includes(origin) || (URL.canParse(origin) && new URL(origin).host === host);
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
