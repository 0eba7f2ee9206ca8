/** What the sandbox takes and refuses, each rule at its edge; and what it lists and tells. */
import { type IncomingHttpHeaders } from 'node:http';
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { until } from '../support/waiting.js';

const ACCOUNT = { userId: 'u-1', token: 't', secret: 's', clientId: 'c', clientSecret: 'cs' };
const basic = (name: string, secret: string): string => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
const MESSAGE = { from: '+12345678901', to: ['+12345678902'], text: 'Hey', applicationId: 'app-1' };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox(ACCOUNT);
});
afterEach(() => sandbox.close());

async function ask(url: string, options: Parameters<typeof request>[1]): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, options);
  const text = await body.text();
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: statusCode, headers, text, json };
}

const post = (body: unknown, headers: Record<string, string> = {}, path = '/users/u-1/messages'): Promise<Answer> =>
  ask(sandbox.url + path, {
    method: 'POST',
    headers: { authorization: basic('t', 's'), 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('a message', () => {
  it.each<[string, object]>([
    ['a text of 2048 characters', { text: 'a'.repeat(2_048) }],
    ['ten recipients', { to: Array.from({ length: 10 }, (_, index) => `+1555000000${index}`) }],
    ['a tag of 1024 characters', { tag: 'a'.repeat(1_024) }],
    ['the shortest number', { from: '+12' }],
    ['the longest number', { from: '+123456789012345' }],
    ['the usual priority', { priority: 'default' }],
    ['a high priority', { priority: 'high' }],
    ['an expiration to come', { expiration: '2999-01-01T00:00:00Z' }],
  ])('with %s is taken', async (_name, fields) => {
    expect((await post({ ...MESSAGE, ...fields })).status).toBe(202);
    expect(sandbox.accepted).toHaveLength(1);
  });

  it.each<[string, object, string[]]>([
    ['eleven recipients', { to: Array.from({ length: 11 }, (_, index) => `+155500000${index + 10}`) }, ['to']],
    ['no recipient', { to: [] }, ['to']],
    ['a number among its recipients', { to: ['+12345678902', 5] }, ['to']],
    ['two recipients that are none', { to: ['a', 'b'] }, ['to', 'to']],
    ['a sender that begins with zero', { from: '+0123' }, ['from']],
    ['a sender of one digit', { from: '+1' }, ['from']],
    ['a sender of 16 digits', { from: '+1234567890123456' }, ['from']],
    ['a sender with something before it', { from: 'x+12345678901' }, ['from']],
    ['an empty sender', { from: '' }, ['from']],
    ['a sender that is no text', { from: 5 }, ['from']],
    ['media that are no list', { media: 'https://example.com' }, ['media']],
    ['media that are no texts', { media: [5] }, ['media']],
    ['no text and no media', { text: '', media: [] }, ['text']],
    ['a text that is none', { text: 5 }, ['text']],
    ['an empty application', { applicationId: '' }, ['applicationId']],
    ['an application that is no text', { applicationId: 5 }, ['applicationId']],
    ['a tag of 1025 characters', { tag: 'a'.repeat(1_025) }, ['tag']],
    ['a tag that is no text', { tag: 5 }, ['tag']],
    ['a priority of its own', { priority: 'low' }, ['priority']],
    ['an expiration that is no text', { expiration: 5 }, ['expiration']],
    [
      'everything wrong at once',
      { from: 'a', to: 'b', text: '', tag: 5, priority: 5 },
      ['to', 'from', 'text', 'tag', 'priority'],
    ],
  ])('with %s is refused at its fields', async (_name, fields, names) => {
    const { status, json } = await post({ ...MESSAGE, ...fields });
    expect(status).toBe(400);
    const found = json.fieldErrors as { fieldName: string; description: string }[];
    expect(found.map(({ fieldName }) => fieldName)).toEqual(names);
    expect(found.every(({ description }) => description.length > 10)).toBe(true);
    expect(sandbox.accepted).toEqual([]);
  });

  it.each(['[]', '"text"', 'null', '{', ''])('that is no object is refused without a field: %j', async (body) => {
    const { status, json } = await post(body);
    expect([status, json]).toEqual([
      400,
      { type: 'request-validation', description: 'Your request could not be accepted' },
    ]);
  });

  it.each([
    ['application/json', 202],
    ['application/json; charset=utf-8', 202],
    ['Application/JSON ;charset=utf-8', 202],
    ['application/jsonp', 415],
    ['text/application/json', 415],
    ['', 415],
  ])('as %j is answered %i', async (contentType, status) => {
    expect((await post(MESSAGE, { 'content-type': contentType })).status).toBe(status);
  });

  it('may have a body of one MiB, and no more', async () => {
    const padded = (length: number): string => JSON.stringify(MESSAGE).padEnd(length);
    expect((await post(padded(1_048_576))).status).toBe(202);
    const refused = await post(padded(1_048_577));
    expect([refused.status, refused.json.type]).toEqual([413, 'request-too-large']);
  });

  it('is refused as another method, and for another account or path, before its body is looked at', async () => {
    const put = await ask(`${sandbox.url}/users/u-1/messages`, {
      method: 'PUT',
      headers: { authorization: basic('t', 's') },
    });
    expect([put.status, put.json]).toEqual([
      405,
      { type: 'method-not-allowed', description: "Method 'PUT' not supported for this resource." },
    ]);
    for (const path of ['/users/u-1/messages/1', '/x/users/u-2/messages', '/users/u/2/messages']) {
      const { status, json } = await post('', {}, path);
      expect([status, json.path]).toEqual([404, `/v2${path}`]);
      expect(Date.parse(String(json.timestamp))).toBeGreaterThan(0);
    }
    expect((await post('', {}, '/users/u-2/messages?a=b')).status).toBe(403);
    expect((await post(MESSAGE, {}, '/users/u-1/messages?a=b')).status).toBe(202);
  });

  it.each([
    ['+19195560199', 202],
    ['+19195560299', 299],
    ['+19195560600', 202],
    ['+191955602000', 202],
    ['+119195560400', 202],
  ])('from %s is accepted with %i', async (from, status) => {
    expect((await post({ ...MESSAGE, from })).status).toBe(status);
    expect(sandbox.accepted).toHaveLength(1);
  });

  it('is refused by what stands in between where its sender asks for a status that Catapult does not write', async () => {
    const redirect = await post({ ...MESSAGE, from: '+19195560307' });
    expect([redirect.status, redirect.headers.location, redirect.text]).toEqual([307, '/moved', '']);
    const page = await post({ ...MESSAGE, from: '+19195560599' });
    expect([page.status, page.headers['content-type'], page.text]).toEqual([
      599,
      'text/html',
      '<html><body><h1>599</h1></body></html>',
    ]);
    const fields = await post({ ...MESSAGE, from: '+19195560400' });
    expect(fields.json).toMatchObject({ type: 'request-validation', fieldErrors: [{ fieldName: 'from' }] });
    for (const [from, type] of [
      ['+19195560401', 'unauthorized'],
      ['+19195560403', 'forbidden'],
      ['+19195560415', 'unsupported-content-type'],
      ['+19195560429', 'max-message-queue-size-exceeded'],
      ['+19195560500', 'internal-server-error'],
      ['+19195560503', 'service-unavailable'],
    ]) {
      const { json } = await post({ ...MESSAGE, from });
      expect([json.type, typeof json.description]).toEqual([type, 'string']);
    }
    expect((await post({ ...MESSAGE, from: '+19195560404' })).json.path).toBe('/v2/users/u-1/messages');
    expect(sandbox.accepted).toEqual([]);
  });

  it('is kept in the ledger as it was asked for, with the id and the time of its answer', async () => {
    const fields = {
      media: ['https://example.com/a'],
      tag: 'mine',
      priority: 'high',
      expiration: '2999-01-01T00:00:00Z',
    };
    const { json } = await post({ ...MESSAGE, ...fields });
    expect(json).toMatchObject(fields);
    expect(sandbox.accepted).toEqual([{ ...MESSAGE, ...fields, id: json.id, time: Date.parse(String(json.time)) }]);
  });
});

describe('credentials', () => {
  const grant = (authorization: string, body = 'grant_type=client_credentials', method = 'POST'): Promise<Answer> =>
    ask(sandbox.tokenUrl, { method, headers: { authorization }, ...(method === 'POST' && { body }) });

  it('get a token that is not to be kept, for a minute where nothing else was said', async () => {
    const { status, headers, json } = await grant(basic('c', 'cs'));
    expect([status, headers['cache-control'], json.token_type, json.expires_in]).toEqual([
      200,
      'no-store',
      'Bearer',
      60,
    ]);
    expect(json.access_token).toMatch(/^[\w-]{43}$/);
    const { json: another } = await grant(basic('c', 'cs'));
    expect(another.access_token).not.toBe(json.access_token);
    for (const token of [json.access_token, another.access_token]) {
      expect((await post(MESSAGE, { authorization: `Bearer ${String(token)}` })).status).toBe(202);
    }
  });

  it.each([
    ['t', 'cs'],
    ['c', 's'],
    ['', ''],
  ])('%j and %j get none', async (name, secret) => {
    expect(await grant(basic(name, secret))).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
    expect((await post(MESSAGE, { authorization: basic(name, secret) })).status).toBe(401);
  });

  it('that come in another form than `Bearer` are refused', async () => {
    const { json } = await grant(basic('c', 'cs'));
    const token = String(json.access_token);
    for (const authorization of [token, `bearer ${token}`, `Bearer  ${token}`, `x Bearer ${token}`]) {
      expect((await post(MESSAGE, { authorization })).status).toBe(401);
    }
  });
});

describe('the list of messages', () => {
  const list = (query: Record<string, string>): Promise<Answer> =>
    ask(`${sandbox.url}/users/u-1/messages?${new URLSearchParams(query).toString()}`, {
      headers: { authorization: basic('t', 's') },
    });
  const ids = ({ json }: Answer): unknown[] =>
    (json.messages as { destinationTn: string }[]).map((each) => each.destinationTn);

  it('says what is known of each message', async () => {
    const { json: sent } = await post({ ...MESSAGE, text: 'a'.repeat(161) });
    await post({ ...MESSAGE, text: 'a'.repeat(161), media: ['https://example.com/a'] });
    await post({ ...MESSAGE, to: ['+15550000001', '+15550000002'] });
    const { status, json } = await list({ sourceTn: MESSAGE.from });
    const [sms, ...others] = json.messages as Record<string, unknown>[];
    expect([status, json.totalCount, json.pageInfo]).toEqual([200, 4, {}]);
    expect(sms).toEqual({
      messageId: sent.id,
      accountId: 'sandbox',
      sourceTn: MESSAGE.from,
      destinationTn: '+12345678902',
      messageStatus: 'DELIVERED',
      messageDirection: 'OUTBOUND',
      messageType: 'sms',
      segmentCount: 2,
      errorCode: 0,
      receiveTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      carrierName: 'other',
      recipientCount: 1,
    });
    expect(Date.parse(String(sms?.receiveTime))).toBe(sandbox.accepted[0]?.time);
    const described = others.map(({ messageType, segmentCount, recipientCount }) => [
      messageType,
      segmentCount,
      recipientCount,
    ]);
    expect(described).toEqual([
      ['mms', 1, 1],
      ['mms', 1, 2],
      ['mms', 1, 2],
    ]);
  });

  it('holds what was sent in the time that is asked for, both ends included', async () => {
    await post(MESSAGE);
    const time = sandbox.accepted[0]?.time ?? 0;
    const at = (offset: number): string => new Date(time + offset).toISOString();
    const count = async (query: Record<string, string>): Promise<unknown> => (await list(query)).json.totalCount;
    expect(await count({ fromDateTime: at(0) })).toBe(1);
    expect(await count({ fromDateTime: at(1) })).toBe(0);
    expect(await count({ toDateTime: at(0) })).toBe(1);
    expect(await count({ toDateTime: at(-1) })).toBe(0);
    expect(await count({ fromDateTime: at(-1), toDateTime: at(1) })).toBe(1);
  });

  it.each([
    { fromDateTime: '2024-01-01T00:00:00Z' },
    { toDateTime: '2024-01-01T00:00:00Z' },
    { fromDateTime: 'x2024-01-01T00:00:00.000Z' },
    { fromDateTime: '2024-01-01T00:00:00.000Zx' },
    { fromDateTime: '2024-01-01T00:00:00.0000Z' },
    { fromDateTime: '' },
    { fromDateTime: '2024-01-01T00:00:00.000Z', toDateTime: 'now' },
  ])('takes only times in milliseconds: %j', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, json: { type: 'bad-request' } });
  });

  it('has at most a hundred entries, and fewer where fewer are asked for', async () => {
    const to = Array.from({ length: 10 }, (_, index) => `+1555000000${index}`);
    await Promise.all(Array.from({ length: 11 }, () => post({ ...MESSAGE, to })));
    const all = await list({ sourceTn: MESSAGE.from });
    expect([all.json.totalCount, ids(all).length]).toEqual([110, 100]);
    expect(ids(await list({ sourceTn: MESSAGE.from, limit: '1000' }))).toHaveLength(100);
    expect(ids(await list({ sourceTn: MESSAGE.from, limit: '3' }))).toEqual(to.slice(0, 3));
    expect(ids(await list({ sourceTn: MESSAGE.from, limit: '0' }))).toEqual([]);
  });

  it('is of the numbers and the direction that are asked for', async () => {
    await post({ ...MESSAGE, to: ['+15550000001', '+15550000002'] });
    await post({ ...MESSAGE, from: '+15559999999', to: ['+15550000001'] });
    expect(ids(await list({ destinationTn: '+15550000001' }))).toEqual(['+15550000001', '+15550000001']);
    expect(ids(await list({ destinationTn: '+15550000002,+15550000009' }))).toEqual(['+15550000002']);
    expect(ids(await list({ sourceTn: '+15559999999' }))).toEqual(['+15550000001']);
    expect(ids(await list({ sourceTn: '+15558888888' }))).toEqual([]);
    expect(ids(await list({ messageDirection: 'OUTBOUND' }))).toHaveLength(3);
    expect((await list({ messageDirection: 'INBOUND' })).json).toMatchObject({ totalCount: 0, messages: [] });
  });
});

