/** What `viewer` tells a caller of itself: its name, scopes, numbers, limits and regions. */
import { createHash } from 'node:crypto';
import { graphql, print } from 'graphql';
import { readConfig } from '../../src/config/config.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startIssuer, type Issuer } from '../auth/issuer.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { SendMessageDocument, ViewerDocument, type ViewerQuery } from '../support/generated/graphql.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';

const [FIRST, SECOND, THIRD] = ['+19195551001', '+19195551002', '+19195551003'];
const keyOf = (name: string, scopes = ''): string =>
  `${name}:${createHash('sha256').update(`${name}-key`).digest('hex')}${scopes}`;
const KEYS = [
  keyOf('shop'),
  keyOf('team'),
  keyOf('reader', ':messages:read'),
  keyOf('ops', ':operations:write+operations:read'),
];
const ENVIRONMENT = {
  API_KEYS: KEYS.join(','),
  ALLOWED_SENDERS: `team:${THIRD}|${FIRST},reader:${FIRST}`,
  SENDERS: `${SECOND}=app-2,${FIRST}=app-1`,
  LIMIT_SENDS: '10/h,15/2d',
  LIMIT_PER_RECIPIENT: '5/10m,7/d',
  ALLOWED_REGIONS: 'US,CA,GB',
};

type Viewer = ViewerQuery['viewer'];

describe('viewer', () => {
  let issuer: Issuer;
  let app: TestApp;
  beforeAll(async () => {
    issuer = await startIssuer();
    app = await startTestApp({ ...ENVIRONMENT, ...issuer.environment, JWT_NUMBERS_CLAIM: 'numbers' });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const headersOf = (credential: string): Record<string, string> => ({
    'content-type': 'application/json',
    authorization: `Bearer ${credential}`,
  });
  async function viewerOf(credential: string, at = app): Promise<Viewer> {
    const body = JSON.stringify({ query: print(ViewerDocument) });
    const { data, raw } = await post<ViewerQuery>(at.url, body, headersOf(credential));
    if (data == null) throw new Error(raw);
    return data.viewer;
  }
  const send = async (credential: string, input: object): Promise<string | undefined> => {
    const body = JSON.stringify({ query: print(SendMessageDocument), variables: { input } });
    return (await post(app.url, body, headersOf(credential))).errors?.[0]?.extensions.code;
  };

  it('names the caller and its scopes, whatever these are', async () => {
    expect(await viewerOf('shop-key')).toMatchObject({ name: 'shop', scopes: ['messages:send', 'messages:read'] });
    expect(await viewerOf('ops-key')).toMatchObject({ name: 'ops', scopes: ['operations:read', 'operations:write'] });
    const token = await issuer.sign({ sub: 'me' });
    expect(await viewerOf(token)).toMatchObject({ name: 'jwt:me', scopes: [], numbers: [] });
  });

  it.each([
    ['its own, with their applications where these are known', 'team-key', [FIRST, THIRD], ['app-1', null], false],
    ['its own, though it may only read', 'reader-key', [FIRST], ['app-1'], false],
    ['those that the operator named, if it may send from all', 'shop-key', [FIRST, SECOND], ['app-1', 'app-2'], true],
    ['none, if it has none and may not send', 'ops-key', [], [], false],
  ])('shows the numbers of a caller: %s', async (_name, key, numbers, applicationIds, isAny) => {
    const viewer = await viewerOf(key);
    expect(viewer.numbers.map(({ number }) => number)).toEqual(numbers);
    expect(viewer.numbers.map(({ applicationId }) => applicationId)).toEqual(applicationIds);
    expect(viewer.isAnyNumberAllowed).toBe(isAny);
  });

  it('shows those of its token, and no others', async () => {
    const scope = 'messages:send messages:read';
    const token = await issuer.sign({ sub: 'me', scope, numbers: [THIRD, SECOND] });
    expect(await viewerOf(token)).toMatchObject({
      numbers: [
        { number: SECOND, applicationId: 'app-2' },
        { number: THIRD, applicationId: null },
      ],
      isAnyNumberAllowed: false,
    });
    expect(await viewerOf(await issuer.sign({ sub: 'me', scope }))).toMatchObject({
      numbers: [],
      isAnyNumberAllowed: false,
    });
  });

  it('shows what is left of the limits, and counts nothing', async () => {
    const scope = 'messages:send';
    const token = await issuer.sign({ sub: 'sender', scope, numbers: [FIRST] });
    const fresh = { limit: 15, windowSeconds: 172_800, remaining: 15, resetsAt: null };
    for (let round = 0; round < 3; round++) expect((await viewerOf(token)).limits.sends).toEqual(fresh);
    const before = Date.now();
    expect(await send(token, { ...INPUT, from: FIRST })).toBeUndefined();
    const { sends, perRecipient, perRecipientOverall } = (await viewerOf(token)).limits;
    // A tenth of the hour's is used up, and a fifteenth of the two days'.
    expect(sends).toMatchObject({ limit: 10, windowSeconds: 3_600, remaining: 9 });
    const resetsInMs = Date.parse(String(sends?.resetsAt)) - before;
    expect(resetsInMs).toBeGreaterThanOrEqual(3_600_000);
    expect(resetsInMs).toBeLessThan(3_660_000);
    expect(perRecipient).toEqual({ limit: 7, windowSeconds: 86_400 });
    expect(perRecipientOverall).toBeNull();
    expect((await viewerOf('shop-key')).limits.sends).toEqual(fresh);
  });

  it('shows where may be sent, and nothing where there is no limit', async () => {
    expect((await viewerOf('ops-key')).allowedRegions).toEqual(['US', 'CA', 'GB']);
    const open = await startTestApp({
      API_KEYS: keyOf('shop'),
      ALLOWED_REGIONS: '*',
      LIMIT_SENDS: 'off',
      LIMIT_PER_RECIPIENT: 'off',
      LIMIT_PER_RECIPIENT_OVERALL: '3/m',
    });
    const { allowedRegions, limits } = await viewerOf('shop-key', open);
    await open.close();
    expect(allowedRegions).toBeNull();
    expect(limits).toEqual({ sends: null, perRecipient: null, perRecipientOverall: { limit: 3, windowSeconds: 60 } });
  });

  it('lets a form leave the application out, for numbers that it shows one for', async () => {
    const input = { ...INPUT, applicationId: undefined };
    for (const { number, applicationId } of (await viewerOf('team-key')).numbers) {
      const expected = applicationId === null ? 'BAD_USER_INPUT' : undefined;
      expect(await send('team-key', { ...input, from: number })).toBe(expected);
    }
  });
});

it('viewer works in the embedded schema', async () => {
  const { schema, contextFor, close } = await createMessagingSchema(
    readConfig({ LOG_LEVEL: 'silent', SENDERS: `${FIRST}=app-1` }),
    { storeFile: ':memory:' },
  );
  const source =
    '{ viewer { name numbers { number applicationId } isAnyNumberAllowed limits { sends { remaining } } } }';
  const { data } = await graphql({ schema, source, contextValue: contextFor({ caller: 'me', numbers: [FIRST] }) });
  await close();
  expect(data).toEqual({
    viewer: {
      name: 'me',
      numbers: [{ number: FIRST, applicationId: 'app-1' }],
      isAnyNumberAllowed: false,
      limits: { sends: { remaining: 1_000_000 } },
    },
  });
});
