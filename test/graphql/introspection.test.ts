/** The schema as the server shows it, and what stays secret with introspection off. */
import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  specifiedDirectives,
  visit,
} from 'graphql';
import type { FieldDefinitionNode, IntrospectionQuery, TypeDefinitionNode } from 'graphql';
import { request } from 'undici';
import { filterSchema } from '@graphql-tools/utils';
import { startTestApp, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { firstAnswer } from '../support/subscriber.js';

const committed = (name: string): string => readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8');
/** For routers, and for clients. */
const [COMMITTED, COMMITTED_API] = [committed('schema.graphql'), committed('api.graphql')];
const ask = <Data>(url: string, query: string, variables?: object): ReturnType<typeof post<Data>> =>
  post<Data>(url, JSON.stringify({ query, variables }));

describe('the schema that the server shows', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  it('is the committed one by introspection, beside what federation adds for routers', async () => {
    const { data } = await ask<IntrospectionQuery>(
      app.url,
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        inputValueDeprecation: true,
        schemaDescription: true,
      }),
    );
    const introspected = filterSchema({
      schema: buildClientSchema(data ?? ({} as never)),
      rootFieldFilter: (_operation, name) => !name.startsWith('_'),
      typeFilter: (name) => !/^(_|federation__|link__)/.test(name),
      directiveFilter: (name) => specifiedDirectives.some((directive) => directive.name === name),
    });
    expect(printSchema(lexicographicSortSchema(introspected))).toBe(
      printSchema(lexicographicSortSchema(buildSchema(COMMITTED_API))),
    );
  });

  it('is the committed one by _service, word for word, which leaves out what a graph has only once', async () => {
    const { data } = await ask<{ _service: { sdl: string } }>(app.url, '{ _service { sdl } }');
    expect(data?._service.sdl).toBe(COMMITTED);
    expect(COMMITTED).not.toMatch(/\bNode\b|\bnodes?\(/);
    expect(COMMITTED_API).toMatch(/\bnode\([^)]*\): Node\n/);
    expect(COMMITTED_API).toMatch(/type Message implements Node /);
  });

  it('keeps its directives in _service', async () => {
    const { data } = await ask<{ _service: { sdl: string } }>(app.url, '{ _service { sdl } }');
    /** Each applied directive after the type or field that it stands on. */
    const directives = (sdl: string): string[] => {
      const found: string[] = [];
      const note = ({ name, directives = [] }: TypeDefinitionNode | FieldDefinitionNode): void => {
        for (const directive of directives) found.push(`${name.value} ${print(directive)}`);
      };
      visit(parse(sdl), { ObjectTypeDefinition: note, FieldDefinition: note });
      return found.sort();
    };
    expect(directives(data?._service.sdl ?? '')).toEqual(directives(COMMITTED));
    expect(directives(COMMITTED).length).toBeGreaterThan(9);
  });
});

describe('with introspection off', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ INTROSPECTION: 'off' });
  });
  afterAll(() => app.close());

  /** Every name that only the schema could have told. */
  const NAMES = (() => {
    const schema = buildSchema(COMMITTED, { assumeValidSDL: true });
    const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
    const fields = types.flatMap((type) => ('getFields' in type ? Object.keys(type.getFields()) : []));
    // The words of the language, and of every error.
    const known = [
      'Query',
      'Mutation',
      'Subscription',
      'String',
      'Boolean',
      'Float',
      'message',
      'retryable',
      'fieldErrors',
    ];
    return [...new Set([...types.map(({ name }) => name), ...fields])].filter(
      (name) => name.length > 4 && !known.includes(name),
    );
  })();

  /** The names of the schema in an answer, but for the key of an error's extensions that a field is called like. */
  const leaked = (raw: string, query: string): string[] => {
    const answer = raw.replaceAll('"requestId":', '');
    return NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(answer) && !query.includes(name));
  };

  it.each([
    '{ __schema { queryType { name } } }',
    '{ s: __schema { queryType { name } } }',
    '{ ...F } fragment F on Query { x: __schema { types { name } } }',
    '{ ... on Query { __type(name: "Query") { name } } }',
    '{ ... @include(if: true) { a: __type(name: "Query") { fields { name } } } }',
    'mutation { __schema { types { name } } }',
    '{ _service { sdl } }',
    '{ s: _service { sdl } }',
    '{ ...F } fragment F on Query { _service { sdl } }',
    '{ messag }',
    '{ message }',
    '{ message(id: "1") }',
    '{ message(id: "1") { idd tex stat } }',
    '{ message(ID: "1") { id } }',
    '{ messages(filter: {stat: X}) { nodes { id } } }',
    '{ messages(filter: {status: ACCEPTE}) { nodes { id } } }',
    '{ messages(filter: 1) { nodes { id } } }',
    'mutation { sendMessage { id } }',
    'mutation { sendMessage(input: {}) { id } }',
    'mutation { sendMessage(input: {from: 1, txt: ""}) { id } }',
    'query ($i: MessageInpt) { __typename }',
    'query ($i: Message) { __typename }',
    '{ ... on Messag { id } }',
    '{ message(id: "1") { ... on MessageDelivery { to } } }',
    '{ _entities { __typename } }',
    '{ _entities(representations: [{__typename: "Messag"}]) { __typename } }',
    '{ __typename @skp(if: true) }',
    'subscription { messageUpdate }',
  ])('nothing leaks a name: %s', async (query) => {
    const { raw, errors, status } = await ask(app.url, query);
    expect(status).toBe(query.includes('representations') ? 200 : 400);
    expect(errors?.length).toBeGreaterThan(0);
    expect(leaked(raw, query)).toEqual([]);
    expect(raw).not.toMatch(/did you mean/i);
  });

  it('a variable that does not fit reveals nothing of its type', async () => {
    const query = 'mutation ($i: MessageInput!) { sendMessage(input: $i) { id } }';
    const { raw, errors } = await ask(app.url, query, { i: { from: 5, too: [] } });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(leaked(raw, query)).toEqual([]);
  });

  it.each([
    'subscription { __schema { types { name } } }',
    '{ __schema { types { name } } }',
    '{ _service { sdl } }',
    '{ messag }',
  ])('nothing leaks over WebSocket either: %s', async (query) => {
    const told = JSON.stringify(await firstAnswer(app.url, { query }));
    expect(told).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(leaked(told, query)).toEqual([]);
  });

  it('there is no GraphiQL', async () => {
    const { body, headers } = await request(app.url, { headers: { accept: 'text/html' } });
    expect(headers['content-type']).not.toContain('text/html');
    expect(await body.text()).not.toContain('script');
  });

  it('operations work as before', async () => {
    const { data } = await ask<{ previewMessage: unknown }>(
      app.url,
      '{ __typename previewMessage(input: {text: "Hi"}) { segmentCount } }',
    );
    expect(data).toEqual({ __typename: 'Query', previewMessage: { segmentCount: 1 } });
  });
});
