/** The sandbox keeps the documented contract, as far as a client can see. */
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/catapult/sandbox.js';

const ACCOUNT = { userId: 'u-1', token: 't', secret: 's' };
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
    const get = await request(`${sandbox.url}/users/u-1/messages`, { headers: { authorization: AUTHORIZATION } });
    await get.body.dump();
    expect(get.statusCode).toBe(405);
    expect((await post({ ...MESSAGE, text: 'a'.repeat(2_000_000) })).status).toBe(413);
  });

  it.each([400, 401, 403, 404, 408, 415, 429, 500, 502, 503, 504, 302])(
    'answers %i to a sender that asks for it, and accepts nothing',
    async (status) => {
      const answer = await from(`+1919556${String(status).padStart(4, '0')}`);
      expect(answer.status).toBe(status);
      expect(sandbox.accepted).toHaveLength(0);
      if (status === 429) {
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.json.type).toBe('max-message-queue-size-exceeded');
      }
    },
  );

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
    while (sandbox.accepted.length === 0) await new Promise(setImmediate);
    await sandbox.close();
    expect(await silent).toBeInstanceOf(Object);
    sandbox = await startSandbox(ACCOUNT);
  });
});
