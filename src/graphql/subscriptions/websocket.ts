/** GraphQL over WebSocket, by the graphql-ws protocol, under the same rules as over HTTP. */
import { randomUUID } from 'node:crypto';
import type { WebsocketHandler } from '@fastify/websocket';
import { execute, getOperationAST, OperationTypeNode } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type SubscribePayload } from 'graphql-ws';
import { ServiceError, type ErrorCode } from '../../errors.js';
import type { SignedIn } from '../../messaging/caller.js';
import type { Authenticate } from '../../messaging/ports.js';
import { answerRefusal } from '../answer-budget.js';
import type { ContextFactory, RequestContext } from '../context.js';
import type { DocumentGate } from '../documents/gate.js';
import { isExpired, whenExpired } from './expiry.js';
import { MAX_OPEN, OpenPerCaller, tooManyOpen } from './open-per-caller.js';
import { SERVER_BUSY, type Load } from '../../http/load.js';
import { baseOf, isOurs } from '../../http/own-pages.js';
import {
  finished,
  newFacts,
  requestIdOf,
  safeName,
  type OnRequest,
  type OperationSpans,
  type RequestFacts,
} from '../../http/request-event.js';
import type { OpenStreams } from '../../http/open-streams.js';
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
  readonly streams: OpenStreams;
  readonly onFailure: OnSocketFailure;
  /** Called for each operation at its end, and for each connection that is refused. */
  readonly onRequest: OnRequest;
  /** Null where nobody wants traces. */
  readonly spans: OperationSpans | null;
}

/** The close codes, those of graphql-ws where it has one. Its client tries again after all but `UNAUTHORIZED`. */
const FORBIDDEN = 4403;
const UNAUTHORIZED = 4401;
const TOO_MANY = 4429;
/** As RFC 6455's registry has it. */
const TRY_AGAIN_LATER = 1013;

