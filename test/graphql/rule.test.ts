/** Input rules: what they cost, that they find what class-validator finds, and what they say of it. */
import { IsOptional, validateSync } from 'class-validator';
import fc from 'fast-check';
import { MessageInput } from '../../src/graphql/message.input.js';
import { checkInput, EachHolds, Holds, mistakesOf as mistakesIn } from '../../src/graphql/rule.js';
import { FIELD_ERRORS, type ServiceError } from '../../src/errors.js';

let wholes = 0;
let elements = 0;

class Input {
  @Holds('TOO_MANY_MEDIA', 'As a whole.', (list: string[]) => {
    wholes += 1;
    return list.length <= 10;
  })
  @EachHolds('INVALID_MEDIA_URL', 'Each.', (element: string, index, list) => {
    elements += 1;
    return list.indexOf(element) === index;
  })
  list!: string[];
}

function mistakesOf(list: string[]): ServiceError['fieldErrors'] {
  [wholes, elements] = [0, 0];
  try {
    checkInput('input', Object.assign(new Input(), { list }));
    return [];
  } catch (error) {
    return (error as ServiceError).fieldErrors;
  }
}

it('a rule runs once for each value, also where it is broken', () => {
  expect(mistakesOf(['a', 'b', 'a'])).toEqual([
    { path: ['input', 'list', '2'], code: 'INVALID_MEDIA_URL', message: 'Each.' },
  ]);
  expect([wholes, elements]).toEqual([1, 3]);
});

it('a list of any length costs no more than one of a hundred', () => {
  const codes = mistakesOf(Array.from({ length: 40_000 }, () => 'a'))?.map(({ code }) => code);
  expect([wholes, elements]).toEqual([1, 100]);
  expect(new Set(codes)).toEqual(new Set(['TOO_MANY_MEDIA', 'INVALID_MEDIA_URL']));
});

describe('the mistakes of an input', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', ' ', 'Hey', 'a\0', '\ud800', 'x'.repeat(2_049), 'x'.repeat(5_000)),
  );
  const number = fc.oneof(
    { weight: 40, arbitrary: fc.integer({ min: 2_000_000, max: 9_999_999 }).map((digits) => `+1919${digits}`) },
    fc.constantFrom('+19195551212', '19195551212', '+0', '+1 919 555 1212', ''),
  );
  const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null | undefined> =>
    fc.oneof({ weight: 2, arbitrary: value }, fc.constantFrom(null, undefined));
  const inputs = fc.record({
    from: number,
    to: fc.array(number, { maxLength: 12 }),
    text: fc.oneof({ weight: 15, arbitrary: fc.constant('Hey') }, text),
    applicationId: fc.oneof({ weight: 15, arbitrary: fc.constant('app-1') }, text),
    media: optional(
      fc.array(fc.constantFrom('https://example.com/a.png', 'ftp://x', 'http://a@b', 'x'), { maxLength: 12 }),
    ),
    tag: optional(fc.constantFrom('red', '', '\0', 'x'.repeat(1_025))),
    idempotencyKey: optional(fc.constantFrom('k-1', '', 'a b', 'x'.repeat(256))),
  });

  it('are those that class-validator finds, none, one or many', () => {
    let right = 0;
    fc.assert(
      fc.property(inputs, (members) => {
        const input = Object.assign(new MessageInput(), members);
        const expected = validateSync(input).flatMap(({ property, constraints = {} }) =>
          Object.entries(constraints).map(([code, message]) => ({ property, code, message })),
        );
        const found = mistakesIn('input', input).map(({ path, code, message }) => ({
          property: path[1],
          code,
          message,
        }));
        // A list may break a rule in several places.
        const each = found.filter(({ property, code }, index) =>
          found.slice(0, index).every((earlier) => earlier.property !== property || earlier.code !== code),
        );
        expect(each).toEqual(expected);
        if (expected.length === 0) right += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(right).toBeGreaterThan(50);
  });

  it('have the parameters that the table lists for their codes', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(inputs, (members) => {
        for (const mistake of mistakesIn('input', Object.assign(new MessageInput(), members))) {
          const { path, code, message, ...parameters } = mistake;
          expect([path[0], message]).toEqual(['input', expect.any(String)]);
          expect(Object.keys(parameters)).toEqual(FIELD_ERRORS[code].parameters);
          seen.add(code);
        }
      }),
      { numRuns: 1_000 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['TAG_TOO_LONG', 'NO_RECIPIENT', 'INVALID_E164']));
  });
});

it('an input needs rules, and no other decorators: their codes are not in the table', () => {
  class Foreign {
    @IsOptional()
    @Holds('INVALID_CHARACTER', 'Never.', () => false)
    text?: string;
  }
  for (const input of [new Foreign(), new Date()]) {
    expect(() => mistakesIn('input', input)).toThrow(TypeError);
  }
});
