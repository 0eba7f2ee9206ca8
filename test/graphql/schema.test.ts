/** The committed schema: complete, described, and a subgraph. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  buildASTSchema,
  buildClientSchema,
  buildSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  parse,
  printSchema,
  validateSchema,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import { apiSchema, buildMessagingSchema, subgraphSdl, type SchemaParts } from '../../src/graphql/schema.js';

const committed = (name: string): string => readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8');
const COMMITTED = committed('schema.graphql');

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** Every type, field, argument and enum value with its path. */
function* described(schema: GraphQLSchema): Generator<[path: string, element: Described]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || type.astNode === undefined) continue;
    yield [type.name, type];
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value];
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield [`${type.name}.${field.name}`, field];
        for (const argument of field.args) yield [`${type.name}.${field.name}(${argument.name})`, argument];
      }
    }
  }
}

describe('the schema', () => {
  it('is the committed one', () => {
    expect(subgraphSdl()).toBe(COMMITTED);
  });

  it('is committed for clients, too, without what belongs to federation', () => {
    const api = buildSchema(committed('api.graphql'));
    expect(`${printSchema(apiSchema())}\n`).toBe(committed('api.graphql'));
    expect(committed('api.graphql')).not.toMatch(/@(key|tag|inaccessible|link)|_Any|_Entity|_Service/);
    const { data } = JSON.parse(committed('introspection.json')) as { data: IntrospectionQuery };
    expect(printSchema(lexicographicSortSchema(buildClientSchema(data)))).toBe(
      printSchema(lexicographicSortSchema(api)),
    );
    const { possibleTypes } = JSON.parse(committed('possible-types.json')) as { possibleTypes: object };
    expect(possibleTypes).toEqual(
      Object.fromEntries(
        Object.values(api.getTypeMap())
          .filter(isAbstractType)
          .map((type) => [type.name, api.getPossibleTypes(type).map(({ name }) => name)]),
      ),
    );
    expect(Object.keys(possibleTypes)).toContain('MessageProblem');
  });

  it('describes everything', () => {
    const schema = buildASTSchema(parse(COMMITTED), { assumeValidSDL: true });
    const elements = [...described(schema)];
    expect(elements.length).toBeGreaterThan(30);
    expect(elements.filter(([, { description }]) => (description ?? '').length < 5).map(([path]) => path)).toEqual([]);
  });

  it('is a federation 2 subgraph with the entity Message', () => {
    expect(COMMITTED).toMatch(
      /extend schema @link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+", import: \[.*"@key".*\]\)/,
    );
    expect(COMMITTED).toMatch(/type Message @key\(fields: "id".*\) \{/);
  });

  it('is served as the schema that @apollo/subgraph makes of it', () => {
    const [link = ''] = COMMITTED.split('\n');
    const theirs = buildSubgraphSchema(parse(`${link}\n${printSchemaWithDirectives(apiSchema())}`));
    const printed = (schema: GraphQLSchema): string => printSchema(lexicographicSortSchema(schema));
    const ours = buildMessagingSchema({} as SchemaParts);
    expect(printed(ours)).toBe(printed(theirs));
    expect(validateSchema(ours)).toEqual([]);
  });

  it('offers the mutation that the client asked for', () => {
    expect(COMMITTED).toContain('): Message\n');
    const schema = buildASTSchema(parse(COMMITTED), { assumeValidSDL: true });
    const { sendMessage } = schema.getMutationType()?.getFields() ?? {};
    expect(String(sendMessage?.type)).toBe('Message');
    expect(sendMessage?.args.map((argument) => `${argument.name}: ${String(argument.type)}`)).toEqual([
      'input: MessageInput!',
    ]);
  });
});
