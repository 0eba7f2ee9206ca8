/** Attacks by their names. None may reach upstream, end in a 5xx, or be answered with anything of what it sent. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { EventReader } from '../support/event-stream.js';
import { INPUT } from '../support/messages.js';
import { listen, stopListening } from '../support/listen.js';

const KEY = 'attacker-key';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const CANARY = 'zqcanary';
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const NUL = '\0';
/** A caller may have a thousand. `npm run test:fuzz` opens 10,000. */
const STREAMS = Number(process.env.STREAMS ?? 1_200);

let upstream: Server;
let upstreamCalls = 0;
let app: TestApp;
let origin: URL;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    // The server checks its account by a GET, which sends nothing.
    if (request.method !== 'GET') upstreamCalls++;
    response.writeHead(500).end();
  });
  app = await startTestApp({
    ...upstreamAt(`http://127.0.0.1:${await listen(upstream)}/v2`),
    AUTH: '',
    API_KEYS: `attacker:${sha256(KEY)},reader:${sha256('reader-key')}:messages:read,auditor:${sha256('auditor-key')}:messages:read-all,other:${sha256('other-key')}`,
    ALLOWED_SENDERS: 'attacker:+12345678901',
    CALLBACK_USERNAME: 'user',
    CALLBACK_PASSWORD: 'password',
    HTTP_MEDIA: 'off',
  });
  origin = new URL(app.url);
});
afterAll(async () => {
  await app.close();
  await stopListening(upstream);
});
afterEach(() => {
  expect(upstreamCalls).toBe(0);
});

