/** Marked numbers, words and credentials go through every path; they must not come out where they do not belong. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { print } from 'graphql';
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { EventReader } from '../support/event-stream.js';
import {
  AddOptOutDocument,
  ForgetNumberDocument,
  MessageDocument,
  MessageUpdatedDocument,
  NormalizeNumberDocument,
  OptOutsDocument,
  RemoveOptOutDocument,
  SendDocument,
  SendMessageDocument,
  SendUpdatedDocument,
  SubmitMessageDocument,
  UnresolvedSendsDocument,
  ValidateMessageDocument,
  type SendQuery,
} from '../support/generated/graphql.js';
import { listen, stopListening } from '../support/listen.js';
import { keepSpans, type KeptSpans } from '../support/spans.js';
import { firstAnswer } from '../support/subscriber.js';
import { until } from '../support/waiting.js';

/** What must not leak, each recognisable wherever it turns up. */
const CANARIES = {
  sender: '+12345670001',
  recipient: '+12345670002',
  text: 'zqtext words',
  tag: 'zqtag',
  media: 'https://zqmedia.example.com/zqfile.jpg',
  application: 'zqapplication',
  idempotencyKey: 'zqidempotency',
  apiKey: 'zqapikey',
  password: 'zqpassword',
  user: 'zquser',
};
const MARKS = /4567000[12]|zq(text|tag|media|file|application|idempotency|apikey|password|user|header)/;
const INPUT = {
  from: CANARIES.sender,
  to: [CANARIES.recipient],
  text: CANARIES.text,
  applicationId: CANARIES.application,
  media: [CANARIES.media],
  tag: CANARIES.tag,
  idempotencyKey: CANARIES.idempotencyKey,
};
const SECURED = {
  AUTH: '',
  API_KEYS: `caller:${createHash('sha256').update(CANARIES.apiKey).digest('hex')}:messages:send+messages:read+operations:read+operations:write`,
  CALLBACK_USERNAME: CANARIES.user,
  CALLBACK_PASSWORD: CANARIES.password,
  FEDERATED_TRACING: 'on',
  LOG_LEVEL: 'trace',
};
const HEADERS = {
  'content-type': 'application/json',
  authorization: `Bearer ${CANARIES.apiKey}`,
  'apollo-federation-include-trace': 'ftv1',
  'x-zqheader': 'zqheader',
};
const HEADERS_OF_EVENTS = { ...HEADERS, accept: 'text/event-stream' };

/** The answer without its data, which is the caller's own: errors, extensions and the decoded trace. */
function toldBesideData(raw: string): string {
  const { errors, extensions } = JSON.parse(raw) as { errors?: unknown; extensions?: { ftv1?: string } };
  return JSON.stringify(errors ?? '') + Buffer.from(extensions?.ftv1 ?? '', 'base64').toString('latin1');
}

