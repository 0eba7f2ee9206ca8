/**
 * Spans, made by hand: of operations, of claims and records, of requests upstream and of callbacks. An attribute holds a
 * word from a closed set, an id that this server made, a measurement, or the name of an operation: nothing personal.
 * Nothing of this is loaded unless traces are wanted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import {
  context,
  createContextKey,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { ErrorCode } from '../errors.js';
import { traceParentIn, type OnRequest, type OperationSpans } from '../http/request-event.js';
import type { Cancellation } from '../messaging/cancellation.js';
import type { SendReport } from '../messaging/message-service.js';
import type { MessageStore, NewSend } from '../messaging/ports.js';
import { replacing, type TakenEvent } from './metrics.js';

/** What was seen of one request upstream. */
interface Seen {
  /** Null where no answer came. */
  readonly status: number | null;
  /** The code of what went wrong; null where nothing did. */
  readonly failure: string | null;
}

/** What makes the requests of sends. Those of one send share their `signal`. */
interface Poster<Answer extends Seen> {
  post(body: string, signal: Cancellation, mayStart: () => boolean): Promise<Answer>;
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
/** How many events of a callback there were, by what came of them. */
const COUNTS = createContextKey('events of a callback');

export class Tracing implements OperationSpans {
  readonly #tracer: Tracer;
  /** Where the work of this moment belongs. */
  readonly #current = new AsyncLocalStorage<Context>();
  readonly #operations = new WeakMap<object, { readonly span: Span; readonly context: Context }>();
  /** Of records that failed. Others may try them again: they still belong to their own send. */
  readonly #failedRecords = new Map<string, Context>();

  constructor(provider: TracerProvider, version: string) {
    this.#tracer = provider.getTracer('catapult-graphql', version);
  }

  begin(facts: Parameters<OperationSpans['begin']>[0], headers: IncomingHttpHeaders): void {
    const parent = parentOf(headers);
    const span = this.#tracer.startSpan('GraphQL Operation', { kind: SpanKind.SERVER, startTime: facts.since }, parent);
    // So the log has it, too.
    facts.traceId ??= span.spanContext().traceId;
    this.#operations.set(facts, { span, context: trace.setSpan(parent, span) });
  }

  during<Result>(facts: object, work: () => Result): Result {
    const operation = this.#operations.get(facts);
    return operation === undefined ? work() : this.#within(operation.context, work);
  }

  /** Ends the span of an operation. */
  readonly onRequest: OnRequest = ({ transport, kind, operationName, codes, status }, facts) => {
    const span = this.#operations.get(facts)?.span;
    if (span === undefined) return;
    this.#operations.delete(facts);
    if (kind !== null) span.updateName(kind).setAttribute('graphql.operation.type', kind);
    if (operationName !== null) span.setAttribute('graphql.operation.name', operationName);
    if (status !== null) span.setAttribute('http.response.status_code', status);
    span.setAttribute('catapult_graphql.transport', transport);
    if (codes.length > 0) span.setAttribute('catapult_graphql.codes', [...codes]);
    const fault = codes.find((code) => FAULTS.has(code));
    if (fault !== undefined) fail(span, fault);
    // Its start is by this clock, too.
    span.end(performance.now());
  };

  /** What became of a send, as an event of its operation, which may have several. */
  readonly onSend = ({ sendId, outcome, code, attempts }: SendReport): void => {
    trace.getSpan(this.#here())?.addEvent('send', {
      'catapult_graphql.send_id': sendId,
      'catapult_graphql.outcome': outcome,
      'catapult_graphql.attempts': attempts,
      ...(code !== null && { 'catapult_graphql.code': code }),
    });
  };

