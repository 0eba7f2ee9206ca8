/** Which documents a manifest knows, and what becomes of others, without a server around it. */
import { parse } from 'graphql';
import { TrustedDocuments, type DocumentRequest } from '../../../src/graphql/documents/trusted.js';

describe('a manifest', () => {
  const HASH = 'a'.repeat(64);
  const documents = (manifest: Record<string, string>, mode: 'off' | 'log' | 'enforce' = 'enforce'): TrustedDocuments =>
    new TrustedDocuments({ mode, manifest, onUntrusted: () => undefined });
  const known = documents({ [HASH]: '{ plain }', [`sha256:${'b'.repeat(64)}`]: '{ prefixed }' });

  it.each<[string, DocumentRequest, string | null]>([
    ['by its id', { documentId: HASH }, '{ plain }'],
    ['by its id, with null for its text', { documentId: HASH, query: null }, '{ plain }'],
    ['by its id, with an empty text', { documentId: HASH, query: '' }, '{ plain }'],
    ['by an id with its algorithm', { documentId: `sha256:${'b'.repeat(64)}` }, '{ prefixed }'],
    ['by an id that lacks its algorithm', { documentId: 'b'.repeat(64) }, '{ prefixed }'],
    ['by the hash of a persisted query', { extensions: { persistedQuery: { sha256Hash: HASH } } }, '{ plain }'],
    [
      'by its id before a hash',
      { documentId: HASH, extensions: { persistedQuery: { sha256Hash: 'b'.repeat(64) } } },
      '{ plain }',
    ],
    ['not beside a text', { documentId: HASH, query: '{ other }' }, null],
    ['not by an id that nobody knows', { documentId: 'c'.repeat(64) }, null],
    ['not by an id that is no text', { documentId: [HASH] }, null],
    ['not by a list of an id that lacks its algorithm', { documentId: ['b'.repeat(64)] }, null],
    ['not by a number', { documentId: 1 }, null],
    ['not by a name of every object', { documentId: 'constructor' }, null],
    ['not without an id', {}, null],
    ['not by extensions without one', { extensions: {} }, null],
    ['not by extensions that are null', { extensions: null }, null],
    ['not by a persisted query without a hash', { extensions: { persistedQuery: {} } }, null],
  ])('finds a document %s', (_name, request, text) => {
    expect(known.textOf(request)).toBe(text);
  });

  it('lets its documents run however they are laid out, and under `enforce` no others', () => {
    const laidOut = '{\n  # a comment\n  plain,\n}';
    for (const text of ['{ plain }', laidOut, '{ prefixed }']) expect(known.has(parse(text))).toBe(true);
    for (const text of ['{ other }', '{ plain prefixed }']) expect(known.has(parse(text))).toBe(false);
  });

  it('lets no document run that has more tokens than a request may have', () => {
    // 2,001 with its braces; commas are none.
    const tooLong = (separator: string): string => `{ ${`a${separator}`.repeat(1_999)} }`;
    expect(() => documents({ [HASH]: tooLong(' ') })).toThrow(/token/i);
    const longest = `{ ${'a '.repeat(1_998)} }`;
    expect(documents({ [HASH]: longest }).has(parse(longest.replaceAll(' ', ',')))).toBe(true);
  });

  it('trusts every document where trust is off', () => {
    expect(documents({ [HASH]: '{ plain }' }, 'off').has(parse('{ other }'))).toBe(true);
  });

  it.each([
    ['off', true],
    ['log', true],
    ['enforce', false],
  ] as const)('under `%s` lets others run: %s', (mode, admits) => {
    const told: string[] = [];
    const trusted = new TrustedDocuments({
      mode,
      manifest: { [HASH]: '{ plain }' },
      onUntrusted: (requestId) => told.push(requestId),
    });
    expect(trusted.admits(true, 'r1')).toBe(true);
    expect(trusted.admits(false, 'r2')).toBe(admits);
    expect(told).toEqual(mode === 'log' ? ['r2'] : []);
  });
});
