/**
 * Subscriptions behind a router, by Apollo's HTTP callback protocol: the router names a URL, and events are posted there.
 *
 * This file decides which URLs are allowed: otherwise any caller could make the server post to any address.
 * `router-callback.ts` speaks the protocol.
 */
import {
  HeaderMap,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type GraphQLRequestListener,
  type GraphQLResponse,
} from '@apollo/server';
import { GraphQLError, OperationTypeNode, subscribe } from 'graphql';
import type { ExecutionArgs, GraphQLFormattedError, OperationDefinitionNode } from 'graphql';
import { ServiceError, type ErrorCode } from '../../errors.js';
import type { RequestContext } from '../context.js';
import { whenExpired } from './expiry.js';
import { MAX_OPEN, OpenPerCaller, tooManyOpen } from './open-per-caller.js';
import { asGraphQLError, type ErrorPublisher } from '../public-error.js';
import { RouterCallback, type CallbackTarget } from './router-callback.js';

/** Routers ask for 5 s; a faster heartbeat helps nobody. */
const MIN_HEARTBEAT_MS = 1_000;
const DEFAULT_HEARTBEAT_MS = 5_000;
/** Timers of Node overflow above 2^31 - 1 ms, and fire at once; a heartbeat this rare is useless. */
const MAX_HEARTBEAT_MS = 3_600_000;
/** Routers write URLs of a hundred characters, and UUIDs. In UTF-16 units; each is kept as long as its subscription. */
const MAX_TEXT_LENGTH = 2_048;

export interface RouterSubscriptionOptions {
  /** The origins that events may be posted to: `https://router.example.com`. */
  readonly origins: readonly string[];
  readonly publish: ErrorPublisher;
  readonly maxPerCaller?: number;
}

export function routerSubscriptions(options: RouterSubscriptionOptions): ApolloServerPlugin<RequestContext> {
  const { origins, publish, maxPerCaller = MAX_OPEN.routerSubscriptions } = options;
  const places = new OpenPerCaller(maxPerCaller);
  const running = new Map<RouterCallback, Promise<void>>();
  let isStopping = false;

  /** Resolves with the answer to the router's request; the subscription goes on after it. */
  const open = async (target: CallbackTarget, args: Subscribing): Promise<GraphQLResponse> => {
    const told = args.contextValue;
    const giveBack = places.take(told.caller.name);
    if (giveBack === null) return answer(429, publish([asGraphQLError(tooManyOpen(maxPerCaller))], told));
    const callback = new RouterCallback(target, (errors) => publish(errors, told));
    if (!(await callback.check()) || isStopping) {
      giveBack();
      return answer(400, publish([refusal('The callback URL did not accept this subscription.')], told));
    }
    const life = run(callback, args).finally(() => {
      giveBack();
      running.delete(callback);
    });
    running.set(callback, life);
    return answer(200);
  };

  return {
    serverWillStart: () =>
      Promise.resolve({
        async drainServer() {
          isStopping = true;
          for (const callback of running.keys()) callback.stop();
          await Promise.all(running.values());
        },
      }),
    requestDidStart({ request }) {
      const asked = callbackOf(request);
      return Promise.resolve(
        asked === null
          ? { didResolveOperation: refuseSubscription }
          : answerByCallback(() => checkTarget(asked, origins), open),
      );
    },
  };
}

type Asked = Readonly<Record<keyof CallbackTarget, unknown>>;

interface Subscribing extends ExecutionArgs {
  readonly contextValue: RequestContext;
}

/** Opens a subscription instead of running its document. Apollo answers only what its first hook throws. */
function answerByCallback(
  checkedTarget: () => CallbackTarget,
  open: (target: CallbackTarget, args: Subscribing) => Promise<GraphQLResponse>,
): GraphQLRequestListener<RequestContext> {
  return {
    didResolveOperation({ operation }) {
      if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
        throw refusal('Only a subscription may have a callback.');
      checkedTarget();
      return Promise.resolve();
    },
    responseForOperation({ request, schema, document, contextValue, operationName }) {
      const variableValues = request.variables ?? {};
      return open(checkedTarget(), { schema, document, contextValue, operationName, variableValues });
    },
  };
}

/** Follows one subscription until its last post. Never rejects. */
async function run(callback: RouterCallback, args: Subscribing): Promise<void> {
  try {
    const events = await subscribe(args);
    if (!(Symbol.asyncIterator in events)) {
      await callback.complete(events.errors ?? []);
      return;
    }
    const stopWaiting = whenExpired(args.contextValue.expiresAt, () => {
      callback.end([failed('UNAUTHENTICATED')]);
    });
    await callback.run(events);
    stopWaiting();
  } catch (failure) {
    await callback.complete([asGraphQLError(failure)]);
  }
}

function answer(status: number, errors?: readonly GraphQLFormattedError[]): GraphQLResponse {
  const headers = new HeaderMap([['content-type', 'application/json']]);
  const singleResult = errors === undefined ? { data: null } : { errors };
  return { http: { status, headers }, body: { kind: 'single', singleResult } };
}

/** One answer of JSON cannot bring events. */
function refuseSubscription({ operation }: { operation?: OperationDefinitionNode }): Promise<void> {
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return Promise.resolve();
  throw refusal('Subscribe by WebSocket, or with Accept: text/event-stream.');
}

/** The callback that a request asks for, by the protocol's newer or older names; null when it asks for none. */
function callbackOf({ extensions }: GraphQLRequest): Asked | null {
  const subscription: unknown = extensions?.subscription;
  if (typeof subscription !== 'object' || subscription === null) return null;
  const said = subscription as Record<string, unknown>;
  return {
    url: said.callbackUrl ?? said.callback_url,
    id: said.subscriptionId ?? said.subscription_id,
    verifier: said.verifier,
    heartbeatMs: said.heartbeatIntervalMs ?? said.heartbeat_interval_ms ?? DEFAULT_HEARTBEAT_MS,
  };
}

/** @throws GraphQLError unless events may be posted to this target. */
function checkTarget({ url, id, verifier, heartbeatMs }: Asked, origins: readonly string[]): CallbackTarget {
  if (!isText(url) || !isAtOneOf(url, origins))
    throw refusal('The callback URL must be at one of the configured origins.');
  if (!isBearable(heartbeatMs))
    throw refusal(`The heartbeat interval must be 0, or from ${MIN_HEARTBEAT_MS} to ${MAX_HEARTBEAT_MS} milliseconds.`);
  if (!isText(id) || !isText(verifier)) throw refusal('A callback must have a subscription id and a verifier.');
  return { url, id, verifier, heartbeatMs };
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH;

/** Whether events may be posted there. No request can be made to a URL with credentials. */
function isAtOneOf(url: string, origins: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, username, password } = new URL(url);
  return origins.includes(origin) && username === '' && password === '';
}

/** 0 turns heartbeats off. */
const isBearable = (heartbeatMs: unknown): heartbeatMs is number =>
  heartbeatMs === 0 ||
  (Number.isInteger(heartbeatMs) &&
    (heartbeatMs as number) >= MIN_HEARTBEAT_MS &&
    (heartbeatMs as number) <= MAX_HEARTBEAT_MS);

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

function failed(code: ErrorCode): GraphQLError {
  return asGraphQLError(new ServiceError(code));
}
