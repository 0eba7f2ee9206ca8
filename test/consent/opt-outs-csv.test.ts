/** The lines of a file of opt-outs, read and written. */
import { cellsOf, headerOf, linesOf, MAX_LINE_LENGTH, statementOfLine } from '../../src/consent/opt-outs-csv.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
async function linesIn(...chunks: Uint8Array[]): Promise<unknown[]> {
  async function* file(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const lines: unknown[] = [];
  for await (const { number, text } of linesOf(file())) lines.push([number, text]);
  return lines;
}
const HEADER = headerOf('recipient,owner,since,source,changedBy') ?? new Map();
const NOW = Date.parse('2026-11-28T00:00:00Z') * 1000;
const read = (line: string | null, header = HEADER): unknown =>
  statementOfLine(line, header, { by: 'caller:me', now: NOW });

describe('the lines of a file', () => {
  it('are numbered, wherever its pieces begin', async () => {
    const text = bytes('\ufeffa\r\nb\n\nç');
    const pieces = [...text].map((byte) => Uint8Array.of(byte));
    const lines = [
      [1, 'a\r'],
      [2, 'b'],
      [3, ''],
      [4, 'ç'],
    ];
    expect([await linesIn(text), await linesIn(...pieces)]).toEqual([lines, lines]);
    expect(await linesIn(bytes('a\n'))).toEqual([[1, 'a']]);
    expect(await linesIn()).toEqual([]);
  });

  it('are passed over where they are too long, and the next one is read', async () => {
    const long = bytes('x'.repeat(MAX_LINE_LENGTH + 1));
    const expected = [
      [1, null],
      [2, 'b'],
    ];
    expect(await linesIn(long, bytes('\nb'))).toEqual(expected);
    expect(await linesIn(bytes('x'.repeat(600)), bytes('x'.repeat(600)), bytes('x\nb'))).toEqual(expected);
    expect(await linesIn(long)).toEqual([[1, null]]);
  });
});

describe('the header', () => {
  it.each(['recipient', 'owner, Recipient', '"since","recipient"', 'changedby,source,since,owner,recipient\r'])(
    'can be %j',
    (line) => {
      expect(headerOf(line)?.has('recipient')).toBe(true);
    },
  );
  it.each([
    '',
    'owner',
    'recipient;owner',
    'recipient,recipient',
    'recipient,name',
    '+12025550100',
    'recipient,"owner',
  ])('cannot be %j', (line) => {
    expect(headerOf(line)).toBeNull();
  });
});

describe('a line', () => {
  const fields = {
    recipient: '+12025550100',
    owner: null,
    isOptedOut: true,
    since: NOW,
    messageId: null,
    recordedBy: 'caller:me',
  };

  it('needs a recipient only', () => {
    const imported = { ...fields, source: 'IMPORT', changedBy: 'caller:me' };
    expect([read('+12025550100'), read('+12025550100,,,,\r'), read('"+12025550100"')]).toEqual([
      imported,
      imported,
      imported,
    ]);
  });

  it('keeps all that is written in it', () => {
    const line = '+12025550100,+12025550111,2026-11-27T01:02:03.123456Z,KEYWORD,';
    const since = Date.parse('2026-11-27T01:02:03Z') * 1000 + 123_456;
    expect(read(line)).toEqual({ ...fields, owner: '+12025550111', since, source: 'KEYWORD', changedBy: null });
    expect(read('+12025550100,,,MANUAL,"caller:a ""b"", c"')).toEqual({
      ...{ ...fields, source: 'MANUAL', changedBy: 'caller:a "b", c' },
    });
  });

  it.each<[string | null, object]>([
    [null, { code: 'INVALID_LINE' }],
    ['"+12025550100', { code: 'INVALID_LINE' }],
    ['+12025550100,,,,,more', { code: 'INVALID_LINE' }],
    ['12025550100', { code: 'INVALID_E164', column: 'recipient' }],
    [',+12025550100', { code: 'INVALID_E164', column: 'recipient' }],
    ['=cmd()', { code: 'INVALID_E164', column: 'recipient' }],
    ["'+12025550100", { code: 'INVALID_E164', column: 'recipient' }],
    ['+12025550100,Shop', { code: 'INVALID_E164', column: 'owner' }],
    ['+12025550100,,yesterday', { code: 'INVALID_TIME', column: 'since' }],
    ['+12025550100,,2026-11-29T00:00:00Z', { code: 'INVALID_TIME', column: 'since' }],
    ['+12025550100,,,keyword', { code: 'INVALID_SOURCE', column: 'source' }],
    ['+12025550100,,,MANUAL,=HYPERLINK(1)', { code: 'INVALID_NAME', column: 'changedBy' }],
    ['+12025550100,,,MANUAL,me', { code: 'INVALID_NAME', column: 'changedBy' }],
  ])('%j is refused, and nothing of it is repeated', (line, mistake) => {
    expect(read(line)).toEqual(mistake);
  });

  it.each(['', '\r', ',,,,', ' '])('%j says nothing', (line) => {
    expect(read(line)).toBeNull();
  });

  it('reads what is written of an entry', () => {
    const entry = {
      id: 'x',
      recipient: '+12025550100',
      owner: '+12025550111',
      since: NOW - 1,
      messageId: 'm',
      changedAtMs: 5,
    };
    const cells = cellsOf({ ...entry, source: 'MANUAL', changedBy: 'caller:two\nlines' });
    expect(cells).toEqual([
      '+12025550100',
      '+12025550111',
      '2026-11-27T23:59:59.999999Z',
      'MANUAL',
      'caller:two lines',
    ]);
    expect(read(cells.join(','))).toMatchObject({ since: NOW - 1, owner: '+12025550111', source: 'MANUAL' });
  });
});
