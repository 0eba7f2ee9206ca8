/** A message that is being written. */
import type { MessageInput } from './generated/graphql';
import type { Place } from './route';
import type { Mistakes } from './words';

/** A message with its key. The key stays while the message is corrected and repeated. */
export type KeyedInput = MessageInput & { readonly to: readonly string[]; readonly idempotencyKey: string };

export interface Draft {
  readonly input: KeyedInput;
  /** What a first try to send it found wrong. */
  readonly mistakes: Mistakes;
}

export function newDraft({ owner, participants }: Place): Draft {
  const input = { from: owner, to: participants, text: '', idempotencyKey: crypto.randomUUID() };
  return { input, mistakes: {} };
}
