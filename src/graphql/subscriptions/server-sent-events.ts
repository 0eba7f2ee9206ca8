/**
 * GraphQL by server-sent events, under the same rules as over HTTP and WebSocket: the distinct-connections mode of
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. A subscription gets a stream. A query or mutation
 * gets an ordinary answer that is written as events.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { execute, getOperationAST, OperationTypeNode } from 'graphql';
import type { DocumentNode, ExecutionArgs, GraphQLError, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { failureBody, ServiceError, type ErrorCode } from '../../errors.js';
import type { RequestContext } from '../context.js';
import { answerOf } from '../ordinary.js';
import { endOfWork } from '../../http/load.js';
import type { OpenStreams } from '../../http/open-streams.js';
import { isVouchedFor } from '../../http/own-pages.js';
import { finished, noteCode, type OnRequest } from '../../http/request-event.js';
import { asGraphQLError, type ErrorPublisher, type Told } from '../public-error.js';
import { COMPLETE_EVENT, EVENT_STREAM, EventStream, nextEvent, STREAM_HEADERS } from './event-stream.js';
import { whenExpired } from './expiry.js';
import { MAX_OPEN, OpenPerCaller, tooManyOpen } from './open-per-caller.js';
import { resultsOf } from './results.js';
import type { OnSocketFailure } from './socket.js';

export interface ServerSentEventOptions {
  readonly schema: GraphQLSchema;
  readonly publish: ErrorPublisher;
  /** The origins, beside our own, whose pages may ask by GET. */
  readonly corsOrigins: readonly string[];
  readonly onSocketFailure: OnSocketFailure;
  readonly streams: OpenStreams;
  /** Called for each stream at its end. */
  readonly onRequest: OnRequest;
}

/** What to run for one request. */
interface Asked {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variableValues: Readonly<Record<string, unknown>> | null;
  readonly operationName: string | null;
}

type NewContext = () => RequestContext;
type Interrupt = (code: ErrorCode) => void;

export class ServerSentEvents {
  readonly #options: ServerSentEventOptions;
  readonly #places = new OpenPerCaller(MAX_OPEN.eventStreams);
  /** How to end each open stream. */
  readonly #open = new Set<Interrupt>();
  #isStopping = false;

  constructor(options: ServerSentEventOptions) {
    this.#options = options;
  }

  /**
   * Whether a request is to be answered by events: it takes nothing else, or it takes them and its document is a
   * subscription. Clients list everything that they can read with each request.
   */
  isAskedFor(request: FastifyRequest): boolean {
    const { method, headers } = request;
    if ((method !== 'POST' && method !== 'GET') || !takes(headers.accept, EVENTS)) return false;
    if (takesOnlyEvents(headers.accept)) return true;
    const asked = askedOf(request);
    return !(asked instanceof ServiceError) && isSubscription(asked);
  }

  /** Runs the document of a request that passed the gate. */
  async answer(request: FastifyRequest, reply: FastifyReply, newContext: NewContext): Promise<void> {
    request.facts.transport = 'sse';
    const asked = askedOf(request);
    if (asked instanceof ServiceError) this.sayErrors(reply, [asGraphQLError(asked)]);
    else if (!this.#isVouchedFor(request)) refuse(reply, 400, notVouchedFor());
    else if (isSubscription(asked)) this.#stream(reply, asked, newContext());
    else if (request.method === 'GET' && asked.operation.operation === OperationTypeNode.MUTATION)
      refuse(reply.header('allow', 'POST'), 405, new ServiceError('BAD_REQUEST', { message: MUTATIONS_BY_POST }));
    else await this.#run(reply, asked, newContext());
  }

  /** Answers with errors and nothing else. By the protocol, they are a result: a browser shows no other body. */
  sayErrors(reply: FastifyReply, errors: readonly GraphQLError[]): void {
    const { request } = reply;
    const told = { requestId: request.id, codes: request.facts.codes };
    if (this.#isVouchedFor(request)) say(reply, { errors: this.#options.publish(errors, told) });
    else refuse(reply, 400, notVouchedFor());
  }

  /** A browser sends a GET of any page without asking first. */
  #isVouchedFor({ method, headers }: FastifyRequest): boolean {
    return method === 'POST' || isVouchedFor(headers, this.#options.corsOrigins);
  }

  /** Ends all streams within two seconds. Their clients come again, elsewhere. */
  stop(): void {
    this.#isStopping = true;
    for (const interrupt of this.#open) interrupt('SHUTTING_DOWN');
  }

  async #run(reply: FastifyReply, { operation, ...asked }: Asked, contextValue: RequestContext): Promise<void> {
    const { schema, publish } = this.#options;
    const result = await execute({ schema, contextValue, ...asked });
    say(reply, answerOf(result, operation, contextValue, publish).body);
  }

  #stream(reply: FastifyReply, { operation: _, ...asked }: Asked, contextValue: RequestContext): void {
    const { schema, publish, onSocketFailure, onRequest } = this.#options;
    const { caller, requestId, expiresAt } = contextValue;
    const { raw: response } = reply;
    // A stream waits most of its time.
    endOfWork(reply.request);
    // A peer that has hung up already would never give its place back.
    if (response.destroyed) {
      reply.hijack();
      const { facts } = reply.request;
      onRequest(finished(requestId, facts, null), facts);
      return;
    }
    // An answer that waits behind another on its connection has no socket yet. If that is lost, nothing tells this answer.
    if (response.socket === null) {
      refuse(reply, 400, new ServiceError('BAD_REQUEST', { message: NOT_BEHIND_ANOTHER }));
      return;
    }
    if (this.#isStopping) {
      refuse(reply, 503, new ServiceError('SHUTTING_DOWN'));
      return;
    }
    const giveBack = this.#places.take(caller.name);
    if (giveBack === null) {
      refuse(reply, 429, tooManyOpen(MAX_OPEN.eventStreams));
      return;
    }
    reply.hijack();
    const leave = this.#options.streams.add('sse');
    const stream = new EventStream(response, reply.getHeaders(), {
      onSlowReader() {
        onSocketFailure('SLOW_READER', null);
      },
    });
    const interrupt: Interrupt = (code) => {
      stream.interrupt({ errors: publish([asGraphQLError(new ServiceError(code))], contextValue) });
    };
    this.#open.add(interrupt);
    const stopWaiting = whenExpired(expiresAt, () => {
      interrupt('UNAUTHENTICATED');
    });
    response.once('close', () => {
      giveBack();
      leave();
      stopWaiting();
      this.#open.delete(interrupt);
      const { facts } = reply.request;
      onRequest(finished(requestId, facts, response.statusCode), facts);
    });
    this.#follow(stream, response, { schema, contextValue, ...asked }, contextValue).catch((error: unknown) => {
      onSocketFailure('MESSAGE', error);
      response.destroy();
    });
  }

  /** Writes all results, until they end or nobody is left to read them. Either way their source loses its listener. */
  async #follow(stream: EventStream, response: ServerResponse, args: ExecutionArgs, told: Told): Promise<void> {
    const { publish, onSocketFailure } = this.#options;
    const results = await resultsOf(args);
    const leave = (): void => {
      results.return().catch((error: unknown) => {
        onSocketFailure('CLOSING', error);
      });
    };
    if (response.destroyed) leave();
    else response.once('close', leave);
    for await (const { errors, ...result } of results) {
      const said = errors === undefined ? result : { errors: publish(errors, told), ...result };
      if (!(await stream.next(said))) break;
    }
    stream.complete();
  }
}

