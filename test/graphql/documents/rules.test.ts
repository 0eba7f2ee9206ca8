/** The rules for documents beside those of the specification, without a server around them. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { getIntrospectionQuery, parse, specifiedRules, validate } from 'graphql';
import { documentRules, VALIDATION_OPTIONS } from '../../../src/graphql/documents/rules.js';

const SCHEMA = buildSubgraphSchema(
  parse(readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8')),
);

describe('the rules for documents', () => {
  const mistakes = (text: string, introspection: boolean): number =>
    validate(SCHEMA, parse(text), [...specifiedRules, ...documentRules({ introspection })]).length;

  it.each([
    ['introspection', getIntrospectionQuery()],
    ['_service', '{ _service { sdl } }'],
    ['_service under another name', '{ harmless: _service { sdl } }'],
    ['_service in a fragment', '{ ...F } fragment F on Query { ... { _service { sdl } } }'],
  ])('let %s pass only where the schema is no secret', (_name, text) => {
    expect(mistakes(text, true)).toBe(0);
    expect(mistakes(text, false)).toBeGreaterThan(0);
  });

  it('let every other document pass in either case', () => {
    for (const introspection of [true, false]) {
      expect(mistakes('{ __typename messages { nodes { id } } }', introspection)).toBe(0);
    }
  });

  it('find at most ten mistakes in a document, and say that there are more', () => {
    const fields = Array.from({ length: 99 }, (_, index) => `unknown${index}`).join(' ');
    const found = validate(SCHEMA, parse(`{ message(id: 1) { ${fields} } }`), undefined, VALIDATION_OPTIONS);
    expect(found).toHaveLength(10 + 1);
    expect(found.at(-1)?.message).toMatch(/too many/i);
  });
});
