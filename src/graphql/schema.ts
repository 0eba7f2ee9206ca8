/** The executable subgraph schema and its SDL, both made from the TypeGraphQL classes. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { parse, print, type DocumentNode, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, createResolversMap } from 'type-graphql';
import type { MessageService } from '../messaging/message-service.js';
import { MessageResolver } from './message.resolver.js';

/** The oldest federation that has all of the directives used here: the older, the more composers take it. */
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';

/** The schema without the federation's own types, as TypeGraphQL sees it. */
function buildApiSchema(messages: MessageService | null): GraphQLSchema {
  const instances = new Map<unknown, unknown>(
    messages === null ? [] : [[MessageResolver, new MessageResolver(messages)]],
  );
  return buildSchemaSync({
    resolvers: [MessageResolver],
    container: { get: (resolver: unknown) => instances.get(resolver) },
    // Every argument that is an input object is checked by its own `@InputArg`.
    validate: false,
  });
}

function printSdl(schema: GraphQLSchema): string {
  return `${print(parse(`${LINK}\n\n${printSchemaWithDirectives(schema)}`))}\n`;
}

/** The SDL of the subgraph, as committed in schema/schema.graphql. */
export function subgraphSdl(): string {
  return printSdl(buildApiSchema(null));
}

/** Both libraries describe the same resolver map in types that do not meet. */
type SubgraphModule = Exclude<Parameters<typeof buildSubgraphSchema>[0], DocumentNode | unknown[]>;

/** The schema that is served. `emitSchemaFile` and `printSubgraphSchema` lose or refuse `@key`; this way keeps it. */
export function buildMessagingSchema(messages: MessageService): GraphQLSchema {
  const schema = buildApiSchema(messages);
  const subgraph = { typeDefs: parse(printSdl(schema)), resolvers: createResolversMap(schema) };
  return buildSubgraphSchema(subgraph as SubgraphModule);
}
