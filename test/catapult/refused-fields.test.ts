/** What a refusal says about the input, and how long it asks to wait. */
import { classify, parseRetryAfter } from '../../src/catapult/outcome.js';
import { OUTBOUND } from '../support/messages.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function refusedBy(status: number, body: object, retryAfter: string | null = null): ReturnType<typeof classify> {
  const seen = { started: true, status, retryAfter, failure: null, body: Buffer.from(JSON.stringify(body)) };
  return classify(seen, OUTBOUND, NOW);
}

describe('a refused field', () => {
  it.each([
    ['from', ['input', 'from']],
    ['to', ['input', 'to']],
    ['text', ['input', 'text']],
    ['applicationId', ['input', 'applicationId']],
    ['media', ['input', 'media']],
    ['tag', ['input', 'tag']],
    ['priority', ['input', 'priority']],
    ['expiration', ['input', 'expiresAt']],
    ['expiresAt', ['input']],
    ['callbackUrl', ['input']],
    ['', ['input']],
  ])('that Catapult calls %j is reported at %j', (fieldName, path) => {
    const outcome = refusedBy(400, { type: 't', description: 'd', fieldErrors: [{ fieldName }] });
    expect(outcome).toMatchObject({
      status: 'REJECTED',
      error: { code: 'BAD_USER_INPUT', retryable: false, fieldErrors: [{ path, code: 'REFUSED_BY_CATAPULT' }] },
    });
  });

  it.each([403, 409, 499])('is the input’s fault with 400 alone, not with %i', (status) => {
    const outcome = refusedBy(status, { type: 't', description: 'd', fieldErrors: [{ fieldName: 'to' }] });
    expect(outcome).toMatchObject({ status: 'REJECTED', error: { code: 'UPSTREAM_REJECTED' } });
    expect(outcome).not.toHaveProperty('error.fieldErrors.0');
  });

  it('makes no field error when the list is empty', () => {
    const outcome = refusedBy(400, { type: 't', description: 'd', fieldErrors: [] });
    expect(outcome).toMatchObject({ status: 'REJECTED', error: { code: 'UPSTREAM_REJECTED' } });
  });
});

describe('a wait', () => {
  const ERROR = { type: 't', description: 'd' };

  it('is passed on when upstream asks for one, and not when it asks for nonsense', () => {
    expect(refusedBy(503, ERROR, '7')).toMatchObject({ error: { retryAfterSeconds: 7 } });
    for (const retryAfter of [null, 'soon']) {
      for (const status of [429, 503]) {
        const outcome = refusedBy(status, ERROR, retryAfter);
        expect(outcome.status === 'REJECTED' && outcome.error.retryAfterSeconds).toBeUndefined();
      }
    }
  });

  it.each([
    // The three forms of a date in HTTP, and what only looks like one.
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30],
    ['Thu Jan 01 2026 00:00:30 GMT', 30],
    ['Thu, 01 Jan 2026 00:00:00.001 GMT', 1],
    ['Fri, 02 Jan 2026 00:00:00 GMT', 86_400],
    ['Sat, 03 Jan 2026 00:00:00 GMT', 86_400],
    ['86400', 86_400],
    ['86401', 86_400],
    ['(x) Thu, 01 Jan 2026 00:00:30 GMT', null],
    ['thu, 01 Jan 2026 00:00:30 GMT', null],
    ['7x', null],
    ['x7', null],
    ['7 7', null],
  ])('of %j is %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(seconds);
  });
});
