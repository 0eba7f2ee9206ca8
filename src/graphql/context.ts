/** What belongs to one GraphQL request. */
import type { ErrorCode } from '../errors.js';
import type { Attachment, Attachments } from '../messaging/attachment.js';
import { numbersReadableBy, readableBy, sendsReadableBy, type Caller, type SignedIn } from '../messaging/caller.js';
import type { Message } from '../messaging/message.js';
import type { ChangeStream } from '../messaging/change-stream.js';
import type { MessageFeed } from '../messaging/message-feed.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import type { MessageService } from '../messaging/message-service.js';
import { AnswerBudget } from './answer-budget.js';
import { createLoaders, type Loaders } from './loaders.js';

export interface RequestContext {
  /** In the answer's errors, its `x-request-id` header and the log. */
  readonly requestId: string;
  /** The trace that the request belongs to; null where it says none. */
  readonly traceId: string | null;
  /** What follows the request, and its sends; null where nobody traces it. */
  readonly span: object | null;
  /** The codes of what its caller is told, as errors or as data; each once. */
  readonly codes: ErrorCode[];
  /** Who asks, and owns messages and idempotency keys. */
  readonly caller: Caller;
  /** When the caller's credential expires, in milliseconds since the epoch; null for never. Its subscriptions end then. */
  readonly expiresAt: number | null;
  readonly loaders: Loaders;
  /** What the answer may still hold. */
  readonly budget: AnswerBudget;
  readonly feed: MessageFeed;
  readonly changes: ChangeStream;
  /** The attachments of a message, with addresses for whoever asks. */
  readonly attachmentsOf: (message: Message) => Promise<Attachment[]>;
  /** Logs the cause of a failure that callers only see as INTERNAL_SERVER_ERROR. */
  readonly onInternalError: (error: unknown) => void;
}

export interface ContextParts {
  readonly messages: MessageService;
  readonly feed: MessageFeed;
  readonly changes: ChangeStream;
  readonly attachments: Attachments;
  readonly optOuts: Pick<OptOuts, 'areOptedOut'>;
  readonly onInternalError: (requestId: string, error: unknown) => void;
}

/** What a request is known by, and what it is told. */
export type RequestMarks = Pick<RequestContext, 'requestId' | 'traceId' | 'span' | 'codes'>;

/** `base` is the URL under which the client reaches this server, without a slash behind; null, as by default, if it cannot. */
export type ContextFactory = (marks: RequestMarks, signedIn: SignedIn, base?: string | null) => RequestContext;

export function contextFactory(parts: ContextParts): ContextFactory {
  const { messages, feed, changes, attachments, optOuts, onInternalError } = parts;
  return ({ requestId, traceId, span, codes }, { caller, expiresAt }, base = null) => {
    const budget = new AnswerBudget();
    const find = (ids: readonly string[]): Promise<(Message | null)[]> =>
      messages.messagesById(ids, readableBy(caller));
    return {
      requestId,
      traceId,
      span,
      codes,
      caller,
      expiresAt,
      loaders: createLoaders({
        messages: (ids) => budget.readById(ids, find, (message) => message),
        sends: (ids) =>
          budget.readById(
            ids,
            (some) => messages.sendsById('sendId', some, sendsReadableBy(caller)),
            (send) => send?.message ?? null,
          ),
        // Their messages were read, and counted, before.
        sendsOfMessages: async (ids) => messages.sendsById('messageId', ids, sendsReadableBy(caller)),
        conversations: (ids) =>
          budget.readById(
            ids,
            (some) => messages.conversationsById(some, numbersReadableBy(caller)),
            (found) => found?.lastMessage ?? null,
          ),
        // Of conversations, which were read and counted before.
        optOuts: (pairs) => optOuts.areOptedOut(pairs),
      }),
      budget,
      feed,
      changes,
      attachmentsOf: (message) => attachments.of(message, base),
      onInternalError: (error) => {
        onInternalError(requestId, error);
      },
    };
  };
}
