/** What an answer means: the table of src/README.md, row by row. */
import type { Exchange } from '../../src/catapult/exchange.js';
import { classify, parseRetryAfter } from '../../src/catapult/outcome.js';
import { OUTBOUND } from '../support/messages.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const CATAPULT_ERROR = '{"type":"some-error","description":"Some words"}';
const FRAMEWORK_ERROR =
  '{"timestamp":"2019-06-19T14:46:42.462+0000","status":401,"error":"Unauthorized","message":"Bad credentials","path":"/"}';
const VERSION_1_ERROR = '{"category":"limit","code":"message-rate-limit","message":"Too fast"}';

function seen(fields: Partial<Omit<Exchange, 'body'>> & { body?: string | null } = {}): Exchange {
  const { body = null, ...rest } = fields;
  return {
    started: true,
    status: null,
    retryAfter: null,
    failure: null,
    ...rest,
    body: body === null ? null : Buffer.from(body),
  };
}

/** The outcome in the words of the table: class, code, and whether it may be tried again. */
function outcomeOf(exchange: Exchange): string {
  const outcome = classify(exchange, OUTBOUND, NOW);
  switch (outcome.status) {
    case 'REJECTED':
      return `rejected: ${outcome.error.code}, ${outcome.error.retryable ? 'may retry' : 'final'}`;
    case 'ACCEPTED':
      return outcome.message === null ? 'ACCEPTED_WITHOUT_ID' : 'ACCEPTED';
    case 'UNKNOWN':
      return 'UNKNOWN';
  }
}

describe('what was seen of a request means', () => {
  it.each<[string, Exchange, string]>([
    ['never started', seen({ started: false, failure: 'ECONNRESET' }), 'rejected: UPSTREAM_UNAVAILABLE, may retry'],
    ['started, then reset', seen({ failure: 'ECONNRESET' }), 'UNKNOWN'],
    ['started, then silence', seen({ failure: 'TimeoutError' }), 'UNKNOWN'],
    ['202 with an id', seen({ status: 202, body: '{"id":"1"}' }), 'ACCEPTED'],
    ['200 with an id', seen({ status: 200, body: '{"id":"1"}' }), 'ACCEPTED'],
    ['202 with an id and members nobody knows', seen({ status: 202, body: '{"id":"1","new":[{}]}' }), 'ACCEPTED'],
    ['202 that breaks off', seen({ status: 202, failure: 'UND_ERR_SOCKET' }), 'UNKNOWN'],
    ['202 with half a body', seen({ status: 202, body: '{"id":"147620' }), 'UNKNOWN'],
    ['200 with a text', seen({ status: 200, body: 'ok' }), 'UNKNOWN'],
    ['200 with a JSON string', seen({ status: 200, body: '"ok"' }), 'UNKNOWN'],
    ['202 without an id', seen({ status: 202, body: '{}' }), 'ACCEPTED_WITHOUT_ID'],
    ['202 with a blank id', seen({ status: 202, body: '{"id":" "}' }), 'ACCEPTED_WITHOUT_ID'],
    ['202 with an array', seen({ status: 202, body: '[{"id":"1"}]' }), 'ACCEPTED_WITHOUT_ID'],
    ['204', seen({ status: 204, body: '' }), 'UNKNOWN'],
    ['400 with Catapult JSON', seen({ status: 400, body: CATAPULT_ERROR }), 'rejected: UPSTREAM_REJECTED, final'],
    ['403 of version 1', seen({ status: 403, body: VERSION_1_ERROR }), 'rejected: UPSTREAM_REJECTED, final'],
    ['403 of a proxy', seen({ status: 403, body: '<html>Forbidden</html>' }), 'UNKNOWN'],
    ['400 that is not JSON', seen({ status: 400, body: 'definitely {}not [valid JSON]' }), 'UNKNOWN'],
    ['408 with Catapult JSON', seen({ status: 408, body: CATAPULT_ERROR }), 'UNKNOWN'],
    [
      '429 with Catapult JSON',
      seen({ status: 429, body: CATAPULT_ERROR }),
      'rejected: UPSTREAM_RATE_LIMITED, may retry',
    ],
    ['429 of a limiter in between', seen({ status: 429, body: '' }), 'rejected: UPSTREAM_RATE_LIMITED, may retry'],
    [
      '429 that breaks off',
      seen({ status: 429, failure: 'UND_ERR_SOCKET' }),
      'rejected: UPSTREAM_RATE_LIMITED, may retry',
    ],
    [
      '500 with Catapult JSON',
      seen({ status: 500, body: CATAPULT_ERROR }),
      'rejected: UPSTREAM_UNAVAILABLE, may retry',
    ],
    [
      '503 with Catapult JSON',
      seen({ status: 503, body: CATAPULT_ERROR }),
      'rejected: UPSTREAM_UNAVAILABLE, may retry',
    ],
    ['500 of the framework', seen({ status: 500, body: FRAMEWORK_ERROR }), 'UNKNOWN'],
    ['500 without a body', seen({ status: 500, body: '' }), 'UNKNOWN'],
    ['503 of a proxy', seen({ status: 503, body: '<html>' }), 'UNKNOWN'],
    ['502 with Catapult JSON', seen({ status: 502, body: CATAPULT_ERROR }), 'UNKNOWN'],
    ['504 with Catapult JSON', seen({ status: 504, body: CATAPULT_ERROR }), 'UNKNOWN'],
    ['an unassigned status', seen({ status: 600, body: CATAPULT_ERROR }), 'UNKNOWN'],
  ])('%s', (_name, exchange, expected) => {
    expect(outcomeOf(exchange)).toBe(expected);
  });

  it('refused fields, by name only, when Catapult answers 400 with fieldErrors', () => {
    const body = JSON.stringify({
      type: 'request-validation',
      description: 'Your request could not be accepted',
      fieldErrors: [
        { fieldName: 'to', description: "'+1invalid' must be replaced" },
        { fieldName: 'surprise', description: '+12345678902' },
        { description: 'nameless' },
        'not an object',
      ],
    });
    const refused = classify(seen({ status: 400, body }), OUTBOUND, NOW);
    expect(refused).toMatchObject({
      status: 'REJECTED',
      error: {
        code: 'BAD_USER_INPUT',
        retryable: false,
        outcome: 'NOT_SENT',
        fieldErrors: [
          { path: ['input', 'to'], code: 'REFUSED_BY_CATAPULT' },
          { path: ['input'], code: 'REFUSED_BY_CATAPULT' },
        ],
      },
    });
    expect(JSON.stringify(refused)).not.toMatch(/invalid|\+123/);
  });

  it('a wait, when a refusal carries Retry-After', () => {
    const refusal = { body: CATAPULT_ERROR, retryAfter: '7' };
    for (const status of [429, 503]) {
      expect(classify(seen({ status, ...refusal }), OUTBOUND, NOW)).toMatchObject({ error: { retryAfterSeconds: 7 } });
    }
  });
});

