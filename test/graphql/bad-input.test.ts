/** What callers get for requests that are wrong: one code each, and nothing of their input. */
import { print } from 'graphql';
/** What no client should send: each is answered with a coded 4xx that repeats nothing of it, and never goes upstream. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute, post } from '../support/client.js';
import { SendMessageDocument, SendTwoDocument } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';

const CANARY = 'zqcanary7';
const MUTATION = print(SendMessageDocument);

const withInput = (input: unknown): string => JSON.stringify({ query: MUTATION, variables: { input } });

describe('bad input', () => {
  let sandbox: Sandbox;
  let app: TestApp;

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startTestApp(accountAt(sandbox));
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  afterEach(() => {
    expect(sandbox.accepted).toHaveLength(0);
    expect(app.log.filter(({ msg }) => msg === 'request failed')).toEqual([]);
  });

  it.each<[name: string, body: string | Buffer, code: string]>([
    ['malformed JSON', `{"query": "${CANARY}`, 'BAD_REQUEST'],
    ['an empty body', '', 'BAD_REQUEST'],
    ['a body that is a string', JSON.stringify(CANARY), 'BAD_REQUEST'],
    ['null', 'null', 'BAD_REQUEST'],
    ['an array: a batch', `[${withInput(INPUT)}]`, 'BAD_REQUEST'],
    ['no query', JSON.stringify({ variables: { input: INPUT } }), 'BAD_REQUEST'],
    ['a query that is a number', JSON.stringify({ query: 5 }), 'BAD_REQUEST'],
    ['variables that are a string', JSON.stringify({ query: MUTATION, variables: CANARY }), 'BAD_REQUEST'],
    ['bytes that are not UTF-8', Buffer.from(withInput({ ...INPUT, text: `${CANARY}\xff` }), 'latin1'), 'BAD_REQUEST'],
    ['half of a surrogate pair', withInput({ ...INPUT, text: `${CANARY}\ud83d` }), 'BAD_REQUEST'],
    ['half of a surrogate pair in a key', withInput({ ...INPUT, [`${CANARY}\udc00`]: 1 }), 'BAD_REQUEST'],
    ['a poisoned prototype', `{"query":"{__typename}","__proto__":{"${CANARY}":1}}`, 'BAD_REQUEST'],
    [
      'JSON nested 100,000 deep',
      `{"query":"{__typename}","variables":{"input":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`,
      'ok',
    ],
    [
      'deep variables for the input',
      `{"query":${JSON.stringify(MUTATION)},"variables":{"input":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`,
      'BAD_USER_INPUT',
    ],
    ['a syntax error', JSON.stringify({ query: `mutation { ${CANARY}( }` }), 'GRAPHQL_PARSE_FAILED'],
    [
      'half of a surrogate pair in the document',
      '{"query":"{ previewMessage(input: {text: \\"\\\\ud83d\\"}) { encoding } }"}',
      'GRAPHQL_PARSE_FAILED',
    ],
    ['a document of 100,000 tokens', JSON.stringify({ query: `{ ${'a '.repeat(100_000)} }` }), 'GRAPHQL_PARSE_FAILED'],
    ['a document nested 50,000 deep', JSON.stringify({ query: '{a'.repeat(50_000) }), 'GRAPHQL_PARSE_FAILED'],
    [
      'a literal nested 50,000 deep',
      JSON.stringify({ query: `{ previewMessage(input: ${'['.repeat(50_000)} }` }),
      'GRAPHQL_PARSE_FAILED',
    ],
    [
      'a document nested as deep as tokens allow',
      JSON.stringify({ query: '{a'.repeat(600) + '}'.repeat(600) }),
      'OPERATION_TOO_COSTLY',
    ],
    ['an unknown field', JSON.stringify({ query: '{ zqname }' }), 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an unknown argument',
      JSON.stringify({ query: `{ previewMessage(zqname: "${CANARY}") { encoding } }` }),
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a literal of the wrong type',
      JSON.stringify({ query: `mutation { sendMessage(input: {from: ${CANARY}, to: 5}) { id } }` }),
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'an unknown operation',
      JSON.stringify({ query: 'query A { __typename } query B { __typename }', operationName: CANARY }),
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['no input', withInput(undefined), 'BAD_USER_INPUT'],
    ['null for the input', withInput(null), 'BAD_USER_INPUT'],
    ['a string for the input', withInput(CANARY), 'BAD_USER_INPUT'],
    ['an unknown input field', withInput({ ...INPUT, [CANARY]: CANARY }), 'BAD_USER_INPUT'],
    ['null for a required field', withInput({ ...INPUT, from: null }), 'BAD_USER_INPUT'],
    ['a missing required field', withInput({ ...INPUT, text: undefined }), 'BAD_USER_INPUT'],
    ['null in a list', withInput({ ...INPUT, to: [null] }), 'BAD_USER_INPUT'],
    ['a number for a string', withInput({ ...INPUT, text: 71_234_567 }), 'BAD_USER_INPUT'],
    ['an object for a string', withInput({ ...INPUT, text: { [CANARY]: CANARY } }), 'BAD_USER_INPUT'],
    ['a list in a list', withInput({ ...INPUT, to: [[CANARY]] }), 'BAD_USER_INPUT'],
  ])('%s', async (_name, body, code) => {
    const { status, errors, raw } = await post(app.url, body);
    if (code === 'ok') {
      expect(status).toBe(200);
      return;
    }
    expect(status).toBe(400);
    expect(errors?.[0]?.extensions).toMatchObject({ code, retryable: false });
    expect(errors?.[0]?.message.length).toBeGreaterThan(15);
    expect(raw).not.toMatch(/zqcanary|71234567|12345678/);
  });

  it.each<[string, Record<string, string>, number]>([
    ['text/plain', { 'content-type': 'text/plain' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['no content type', {}, 415],
    ['a content type that is none', { 'content-type': CANARY }, 415],
  ])('content type: %s', async (_name, headers, expected) => {
    const { status, errors, raw } = await post(app.url, withInput(INPUT), headers);
    expect(status).toBe(expected);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_REQUEST', retryable: false });
    expect(raw).not.toMatch(/zqcanary|12345678/);
  });

  it('a body of 10 MB', async () => {
    const { status, errors } = await post(app.url, withInput({ ...INPUT, text: 'a'.repeat(10_000_000) })).catch(
      // The server may close the connection while the client still writes.
      () => ({ status: 413, errors: [{ extensions: { code: 'BAD_REQUEST' } }] }),
    );
    expect(status).toBe(413);
    expect(errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
  });

  it('a Host header that is not a host', async () => {
    const body = withInput(INPUT);
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: [\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"BAD_REQUEST"');
  });

  it('a status that is misspelt: it is not repeated, but what may be meant is told', async () => {
    const query = 'query ($status: MessageStatus) { messages(filter: {status: $status}) { nodes { id } } }';
    const { errors, raw } = await post(app.url, JSON.stringify({ query, variables: { status: 'DELIVERD' } }));
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(raw).not.toMatch(/DELIVERD/);
    expect(errors?.[0]?.message).toMatch(
      /does not exist in "MessageStatus" enum\. Did you mean the enum value "DELIVERED"/,
    );
  });

  it('a null that a default value lets through to the argument', async () => {
    const query = `mutation ($i: MessageInput = {from: "+12345678901", to: "+12345678902", text: "a", applicationId: "b"}) { sendMessage(input: $i) { id } }`;
    const { errors } = await post(app.url, JSON.stringify({ query, variables: { i: null } }));
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('every mistake of an input at once, each with the path to the exact element', async () => {
    const { status, data, errors } = await execute(app.url, SendMessageDocument, {
      input: {
        from: CANARY,
        to: ['+12345678902', CANARY],
        text: '',
        applicationId: ' ',
        media: [],
        tag: 'x'.repeat(1025),
      },
    });
    expect(status).toBe(200);
    expect(data).toEqual({ sendMessage: null });
    expect(errors).toHaveLength(1);
    expect(errors?.[0]).toMatchObject({
      path: ['sendMessage'],
      extensions: {
        code: 'BAD_USER_INPUT',
        retryable: false,
        outcome: 'NOT_SENT',
        requestId: expect.stringMatching(/./) as string,
      },
    });
    const found = errors?.[0]?.extensions.fieldErrors?.map(({ path, code }) => [path, code]);
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expect.arrayContaining([
        [['input', 'from'], 'INVALID_E164'],
        [['input', 'to', '1'], 'INVALID_E164'],
        [['input', 'text'], 'TEXT_REQUIRED'],
        [['input', 'applicationId'], 'APPLICATION_ID_REQUIRED'],
        [['input', 'tag'], 'TAG_TOO_LONG'],
      ]),
    );
    expect(JSON.stringify(errors)).not.toContain(CANARY);
  });

  it('in one of two sends', async () => {
    const wrong = { ...INPUT, from: CANARY };
    const { data, errors } = await execute(app.url, SendTwoDocument, { first: wrong, second: { ...wrong, to: [] } });
    expect(data).toEqual({ first: null, second: null });
    expect(errors?.map(({ path }) => path)).toEqual([['first'], ['second']]);
  });

  it.each([
    ['{ messag }', 'Cannot query field "messag" on type "Query". Did you mean "message" or "messages"?'],
    ['{ messages { hello } }', 'Cannot query field "hello" on type "MessageConnection".'],
    ['{ message(idd: "1") { id } }', 'Unknown argument "idd" on field "Query.message". Did you mean "id"?'],
    ['query ($i: DateTim) { __typename }', 'Unknown type "DateTim". Did you mean "DateTime"?'],
    ['{ __typename @skp(if: true) }', 'Unknown directive "@skp".'],
    [
      '{ messages(filter: {statu: ACCEPTED}) { nodes { id } } }',
      'Field "statu" is not defined by type "MessageFilter". Did you mean "status", "statuses", or "tag"?',
    ],
    [
      '{ messages(filter: {status: ACCEPTE}) { nodes { id } } }',
      'Value … does not exist in "MessageStatus" enum. Did you mean the enum value "ACCEPTED"?',
    ],
    ['query Mine { message(id: $wanted) { id } }', 'Variable "$wanted" is not defined by operation "Mine".'],
    ['{ ...Mine }', 'Unknown fragment "Mine".'],
    ['{ messages(first: "zqcanary") { nodes { id } } }', 'Int cannot represent non-integer value: …'],
    ['{ messages(first: zqcanary) { nodes { id } } }', 'Int cannot represent non-integer value: …'],
    ['{ message(id: {is: "zqcanary"}) { id } }', 'ID cannot represent a non-string and non-integer value: {is: …'],
    ['{ message(id: {zqcanary: "zqcanary"}) { id } }', 'ID cannot represent a non-string and non-integer value: …'],
    ['{ message(id: [zqcanary, "zqcanary 1"]) { id } }', 'ID cannot represent a non-string and non-integer value: …'],
    ['{ message(id: "a" "zqcanary") }', 'Syntax Error: Expected Name, found String …'],
    ['{ message(id: "a", zqcanary "b") }', 'Syntax Error: Expected ":", found String …'],
    ['{ message(id: "a"] zqcanary) }', 'Syntax Error: Expected Name, found "]".'],
    ['{ message "zqcanary" }', 'Syntax Error: Expected Name, found String …'],
  ])('names what is wrong in a document, and repeats no value: %s', async (query, message) => {
    const { errors } = await post(app.url, JSON.stringify({ query }));
    expect(errors?.map((each) => each.message)).toContain(message);
  });
});
