/** How Relay finds an object again, by its id alone. */
import 'reflect-metadata';
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { badArgument } from '../errors.js';
import { isConversationId } from '../messaging/conversation.js';
import type { RequestContext } from './context.js';
import { conversationType } from './conversation.type.js';
import { NodeType, type FoundNode } from './node.type.js';
import { sendType } from './send.type.js';

/** Finds what has this id and may be seen by the caller; null where there is no such thing. */
type Find = (id: string, context: RequestContext) => Promise<object | null>;

/** The types with an id, in the order in which they are asked for one. Ids of one type are none of another. */
const TYPES: readonly (readonly [typename: string, find: Find])[] = [
  [
    'Conversation',
    async (id, { loaders }) => {
      // Its shape says what it can be, so that nothing else is looked up twice.
      const found = isConversationId(id) ? await loaders.conversations.load(id) : null;
      return found && conversationType(found);
    },
  ],
  ['Message', (id, { loaders }) => loaders.messages.load(id)],
  [
    'Send',
    async (id, { caller, loaders }) => {
      const send = await loaders.sends.load(id);
      return send && sendType(send, caller);
    },
  ],
];

async function findNode(id: string, context: RequestContext): Promise<FoundNode | null> {
  for (const [__typename, find] of TYPES) {
    const found = await find(id, context);
    if (found !== null) return { ...found, __typename };
  }
  return null;
}

/** As many as a page of a list has. */
const MAX_IDS = 100;

/** A router does not see these fields, nor the interface; see `subgraphSdl`. */
@Resolver(() => NodeType)
export class NodeResolver {
  @Query(() => NodeType, {
    nullable: true,
    description: 'The object with this id; null if it is not known here, or is not yours to see.',
  })
  node(
    @Arg('id', () => ID, { description: 'The `id` of any object.' }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<FoundNode | null> {
    return findNode(id, context);
  }

  @Query(() => [NodeType], {
    nullable: 'items',
    description: 'The objects with these ids, in this order, null for each that is not known here or not yours to see.',
  })
  nodes(
    @Arg('ids', () => [ID], { description: `At most ${MAX_IDS} ids. Error code: \`TOO_MANY_IDS\`.` })
    ids: string[],
    @Ctx() context: RequestContext,
  ): Promise<(FoundNode | null)[]> {
    if (ids.length > MAX_IDS) {
      const parameters = { max: MAX_IDS, actual: ids.length };
      throw badArgument('ids', 'TOO_MANY_IDS', `Must have at most ${MAX_IDS} ids.`, parameters);
    }
    return Promise.all(ids.map((id) => findNode(id, context)));
  }
}