  /** The same store; its claims and records have spans. */
  traced<Store extends MessageStore>(store: Store): Store {
    return replacing(store, {
      claim: (send: NewSend) =>
        this.#during('store claim', { kind: SpanKind.INTERNAL }, this.#here(), async (span) => {
          const claim = await store.claim(send);
          span.setAttribute('catapult_graphql.claim', claim.kind);
          return claim;
        }),
      record: async (...args: Parameters<MessageStore['record']>) => {
        const [sendId, { status }] = args;
        const parent = this.#failedRecords.get(sendId) ?? this.#here();
        const options = { kind: SpanKind.INTERNAL, attributes: { 'catapult_graphql.outcome': status } };
        try {
          await this.#during('store record', options, parent, () => store.record(...args));
          this.#failedRecords.delete(sendId);
        } catch (error) {
          this.#failedRecords.set(sendId, parent);
          throw error;
        }
      },
    });
  }

  /** The same account; its requests have spans. `origin` is where they go. */
  tracedAccount<Answer extends Seen>(account: Poster<Answer>, origin: string): Poster<Answer> {
    const where = serverOf(origin);
    const requests = new WeakMap<Cancellation, number>();
    return {
      post: (body, signal, mayStart) => {
        const resends = requests.get(signal) ?? 0;
        requests.set(signal, resends + 1);
        const attributes = { ...where, ...(resends > 0 && { 'http.request.resend_count': resends }) };
        const options = { kind: SpanKind.CLIENT, attributes };
        return this.#during(`POST ${UPSTREAM_ROUTE}`, options, this.#here(), async (span) => {
          const seen = await account.post(body, signal, mayStart);
          const { status, failure } = seen;
          if (status !== null) span.setAttribute('http.response.status_code', status);
          // Every success is 2xx; a redirect is none, since it is not followed.
          const wrong = failure ?? (status !== null && status >= 300 ? String(status) : null);
          if (wrong !== null) fail(span, wrong);
          return seen;
        });
      },
    };
  }

  /** Does the work of a callback from upstream; then `answer` has its status. */
  readonly aroundCallback = <Result>(
    headers: IncomingHttpHeaders,
    answer: { readonly statusCode: number },
    work: () => Promise<Result>,
  ): Promise<Result> => {
    const counts = new Map<string, number>();
    const attributes = { 'http.request.method': 'POST', 'http.route': CALLBACK_ROUTE };
    const parent = parentOf(headers).setValue(COUNTS, counts);
    return this.#during(`POST ${CALLBACK_ROUTE}`, { kind: SpanKind.SERVER, attributes }, parent, async (span) => {
      const result = await work();
      for (const [result, count] of counts) span.setAttribute(`catapult_graphql.events.${result.toLowerCase()}`, count);
      span.setAttribute('http.response.status_code', answer.statusCode);
      if (answer.statusCode >= 500) fail(span, String(answer.statusCode));
      return result;
    });
  };

  /** Counts the events of a callback, in its span. */
  readonly onEvent = ({ result, count }: Pick<TakenEvent, 'result' | 'count'>): void => {
    const counts = this.#here().getValue(COUNTS) as Map<string, number> | undefined;
    if (counts !== undefined) counts.set(result, (counts.get(result) ?? 0) + count);
  };

  /** Whoever embeds this server may have spans of its own around our work. */
  #here(): Context {
    return this.#current.getStore() ?? context.active();
  }

  #within<Result>(here: Context, work: () => Result): Result {
    return this.#current.run(here, () => context.with(here, work));
  }

  /** Does `work` in a span of its own. */
  async #during<Result>(
    name: string,
    options: { readonly kind: SpanKind; readonly attributes?: Attributes },
    parent: Context,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result> {
    const span = this.#tracer.startSpan(name, options, parent);
    try {
      return await this.#within(trace.setSpan(parent, span), () => work(span));
    } catch (error) {
      fail(span, nameOf(error));
      throw error;
    } finally {
      span.end();
    }
  }
}

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

function serverOf(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin);
  return {
    'http.request.method': 'POST',
    'url.template': UPSTREAM_ROUTE,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
