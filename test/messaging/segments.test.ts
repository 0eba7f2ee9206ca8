/** How a text is cut into segments. */
import fc from 'fast-check';
import { segmentsOf } from '../../src/messaging/segments.js';

const GSM_7_ALPHABET =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';

describe('the segments of a text', () => {
  it.each<[name: string, text: string, encoding: string, units: number, segments: number, capacity: number]>([
    ['nothing', '', 'GSM_7', 0, 1, 160],
    ['plain words', 'Hey, check this out!', 'GSM_7', 20, 1, 160],
    ['the whole basic alphabet', GSM_7_ALPHABET, 'GSM_7', 127, 1, 160],
    ['the whole extension table', '\f^{}\\[~]|€', 'GSM_7', 20, 1, 160],
    ['CRLF, which counts two', 'a\r\nb', 'GSM_7', 4, 1, 160],
    ['160 characters', 'a'.repeat(160), 'GSM_7', 160, 1, 160],
    ['161 characters', 'a'.repeat(161), 'GSM_7', 161, 2, 153],
    ['306 characters', 'a'.repeat(306), 'GSM_7', 306, 2, 153],
    ['307 characters', 'a'.repeat(307), 'GSM_7', 307, 3, 153],
    ['80 extension characters', '{'.repeat(80), 'GSM_7', 160, 1, 160],
    ['81 extension characters, 76 to a segment', '{'.repeat(81), 'GSM_7', 162, 2, 153],
    [
      'an extension character at a boundary, which is not split',
      `${'a'.repeat(152)}{${'a'.repeat(152)}`,
      'GSM_7',
      306,
      3,
      153,
    ],
    ['an extension character before a boundary', `${'a'.repeat(151)}{${'a'.repeat(153)}`, 'GSM_7', 306, 2, 153],
    ['2048 characters', 'a'.repeat(2048), 'GSM_7', 2048, 14, 153],
    ['70 characters with a smart quote', `’${'a'.repeat(69)}`, 'UCS_2', 70, 1, 70],
    ['71 characters with a smart quote', `’${'a'.repeat(70)}`, 'UCS_2', 71, 2, 67],
    ['an extension character in UCS-2, which counts one', '{’', 'UCS_2', 2, 1, 70],
    ['an emoji', '😀', 'UCS_2', 2, 1, 70],
    ['35 emoji', '😀'.repeat(35), 'UCS_2', 70, 1, 70],
    ['36 emoji, 33 to a segment', '😀'.repeat(36), 'UCS_2', 72, 2, 67],
    ['67 emoji', '😀'.repeat(67), 'UCS_2', 134, 3, 67],
    ['an emoji at a boundary, which is not split', `${'’'.repeat(66)}😀${'’'.repeat(66)}`, 'UCS_2', 134, 3, 67],
    ['a family, joined by U+200D', '👨‍👩‍👧', 'UCS_2', 8, 1, 70],
    ['composed é', 'caf\u00e9', 'GSM_7', 4, 1, 160],
    ['decomposed é', 'cafe\u0301', 'UCS_2', 5, 1, 70],
    ['ç, since the alphabet has only its capital', 'ç', 'UCS_2', 1, 1, 70],
    ['a backtick', '`', 'UCS_2', 1, 1, 70],
    ['a tab', '\t', 'UCS_2', 1, 1, 70],
    ['a no-break space', '\u00a0', 'UCS_2', 1, 1, 70],
    ['Chinese', '你好', 'UCS_2', 2, 1, 70],
  ])('%s', (_name, text, encoding, unitCount, segmentCount, unitsPerSegment) => {
    expect(segmentsOf(text)).toMatchObject({ encoding, unitCount, segmentCount, unitsPerSegment });
  });

  it('name the characters that forced UCS-2, each once, in order', () => {
    expect(segmentsOf('“Hi” “you” 😀 {€} 😀').forcing).toEqual(['“', '”', '😀']);
    expect(segmentsOf('plain').forcing).toEqual([]);
  });

  it('hold all units, and each but the last is full up to one unit', () => {
    const unit = fc.constantFrom('a', '{', '€', 'é', '\n', '’', '😀');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 600 }), (characters) => {
        const { segmentCount, unitCount, unitsPerSegment } = segmentsOf(characters.join(''));
        expect(segmentCount * unitsPerSegment).toBeGreaterThanOrEqual(unitCount);
        expect((segmentCount - 1) * (unitsPerSegment - 1)).toBeLessThanOrEqual(unitCount);
      }),
    );
  });
});
