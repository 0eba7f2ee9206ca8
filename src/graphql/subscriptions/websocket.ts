/** GraphQL over WebSocket, by the graphql-ws protocol, under the same rules as over HTTP. */
import { randomUUID } from 'node:crypto';
import type { WebsocketHandler } from '@fastify/websocket';
import { execute, getOperationAST } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { makeServer, type SubscribePayload } from 'graphql-ws';
import { ServiceError, type ErrorCode } from '../../errors.js';
import type { SignedIn } from '../../messaging/caller.js';
import type { Authenticate } from '../../messaging/ports.js';
import { answerRefusal } from '../answer-budget.js';
import type { ContextFactory, RequestContext } from '../context.js';
import type { DocumentGate } from '../documents/gate.js';
import { isExpired, whenExpired } from './expiry.js';
import { MAX_OPEN, OpenPerCaller, tooManyOpen } from './open-per-caller.js';
import { serverBusy, type Load } from '../../http/load.js';
import { baseOf, isOurs } from '../../http/own-pages.js';
import { asGraphQLError, type ErrorPublisher } from '../public-error.js';
import { resultsOf } from './results.js';
import { serveSocket, type Connection, type OnSocketFailure } from './socket.js';

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly newContext: ContextFactory;
  readonly authenticate: Authenticate;
  readonly publicUrl: string | null;
  readonly gate: DocumentGate;
  /** The origins, beside our own, whose pages may connect. */
  readonly origins: readonly string[];
  readonly publish: ErrorPublisher;
  readonly load: Load;
  readonly onFailure: OnSocketFailure;
}

/** The close codes, those of graphql-ws where it has one. Its client tries again after all but `UNAUTHORIZED`. */
const FORBIDDEN = 4403;
const UNAUTHORIZED = 4401;
const TOO_MANY = 4429;
/** As RFC 6455's registry has it. */
const TRY_AGAIN_LATER = 1013;

/** Serves one endpoint's WebSockets: who may connect, what each may run, and what its answers say. */
export function subscriptionHandler(options: SubscriptionOptions): WebsocketHandler {
  const { publish, onFailure, origins, load } = options;
  const signedIn: SignedInSockets = new WeakMap();
  const admit = doorkeeper(options, signedIn);
  const server = makeServer<Record<string, unknown>, Connection>({
    async onConnect({ extra, connectionParams = {} }) {
      const refusal = await admit(extra, connectionParams);
      if (refusal !== null) extra.socket.close(refusal, CLOSE_REASONS[refusal]);
      return refusal === null;
    },
    onSubscribe: ({ extra }, _id, payload) => prepare(payload, extra, signedIn.get(extra.socket), options),
    execute: (args) => refusalIn(args) ?? load.during(() => execute(args)),
    subscribe: (args) => refusalIn(args) ?? load.during(() => resultsOf(args)),
    onNext(_socket, _id, _payload, { document, operationName, contextValue }, { data, errors }) {
      const { budget, requestId } = contextValue as RequestContext;
      const refusal = answerRefusal(getOperationAST(document, operationName), budget, data);
      if (refusal !== null) return { data: null, errors: publish([asGraphQLError(refusal)], requestId) };
      if (errors === undefined) return undefined;
      return { ...(data !== undefined && { data }), errors: publish(errors, requestId) };
    },
    onError: (_socket, _id, _payload, errors) => publish(errors.map(asGraphQLError), randomUUID()),
  });

  return function handle(socket, request) {
    // A browser lets any page open a connection to any server; only our own pages may.
    const { origin, host } = request.headers;
    if (origin === undefined || isOurs(origin, host, origins)) serveSocket(server, { socket, request }, onFailure);
    else socket.close(FORBIDDEN, CLOSE_REASONS[FORBIDDEN]);
  };
}

type SignedInSockets = WeakMap<object, SignedIn>;
type Admit = (connection: Connection, params: Record<string, unknown>) => Promise<number | null>;

/** Lets a connection in until its credential ends; resolves with the close code where it does not. */
function doorkeeper({ authenticate, onFailure }: SubscriptionOptions, signedIn: SignedInSockets): Admit {
  const connections = new OpenPerCaller(MAX_OPEN.webSockets);
  return async ({ socket, request }, params) => {
    const { authorization, 'x-api-key': apiKey } = { ...request.headers, ...inLowerCase(params) };
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
    // After this code clients come back, as they should, with a new token.
    const stopWaiting = whenExpired(who.expiresAt, () => {
      socket.close(FORBIDDEN, 'Token expired');
    });
    socket.once('close', giveBack);
    socket.once('close', stopWaiting);
    signedIn.set(socket, who);
    return null;
  };
}

/** Names of headers have no case. One that stands there twice is emptied, since it is unclear which of them holds. */
function inLowerCase(params: Record<string, unknown>): Record<string, unknown> {
  const lower: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const header = name.toLowerCase();
    lower[header] = Object.hasOwn(lower, header) ? '' : value;
  }
  return lower;
}

/** What graphql-ws is to run for one request, or the result that it gets without being run. */
interface Prepared extends ExecutionArgs {
  readonly refusal: ExecutionResult | null;
}

/** Of what `prepare` made. */
const refusalIn = (args: ExecutionArgs): ExecutionResult | null => (args as Prepared).refusal;

/**
 * What is to run for one request. Of a document that is wrong its caller gets the errors, by the `error` message that the
 * protocol has for them: nothing was begun, and whoever wrote the document reads them.
 */
function prepare(
  { query, variables = null, operationName = null }: SubscribePayload,
  { underWay, request }: Connection,
  who: SignedIn | undefined,
  { schema, newContext, publicUrl, gate, load }: SubscriptionOptions,
): Prepared | readonly GraphQLError[] {
  if (who === undefined || isExpired(who.expiresAt)) return failed('UNAUTHENTICATED');
  const requestId = randomUUID();
  const judgement = gate.judge(query, requestId);
  if ('errors' in judgement) return judgement.errors;
  const { document } = judgement;
  if (getOperationAST(document, operationName) == null) return failed('OPERATION_RESOLUTION_FAILURE');
  const contextValue = newContext(requestId, who, publicUrl ?? baseOf(request));
  const refusal = refusalFor(underWay(), load);
  return { schema, document, variableValues: variables, operationName, contextValue, refusal };
}

/** Why one operation more may not run on a connection; null if it may: then it counts as under way. */
function refusalFor(underWay: number, load: Load): ExecutionResult | null {
  const limit = MAX_OPEN.operationsPerWebSocket;
  if (underWay > limit) return { errors: [asGraphQLError(tooManyOpen(limit))] };
  return load.enter('first') ? null : { errors: [asGraphQLError(serverBusy())] };
}

const failed = (code: ErrorCode): readonly GraphQLError[] => [asGraphQLError(new ServiceError(code))];

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  [FORBIDDEN]: 'Forbidden',
  [UNAUTHORIZED]: 'Unauthorized',
  [TOO_MANY]: 'Too many connections',
  [TRY_AGAIN_LATER]: 'Try again later',
};
