/** Random documents, requests and callbacks: no 5xx, no crash, no leak. `npm run test:fuzz` makes 50,000 of each. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import {
  buildSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
} from 'graphql';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { startProgress } from '../support/progress.mjs';

const RUNS = Number(process.env.FUZZ_RUNS ?? 300);
const TIMEOUT_MS = 60_000 + RUNS * 40;
/** Requests under way at a time. */
const BATCH = 20;
const MAX_DEPTH = 5;
const SCHEMA = buildSchema(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'), {
  assumeValidSDL: true,
});

const CREDENTIALS = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'zqpassword' };
/** What an answer or a line of the log must never hold. */
const LEAKS = /zqpassword|node_modules|\.js:\d+:\d+|SQLITE_|SyntaxError|TypeError|RangeError/;
/** The page in an answer: it is the same for everybody, and its scripts name such errors. */
const GRAPHIQL = /<!doctype html>[^]*?<\/html>\s*(?=HTTP\/1\.1|$)/gi;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(CREDENTIALS);
});
afterAll(() => app.close());

const STRANGE = fc.oneof(
  fc.constantFrom(
    '""',
    '"zqcanary"',
    '5',
    '-1',
    '1e999',
    'null',
    'true',
    'X',
    '[]',
    '{}',
    '"""a"""',
    '$v',
    '"+12345678901"',
    '"+19195550002"',
    '99999999999',
    '[["a"]]',
    '{from: 1}',
    '"\\u0000"',
    '"😀"',
  ),
  fc.string({ maxLength: 20 }).map((text) => JSON.stringify(text)),
);

type Pick = <Value>(arbitrary: fc.Arbitrary<Value>) => Value;

/** A literal for a type: mostly fitting, at times anything. */
function literal(pick: Pick, type: GraphQLInputType, depth = 0): string {
  if (pick(fc.nat(9)) === 0 || depth > MAX_DEPTH) return pick(STRANGE);
  if (isNonNullType(type)) return literal(pick, type.ofType, depth);
  if (isListType(type)) {
    const items = Array.from({ length: pick(fc.nat(3)) }, () => literal(pick, type.ofType, depth + 1));
    return `[${items.join(' ')}]`;
  }
  if (isEnumType(type)) return pick(fc.constantFrom(...type.getValues().map(({ name }) => name)));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(() => pick(fc.nat(5)) > 0);
    return `{${fields.map((field) => `${field.name}: ${literal(pick, field.type, depth + 1)}`).join(' ')}}`;
  }
  switch (getNamedType(type).name) {
    case 'Int':
      return String(pick(fc.integer({ min: -5, max: 200 })));
    case 'DateTime':
      return '"2026-11-24T10:00:00Z"';
    default:
      return pick(
        fc.constantFrom('"+12345678901"', '"+12345678902"', '"Hey"', '"app-1"', '"https://cdn.example.com/a"'),
      );
  }
}

/** A selection of a type's fields, with aliases, fragments, directives and mistakes. */
function selection(pick: Pick, type: GraphQLObjectType, depth = 0): string {
  const fields = Object.values(type.getFields());
  const parts = Array.from({ length: 1 + pick(fc.nat(3)) }, () => {
    if (pick(fc.nat(15)) === 0)
      return pick(
        fc.constantFrom(
          '__typename',
          'zqcanary',
          '__schema { types { name } }',
          '...F',
          '... { __typename }',
          '... on Query { __typename }',
          'x @skip(if: true)',
          '_service { sdl }',
        ),
      );
    const field = pick(fc.constantFrom(...fields));
    const args = field.args.filter(() => pick(fc.nat(4)) > 0).map((arg) => `${arg.name}: ${literal(pick, arg.type)}`);
    const named = getNamedType(field.type);
    const below = isObjectType(named) && depth < MAX_DEPTH ? selection(pick, named, depth + 1) : '';
    const union = isAbstractType(named) ? '{ __typename ... on MessageProblem { code } ... on Message { id } }' : '';
    const alias = pick(fc.constantFrom('', '', 'a: ', 'b: '));
    const directive = pick(fc.constantFrom('', '', '', '', '@skip(if: true)', '@include(if: $v)', '@defer'));
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(' ')})` : ''} ${directive} ${below}${union}`;
  });
  return `{ ${parts.join(' ')} }`;
}

/** Values made step by step out of a seed, which is what a failure tells. */
function made<Value>(make: (pick: Pick) => Value): fc.Arbitrary<Value> {
  return fc.integer({ min: 0, max: 2 ** 30 }).map((seed) => {
    let step = seed;
    return make((arbitrary) => fc.sample(arbitrary, { seed: (step += 7_919), numRuns: 1 })[0] as never);
  });
}

const DOCUMENTS = made((pick) => {
  const kind = pick(fc.constantFrom('query', 'query', 'mutation', 'subscription'));
  const root = {
    query: SCHEMA.getQueryType(),
    mutation: SCHEMA.getMutationType(),
    subscription: SCHEMA.getSubscriptionType(),
  }[kind];
  const variables = pick(fc.constantFrom('', '($v: Boolean)', '($v: String = "a")', '($v: MessageInput!)'));
  const fragment = pick(fc.constantFrom('', 'fragment F on Query { __typename ...F }', 'fragment F on Message { id }'));
  const text = root ? `${kind} ${variables} ${selection(pick, root)} ${fragment}` : '';
  // At times a character is lost.
  const cut = pick(fc.nat(9)) === 0 ? pick(fc.nat(text.length)) : text.length;
  return {
    query: text.slice(0, cut),
    variables: pick(fc.constantFrom(undefined, {}, { v: true }, { v: 'a' }, { v: { from: 1 } })),
  };
});

