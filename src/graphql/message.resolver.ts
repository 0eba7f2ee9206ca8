/** The operations on messages. */
import 'reflect-metadata';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { ServiceError } from '../errors.js';
import { noteCode } from '../http/request-event.js';
import { failureOf, type DeliveryFailure } from '../messaging/delivery-failure.js';
import { readableBy, readableByNumber, refusalWithout, type Caller } from '../messaging/caller.js';
import type { Update } from '../messaging/change-stream.js';
import type { Delivery, Message, MessageEvent, RequestedMessage } from '../messaging/message.js';
import { fits } from '../messaging/message-filter.js';
import type { MessageService } from '../messaging/message-service.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import { segmentsOf, type Segmentation } from '../messaging/segments.js';
import type { RequestContext } from './context.js';
import { PageArgs, pageOf } from './connection.js';
import { decodeChangeCursor, encodeChangeCursor } from './change-cursor.js';
import {
  messageConnection,
  MessageConnectionType,
  messageFilter,
  MessageFilterInput,
  MessageUpdateType,
  type MessagePage,
} from './message.connection.js';
import { MessageInput, MessagePreviewInput, requestedMessage } from './message.input.js';
import { problemOf, SubmitMessageResult, type Problem } from './message.problem.js';
import { DateTime } from './date-time.js';
import {
  DeliveryFailureType,
  DeliveryType,
  MessageEventType,
  MessagePreviewType,
  MessageType,
} from './message.type.js';
import { isOwnFault } from './public-error.js';
import { checkInput, mistakesOf } from './rule.js';

/** What TypeGraphQL passes to `subscribe`. */
interface SubscribeData<Args> {
  readonly args: Args;
  readonly context: RequestContext;
}

@Resolver(() => MessageType)
export class MessageResolver {
  readonly #messages: MessageService;
  readonly #policy: SendPolicy;

  constructor(messages: MessageService, policy: SendPolicy) {
    this.#messages = messages;
    this.#policy = policy;
  }

  @Mutation(() => MessageType, {
    nullable: true,
    description:
      'Sends a message at most once, and returns it as Catapult accepted it: queued, not yet delivered. If it fails, this field is null, and its entry in `errors` says in `extensions.outcome` whether the message went out: `NOT_SENT` or `UNKNOWN`. Other sends in the same operation keep their answers.',
  })
  sendMessage(
    @Arg('input', () => MessageInput, { description: 'The message to send.' }) input: MessageInput,
    @Ctx() context: RequestContext,
  ): Promise<Message> {
    return this.#send(input, context);
  }

  @Mutation(() => SubmitMessageResult, {
    description:
      'Sends a message exactly as `sendMessage` does, and returns every failure as data. Use it behind a router that masks `errors`, or to get typed failures.',
  })
  async submitMessage(
    @Arg('input', () => MessageInput, { description: 'The message to send.' }) input: MessageInput,
    @Ctx() context: RequestContext,
  ): Promise<Message | Problem> {
    try {
      return await this.#send(input, context);
    } catch (error) {
      // Nothing may be thrown: this field is not nullable, so an error would erase the answers of other sends.
      const failure = error instanceof ServiceError ? error : new ServiceError('INTERNAL_SERVER_ERROR');
      if (isOwnFault(failure.code)) context.onInternalError(error);
      noteCode(context.codes, failure.code);
      return problemOf(failure, context.requestId);
    }
  }

