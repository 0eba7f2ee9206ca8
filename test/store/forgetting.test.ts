/** In which forms a number that is to be forgotten is found. */
import { formsOf } from '../../src/store/forgetting.js';

describe('a number that is to be forgotten', () => {
  it.each(['+19195551212', '19195551212', '0019195551212', '9195551212'])('is found as %s', (text) => {
    const { all, isIn } = formsOf('+19195551212');
    expect(all).toContain(text);
    expect(isIn(`{"to":"${text}"}`)).toBe(true);
  });

  it('is not found in a longer one', () => {
    expect(formsOf('+19195551212').isIn('+191955512123')).toBe(false);
  });

  it('is a short code alone, and not the digits of a number with a plus', () => {
    const { all, isIn } = formsOf('1234567');
    expect(all).toEqual(['1234567']);
    expect(isIn('{"from":"1234567"}')).toBe(true);
    expect(isIn('{"from":"+1234567"}')).toBe(false);
  });
});
