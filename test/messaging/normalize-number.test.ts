/** The number that somebody means by a text. */
import fc from 'fast-check';
import { getCountries, getExampleNumber, type CountryCode } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { isAllowedDestination, isE164, normalizeNumber } from '../../src/messaging/region.js';

const regions = fc.option(fc.constantFrom(...getCountries()), { nil: null });

describe('a text means a number', () => {
  it.each<[string, string, CountryCode | null, string, string | null]>([
    ['as it should be', '+19195551212', null, '+19195551212', 'US'],
    ['with punctuation', '+1 (919) 555-1212', null, '+19195551212', 'US'],
    ['with dots', '919.555.1212', 'US', '+19195551212', 'US'],
    ['with dashes and spaces as books print them', '+1\u2011919\u2013555\u00a01212', null, '+19195551212', 'US'],
    ['within its region', '(919) 555-1212', 'US', '+19195551212', 'US'],
    ['of another region than the one that is asked about', '+44 7912 345678', 'US', '+447912345678', 'GB'],
    ['of a region that shares its calling code', '(416) 555-1234', 'US', '+14165551234', 'CA'],
    ['with the 0 of calls within a country', '07912 345678', 'GB', '+447912345678', 'GB'],
    ['with that 0 in brackets', '+44 (0)7912 345678', null, '+447912345678', 'GB'],
    ['with the 1 of calls within a country', '1 919 555 1212', 'US', '+19195551212', 'US'],
    ['with a 0 that is part of it', '06 1234 5678', 'IT', '+390612345678', 'IT'],
    ['with the country code twice', '+1 1 919 555 1212', null, '+19195551212', 'US'],
    ['with 00', '0049 1512 3456789', 'DE', '+4915123456789', 'DE'],
    ['with 011', '011 49 1512 3456789', 'US', '+4915123456789', 'DE'],
    ['in Arabic digits', '+١٩١٩٥٥٥١٢١٢', null, '+19195551212', 'US'],
    ['in Persian digits', '+۱۹۱۹۵۵۵۱۲۱۲', null, '+19195551212', 'US'],
    ['in fullwidth digits', '＋１９１９５５５１２１２', null, '+19195551212', 'US'],
    ['as a link', 'tel:+1-919-555-1212', null, '+19195551212', 'US'],
    ['as a link with its context', 'tel:919-555-1212;phone-context=+1', null, '+19195551212', 'US'],
    ['between spaces', ' \u00a0+1 919 555 1212\n', null, '+19195551212', 'US'],
    ['between marks of direction, as telephones copy it', '\u202a+1 919 555 1212\u202c', null, '+19195551212', 'US'],
    ['that is toll-free', '1-800-356-9377', 'US', '+18003569377', 'US'],
    ['of a region that is not a state', '+383 44 123 456', null, '+38344123456', 'XK'],
    ['of no region', '+800 1234 5678', null, '+80012345678', null],
    ['of a satellite network', '+881 612 345678', 'US', '+881612345678', null],
    ['whose area code nobody has yet', '+1 111 222 3333', 'US', '+11112223333', null],
  ])('%s', (_name, text, region, number, of) => {
    expect(normalizeNumber(text, region)).toEqual({ number, region: of });
  });
});

describe('a text means no number', () => {
  it.each<[string, string, CountryCode | null]>([
    ['that is empty', '', 'US'],
    ['of a + alone', '+', 'US'],
    ['of words', 'call me', 'US'],
    ['with words before it', 'call +1 919 555 1212', null],
    ['with words behind it', '+1 919 555 1212 (home)', null],
    ['without + where no region is given', '919 555 1212', null],
    ['without + where no region is given, though it begins with a country code', '19195551212', null],
    ['in letters', '1-800-FLOWERS', 'US'],
    ['in digits and letters', '1-800-555-FLOWERS', 'US'],
    ['with an extension', '+1 919 555 1212 x12', null],
    ['with an extension in words', '919-555-1212 ext. 12', 'US'],
    ['with an extension in a link', 'tel:+19195551212;ext=5', null],
    ['with tones behind it', '+19195551212,,123#', null],
    ['that is a short code', '12345', 'US'],
    ['that is an emergency number', '911', 'US'],
    ['without its area code', '555-1212', 'US'],
    ['two of them', '(919) 555-1212 / 3', 'US'],
    ['with a calling code that nobody has', '+999 123456', null],
    ['with a calling code alone', '+44', null],
    ['with too many digits', '+1 919 555 12123', null],
    ['in digits of a script that telephones do not have', '+९१९८७६५४३२१०', null],
    ['with + twice', '++1 919 555 1212', null],
    ['of zeros', '0'.repeat(64), 'US'],
    ['of brackets', '('.repeat(64), 'US'],
    ['with U+0000', '+19195551212\0', null],
  ])('%s', (_name, text, region) => {
    expect(normalizeNumber(text, region)).toBeNull();
  });
});

describe('what a text is normalized to', () => {
  const digits = fc.constantFrom(...Array.from('0123456789٠١٢٣１２３'));
  const around = fc.constantFrom(
    ' ',
    '-',
    '(',
    ')',
    '.',
    '/',
    '+',
    ';ext=',
    'x',
    'a',
    '\u202a',
    '\u200b',
    '\n',
    'tel:',
  );
  const texts = fc.oneof(
    fc.string({ unit: fc.oneof({ weight: 6, arbitrary: digits }, around), maxLength: 30 }),
    fc
      .tuple(fc.constantFrom(...getCountries()), fc.string({ unit: fc.oneof(digits, around), maxLength: 4 }))
      .map(([region, inserted]) => {
        const number = getExampleNumber(region, examples)?.number ?? '';
        return number.slice(0, 3) + inserted + number.slice(3);
      }),
  );

  it('is a number that a send takes, and normalizes to itself whatever the region', () => {
    let numbers = 0;
    fc.assert(
      fc.property(texts, regions, regions, (text, region, other) => {
        const found = normalizeNumber(text, region);
        if (found === null) return;
        numbers += 1;
        expect(isE164(found.number)).toBe(true);
        expect(normalizeNumber(found.number, other)).toEqual(found);
      }),
      { numRuns: 3_000 },
    );
    expect(numbers).toBeGreaterThan(300);
  });

  it('is the number itself, where a send may go to it', () => {
    for (const region of getCountries()) {
      const number = getExampleNumber(region, examples)?.number ?? '';
      expect(isAllowedDestination(number, '*')).toBe(true);
      expect(normalizeNumber(number, null)).toMatchObject({ number });
    }
  });

  it('is the same for a number as its country writes it', () => {
    for (const region of getCountries()) {
      const example = getExampleNumber(region, examples);
      const national = normalizeNumber(example?.formatNational() ?? '', region);
      const international = normalizeNumber(example?.formatInternational() ?? '', null);
      expect([national?.number, international?.number]).toEqual([example?.number, example?.number]);
    }
  });
});
