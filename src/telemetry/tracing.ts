/**
 * Spans, made by hand: of operations, of claims and records, of requests upstream and of callbacks. An attribute holds a
 * word from a closed set, an id that this server made, a measurement, or the name of an operation: nothing personal.
 * Nothing of this is loaded unless traces are wanted.
 */
import type { IncomingHttpHeaders } from 'node:http';
import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { ErrorCode } from '../errors.js';
import { traceParentIn, type OnRequest, type OperationSpans, type RequestFacts } from '../http/request-event.js';
import type { SendReport } from '../messaging/message-service.js';
import type { Claim, MessageStore, NewSend } from '../messaging/ports.js';
import { replacing, type TakenEvent } from './metrics.js';

/** What was seen of one request upstream. */
interface Seen {
  /** Null where no answer came. */
  readonly status: number | null;
  /** The code of what went wrong; null where nothing did. */
  readonly failure: string | null;
}

/** An operation with one of these failed, or its outcome is open. The others are its caller's mistakes. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  'INTERNAL_SERVER_ERROR',
  'STORE_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'UPSTREAM_REJECTED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'SUBSCRIPTION_LOST',
]);

/** The route of Catapult, without the account. */
const UPSTREAM_ROUTE = '/users/{userId}/messages';
const CALLBACK_ROUTE = '/callbacks/catapult';
/**
 * What is traced is passed on from hand to hand: an operation has its context in its facts, and a send is found by its id.
 * `AsyncLocalStorage` would do that alone, and cost each promise of the process some of its time, also of what nobody samples.
 */
export class Tracing implements OperationSpans {
  readonly #tracer: Tracer;
  /** Where sends belong that were sampled, from their claims until their records are stored. */
  readonly #sends = new Map<string, Context>();

  constructor(provider: TracerProvider, version: string) {
    this.#tracer = provider.getTracer('catapult-graphql', version);
  }

  begin(facts: RequestFacts, headers: IncomingHttpHeaders): void {
    const parent = parentOf(headers);
    const span = this.#tracer.startSpan('operation', { kind: SpanKind.SERVER, startTime: facts.since }, parent);
    facts.span = trace.setSpan(parent, span);
    // So the log has it, too.
    if (isSampled(span)) facts.traceId ??= span.spanContext().traceId;
  }

  during<Result>({ span }: RequestFacts, work: () => Result): Result {
    return span === null ? work() : context.with(span as Context, work);
  }

  /** Ends the span of an operation. */
  readonly onRequest: OnRequest = ({ transport, kind, operationName, codes, status }, facts) => {
    const span = spanIn(facts.span);
    facts.span = null;
    if (span?.isRecording() !== true) return;
    if (kind !== null) span.updateName(kind).setAttribute('graphql.operation.type', kind);
    if (operationName !== null) span.setAttribute('graphql.operation.name', operationName);
    if (status !== null) span.setAttribute('http.response.status_code', status);
    span.setAttribute('catapult_graphql.transport', transport);
    if (codes.length > 0) {
      span.setAttribute('catapult_graphql.codes', [...codes]);
      const fault = codes.find((code) => FAULTS.has(code));
      if (fault !== undefined) fail(span, fault);
    }
    // Its start is by this clock, too.
    span.end(performance.now());
  };

  /** `operation` is what `begin` wrote into the facts. Whoever embeds this server may have spans of its own around our work. */
  readonly onClaim = (sendId: string, operation: object | null): void => {
    const here = (operation as Context | null) ?? context.active();
    if (isSampled(trace.getSpan(here))) this.#sends.set(sendId, here);
  };

