/** What operators do about sends with an unknown outcome. */
import 'reflect-metadata';
import { Arg, Ctx, Directive, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { requireScope } from '../messaging/caller.js';
import type { MessageService } from '../messaging/message-service.js';
import type { Settlement } from '../messaging/ports.js';
import { connectionOf, DEFAULT_PAGE_SIZE, pageOf, type Connection } from './connection.js';
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
      return (end < 0 ? sends : sends.slice(0, end)).map((send) => ({
        node: sendType(send),
        position: { time: send.startedAtMs * 1000, sendId: send.sendId },
      }));
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
    return sendType(await this.#messages.settle(request, requestId));
  }
}
