/** The whole server over HTTP with the sandbox behind it: what a send answers, and what the log says of it. */
import { print } from 'graphql';
import { request } from 'undici';
import { auditServer } from 'graphql-http';
import { startTestApp, type TestApp } from '../support/app.js';
import { execute, post } from '../support/client.js';
import {
  PreviewMessageDocument,
  SendMessageDocument,
  SendTwoDocument,
  type SendMessageMutation,
} from '../support/generated/graphql.js';

const INPUT = {
  from: '+12345678901',
  to: ['+12345678902'],
  text: 'Private words',
  applicationId: 'app-1',
  tag: 'private tag',
};

describe('the server', () => {
  let app: TestApp;
  let base: string;
  let notice: unknown;

  beforeAll(async () => {
    app = await startTestApp();
    base = new URL(app.url).origin;
    notice = app.log[0]?.msg;
  });
  afterAll(() => app.close());

  it('sends a message through the sandbox', async () => {
    const { status, data, errors } = await execute(app.url, SendMessageDocument, { input: INPUT });
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(data?.sendMessage).toMatchObject({
      ...INPUT,
      owner: INPUT.from,
      media: [],
      direction: 'OUT',
      status: 'ACCEPTED',
    });
    expect(data?.sendMessage?.id).toMatch(/^\d{13}[a-z0-9]{16}$/);
  });

  it('takes a single string as a list of one recipient', async () => {
    const body = JSON.stringify({
      query: print(SendMessageDocument),
      variables: { input: { ...INPUT, to: INPUT.to[0] } },
    });
    const { data } = await post<SendMessageMutation>(app.url, body);
    expect(data?.sendMessage?.to).toEqual(['+12345678902']);
  });

  it('keeps the answer of a first send when a second fails', async () => {
    const { data, errors } = await execute(app.url, SendTwoDocument, {
      first: INPUT,
      second: { ...INPUT, from: '+19195560403' },
    });
    expect(data?.first?.id).toMatch(/./);
    expect(data?.second).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]).toMatchObject({
      path: ['second'],
      extensions: { code: 'UPSTREAM_REJECTED', outcome: 'NOT_SENT' },
    });
  });

  it.each([
    ['+19195560400', 'BAD_USER_INPUT', 'NOT_SENT'],
    ['+19195560401', 'UPSTREAM_REJECTED', 'NOT_SENT'],
    ['+19195560403', 'UPSTREAM_REJECTED', 'NOT_SENT'],
    ['+19195560404', 'UPSTREAM_REJECTED', 'NOT_SENT'],
    ['+19195560415', 'UPSTREAM_REJECTED', 'NOT_SENT'],
    ['+19195560500', 'UPSTREAM_UNAVAILABLE', 'NOT_SENT'],
    ['+19195560502', 'OUTCOME_UNKNOWN', 'UNKNOWN'],
    ['+19195560202', 'OUTCOME_UNKNOWN', 'UNKNOWN'],
  ])('says what became of a send from %s: %s', async (from, code, outcome) => {
    const { status, data, errors } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, from } });
    expect(status).toBe(200);
    expect(data).toEqual({ sendMessage: null });
    expect(errors?.[0]?.extensions).toMatchObject({ code, outcome });
  });

  it('passes on how long upstream asks to wait', async () => {
    const { errors } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, from: '+19195560429' } });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      retryable: true,
      outcome: 'NOT_SENT',
      retryAfterSeconds: 1,
    });
  });

  it('logs one line a send, with the request id of the answer and nothing personal', async () => {
    app.log.length = 0;
    const answer = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: print(SendMessageDocument), variables: { input: INPUT } }),
    });
    await answer.body.dump();
    const lines = app.log.filter(({ msg }) => msg === 'send');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      requestId: answer.headers['x-request-id'],
      outcome: 'ACCEPTED',
      attempts: 1,
      durationMs: expect.any(Number) as number,
      detail: 'HTTP 202',
    });
    expect(JSON.stringify(app.log)).not.toMatch(/12345678|rivate|app-1/);
  });

  it('previews a text without sending it', async () => {
    const { data } = await execute(app.url, PreviewMessageDocument, { text: 'Hej {du} €' });
    expect(data?.previewMessage).toEqual({
      encoding: 'GSM_7',
      segmentCount: 1,
      unitCount: 13,
      unitsPerSegment: 160,
      forcing: [],
    });
  });

  it('answers /health and /ready, and says that it runs on the sandbox', async () => {
    const health = await request(`${base}/health`);
    expect([health.statusCode, await health.body.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await request(`${base}/ready`);
    expect([ready.statusCode, await ready.body.json()]).toEqual([
      200,
      { status: 'ready', upstream: 'sandbox', upstreamCheck: 'ok' },
    ]);
    expect(notice).toContain('SANDBOX');
  });

  it('shows GraphiQL to a browser, without a script, style or image from another host', async () => {
    const page = await fetch(app.url, { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    expect(html).toContain('catapult-graphql');
    const outside = [...html.slice(0, 20_000).matchAll(/(?:src|href)="([^"]*)"/g)].filter(
      ([, url]) => !url?.startsWith('data:'),
    );
    expect(outside).toEqual([]);
    expect(html).not.toMatch(/<(script|link|img)[^>]*(src|href)="https?:/);
  });

  it('refuses a GET that a foreign page could make a browser send', async () => {
    for (const accept of ['*/*', 'application/json, text/html']) {
      const { statusCode, body } = await request(`${app.url}?query=%7B__typename%7D`, { headers: { accept } });
      expect(statusCode).toBe(400);
      expect(await body.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });

  it.each<[who: string, headers: Record<string, string>, status: number]>([
    ['one of our own pages', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a page of a configured origin', { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, 200],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }, 400],
    ['a foreign page', { 'sec-fetch-site': 'cross-site' }, 400],
    ['a reader who follows a link', { 'sec-fetch-site': 'none' }, 400],
    ['a page that names its origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 400],
    ['an origin that is none', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 400],
    ['an origin that only begins like ours', { origin: 'https://app.example.com.evil.example' }, 400],
  ])('takes a query by GET of whom the browser vouches for: %s', async (_who, headers, status) => {
    const shared = await startTestApp({ CORS_ORIGINS: 'https://app.example.com' });
    try {
      for (const accept of ['*/*', 'application/graphql-response+json, application/json']) {
        const answer = await request(`${shared.url}?query=%7B__typename%7D`, { headers: { ...headers, accept } });
        expect([answer.statusCode, await answer.body.json()]).toEqual([
          status,
          status === 200
            ? { data: { __typename: 'Query' } }
            : expect.objectContaining({ errors: expect.anything() as unknown }),
        ]);
      }
      const mutation = encodeURIComponent('mutation { __typename }');
      const { statusCode, body } = await request(`${shared.url}?query=${mutation}`, { headers });
      expect([400, 405]).toContain(statusCode);
      expect(await body.text()).not.toContain('"data"');
    } finally {
      await shared.close();
    }
  });

  it('never runs a mutation by GET', async () => {
    const query = encodeURIComponent('mutation { sendMessage(input: {from: "+12345678901"}) { id } }');
    const { statusCode } = await request(`${app.url}?query=${query}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(statusCode).toBeLessThan(500);
  });

  it('answers in JSON at an unknown path', async () => {
    const { statusCode, body } = await request(`${base}/nowhere`);
    expect([statusCode, await body.json()]).toMatchObject([404, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }]);
  });

  it('passes all 61 audits of GraphQL over HTTP', async () => {
    const results = await auditServer({
      url: app.url,
      // A GET without this header is refused: that is the protection against foreign pages.
      fetchFn: (url: string, init?: RequestInit) =>
        fetch(url, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), 'apollo-require-preflight': 'true' },
        }),
    });
    expect(results.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${status}: ${name}`)).toEqual([]);
    expect(results).toHaveLength(61);
  });
});
