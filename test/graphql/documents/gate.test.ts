/** What passes the gate by itself, without a server around it. */
import { GraphQLError, type DocumentNode } from 'graphql';
import { DocumentGate } from '../../../src/graphql/documents/gate.js';
import { TrustedDocuments, type TrustedDocumentsOptions } from '../../../src/graphql/documents/trusted.js';

const trusted = (fields: Partial<TrustedDocumentsOptions> = {}): TrustedDocuments =>
  new TrustedDocuments({ mode: 'off', manifest: {}, onUntrusted: () => undefined, ...fields });

/** The error that a gate answers with to a valid document; null when it lets it pass. */
const errorOf = (text: string, documents = trusted()): GraphQLError | null => {
  const judgement = new DocumentGate(documents, () => []).judge(text, 'r1');
  return 'errors' in judgement ? (judgement.errors[0] ?? null) : null;
};
const codeOf = (text: string, documents = trusted()): unknown => errorOf(text, documents)?.extensions.code ?? null;

/** A gate, and how many documents it has validated. */
const countingGate = (documents = trusted()): { ask: (text: string) => boolean; validated: () => number } => {
  let count = 0;
  const gate = new DocumentGate(documents, () => {
    count += 1;
    return [];
  });
  return { ask: (text) => 'document' in gate.judge(text, 'r1'), validated: () => count };
};

const COSTLY = `{ ${'a: b '.repeat(21)} }`;

