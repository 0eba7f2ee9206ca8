/** Batches the lookups of one request: N ids, one query. */
import DataLoader from 'dataloader';
import type { ConsentPair } from '../messaging/consent.js';
import type { Message } from '../messaging/message.js';
import type { StoredConversation, StoredSend } from '../messaging/ports.js';

export interface Loaders {
  /** Messages by Catapult's id; `null` for one that is not known here. */
  readonly messages: DataLoader<string, Message | null>;
  /** Sends by their id; `null` for one that is not known here. */
  readonly sends: DataLoader<string, StoredSend | null>;
  /**
   * Sends by the id of their message; `null` for a message that came in. Nothing is remembered: all events of a
   * subscription share their loaders, and each tells what is so then.
   */
  readonly sendsOfMessages: DataLoader<string, StoredSend | null>;
  /** Conversations by their id; `null` for one that is not known here. Nothing is remembered, as above. */
  readonly conversations: DataLoader<string, StoredConversation | null>;
  /** Whether a recipient has opted out of messages from a number. Nothing is remembered, as above. */
  readonly optOuts: DataLoader<ConsentPair, boolean>;
}

/** Each answers many ids with one query. */
export interface Lookups {
  readonly messages: (ids: readonly string[]) => Promise<(Message | null)[]>;
  readonly sends: (ids: readonly string[]) => Promise<(StoredSend | null)[]>;
  readonly sendsOfMessages: (ids: readonly string[]) => Promise<(StoredSend | null)[]>;
  readonly conversations: (ids: readonly string[]) => Promise<(StoredConversation | null)[]>;
  readonly optOuts: (pairs: readonly ConsentPair[]) => Promise<boolean[]>;
}

/** New loaders for one request: their cache must not outlive it. */
export function createLoaders({ messages, sends, sendsOfMessages, conversations, optOuts }: Lookups): Loaders {
  // Async, so that a refusal rejects every lookup instead of counting as a mistake in the batch function.
  return {
    messages: new DataLoader(async (ids) => messages(ids)),
    sends: new DataLoader(async (ids) => sends(ids)),
    sendsOfMessages: new DataLoader(async (ids) => sendsOfMessages(ids), { cache: false }),
    conversations: new DataLoader(async (ids) => conversations(ids), { cache: false }),
    optOuts: new DataLoader(async (pairs) => optOuts(pairs), { cache: false }),
  };
}
