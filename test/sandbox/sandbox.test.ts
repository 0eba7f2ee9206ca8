/** The sandbox keeps the documented contract, as far as a client can see. */
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { until } from '../support/waiting.js';

const ACCOUNT = { userId: 'u-1', token: 't', secret: 's', clientId: 'c', clientSecret: 'cs' };
const AUTHORIZATION = `Basic ${Buffer.from('t:s').toString('base64')}`;
const MESSAGE = { from: '+12345678901', to: ['+12345678902'], text: 'Hey', applicationId: 'app-1' };

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly json: Record<string, unknown>;
}

describe('the sandbox', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox(ACCOUNT);
  });
  afterEach(() => sandbox.close());

  async function post(
    body: unknown,
    headers: Record<string, string> = {},
    path = '/users/u-1/messages',
  ): Promise<Answer> {
    const answer = await request(sandbox.url + path, {
      method: 'POST',
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: answer.statusCode, headers: answer.headers, json };
  }

  const from = (number: string): Promise<Answer> => post({ ...MESSAGE, from: number });

  it('accepts the least, and echoes only what was sent', async () => {
    const { status, headers, json } = await post(MESSAGE);
    expect([status, headers['content-type']]).toEqual([202, 'application/json; charset=utf-8']);
    expect(Object.keys(json)).toEqual([
      'id',
      'owner',
      'applicationId',
      'time',
      'segmentCount',
      'direction',
      'to',
      'from',
      'text',
    ]);
    expect(json).toMatchObject({ ...MESSAGE, owner: MESSAGE.from, direction: 'out', segmentCount: 1 });
    expect(json.id).toMatch(/^\d{13}[a-z0-9]{16}$/);
    expect(Date.parse(String(json.time))).toBe(Number(String(json.id).slice(0, 13)));
    expect(sandbox.accepted.map(({ id }) => id)).toEqual([json.id]);
  });

  it('accepts media without a text, a tag, a single recipient as a string, and members it does not know', async () => {
    const media = ['https://example.com/a.jpg'];
    const { status, json } = await post({
      ...MESSAGE,
      to: '+12345678902',
      text: '',
      media,
      tag: 'mine',
      priority: 'high',
      catch: {},
    });
    expect(status).toBe(202);
    expect(json).toMatchObject({ to: ['+12345678902'], text: '', media, tag: 'mine', segmentCount: 1 });
  });

  it('counts segments, but one for a group message', async () => {
    expect((await post({ ...MESSAGE, text: 'a'.repeat(161) })).json.segmentCount).toBe(2);
    expect(
      (await post({ ...MESSAGE, text: 'a'.repeat(161), to: ['+12345678902', '+12345678903'] })).json.segmentCount,
    ).toBe(1);
  });

  it.each<[name: string, body: unknown, fields: Record<string, string>]>([
    [
      'nothing',
      {},
      {
        to: "'to' must contain at least one telephone number",
        from: "'from' must contain exactly one telephone number",
        text: "'text' is required unless media is included",
        applicationId: "'applicationId' is required",
      },
    ],
    [
      'a number that is none',
      { ...MESSAGE, to: ['+1invalid'] },
      { to: "'+1invalid' must be replaced with a valid E164 formatted telephone number" },
    ],
    [
      'letters as the sender',
      { ...MESSAGE, from: 'abc' },
      { from: "'abc' must be replaced with a valid E164 formatted telephone number" },
    ],
    ['null for the application', { ...MESSAGE, applicationId: null }, { applicationId: "'applicationId' is required" }],
    [
      'a set that was not turned into an array',
      { ...MESSAGE, to: {} },
      { to: "'to' must contain at least one telephone number" },
    ],
    [
      'a text of 2049 characters',
      { ...MESSAGE, text: 'a'.repeat(2049) },
      { text: "'text' must be 2048 characters or less" },
    ],
  ])('refuses %s with the fields that are wrong', async (_name, body, fields) => {
    const { status, json } = await post(body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ type: 'request-validation', description: 'Your request could not be accepted' });
    const found = (json.fieldErrors as { fieldName: string; description: string }[]).map(
      ({ fieldName, description }) => [fieldName, description],
    );
    expect(Object.fromEntries(found)).toEqual(fields);
    expect(sandbox.accepted).toHaveLength(0);
  });

  it('asks for credentials before it looks at anything else', async () => {
    const { status, headers, json } = await post('{', { authorization: 'Basic bm8=' });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm=""']);
    expect(json).toEqual({ type: 'unauthorized', description: 'Authentication Failed' });
  });

  it('refuses another account, an unknown path, another content type, another method and a body that is too large', async () => {
    expect(await post(MESSAGE, {}, '/users/u-2/messages')).toMatchObject({
      status: 403,
      json: { type: 'forbidden', description: 'Access Denied' },
    });
    expect(await post(MESSAGE, {}, '/users/u-1/messages/happy')).toMatchObject({
      status: 404,
      json: { status: 404, error: 'Not Found', message: 'Not Found', path: '/v2/users/u-1/messages/happy' },
    });
    expect(await post(MESSAGE, { 'content-type': 'text/plain;charset=UTF-8' })).toMatchObject({
      status: 415,
      json: {
        type: 'unsupported-content-type',
        description: "Content type 'text/plain;charset=UTF-8' not supported. Please use 'application/json'",
      },
    });
    const put = await request(`${sandbox.url}/users/u-1/messages`, {
      method: 'PUT',
      headers: { authorization: AUTHORIZATION },
    });
    await put.body.dump();
    expect(put.statusCode).toBe(405);
    expect((await post({ ...MESSAGE, text: 'a'.repeat(2_000_000) })).status).toBe(413);
  });

  it.each([400, 401, 403, 404, 408, 415, 429, 500, 502, 503, 504, 302])(
    'answers %i to a sender that asks for it, and accepts nothing',
    async (status) => {
      const answer = await from(`+1919556${String(status).padStart(4, '0')}`);
      expect(answer.status).toBe(status);
      expect(sandbox.accepted).toHaveLength(0);
    },
  );

  it('says with 429 how long to wait, and why', async () => {
    const answer = await from('+19195560429');
    expect([answer.headers['retry-after'], answer.json.type]).toEqual(['1', 'max-message-queue-size-exceeded']);
  });

  it('accepts with another 2xx when the sender asks for it', async () => {
    expect(await from('+19195560200')).toMatchObject({ status: 200, json: { direction: 'out' } });
    expect(sandbox.accepted).toHaveLength(1);
  });

  it('takes a number that asks for no status as any other', async () => {
    expect((await from('+19195569999')).status).toBe(202);
  });

  it('accepts and cuts the body off', async () => {
    await expect(from('+19195560202')).rejects.toThrow();
    expect(sandbox.accepted).toHaveLength(1);
  });

  it('accepts and never answers, and still closes at once', async () => {
    const silent = from('+19195560000').catch((error: unknown) => error);
    await until(() => sandbox.accepted.length > 0);
    await sandbox.close();
    expect(await silent).toBeInstanceOf(Object);
    sandbox = await startSandbox(ACCOUNT);
  });

  describe('with OAuth', () => {
    beforeEach(async () => {
      await sandbox.close();
      sandbox = await startSandbox({ ...ACCOUNT, auth: 'oauth', tokenLifeS: 1 });
    });

    const ask = async (authorization: string, body = 'grant_type=client_credentials'): Promise<Answer> => {
      const answer = await request(sandbox.tokenUrl, { method: 'POST', headers: { authorization }, body });
      return {
        status: answer.statusCode,
        headers: answer.headers,
        json: (await answer.body.json()) as Record<string, unknown>,
      };
    };
    const client = `Basic ${Buffer.from('c:cs').toString('base64')}`;
    const withToken = async (): Promise<string> => `Bearer ${String((await ask(client)).json.access_token)}`;

    it('issues tokens to its client alone, for the grant that it knows', async () => {
      expect((await ask(client)).json).toMatchObject({ expires_in: 1, token_type: 'Bearer' });
      expect(await ask(AUTHORIZATION)).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
      expect(await ask(client, 'grant_type=password')).toMatchObject({
        status: 400,
        json: { error: 'unsupported_grant_type' },
      });
      expect((await request(sandbox.tokenUrl)).statusCode).toBe(405);
    });

    it('takes a message with a token, and refuses Basic and tokens that it did not issue', async () => {
      expect((await post(MESSAGE, { authorization: await withToken() })).status).toBe(202);
      for (const authorization of [AUTHORIZATION, 'Bearer x', 'Bearer ', '']) {
        expect((await post(MESSAGE, { authorization })).status).toBe(401);
      }
    });

    it('refuses a token that is revoked, or has ended', async () => {
      const revoked = await withToken();
      sandbox.revokeTokens();
      expect((await post(MESSAGE, { authorization: revoked })).status).toBe(401);
      const ending = await withToken();
      const endsAt = Date.now() + 1_000;
      while (Date.now() <= endsAt) await new Promise(setImmediate);
      expect((await post(MESSAGE, { authorization: ending })).status).toBe(401);
    });
  });

  it('takes tokens beside Basic where nothing else is said', async () => {
    const { body } = await request(sandbox.tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('c:cs').toString('base64')}` },
      body: 'grant_type=client_credentials',
    });
    const { access_token: token } = (await body.json()) as { access_token: string };
    expect((await post(MESSAGE, { authorization: `Bearer ${token}` })).status).toBe(202);
    expect((await post(MESSAGE)).status).toBe(202);
  });

  describe('lists messages', () => {
    const list = async (query: Record<string, string>): Promise<Answer> => {
      const url = `${sandbox.url}/users/u-1/messages?${new URLSearchParams(query).toString()}`;
      const answer = await request(url, { headers: { authorization: AUTHORIZATION } });
      return {
        status: answer.statusCode,
        headers: answer.headers,
        json: (await answer.body.json()) as Record<string, unknown>,
      };
    };

    it('by numbers and time, once for each recipient, without text and tag', async () => {
      const before = new Date(Date.now() - 1).toISOString();
      const { json: sent } = await post({ ...MESSAGE, to: ['+15550000001', '+15550000002'], tag: 'secret' });
      await post({ ...MESSAGE, from: '+15559999999' });
      const { json } = await list({ sourceTn: MESSAGE.from, fromDateTime: before });
      expect(json).toMatchObject({
        totalCount: 2,
        messages: [
          { messageId: sent.id, sourceTn: MESSAGE.from, destinationTn: '+15550000001', messageDirection: 'OUTBOUND' },
          { messageId: sent.id, sourceTn: MESSAGE.from, destinationTn: '+15550000002' },
        ],
      });
      expect(JSON.stringify(json)).not.toMatch(/secret|Hey/);
      expect((await list({ destinationTn: '+15550000002,+15550000003' })).json).toMatchObject({ totalCount: 1 });
      expect((await list({ sourceTn: MESSAGE.from, limit: '1' })).json).toMatchObject({
        totalCount: 2,
        messages: [{ destinationTn: '+15550000001' }],
      });
      expect((await list({ fromDateTime: '2099-01-01T00:00:00.000Z' })).json).toMatchObject({ totalCount: 0 });
      expect((await list({ messageDirection: 'INBOUND' })).json).toMatchObject({ totalCount: 0, messages: [] });
    });

    it('only when it is asked for something, with times in milliseconds', async () => {
      expect(await list({})).toMatchObject({ status: 400, json: { type: 'bad-request' } });
      expect((await list({ fromDateTime: '2024-01-01T00:00:00Z' })).status).toBe(400);
    });
  });

  it.each([
    ['priority', { priority: 'urgent' }],
    ['expiration', { expiration: '2020-01-01T00:00:00Z' }],
    ['expiration', { expiration: 'soon' }],
  ])('refuses a wrong %s', async (fieldName, fields) => {
    expect(await post({ ...MESSAGE, ...fields })).toMatchObject({
      status: 400,
      json: { fieldErrors: [{ fieldName }] },
    });
  });
});
