/** Which numbers a caller has: by its key's name, by a claim of its token, or by both. */
import { createHash } from 'node:crypto';
import { authenticator } from '../../src/auth/authenticator.js';
import { readConfig } from '../../src/config/config.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startIssuer, type Issuer } from './issuer.js';

const [FIRST, SECOND, THIRD] = ['+19195551001', '+19195551002', '+19195551003'];
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `+1919555${1_000 + index}`);
const LISTED = `jwt:agent:${FIRST}|${SECOND},shop:${FIRST}`;
const API_KEYS = `shop:${createHash('sha256').update('shop-key').digest('hex')}`;

describe('a caller may send from, and read', () => {
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterAll(() => issuer.close());

  /** The numbers of whoever signs in; null for all of the account's, `refused` for nobody. */
  async function numbersOf(
    claims: object,
    environment: object = { JWT_NUMBERS_CLAIM: 'numbers' },
  ): Promise<readonly string[] | null | 'refused'> {
    const { auth } = readConfig({ API_KEYS, ALLOWED_SENDERS: LISTED, ...issuer.environment, ...environment });
    const token = await issuer.sign({ sub: 'user', scope: 'messages:read', ...claims });
    const signedIn = await authenticator(auth)({ authorization: `Bearer ${token}` });
    if (signedIn === null) return 'refused';
    const { senders } = signedIn.caller;
    return senders && [...senders].sort();
  }

  it.each<[string, unknown, readonly string[]]>([
    ['a list', [SECOND, FIRST], [FIRST, SECOND]],
    ['a text with spaces', `${FIRST} ${SECOND}`, [FIRST, SECOND]],
    ['a text with commas', `${FIRST}, ${SECOND},${THIRD}`, [FIRST, SECOND, THIRD]],
    ['one number', FIRST, [FIRST]],
    ['a number twice', [FIRST, FIRST], [FIRST]],
    ['an empty list', [], []],
    ['an empty text', '', []],
    ['a hundred', numbers(100), numbers(100)],
  ])('the numbers of its token: %s', async (_name, claim, expected) => {
    expect(await numbersOf({ numbers: claim })).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['a hundred and one', numbers(101)],
    ['a hundred and one as a text', numbers(101).join(' ')],
    ['a number that is no E.164', [FIRST, '9195551002']],
    ['a number with another sign', `${FIRST};${SECOND}`],
    ['a line break between numbers', `${FIRST}\n${SECOND}`],
    ['a number of JavaScript', 19195551001],
    ['a list in a list', [[FIRST]]],
    ['an object', { 0: FIRST, length: 1 }],
    ['null', null],
    ['true', true],
  ])('nothing, and is not let in, with a claim that is malformed: %s', async (_name, claim) => {
    expect(await numbersOf({ numbers: claim })).toBe('refused');
  });

  it('no number if its token lacks the claim, even one that every object has', async () => {
    expect(await numbersOf({})).toEqual([]);
    expect(await numbersOf({ number: [FIRST] })).toEqual([]);
    for (const claim of ['constructor', '__proto__', 'toString']) {
      expect(await numbersOf({}, { JWT_NUMBERS_CLAIM: claim })).toEqual([]);
    }
  });

  it('by the claim that is configured, and by none where none is', async () => {
    const claims = { numbers: [FIRST], 'https://me.example/numbers': [SECOND] };
    expect(await numbersOf(claims, { JWT_NUMBERS_CLAIM: 'https://me.example/numbers' })).toEqual([SECOND]);
    expect(await numbersOf(claims, {})).toBeNull();
  });

  it('only what both its token and ALLOWED_SENDERS name', async () => {
    expect(await numbersOf({ sub: 'agent', numbers: [SECOND, THIRD] })).toEqual([SECOND]);
    expect(await numbersOf({ sub: 'agent', numbers: [THIRD] })).toEqual([]);
    expect(await numbersOf({ sub: 'agent' })).toEqual([]);
    expect(await numbersOf({ sub: 'agent', numbers: [THIRD] }, {})).toEqual([FIRST, SECOND]);
  });

  it('the numbers that are listed for its key, whatever tokens say', async () => {
    const { auth } = readConfig({
      API_KEYS,
      ALLOWED_SENDERS: LISTED,
      ...issuer.environment,
      JWT_NUMBERS_CLAIM: 'numbers',
    });
    const signedIn = await authenticator(auth)({ 'x-api-key': 'shop-key' });
    expect([...(signedIn?.caller.senders ?? [])]).toEqual([FIRST]);
  });
});

it('the embedded schema takes the numbers of a caller from its own sign-in as well', async () => {
  const config = readConfig({ LOG_LEVEL: 'silent', API_KEYS, ALLOWED_SENDERS: `shop:${FIRST}|${SECOND}` });
  const { contextFor, close } = await createMessagingSchema(config, { storeFile: ':memory:' });
  const of = (caller: string, given?: readonly string[]): unknown =>
    contextFor({ caller, ...(given !== undefined && { numbers: given }) }).caller.senders;
  expect(of('shop')).toEqual(new Set([FIRST, SECOND]));
  expect(of('shop', [SECOND, THIRD])).toEqual(new Set([SECOND]));
  expect(of('other')).toBeNull();
  expect(of('other', [])).toEqual(new Set());
  for (const wrong of [numbers(101), ['12345'], [` ${FIRST}`]]) expect(() => of('other', wrong)).toThrow(RangeError);
  await close();
});
