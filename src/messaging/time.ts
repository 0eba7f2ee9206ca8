/** Instants in microseconds, read from and written as RFC 3339. */
import type { Micros } from './message.js';

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** The instant of an RFC 3339 text, cut to microseconds; `null` for anything else, as for 30 February. */
export function parseTime(text: string): Micros | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, seconds = '', fraction = '', zone = ''] = match;
  const wallClock = Date.parse(`${seconds}Z`);
  // Date.parse turns 30 February into 1 March instead of refusing it.
  if (Number.isNaN(wallClock) || !new Date(wallClock).toISOString().startsWith(seconds)) return null;
  const instant = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(instant) ? null : instant * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** RFC 3339 in UTC, with no more digits than the instant needs: seconds, milliseconds or microseconds. */
export function formatTime(time: Micros): string {
  const millis = Math.floor(time / 1000);
  const iso = new Date(millis).toISOString();
  const micros = time - millis * 1000;
  if (micros !== 0) return iso.replace('Z', `${String(micros).padStart(3, '0')}Z`);
  return iso.replace('.000Z', 'Z');
}
