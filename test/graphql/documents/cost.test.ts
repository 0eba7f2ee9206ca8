/** The cost of an operation, and that counting it is quick. */
import { getIntrospectionQuery, parse } from 'graphql';
import { exceededLimit } from '../../../src/graphql/documents/cost.js';

const of = (text: string): string | null => exceededLimit(parse(text));
const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const send = (index: number): string => `s${index}: sendMessage(input: {}) { id }`;

describe('an operation', () => {
  it.each([
    [
      'that introspects as tools do',
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
      }),
    ],
    ['with the deepest fields of the schema', '{ messages { edges { node { deliveries { failure { code } } } } } }'],
    ['with ten sends', `mutation { ${times(10, send)} }`],
    ['with 20 root fields', `{ ${times(20, () => '__typename')} }`],
    ['with a fragment that is not there', '{ ...Missing }'],
    [
      'with two branches of introspection, each at its limit',
      `{ __schema { ${`x { ${'a { '.repeat(12)} b ${'}'.repeat(12)} } `.repeat(2)} } }`,
    ],
    [
      'with two fields, each with as many directives as one may have',
      `{ a ${'@x '.repeat(10)} b ${'@x '.repeat(10)} }`,
    ],
    [
      'with five lists',
      `{ ${times(3, () => 'messages { nodes { id } }')} ${times(2, () => 'unresolvedSends { nodes { id } }')} }`,
    ],
    [
      'with two operations, each at its limit',
      `query A { ${times(20, () => '__typename')} } query B { ${times(20, () => '__typename')} }`,
    ],
  ])('%s is fine', (_name, text) => {
    expect(of(text)).toBeNull();
  });

  it.each([
    [
      'sends',
      `mutation { ${times(6, send)} ...M } fragment M on Mutation { ${times(5, (index) => send(index + 10))} }`,
    ],
    ['sends', `mutation { ${times(11, (index) => `s${index}: submitMessage(input: {}) { __typename }`)} }`],
    ['sends', `mutation { ...M ...M } fragment M on Mutation { ${times(6, send)} }`],
    ['sends', `mutation { ... { ... on Mutation { ${times(11, send)} } } }`],
    ['aliases', `{ ${times(21, (index) => `a${index}: __typename`)} }`],
    ['aliases', `{ message(id: 1) { ${times(21, (index) => `a${index}: id`)} } }`],
    ['rootFields', `{ ${times(21, () => '__typename')} }`],
    ['rootFields', `{ ...Q ...Q } fragment Q on Query { ${times(11, () => '__typename')} }`],
    ['lists', `{ ${times(6, () => 'messages { nodes { id } }')} }`],
    ['lists', `{ ${times(6, () => 'unresolvedSends { nodes { id } }')} }`],
    ['lists', `{ ...M ...M } fragment M on Query { ${times(3, () => 'messages { nodes { id } }')} }`],
    ['lists', `{ ${times(3, () => '_entities(representations: []) { __typename }')} }`],
    ['depth', `{ ${'a { '.repeat(10)} b ${'}'.repeat(10)} }`],
    ['depth', `{ a { a { a { a { a { ...F } } } } } } fragment F on A { b { b { b { b { b { c } } } } } }`],
    ['introspectionDepth', `{ __schema { ${'a { '.repeat(14)} b ${'}'.repeat(14)} } }`],
    ['introspectionDepth', `{ a { b: __type(name: "A") { ${'a { '.repeat(14)} b ${'}'.repeat(14)} } } }`],
    ['fields', `{ a { ${times(500, () => 'b')} } }`],
    ['directives', `{ a { ${times(26, () => 'b @x @y')} } }`],
    ['directivesOnOneNode', `{ a ${'@x '.repeat(11)} }`],
    ['directivesOnOneNode', `query ${'@x '.repeat(11)} { a }`],
    ['directivesOnOneNode', `{ ... ${'@x '.repeat(11)} { a } }`],
    ['directivesOnOneNode', `{ a } fragment Unused on Query ${'@x '.repeat(11)} { a }`],
  ])('is refused for its %s: %#', (limit, text) => {
    expect(of(text)).toBe(limit);
  });

  it('whose fragments double sixty times over is refused, and as quickly as any other', () => {
    const fragments = times(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`);
    expect(of(`{ ...F0 } ${fragments} fragment F60 on Query { __typename }`)).toBe('fields');
  });

  it('whose fragments hold themselves comes to an end', () => {
    expect(of('{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A b }')).toBeNull();
  });
});