/** Serves one endpoint's WebSockets: who may connect, what each may run, and what its answers say. */
export function subscriptionHandler(options: SubscriptionOptions): WebsocketHandler {
  const { publish, onFailure, onRequest, origins, load, spans } = options;
  const signedIn: SignedInSockets = new WeakMap();
  const admit = doorkeeper(options, signedIn);
  /** What is known of each operation that was not told yet, by its message. */
  const operations = new WeakMap<SubscribePayload, Operation>();
  const tell = (payload: SubscribePayload): void => {
    const operation = operations.get(payload);
    if (operation === undefined) return;
    operations.delete(payload);
    operation.leave();
    onRequest(finished(operation.requestId, operation, null), operation);
  };
  const during = <Result>(args: ExecutionArgs, work: () => Result): Result =>
    spans === null ? work() : spans.during((args as Prepared).operation, work);
  const refuse = (code: number, { socket, request }: Pick<Connection, 'socket' | 'request'>): void => {
    const facts = newFacts(request.headers);
    facts.transport = 'websocket';
    facts.codes.push(...(CODES[code] ?? []));
    onRequest(finished(requestIdOf(request.headers), facts, null), facts);
    socket.close(code, CLOSE_REASONS[code]);
  };
  const server = makeServer<Record<string, unknown>, Connection>({
    async onConnect({ extra, connectionParams = {} }) {
      const refusal = await admit(extra, connectionParams);
      if (refusal !== null) refuse(refusal, extra);
      return refusal === null;
    },
    onSubscribe({ extra }, id, payload) {
      const operation = newOperation(extra, signedIn.get(extra.socket));
      operations.set(payload, operation);
      spans?.begin(operation, extra.request.headers);
      const isNew = !extra.running.has(id);
      extra.running.add(id);
      extra.atEnd(() => {
        if (isNew) extra.running.delete(id);
        tell(payload);
      });
      if (isNew) return prepare(payload, extra, operation, options);
      // graphql-ws would mix up the two, and give one the results of the other.
      extra.socket.close(CloseCode.SubscriberAlreadyExists, 'The operation with this id has not ended');
      return failed('BAD_REQUEST');
    },
    execute: (args) => refusalIn(args) ?? during(args, () => load.during(() => execute(args))),
    subscribe: (args) => refusalIn(args) ?? during(args, () => load.during(() => resultsOf(args))),
    onNext(_socket, _id, _payload, { document, operationName, contextValue }, { data, errors }) {
      const context = contextValue as RequestContext;
      const refusal = answerRefusal(getOperationAST(document, operationName), context.budget, data);
      if (refusal !== null) return { data: null, errors: publish([asGraphQLError(refusal)], context) };
      if (errors === undefined) return undefined;
      return { ...(data !== undefined && { data }), errors: publish(errors, context) };
    },
    onError(_socket, _id, payload, errors) {
      const told = operations.get(payload) ?? { requestId: randomUUID(), codes: [] };
      const published = publish(errors.map(asGraphQLError), told);
      tell(payload);
      return published;
    },
    onComplete(_socket, _id, payload) {
      tell(payload);
    },
  });

  return function handle(socket, request) {
    // A browser lets any page open a connection to any server; only our own pages may.
    const { origin, host } = request.headers;
    if (origin === undefined || isOurs(origin, host, origins)) serveSocket(server, { socket, request }, onFailure);
    else refuse(FORBIDDEN, { socket, request });
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

/** One operation of a connection. */
interface Operation extends RequestFacts {
  readonly requestId: string;
  readonly who: SignedIn | undefined;
  /** To be called at its end. */
  leave: () => void;
}

/** Each has an id of its own: that of the connection's request would name all of them. */
function newOperation({ request }: Connection, who: SignedIn | undefined): Operation {
  const facts = newFacts(request.headers);
  return {
    ...facts,
    transport: 'websocket',
    caller: who?.caller.name ?? null,
    requestId: randomUUID(),
    who,
    leave: () => undefined,
  };
}

/** What graphql-ws is to run for one request, or the result that it gets without being run. */
interface Prepared extends ExecutionArgs {
  readonly operation: Operation;
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
  operation: Operation,
  { schema, newContext, publicUrl, gate, load, streams }: SubscriptionOptions,
): Prepared | readonly GraphQLError[] {
  const { who, requestId } = operation;
  if (who === undefined || isExpired(who.expiresAt)) return failed('UNAUTHENTICATED');
  const judgement = gate.judge(query, requestId);
  if ('errors' in judgement) return judgement.errors;
  const { document } = judgement;
  const asked = getOperationAST(document, operationName);
  if (asked == null) return failed('OPERATION_RESOLUTION_FAILURE');
  operation.kind = asked.operation;
  operation.operationName = safeName(asked.name?.value);
  const contextValue = newContext(operation, who, publicUrl ?? baseOf(request));
  const refusal = refusalFor(underWay(), load);
  if (refusal === null && asked.operation === OperationTypeNode.SUBSCRIPTION)
    operation.leave = streams.add('websocket');
  return { schema, document, variableValues: variables, operationName, contextValue, operation, refusal };
}

/** Why one operation more may not run on a connection; null if it may: then it counts as under way. */
function refusalFor(underWay: number, load: Load): ExecutionResult | null {
  const limit = MAX_OPEN.operationsPerWebSocket;
  if (underWay > limit) return { errors: [asGraphQLError(tooManyOpen(limit))] };
  return load.enter('first') ? null : { errors: [asGraphQLError(SERVER_BUSY)] };
}

const failed = (code: ErrorCode): readonly GraphQLError[] => [asGraphQLError(new ServiceError(code))];

/** What each refusal is by our own codes. */
const CODES: Readonly<Record<number, readonly ErrorCode[]>> = {
  [FORBIDDEN]: ['FORBIDDEN'],
  [UNAUTHORIZED]: ['UNAUTHENTICATED'],
  [TOO_MANY]: ['RATE_LIMITED'],
  [TRY_AGAIN_LATER]: ['INTERNAL_SERVER_ERROR'],
};

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  [FORBIDDEN]: 'Forbidden',
  [UNAUTHORIZED]: 'Unauthorized',
  [TOO_MANY]: 'Too many connections',
  [TRY_AGAIN_LATER]: 'Try again later',
};
