/**
 * The columns of Apollo's table of subgraph libraries (apollographql/apollo-federation-subgraph-compatibility), as far as
 * this schema can show them. It cannot show eight of the fifteen, since it has one entity with one key and extends none:
 *
 * - `@key` (multi), `@key` (composite), repeatable `@key`: a message is known by Catapult's id alone;
 * - `@requires`, `@provides`: no field here is computed from, or shared with, another subgraph's fields;
 * - `@override`: no field came from another subgraph;
 * - `@composeDirective`: there is no directive of our own;
 * - `@interfaceObject`: no interface here is an entity; the problems of a send have no identity.
 */
import { composeServices } from '@apollo/composition';
import { Trace } from '@apollo/usage-reporting-protobuf';
import { parse, printSchema } from 'graphql';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { execute, post } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on Message { id text } }
}`;

describe('as a subgraph, the server shows', () => {
  let app: TestApp;
  let sdl: string;

  beforeAll(async () => {
    app = await startTestApp({ FEDERATED_TRACING: 'on' });
    const { data } = await post<{ _service: { sdl: string } }>(
      app.url,
      JSON.stringify({ query: '{ _service { sdl } }' }),
    );
    sdl = data?._service.sdl ?? '';
  });
  afterAll(() => app.close());

  const entities = (representations: readonly unknown[]): ReturnType<typeof post<{ _entities: unknown[] }>> =>
    post(app.url, JSON.stringify({ query: ENTITIES, variables: { representations } }));

  /** The supergraph of this subgraph and another one. */
  const compose = (other: string): ReturnType<typeof composeServices> =>
    composeServices([
      { name: 'messages', url: app.url, typeDefs: parse(sdl) },
      { name: 'other', url: 'http://other.example', typeDefs: parse(`${LINK}\n${other}`) },
    ]);
  const LINK =
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@tag"])';

  it('_service: its SDL, by which it composes', () => {
    expect(sdl).toContain('type Message');
    expect(compose('type Query { other: String }').errors).toBeUndefined();
  });

  it('@key (single): a message by its id', async () => {
    const sent = await execute(app.url, SendMessageDocument, { input: INPUT });
    const id = sent.data?.sendMessage?.id ?? '';
    const { data, errors } = await entities([{ __typename: 'Message', id }]);
    expect(errors).toBeUndefined();
    expect(data?._entities).toEqual([{ __typename: 'Message', id, text: 'Hey' }]);
  });

  it('federated tracing: timings only for a router that asks', async () => {
    const ask = async (headers: Record<string, string>): Promise<{ extensions?: { ftv1?: string } }> => {
      const { body } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: '{ message(id: "none") { id } }' }),
      });
      return (await body.json()) as { extensions?: { ftv1?: string } };
    };
    const { extensions } = await ask({ 'apollo-federation-include-trace': 'ftv1' });
    const trace = Trace.decode(Buffer.from(extensions?.ftv1 ?? '', 'base64'));
    expect(trace.root?.child?.[0]?.responseName).toBe('message');
    expect(await ask({})).not.toHaveProperty('extensions');
  });

  it('@link: federation 2, with what it uses of it', () => {
    expect(sdl).toMatch(
      /@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.3", import: \["@key", "@shareable", "@tag", "@inaccessible"\]\)/,
    );
  });

  it('@shareable: PageInfo, which other subgraphs have as well', () => {
    const pageInfo =
      'type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }';
    expect(compose(`type Query { page: PageInfo } ${pageInfo}`).errors).toBeUndefined();
    expect(
      compose(`type Query { page: MessageDelivery } type MessageDelivery @shareable { to: String! }`).errors,
    ).toBeDefined();
  });

  it('@tag: what is personal is marked in the supergraph, for contracts', () => {
    const { supergraphSdl } = compose('type Query { other: String }');
    const message = /type Message[^}]*\}/.exec(supergraphSdl ?? '')?.[0];
    const marked = [...(message ?? '').matchAll(/(\w+): \S+ @tag\(name: "personal"\)/g)].map(([, field]) => field);
    expect(marked).toEqual(['to', 'from', 'text', 'tag', 'owner', 'media']);
  });

  it("@inaccessible: what is for operators is kept out of the supergraph's API", () => {
    const { schema, supergraphSdl = '' } = compose('type Query { other: String }');
    if (schema === undefined) throw new Error('it does not compose');
    const api = printSchema(schema.toAPISchema().toGraphQLJSSchema());
    const namesIn = (sdl: string): string[] =>
      [/^type Message\b/m, /^type Send\b/m, /^ +unresolvedSends\b/m, /^ +settleSend\b/m].flatMap(
        (name) => name.exec(sdl)?.[0].trim() ?? [],
      );
    expect(namesIn(supergraphSdl)).toEqual(['type Message', 'type Send', 'unresolvedSends', 'settleSend']);
    expect(namesIn(api)).toEqual(['type Message', 'type Send']);
  });

  it.each([
    ['another type', { __typename: 'User', id: 'u-1' }],
    ['no type', { id: 'u-1' }],
    ['no id', { __typename: 'Message' }],
    ['an id that is none', { __typename: 'Message', id: { or: 1 } }],
    ['a string', 'Message'],
    ['nothing', []],
  ])('that %s represents no message', async (_name, representation) => {
    const { errors } = await entities([{ __typename: 'Message', id: 'unknown' }, representation]);
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['representations', '1'], code: 'INVALID_REPRESENTATION' }],
    });
  });

  it('at most 500 messages are asked for at once', async () => {
    const { errors } = await entities(Array.from({ length: 501 }, () => ({ __typename: 'Message', id: 'unknown' })));
    expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([
      { path: ['representations'], code: 'TOO_MANY_REPRESENTATIONS', max: 500, actual: 501 },
    ]);
  });
});