  /** What became of a send, as an event of its operation, which may have several. */
  readonly onSend = ({ sendId, outcome, code, attempts }: SendReport): void => {
    spanIn(this.#sends.get(sendId))?.addEvent('send', {
      'catapult_graphql.send_id': sendId,
      'catapult_graphql.outcome': outcome,
      'catapult_graphql.attempts': attempts,
      ...(code !== null && { 'catapult_graphql.code': code }),
    });
  };

  /** The same store; the claims and records of sends that were sampled have spans. */
  traced<Store extends MessageStore>(store: Store): Store {
    return replacing(store, {
      claim: (send: NewSend) => {
        const { sendId } = send;
        const parent = this.#sends.get(sendId);
        return parent === undefined ? store.claim(send) : this.#claim(sendId, parent, () => store.claim(send));
      },
      record: (...args: Parameters<MessageStore['record']>) => {
        const [sendId, { status }] = args;
        const parent = this.#sends.get(sendId);
        return parent === undefined
          ? store.record(...args)
          : this.#record(sendId, status, parent, () => store.record(...args));
      },
    });
  }

  async #claim(sendId: string, parent: Context, work: () => Promise<Claim>): Promise<Claim> {
    let claim: Claim | null = null;
    try {
      claim = await this.#during('store claim', SpanKind.INTERNAL, parent, work, (span, { kind }) => {
        span.setAttribute('catapult_graphql.claim', kind);
      });
      return claim;
    } finally {
      if (claim?.kind !== 'CLAIMED') this.#sends.delete(sendId);
    }
  }

  /** One that fails may be tried again by others: it still belongs to its own send. */
  async #record(sendId: string, status: string, parent: Context, work: () => Promise<unknown>): Promise<void> {
    await this.#during('store record', SpanKind.INTERNAL, parent, work, (span) => {
      span.setAttribute('catapult_graphql.outcome', status);
    });
    this.#sends.delete(sendId);
  }

  /** Follows the requests to `origin`. */
  aroundAttempt(
    origin: string,
  ): <Answer extends Seen>(sendId: string, attempt: number, request: () => Promise<Answer>) => Promise<Answer> {
    const where = Object.entries(serverOf(origin));
    return (sendId, attempt, request) => {
      const parent = this.#sends.get(sendId);
      if (parent === undefined) return request();
      return this.#during(`POST ${UPSTREAM_ROUTE}`, SpanKind.CLIENT, parent, request, (span, { status, failure }) => {
        for (const [name, value] of where) span.setAttribute(name, value);
        if (attempt > 1) span.setAttribute('http.request.resend_count', attempt - 1);
        if (status !== null) span.setAttribute('http.response.status_code', status);
        // Every success is 2xx; a redirect is none, since it is not followed.
        const wrong = failure ?? (status !== null && status >= 300 ? String(status) : null);
        if (wrong !== null) fail(span, wrong);
      });
    };
  }

  /** Does the work of a callback from upstream; then `answer` has its status. `work` is given what counts its events. */
  readonly aroundCallback = <Result>(
    headers: IncomingHttpHeaders,
    answer: { readonly statusCode: number },
    work: (onEvent: (event: Pick<TakenEvent, 'result' | 'count'>) => void) => Promise<Result>,
  ): Promise<Result> => {
    const counts = new Map<string, number>();
    const taking = (): Promise<Result> =>
      work(({ result, count }) => {
        counts.set(result, (counts.get(result) ?? 0) + count);
      });
    return this.#during(`POST ${CALLBACK_ROUTE}`, SpanKind.SERVER, parentOf(headers), taking, (span) => {
      span.setAttribute('http.request.method', 'POST').setAttribute('http.route', CALLBACK_ROUTE);
      for (const [result, count] of counts) span.setAttribute(`catapult_graphql.events.${result.toLowerCase()}`, count);
      span.setAttribute('http.response.status_code', answer.statusCode);
      if (answer.statusCode >= 500) fail(span, String(answer.statusCode));
    });
  };

  /** Does `work` in a span of its own; `describe` says what came of it. Attributes that are there at the start cost twice as much. */
  async #during<Result>(
    name: string,
    kind: SpanKind,
    parent: Context,
    work: () => Promise<Result>,
    describe: (span: Span, result: Result) => void,
  ): Promise<Result> {
    const span = this.#tracer.startSpan(name, { kind }, parent);
    try {
      const result = await context.with(trace.setSpan(parent, span), work);
      if (span.isRecording()) describe(span, result);
      return result;
    } catch (error) {
      fail(span, nameOf(error));
      throw error;
    } finally {
      span.end();
    }
  }
}

/** The span that a context of ours names. */
const spanIn = (here: object | null | undefined): Span | undefined =>
  here === null || here === undefined ? undefined : trace.getSpan(here as Context);

/** Whether somebody will see it: where not, nothing within it is worth any work. */
const isSampled = (span: Span | undefined): boolean =>
  span !== undefined && (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}

/** A code or a name. Never the message: a database prints the row that it refuses into it. */
function nameOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** The span around this moment, which embedders may have, or else the one that a request names. */
function parentOf(headers: IncomingHttpHeaders): Context {
  const active = context.active();
  const parent = traceParentIn(headers);
  if (parent === null || trace.getSpan(active) !== undefined) return active;
  return trace.setSpanContext(active, { ...parent, isRemote: true });
}

function serverOf(origin: string): Record<string, string | number> {
  const { hostname, port, protocol } = new URL(origin);
  return {
    'http.request.method': 'POST',
    'url.template': UPSTREAM_ROUTE,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