/** Asks for events instead of JSON. */
const EVENTS = { accept: 'text/event-stream' };

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Sends and returns the status and the body, after checking what holds for every attack. */
async function attack({
  method = 'POST',
  path = '/graphql',
  headers = {},
  body,
}: Sent): Promise<{ status: number; text: string }> {
  const answer = await request(`${origin.origin}${path}`, {
    method: method as 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await answer.body.text();
  expect(answer.statusCode).toBeLessThan(500);
  expect(text).not.toMatch(new RegExp(`${CANARY}|${KEY}|node_modules|\\bat .*:\\d+:\\d+|ECONN|SQLITE|postgres:`));
  return { status: answer.statusCode, text };
}

const graphql = (query: unknown, variables?: unknown, more: object = {}): Sent => ({
  body: JSON.stringify({ query, variables, ...more }),
});
const sending = (fields: object): Sent => graphql(SEND, { input: { ...INPUT, ...fields } });
const VALIDATE =
  'query ($input: MessageInput!) { validateMessage(input: $input) { fieldErrors { code } preview { unitCount } } }';
const LISTEN = 'subscription ($to: String) { messageReceived(to: $to) { id } }';
const NORMALIZE =
  'query ($text: String!, $region: String) { normalizeNumber(text: $text, region: $region) { number region } }';

describe('by the shape of the input', () => {
  const inputs: [name: string, fields: object][] = [
    ['a number as sender', { from: 12345678901 }],
    ['an object as sender', { from: { $ne: null } }],
    ['a list of two senders', { from: ['+12345678901', '+12345678902'] }],
    ['an empty sender', { from: '' }],
    ['a sender with a header in it', { from: '+12345678901\r\nX-Evil: 1' }],
    ['a sender with U+0000', { from: `+12345678901${NUL}` }],
    ['a sender in Arabic digits', { from: '+١٢٣٤٥٦٧٨٩٠١' }],
    ['a sender in fullwidth digits', { from: '+１２３４５６７８９０１' }],
    ['a sender as tel: URI', { from: 'tel:+12345678901' }],
    ['a sender with an extension', { from: '+12345678901;ext=5' }],
    ['a sender that SQL would like', { from: "' OR 1=1; --" }],
    ['an alphanumeric sender', { from: 'BANK' }],
    ['no recipient', { to: [] }],
    ['eleven recipients', { to: Array.from({ length: 11 }, (_, index) => `+123456789${10 + index}`) }],
    ['the same recipient twice', { to: ['+12345678902', '+12345678902'] }],
    ['a nested list of recipients', { to: [['+12345678902']] }],
    ['null among the recipients', { to: ['+12345678902', null] }],
    ['a recipient of 10,000 digits', { to: [`+1${'2'.repeat(10_000)}`] }],
    ['a recipient with a newline', { to: ['+12345678902\n'] }],
    ['a recipient with a right-to-left mark', { to: ['\u200f+12345678902'] }],
    ['a recipient with a zero-width space', { to: ['+1234567890\u200b2'] }],
    ['a recipient by the 00 prefix', { to: ['0012345678902'] }],
    ['a short code as recipient', { to: ['12345'] }],
    ['an e-mail address as recipient', { to: ['me@example.com'] }],
    ['an object as recipient', { to: [{ number: '+12345678902' }] }],
    ['an empty text', { text: '' }],
    ['a text of 2049 characters', { text: 'a'.repeat(2049) }],
    ['a text of U+0000', { text: NUL }],
    ['a number as text', { text: 5 }],
    ['an object as text', { text: { toString: CANARY } }],
    ['no application', { applicationId: '' }],
    ['null as application', { applicationId: null }],
    ['an application of spaces', { applicationId: '   ' }],
    ['an application of 256 characters', { applicationId: 'x'.repeat(256) }],
    ['an object as application', { applicationId: { id: 1 } }],
    ['a tag of 1025 characters', { tag: 'x'.repeat(1025) }],
    ['a tag with U+0000', { tag: NUL }],
    ['an empty idempotency key', { idempotencyKey: '' }],
    ['an idempotency key of 256 characters', { idempotencyKey: 'k'.repeat(256) }],
    ['an idempotency key with a line feed', { idempotencyKey: 'a\nb' }],
    ['an idempotency key in another script', { idempotencyKey: 'ключ' }],
    ['a field that does not exist', { [CANARY]: 1 }],
    ['a prototype', { ['__proto__x']: {} }],
    ['a constructor', { constructor: { prototype: { admin: true } } }],
    ['eleven media', { media: Array.from({ length: 11 }, (_, index) => `https://cdn.example.com/${index}`) }],
    ['a medium of 5000 characters', { media: [`https://cdn.example.com/${'a'.repeat(5_000)}`] }],
  ];
  it.each(inputs)('%s, by server-sent events', async (_name, fields) => {
    expect((await attack({ ...sending(fields), headers: EVENTS })).text).toMatch(/^(event: next\ndata: )?\{"errors"/);
  });

  it.each(inputs)('%s', async (_name, fields) => {
    const { text } = await attack(sending(fields));
    expect(text).toMatch(/BAD_USER_INPUT|BAD_REQUEST/);
    const looked = await attack(graphql(VALIDATE, { input: { ...INPUT, ...fields } }));
    expect(looked.text).toMatch(/"code":"[A-Z]/);
  });

  const numbers: [name: string, variables: object, answer?: string][] = [
    ['a number of 10,000 digits', { text: `+1${'2'.repeat(10_000)}` }, 'NUMBER_TOO_LONG'],
    ['100,000 brackets', { text: '('.repeat(100_000) }, 'NUMBER_TOO_LONG'],
    ['64 brackets around spaces', { text: '( '.repeat(32), region: 'US' }],
    ['64 marks of an extension', { text: ';ext='.repeat(12), region: 'US' }],
    ['64 marks that cannot be seen, and a letter', { text: `${'\u200b'.repeat(63)}a`, region: 'US' }],
    ['a number that SQL would like', { text: "'; DROP TABLE sends; --" }],
    ['a number with U+0000', { text: `+12345678901${NUL}` }],
    ['a number with a header behind it', { text: '+12345678901\r\nX-Evil: 1' }],
    ['a number backwards', { text: '\u202e10987654321+' }],
    ['a region that is a prototype', { text: '1', region: '__proto__' }, 'INVALID_REGION'],
    ['a region that is a method', { text: '1', region: 'constructor' }, 'INVALID_REGION'],
    ['a region of 100,000 characters', { text: '1', region: 'U'.repeat(100_000) }, 'INVALID_REGION'],
    ['an object as number', { text: { toString: CANARY } }, 'BAD_USER_INPUT'],
    ['a list of regions', { text: '1', region: ['US', 'CA'] }, 'BAD_USER_INPUT'],
  ];
  it.each(numbers)('%s', async (_name, variables, answer = '{"number":null,"region":null}') => {
    expect((await attack(graphql(NORMALIZE, variables))).text).toContain(answer);
  });

  const documents: [name: string, sent: Sent][] = [
    ['a variable that is a list', graphql(SEND, { input: [INPUT, INPUT] })],
    ['variables that are a list', graphql(SEND, [INPUT])],
    ['variables that are text', graphql(SEND, 'input')],
    ['no variables', graphql(SEND)],
    ['a query that is a number', graphql(5)],
    ['a query that is an object', graphql({ kind: 'Document' })],
    ['an empty query', graphql('')],
    ['a query of U+0000', graphql(NUL)],
    ['a comment alone', graphql('# nothing')],
    ['a schema definition', graphql('type Query { evil: String }')],
    ['a schema extension beside a query', graphql('{ __typename } extend type Query { evil: String }')],
    ['an operation name that is missing', graphql('query A { __typename } query B { __typename }')],
    ['an operation name of nobody', graphql('query A { __typename }', {}, { operationName: CANARY })],
    ['an operation name that is an object', graphql('query A { __typename }', {}, { operationName: {} })],
    ['a fragment that holds itself', graphql('{ ...A } fragment A on Query { ...A }')],
    [
      'two fragments that hold each other',
      graphql('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    ],
    [
      'fragments that double thirty times',
      graphql(`
        {
          ...F0
        }
        ${Array.from({ length: 30 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`).join(' ')}
        fragment F30 on Query {
          __typename
        }
      `),
    ],
    [
      'eleven sends',
      graphql(
        `mutation ($input: MessageInput!) { ${Array.from({ length: 11 }, (_, index) => `s${index}: sendMessage(input: $input) { id }`).join(' ')} }`,
        { input: INPUT },
      ),
    ],
    [
      '500 sends by alias',
      graphql(
        `mutation ($i: MessageInput!) { ${Array.from({ length: 140 }, (_, index) => `s${index}: sendMessage(input: $i) { id }`).join(' ')} }`,
        { i: INPUT },
      ),
    ],
    [
      'sends hidden in fragments',
      graphql(
        'mutation ($i: MessageInput!) { ...A ...A } fragment A on Mutation { a: sendMessage(input: $i) { id } b: sendMessage(input: $i) { id } c: sendMessage(input: $i) { id } d: sendMessage(input: $i) { id } e: sendMessage(input: $i) { id } f: sendMessage(input: $i) { id } }',
        { i: INPUT },
      ),
    ],
    ['a thousand fields', graphql(`{ messages { nodes { ${'id '.repeat(1_000)} } } }`)],
    ['10,000 levels', graphql('{a'.repeat(10_000) + '}'.repeat(10_000))],
    ['10,000 brackets in a literal', graphql(`{ message(id: ${'['.repeat(10_000)}) { id } }`)],
    ['10,000 brackets in a type', graphql(`query ($a: ${'['.repeat(5_000)}Int${']'.repeat(5_000)}) { __typename }`)],
    [
      'a thousand variables',
      graphql(`query (${Array.from({ length: 1_000 }, (_, index) => `$v${index}: Int`).join(' ')}) { __typename }`),
    ],
    ['50 directives on a field', graphql(`{ __typename ${'@include(if: true) '.repeat(50)} }`)],
    ['@defer', graphql('{ ... @defer { __typename } }')],
    ['@stream', graphql('{ messages { nodes @stream { id } } }')],
    ['a subscription over HTTP', graphql('subscription { messageReceived(to: "+12345678909") { id } }')],
    [
      'a subscription under a condition',
      graphql('subscription ($v: Boolean) { messageReceived @include(if: $v) { id } }'),
    ],
    [
      'a subscription under a condition in a fragment',
      graphql('subscription { ...F } fragment F on Subscription { ... @skip(if: $v) { messageReceived { id } } }'),
    ],
    [
      'a hash in place of a document',
      { body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }) },
    ],
    [
      'a document to register by its hash',
      graphql(
        '{ __typename }',
        {},
        { extensions: { persistedQuery: { version: 1, sha256Hash: sha256('{ __typename }') } } },
      ),
    ],
    ['an unknown document id', { body: JSON.stringify({ documentId: 'sha256:0' }) }],
    ['a page of a million', graphql('{ messages(first: 1000000) { nodes { id } } }')],
    ['a page of less than nothing', graphql('{ messages(first: -1) { nodes { id } } }')],
    ['an integer beyond 32 bits', graphql('{ messages(first: 99999999999) { nodes { id } } }')],
    [
      'a cursor of one’s own',
      graphql(`{ messages(after: "${Buffer.from("1:' OR 1=1").toString('base64url')}") { nodes { id } } }`),
    ],
    ['a send by nothing', graphql('{ send { id } }')],
    ['a send by its id and a key', graphql('{ send(id: "1", idempotencyKey: "k") { id } }')],
    ['a send by an object', graphql('query ($id: ID) { send(id: $id) { id } }', { id: { $ne: null } })],
    [
      'a send by a list of keys',
      graphql('query ($key: ID) { send(idempotencyKey: $key) { id } }', { key: [CANARY, 'k'] }),
    ],
    ['a page of a million sends', graphql('{ sends(first: 1000000) { nodes { id } } }')],
    ['a page of sends from both ends', graphql('{ sends(first: 1, last: 1) { nodes { id } } }')],
    [
      'a cursor of sends of one’s own',
      graphql(`{ sends(before: "${Buffer.from("1:' OR 1=1").toString('base64url')}") { nodes { id } } }`),
    ],
    [
      'sends in a state that is none',
      graphql(`
        {
          sends(filter: { status: "' OR 1=1" }) {
            nodes {
              id
            }
          }
        }
      `),
    ],
    [
      'messages and sends in turn, twenty times',
      graphql(`{ messages { nodes { ${'send { message { '.repeat(20)} id ${'} } '.repeat(20)} } } }`),
    ],
    ['a send to follow over HTTP', graphql('subscription { sendUpdated(id: "1") { id } }')],
    ['a page from both ends', graphql('{ messages(first: 1, last: 1) { nodes { id } } }')],
    ['a page of a million from the end', graphql('{ messages(last: 1000000) { nodes { id } } }')],
    [
      'a cursor of one’s own to read back from',
      graphql(`{ messages(last: 1, before: "${Buffer.from("1:' OR 1=1").toString('base64url')}") { nodes { id } } }`),
    ],
    [
      'a participant that SQL would like',
      graphql(`
        {
          messages(filter: { participant: "' OR 1=1; --" }) {
            totalCount
          }
        }
      `),
    ],
    [
      'a participant of 10,000 digits',
      graphql(`{ messages(filter: {participant: "+1${'2'.repeat(10_000)}"}) { totalCount } }`),
    ],
    [
      'conversations by a number that is SQL',
      graphql(`
        {
          conversations(filter: { owner: "' OR 1=1; --" }) {
            nodes {
              id
            }
          }
        }
      `),
    ],
    ['conversations with everybody', graphql('{ conversations(filter: {participant: "%"}) { nodes { id } } }')],
    ['2,000 conversations at once', graphql('{ conversations(first: 2000) { nodes { id } } }')],
    [
      'a conversation with ten thousand participants',
      graphql('query ($of: [String!]!) { conversation(owner: "+12345678901", participants: $of) { id } }', {
        of: Array<string>(10_000).fill('+12345678902'),
      }),
    ],
    [
      'a conversation with U+0000',
      graphql('query ($of: [String!]!) { conversation(owner: "+12345678901", participants: $of) { id } }', {
        of: [NUL],
      }),
    ],
    ['a conversation with a list in a list', graphql('{ conversation(owner: ["+1"], participants: [["+1"]]) { id } }')],
    ['a sender that matches everything', graphql('{ messages(filter: {from: "%"}) { totalCount } }')],
    ['an object as direction', graphql('{ messages(filter: {direction: {ne: null}}) { totalCount } }')],
    ['a state of sends', graphql('{ messages(filter: {statuses: [PENDING, UNKNOWN]}) { totalCount } }')],
    [
      'ten thousand states',
      graphql('query ($of: [MessageStatus!]) { messages(filter: {statuses: $of}) { totalCount } }', {
        of: Array.from({ length: 10_000 }, () => 'FAILED'),
      }),
    ],
    [
      'ten thousand ids',
      graphql('query ($ids: [ID!]) { messages(filter: {ids: $ids}) { totalCount } }', {
        ids: Array.from({ length: 10_000 }, (_, index) => `${CANARY}${index}`),
      }),
    ],
    [
      'an id with U+0000',
      graphql('query ($ids: [ID!]) { messages(filter: {ids: $ids}) { totalCount } }', { ids: [NUL] }),
    ],
    [
      'ten thousand nodes',
      graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
        ids: Array.from({ length: 10_000 }, (_, index) => `${CANARY}${index}`),
      }),
    ],
    [
      'a hundred nodes, again and again',
      graphql(
        `query ($ids: [ID!]!) { ${Array.from({ length: 20 }, (_, index) => `n${index}: nodes(ids: $ids) { id }`).join(' ')} }`,
        { ids: Array.from({ length: 100 }, (_, index) => `${CANARY}${index}`) },
      ),
    ],
    ['a list of lists of nodes', graphql('{ nodes(ids: [["a"], ["b"]]) { id } }')],
    ['an object as the id of a node', graphql('query ($id: ID!) { node(id: $id) { id } }', { id: { $ne: null } })],
    ['a node of the query type', graphql('{ node(id: "1") { ... on Query { messages { totalCount } } } }')],
    [
      'opt-outs of a recipient that is none',
      graphql(`{ optOuts(filter: {recipient: "${CANARY}"}) { nodes { recipient } } }`),
    ],
    ['opt-outs of a number that is an object', graphql('{ optOuts(filter: {owner: {ne: "1"}}) { nodes { owner } } }')],
    ['a page of a million opt-outs', graphql('{ optOuts(first: 1000000) { nodes { recipient } } }')],
    ['opt-outs after a forged place', graphql(`{ optOuts(after: "${CANARY}") { nodes { recipient } } }`)],
    [
      'an opt-out of a mebibyte',
      graphql('mutation ($r: String!) { addOptOut(recipient: $r, owner: "+12345678901") { recipient } }', {
        r: `${CANARY}${'1'.repeat(100_000)}`,
      }),
    ],
    ['a time that is none', graphql('{ messages(filter: {since: "yesterday"}) { nodes { id } } }')],
    [
      '501 representations',
      graphql('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
        r: Array.from({ length: 501 }, () => ({ __typename: 'Message', id: '1' })),
      }),
    ],
    [
      'a representation of the query type',
      graphql('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
        r: [{ __typename: 'Query' }],
      }),
    ],
    [
      'a representation of a prototype',
      graphql('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
        r: [{ __typename: '__proto__', id: 'x' }],
      }),
    ],
  ];
  it.each(documents)('%s', async (_name, sent) => {
    expect((await attack(sent)).text).toContain('"errors"');
  });

  it.each(documents)('%s, by server-sent events', async (_name, sent) => {
    expect((await attack({ ...sent, headers: EVENTS })).text).toMatch(/^(:\n\n)?event: next\ndata: \{"errors"/);
  });
});

describe('by HTTP', () => {
  const requests: [name: string, sent: Sent][] = [
    ['a batch', { body: JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]) }],
    ['half of a body', { body: '{"query": "{ __type' }],
    ['a body that is not UTF-8', { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) }],
    [
      'a message in Latin-1',
      {
        body: Buffer.from(
          JSON.stringify({ query: SEND, variables: { input: { ...INPUT, text: 'caf\u00e9' } } }),
          'latin1',
        ),
      },
    ],
    ['a body in UTF-16', { body: Buffer.from('{"query":"{__typename}"}', 'utf16le') }],
    ['half of a surrogate pair', { body: '{"query": "{ __typename }", "variables": {"a": "\\ud800"}}' }],
    ['__proto__ in the body', { body: '{"__proto__": {"a": 1}, "query": "{ __typename }"}' }],
    [
      'constructor.prototype in the body',
      { body: '{"constructor": {"prototype": {"a": 1}}, "query": "{ __typename }"}' },
    ],
    ['100,000 nested lists in the body', { body: '['.repeat(100_000) }],
    ['a body as text/plain', { headers: { 'content-type': 'text/plain' }, body: '{"query":"{__typename}"}' }],
    [
      'a body as a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query=%7B__typename%7D' },
    ],
    [
      'a body in parts',
      { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\n\r\n{}\r\n--x--' },
    ],
    ['a body as application/graphql', { headers: { 'content-type': 'application/graphql' }, body: '{ __typename }' }],
    [
      'a body as XML',
      {
        headers: { 'content-type': 'application/xml' },
        body: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      },
    ],
    [
      'a strange charset',
      { headers: { 'content-type': 'application/json; charset=utf-7' }, body: '{"query":"{__typename}"}' },
    ],
    ['a body that says it is compressed', { headers: { 'content-encoding': 'gzip' }, body: '{"query":"{__typename}"' }],
    ['no body', {}],
    [
      'a query in the path',
      { method: 'GET', path: '/graphql?query={__typename}', headers: { 'content-type': 'text/plain' } },
    ],
    [
      'a mutation in the path',
      {
        method: 'GET',
        path: `/graphql?query=${encodeURIComponent(SEND)}`,
        headers: { 'apollo-require-preflight': '1' },
      },
    ],
    ['PUT', { method: 'PUT', body: '{}' }],
    ['DELETE', { method: 'DELETE' }],
    ['PATCH', { method: 'PATCH', body: '{}' }],
    [
      'another method in a header',
      { method: 'GET', path: '/graphql?query=mutation{__typename}', headers: { 'x-http-method-override': 'POST' } },
    ],
    ['a path out of its folder', { method: 'GET', path: '/../../etc/passwd' }],
    ['a path out of its folder, encoded', { method: 'GET', path: '/%2e%2e/%2e%2e/etc/passwd' }],
    ['a path with U+0000', { method: 'GET', path: '/graphql%00' }],
    ['a path that is badly encoded', { method: 'GET', path: '/%ff%zz' }],
    ['the metrics of somebody else', { method: 'GET', path: '/.env' }],
    ['the repository', { method: 'GET', path: '/.git/config' }],
    ['a path of 10,000 characters', { method: 'GET', path: `/${'a'.repeat(10_000)}` }],
    ['opt-outs by somebody who may not', { method: 'GET', path: '/opt-outs.csv' }],
    [
      'a file of opt-outs by somebody who may not',
      { path: '/opt-outs.csv', headers: { 'content-type': 'text/csv' }, body: `recipient\n${CANARY}\n` },
    ],
    [
      'a file of opt-outs as a form',
      { path: '/opt-outs.csv', headers: { 'content-type': 'text/plain' }, body: CANARY },
    ],
    ['another host', { headers: { host: 'evil.example' }, body: '{"query":"{"}' }],
    ['a host that is none', { headers: { host: 'a b<>' }, body: '{"query":"{"}' }],
    [
      'a forwarded address',
      { headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'evil.example' }, body: '{"query":"{"}' },
    ],
    ['a strange Accept', { headers: { accept: `text/${CANARY}` }, body: '{"query":"{__typename}"}' }],
  ];
  it.each(requests)('%s', async (_name, sent) => {
    expect((await attack(sent)).status).toBeGreaterThanOrEqual(400);
  });

  it('a body of more than 256 KiB that is otherwise right', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    expect(await attack({ body: body + ' '.repeat(256 * 1024 - body.length) })).toMatchObject({ status: 200 });
    const { status, text } = await attack({ body: body + ' '.repeat(256 * 1024 - body.length + 1) });
    expect([status, text]).toEqual([413, expect.stringContaining('larger than 256 KiB') as string]);
  });

  const raw: [name: string, text: string][] = [
    ['two content lengths', `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}`],
    [
      'a length beside chunks',
      `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a chunk of a size that is none', `POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['a space before the colon', `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}`],
    ['a header folded over two lines', `GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n`],
    ['a header of 20 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['no host', `GET /graphql HTTP/1.1\r\n\r\n`],
    ['HTTP/2 without asking', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`],
    ['no HTTP at all', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03`],
    ['a method that does not exist', `EVIL / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ];
  it.each(raw)('%s', async (_name, text) => {
    const socket = connect(Number(origin.port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.end(Buffer.from(text, 'latin1'));
    await once(socket, 'close');
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });
});

describe('by who calls', () => {
  const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const credentials: [name: string, headers: Record<string, string>][] = [
    ['no credential', { authorization: '' }],
    ['a key that is another', { authorization: 'Bearer other' }],
    ['the digest of a key', { authorization: `Bearer ${sha256(KEY)}` }],
    ['a key with a space behind', { authorization: `Bearer ${KEY} x` }],
    ['a key in capitals', { authorization: `Bearer ${KEY.toUpperCase()}` }],
    ['a key as Basic', { authorization: `Basic ${Buffer.from(`attacker:${KEY}`).toString('base64')}` }],
    ['a key as user name', { authorization: `Digest username="${KEY}"` }],
    ['two keys', { 'x-api-key': 'other-key' }],
    [
      'a token without signature',
      { authorization: `Bearer ${base64({ alg: 'none' })}.${base64({ sub: 'attacker' })}.` },
    ],
    [
      'a token that claims to be a key',
      {
        authorization: `Bearer ${base64({ alg: 'HS256' })}.${base64({ sub: 'attacker', scope: 'messages:send' })}.${base64('x')}`,
      },
    ],
    ['a credential of 9,000 characters', { authorization: `Bearer ${'a'.repeat(9_000)}` }],
    ['the name of a caller', { authorization: 'Bearer attacker' }],
  ];
  it.each(credentials)('%s', async (_name, headers) => {
    const { status, text } = await attack({ ...sending({}), headers });
    expect(status).toBe(401);
    expect(text).toContain('UNAUTHENTICATED');
  });

  const reader = { authorization: 'Bearer reader-key' };
  const forbidden: [name: string, sent: Sent, code: string][] = [
    ['a send by a reader', { ...sending({}), headers: reader }, 'FORBIDDEN'],
    [
      'a submit by a reader',
      {
        ...graphql('mutation ($i: MessageInput!) { submitMessage(input: $i) { ... on MessageProblem { code } } }', {
          i: INPUT,
        }),
        headers: reader,
      },
      'FORBIDDEN',
    ],
    ['a look at a message by a reader', { ...graphql(VALIDATE, { input: INPUT }), headers: reader }, 'FORBIDDEN'],
    [
      'conversations without a number',
      { ...graphql('{ conversations { nodes { id } } }'), headers: reader },
      'FORBIDDEN',
    ],
    ['unresolved sends for a sender', graphql('{ unresolvedSends { nodes { id } } }'), 'FORBIDDEN'],
    [
      'opt-outs for a sender without a number',
      { ...graphql('{ optOuts { nodes { recipient } } }'), headers: reader },
      'FORBIDDEN',
    ],
    [
      'an opt-out from all numbers',
      graphql('mutation { addOptOut(recipient: "+12345678902") { since } }'),
      'FORBIDDEN',
    ],
    [
      'an opt-out from a number of somebody else',
      graphql('mutation { addOptOut(recipient: "+12345678902", owner: "+12345678909") { since } }'),
      'FORBIDDEN',
    ],
    [
      'an opt-in by a sender',
      graphql('mutation { removeOptOut(recipient: "+12345678902", owner: "+12345678901") { since } }'),
      'FORBIDDEN',
    ],
    [
      'a number forgotten by a sender',
      graphql('mutation { forgetNumber(number: "+12345678902") { messages } }'),
      'FORBIDDEN',
    ],
    ['a file of opt-outs for a sender', { method: 'GET', path: '/opt-outs.csv' }, 'FORBIDDEN'],
    ['a number of somebody else', sending({ from: '+12345678909' }), 'SENDER_NOT_ALLOWED'],
    [
      'a number of somebody else without its application',
      sending({ from: '+12345678909', applicationId: null }),
      '"fieldErrors":[{"path":["input","from"],"code":"SENDER_NOT_ALLOWED","message":"Must be one of your numbers."}]',
    ],
    ['a number that is an object, to listen to', graphql(LISTEN, { to: { number: CANARY } }), 'BAD_'],
  ];
  it.each(forbidden)('%s', async (_name, sent, code) => {
    expect((await attack(sent)).text).toContain(code);
  });

  it('inbound messages for those who may read their own', async () => {
    const message = {
      id: 'inbound-1',
      from: '+12345678902',
      to: ['+12345678909'],
      owner: '+12345678909',
      text: 'Secret',
    };
    const body = JSON.stringify([
      { type: 'message-received', time: '2026-11-24T10:00:00Z', to: '+12345678909', message },
    ]);
    const authorization = `Basic ${Buffer.from('user:password').toString('base64')}`;
    expect((await attack({ path: '/callbacks/catapult', headers: { authorization }, body })).status).toBe(200);
    const asked = graphql(
      '{ message(id: "inbound-1") { text } messages(filter: {to: "+12345678909"}) { nodes { text } } }',
    );
    const seenBy = async (key: string): Promise<unknown> =>
      JSON.parse((await attack({ ...asked, headers: { authorization: `Bearer ${key}` } })).text);
    const text = 'Secret';
    expect(await seenBy('auditor-key')).toEqual({ data: { message: { text }, messages: { nodes: [{ text }] } } });
    for (const key of [KEY, 'reader-key', 'other-key']) {
      expect(await seenBy(key)).toEqual({ data: { message: null, messages: { nodes: [] } } });
    }
  });
});

describe('by event streams', () => {
  const RECEIVED = 'subscription { messageReceived { id } }';
  const streams: EventReader[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.end();
  });

  it.each([
    ['a caller without numbers', 'other-key', RECEIVED],
    ['a reader', 'reader-key', RECEIVED],
    ['a caller with another number', KEY, 'subscription { messageReceived(to: "+12345678909") { id } }'],
    ['a caller with numbers, by what is none', KEY, `subscription { messageReceived(to: "${CANARY}") { id } }`],
    ['a caller with numbers, by nothing', KEY, 'subscription { messageReceived(to: "") { id } }'],
  ])('of inbound messages for %s', async (_name, key, query) => {
    const { text } = await attack({ ...graphql(query), headers: { ...EVENTS, authorization: `Bearer ${key}` } });
    expect(text).toMatch(/^:\n\nevent: next\ndata: \{"errors":.*FORBIDDEN.*\n\nevent: complete\ndata:\n\n$/);
  });

  it('of a message of somebody else', async () => {
    const { text } = await attack({
      ...graphql('subscription { messageUpdated(id: "inbound-1") { text } }'),
      headers: { ...EVENTS, authorization: 'Bearer reader-key' },
    });
    expect(text).toContain('UNKNOWN_MESSAGE');
  });

  it('for pages of other sites', async () => {
    const path = `/graphql?query=${encodeURIComponent(RECEIVED)}`;
    const headers = { ...EVENTS, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await attack({ method: 'GET', path, headers })).status).toBe(400);
  });

  it(`${STREAMS} times`, async () => {
    const statuses = new Map<number, number>();
    for (let batch = 0; batch < STREAMS / 100; batch++) {
      const opened = await Promise.all(
        Array.from({ length: 100 }, () =>
          EventReader.open(app.url, { query: RECEIVED }, { authorization: 'Bearer auditor-key' }),
        ),
      );
      for (const stream of opened) {
        statuses.set(stream.status, (statuses.get(stream.status) ?? 0) + 1);
        if (stream.status === 200) streams.push(stream);
        else stream.end();
      }
    }
    expect(Object.fromEntries(statuses)).toEqual({ 200: 1_000, 429: STREAMS - 1_000 });
    // Others are not harmed.
    expect((await attack(graphql('{ __typename }'))).status).toBe(200);
  }, 120_000);
});

describe('by text messages', () => {
  const destinations: [name: string, number: string][] = [
    ['Jamaica, which shares the calling code', '+18765551234'],
    ['the Bahamas', '+12423221234'],
    ['the Dominican Republic', '+18095551234'],
    ['Barbados', '+12464171234'],
    ['Trinidad and Tobago', '+18686201234'],
    ['Puerto Rico, a region of its own', '+17875551234'],
    ['the United Kingdom', '+447912345678'],
    ['Germany', '+4915112345678'],
    ['Latvia', '+37120000000'],
    ['Tunisia', '+21620000000'],
    ['Cuba', '+5351234567'],
    ['Somalia', '+252611234567'],
    ['a satellite telephone', '+881612345678'],
    ['a maritime satellite', '+870773112345'],
    ['an international premium line', '+979123456789'],
    ['an international network', '+883510000000'],
    ['a 900 number', '+19005551234'],
    ['a personal number', '+15005551234'],
    ['an area code of nobody', '+11112223333'],
    ['a British premium line', '+449098790000'],
  ];
  it.each(destinations)('to %s', async (_name, number) => {
    expect((await attack(sending({ to: [number] }))).text).toContain('DESTINATION_NOT_ALLOWED');
  });

  const spellings: [name: string, number: string][] = [
    ['the country code twice', '+112345678902'],
    ['the 0 of calls within a country', '+4407912345678'],
    ['a calling code that nobody has', '+999123456'],
  ];
  it.each(spellings)('to a number with %s', async (_name, number) => {
    expect((await attack(sending({ to: ['+12345678902', number] }))).text).toContain('INVALID_E164');
    expect((await attack(sending({ from: number }))).text).toContain('INVALID_E164');
  });

  it('to one good number, and to an expensive one beside it', async () => {
    const { text } = await attack(sending({ to: ['+12345678902', '+18765551234'] }));
    expect(text).toContain('["input","to","1"]');
  });
});

describe('by media', () => {
  const urls = [
    'https://localhost/a',
    'https://LOCALHOST/a',
    'https://localhost./a',
    'https://a.localhost/a',
    'https://127.0.0.1/a',
    'https://127.1/a',
    'https://2130706433/a',
    'https://0x7f000001/a',
    'https://0x7f.1/a',
    'https://0177.0.0.1/a',
    'https://017700000001/a',
    'https://127.0.0.1./a',
    'https://１２７.0.0.1/a',
    'https://127。0。0。1/a',
    'https://%31%32%37.0.0.1/a',
    'https://0/a',
    'https://0.0.0.0/a',
    'https://10.0.0.1/a',
    'https://172.16.0.1/a',
    'https://172.31.255.255/a',
    'https://192.168.0.1/a',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/a',
    'https://198.18.0.1/a',
    'https://224.0.0.1/a',
    'https://255.255.255.255/a',
    'https://[::1]/a',
    'https://[::]/a',
    'https://[0:0:0:0:0:0:0:1]/a',
    'https://[::ffff:127.0.0.1]/a',
    'https://[::ffff:7f00:1]/a',
    'https://[::127.0.0.1]/a',
    'https://[64:ff9b::7f00:1]/a',
    'https://[2002:7f00:1::]/a',
    'https://[fc00::1]/a',
    'https://[fd12:3456::1]/a',
    'https://[fe80::1]/a',
    'https://[ff02::1]/a',
    'https://metadata.google.internal/a',
    'https://printer.local/a',
    'https://router.lan/a',
    'https://db.corp/a',
    'https://intranet/a',
    'https://kubernetes.default.svc/a',
    'https://fritz.box/a',
    'https://010.0.0.1/a',
    'https://cdn..example.com/a',
    'https://cdn.example.com:8443/a',
    'https://cdn.example.com#@10.0.0.1/a',
    'https://cdn.example.com?@10.0.0.1/a',
    'https://cdn.example。com/a',
    'https://127.0.0.1.nip.io/a',
    'https://localtest.me/a',
    'http://cdn.example.com/a',
    'https://user@cdn.example.com/a',
    'https://cdn.example.com@127.0.0.1/a',
    'https:/127.0.0.1/a',
    'https:\\\\127.0.0.1\\a',
    '//127.0.0.1/a',
    'ftp://cdn.example.com/a',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    'gopher://127.0.0.1/',
    'https://cdn.example.com/a b',
    'https://cdn.example.com/\r\nX: 1',
    'https://cdn.example.com/\0',
    'https://',
    'https://?a',
    'cdn.example.com/a',
    '',
  ];
  it.each(urls)('%j', async (url) => {
    expect((await attack(sending({ media: [url] }))).text).toContain('BAD_USER_INPUT');
  });
});

describe('by files', () => {
  const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de', 'hex');
  const named = (name: string): Record<string, string> => ({ 'content-type': 'image/png', 'x-filename': name });
  const uploads: [name: string, status: number, headers: Record<string, string>, body?: string | Buffer][] = [
    ['a page as a picture', 415, { 'content-type': 'image/png' }, '<html><script>alert(1)</script></html>'],
    [
      'a program as a picture',
      415,
      { 'content-type': 'image/jpeg' },
      Buffer.from('4d5a90000300000004000000ffff0000', 'hex'),
    ],
    ['a program as what it is', 415, { 'content-type': 'application/x-msdownload' }, 'MZ'],
    ['a script as text with U+0000', 415, { 'content-type': 'text/plain' }, `alert(1)${NUL}`],
    ['JSON', 415, { 'content-type': 'application/graphql+json' }, '{}'],
    ['no type', 415, { 'content-type': '' }],
    ['a type with a line feed', 415, { 'content-type': 'image/png2' }],
    ['a prototype as type', 415, { 'content-type': '__proto__/constructor' }],
    ['a path', 400, named('../../etc/passwd')],
    ['an encoded path', 400, named('..%2f..%2fetc%2fpasswd')],
    ['a path of Windows', 400, named('C:%5Cboot.ini')],
    ['a name with U+0000', 400, named('a.png%00.exe')],
    ['a name with a header in it', 400, named('a%0d%0aContent-Type:%20text/html')],
    ['a name that reads backwards', 400, named('%E2%80%AEgnp.exe')],
    ['a name of 8,000 characters', 400, named('a'.repeat(8_000))],
    ['half an encoding', 400, named('%E0%A4%A')],
    ['a form without its end', 400, { 'content-type': 'multipart/form-data; boundary=b' }, '--b\r\n'],
    ['a form without a boundary', 400, { 'content-type': 'multipart/form-data' }, 'x'],
    ['a form of another kind', 415, { 'content-type': 'multipart/mixed; boundary=b' }, 'x'],
    ['a length that is a lie', 413, { 'content-type': 'image/png', 'content-length': '99999999999' }],
  ];
  it.each(uploads)('%s', async (_name, status, headers, body = PNG) => {
    const isLie = headers['content-length'] !== undefined;
    if (!isLie) {
      expect((await attack({ path: '/media', headers, body })).status).toBe(status);
      return;
    }
    const socket = connect(Number(origin.port), '127.0.0.1');
    socket.write(
      `POST /media HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-type: image/png\r\ncontent-length: 99999999999\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  });

  const addresses: [name: string, path: string, status: number][] = [
    ['a message of nobody', '/media/nobody/0', 404],
    ['a way out of the folder', '/media/..%2f..%2fetc%2fpasswd/0', 404],
    ['an index that is none', '/media/nobody/0x0', 404],
    ['an index of 400 digits', `/media/nobody/${'9'.repeat(400)}`, 404],
    ['an id of 700 characters', `/media/${'a'.repeat(700)}/0`, 404],
    ['an id that SQL would like', `/media/${encodeURIComponent("' OR 1=1; --")}/0`, 404],
    ['an id with U+0000', '/media/a%00b/0', 404],
    ['an id of half a character', '/media/%ED%A0%80/0', 404],
    ['a signature of nobody', `/media/nobody/0?until=9999999999999&signature=${'A'.repeat(24)}`, 403],
    ['two ends', '/media/nobody/0?until=1&until=2&signature=A', 403],
    ['a URL of somebody else', '/media/https%3A%2F%2Fevil.example%2F/0', 404],
  ];
  it.each(addresses)('read at %s', async (_name, path, status) => {
    const got = await attack({ method: 'GET', path });
    expect(got.status === 400 ? status : got.status).toBe(status);
  });
});