/** Makes RUNS examples of an arbitrary, a batch of them at a time. */
async function check<Value>(
  title: string,
  arbitrary: fc.Arbitrary<Value>,
  probe: (value: Value) => Promise<void>,
): Promise<void> {
  const step = startProgress(title, Math.ceil(RUNS / BATCH) * BATCH);
  await fc.assert(
    fc.asyncProperty(fc.array(arbitrary, { minLength: BATCH, maxLength: BATCH, size: 'max' }), async (values) => {
      await Promise.all(values.map(probe));
      step(BATCH);
    }),
    { numRuns: Math.ceil(RUNS / BATCH), endOnFailure: true },
  );
  expect(app.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  expect(JSON.stringify(app.log)).not.toMatch(LEAKS);
  app.log.length = 0;
}

it(
  'random documents',
  () =>
    check('random documents', DOCUMENTS, async (body) => {
      const { statusCode, body: answer } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      expect(statusCode).toBeLessThan(500);
      expect(text).not.toContain('"code":"INTERNAL_SERVER_ERROR"');
      expect(text).not.toMatch(LEAKS);
    }),
  TIMEOUT_MS,
);

const RAW_REQUESTS = made((pick) => {
  const method = pick(fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'OPTIONS', 'HEAD', 'get', 'EVIL'));
  const path = pick(
    fc.oneof(
      fc.constantFrom(
        '/graphql',
        '/callbacks/catapult',
        '/health',
        '/ready',
        '/opt-outs.csv',
        '/graphql?query={__typename}',
        '*',
        '//',
        '/%00',
      ),
      fc.webPath(),
    ),
  );
  const headers = pick(
    fc.array(
      fc.oneof(
        fc.constantFrom(
          'Content-Type: application/json',
          'Content-Type: text/plain',
          'Content-Length: 5',
          'Content-Length: -1',
          'Transfer-Encoding: chunked',
          'Transfer-Encoding: gzip, chunked',
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Connection: close',
          'Expect: 100-continue',
          'Accept: text/html',
          'Authorization: Basic !',
          'Content-Encoding: br',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version: 13',
          'Origin: null',
          'X-Request-Id: zq',
        ),
        fc.string({ maxLength: 30 }),
      ),
      { maxLength: 5 },
    ),
  );
  const body = pick(
    fc.oneof(fc.constantFrom('', '{}', '{"query":"{__typename}"}', '5\r\n{"a":\r\n0\r\n\r\n'), fc.json(), fc.string()),
  );
  const host = pick(fc.constantFrom('Host: a\r\n', 'Host: a\r\n', 'Host: a b\r\n', ''));
  return `${method} ${path} HTTP/1.1\r\n${host}${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`;
});

it(
  'random raw requests',
  () =>
    check('random raw requests', RAW_REQUESTS, async (text) => {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.end(text);
      await once(socket, 'close');
      expect(answer).not.toMatch(/^HTTP\/1\.1 5(?!05)/);
      expect(answer.replaceAll(GRAPHIQL, '')).not.toMatch(LEAKS);
    }),
  TIMEOUT_MS,
);

const MEMBER = fc.oneof(
  fc.constantFrom(
    'message-delivered',
    'message-failed',
    'message-sending',
    'message-received',
    '2026-11-24T10:00:00Z',
    '+12345678901',
    4720,
    -1,
    null,
    true,
    [],
    {},
    'in',
    'out',
  ),
  fc.string({ maxLength: 20 }),
  fc.double(),
);
const EVENT = fc.record(
  {
    type: MEMBER,
    time: MEMBER,
    to: fc.oneof(MEMBER, fc.array(MEMBER, { maxLength: 3 })),
    description: MEMBER,
    errorCode: MEMBER,
    message: fc.oneof(
      MEMBER,
      fc.record(
        {
          id: MEMBER,
          time: MEMBER,
          to: fc.oneof(MEMBER, fc.array(MEMBER, { maxLength: 3 })),
          from: MEMBER,
          text: MEMBER,
          tag: MEMBER,
          owner: MEMBER,
          media: MEMBER,
          direction: MEMBER,
          segmentCount: MEMBER,
          applicationId: MEMBER,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
const CALLBACKS = fc.oneof(
  fc.array(EVENT, { maxLength: 4 }).map((events) => JSON.stringify(events)),
  EVENT.map((event) => JSON.stringify(event)),
  fc.json(),
  fc.string(),
);

it(
  'random callbacks',
  () =>
    check('random callbacks', CALLBACKS, async (body) => {
      const { statusCode, body: answer } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('user:zqpassword').toString('base64')}` },
        body,
      });
      expect([statusCode, await answer.text()]).toEqual([200, '{"status":"ok"}']);
    }),
  TIMEOUT_MS,
);
