/** The executable subgraph schema and its SDL, both made from the TypeGraphQL classes. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { parse, print, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, createResolversMap } from 'type-graphql';
import type { Message } from '../messaging/message.js';
import type { MessageService } from '../messaging/message-service.js';
import type { RequestContext } from './context.js';
import { DeliveryResolver, MessageResolver } from './message.resolver.js';

/** The oldest federation that has all of the directives used here: the older, the more composers take it. */
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

/** The schema without the federation's own types, as TypeGraphQL sees it. */
function buildApiSchema(messages: MessageService | null): GraphQLSchema {
  const instances = new Map<unknown, unknown>([[DeliveryResolver, new DeliveryResolver()]]);
  if (messages !== null) instances.set(MessageResolver, new MessageResolver(messages));
  return buildSchemaSync({
    resolvers: [MessageResolver, DeliveryResolver],
    container: { get: (resolver: unknown) => instances.get(resolver) },
    // Every argument that is an input object is checked by its own `@InputArg`.
    validate: false,
    // TypeGraphQL insists on one, though each subscription brings its own source.
    pubSub: { publish: () => undefined, subscribe: () => noEvents() },
  });
}

// eslint-disable-next-line @typescript-eslint/no-empty-function
async function* noEvents(): AsyncGenerator<never> {}

function printSdl(schema: GraphQLSchema): string {
  return `${print(parse(`${LINK}\n\n${printSchemaWithDirectives(schema)}`))}\n`;
}

/** The SDL of the subgraph, as committed in schema/schema.graphql. */
export function subgraphSdl(): string {
  return printSdl(buildApiSchema(null));
}

/** The reference resolver: other subgraphs know a message by its id. */
function resolveMessage({ id }: { id: string }, { loaders }: RequestContext): Promise<Message | null> {
  return loaders.messages.load(id);
}

/** The schema that is served. `emitSchemaFile` and `printSubgraphSchema` lose or refuse `@key`; this way keeps it. */
export function buildMessagingSchema(messages: MessageService): GraphQLSchema {
  const schema = buildApiSchema(messages);
  const resolvers = createResolversMap(schema);
  const subgraph = {
    typeDefs: parse(printSdl(schema)),
    resolvers: { ...resolvers, Message: { ...(resolvers.Message as object), __resolveReference: resolveMessage } },
  };
  return buildSubgraphSchema(subgraph);
}
