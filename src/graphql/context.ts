/** What belongs to one GraphQL request. */
import type { MessageFeed } from '../messaging/message-feed.js';
import type { MessageService } from '../messaging/message-service.js';
import { createLoaders, type Loaders } from './loaders.js';

export interface RequestContext {
  /** Stands in the answer's errors, in its `x-request-id` header and in the log. */
  readonly requestId: string;
  /** Who asks: idempotency keys are scoped to it. */
  readonly caller: string;
  readonly loaders: Loaders;
  readonly feed: MessageFeed;
  /** Tells the log of a failure that the caller only hears of as INTERNAL_SERVER_ERROR. */
  readonly onInternalError: (error: unknown) => void;
}

export interface ContextParts {
  readonly messages: MessageService;
  readonly feed: MessageFeed;
  readonly onInternalError: (requestId: string, error: unknown) => void;
}

export type ContextFactory = (requestId: string, caller: string) => RequestContext;

export function contextFactory({ messages, feed, onInternalError }: ContextParts): ContextFactory {
  return (requestId, caller) => ({
    requestId,
    caller,
    loaders: createLoaders((ids) => messages.messagesById(ids)),
    feed,
    onInternalError: (error) => {
      onInternalError(requestId, error);
    },
  });
}
