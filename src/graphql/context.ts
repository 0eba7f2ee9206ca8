/** What belongs to one GraphQL request. */
import type { MessageFeed } from '../messaging/message-feed.js';
import type { Loaders } from './loaders.js';

export interface RequestContext {
  /** Stands in the answer's errors, in its `x-request-id` header and in the log. */
  readonly requestId: string;
  /** Who asks: idempotency keys are scoped to it. */
  readonly caller: string;
  readonly loaders: Loaders;
  readonly feed: MessageFeed;
}
