/** The claim of a token that lists its caller's numbers. */
import type { JWTPayload } from 'jose';
import { areNumbers } from '../messaging/caller.js';

const NONE: ReadonlySet<string> = new Set();

/**
 * The numbers in a claim: a list of them, or one text with spaces or commas between them. None without the claim, since
 * an omission must not widen a right. `MALFORMED` for everything else, and for more than a caller may have: such a token
 * is not valid, because a part of what it says would be another right.
 */
export function numbersIn(payload: JWTPayload, claim: string): ReadonlySet<string> | 'MALFORMED' {
  if (!Object.hasOwn(payload, claim)) return NONE;
  const value = payload[claim];
  const items: unknown = typeof value === 'string' ? value.split(/[ ,]+/).filter((item) => item !== '') : value;
  return Array.isArray(items) && areNumbers(items) ? new Set(items) : 'MALFORMED';
}
