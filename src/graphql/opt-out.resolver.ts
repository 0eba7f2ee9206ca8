/** Who wants no messages: the list, and its changes by people. */
import 'reflect-metadata';
import { Arg, Args, Ctx, Directive, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { badArgument } from '../errors.js';
import { requireScope, type Caller } from '../messaging/caller.js';
import type { OptOut } from '../messaging/consent.js';
import { numbersSeenBy, requireToOptOut, type OptOutRequest, type OptOuts } from '../messaging/opt-outs.js';
import type { OptOutFilter } from '../messaging/ports.js';
import { E164_MESSAGE, isE164 } from '../messaging/region.js';
import { connectionOf, PageArgs, pageOf, type Connection } from './connection.js';
import type { RequestContext } from './context.js';
import { ConversationType } from './conversation.type.js';
import { OptOutConnectionType, OptOutFilterInput, OptOutType } from './opt-out.type.js';
import { checkInput } from './rule.js';

const RECIPIENT = 'The number of whoever wants no messages, in E.164 format. Error code: `INVALID_E164`.';
const OWNER = 'Your number, in E.164 format; absent for all of your numbers. Error code: `INVALID_E164`.';

@Resolver(() => OptOutType)
export class OptOutResolver {
  readonly #optOuts: OptOuts;

  constructor(optOuts: OptOuts) {
    this.#optOuts = optOuts;
  }

  @Query(() => OptOutConnectionType, {
    description:
      "Those who want no messages, newest first, page by page, from either end: from your numbers, and from all of the account's. With `messages:read-all` or `operations:read`, from everybody's. Sends to them are refused with `RECIPIENT_OPTED_OUT`. Without a number of your own, and without those scopes: `FORBIDDEN`.",
  })
  optOuts(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => OptOutFilterInput, { nullable: true, description: 'Which opt-outs to list; all if absent.' })
    filter: OptOutFilterInput | null,
    @Ctx() { caller, budget }: RequestContext,
  ): Promise<Connection<OptOut>> {
    const numbers = numbersSeenBy(caller);
    if (filter != null) checkInput('filter', filter);
    const wanted: OptOutFilter = { numbers, owner: filter?.owner ?? null, recipient: filter?.recipient ?? null };
    return connectionOf(pageOf(args), async (slice) => {
      const found = await budget.read(
        () => this.#optOuts.list(wanted, slice),
        () => [],
      );
      return found.map((node) => ({ node, position: { time: node.since, sendId: node.id } }));
    });
  }

  @Mutation(() => OptOutType, {
    nullable: true,
    description:
      'Notes that somebody wants no messages, however you came to know it, and returns the entry. One that is there stays as it is. Needs `operations:write`, or `messages:send` and a number of your own as `owner`.',
  })
  addOptOut(
    @Arg('recipient', () => String, { description: RECIPIENT }) recipient: string,
    @Arg('owner', () => String, { nullable: true, description: OWNER }) owner: string | null,
    @Ctx() { caller }: RequestContext,
  ): Promise<OptOut | null> {
    requireToOptOut(caller, owner ?? null);
    return this.#optOuts.add(requestOf(recipient, owner, caller));
  }

  @Directive('@inaccessible')
  @Mutation(() => OptOutType, {
    nullable: true,
    description:
      'For operators, with `operations:write`: notes that somebody wants messages again, and returns the entry that ends; null if there was none. What was said to other numbers stays, and so does what was said to all of them. Be sure that the recipient said so.',
  })
  removeOptOut(
    @Arg('recipient', () => String, { description: RECIPIENT }) recipient: string,
    @Arg('owner', () => String, { nullable: true, description: OWNER }) owner: string | null,
    @Ctx() { caller }: RequestContext,
  ): Promise<OptOut | null> {
    requireScope(caller, 'operations:write');
    return this.#optOuts.remove(requestOf(recipient, owner, caller));
  }
}

@Resolver(() => ConversationType)
export class ConsentOfConversationResolver {
  @FieldResolver(() => Boolean, {
    description:
      'Whether any of the participants has opted out of messages from this number: then a send to them is refused, `RECIPIENT_OPTED_OUT`.',
  })
  async optedOut(
    @Root() { owner, participants }: ConversationType,
    @Ctx() { loaders }: RequestContext,
  ): Promise<boolean> {
    const areOut = await Promise.all(participants.map((recipient) => loaders.optOuts.load({ owner, recipient })));
    return areOut.includes(true);
  }
}

function requestOf(recipient: string, owner: string | null | undefined, { name }: Caller): OptOutRequest {
  if (!isE164(recipient)) throw badArgument('recipient', 'INVALID_E164', E164_MESSAGE);
  if (owner != null && !isE164(owner)) throw badArgument('owner', 'INVALID_E164', E164_MESSAGE);
  return { recipient, owner: owner ?? null, by: `caller:${name}` };
}
