/** What rules cost: each runs once, and looks at a bounded part of a list. */
import { checkInput, EachHolds, Holds } from '../../src/graphql/rule.js';
import type { ServiceError } from '../../src/errors.js';

let wholes = 0;
let elements = 0;

class Input {
  @Holds('WHOLE', 'As a whole.', (list: string[]) => {
    wholes += 1;
    return list.length <= 10;
  })
  @EachHolds('EACH', 'Each.', (element: string, index, list) => {
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
  expect(mistakesOf(['a', 'b', 'a'])).toEqual([{ path: ['input', 'list', 2], code: 'EACH', message: 'Each.' }]);
  expect([wholes, elements]).toEqual([1, 3]);
});

it('a list of any length costs no more than one of a hundred', () => {
  const codes = mistakesOf(Array.from({ length: 40_000 }, () => 'a'))?.map(({ code }) => code);
  expect([wholes, elements]).toEqual([1, 100]);
  expect(new Set(codes)).toEqual(new Set(['WHOLE', 'EACH']));
});