describe('a server that takes callbacks', () => {
  interface Told {
    readonly type: string;
    readonly to: string;
    readonly message: Record<string, unknown>;
  }
  let told: Told[];
  let server: Endpoint;

  beforeEach(async () => {
    told = [];
    server = await startEndpoint((response, body) => {
      told.push(...(JSON.parse(body) as Told[]));
      response.end();
    });
    sandbox.sendCallbacksTo({ url: server.url, username: 'user', password: 'pass' });
  });
  afterEach(() => server.close());

  it('gets the events of a message after the answer, or before it if the recipient asks for that', async () => {
    const { json } = await post(MESSAGE);
    expect(told).toEqual([]);
    await until(() => told.length === 1);
    expect(told).toMatchObject([{ type: 'message-delivered', to: '+12345678902', message: { id: json.id, text: '' } }]);
    const early = await post({ ...MESSAGE, to: ['+19195550003'] });
    expect(told.slice(1)).toMatchObject([{ type: 'message-delivered', message: { id: early.json.id } }]);
  });

  it('gets a message that comes in once for each number; bringing it in needs no credentials', async () => {
    const inbound = {
      from: '+15550000009',
      to: ['+12345678901', '+12345678902'],
      text: 'Hi',
      applicationId: 'app-1',
      tag: 'x',
    };
    const origin = new URL(sandbox.url).origin;
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(`${origin}/sandbox/inbound`, { method: 'POST', headers, body: JSON.stringify(inbound) });
    expect(answer.status).toBe(202);
    await until(() => told.length === 2);
    const byNumber = [...told].sort((a, b) => (a.to < b.to ? -1 : 1));
    expect(byNumber).toMatchObject(
      inbound.to.map((owner) => ({
        type: 'message-received',
        to: owner,
        message: { owner, direction: 'in', text: 'Hi', from: '+15550000009', to: inbound.to },
      })),
    );
    expect(new Set(byNumber.map(({ message }) => message.id)).size).toBe(2);
    expect(byNumber.map(({ message }) => message.id)).toContain(answer.json.id);
    expect(byNumber.every(({ message }) => !('tag' in message))).toBe(true);
    expect(sandbox.accepted).toEqual([]);
    const refused = await ask(`${origin}/sandbox/inbound`, { method: 'POST', headers, body: '{}' });
    expect(refused.status).toBe(400);
    // As any page of the web may have a browser send it.
    for (const form of [{}, { 'content-type': 'text/plain' }]) {
      const body = JSON.stringify(inbound);
      expect((await ask(`${origin}/sandbox/inbound`, { method: 'POST', headers: form, body })).status).toBe(415);
    }
    expect(told).toHaveLength(2);
    expect((await ask(`${origin}/sandbox/inbound`, { method: 'GET' })).status).toBe(401);
  });
});