describe('the gate', () => {
  it.each([
    ['a query', '{ messages { nodes { id } } }'],
    ['a plain subscription', 'subscription { messageUpdated(id: "1") { id } }'],
    [
      'a subscription with directives below its root',
      'subscription { messageUpdated(id: "1") { id @skip(if: false) } }',
    ],
    ['a subscription with a directive of its own', 'subscription @a { messageUpdated(id: "1") { id } }'],
    ['a query with directives at its root', 'query ($a: Boolean!) { messages @skip(if: $a) { nodes { id } } }'],
    [
      'a subscription beside a query with directives',
      'subscription S { messageUpdated(id: "1") { id } } query Q { messages @skip(if: true) { nodes { id } } }',
    ],
    [
      'a subscription beside a fragment with directives that it does not use',
      'subscription { ...F } fragment F on Subscription { messageUpdated(id: "1") { id } } fragment G on Subscription { a @skip(if: true) }',
    ],
    [
      'a subscription to a field that is called as a fragment',
      'subscription { F } fragment F on S { a @skip(if: true) }',
    ],
    ['a subscription whose fragment is not there', 'subscription { ...F }'],
    [
      'a subscription whose fragments hold each other',
      'subscription { ...F } fragment F on S { ...G } fragment G on S { ...F }',
    ],
  ])('lets pass %s', (_name, text) => {
    expect(codeOf(text)).toBeNull();
  });

  it.each([
    ['on a field', 'subscription { messageUpdated(id: "1") @include(if: true) { id } }'],
    ['on the second of two fields', 'subscription { a b @include(if: true) }'],
    ['on an inline fragment', 'subscription { ... @include(if: true) { messageUpdated(id: "1") { id } } }'],
    ['in an inline fragment', 'subscription { ... { ... { messageUpdated(id: "1") @skip(if: true) { id } } } }'],
    ['on a spread', 'subscription { ...F @skip(if: true) } fragment F on Subscription { a }'],
    ['in a fragment', 'subscription { ...F } fragment F on Subscription { a @skip(if: true) }'],
    [
      'in the fragment of a fragment',
      'subscription { ...F } fragment F on S { ...G } fragment G on S { a @skip(if: true) }',
    ],
    ['in the second of two operations', 'query Q { a } subscription S { a @skip(if: true) }'],
    ['of any name, with a variable', 'subscription ($v: Boolean!) { a @mine(if: $v) }'],
  ])('refuses a subscription with a directive %s', (_name, text) => {
    expect(codeOf(text)).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('refuses a document that costs too much', () => {
    expect(codeOf(COSTLY)).toBe('OPERATION_TOO_COSTLY');
  });

  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CR LF, which is one', '\r\n'],
  ])('refuses a document of more than 4000 lines that end with %s', (_name, lineEnd) => {
    expect(codeOf(`{ a }${lineEnd.repeat(3_999)}`)).toBeNull();
    expect(codeOf(`{ a }${lineEnd.repeat(4_000)}`)).toBe('OPERATION_TOO_COSTLY');
  });

  it('names the limit, what it allows and what the document asks for', () => {
    expect(errorOf(COSTLY)).toMatchObject({
      message: 'The operation has too many aliases: at most 20.',
      extensions: { code: 'OPERATION_TOO_COSTLY', limit: { name: 'aliases', allowed: 20, asked: 21 } },
    });
    const tooLong = errorOf(`{ a }${'\n'.repeat(4_000)}`);
    expect(tooLong?.message).toBe('The document has too many lines: at most 4000.');
    expect(tooLong?.extensions.limit).toEqual({ name: 'lines', allowed: 4_000 });
  });

  it.each([
    ['what is no document', '{ messages'],
    ['what is empty', ''],
    ['what has too many tokens', `{ ${'a '.repeat(2_000)} }`],
  ])('refuses %s as it cannot be parsed', (_name, text) => {
    expect(codeOf(text)).toBe('GRAPHQL_PARSE_FAILED');
  });

  it('answers with the mistakes that validation finds', () => {
    const mistakes = [new GraphQLError('one'), new GraphQLError('two')];
    const judgement = new DocumentGate(trusted(), () => mistakes).judge('{ a }', 'r1');
    const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
    expect(judgement).toMatchObject({
      errors: [
        { message: 'one', extensions },
        { message: 'two', extensions },
      ],
    });
  });

  it('refuses what is not trusted, even if it costs too much or is no document', () => {
    const documents = trusted({ mode: 'enforce', manifest: { one: '{ a }' } });
    expect(codeOf('{ a }', documents)).toBeNull();
    for (const text of ['{ b }', COSTLY, '{']) expect(codeOf(text, documents)).toBe('DOCUMENT_NOT_TRUSTED');
  });

  it('validates each document once, and gives the same again', () => {
    const seen: DocumentNode[] = [];
    const gate = new DocumentGate(trusted(), (document) => {
      seen.push(document);
      return [];
    });
    const judgements = Array.from({ length: 3 }, () => gate.judge('{ a }', 'r1'));
    expect(seen).toHaveLength(1);
    for (const judgement of judgements) expect('document' in judgement && judgement.document).toBe(seen[0]);
  });

  it('gives a document by the hash of its text, once it has passed', () => {
    const gate = new DocumentGate(trusted(), () => []);
    // As `printf '{ a }' | sha256sum` has it.
    const hash = '1c7e1e347f726166b5b1c55afd61f278cc9b45e00c108ec33d540a566379811b';
    expect(gate.documentOf(hash)).toBeUndefined();
    const judgement = gate.judge('{ a }', 'r1');
    expect('document' in judgement && judgement.document).toBe(gate.documentOf(hash));
    expect(gate.documentOf(hash)).toMatchObject({ kind: 'Document' });
  });

  it('takes half of a surrogate pair for no character that another document has', () => {
    const { ask } = countingGate();
    expect(ask('{ a(text: "\ufffd") }')).toBe(true);
    expect(ask('{ a(text: "\ud800") }')).toBe(false);
  });

  it('remembers documents of 400,000 characters, and forgets the least recently used first', () => {
    const { ask, validated } = countingGate();
    const [first, second, third] = ['{ a }', '{ b }', '{ c }'].map((text) => text.padEnd(200_000)) as [
      string,
      string,
      string,
    ];
    for (const text of [first, second, first, second, first]) expect(ask(text)).toBe(true);
    expect(validated()).toBe(2);
    ask(third);
    ask(first);
    expect(validated()).toBe(3);
    ask(second);
    expect(validated()).toBe(4);
    ask(third);
    expect(validated()).toBe(5);
  });

  it('remembers nothing that it refused', () => {
    const { ask } = countingGate();
    for (const text of [COSTLY, 'subscription { a @skip(if: true) }', '{']) {
      for (let round = 0; round < 2; round++) expect(ask(text)).toBe(false);
    }
    let count = 0;
    const gate = new DocumentGate(trusted(), () => {
      count += 1;
      return [new GraphQLError('wrong')];
    });
    for (let round = 0; round < 2; round++) expect('errors' in gate.judge('{ a }', 'r1')).toBe(true);
    expect(count).toBe(2);
  });

  it('reports each request with an untrusted document when it only reports them', () => {
    const told: string[] = [];
    const documents = trusted({
      mode: 'log',
      manifest: { one: '{ a }' },
      onUntrusted: (requestId) => told.push(requestId),
    });
    const gate = new DocumentGate(documents, () => []);
    for (const requestId of ['r1', 'r2']) {
      expect('document' in gate.judge('{ b }', requestId)).toBe(true);
      expect('document' in gate.judge('{a}', `trusted ${requestId}`)).toBe(true);
    }
    expect(told).toEqual(['r1', 'r2']);
  });
});
