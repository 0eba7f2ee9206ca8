/** Batches the lookups of one request: N ids, one query. */
import DataLoader from 'dataloader';
import type { Message } from '../messaging/message.js';

export interface Loaders {
  /** Messages by Catapult's id; `null` for one that is not known here. */
  readonly messages: DataLoader<string, Message | null>;
}

/** New loaders for one request: their cache must not outlive it. `messagesById` answers many ids with one query. */
export function createLoaders(messagesById: (ids: readonly string[]) => Promise<(Message | null)[]>): Loaders {
  // Async, so that a refusal rejects every lookup instead of counting as a mistake in the batch function.
  return { messages: new DataLoader(async (ids) => messagesById(ids)) };
}
