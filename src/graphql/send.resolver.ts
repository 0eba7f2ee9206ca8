/** What became of sends: for those who asked for them, and for operators. */
import 'reflect-metadata';
import {
  Arg,
  Args,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { badArgument } from '../errors.js';
import type { Update } from '../messaging/change-stream.js';
import { EVERYBODY, requireScope, sendsReadableBy } from '../messaging/caller.js';
import { isFinal } from '../messaging/delivery.js';
import { isCleanText, type Message } from '../messaging/message.js';
import { isSendOf } from '../messaging/message-filter.js';
import type { MessageService } from '../messaging/message-service.js';
import { FORGOTTEN, type SendFilter, type SendStatus, type Settlement, type StoredSend } from '../messaging/ports.js';
import { connectionOf, DEFAULT_PAGE_SIZE, PageArgs, pageOf, type Connection, type Listed } from './connection.js';
import type { RequestContext } from './context.js';
import { MessageType } from './message.type.js';
import { SendConnectionType, SendStatusEnum, SendType, sendType, SettledAsEnum, statusOf } from './send.type.js';

@InputType('SendFilter', {
  description: 'Which sends to list. All conditions must hold. An absent one and `null` set none.',
})
export class SendFilterInput {
  @Field(() => SendStatusEnum, { nullable: true, description: 'The state of the send.' })
  status?: SendStatus | null;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the caller who asked for it. Without `messages:read-all`, you see none but your own.',
  })
  caller?: string | null;
}

const ID_DESCRIPTION = 'The id of the send.';

@Resolver(() => SendType)
export class SendResolver {
  readonly #messages: MessageService;

  constructor(messages: MessageService) {
    this.#messages = messages;
  }

  @Query(() => SendType, {
    nullable: true,
    description:
      'What became of a send, by its id or by its idempotency key; null if this server knows of none that you may see. So a page that was reloaded in the middle learns whether its message went out. With `null` nothing went out so far, but a call may still be on its way: to repeat it with the same key and input is safe, and a new one is not. Ask before you repeat: after 72 hours a key may send again, though `send` still finds what it sent.',
  })
  async send(
    @Arg('id', () => ID, { nullable: true, description: `${ID_DESCRIPTION} Error code: \`ONE_OF_ID_AND_KEY\`.` })
    id: string | null,
    @Arg('idempotencyKey', () => ID, {
      nullable: true,
      description:
        'A key of your own sends. It finds the send that holds the key, or else the last one that held it. Error code: `ONE_OF_ID_AND_KEY` unless either `id` or this is given.',
    })
    idempotencyKey: string | null,
    @Ctx() { caller, loaders }: RequestContext,
  ): Promise<SendType | null> {
    sendsReadableBy(caller);
    if ((id == null) === (idempotencyKey == null)) {
      throw badArgument('id', 'ONE_OF_ID_AND_KEY', 'Give either id or idempotencyKey.');
    }
    const found =
      idempotencyKey == null
        ? await loaders.sends.load(id ?? '')
        : await this.#messages.sendOfKey(caller.name, idempotencyKey);
    return found && sendType(found, caller);
  }

