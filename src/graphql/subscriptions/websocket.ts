/** GraphQL over WebSocket, by the graphql-ws protocol, under the same rules as over HTTP. */
import { randomUUID } from 'node:crypto';
import type { WebsocketHandler } from '@fastify/websocket';
import { getOperationAST, GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { GraphQLSchema, ValidationRule } from 'graphql';
import { makeServer } from 'graphql-ws';
import { ServiceError, type ErrorCode } from '../../errors.js';
import type { SignedIn } from '../../messaging/caller.js';
import type { Authenticate } from '../../messaging/ports.js';
import { isTooMuch } from '../answer-budget.js';
import type { ContextFactory, RequestContext } from '../context.js';
import type { DocumentGate } from '../documents/gate.js';
import { isExpired, whenExpired } from './expiry.js';
import { OpenPerCaller } from './open-per-caller.js';
import { asGraphQLError, type ErrorPublisher } from '../public-error.js';
import { serveSocket, type Connection, type OnSocketFailure } from './socket.js';
import { VALIDATION_OPTIONS } from '../documents/rules.js';

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly newContext: ContextFactory;
  readonly authenticate: Authenticate;
  readonly gate: DocumentGate;
  /** The origins, beside our own, whose pages may connect. */
  readonly origins: readonly string[];
  readonly publish: ErrorPublisher;
  readonly rules: readonly ValidationRule[];
  readonly onFailure: OnSocketFailure;
  /** The longest document that is read. */
  readonly maxTokens: number;
}

/** The close codes, as graphql-ws has them where it has. Its client tries again after all but `UNAUTHORIZED`. */
const FORBIDDEN = 4403;
const UNAUTHORIZED = 4401;
const TOO_MANY = 4429;
/** As RFC 6455's registry has it. */
const TRY_AGAIN_LATER = 1013;

/** A page shows a few messages at a time. */
const MAX_OPERATIONS_PER_CONNECTION = 50;
/** A frontend server holds one connection, or a handful; every one costs memory here. */
const MAX_CONNECTIONS_PER_CALLER = 100;

export function subscriptionHandler(options: SubscriptionOptions): WebsocketHandler {
  const { schema, newContext, publish, onFailure, maxTokens, authenticate, gate, origins } = options;
  const signedIn = new WeakMap<object, SignedIn>();
  const connections = new OpenPerCaller(MAX_CONNECTIONS_PER_CALLER);
  const rules = [...specifiedRules, ...options.rules];

  /** Lets a connection in until its credential ends; gives the close code where it does not. */
  const admit = async ({ socket, request }: Connection, params: Record<string, unknown>): Promise<number | null> => {
    const { authorization, 'x-api-key': apiKey } = { ...request.headers, ...params };
    let who: SignedIn | null;
    try {
      who = await authenticate({
        ...(typeof authorization === 'string' && { authorization }),
        ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      });
    } catch (error) {
      onFailure('SIGN_IN', error);
      return TRY_AGAIN_LATER;
    }
    if (who === null) return UNAUTHORIZED;
    // The connection may have ended meanwhile, and would never give its place back.
    if (socket.readyState !== socket.OPEN) return FORBIDDEN;
    const giveBack = connections.take(who.caller.name);
    if (giveBack === null) return TOO_MANY;
    // After this code clients come again, as they should, with a new token.
    const stopWaiting = whenExpired(who.expiresAt, () => {
      socket.close(FORBIDDEN, 'Token expired');
    });
    socket.once('close', giveBack);
    socket.once('close', stopWaiting);
    signedIn.set(socket, who);
    return null;
  };

  const server = makeServer<Record<string, unknown>, Connection>({
    async onConnect({ extra, connectionParams = {} }) {
      const refusal = await admit(extra, connectionParams);
      if (refusal !== null) extra.socket.close(refusal, CLOSE_REASONS[refusal]);
      return refusal === null;
    },
    onSubscribe({ extra }, _id, { query, variables = null, operationName = null }) {
      const who = signedIn.get(extra.socket);
      if (who === undefined || isExpired(who.expiresAt)) return [failed('UNAUTHENTICATED')];
      if (extra.underWay() > MAX_OPERATIONS_PER_CONNECTION) return [failed('RATE_LIMITED')];
      const requestId = randomUUID();
      try {
        const refusal = gate.refusalOf(query, requestId);
        if (refusal !== null) return [refusal];
        const document = parse(query, { maxLexicalTokens: maxTokens });
        const errors = validate(schema, document, rules, VALIDATION_OPTIONS);
        if (errors.length > 0) return errors.map(withCode('GRAPHQL_VALIDATION_FAILED'));
        if (getOperationAST(document, operationName) == null) return [failed('OPERATION_RESOLUTION_FAILURE')];
        const contextValue = newContext(requestId, who);
        return { schema, document, variableValues: variables, operationName, contextValue };
      } catch (error) {
        const failure = error as GraphQLError;
        return [failure.extensions.code === undefined ? withCode('GRAPHQL_PARSE_FAILED')(failure) : failure];
      }
    },
    onNext(_socket, _id, _payload, { document, operationName, contextValue }, { data = null, errors }) {
      const operation = getOperationAST(document, operationName);
      const { budget } = contextValue as RequestContext;
      if (isTooMuch(operation, budget, data)) {
        return { data: null, errors: publish([failed('OPERATION_TOO_COSTLY')], randomUUID()) };
      }
      return errors === undefined ? undefined : { data, errors: publish(errors, randomUUID()) };
    },
    onError: (_socket, _id, _payload, errors) => publish(errors.map(asGraphQLError), randomUUID()),
  });

  return function handle(socket, request) {
    // A browser lets any page open a connection to any server; only our own pages may.
    const { origin, host } = request.headers;
    const isOurs =
      origin === undefined || origins.includes(origin) || (URL.canParse(origin) && new URL(origin).host === host);
    if (isOurs) serveSocket(server, { socket, request }, onFailure);
    else socket.close(FORBIDDEN, CLOSE_REASONS[FORBIDDEN]);
  };
}

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  [FORBIDDEN]: 'Forbidden',
  [UNAUTHORIZED]: 'Unauthorized',
  [TOO_MANY]: 'Too many connections',
  [TRY_AGAIN_LATER]: 'Try again later',
};

function failed(code: ErrorCode): GraphQLError {
  return new GraphQLError('', { originalError: new ServiceError(code) });
}

function withCode(code: ErrorCode): (error: GraphQLError) => GraphQLError {
  return ({ message, nodes = null, source = null, positions = null }) =>
    new GraphQLError(message, { nodes, source, positions, extensions: { code } });
}
