/** Ordinary requests, which never reach Apollo: their answers are those that Apollo would give, byte by byte. */
import { ApolloServer } from '@apollo/server';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { request as send } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { SILENT_INPUT } from '../support/messages.js';

const RUNS = 400;

let app: TestApp;
let byApollo: jest.SpiedFunction<ApolloServer['executeHTTPGraphQLRequest']>;

beforeAll(async () => {
  byApollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
  app = await startTestApp();
}, 30_000);
afterAll(async () => {
  await app.close();
  byApollo.mockRestore();
});

interface Answer {
  readonly status: number;
  readonly type: unknown;
  /** Without the request's id, which is another each time. */
  readonly text: string;
}

/** A header that is only looked at where tracing is on, and that makes a request none of the ordinary ones. */
const TO_APOLLO = { 'apollo-federation-include-trace': 'none' };

async function ask(body: unknown, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const answer = await send(app.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  const id = String(answer.headers['x-request-id']);
  return { status: answer.statusCode, type: answer.headers['content-type'], text: text.replaceAll(id, 'ID') };
}

const oneOf = fc.constantFrom;
const often = <Value>(usual: Value, ...others: Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: oneOf(...others) });

const FIELDS = [
  'id time to from text applicationId',
  'tag owner media direction segmentCount',
  'priority expiresAt pairedMessageId',
  'status',
  '__typename',
  'deliveries { to status time failure { code name meaning origin retryable } }',
  'again: id',
];
const CONDITIONS = ['', '', '', '@skip(if: $no)', '@include(if: $no)', '@skip(if: true)', '@include(if: $yes)'];
const SHAPES = [
  (fields: string) => fields,
  (fields: string) => `...Some ${fields}`,
  (fields: string) => `... on Message { ${fields} }`,
  (fields: string) => `... @include(if: $yes) { ${fields} }`,
];

/** What is selected of a message: fields, aliases and fragments under conditions. */
const selections = fc
  .array(fc.tuple(oneOf(...FIELDS), oneOf(...CONDITIONS), oneOf(...SHAPES)), { minLength: 1, maxLength: 4 })
  .map((parts) =>
    parts.map(([fields, condition, shape]) => shape(fields.replace(/(\w)$/, `$1 ${condition}`))).join(' '),
  );

const PROBLEMS =
  '... on MessageProblem { code message } ... on InvalidMessageProblem { fieldErrors { path code message } }';

const mutationFields = fc
  .tuple(oneOf('sendMessage', 'submitMessage'), selections)
  .map(([name, fields]) =>
    name === 'sendMessage'
      ? `${name}(input: $input) { ${fields} }`
      : `${name}(input: $input) { ...on Message { ${fields} } ${PROBLEMS} }`,
  );
const queryFields = fc
  .tuple(selections, oneOf(1, 2, 3, 4, 5, 6))
  .map(
    ([fields, which]) =>
      [
        `message(id: $id) { ${fields} }`,
        `messages(first: $first) { nodes { ${fields} } pageInfo { hasNextPage } }`,
        `messages(filter: { status: DELIVERED }) { edges { node { ${fields} } cursor } }`,
        `previewMessage(input: { text: $text }) { encoding segmentCount forcing }`,
        `_entities(representations: [{ __typename: "Message", id: $id }]) { ...on Message { ${fields} } }`,
        `__type(name: "Message") { name fields { name } }`,
      ][which - 1] ?? '',
  );

const VARIABLES = '$yes: Boolean = true, $no: Boolean!';
const operations = fc.oneof(
  fc
    .array(mutationFields, { minLength: 1, maxLength: 3 })
    .map((fields) => `mutation One($input: MessageInput!, ${VARIABLES}) { ${aliased(fields)} }`),
  fc
    .array(queryFields, { minLength: 1, maxLength: 3 })
    .map((fields) => `query One($id: ID!, $first: Int, $text: String = "Hey", ${VARIABLES}) { ${aliased(fields)} }`),
);
const aliased = (fields: readonly string[]): string => fields.map((field, index) => `f${index}: ${field}`).join(' ');

const documents = fc
  .tuple(operations, often('', ' query Two { __typename }'))
  .map(
    ([operation, other]) =>
      `${operation}${other} fragment Some on Message { id ...Other } fragment Other on Message { status }`,
  );