/** The bodies that an answer may have. */
const BODIES = {
  none: '',
  HTML: '<!DOCTYPE html><html><body>Some words</body></html>',
  'JSON of Catapult': CATAPULT_ERROR,
  'JSON of the framework': FRAMEWORK_ERROR,
  'JSON of version 1': VERSION_1_ERROR,
  'JSON of somebody else': '{"status":"ok","message":"hello"}',
  'a body that breaks off': null,
} as const;
type Body = keyof typeof BODIES;

const REJECTED = 'rejected: UPSTREAM_REJECTED, final';
const RATE_LIMITED = 'rejected: UPSTREAM_RATE_LIMITED, may retry';
const UNAVAILABLE = 'rejected: UPSTREAM_UNAVAILABLE, may retry';

/** The classes by body, in the order of `BODIES`. */
const always = (outcome: string): readonly string[] => Object.keys(BODIES).map(() => outcome);
const onlyOfCatapult = (outcome: string): readonly string[] => [
  ...['UNKNOWN', 'UNKNOWN', outcome, outcome, outcome],
  ...['UNKNOWN', 'UNKNOWN'],
];
const NO_ID = 'ACCEPTED_WITHOUT_ID';

/** Every status: written down by hand, so that no change of the code changes what is expected of it. */
const CLASSES: readonly [statuses: readonly number[], classes: readonly string[]][] = [
  [
    [200, 201, 202, 203, 204, 205, 206, 207, 226, 299],
    ['UNKNOWN', 'UNKNOWN', NO_ID, NO_ID, NO_ID, NO_ID, 'UNKNOWN'],
  ],
  [[300, 302, 303, 304, 305, 306, 399], always('UNKNOWN')],
  [[301, 307, 308], always(REJECTED)],
  [[401, 404, 405, 406, 407, 411, 413, 414, 415, 422, 431], always(REJECTED)],
  [[400, 402, 403, 409, 410, 412, 416, 417, 418, 421, 423, 424, 425, 426, 428, 451, 499], onlyOfCatapult(REJECTED)],
  [[408], always('UNKNOWN')],
  [[429], always(RATE_LIMITED)],
  [
    [500, 503],
    ['UNKNOWN', 'UNKNOWN', UNAVAILABLE, 'UNKNOWN', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  ],
  [[501, 502, 504, 505, 507, 508, 511, 520, 522, 524, 599, 600, 999], always('UNKNOWN')],
];

describe('every status, with every body, means', () => {
  const rows = CLASSES.flatMap(([statuses, classes]) =>
    statuses.flatMap((status) =>
      (Object.keys(BODIES) as Body[]).map((body, index): [number, Body, string] => [
        status,
        body,
        classes[index] ?? '',
      ]),
    ),
  );
  it.each(rows)('%d with %s: %s', (status, body, expected) => {
    const failure = BODIES[body] === null ? 'UND_ERR_SOCKET' : null;
    expect(outcomeOf(seen({ status, body: BODIES[body], failure }))).toBe(expected);
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120],
    [' 3 ', 3],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 86_400],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    ['2026-01-01', null],
  ])('%j is %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(seconds);
  });
});