const EVENTS = 'text/event-stream';
const JSON_TYPES = ['application/json', 'application/graphql-response+json', 'application/*', '*/*'];

/** Whether an Accept header names this media type. */
function takes(accept = '', type: string): boolean {
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return name === type && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Whether an Accept header leaves nothing but events to answer with. */
export function takesOnlyEvents(accept: string | undefined): boolean {
  return takes(accept, EVENTS) && !JSON_TYPES.some((type) => takes(accept, type));
}

const isSubscription = ({ operation }: Asked): boolean => operation.operation === OperationTypeNode.SUBSCRIPTION;

/** What a request asks to run of its document, or what is wrong with it. */
function askedOf(request: FastifyRequest): Asked | ServiceError {
  const { document } = request;
  const { variables, operationName, extensions } = membersOf(request);
  // A hash that is trusted was taken out, and its document put in its place.
  if (isObjectOrAbsent(extensions) && extensions?.persistedQuery !== undefined)
    return new ServiceError('PERSISTED_QUERY_NOT_SUPPORTED');
  if (document === null) return new ServiceError('BAD_REQUEST');
  if (!isObjectOrAbsent(variables) || !(operationName == null || typeof operationName === 'string'))
    return new ServiceError('BAD_REQUEST', { message: WRONG_MEMBERS });
  const operation = getOperationAST(document, operationName);
  if (operation == null) return new ServiceError('OPERATION_RESOLUTION_FAILURE');
  return { document, operation, variableValues: variables ?? null, operationName: operationName ?? null };
}

interface Members {
  readonly variables?: unknown;
  readonly operationName?: unknown;
  readonly extensions?: unknown;
}

/** The members of a request by GraphQL over HTTP, of any type. */
function membersOf({ method, url, body }: FastifyRequest): Members {
  if (method !== 'GET') return body ?? {};
  const { operationName, variables } = Object.fromEntries(new URL(url, 'http://host').searchParams);
  return { operationName, variables: variables === undefined ? undefined : parsed(variables) };
}

/** False, which no request may have, for what is not JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return false;
  }
}

const isObjectOrAbsent = (value: unknown): value is Readonly<Record<string, unknown>> | null | undefined =>
  value == null || (typeof value === 'object' && !Array.isArray(value));

const WRONG_MEMBERS = 'variables must be an object, and operationName a string.';
const notVouchedFor = (): ServiceError => new ServiceError('BAD_REQUEST', { message: BY_POST });
const BY_POST = 'Ask by POST, from a page of this server, or with the header apollo-require-preflight.';
const NOT_BEHIND_ANOTHER = 'Open an event stream on a connection with no other request under way.';
const MUTATIONS_BY_POST = 'Send mutations by POST.';

/** An ordinary answer, written as events. */
function say(reply: FastifyReply, result: object): void {
  void reply
    .headers(STREAM_HEADERS)
    .type(EVENT_STREAM)
    .send(`${nextEvent(result)}${COMPLETE_EVENT}`);
}

/** A refusal by its status, for what is wrong with the request itself: after a 200, a browser would ask for ever. */
function refuse(reply: FastifyReply, status: number, refusal: ServiceError): void {
  noteCode(reply.request.facts.codes, refusal.code);
  void reply.code(status).type('application/json; charset=utf-8').send(failureBody(refusal, reply.request.id));
}
