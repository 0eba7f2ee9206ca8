/** The page of GraphiQL: who gets it, how it is cached and compressed, and what it opens with. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse, print } from 'graphql';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, headers: said, body } = await request(url, { headers: { ...HTML, ...headers } });
  return { status: statusCode, headers: said, body: Buffer.from(await body.arrayBuffer()) };
}

/** The tabs that a page opens with. */
function tabsOf(html: string): { query: string; variables?: string }[] {
  const options = html.slice(html.lastIndexOf('YogaGraphiQL.renderYogaGraphiQL('));
  const json = options.slice(options.indexOf('{'), options.lastIndexOf('}') + 1);
  return (JSON.parse(json) as { defaultTabs: { query: string; variables?: string }[] }).defaultTabs;
}

describe('the page of GraphiQL', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  it.each<[takes: string, accepted: string | undefined, isGzip: boolean]>([
    ['gzip', 'gzip, deflate, br', true],
    ['gzip in capitals', 'GZIP;q=0.5', true],
    ['anything', '*', true],
    ['nothing', undefined, false],
    ['an empty list', '', false],
    ['anything but gzip', 'gzip;q=0, *', false],
    ['gzip not at all, by more digits', 'gzip; q=0.000, deflate', false],
    ['only the page itself', 'identity', false],
    ['another coding', 'br', false],
    ['nothing but the page itself', 'identity, *;q=0', false],
  ])('is compressed for a browser that takes %s: %s', async (_takes, accepted, isGzip) => {
    const { status, headers, body } = await get(app.url, accepted === undefined ? {} : { 'accept-encoding': accepted });
    expect([status, headers['content-encoding']]).toEqual([200, isGzip ? 'gzip' : undefined]);
    const html = (isGzip ? gunzipSync(body) : body).toString();
    expect(html).toMatch(/^\s*<!doctype html>/);
    expect(Number(headers['content-length'])).toBe(body.length);
  });

  it.each([
    ['an answer', '?query={__typename}', 200],
    ['a refusal', '?query={nope}', 400],
  ])('is all that is kept of this path, and not %s', async (_what, search, status) => {
    const headers = { accept: 'application/json, */*', 'sec-fetch-site': 'same-origin' };
    const answer = await get(`${app.url}${search}`, headers);
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
  });

  it('is kept by browsers, which ask whether it is still the same', async () => {
    const first = await get(app.url);
    const { etag = '' } = first.headers;
    expect(first.headers).toMatchObject({ 'cache-control': 'no-cache', vary: 'Accept, Accept-Encoding' });
    expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
    for (const known of [String(etag), `"other", ${String(etag)}`, String(etag).replace('W/', ''), '*']) {
      const { status, headers, body } = await get(app.url, { 'if-none-match': known, 'accept-encoding': 'gzip' });
      expect([status, body.length]).toEqual([304, 0]);
      expect(headers).toMatchObject({ etag, 'cache-control': 'no-cache', vary: 'Accept, Accept-Encoding' });
      expect(headers['content-security-policy']).toBe(first.headers['content-security-policy']);
    }
    expect((await get(app.url, { 'if-none-match': '"other", W/"another"' })).status).toBe(200);
  });

  it('comes to a browser whose URL has the query that is being edited, and runs nothing', async () => {
    const { status, headers } = await get(`${app.url}?query=%7B__typename%7D`);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it("opens with README's send to the sandbox", async () => {
    const [, curl = ''] = /curl .* -d '(\{.*\})'/.exec(readFileSync('README.md', 'utf8')) ?? [];
    const documented = JSON.parse(curl) as { query: string; variables: unknown };
    const [send] = tabsOf((await get(app.url)).body.toString());
    const anonymous = print(parse(send?.query ?? '')).replace('mutation Send(', 'mutation (');
    expect(anonymous).toBe(print(parse(documented.query)));
    expect(JSON.parse(send?.variables ?? '')).toEqual(documented.variables);
  });

  it('opens with documents that the server runs', async () => {
    const tabs = tabsOf((await get(app.url)).body.toString());
    expect(tabs).toHaveLength(3);
    for (const { query, variables = '{}' } of tabs) {
      const { statusCode, body } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream, application/json' },
        body: JSON.stringify({ query, variables: JSON.parse(variables) as object }),
      });
      const said = await body.text();
      expect([statusCode, said]).toEqual([200, expect.not.stringContaining('GRAPHQL_')]);
    }
  });

  it('names no path: it asks at the one that it was opened at', async () => {
    const html = (await get(app.url)).body.toString();
    expect(html.slice(html.lastIndexOf('YogaGraphiQL.renderYogaGraphiQL('))).not.toContain('endpoint');
  });
});

it('the page of GraphiQL also varies by origin where pages of others may call', async () => {
  const app = await startTestApp({ CORS_ORIGINS: 'https://app.example.com' });
  const { headers } = await get(app.url);
  await app.close();
  expect(headers.vary).toBe('Origin, Accept, Accept-Encoding');
});

it('GraphiQL offers no send where a send costs money', async () => {
  const app = await startTestApp(upstreamAt('http://127.0.0.1:1/v2'));
  const tabs = tabsOf((await get(app.url)).body.toString());
  await app.close();
  expect(tabs.map(({ query }) => query).join()).not.toContain('mutation');
  expect(tabs).toHaveLength(2);
});
