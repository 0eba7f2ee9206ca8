/** What an operation may cost, and what it is told when it costs more. */
import { getIntrospectionQuery, parse } from 'graphql';
import type { ExceededLimit } from '../../../src/errors.js';
import { refusalForCost } from '../../../src/graphql/documents/cost.js';

const limitOf = (text: string): ExceededLimit | null => refusalForCost(parse(text))?.limit ?? null;
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
    expect(limitOf(text)).toBeNull();
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
    ['lists', `{ ${times(6, () => 'optOuts { nodes { recipient } }')} }`],
    ['lists', `{ ${times(6, () => 'nodes(ids: []) { id }')} }`],
    ['lists', `{ ${times(6, () => 'sends { nodes { id } }')} }`],
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
    expect(limitOf(text)?.name).toBe(limit);
  });

  it('with fragments that double sixty times is refused, and as quickly as any other', () => {
    const fragments = times(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`);
    // Without `asked`: 2^60 is more than a number can hold exactly.
    const limit = limitOf(`{ ...F0 } ${fragments} fragment F60 on Query { __typename }`);
    expect(limit).toEqual({ name: 'fields', allowed: 500 });
  });

  it.each([
    ['sends', 10, 12, `mutation { ${times(12, send)} }`, 'The operation has too many sends: at most 10.'],
    ['aliases', 20, 21, `{ a { ${times(21, (i) => `a${i}: b`)} } }`, 'The operation has too many aliases: at most 20.'],
    [
      'rootFields',
      20,
      25,
      `{ ${times(25, () => '__typename')} }`,
      'The operation has too many root fields: at most 20.',
    ],
    ['lists', 5, 6, `{ ${times(6, () => 'messages { a }')} }`, 'The operation has too many lists: at most 5.'],
    [
      'depth',
      10,
      11,
      `{ ${'a { '.repeat(10)} b ${'}'.repeat(10)} }`,
      'The operation has too many levels of fields: at most 10.',
    ],
    [
      'introspectionDepth',
      15,
      16,
      `{ __schema { ${'a { '.repeat(14)} b ${'}'.repeat(14)} } }`,
      'The operation has too many levels of introspection: at most 15.',
    ],
    ['fields', 500, 501, `{ a { ${times(500, () => 'b')} } }`, 'The operation has too many fields: at most 500.'],
    [
      'directives',
      50,
      52,
      `{ a { ${times(26, () => 'b @x @y')} } }`,
      'The operation has too many directives: at most 50.',
    ],
    [
      'directivesOnOneNode',
      10,
      11,
      `{ a ${'@x '.repeat(11)} }`,
      'The operation has too many directives in one place: at most 10.',
    ],
  ])('over the limit of its %s gets the limit, %d, and what it asks for, %d', (name, allowed, asked, text, message) => {
    const refusal = refusalForCost(parse(text));
    expect(refusal?.extensions).toEqual({
      code: 'OPERATION_TOO_COSTLY',
      retryable: false,
      limit: { name, allowed, asked },
    });
    expect(refusal?.message).toBe(message);
  });

  it('with fragments that contain themselves ends', () => {
    expect(limitOf('{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A b }')).toBeNull();
  });
});
