/** Where spans go: to the receiver that OpenTelemetry's standard variables name. Its SDK is loaded only if they name one. */
import type { TracerProvider } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';

type Environment = Readonly<Record<string, string | undefined>>;

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

/** Whether the standard variables ask for traces. */
function areTracesWanted(environment: Environment): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = environment;
  const { OTEL_SDK_DISABLED: isDisabled, OTEL_TRACES_EXPORTER: exporter } = environment;
  const hasReceiver = isGiven(all) || isGiven(traces);
  return hasReceiver && isDisabled?.trim().toLowerCase() !== 'true' && exporter?.trim().toLowerCase() !== 'none';
}

const isGiven = (value: string | undefined): boolean => value !== undefined && value.trim() !== '';

/** Null where nobody wants traces. The SDK reads the variables of its own: headers, sampler, batches, service. */
export async function openTraceExport(
  environment: Environment,
  { version, onFailure }: TraceExportOptions,
): Promise<TraceExport | null> {
  if (!areTracesWanted(environment)) return null;
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