  async #send(input: MessageInput, { caller, requestId, traceId, span }: RequestContext): Promise<Message> {
    const message = requestedMessage(input);
    const refusal = this.#refusalOf(input, message, caller);
    const { idempotencyKey = null } = input;
    return this.#messages.send({ message, caller: caller.name, idempotencyKey, requestId, traceId, span, refusal });
  }

  /** Why this may not be sent; null when it may. Throws at once for an invalid key, which no earlier send can have. */
  #refusalOf(input: MessageInput, message: RequestedMessage, caller: Caller): ServiceError | null {
    const forbidden = refusalWithout('messages:send', caller, { outcome: 'NOT_SENT' });
    if (forbidden !== null) return forbidden;
    const fieldErrors = mistakesOf('input', input);
    if (fieldErrors.length === 0) return this.#policy.refusalOf(message, caller);
    const refusal = new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors });
    if (fieldErrors.some(({ path }) => path[1] === 'idempotencyKey')) throw refusal;
    return refusal;
  }

  @Query(() => MessageType, {
    nullable: true,
    description: 'The message with this id; null if it is not known here, or is not yours to see.',
  })
  message(
    @Arg('id', () => ID, { description: "Catapult's id of the message." }) id: string,
    @Ctx() { loaders }: RequestContext,
  ): Promise<Message | null> {
    return loaders.messages.load(id);
  }

  @Query(() => MessageConnectionType, {
    description:
      "The messages that you sent, and all from and to your numbers, newest first, page by page, from either end. With `messages:read-all`, everybody's. A page stays the same while new messages arrive.",
  })
  messages(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => MessageFilterInput, {
      nullable: true,
      description: 'Which messages to list; all if absent.',
    })
    filter: MessageFilterInput | null,
    @Ctx() { caller, budget }: RequestContext,
  ): Promise<MessagePage> {
    const whose = readableBy(caller);
    if (filter != null) checkInput('filter', filter);
    return messageConnection(this.#messages, budget, messageFilter(filter, whose), pageOf(args));
  }

  @Query(() => MessagePreviewType, {
    description: 'Shows how a text would be encoded and split into segments. Sends nothing.',
  })
  previewMessage(
    @Arg('input', () => MessagePreviewInput, { description: 'The text to preview.' }) input: MessagePreviewInput,
  ): Segmentation {
    checkInput('input', input);
    return segmentsOf(input.text);
  }

  @Subscription(() => MessageType, {
    description:
      'The message as it is now, and again after every change. Ends when no more changes are expected. If changes come faster than they are read, only the latest state is sent. Error code: `UNKNOWN_MESSAGE`.',
    subscribe: ({ args, context }: SubscribeData<{ id: string }>) =>
      context.feed.updates(args.id, readableBy(context.caller)),
  })
  messageUpdated(
    @Root() message: Message,
    @Arg('id', () => ID, { description: "Catapult's id of the message." }) _id: string,
  ): Message {
    return message;
  }

  @Subscription(() => MessageUpdateType, {
    description:
      "Every message that you may see, in and out, when it appears and after each change, as it is then. You may see what you sent, and all messages from and to your numbers; with `messages:read-all`, everybody's. Nothing is missed or repeated: to go on after a break, pass the last `cursor` as `since`. Of changes that come faster than they are read, some may be left out, but never the latest.",
    subscribe: ({ args, context }: SubscribeData<{ filter?: MessageFilterInput | null; since?: string | null }>) => {
      const whose = readableBy(context.caller);
      // TypeGraphQL makes instances for resolvers only, and rules belong to a class.
      const filter = args.filter == null ? null : Object.assign(new MessageFilterInput(), args.filter);
      if (filter !== null) checkInput('filter', filter);
      const wanted = messageFilter(filter, whose);
      const since = args.since == null ? null : decodeChangeCursor('since', args.since);
      return context.changes.follow({ since, wants: (send) => fits(wanted, send) });
    },
  })
  messagesUpdated(
    @Root() { send, cursor }: Update,
    @Arg('filter', () => MessageFilterInput, {
      nullable: true,
      description: 'Which messages to follow, by what they are after the change; all if absent.',
    })
    _filter: MessageFilterInput | null,
    @Arg('since', () => String, {
      nullable: true,
      description:
        'Begins after this cursor: the `updatesCursor` of a page of `messages`, or the `cursor` of the last update. Without one, it begins now. Error code: `INVALID_CURSOR`.',
    })
    _since: string | null,
  ): { message: Message | null; cursor: string } {
    return { message: send.message, cursor: encodeChangeCursor(cursor) };
  }

  @Subscription(() => MessageType, {
    description:
      'Every inbound message from now on that comes to one of your numbers. With `messages:read-all`, those to all numbers. Error code: `FORBIDDEN` if you have no number and may not read all.',
    subscribe: ({ args, context }: SubscribeData<{ to?: string | null }>) => {
      const to = args.to ?? null;
      return context.feed.received(to, readableByNumber(context.caller, to));
    },
  })
  messageReceived(
    @Root() message: Message,
    @Arg('to', () => String, {
      nullable: true,
      description: 'One of your numbers; all of them if absent. Error code: `FORBIDDEN` for a number of others.',
    })
    _to: string | null,
  ): Message {
    return message;
  }
}

/** What a message's members tell when they are put together. */
@Resolver(() => MessageType)
export class MessageHistoryResolver {
  @FieldResolver(() => DateTime, {
    description: 'When the latest of what is known about it happened, according to Catapult.',
  })
  updatedAt(@Root() { time, events }: Message): number {
    return events.reduce((latest, event) => Math.max(latest, event.time), time);
  }

  @FieldResolver(() => [MessageEventType], {
    description:
      'What happened to the message, the earliest first: that it was accepted or received, and what was reported since, at most 100 reports.',
  })
  timeline(@Root() { time, direction, events }: Message): MessageEvent[] {
    const status = direction === 'IN' ? 'RECEIVED' : 'ACCEPTED';
    return [{ status, time, to: null, errorCode: null }, ...events];
  }
}

@Resolver(() => MessageEventType)
export class MessageEventResolver {
  @FieldResolver(() => DeliveryFailureType, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure(@Root() { status, errorCode }: MessageEvent): DeliveryFailure | null {
    return status === 'FAILED' ? failureOf(errorCode ?? 0) : null;
  }
}

@Resolver(() => DeliveryType)
export class DeliveryResolver {
  @FieldResolver(() => DeliveryFailureType, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure(@Root() { status, errorCode }: Delivery): DeliveryFailure | null {
    return status === 'FAILED' ? failureOf(errorCode ?? 0) : null;
  }
}
