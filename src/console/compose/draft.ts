/** A message that is being written. It survives a reload of its tab. */
import type { KeyedInput } from '../outbox.js';
import { newId } from '../parts/new-id.js';
import { DRAFT } from '../session.js';
import type { Mistakes } from '../words.js';

export interface Draft {
  readonly input: Omit<KeyedInput, 'idempotencyKey'>;
  /** The key of a try that did not go out: corrected, it is still the same message. Null before the first try. */
  readonly key: string | null;
  /** What that try found wrong. */
  readonly mistakes: Mistakes;
}

export const newDraft = (from: string, to: readonly string[]): Draft => ({
  input: { from, to, text: '' },
  key: null,
  mistakes: {},
});

/** The draft with its key: made when it is sent for the first time. */
export const keyed = ({ key }: Draft, input: Draft['input']): KeyedInput => ({
  ...input,
  idempotencyKey: key ?? newId(),
});

/** @param place whose draft it is, and for which conversation. */
export function keptDraft(place: string): Draft | null {
  const kept = sessionStorage.getItem(DRAFT + place);
  return kept === null ? null : (JSON.parse(kept) as Draft);
}

export function keepDraft(place: string, draft: Draft): void {
  try {
    sessionStorage.setItem(DRAFT + place, JSON.stringify(draft));
  } catch {
    // There is no room for it. So it is far too long to be sent, as the server says.
  }
}

export function dropDraft(place: string): void {
  sessionStorage.removeItem(DRAFT + place);
}
