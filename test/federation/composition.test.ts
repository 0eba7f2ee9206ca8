/** The subgraph composes with another one, by three composers. */
import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { buildSchema, isObjectType, parse } from 'graphql';
import { subgraphSdl } from '../../src/graphql/schema.js';
import { USERS_SDL } from './users.js';

const SERVICES = [
  { name: 'messages', url: 'http://messages.example/graphql', typeDefs: parse(subgraphSdl()) },
  { name: 'users', url: 'http://users.example/graphql', typeDefs: parse(USERS_SDL) },
];

describe('the subgraph composes with another one, without an error or a hint', () => {
  it('by Apollo', () => {
    const { errors, hints, supergraphSdl } = composeWithApollo(SERVICES);
    expect(errors).toBeUndefined();
    expect(hints?.map(({ message }) => message)).toEqual([]);
    expect(supergraphSdl).toContain('@join__type(graph: MESSAGES, key: "id")');
  });

  it('by The Guild', () => {
    const { errors, supergraphSdl } = composeWithGuild(SERVICES);
    expect(errors).toBeUndefined();
    expect(supergraphSdl).toContain('@join__type(graph: MESSAGES, key: "id")');
  });

  it('by WunderGraph', () => {
    const subgraphs = SERVICES.map(({ typeDefs, ...service }) => ({ ...service, definitions: typeDefs }));
    const result = federateSubgraphs({ subgraphs, version: ROUTER_COMPATIBILITY_VERSION_ONE });
    if (!result.success) throw new AggregateError(result.errors);
    expect(result.warnings.map(({ message }) => message)).toEqual([]);
    expect(isObjectType(result.federatedGraphClientSchema.getType('Message'))).toBe(true);
  });
});

describe('the composed schema', () => {
  const { publicSdl = '' } = composeWithGuild(SERVICES);
  const schema = buildSchema(publicSdl);

  it('joins the message to what others say of it', () => {
    expect(
      String(
        (schema.getType('User') as never as { getFields(): Record<string, { type: unknown }> }).getFields().lastMessage
          ?.type,
      ),
    ).toBe('Message');
    expect(Object.keys(schema.getMutationType()?.getFields() ?? {})).toEqual(['sendMessage', 'submitMessage']);
  });

  it('keeps what is for operators to the subgraph', () => {
    expect(schema.getType('UnresolvedSend')).toBeUndefined();
    expect(schema.getQueryType()?.getFields().unresolvedSends).toBeUndefined();
  });
});
