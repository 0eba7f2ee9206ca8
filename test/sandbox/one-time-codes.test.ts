/** One-time codes are found where people would find them, and nowhere else. */
import fc from 'fast-check';
import { oneTimeCodesIn } from '../../src/sandbox/one-time-codes.js';

describe('the one-time codes', () => {
  it.each<[text: string, codes: string[]]>([
    ['493817 is your code for example.com', ['493817']],
    ['Your code is 493-817.', ['493817']],
    ['G-493817 is your Google verification code.', ['493817']],
    ['Your PIN: 0042', ['0042']],
    ['Use OTP 12345678 to pay. Do not share it.', ['12345678']],
    ['<#> Your ExampleApp code is: 123456\nFA+9qCX9VSu', ['123456']],
    ['Your verification code is:\n\n493817\n\nIt ends in 10 minutes.', ['493817']],
    ['Here is your passcode. 4938. Thanks!', ['4938']],
    ['123456 is your code. If 123456 does not work, call us.', ['123456']],
    ['Your code 123456 (5 min)', ['123456']],
    ['Your code is 2024', ['2024']],
    ['1999 is your code', ['1999']],
    ['Su código es 493817', ['493817']],
    ['Votre code est 493817', ['493817']],
    ['(493817) is your code', ['493817']],
    ['Codes: 111111, 222222', ['111111', '222222']],
    ['Your code is 493817, or call +1 919 555 1234', ['493817']],
    ['Your code is 493817 for your order #48291 of $1250', ['493817']],
    ['747723 is your code.\n\n@example.com #747723', ['747723']],
    ['Sign in.\n@example.com #R4nd0m', ['R4nd0m']],
    ['Sign in.\n@example.com #747723 @ecommerce.example', ['747723']],
    ['Sign in.\n@example.com #747723 %ecommerce.example', ['747723']],
  ])('of %j are %j', (text, codes) => {
    expect(oneTimeCodesIn(text)).toEqual(codes);
  });

  it.each([
    '',
    'Hey, check this out!',
    'See you at 1830',
    'Your table for 4 is ready. Reply 1234',
    'Use promo code 4821 today',
    'Your zip code is 27601, right?',
    'A code was sent to the number ending in 1234',
    'A verification call comes from (919) 555-1234',
    'Verify your account at https://example.com/verify/123456',
    'Verify at example.com/123456',
    'Verification is due by 2026',
    'Verification ends on 2026-11-29 at 12:30:4500',
    'Verify the payment of $1500, 1500 USD or 1500,50',
    'Verify: your card 4111 1111 1111 1111',
    'Your code ends in 1000 seconds',
    'Your code was 123 digits, 123456789 is too long',
    'No code: a123456, 123456b and 12-3456',
    'Sign in.\n@example.com #747723\nThis is the last line.',
  ])('are none in %j', (text) => {
    expect(oneTimeCodesIn(text)).toEqual([]);
  });

  const digits = (min: number, max: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: min, maxLength: max });
  const words = fc
    .array(fc.string({ unit: fc.constantFrom(...Array.from('abcdefghij')), minLength: 1, maxLength: 8 }), {
      maxLength: 6,
    })
    .map((each) => each.join(' '));
  const code = digits(4, 8);

  it('are found in every usual sentence', () => {
    const sentence = fc.oneof(
      fc.tuple(words, code).map(([name, given]) => [`${given} is your ${name} code`, given]),
      fc.tuple(words, code).map(([name, given]) => [`Your ${name} code is ${given}. Do not share it!`, given]),
      fc.tuple(words, code).map(([name, given]) => [`${name}\nYour PIN: ${given}\n${name}`, given]),
    );
    fc.assert(
      fc.property(sentence, ([text = '', given]) => {
        expect(oneTimeCodesIn(text)).toEqual([given]);
      }),
    );
  });

  it('of the origin-bound format are what stands behind the sign, whatever stands before', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), code, (text, given) => {
        expect(oneTimeCodesIn(`${text}\n@example.com #${given}`)).toEqual([given]);
      }),
    );
  });

  it('are no telephone numbers, prices, years, or parts of addresses, even beside the word', () => {
    const number = fc.tuple(digits(3, 3), digits(3, 3), digits(4, 4));
    const other = fc.oneof(
      number.map((parts) => parts.join('-')),
      number.map((parts) => parts.join(' ')),
      number.map((parts) => `+1${parts.join('')}`),
      number.map(([area, ...rest]) => `(${area}) ${rest.join('-')}`),
      digits(4, 8).map((amount) => `$${amount}`),
      digits(4, 8).map((amount) => `${amount} USD`),
      fc.integer({ min: 1900, max: 2099 }).map((year) => `in ${year}`),
      digits(4, 8).map((id) => `https://example.com/${id}?x=${id}`),
      digits(9, 30),
    );
    fc.assert(
      fc.property(words, other, words, (before, something, behind) => {
        expect(oneTimeCodesIn(`The code for ${before} and ${something} or ${behind}`)).toEqual([]);
      }),
    );
  });

  it('are 4 to 8 digits, each once, and never take long to find', () => {
    const parts = fc.constantFrom('code ', 'is ', '1234', '123-456', ' ', '.', '\n', '#', '://', '2024', 'zip ');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 500 }), (pieces) => {
        const found = oneTimeCodesIn(pieces.join('').slice(0, 2048));
        expect(new Set(found).size).toBe(found.length);
        for (const each of found) expect(each).toMatch(/^\d{4,8}$/);
      }),
      { numRuns: 300 },
    );
  });
});
