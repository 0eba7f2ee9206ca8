/** Three composers join the subgraph with another one. */
import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { buildSchema, isObjectType, parse } from 'graphql';
import { subgraphSdl } from '../../src/graphql/schema.js';
import { USERS_SDL } from './users.js';

/** A subgraph that has a `node` of its own, as graphs for Relay do, and asks more of a node than an id. */
const CATALOG_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

  type Query {
    node(id: ID!): Node
    nodes(ids: [ID!]!): [Node]!
  }

  interface Node {
    id: ID!
    createdAt: String!
  }

  type Product implements Node @key(fields: "id") {
    id: ID!
    createdAt: String!
  }
`;

const messages = { name: 'messages', url: 'http://messages.example/graphql', typeDefs: parse(subgraphSdl()) };
const users = { name: 'users', url: 'http://users.example/graphql', typeDefs: parse(USERS_SDL) };
const catalog = { name: 'catalog', url: 'http://catalog.example/graphql', typeDefs: parse(CATALOG_SDL) };
const SERVICES = [messages, users];

describe.each([
  ['another one', SERVICES],
  ['one that has a node of its own', [messages, users, catalog]],
])('the subgraph composes with %s, without an error or a hint', (_name, services) => {
  it('by Apollo', () => {
    const { errors, hints, supergraphSdl } = composeWithApollo(services);
    expect(errors).toBeUndefined();
    expect(hints?.map(({ message }) => message)).toEqual([]);
    expect(supergraphSdl).toContain('@join__type(graph: MESSAGES, key: "id")');
  });

  it('by The Guild', () => {
    const { errors, supergraphSdl } = composeWithGuild(services);
    expect(errors).toBeUndefined();
    expect(supergraphSdl).toContain('@join__type(graph: MESSAGES, key: "id")');
  });

  it('by WunderGraph', () => {
    const subgraphs = services.map(({ typeDefs, ...service }) => ({ ...service, definitions: typeDefs }));
    const result = federateSubgraphs({ subgraphs, version: ROUTER_COMPATIBILITY_VERSION_ONE });
    if (!result.success) throw new AggregateError(result.errors);
    expect(result.warnings.map(({ message }) => message)).toEqual([]);
    expect(isObjectType(result.federatedGraphClientSchema.getType('Message'))).toBe(true);
  });
});

describe('the composed schema', () => {
  const { publicSdl = '' } = composeWithGuild(SERVICES);
  const schema = buildSchema(publicSdl);

  it('joins the message to what another subgraph adds to it', () => {
    expect(
      String(
        (schema.getType('User') as never as { getFields(): Record<string, { type: unknown }> }).getFields().lastMessage
          ?.type,
      ),
    ).toBe('Message');
    expect(Object.keys(schema.getMutationType()?.getFields() ?? {})).toEqual([
      'sendMessage',
      'submitMessage',
      'addOptOut',
    ]);
  });

  it("leaves a graph's node to whoever has it, and no message is asked of it", () => {
    expect(schema.getType('Node')).toBeUndefined();
    const { publicSdl: withCatalog = '', supergraphSdl = '' } = composeWithGuild([messages, users, catalog]);
    const composed = buildSchema(withCatalog);
    expect(composed.getPossibleTypes(composed.getType('Node') as never).map(({ name }) => name)).toEqual(['Product']);
    for (const field of ['node', 'nodes']) {
      expect(supergraphSdl).toMatch(new RegExp(`\\b${field}\\(.*@join__field\\(graph: CATALOG\\)`));
    }
  });

  it('keeps what is for operators to the subgraph', () => {
    expect(schema.getType('UnresolvedSend')).toBeUndefined();
    expect(schema.getQueryType()?.getFields().unresolvedSends).toBeUndefined();
  });
});