  @Query(() => SendConnectionType, {
    description:
      'Your sends, newest first, page by page, from either end. With `messages:read-all`, those of all callers. Of sends that were not sent, the last 72 hours.',
  })
  sends(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => SendFilterInput, { nullable: true, description: 'Which sends to list; all if absent.' })
    filter: SendFilterInput | null,
    @Ctx() { caller, budget }: RequestContext,
  ): Promise<Connection<SendType>> {
    const readable = sendsReadableBy(caller);
    const asker = filter?.caller ?? null;
    const isNone = asker !== null && !(isCleanText(asker) && (readable === EVERYBODY || readable === asker));
    const wanted: SendFilter = { caller: asker ?? readable, status: filter?.status ?? null };
    return connectionOf(pageOf(args), async (slice) => {
      const sends = await budget.read(
        () => (isNone ? Promise.resolve([]) : this.#messages.listSends(wanted, slice)),
        (found) => found.map(({ message }) => message),
      );
      return sends.map((send) => listed(send, sendType(send, caller)));
    });
  }

  @Subscription(() => SendType, {
    description:
      'The send as it is now, and again after every change of it or of its message. Ends when no more changes are expected. Error code: `UNKNOWN_SEND`.',
    subscribe: ({ args, context }: { args: { id: string }; context: RequestContext }) => {
      const whose = sendsReadableBy(context.caller);
      return context.changes.follow({
        since: null,
        wants: (send) => send.sendId === args.id && isSendOf(whose, send),
        first: async () => (await context.loaders.sends.load(args.id)) ?? unknownSend(),
        isLast,
      });
    },
  })
  sendUpdated(
    @Root() { send }: Update,
    @Arg('id', () => ID, { description: ID_DESCRIPTION }) _id: string,
    @Ctx() { caller }: RequestContext,
  ): SendType {
    return sendType(send, caller);
  }

  @Directive('@inaccessible')
  @Query(() => SendConnectionType, {
    description:
      'For operators, with `operations:read`: the sends that may have gone out, or went out without a known message id, and that nobody has settled; oldest first.',
  })
  async unresolvedSends(
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_PAGE_SIZE,
      description: 'How many sends a page holds, 1 to 100. Error code: `INVALID_PAGE_SIZE`.',
    })
    first: number | null,
    @Arg('after', () => String, {
      nullable: true,
      description: 'The page starts after this cursor; without one, at the oldest send. Error code: `INVALID_CURSOR`.',
    })
    after: string | null,
    @Ctx() { caller }: RequestContext,
  ): Promise<Connection<SendType>> {
    requireScope(caller, 'operations:read');
    return connectionOf(pageOf({ first, after }), async ({ limit, after, before }) => {
      const sends = await this.#messages.unresolvedSends(limit, after);
      // Of what precedes a page, the list's first send is looked at.
      const end = before === null ? -1 : sends.findIndex(({ sendId }) => sendId === before.sendId);
      return (end < 0 ? sends : sends.slice(0, end)).map((send) => listed(send, sendType(send, caller)));
    });
  }

  @Directive('@inaccessible')
  @Mutation(() => SendType, {
    description:
      'For operators, with `operations:write`: settles one of the `unresolvedSends` with what you found out, and returns it. The audit records who settled it and why. Repeating the call changes nothing.',
  })
  async settleSend(
    @Arg('sendId', () => ID, {
      description: 'The id of the send. Error codes: `UNKNOWN_SEND`, and `NOT_UNRESOLVED` if it is settled already.',
    })
    sendId: string,
    @Arg('as', () => SettledAsEnum, {
      description: 'What you found out. `NOT_SENT` lets its idempotency key send again, so be sure.',
    })
    as: Settlement['as'],
    @Arg('messageId', () => ID, {
      nullable: true,
      description:
        "Catapult's id of the message that went out, if you know it: callers then get the message. Error codes: `INVALID_MESSAGE_ID`, `MESSAGE_ID_TAKEN`, `MESSAGE_ID_WITHOUT_MESSAGE`.",
    })
    messageId: string | null,
    @Arg('reason', () => String, {
      nullable: true,
      description:
        'How you know, for the audit: at most 1000 characters. Error codes: `REASON_TOO_LONG`, `INVALID_CHARACTER`.',
    })
    reason: string | null,
    @Ctx() { caller, requestId }: RequestContext,
  ): Promise<SendType> {
    requireScope(caller, 'operations:write');
    const by = `caller:${caller.name}`;
    const request = { sendId, as, messageId: messageId ?? null, by, reason: reason ?? null };
    return sendType(await this.#messages.settle(request, requestId), caller);
  }
}

@Resolver(() => MessageType)
export class SendOfMessageResolver {
  @FieldResolver(() => SendType, {
    nullable: true,
    description: 'The send that this message came from, if you asked for it; null for one that came in.',
  })
  async send(@Root() { id, direction }: Message, @Ctx() { caller, loaders }: RequestContext): Promise<SendType | null> {
    const send = direction === 'IN' ? null : await loaders.sendsOfMessages.load(id);
    return send && sendType(send, caller);
  }
}

function listed(send: StoredSend, node: SendType): Listed<SendType> {
  return { node, position: { time: send.startedAtMs * 1000, sendId: send.sendId } };
}

/** Whether no more changes are expected: it was not sent, was settled so, is forgotten, or its message has come to its end. */
function isLast(send: StoredSend): boolean {
  if (statusOf(send) === 'REJECTED' || send.settledBy === FORGOTTEN) return true;
  return send.message !== null && isFinal(send.message);
}

function unknownSend(): never {
  throw badArgument('id', 'UNKNOWN_SEND', 'There is no send with this id.');
}