let keys = 0;
/** Each with a key of its own: the second call gets the message of the first. */
const inputs = fc
  .record({
    from: often<unknown>('+12345678901', '12', 5, null),
    to: often<unknown>(['+19195550002'], '+19195550002', [], ['1', '+19195550002', '+19195550002'], [null], {}),
    text: often<unknown>('Hey', '', 'x'.repeat(2049), '{"€}\u2028</', 7),
    media: often<unknown>(undefined, null, ['https://example.com/cat.jpg'], ['x']),
    expiresAt: often<unknown>(undefined, '2001-01-01T00:00:00Z', 'tomorrow'),
    priority: often<unknown>(undefined, 'HIGH', 'high'),
    surprise: often<unknown>(undefined, undefined, 1),
  })
  .map((input) => ({ ...SILENT_INPUT, ...input, idempotencyKey: `ordinary-${++keys}` }));

const bodies = fc.record(
  {
    query: documents,
    variables: fc.oneof(
      {
        weight: 20,
        arbitrary: fc.record({
          input: inputs,
          id: often<unknown>('m1', 1, null, {}),
          first: often<unknown>(undefined, 2, 0, null, 1.5),
          text: often<unknown>(undefined, 'Ünlü', null, []),
          no: often<unknown>(false, true, null),
        }),
      },
      { weight: 1, arbitrary: oneOf<unknown>(null, {}, [], 'text', 5) },
    ),
    operationName: often<unknown>(undefined, 'One', 'Two', 'Three', null, '', 7),
    extensions: often<unknown>(undefined, null, {}, { a: 1 }, [], 'x', { persistedQuery: { version: 1 } }),
  },
  { requiredKeys: ['query', 'variables'] },
);

const accepts = often<string | undefined>(
  'application/json',
  undefined,
  '*/*',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
  'text/plain',
  'application/json;charset=utf-8',
);

it(`answers ${RUNS} requests of all kinds exactly as Apollo does`, async () => {
  let [executed, withErrors, ordinary] = [0, 0, 0];
  const compare = fc.asyncProperty(bodies, accepts, async (body, accept) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const expected = await ask(body, { ...headers, ...TO_APOLLO });
    byApollo.mockClear();
    expect(await ask(body, headers)).toEqual(expected);
    if (expected.text.includes('"data":')) executed += 1;
    if (expected.text.includes('"errors":')) withErrors += 1;
    if (byApollo.mock.calls.length === 0) ordinary += 1;
  });
  await fc.assert(compare, { numRuns: RUNS });
  // Else the comparison would be of one with itself, or of refusals alone.
  for (const count of [executed, withErrors, ordinary]) expect(count).toBeGreaterThan(RUNS / 10);
}, 60_000);

describe('an ordinary request', () => {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
  const body = { query, variables: { input: SILENT_INPUT } };
  beforeEach(() => byApollo.mockClear());

  it.each([
    ['fetch and curl send it', '*/*'],
    ['Apollo Client sends it', 'application/graphql-response+json,application/json;q=0.9'],
    [
      'urql sends it',
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    ],
    ['Relay sends it', 'application/json'],
  ])('does not pass through Apollo, as %s', async (_who, accept) => {
    expect(await ask(body, { accept })).toMatchObject({ status: 200 });
    expect(byApollo).not.toHaveBeenCalled();
  });

  it('does not pass through Apollo, as many times as it is sent', async () => {
    for (let time = 0; time < 3; time++) expect((await ask(body, {})).status).toBe(200);
    expect(byApollo).not.toHaveBeenCalled();
  });
});

it.each(['999.999.999.999', '1.2.3.4.5', '[::::]', 'xn--', '256.1', 'a b'])('refuses the host %s', async (host) => {
  const answer = await send(app.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', host },
    body: '{"query":"{ __typename }"}',
  }).catch((error: unknown) => error);
  if (answer instanceof Error) expect(answer.message).toMatch(/header/);
  else expect((answer as { readonly statusCode: number }).statusCode).toBe(400);
});

it.each([
  ['a router that traces', TO_APOLLO],
  ['a client with wishes of its own', { accept: 'application/json;q=0.3, text/html' }],
  ['a client that names no host', { host: 'a b' }],
])('leaves to Apollo the request of %s', async (_who, headers: Record<string, string>) => {
  byApollo.mockClear();
  const answer = await ask({ query: '{ __typename }' }, headers).catch(() => null);
  // A Host header that is none ends before Apollo.
  expect(byApollo.mock.calls.length).toBe(answer?.status === 200 ? 1 : 0);
});
