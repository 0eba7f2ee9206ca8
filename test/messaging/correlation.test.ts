/** The correlation that is appended to a tag, and read from it. */
import fc from 'fast-check';
import { Correlation } from '../../src/messaging/correlation.js';

const correlation = new Correlation(Buffer.alloc(32, 1));

describe('the correlation', () => {
  it.each([null, '', 'mine', 'a~b.c', '~', '^', 'line\nline', '😀'])(
    'brings the tag %j back exactly as it was',
    (tag) => {
      const wireTag = correlation.wireTag(tag, 'send1');
      expect(wireTag).not.toBe(tag);
      expect(correlation.read(wireTag)).toEqual({ tag, sendId: 'send1' });
    },
  );

  it('brings any tag back, also one that was correlated before', () => {
    const tag = fc.option(
      fc.string({ maxLength: 900 }).chain((text) => fc.constantFrom(text, correlation.wireTag(text, 'other'))),
    );
    fc.assert(
      fc.property(tag, (given) => {
        expect(correlation.read(correlation.wireTag(given, 'send1')).tag).toBe(given);
      }),
    );
  });

  it('leaves a tag alone that has no room for it', () => {
    const long = 'x'.repeat(1024);
    expect(correlation.wireTag(long, 'send1')).toBe(long);
    expect(correlation.read(long)).toEqual({ tag: long, sendId: null });
    for (let length = 980; length <= 1024; length++) {
      expect(correlation.wireTag('x'.repeat(length), 'send1')?.length).toBeLessThanOrEqual(1024);
    }
  });

  it('still reads what earlier versions signed by a secret of Catapult, as long as it is known', () => {
    // As version 0.1 wrote it for the secret `old secret`, computed elsewhere.
    const former = 'mine~send1.wPp1RTgaezOk';
    expect(new Correlation(Buffer.alloc(32, 1), ['new secret', 'old secret']).read(former)).toEqual({
      tag: 'mine',
      sendId: 'send1',
    });
    expect(new Correlation(Buffer.alloc(32, 1), ['new secret']).read(former).sendId).toBeNull();
    // What is signed now, the former secrets cannot sign.
    expect(
      new Correlation(Buffer.alloc(32, 2), ['old secret']).read(correlation.wireTag('mine', 'send1')).sendId,
    ).toBeNull();
  });

  it.each([
    ['as it was', (tag: string) => tag],
    ['in upper case', (tag: string) => tag.toUpperCase()],
    ['cut in the middle of the suffix', (tag: string) => tag.slice(0, -8)],
    ['cut in the id of the send', (tag: string) => tag.slice(0, -15)],
    ['with something behind it', (tag: string) => `${tag}!`],
    ['with dashes taken out', (tag: string) => tag.replaceAll(/[~^.-]/g, '')],
  ])('shows no part of its suffix in the answer to a send whose tag comes back %s', (_name, change) => {
    for (const given of ['Mine', '', null]) {
      for (let index = 0; index < 20; index++) {
        const sendId = `send${index}`;
        const wireTag = correlation.wireTag(given, sendId) ?? '';
        expect(correlation.shownTag(change(wireTag), given, sendId)).toBe(given);
      }
    }
  });

  it('shows what stands before its own suffix, and nothing of what came back for another send', () => {
    expect(correlation.shownTag('MINE~send1.9xx6WSz4u5j7', 'mine', 'send1')).toBe('MINE');
    expect(correlation.shownTag('MINE~send1.9xx6WSz4u5j7', 'theirs', 'send2')).toBe('theirs');
    expect(correlation.shownTag('x~send1.9xx6WSz4u5j7', null, 'send2')).toBeNull();
  });

  it('shows a tag that had no room for a suffix as it came back, and no tag where none came', () => {
    const long = 'x'.repeat(1_024);
    expect(correlation.shownTag(long.toUpperCase(), long, 'send1')).toBe(long.toUpperCase());
    expect(correlation.shownTag(null, 'mine', 'send1')).toBeNull();
  });

  it.each([
    ['nothing', null],
    ['an empty tag', ''],
    ['a tag of somebody else', 'mine~send1.AAAAAAAAAAAA'],
    ['another send', correlation.wireTag('mine', 'send1')?.replace('send1', 'send2') ?? ''],
    ['another mark', correlation.wireTag(null, 'send1')?.replace('^', '~') ?? ''],
    ['another key', new Correlation(Buffer.alloc(32, 2)).wireTag('mine', 'send1')],
  ])('does not believe %s', (_name, tag) => {
    expect(correlation.read(tag)).toEqual({ tag, sendId: null });
  });

  it('reads every signature, and the id of every send up to 64 characters', () => {
    const ids = [...Array.from({ length: 200 }, (_, index) => `${index}z`), 'a', 'z'.repeat(64)];
    expect(ids.filter((id) => correlation.read(correlation.wireTag('mine', id)).sendId !== id)).toEqual([]);
    expect(correlation.read(correlation.wireTag('mine', 'z'.repeat(65))).sendId).toBeNull();
  });

  it('uses all of the 1024 characters', () => {
    // The mark, `send1`, a dot and 12 characters are 19.
    expect(correlation.wireTag('x'.repeat(1_005), 'send1')).toHaveLength(1_024);
    expect(correlation.wireTag('x'.repeat(1_006), 'send1')).toBe('x'.repeat(1_006));
  });

  it('signs alike with the same key, and does not reveal the key', () => {
    // HMAC-SHA-256 of `~send1` and of `^send1` by 32 bytes of 1, the first 72 bits in base64url; computed elsewhere.
    expect(correlation.wireTag('mine', 'send1')).toBe('mine~send1.9xx6WSz4u5j7');
    expect(correlation.wireTag(null, 'send1')).toBe('^send1.b6qXMbU0uZQJ');
  });

  it.each([
    ['with something before it', (tag: string) => `more${tag}`, { tag: 'moremine', sendId: 'send1' }],
    ['with something behind it', (tag: string) => `${tag}x`, null],
    ['with a line behind it', (tag: string) => `${tag}\n`, null],
    ['with a longer signature', (tag: string) => `${tag}A`, null],
    ['with a shorter signature', (tag: string) => tag.slice(0, -1), null],
    ['with a send id in capitals', (tag: string) => tag.replace('send1', 'SEND1'), null],
    ['without a send id', (tag: string) => tag.replace('send1', ''), null],
  ])('reads a tag %s only where the suffix is whole', (_name, change, read) => {
    const wireTag = change(correlation.wireTag('mine', 'send1') ?? '');
    expect(correlation.read(wireTag)).toEqual(read ?? { tag: wireTag, sendId: null });
  });
});
