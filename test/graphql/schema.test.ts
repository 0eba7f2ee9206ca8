/** The schema: as committed, described everywhere, and a federation 2 subgraph. */
import { readFileSync } from 'node:fs';
import {
  buildASTSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  parse,
  type GraphQLSchema,
} from 'graphql';
import { subgraphSdl } from '../../src/graphql/schema.js';

const COMMITTED = readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8');

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** Every type, field, argument and enum value with its path. */
function* described(schema: GraphQLSchema): Generator<[path: string, element: Described]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || type.astNode === undefined) continue;
    // The root types are the language's own; their fields say what there is to say.
    if (!['Query', 'Mutation', 'Subscription'].includes(type.name)) yield [type.name, type];
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

  it('describes everything', () => {
    const schema = buildASTSchema(parse(COMMITTED), { assumeValidSDL: true });
    const elements = [...described(schema)];
    expect(elements.length).toBeGreaterThan(30);
    expect(elements.filter(([, { description }]) => (description ?? '').length < 5).map(([path]) => path)).toEqual([]);
  });

  it('is a federation 2 subgraph whose entity is Message', () => {
    expect(COMMITTED).toMatch(
      /extend schema @link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+", import: \[.*"@key".*\]\)/,
    );
    expect(COMMITTED).toMatch(/type Message @key\(fields: "id".*\) \{/);
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
