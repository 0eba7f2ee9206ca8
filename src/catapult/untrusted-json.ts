/** Reads JSON that upstream wrote: each value is checked before it is used. Nothing here throws. */
import type { Micros } from '../messaging/message.js';
import { parseTime } from '../messaging/time.js';

/** The longest id that is believed. Catapult's have 29 characters; its search also speaks of UUIDs. */
const MAX_ID_LENGTH = 255;
/** What PostgreSQL's INTEGER and GraphQL's Int can hold. Above it a count or code is nonsense, and fails both. */
const MAX_INTEGER = 2 ** 31 - 1;

/** The value of a JSON text; undefined where the text is not JSON. */
export function parseJson(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString()) as unknown;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function idOf(value: unknown): string | null {
  const id = stringOf(value);
  return id === null || id.trim() === '' || id.length > MAX_ID_LENGTH ? null : id;
}

export function timeOf(value: unknown): Micros | null {
  const text = stringOf(value);
  return text === null ? null : parseTime(text);
}

export function integerOf(value: unknown): number | null {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_INTEGER ? (value as number) : null;
}

/** Some answers and callbacks leave out the plus of a number. Short codes have at most six digits and never had one. */
export function withPlus(number: string): string {
  return /^\d{7,15}$/.test(number) ? `+${number}` : number;
}
