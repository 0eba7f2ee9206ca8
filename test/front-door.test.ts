/** What is at `/`, for browsers and for everybody else. */
import { gunzipSync, brotliDecompressSync } from 'node:zlib';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from './support/app.js';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the front door', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  const ask = (path: string, headers: Record<string, string> = {}, at = app) =>
    request(new URL(path, at.url), { headers });
  const pageText = async (): Promise<string> => (await ask('/', HTML)).body.text();

  it('tells programs where the API is', async () => {
    const { statusCode, headers, body } = await ask('/');
    expect([statusCode, headers['content-type'], headers.vary]).toEqual([
      200,
      'application/json; charset=utf-8',
      'Accept',
    ]);
    expect(await body.json()).toEqual({ graphql: '/graphql', media: '/media', health: '/health', ready: '/ready' });
  });

  it('gives browsers the console, under a policy without exceptions', async () => {
    const { statusCode, headers, body } = await ask('/', HTML);
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
    const page = await body.text();
    // Nothing of it stands in the page itself, and all addresses are relative.
    expect(page).not.toMatch(/<script[^>]*>[^<]|<style|style=|(src|href)="(\/|http)/);
  });

  it('sends each file once: its name changes with what is in it', async () => {
    const [script = ''] = /assets\/index-[\w-]+\.js/.exec(await pageText()) ?? [];
    const plain = await ask(`/${script}`);
    expect(plain.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'Accept-Encoding',
    });
    const text = await plain.body.text();
    const decoded = async (encoding: string, decode: (body: Buffer) => Buffer): Promise<string> => {
      const { headers, body } = await ask(`/${script}`, { 'accept-encoding': encoding });
      expect(headers['content-encoding']).toBe(encoding);
      return decode(Buffer.from(await body.arrayBuffer())).toString();
    };
    expect(await decoded('gzip', gunzipSync)).toBe(text);
    expect(await decoded('br', brotliDecompressSync)).toBe(text);
    const { etag } = plain.headers;
    const known = await ask(`/${script}`, { 'if-none-match': String(etag) });
    expect([known.statusCode, await known.body.text()]).toEqual([304, '']);
  });

  it('keeps the first view below 150 kB', async () => {
    const files = (await pageText()).match(/assets\/[\w-]+\.\w+/g) ?? [];
    const sizes = await Promise.all(
      ['', ...files].map(async (file) => {
        const { body } = await ask(`/${file}`, { ...HTML, 'accept-encoding': 'gzip' });
        return (await body.arrayBuffer()).byteLength;
      }),
    );
    expect(files.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(150_000);
  });

  it.each([
    '/assets/none.js',
    '/assets/..%2f..%2fmain.js',
    '/assets/%2e%2e%2findex.html',
    '/assets/index.html',
    '/assets/',
    '/index.html.gz',
  ])('finds nothing at %s', async (path) => {
    const { statusCode, body } = await ask(path, HTML);
    expect([statusCode, await body.json()]).toEqual([404, expect.objectContaining({ errors: [expect.anything()] })]);
  });

  it('has no page with CONSOLE=off', async () => {
    const without = await startTestApp({ CONSOLE: 'off' });
    const { headers, body } = await ask('/', HTML, without);
    const [script = ''] = /assets\/index-[\w-]+\.js/.exec(await pageText()) ?? [];
    const file = await ask(`/${script}`, {}, without);
    expect([headers['content-type'], await body.json(), file.statusCode]).toEqual([
      'application/json; charset=utf-8',
      expect.objectContaining({ graphql: '/graphql' }),
      404,
    ]);
    await file.body.dump();
    await without.close();
  });

  it('gives browsers the telephones, under the same policy, and only while the sandbox runs', async () => {
    const { statusCode, headers, body } = await ask('/phone');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(await body.text()).toContain('assets/phone-');
    const closed: TestApp[] = [];
    for (const environment of [upstreamAt('http://127.0.0.1:1'), { CONSOLE: 'off' }]) {
      const other = await startTestApp(environment);
      closed.push(other);
      expect((await ask('/phone', HTML, other)).statusCode).toBe(404);
    }
    await Promise.all(closed.map((each) => each.close()));
  });
});
