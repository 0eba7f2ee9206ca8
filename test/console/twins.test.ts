/** Characters that make a text cost more, and those that say the same for less. */
import { asCurl, asGraphQL } from '../../src/console/compose/as-code.js';
import { piecesOf, savingIn } from '../../src/console/compose/twins.js';

describe('cheaper twins', () => {
  it('are offered with what they save', () => {
    const saving = savingIn('’'.repeat(80));
    expect(saving).toEqual({
      twins: [{ character: '’', twin: "'", count: 80 }],
      // 80 units of UCS-2 are two segments, 80 septets one.
      segments: 1,
      text: "'".repeat(80),
    });
  });

  it.each([
    ['a text that costs the least anyway', 'It’s short'],
    ['a text without such characters', 'a'.repeat(200)],
    ['a text that stays expensive because of a smile', `${'’'.repeat(60)} 😀 ${'a'.repeat(100)}`],
    ['letters, since another letter is another word', 'č'.repeat(100)],
  ])('are not offered for %s', (_why, text) => {
    expect(savingIn(text)).toBeNull();
  });

  it('are offered beside characters that have none, if shorter twins save a segment even so', () => {
    // 71 units with the invisible space, 70 without.
    expect(savingIn(`😀${'a'.repeat(68)}\u200b`)).toMatchObject({ segments: 1, text: `😀${'a'.repeat(68)}` });
  });
});

describe('the marks of a text', () => {
  it('are on what makes every character cost more', () => {
    expect(piecesOf('It’s {here}')).toEqual([
      { text: 'It', cost: null },
      { text: '’', cost: 'all' },
      { text: 's {here}', cost: null },
    ]);
  });

  it('are on what counts twice, where nothing costs more than that', () => {
    expect(piecesOf('5 €')).toEqual([
      { text: '5 ', cost: null },
      { text: '€', cost: 'twice' },
    ]);
  });

  it('are around whole characters', () => {
    expect(piecesOf('a😀b').map(({ text }) => text)).toEqual(['a', '😀', 'b']);
  });
});

describe('a message as code', () => {
  const input = { from: '+12345678901', to: ['+12345678902'], text: "It's", media: [], tag: null };

  it('leaves out what was not said', () => {
    expect(asGraphQL(input)).toContain('# {\n#   "input": {\n#     "from": "+12345678901",');
    expect(asGraphQL(input)).not.toMatch(/media|tag/);
  });

  it('is one command for a shell, without a key', () => {
    const command = asCurl(input, { url: 'https://messages.example.com/graphql', needsKey: true });
    expect(command).toContain(`"text":"It'\\''s"`);
    expect(command).toContain("-H 'authorization: Bearer YOUR_KEY'");
    expect(asCurl(input, { url: 'https://messages.example.com/graphql', needsKey: false })).not.toContain('YOUR_KEY');
  });
});
