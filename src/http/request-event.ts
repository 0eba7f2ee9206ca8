/** What the operator's log and metrics learn of each request, and the ids that a request brings. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../errors.js';

/** How a request came in, and for what. */
export type Transport = 'http' | 'websocket' | 'sse' | 'media' | 'csv' | 'callback';

/**
 * One request that reached a resolver or a file, or was refused. Of an operation with many results, as a subscription is,
 * there is one at its end. Holds nothing that a client wrote but its ids, and the name of its operation.
 */
export interface RequestEvent {
  readonly requestId: string;
  /** The trace that its `traceparent` header names, or else its own; null where nobody traces it. */
  readonly traceId: string | null;
  readonly transport: Transport;
  /** Null for one that was refused before anybody knew who asks. */
  readonly caller: string | null;
  /** Null for one without a name, or with one that should not be repeated. */
  readonly operationName: string | null;
  /** Null where no document was read. */
  readonly kind: 'query' | 'mutation' | 'subscription' | null;
  /** All that its caller was told, each once: in `errors`, or as data. */
  readonly codes: readonly ErrorCode[];
  /** Of the HTTP answer; null over WebSocket. */
  readonly status: number | null;
  /** Until the answer was ready, or the last result. */
  readonly durationMs: number;
}

/** `facts` are those that the event was made of. */
export type OnRequest = (event: RequestEvent, facts: RequestFacts) => void;

/** Follows operations from one part to the next. Their end is told by `OnRequest`. */
export interface OperationSpans {
  /** An operation begins. */
  begin(facts: RequestFacts, headers: IncomingHttpHeaders): void;
  /** Does what belongs to it. */
  during<Result>(facts: RequestFacts, work: () => Result): Result;
}

/** What is known of a request so far. Whoever learns more writes it here. */
export interface RequestFacts {
  /** By the clock of `performance`. */
  readonly since: number;
  /** Null for one that nobody needs to hear of, unless it is refused: a page, a probe, a callback that is taken in. */
  transport: Transport | null;
  traceId: RequestEvent['traceId'];
  /** What follows it from here on; null where nobody traces it. Only the tracer looks into it. */
  span: object | null;
  caller: RequestEvent['caller'];
  operationName: RequestEvent['operationName'];
  kind: RequestEvent['kind'];
  readonly codes: ErrorCode[];
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts;
  }
}

export function newFacts(headers: IncomingHttpHeaders): RequestFacts {
  return {
    since: performance.now(),
    traceId: traceIdIn(headers),
    span: null,
    transport: null,
    caller: null,
    operationName: null,
    kind: null,
    codes: [],
  };
}

/** Adds what a caller is told; each code once, so that there are never more than the table of errors has. */
export function noteCode(codes: ErrorCode[], code: ErrorCode): void {
  if (!codes.includes(code)) codes.push(code);
}

/** What is to be told of a request that is answered; null for nothing. */
export function eventOf({ id, facts }: FastifyRequest, status: number): RequestEvent | null {
  const { transport, codes } = facts;
  return transport === null && codes.length === 0 ? null : finished(id, facts, status);
}

/** What is to be told of a request that has ended. */
export function finished(
  requestId: string,
  { since, traceId, transport, caller, operationName, kind, codes }: RequestFacts,
  status: number | null,
): RequestEvent {
  const durationMs = Math.round(performance.now() - since);
  return {
    requestId,
    traceId,
    transport: transport ?? 'http',
    caller,
    operationName,
    kind,
    codes,
    status,
    durationMs,
  };
}

/**
 * An id that goes into logs, answers and the store as it came: letters, digits and what usual ids have between them. One
 * that could be a telephone number is none, with hyphens or points in it, too.
 */
const SAFE_ID = /^(?!(?:[_.:/=-]*\d){1,15}[_.:/=-]*$)[\w.:/=-]{1,128}$/;

/** The id of a request: its own `x-request-id` where that is safe to repeat, or else a new one. */
export function requestIdOf({ 'x-request-id': given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && isSafeId(given) ? given : randomUUID();
}

/** Whether an id of somebody else's may be repeated. */
export const isSafeId = (id: string): boolean => SAFE_ID.test(id);

/** `traceparent` of W3C Trace Context: version, trace id, parent id, flags. Later versions may add more behind. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-|$)/;

/** The trace that a request belongs to; null where it says none. */
export function traceIdIn({ traceparent }: IncomingHttpHeaders): string | null {
  return typeof traceparent === 'string' ? (TRACE_PARENT.exec(traceparent)?.[1] ?? null) : null;
}

/** Where in its trace a request comes from; null where it says nothing. */
export function traceParentIn({
  traceparent,
}: IncomingHttpHeaders): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | null {
  if (typeof traceparent !== 'string') return null;
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  // The one bit that has a meaning: whether the trace is kept.
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

/** Longer names help nobody, and one with many digits could hold a telephone number. */
const SAFE_NAME = /^(?=\w{1,64}$)(?!.*\d(?:_*\d){5})/;

/** The name of an operation, if it may be repeated. */
export const safeName = (name: string | undefined): string | null =>
  name !== undefined && SAFE_NAME.test(name) ? name : null;
