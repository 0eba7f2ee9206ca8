/** How long messages are kept. */
import { MIN_RETENTION_MS } from '../messaging/retention.js';
import type { ConfigReader } from './reader.js';

const UNIT_MS: Readonly<Record<string, number>> = { d: 24 * 3_600_000, h: 3_600_000 };
/** A hundred years: what is longer was mistyped. */
const MAX_RETENTION_MS = 36_525 * 24 * 3_600_000;

/** In milliseconds; null for ever. */
export function readRetention(reader: ConfigReader): number | null {
  const text = reader.read('RETAIN_MESSAGES');
  if (text === null) return null;
  const [, count = '', unit = ''] = /^(\d{1,9})([dh])$/.exec(text) ?? [];
  const retainMs = Number(count) * (UNIT_MS[unit] ?? NaN);
  if (!(retainMs >= MIN_RETENTION_MS && retainMs <= MAX_RETENTION_MS)) {
    reader.addProblem(
      'RETAIN_MESSAGES must be a number of days or hours such as 90d or 2160h, at least 4d: idempotency keys live for 72 hours, and files of incoming messages are copied for 48.',
    );
  }
  return retainMs;
}
