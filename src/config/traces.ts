/** Whether traces are wanted, by OpenTelemetry's standard variables, and whether its SDK can use what these say. */
import type { ConfigReader, Range } from './reader.js';

/** Those of the standard. The ones with a ratio read OTEL_TRACES_SAMPLER_ARG. */
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);
/** Longer timers overflow and end at once. */
const MS: Range = { min: 1, max: 2 ** 31 - 1 };
/** Of spans: more would be gigabytes. */
const SPANS: Range = { min: 1, max: 1_000_000 };

/**
 * True where a receiver is named and nothing turns traces off. Only then the others are judged: an environment may be shared
 * with software that can do more. The SDK takes its default for what it cannot use, and says nothing.
 */
export function readTraces(reader: ConfigReader): boolean {
  const isUrl = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);
  const receivers = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (receivers.every((name) => reader.read(name) === null)) return false;
  const isDisabled = reader.readOneOf('OTEL_SDK_DISABLED', ['true', 'false'], 'false', 'in any case') === 'true';
  const exporter = reader.readOneOf('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp', 'in any case');
  if (isDisabled || exporter === 'none') return false;
  for (const name of receivers) reader.readText(name, isUrl, 'an http or https URL');
  for (const scope of ['', '_TRACES']) {
    reader.readOneOf(`OTEL_EXPORTER_OTLP${scope}_PROTOCOL`, ['http/protobuf'], 'http/protobuf');
    reader.readOneOf(`OTEL_EXPORTER_OTLP${scope}_COMPRESSION`, ['gzip', 'none'], 'none');
    reader.readNumber(`OTEL_EXPORTER_OTLP${scope}_TIMEOUT`, 10_000, MS);
    const areHeaders = (text: string): boolean => text.split(',').every((item) => /^\s*[^\s=,;]+\s*=/.test(item));
    reader.readText(`OTEL_EXPORTER_OTLP${scope}_HEADERS`, areHeaders, 'name=value, separated by commas');
  }
  const sampler = reader.readOneOf('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on');
  const isShare = (text: string): boolean => /^\d*\.?\d+$/.test(text) && Number(text) <= 1;
  const share = reader.readText('OTEL_TRACES_SAMPLER_ARG', isShare, 'a share from 0 to 1, such as 0.01');
  if (SAMPLERS.includes(sampler) && sampler.endsWith('ratio') && share === null)
    reader.addProblem(`OTEL_TRACES_SAMPLER_ARG is missing: it goes with OTEL_TRACES_SAMPLER=${sampler}.`);
  const queue = reader.readNumber('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, SPANS);
  const batch = reader.readNumber('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, SPANS);
  if (batch > queue && reader.read('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') !== null)
    reader.addProblem('OTEL_BSP_MAX_EXPORT_BATCH_SIZE must not be greater than OTEL_BSP_MAX_QUEUE_SIZE.');
  for (const name of ['OTEL_BSP_SCHEDULE_DELAY', 'OTEL_BSP_EXPORT_TIMEOUT']) reader.readNumber(name, 5_000, MS);
  return true;
}
