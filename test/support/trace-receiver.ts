/** A receiver of OTLP over HTTP, as collectors have it: keeps the spans that come, as Protocol Buffers. */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { listen, stopListening } from './listen.js';

/** What is read here of opentelemetry/proto/collector/trace/v1/trace_service.proto and of what it imports. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5;
    }
  }
`);
const REQUEST = root.lookupType('Request');

/** The one of them that is set. */
interface Value {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly Value[] };
}
type Attributes = readonly { readonly key: string; readonly value: Value }[];

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly status: { readonly code: number; readonly message: string } | null;
}

export interface ReceivedSpan extends Omit<WireSpan, 'attributes' | 'events' | 'status'> {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly hasFailed: boolean;
}

export interface TraceReceiver {
  /** Its origin, without a path. */
  readonly url: string;
  readonly spans: () => readonly ReceivedSpan[];
  /** What the first request said of the process that it came from. */
  readonly resource: () => Readonly<Record<string, unknown>>;
  /** All that came, a character for each byte: texts stand in it as they are. */
  readonly raw: () => string;
  readonly close: () => Promise<void>;
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces') bodies.push(body);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  const port = await listen(server);
  const all = (): WireRequest['resourceSpans'] => bodies.flatMap((body) => requestIn(body).resourceSpans);
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => all().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(received))),
    resource: () => valuesOf(all()[0]?.resource.attributes ?? []),
    raw: () => Buffer.concat(bodies).toString('latin1'),
    close: () => stopListening(server),
  };
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

const requestIn = (body: Buffer): WireRequest =>
  REQUEST.toObject(REQUEST.decode(body), { longs: String, defaults: true, oneofs: false }) as WireRequest;

function received(span: WireSpan): ReceivedSpan {
  const hex = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex');
  return {
    ...span,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
    hasFailed: span.status?.code === 2,
  };
}

const valuesOf = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

function valueOf({ stringValue, boolValue, intValue, doubleValue, arrayValue }: Value): unknown {
  if (arrayValue !== undefined) return arrayValue.values.map(valueOf);
  return stringValue ?? boolValue ?? doubleValue ?? Number(intValue);
}
