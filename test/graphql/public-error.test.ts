/** Error messages keep known words only. */
import fc from 'fast-check';
import { buildSchema, coerceInputValue, getVariableValues, GraphQLError, parse, validate } from 'graphql';
import type { OperationDefinitionNode } from 'graphql';
import { subgraphSdl } from '../../src/graphql/schema.js';
import { errorFormatter, withoutInput } from '../../src/graphql/public-error.js';

const NAMES = new Set<string>(['MessageInput', 'input', 'to', 'from', 'sendMessage', 'Message', 'Mutation', 'String']);
const isName = (word: string): boolean => NAMES.has(word);

describe('a message about a request', () => {
  it.each([
    [
      'Variable "$input" got invalid value { from: "+12345678901" } at "input.to[0]"; String cannot represent a non string value: 5',
      'Variable "$input" got invalid value { from: … } at "input.to[0]"; String cannot represent a non string value: …',
    ],
    ['Cannot query field "secret" on type "Message".', 'Cannot query field … on type "Message".'],
    ['Syntax Error: Expected Name, found String "+12345678901".', 'Syntax Error: Expected Name, found String …'],
    [
      'Field "to" of required type "[String!]!" was not provided.',
      'Field "to" of required type "[String!]!" was not provided.',
    ],
  ])('keeps the words of the language and the names of the schema: %s', (message, expected) => {
    expect(withoutInput(message, isName)).toBe(expected);
  });

  it('is cut when it gets long, even if it holds only names of the schema', () => {
    expect(withoutInput('MessageInput '.repeat(10_000), isName).length).toBeLessThanOrEqual(500);
  });

  it('repeats no word that is not its own, wherever graphql-js prints the input', () => {
    const schema = buildSchema(subgraphSdl(), { assumeValidSDL: true });
    const names = new Set([
      ...Object.keys(schema.getTypeMap()),
      'input',
      'from',
      'to',
      'text',
      'media',
      'tag',
      'applicationId',
    ]);
    const isOfSchema = (word: string): boolean => names.has(word);
    const input = schema.getType('MessageInput');
    const canary = fc.stringMatching(/^zq[a-z0-9]{8}$/);
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        canary,
        fc.integer({ min: 100_000 }),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(canary, fc.constantFrom('from', 'to', 'text')), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    const leaks = /zq[a-z0-9]{8}|\d{6}/;
    let told = 0;
    fc.assert(
      fc.property(anything, (value) => {
        coerceInputValue(value, input as never, (_path, _value, error: GraphQLError) => {
          told += 1;
          expect(withoutInput(error.message, isOfSchema)).not.toMatch(leaks);
        });
      }),
    );
    fc.assert(
      fc.property(canary, fc.integer({ min: 100_000 }), (word, number) => {
        const document = `query ${word}($${word}: ${word}) { ${word} previewMessage(input: {text: ${number}, ${word}: "${word}"}) { ...${word} encoding @${word} } }`;
        const messages = validate(schema, parse(document)).map(({ message }) => withoutInput(message, isOfSchema));
        expect(messages).not.toEqual([]);
        expect(messages.join()).not.toMatch(leaks);
      }),
    );
    expect(told).toBeGreaterThan(0);
  });

  it('names what the document names, but repeats no value of it', () => {
    const schema = buildSchema(subgraphSdl(), { assumeValidSDL: true });
    const format = errorFormatter(schema, { introspection: true });
    const value = fc.stringMatching(/^zq[a-z0-9]{8}$/);
    const name = fc.stringMatching(/^nm[a-z0-9]{8}$/);
    const literal = fc.letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        value,
        value.map((each) => `"${each} and more"`),
        value.map((each) => `"""${each}"""`),
        fc.array(tie('any'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
        fc.tuple(fc.oneof(name, value), tie('any')).map(([key, each]) => `{${key}: ${each}, zqkey: "zqkey"}`),
      ),
    })).any;
    fc.assert(
      fc.property(name, literal, literal, (word, one, other) => {
        const document = `query ${word}($${word}: [ID!] = ${one}) { ${word} message(id: ${other}, ${word}: ${one}) { id } messages(first: ${one}, filter: {status: ${other}, ${word}: ${other}}) { ${word} } }`;
        const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
        const messages = validate(schema, parse(document)).map(
          (error) => format({ ...error.toJSON(), extensions }, error).message,
        );
        const named = messages.map((message) => message.replace(/ Did you mean .*/, ''));
        expect(named).toContain(`Cannot query field "${word}" on type "Query".`);
        expect(named).toContain(`Unknown argument "${word}" on field "Query.message".`);
        expect(named).toContain(`Field "${word}" is not defined by type "MessageFilter".`);
        const values = [...`${one} ${other}`.matchAll(/zq[a-z0-9]{8}/g)].map(([each]) => each);
        for (const each of values) expect(messages.join()).not.toContain(each);
        expect(messages.join()).not.toContain('zqkey');
      }),
      // graphql-js proposes a name of the schema for it.
      { examples: [['nmessage12', 'zq00000000', 'zq00000000']] },
    );
  });

  it.each([
    ['Int', 'word', 'Variable … got invalid value … Int cannot represent non-integer value: …'],
    ['Int', 'another', 'Variable "$word" got invalid value … Int cannot represent non-integer value: …'],
    [
      'MessageFilter',
      { tag: { key: 'word.' } },
      'Variable … got invalid value { … } at … String cannot represent a non string value: { … }',
    ],
    [
      'MessageFilter',
      { tag: 5 },
      'Variable "$word" got invalid value … at "word.tag"; String cannot represent a non string value: …',
    ],
  ])('repeats no value of a variable, not even one that is its name: %s, %j', (type, value, expected) => {
    const schema = buildSchema(subgraphSdl(), { assumeValidSDL: true });
    const format = errorFormatter(schema, { introspection: true });
    const [operation] = parse(`query ($word: ${type}) { __typename @skip(if: $word) }`).definitions;
    const { variableDefinitions = [] } = operation as OperationDefinitionNode;
    const { errors = [] } = getVariableValues(schema, variableDefinitions, { word: value });
    const extensions = { code: 'BAD_USER_INPUT' };
    const messages = errors.map((error) => format({ ...error.toJSON(), extensions }, error).message);
    expect(messages).toEqual([expected]);
  });
});