describe('nothing private leaks', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  let spans: KeptSpans;
  beforeEach(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    spans = keepSpans();
    app = await startTestApp({ ...accountAt(sandbox), ...SECURED }, { tracerProvider: spans.provider });
  });
  afterEach(async () => {
    await app.close();
    await sandbox.close();
    expect(app.log.length).toBeGreaterThan(0);
    expect(JSON.stringify(app.log)).not.toMatch(MARKS);
    expect(spans.said()).not.toMatch(MARKS);
    await until(() => spans.open() === 0);
  });

  const ask = (url: string, operation: Parameters<typeof print>[0], variables: object): ReturnType<typeof post> =>
    post(url, JSON.stringify({ query: print(operation), variables }), HEADERS);

  it.each<[string, object, isAccepted?: boolean]>([
    ['that is accepted', {}, true],
    ['that Catapult refuses', { from: '+19195560400' }],
    ['that Catapult forbids', { from: '+19195560403' }],
    ['that meets a limit of Catapult', { from: '+19195560429' }],
    ['that Catapult fails', { from: '+19195560500' }],
    ['whose answer is lost', { from: '+19195560502' }],
    ['whose answer is cut off', { from: '+19195560202' }],
    ['with mistakes', { to: [CANARIES.recipient, CANARIES.tag], text: '' }],
    ['to a country that is not allowed', { to: ['+18765551234', CANARIES.recipient] }],
    ['with media of a private host', { media: ['https://zqmedia.local/zqfile.jpg'] }],
    ['of the wrong shape', { to: { zqtag: [CANARIES.text] } }],
    ['without an application', { applicationId: null }],
  ])('of a send %s', async (_name, fields, isAccepted = false) => {
    // At once, since what Catapult refuses for now is tried again after a pause.
    const operations = [SendMessageDocument, SubmitMessageDocument];
    const answers = await Promise.all(
      operations.map((operation) => ask(app.url, operation, { input: { ...INPUT, ...fields } })),
    );
    for (const { raw, data } of answers) {
      expect(toldBesideData(raw)).not.toMatch(MARKS);
      // The message itself is its sender's to see.
      expect(MARKS.test(JSON.stringify(data ?? ''))).toBe(isAccepted);
    }
  });

  it('of what is only looked at', async () => {
    for (const fields of [
      {},
      { from: CANARIES.tag, to: [CANARIES.recipient, CANARIES.tag, '+18765551234'], text: `${CANARIES.text}\0` },
      { text: `${CANARIES.text} `.repeat(300), tag: CANARIES.tag.repeat(300), applicationId: CANARIES.tag.repeat(60) },
      { media: ['https://zqmedia.local/zqfile.jpg', 'zqfile'], idempotencyKey: `${CANARIES.idempotencyKey} !` },
      { applicationId: null },
    ]) {
      const { raw, data } = await ask(app.url, ValidateMessageDocument, { input: { ...INPUT, ...fields } });
      expect(data).toHaveProperty('validateMessage.fieldErrors');
      // Not even in the mistakes, which are data here.
      expect(raw).not.toMatch(MARKS);
    }
    for (const variables of [
      { text: CANARIES.text },
      { text: CANARIES.text.repeat(10) },
      { text: CANARIES.recipient.repeat(10), region: 'US' },
      { text: CANARIES.recipient, region: CANARIES.tag },
      { text: { zqtext: CANARIES.recipient } },
    ]) {
      expect((await ask(app.url, NormalizeNumberDocument, variables)).raw).not.toMatch(MARKS);
    }
    // The number that was asked for is the caller's own to see.
    expect((await ask(app.url, NormalizeNumberDocument, { text: CANARIES.recipient })).raw).toMatch(MARKS);
  });

  it('of a key that is used for another input', async () => {
    await ask(app.url, SendMessageDocument, { input: INPUT });
    const { raw, errors } = await ask(app.url, SendMessageDocument, { input: { ...INPUT, text: 'zqtext other' } });
    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(raw).not.toMatch(MARKS);
  });

  it('of documents that are wrong', async () => {
    for (const query of [
      '{ messages(first: "zqtext") { nodes { id } } }',
      '{ messages(first: zqtext) { nodes { id } } }',
      '{ messages(filter: {status: "zqtag"}) { nodes { id } } }',
      '{ message(id: {zqtag: "zqtag zqtext"}, wrong: "zqtext") { id } }',
      '{ validateMessage(input: {from: "zqtext", zqtag: zqtag}) { fieldErrors { code } } }',
      '{ normalizeNumber(text: {zqtag: "zqtext"}, region: zqtag) { number } }',
      'query ($status: MessageStatus = zqtag) { messages(filter: {status: $status}) { nodes { id } } }',
      'query ($ids: [ID!] = [{zqtag: zqtag}, "zqtext"]) { message(id: $ids) { id } }',
      '{ message(id: """zqtext""") { id(zqname: "zqtag") } }',
      `{ message(id: ${JSON.stringify(CANARIES.recipient)}`,
      'zqtext',
      `{ a: message(id: ["zqtag"]) { id } }`,
      '{ send(id: "zqtag", idempotencyKey: "zqidempotency") { id } }',
      '{ send(id: ["zqtag"]) { problem { ... on zqname { zqtext } } } }',
      'query ($key: ID = {zqidempotency: 1}) { send(idempotencyKey: $key) { id } }',
      '{ sends(after: "zqtag") { nodes { id } } }',
      '{ sends(filter: {status: zqtag}) { nodes { id } } }',
      '{ sends(filter: {zqname: "zqtext"}) { nodes { id } } }',
      '{ conversations(filter: {owner: {zqtag: 1}, participant: zqtag}) { nodes { id } } }',
      '{ conversation(owner: zqtag, participants: [{zqtag: "zqtext"}]) { id } }',
      '{ node(id: {zqtag: "zqtag"}) { id } }',
      '{ nodes(ids: [zqtag, {zqtext: "zqtext"}]) { id } }',
      '{ nodes(ids: "zqtag") { zqname } }',
      '{ viewer { zqname } }',
      '{ viewer(name: "zqtext") { name limits { sends { remaining(zqname: "zqtag") } } } }',
      '{ messages(last: "zqtext", before: zqtag) { totalCount } }',
      '{ messages(filter: {direction: "zqtag", statuses: [zqtag, "zqtext"]}) { totalCount(zqname: "zqtag") } }',
      '{ messages(filter: {ids: [{zqtag: "zqtag"}], participant: zqtag}) { isTotalCountExact } }',
    ]) {
      const { raw } = await post(app.url, JSON.stringify({ query }), HEADERS);
      expect(raw).not.toMatch(MARKS);
      const events = await EventReader.open(app.url, { query }, HEADERS_OF_EVENTS);
      expect(JSON.stringify(await events.rest())).not.toMatch(MARKS);
    }
    for (const body of ['{"zqtext', '["zqtag"]', `{"query": "zqtag", "variables": "zqtext"}`]) {
      expect((await post(app.url, body, HEADERS)).raw).not.toMatch(MARKS);
    }
  });

  it('of lists and nodes that are asked for in a wrong way', async () => {
    const CONVERSATIONS =
      'query ($owner: String!, $to: [String!]!, $filter: ConversationFilter) { conversation(owner: $owner, participants: $to) { id } conversations(filter: $filter) { nodes { id } } }';
    const LIST =
      'query ($first: Int, $after: String, $last: Int, $before: String, $filter: MessageFilter) { messages(first: $first, after: $after, last: $last, before: $before, filter: $filter) { totalCount nodes { id } } }';
    const ids = Array.from({ length: 101 }, (_, index) => `zqtag${index}`);
    for (const [query, variables] of [
      [LIST, { after: 'zqtag' }],
      [LIST, { last: 1, before: 'zqtag' }],
      [LIST, { last: 'zqtext', before: { zqtag: 1 } }],
      [LIST, { first: 1, last: 1, before: 'zqtag' }],
      [LIST, { filter: { from: 'zqtext words', to: '4567000145670002', participant: `${CANARIES.recipient}0000000` } }],
      [LIST, { filter: { participant: { zqtag: CANARIES.recipient } } }],
      [LIST, { filter: { conversationId: { zqtag: 'zqtext' } } }],
      [
        CONVERSATIONS,
        { owner: `${CANARIES.recipient}0000000`, to: ['zqtext words'], filter: { owner: 'zqtext words' } },
      ],
      [CONVERSATIONS, { owner: CANARIES.recipient, to: [{ zqtag: 1 }], filter: { participant: ['zqtext'] } }],
      [LIST, { filter: { direction: 'zqtag', statuses: ['zqtext', 'FAILED'] } }],
      [LIST, { filter: { statuses: ['FAILED', 'FAILED'], ids: [...ids, 'zqtext\0'] } }],
      [LIST, { filter: { ids: [['zqtag'], { zqtext: 1 }] } }],
      ['query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }],
      ['query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [{ zqtag: 1 }] }],
      ['query ($id: ID!) { node(id: $id) { id } }', { id: ['zqtag', CANARIES.text] }],
    ] as const) {
      const { raw, errors } = await post(app.url, JSON.stringify({ query, variables }), HEADERS);
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
      expect(raw).not.toMatch(MARKS);
    }
    const found = await post<object>(app.url, JSON.stringify({ query: '{ node(id: "zqtag") { id } }' }), HEADERS);
    expect(found.data).toEqual({ node: null });
    expect(toldBesideData(found.raw)).not.toMatch(MARKS);
  });

  it('of files, and of addresses of attachments', async () => {
    const { origin } = new URL(app.url);
    const key = { authorization: HEADERS.authorization, 'x-zqheader': 'zqheader' };
    const form = (head: string): string => `--b\r\n${head}\r\n\r\nzqtext words\r\n--b--\r\n`;
    const named = 'content-disposition: form-data; name="zqtag"; filename="zqfile/../zq.png"';
    for (const [headers, body] of [
      [{ 'content-type': 'text/plain', 'x-filename': 'zqfile.txt' }, CANARIES.text],
      [{ 'content-type': 'image/png', 'x-filename': 'zqfile.png' }, CANARIES.text],
      [{ 'content-type': 'zqtext/zqtag', 'x-filename': 'zqfile' }, CANARIES.text],
      [{ 'content-type': 'text/plain', 'x-filename': '/zqfile/%zq' }, CANARIES.text],
      [{ 'content-type': 'text/plain', 'x-filename': '../zqfile' }, CANARIES.text],
      [{ 'content-type': 'multipart/form-data; boundary=b' }, form(`${named}\r\ncontent-type: text/plain`)],
      [{ 'content-type': 'multipart/form-data; boundary=b' }, form('zqtag: zqtext')],
      [{ 'content-type': 'multipart/form-data; boundary=zqtag' }, 'zqtext'],
      [{ 'content-type': 'text/plain', authorization: 'Bearer zqapikey-not' }, CANARIES.text],
    ] as const) {
      const answer = await request(`${origin}/media`, { method: 'POST', headers: { ...key, ...headers }, body });
      const raw = await answer.body.text();
      // The name is its sender's own, in the URL that is made of it.
      if (answer.statusCode === 201) expect(raw).toMatch(/-zqfile\.txt","contentType"/);
      else expect([answer.statusCode, MARKS.test(raw)]).toEqual([expect.any(Number), false]);
    }
    for (const path of [
      'zqtag/0',
      'zqtag/zqtext',
      'zqtag/0?until=zqtext&signature=zqtag',
      '%00zqtag/1?zqtext',
      'zqtag/0/zqtext',
    ]) {
      const answer = await request(`${origin}/media/${path}`, {
        headers: { ...key, range: 'bytes=zqtext', 'if-range': 'zqtag' },
      });
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(await answer.body.text()).not.toMatch(MARKS);
      expect(JSON.stringify(answer.headers)).not.toMatch(MARKS);
    }
  });

  it('of the ids that a request brings, unless they are safe', async () => {
    for (const marks of [
      { 'x-request-id': `zqheader ${CANARIES.recipient}`, traceparent: 'zqheader' },
      { 'x-request-id': CANARIES.recipient, traceparent: `00-${CANARIES.recipient}` },
      {
        'x-request-id': CANARIES.recipient.slice(1),
        traceparent: '00-zqheader-00f067aa0ba902b7-01',
        tracestate: 'zqheader=1',
      },
    ]) {
      const query = 'query Q45670002456700024567 { __typename }';
      const answer = await request(app.url, {
        method: 'POST',
        headers: { ...HEADERS, ...marks },
        body: JSON.stringify({ query, operationName: 'Q45670002456700024567' }),
      });
      expect(await answer.body.text()).not.toMatch(MARKS);
      expect(JSON.stringify(answer.headers)).not.toMatch(MARKS);
    }
  });

  it('of a request that is not let in', async () => {
    const { raw } = await post(app.url, JSON.stringify({ query: '{ zqtag }' }), {
      ...HEADERS,
      authorization: 'Bearer zqapikey-not',
    });
    expect(raw).not.toMatch(MARKS);
  });

  it('of callbacks, good and bad', async () => {
    const url = `${new URL(app.url).origin}/callbacks/catapult`;
    const event = {
      type: 'message-failed',
      errorCode: 4720,
      time: '2026-11-24T10:00:00Z',
      to: CANARIES.recipient,
      description: CANARIES.text,
    };
    const authorization = `Basic ${Buffer.from(`${CANARIES.user}:${CANARIES.password}`).toString('base64')}`;
    for (const [body, credential] of [
      [
        JSON.stringify([{ ...event, message: { id: 'zqtag, zqtext', from: CANARIES.sender, text: CANARIES.text } }]),
        authorization,
      ],
      ['zqtext', authorization],
      ['[]', `Basic ${Buffer.from(`${CANARIES.user}:no`).toString('base64')}`],
    ] as const) {
      const answer = await request(url, { method: 'POST', headers: { authorization: credential }, body });
      expect(await answer.body.text()).not.toMatch(MARKS);
    }
  });

  it('of subscriptions', async () => {
    const credentials = { connectionParams: { authorization: HEADERS.authorization } };
    for (const [query, variables] of [
      [print(MessageUpdatedDocument), { id: 'zqtag' }],
      [print(MessageUpdatedDocument), { id: { zqtext: 1 } }],
      ['subscription { messageUpdated(id: {zqtag: "zqtag"}) { id } }', {}],
      [print(SendUpdatedDocument), { id: 'zqidempotency' }],
      [print(SendUpdatedDocument), { id: ['zqtext'] }],
      ['subscription { messagesUpdated(since: "zqtag") { cursor } }', {}],
      ['subscription { messageReceived(to: "zqtag") { id } }', {}],
      ['subscription ($to: String) { messageReceived(to: $to) { id } }', { to: CANARIES.sender }],
      ['subscription { messagesUpdated(filter: {tag: "zqtag\\u0000"}) { cursor } }', {}],
      ['subscription { zqname(text: "zqtext") }', {}],
      [print(ValidateMessageDocument), { input: { ...INPUT, to: [CANARIES.tag] } }],
      [print(NormalizeNumberDocument), { text: CANARIES.text.repeat(10), region: CANARIES.tag }],
    ] as const) {
      const told = await firstAnswer(app.url, { query, variables }, credentials);
      expect(JSON.stringify(told)).not.toMatch(MARKS);
      const events = await EventReader.open(app.url, { query, variables }, HEADERS_OF_EVENTS);
      expect(JSON.stringify(await events.rest())).not.toMatch(MARKS);
    }
  });

  it.each([
    ['that Catapult refuses', '+19195560400', 'REJECTED'],
    ['that Catapult forbids', '+19195560403', 'REJECTED'],
    ['whose answer is lost', '+19195560502', 'UNKNOWN'],
  ])('of what became of a send %s, but its own fields, to its caller', async (_name, from, status) => {
    await ask(app.url, SubmitMessageDocument, { input: { ...INPUT, from } });
    const answer = await ask(app.url, SendDocument, { idempotencyKey: CANARIES.idempotencyKey });
    expect(toldBesideData(answer.raw)).not.toMatch(MARKS);
    const { to, tag, idempotencyKey, ...send } = (answer.data as { send: NonNullable<SendQuery['send']> }).send;
    // What was not sent has given its key back, and keeps no tag.
    const kept = status === 'UNKNOWN' ? [INPUT.tag, INPUT.idempotencyKey] : [null, null];
    expect([to, tag, idempotencyKey]).toEqual([INPUT.to, ...kept]);
    expect(send).toMatchObject({ status, problem: { code: expect.any(String) as string } });
    expect(JSON.stringify(send)).not.toMatch(MARKS);
    const told = await firstAnswer(
      app.url,
      { query: print(SendUpdatedDocument), variables: { id: send.id } },
      { connectionParams: { authorization: HEADERS.authorization } },
    );
    expect(told).toEqual({ data: { sendUpdated: { ...send, to, tag, idempotencyKey } } });
  });

  it('of who opts out, but to those who may see it', async () => {
    const url = `${new URL(app.url).origin}/callbacks/catapult`;
    const authorization = `Basic ${Buffer.from(`${CANARIES.user}:${CANARIES.password}`).toString('base64')}`;
    const message = {
      ...{ id: 'stop-1', from: CANARIES.recipient, to: [CANARIES.sender], owner: CANARIES.sender, text: 'STOP' },
      ...{ time: '2026-11-24T10:00:00Z', applicationId: CANARIES.application },
    };
    const body = JSON.stringify([{ type: 'message-received', time: message.time, to: CANARIES.sender, message }]);
    const answer = await request(url, { method: 'POST', headers: { authorization }, body });
    expect([answer.statusCode, MARKS.test(await answer.body.text())]).toEqual([200, false]);
    const refused = await ask(app.url, SendMessageDocument, { input: INPUT });
    expect(refused.errors?.[0]?.extensions.fieldErrors).toMatchObject([{ code: 'RECIPIENT_OPTED_OUT' }]);
    expect(refused.raw).not.toMatch(MARKS);
    const listed = await ask(app.url, OptOutsDocument, {});
    expect([toldBesideData(listed.raw), listed.raw].map((text) => MARKS.test(text))).toEqual([false, true]);
    for (const [operation, variables] of [
      [OptOutsDocument, { filter: { recipient: CANARIES.tag, owner: `${CANARIES.recipient}0000` } }],
      [OptOutsDocument, { after: 'zqtag' }],
      [OptOutsDocument, { filter: { zqname: CANARIES.recipient } }],
      [AddOptOutDocument, { recipient: CANARIES.tag, owner: CANARIES.sender }],
      [AddOptOutDocument, { recipient: CANARIES.recipient, owner: CANARIES.text }],
      [RemoveOptOutDocument, { recipient: { zqtag: 1 }, owner: CANARIES.tag }],
      [ForgetNumberDocument, { number: CANARIES.text, reason: CANARIES.tag }],
      [ForgetNumberDocument, { number: CANARIES.recipient, reason: `zqtext ${CANARIES.recipient}` }],
      [ForgetNumberDocument, { number: { zqtag: 1 } }],
      [ForgetNumberDocument, { number: CANARIES.recipient, reason: CANARIES.tag }],
    ] as const) {
      expect((await ask(app.url, operation, variables)).raw).not.toMatch(MARKS);
    }
    for (const file of [
      `zqname,${CANARIES.recipient}\n`,
      `recipient,owner\nzqtag\n"zq\n${CANARIES.recipient},zqtext\n`,
    ]) {
      const taken = await request(`${new URL(app.url).origin}/opt-outs.csv`, {
        method: 'POST',
        headers: { ...HEADERS, 'content-type': 'text/csv' },
        body: file,
      });
      expect([400, 200]).toContain(taken.statusCode);
      expect(await taken.body.text()).not.toMatch(MARKS);
    }
  });

  it('of what is traced', async () => {
    await ask(app.url, SendMessageDocument, { input: INPUT });
    await ask(app.url, SendMessageDocument, { input: { ...INPUT, text: 'zqtext other' } });
    await ask(app.url, SendMessageDocument, { input: { ...INPUT, idempotencyKey: null, from: '+19195560502' } });
    const names = new Set(spans.ended.map(({ name }) => name));
    expect([...names].sort()).toEqual(['POST /users/{userId}/messages', 'mutation', 'store claim', 'store record']);
    expect(spans.said()).toMatch(/"send".*ACCEPTED.*UNKNOWN/);
  });

  it('of what is unresolved, but to those who may see it', async () => {
    await ask(app.url, SendMessageDocument, { input: { ...INPUT, from: '+19195560502' } });
    const { raw } = await ask(app.url, UnresolvedSendsDocument, {});
    expect(toldBesideData(raw)).not.toMatch(MARKS);
    expect(raw).toContain(CANARIES.recipient);
  });
});

it('nothing private leaks when upstream quotes it, and when the store fails', async () => {
  const upstream = createServer((_request, response) => {
    const quoted = `Refused: ${CANARIES.recipient} ${CANARIES.text}`;
    response.writeHead(400, { 'content-type': 'application/json', 'x-zqheader': CANARIES.text });
    response.end(
      JSON.stringify({
        type: 'request-validation',
        description: quoted,
        fieldErrors: [{ fieldName: CANARIES.tag, description: quoted }],
      }),
    );
  });
  const port = await listen(upstream);
  let isBroken = false;
  const now = (): number => {
    if (isBroken) throw new Error(`zqtext ${CANARIES.recipient}`);
    return Date.now();
  };
  const spans = keepSpans();
  const app = await startTestApp(
    { ...upstreamAt(`http://127.0.0.1:${port}/v2`), ...SECURED },
    {
      tracerProvider: spans.provider,
      clock: {
        now,
        sleep: (_ms, signal) =>
          new Promise((resolve) => {
            signal?.addEventListener('abort', () => {
              resolve();
            });
          }),
      },
    },
  );
  const ask = (operation: Parameters<typeof print>[0], variables: object): ReturnType<typeof post> =>
    post(app.url, JSON.stringify({ query: print(operation), variables }), HEADERS);
  const quoted = await ask(SendMessageDocument, { input: INPUT });
  isBroken = true;
  const failed = await ask(SendMessageDocument, { input: { ...INPUT, idempotencyKey: 'zqidempotency-2' } });
  isBroken = false;
  const looked = await ask(MessageDocument, { id: 'zqtag' });
  await app.close();
  await stopListening(upstream);
  expect(quoted.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  expect(failed.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
  for (const { raw } of [quoted, failed, looked]) expect(toldBesideData(raw)).not.toMatch(MARKS);
  expect(JSON.stringify(app.log)).not.toMatch(MARKS);
  expect(app.log.some(({ msg }) => msg === 'request failed')).toBe(true);
  expect(spans.said()).toMatch(/UPSTREAM|BAD_USER_INPUT/);
  expect(spans.said()).not.toMatch(MARKS);
  await until(() => spans.open() === 0);
});
