/** What operators do about sends of which nobody knows the outcome. */
import 'reflect-metadata';
import { Arg, Ctx, Directive, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { requireScope } from '../messaging/caller.js';
import type { MessageService } from '../messaging/message-service.js';
import type { Settlement } from '../messaging/ports.js';
import { checkPageSize, connectionOf, decodeCursor, DEFAULT_PAGE_SIZE, type Connection } from './connection.js';
import type { RequestContext } from './context.js';
import { SendConnectionType, SendType, sendType, SettledAsEnum } from './send.type.js';

@Resolver()
export class SendResolver {
  readonly #messages: MessageService;

  constructor(messages: MessageService) {
    this.#messages = messages;
  }

  @Directive('@inaccessible')
  @Query(() => SendConnectionType, {
    description:
      'For operators, with `operations:read`: the sends of which it is not known whether they went out, or under which id, and that nobody settled; oldest first.',
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
      description: 'The cursor after which the page starts; none for the oldest. Error code: `INVALID_CURSOR`.',
    })
    after: string | null,
    @Ctx() { caller }: RequestContext,
  ): Promise<Connection<SendType>> {
    requireScope(caller, 'operations:read');
    const size = checkPageSize(first ?? DEFAULT_PAGE_SIZE);
    const sends = await this.#messages.unresolvedSends(size + 1, after == null ? null : decodeCursor(after));
    return connectionOf(
      sends.map((send) => ({
        node: sendType(send),
        position: { time: send.startedAtMs * 1000, sendId: send.sendId },
      })),
      size,
    );
  }

  @Directive('@inaccessible')
  @Mutation(() => SendType, {
    description:
      'For operators, with `operations:write`: settles one of the `unresolvedSends` by what you found out, and returns it. The audit keeps who settled it and why. Repeating it changes nothing.',
  })
  async settleSend(
    @Arg('sendId', () => ID, {
      description: 'The id of the send. Error codes: `UNKNOWN_SEND`, and `NOT_UNRESOLVED` for one that is settled.',
    })
    sendId: string,
    @Arg('as', () => SettledAsEnum, {
      description: 'What you found out. `NOT_SENT` lets its idempotency key send again: be sure of it.',
    })
    as: Settlement['as'],
    @Arg('messageId', () => ID, {
      nullable: true,
      description:
        "Catapult's id of the message that went out, where you know it: callers then get the message. Error codes: `INVALID_MESSAGE_ID`, `MESSAGE_ID_TAKEN`, `MESSAGE_ID_WITHOUT_MESSAGE`.",
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
    return sendType(await this.#messages.settle(request, requestId));
  }
}