describe('by callbacks', () => {
  const basic = (pair: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  });
  const path = '/callbacks/catapult';
  const strangers: [name: string, headers: Record<string, string>][] = [
    ['no credential', { authorization: '' }],
    ['a wrong password', basic('user:wrong')],
    ['a wrong user', basic('root:password')],
    ['no password', basic('user')],
    ['a password with more behind', basic('user:password:')],
    ['a key of the API', { authorization: `Bearer ${KEY}` }],
    ['Basic of nonsense', { authorization: 'Basic ???' }],
    ['U+0000 behind the password', basic(`user:password${NUL}`)],
  ];
  it.each(strangers)('with %s', async (_name, headers) => {
    expect((await attack({ path, headers, body: '[]' })).status).toBe(401);
  });

  const event = { type: 'message-delivered', time: '2026-11-24T10:00:00Z', to: '+12345678902' };
  const bodies: [name: string, body: string][] = [
    ['an empty body', ''],
    ['no JSON', '<xml/>'],
    ['null', 'null'],
    ['a number', '5'],
    ['an empty list', '[]'],
    ['a list of nulls', '[null, null]'],
    ['an event of no message', JSON.stringify([event])],
    ['an event of a message that is a text', JSON.stringify([{ ...event, message: 'x' }])],
    ['an event of an unknown kind', JSON.stringify([{ ...event, type: CANARY, message: { id: 'x' } }])],
    ['an id of 100,000 characters', JSON.stringify([{ ...event, message: { id: 'x'.repeat(100_000) } }])],
    ['an id with U+0000', JSON.stringify([{ ...event, message: { id: NUL } }])],
    ['an id that SQL would like', JSON.stringify([{ ...event, message: { id: "'; DROP TABLE sends; --" } }])],
    ['a time that is none', JSON.stringify([{ ...event, time: 'now', message: { id: 'x' } }])],
    [
      'a time of the year 275761',
      JSON.stringify([{ ...event, time: '+275761-01-01T00:00:00Z', message: { id: 'x' } }]),
    ],
    ['a prototype', '[{"__proto__": {"type": "message-delivered"}}]'],
    ['100,000 nested lists', '['.repeat(100_000)],
    ['a forged correlation', JSON.stringify([{ ...event, message: { id: 'x', tag: 'tag|cg1:send:mac' } }])],
    [
      'a thousand events',
      JSON.stringify(Array.from({ length: 1_000 }, (_, index) => ({ ...event, message: { id: `x${index}` } }))),
    ],
  ];
  it.each(bodies)('of %s', async (_name, body) => {
    expect((await attack({ path, headers: basic('user:password'), body })).status).toBe(200);
  });

  it('of more than a mebibyte', async () => {
    expect((await attack({ path, headers: basic('user:password'), body: ' '.repeat(1024 * 1024 + 1) })).status).toBe(
      413,
    );
  });
});
