/**
 * Subscriptions behind a router, by Apollo's HTTP callback protocol: the router names a URL, and events are posted there.
 *
 * The protocol is spoken by Apollo's own plugin. This file holds it back from URLs that are not a router's, since whoever
 * may ask could otherwise make the server post to any address, and from telling more of a failure than its code.
 */
import type { ApolloServerPlugin, BaseContext, GraphQLRequest } from '@apollo/server';
import { ApolloServerPluginSubscriptionCallback } from '@apollo/server/plugin/subscriptionCallback';
import { GraphQLError, OperationTypeNode, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql';
import { ERRORS, type ErrorCode } from '../errors.js';

/** A router that takes longer for one event is not there. */
const POST_TIMEOUT_MS = 10_000;

/** Routers ask for 5 s; faster is no use to anybody. */
const MIN_HEARTBEAT_MS = 1_000;
/** Timers of Node overflow above 2^31 - 1 ms, and fire at once; a router that asks so rarely has no use for it. */
const MAX_HEARTBEAT_MS = 3_600_000;

export interface RouterSubscriptionOptions {
  /** The origins that events may be posted to: `https://router.example.com`. */
  readonly origins: readonly string[];
  /** Told of failures that the router only sees as INTERNAL_SERVER_ERROR. */
  readonly onInternalError: (subscriptionId: string, error: unknown) => void;
}

export function routerSubscriptions<Context extends BaseContext>(
  options: RouterSubscriptionOptions,
): ApolloServerPlugin<Context> {
  const { origins } = options;
  const protocol = ApolloServerPluginSubscriptionCallback({
    fetcher: (url, init) => post(url, init as RequestInit, options),
  }) as ApolloServerPlugin<Context>;
  return {
    ...protocol,
    async requestDidStart(started) {
      const asked = callbackOf(started.request);
      if (asked === null) return { didResolveOperation: refuseSubscription };
      const speaking = (await protocol.requestDidStart?.(started)) ?? {};
      let isAgreed = false;
      return {
        didResolveOperation({ operation }) {
          if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
            throw refusal('Only a subscription has callbacks.');
          if (!isAtOneOf(asked.url, origins)) throw refusal('Events are not posted to this URL.');
          if (!isBearable(asked.heartbeatMs))
            throw refusal('A heartbeat comes once a second at most, and once an hour at least.');
          isAgreed = true;
          return Promise.resolve();
        },
        responseForOperation: (context) => speaking.responseForOperation?.(context) ?? Promise.resolve(null),
        // Called for refused requests as well, which must not reach the URL.
        willSendResponse: (context) =>
          (isAgreed ? speaking.willSendResponse?.(context) : undefined) ?? Promise.resolve(),
      };
    },
  };
}

/** Over plain HTTP there is nobody to tell of events. */
function refuseSubscription({ operation }: { operation?: OperationDefinitionNode }): Promise<void> {
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return Promise.resolve();
  throw refusal('Subscriptions are served over WebSocket.');
}

/** What a request says of its callbacks, in the protocol's newer or older words; null when it asks for none. */
function callbackOf({ extensions }: GraphQLRequest): { url: string; heartbeatMs: unknown } | null {
  const subscription: unknown = extensions?.subscription;
  if (typeof subscription !== 'object' || subscription === null) return null;
  const said = subscription as Record<string, unknown>;
  const url = said.callbackUrl ?? said.callback_url;
  return {
    url: typeof url === 'string' ? url : '',
    heartbeatMs: said.heartbeatIntervalMs ?? said.heartbeat_interval_ms ?? 0,
  };
}

/** Whether events may be posted there. No request can be made to a URL that holds credentials. */
function isAtOneOf(url: string, origins: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, username, password } = new URL(url);
  return origins.includes(origin) && username === '' && password === '';
}

/** 0 turns heartbeats off. */
const isBearable = (heartbeatMs: unknown): boolean =>
  heartbeatMs === 0 ||
  (Number.isInteger(heartbeatMs) &&
    (heartbeatMs as number) >= MIN_HEARTBEAT_MS &&
    (heartbeatMs as number) <= MAX_HEARTBEAT_MS);

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

/** Posts what the protocol says, with every error as a caller may see it. */
function post(url: string, init: RequestInit, { onInternalError }: RouterSubscriptionOptions): Promise<Response> {
  const event = JSON.parse(init.body as string) as ProtocolEvent;
  const mask = (errors: readonly GraphQLFormattedError[]): GraphQLFormattedError[] =>
    errors.map((error) => {
      const masked = publicError(error);
      if (masked.extensions?.code === 'INTERNAL_SERVER_ERROR') onInternalError(event.id, new SubscriptionFailure());
      return masked;
    });
  const { errors, payload } = event;
  const body = {
    ...event,
    ...(errors && { errors: mask(errors) }),
    ...(payload && { payload: { ...payload, ...(payload.errors && { errors: mask(payload.errors) }) } }),
  };
  const signal = AbortSignal.timeout(POST_TIMEOUT_MS);
  return fetch(url, { ...init, body: JSON.stringify(body), redirect: 'error', signal });
}

interface ProtocolEvent {
  readonly id: string;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly payload?: { readonly errors?: readonly GraphQLFormattedError[] };
}

class SubscriptionFailure extends Error {
  override readonly name = 'SubscriptionFailure';
}

/** An error as it is written to the router: with the service's own code, or as an internal one. */
function publicError({ message, path, extensions }: GraphQLFormattedError): GraphQLFormattedError {
  const code = extensions?.code as ErrorCode;
  const where = path && { path };
  if (extensions && Object.hasOwn(ERRORS, code) && code !== 'INTERNAL_SERVER_ERROR') {
    return { message, ...where, extensions };
  }
  const { message: constant, retryable } = ERRORS.INTERNAL_SERVER_ERROR;
  return { message: constant, ...where, extensions: { code: 'INTERNAL_SERVER_ERROR', retryable } };
}
