/** A receiver of OTLP over HTTP, as collectors have it: keeps the spans that come, as JSON. */
import { startEndpoint, type Endpoint } from './endpoint.js';

type Value = { stringValue: string } | { intValue: number } | { arrayValue: { values: { stringValue: string }[] } };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly status: { readonly code: number };
}

export interface ReceivedSpan extends Omit<WireSpan, 'attributes' | 'events' | 'status'> {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly hasFailed: boolean;
}

export interface TraceReceiver extends Endpoint {
  /** All that came, as it came. */
  readonly bodies: readonly string[];
  readonly spans: () => readonly ReceivedSpan[];
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const bodies: string[] = [];
  const { url, close } = await startEndpoint((response, body, request) => {
    if (request.url === '/v1/traces') bodies.push(body);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  return { url, close, bodies, spans: () => bodies.flatMap(spansIn) };
}

function spansIn(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: WireSpan[] }[] }[] };
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map((span) => ({
      ...span,
      attributes: valuesOf(span.attributes),
      events: span.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
      hasFailed: span.status.code === 2,
    }));
}

const valuesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

function valueOf(value: Value): unknown {
  return 'arrayValue' in value
    ? value.arrayValue.values.map(({ stringValue }) => stringValue)
    : (Object.values(value)[0] as unknown);
}
