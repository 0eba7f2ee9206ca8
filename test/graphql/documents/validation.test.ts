/** What documents a whole server refuses. */
import { getIntrospectionQuery } from 'graphql';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../../support/app.js';
import { post } from '../../support/client.js';
import { INIT, Peer } from '../../support/peer.js';

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** As many aliases as no operation may have. */
const COSTLY = `{ ${times(21, (index) => `a${index}: __typename`)} }`;
/** Cheap, and wrong in as many places as graphql-js looks for before it gives up, less one. */
const MISTAKEN = `{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`;

describe('a server', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  const codeOf = async (query: string): Promise<string | undefined> => {
    const { errors } = await post(app.url, JSON.stringify({ query }));
    return errors?.[0]?.extensions.code;
  };
  /** Asks by GET, with the query string exactly as it is given. */
  const get = async (search: string): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await request(`${app.url}?${search}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    return { status: statusCode, text: await body.text() };
  };

  const errorsOverWebSocket = async (query: string): Promise<unknown> => {
    const peer = await new Peer(app.url).opened();
    await peer.ask(INIT);
    const { payload } = (await peer.run(query)) as { payload: unknown };
    await peer.end();
    return payload;
  };

  it('refuses a costly document by POST and by GET', async () => {
    expect(await codeOf(COSTLY)).toBe('OPERATION_TOO_COSTLY');
    const { status, text } = await get(`query=${encodeURIComponent(COSTLY)}`);
    expect([status, text]).toEqual([400, expect.stringContaining('OPERATION_TOO_COSTLY')]);
  });

  it.each(['POST', 'GET', 'WebSocket'])(
    'says by %s which limit a costly document exceeds, and how far',
    async (way) => {
      const search = `query=${encodeURIComponent(COSTLY)}`;
      const answer: unknown =
        way === 'POST'
          ? await post(app.url, JSON.stringify({ query: COSTLY }))
          : way === 'GET'
            ? (JSON.parse((await get(search)).text) as unknown)
            : { errors: await errorsOverWebSocket(COSTLY) };
      expect(answer).toMatchObject({
        errors: [
          {
            message: 'The operation has too many aliases: at most 20.',
            extensions: {
              code: 'OPERATION_TOO_COSTLY',
              retryable: false,
              limit: { name: 'aliases', allowed: 20, asked: 21 },
            },
          },
        ],
      });
    },
  );

  it.each([
    ['{ message', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    [COSTLY, 'OPERATION_TOO_COSTLY'],
  ])('answers %j in the media type that the client takes', async (query, code) => {
    const inType = async (accept: string): Promise<unknown[]> => {
      const { statusCode, headers, body } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query }),
      });
      const { errors } = (await body.json()) as { errors: { extensions: { code: string; requestId: string } }[] };
      return [statusCode, headers['content-type'], errors[0]?.extensions.code, errors[0]?.extensions.requestId.length];
    };
    const json = 'application/json; charset=utf-8';
    const graphQLResponse = 'application/graphql-response+json; charset=utf-8';
    expect(await inType('application/json')).toEqual([200, json, code, 36]);
    expect(await inType('*/*')).toEqual([400, json, code, 36]);
    expect(await inType('application/graphql-response+json')).toEqual([400, graphQLResponse, code, 36]);
    expect(await inType('application/graphql-response+json, application/json;q=0.9')).toEqual([
      400,
      graphQLResponse,
      code,
      36,
    ]);
    // Apollo's choice: of two that are equally welcome, the first.
    expect(await inType('application/json, application/graphql-response+json')).toEqual([400, json, code, 36]);
    expect(await inType('Application/GraphQL-Response+JSON')).toEqual([400, graphQLResponse, code, 36]);
  });

  it('says where a document is wrong', async () => {
    const { errors } = await post(app.url, JSON.stringify({ query: '{\n  __typename\n  nothing\n}' }));
    expect(errors).toMatchObject([
      { message: expect.stringContaining('Cannot query field') as unknown, locations: [{ line: 3, column: 3 }] },
    ]);
  });

  it('refuses a costly document also when it is asked for again', async () => {
    expect([await codeOf(COSTLY), await codeOf(COSTLY)]).toEqual(['OPERATION_TOO_COSTLY', 'OPERATION_TOO_COSTLY']);
  });

  it('answers what tools ask to learn the schema', async () => {
    expect(await codeOf(getIntrospectionQuery())).toBeUndefined();
  });

  it('says of a document with many mistakes that it is not valid', async () => {
    expect(await codeOf(MISTAKEN)).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  // Fastify's query string is left encoded where it is not UTF-8, and Apollo decodes it nevertheless.
  // What the gate judges must be what Apollo runs.
  it.each(['%23%FF', '%23%zz'])('refuses a costly document by GET that ends with %j', async (end) => {
    const { status, text } = await get(`query=${encodeURIComponent(COSTLY)}${end}`);
    expect([status, text]).toEqual([400, expect.not.stringContaining('"data"')]);
  });

  // For each mistake, graphql-js counts the lines before it again: 99 mistakes below 125,000 lines take it a second.
  it('refuses a document of very many lines before it looks for mistakes', async () => {
    expect(await codeOf('\n'.repeat(125_000) + MISTAKEN)).toBe('OPERATION_TOO_COSTLY');
  });
});
