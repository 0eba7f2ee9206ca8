/** The thirteen checks of graphql-cop (github.com/dolevf/graphql-cop), which looks for what GraphQL servers forget. */
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';

describe('graphql-cop finds no', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ INTROSPECTION: 'off' });
  });
  afterAll(() => app.close());

  const ask = (query: string): Promise<Answer<Record<string, unknown>>> => post(app.url, JSON.stringify({ query }));
  const get = async (url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await request(url, { headers });
    return { status: statusCode, text: await body.text() };
  };

  it('alias overloading', async () => {
    const aliases = Array.from({ length: 101 }, (_, index) => `alias${index}:__typename`);
    const { status, errors, data } = await ask(`query cop { ${aliases.join(' ')} }`);
    expect([status, data, errors?.[0]?.extensions.code]).toEqual([400, undefined, 'OPERATION_TOO_COSTLY']);
  });

  it('array-based batching', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }));
    const { status, raw } = await post(app.url, JSON.stringify(batch));
    expect(status).toBe(400);
    expect(raw).not.toContain('"__typename"');
  });

  it('directive overloading', async () => {
    const { status, errors } = await ask(`query cop { __typename ${'@aa'.repeat(10)} }`);
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    const known = await ask(`query cop { __typename ${'@skip(if: false)'.repeat(11)} }`);
    expect(known.errors?.[0]?.extensions.code).toBe('OPERATION_TOO_COSTLY');
  });

  it('circular introspection', async () => {
    const { status, data } = await ask(
      'query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }',
    );
    expect([status, data]).toEqual([400, undefined]);
  });

  it('field duplication', async () => {
    const { status, errors } = await ask(`query cop { ${'__typename \n'.repeat(500)} }`);
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'OPERATION_TOO_COSTLY']);
  });

  it('query by GET', async () => {
    expect((await get(`${app.url}?query=query%20cop%20%7B__typename%7D`)).status).toBe(400);
  });

  it('mutation by GET', async () => {
    const query = encodeURIComponent('mutation cop {__typename}');
    for (const headers of [{}, { 'apollo-require-preflight': 'true' }]) {
      const { status, text } = await get(`${app.url}?query=${query}`, headers);
      expect([400, 405]).toContain(status);
      expect(text).not.toContain('"data"');
    }
  });

  it('query in an urlencoded form', async () => {
    const { status } = await post(app.url, 'query=query+cop+%7B__typename%7D', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(status).toBe(415);
  });

  it('field suggestions', async () => {
    const { raw } = await ask('query cop { messag }');
    expect(raw).not.toMatch(/did you mean|messages/i);
  });

  it('introspection', async () => {
    const { data, raw } = await ask('query cop { __schema { types { name fields { name } } } }');
    expect(data).toBeUndefined();
    expect(raw).not.toContain('MessageInput');
  });

  it('GraphQL IDE', async () => {
    for (const path of ['/graphql', '/graphiql', '/playground', '/console', '/graphql-explorer']) {
      const { text } = await get(`${new URL(app.url).origin}${path}`, { accept: 'text/html' });
      expect(text).not.toMatch(/graphiql|playground|<html/i);
    }
  });

  it('tracing', async () => {
    const { raw } = await ask('query cop { __typename }');
    expect(JSON.parse(raw)).toEqual({ data: { __typename: 'Query' } });
  });

  it('unhandled error', async () => {
    for (const body of ['{"query": "qwerty cop { abc }"}', '{"query": 1}', '{"query": "{"}', '[]', '{}', 'null', '"']) {
      const { status, raw } = await post(app.url, body);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(raw).not.toMatch(/exception|stack|node_modules|at .*\.js/i);
    }
  });
});
