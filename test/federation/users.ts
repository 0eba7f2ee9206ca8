/** A second subgraph, as another team would write it: its users know their last message by id. */
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

export const USERS_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

  type Query {
    user(id: ID!): User
    users: [User!]!
  }

  type User @key(fields: "id") {
    id: ID!
    lastMessage: Message
    "Against the advice of docs/federation.md."
    welcome: Message!
  }

  type Message @key(fields: "id", resolvable: false) {
    id: ID!
  }

  "A page's place in its list."
  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
`;

export interface UsersSubgraph {
  readonly url: string;
  /** The id of each user's last message. */
  readonly lastMessages: Map<string, string>;
  close(): Promise<void>;
}

export async function startUsers(): Promise<UsersSubgraph> {
  const lastMessages = new Map<string, string>();
  const user = (id: string): object => {
    const message = { __typename: 'Message', id: lastMessages.get(id) ?? '' };
    return { id, lastMessage: message, welcome: message };
  };
  const server = new ApolloServer({
    schema: buildSubgraphSchema({
      typeDefs: parse(USERS_SDL),
      resolvers: {
        Query: {
          user: (_: unknown, { id }: { id: string }) => user(id),
          users: () => [...lastMessages.keys()].map(user),
        },
      },
    }),
    plugins: [ApolloServerPluginInlineTraceDisabled()],
    stopOnTerminationSignals: false,
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  return { url, lastMessages, close: () => server.stop() };
}
