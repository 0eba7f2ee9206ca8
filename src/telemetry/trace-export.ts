/** Where spans go: to the receiver that OpenTelemetry's standard variables name. Its SDK is loaded only where somebody wants traces. */
import type { TracerProvider } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface TraceExport {
  readonly provider: TracerProvider;
  /** Sends what was not sent yet, for `patienceMs` at most. Never rejects. */
  close(patienceMs: number): Promise<void>;
}

export interface TraceExportOptions {
  readonly version: string;
  /** Called for each batch that the receiver did not take: it is lost. */
  readonly onFailure: (error: unknown) => void;
}

/** The SDK reads the standard variables of its own: receiver, headers, sampler, batches, service. */
export async function openTraceExport({ version, onFailure }: TraceExportOptions): Promise<TraceExport> {
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
  ]);
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const ours = resourceFromAttributes({ 'service.name': 'catapult-graphql', 'service.version': version });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(ours)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(watched(new OTLPTraceExporter(), onFailure))],
  });
  return {
    provider,
    close: (patienceMs) => inTime(provider.shutdown(), patienceMs),
  };
}

/** The SDK itself says nothing of a failure. */
function watched(exporter: SpanExporter, onFailure: (error: unknown) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onFailure(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** What is not sent by then ends with the process. */
async function inTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  // A failure was reported by the exporter.
  await Promise.race([work.catch(() => undefined), enough]);
  clearTimeout(timer);
}
