/** Spans, kept in this process: all of them, and how many have not ended. */
import type { TracerProvider } from '@opentelemetry/api';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';

export interface KeptSpans {
  readonly provider: TracerProvider;
  readonly ended: readonly ReadableSpan[];
  /** How many have begun and not ended. */
  readonly open: () => number;
  /** All that the ended ones say, as text. */
  readonly said: () => string;
}

export function keepSpans(): KeptSpans {
  const ended: ReadableSpan[] = [];
  let begun = 0;
  const provider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: () => void (begun += 1),
        onEnd: (span) => ended.push(span),
        shutdown: () => Promise.resolve(),
        forceFlush: () => Promise.resolve(),
      },
    ],
  });
  return {
    provider,
    ended,
    open: () => begun - ended.length,
    said: () =>
      JSON.stringify(
        ended.map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status })),
      ),
  };
}
