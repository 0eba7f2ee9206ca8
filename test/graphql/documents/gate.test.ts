/** What passes the gate by itself, without a server around it. */
import { DocumentGate } from '../../../src/graphql/documents/gate.js';
import { TrustedDocuments, type TrustedDocumentsOptions } from '../../../src/graphql/documents/trusted.js';

/** Counts how often it is asked whether a document is trusted. */
class CountingDocuments extends TrustedDocuments {
  asked = 0;

  override admits(text: string, requestId: string): boolean {
    this.asked += 1;
    return super.admits(text, requestId);
  }
}

const trusted = (fields: Partial<TrustedDocumentsOptions> = {}): CountingDocuments =>
  new CountingDocuments({ mode: 'off', manifest: {}, onUntrusted: () => undefined, ...fields });

/** The code by which a gate refuses a document; null when it lets it pass. */
const codeOf = (text: string, documents = trusted()): unknown =>
  new DocumentGate(documents).refusalOf(text, 'r1')?.extensions.code ?? null;

const COSTLY = `{ ${'a: b '.repeat(21)} }`;

describe('the gate', () => {
  it.each([
    ['a query', '{ messages { nodes { id } } }'],
    ['what is no document, since validation says it better', '{ messages'],
    ['what has too many tokens to be parsed', `{ ${'a '.repeat(2_000)} }`],
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

  it('tells what a refusal means in constant words', () => {
    const refusal = new DocumentGate(trusted()).refusalOf(COSTLY, 'r1');
    expect(refusal?.message).toBe('The operation asks for too much: ask for less, or split it.');
  });

  it('refuses what is not trusted, also where it costs too much or is no document', () => {
    const documents = trusted({ mode: 'enforce', manifest: { one: '{ a }' } });
    expect(codeOf('{ a }', documents)).toBeNull();
    for (const text of ['{ b }', COSTLY, '{']) expect(codeOf(text, documents)).toBe('DOCUMENT_NOT_TRUSTED');
  });

  it('looks at each document once, as long as it is remembered', () => {
    const documents = trusted();
    const gate = new DocumentGate(documents);
    for (let round = 0; round < 3; round++) expect(gate.refusalOf('{ a }', 'r1')).toBeNull();
    expect(documents.asked).toBe(1);
  });

  it('remembers 500 documents, and then begins again', () => {
    const documents = trusted();
    const gate = new DocumentGate(documents);
    const ask = (index: number): void => {
      expect(gate.refusalOf(`{ a${index} }`, 'r1')).toBeNull();
    };
    for (let index = 0; index < 500; index++) ask(index);
    ask(0);
    expect(documents.asked).toBe(500);
    ask(500);
    ask(500);
    expect(documents.asked).toBe(501);
    ask(0);
    expect(documents.asked).toBe(502);
  });

  it('remembers no document of more than 4096 characters', () => {
    const documents = trusted();
    const gate = new DocumentGate(documents);
    const [longest, longer] = ['{ a }'.padEnd(4_096), '{ a }'.padEnd(4_097)];
    for (const text of [longest, longest, longer, longer]) expect(gate.refusalOf(text, 'r1')).toBeNull();
    expect(documents.asked).toBe(3);
  });

  it('remembers nothing that it refused', () => {
    const gate = new DocumentGate(trusted());
    for (let round = 0; round < 2; round++) expect(gate.refusalOf(COSTLY, 'r1')).not.toBeNull();
    const subscription = 'subscription { a @skip(if: true) }';
    for (let round = 0; round < 2; round++) expect(gate.refusalOf(subscription, 'r1')).not.toBeNull();
  });

  it('tells of each request with a document that is not trusted, where it only tells', () => {
    const told: string[] = [];
    const gate = new DocumentGate(trusted({ mode: 'log', onUntrusted: (requestId) => told.push(requestId) }));
    for (const requestId of ['r1', 'r2']) expect(gate.refusalOf('{ a }', requestId)).toBeNull();
    expect(told).toEqual(['r1', 'r2']);
  });
});
