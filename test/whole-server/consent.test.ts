/**
 * Who wants no messages, over the whole server: by callbacks in, by GraphQL and as a file; who may see and change it; and
 * that two servers which write to each other come to rest.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { request } from 'undici';
import { readConfig } from '../../src/config/config.js';
import type { OutboundMessage } from '../../src/messaging/message.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { post, type Answer } from '../support/client.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import {
  AddOptOutDocument,
  ForgetNumberDocument,
  OptOutsDocument,
  RemoveOptOutDocument,
  SendMessageDocument,
  SubmitMessageDocument,
  ValidateMessageDocument,
} from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { until } from '../support/waiting.js';

const OURS = INPUT.from;
const OTHER = '+12345678999';
const [THEIRS = ''] = INPUT.to;
const REPLY = 'You get no more messages from us. Send START to get them again.';

const SCOPES = {
  shop: 'messages:send+messages:read',
  rival: 'messages:send+messages:read',
  plain: 'messages:send+messages:read',
  crm: 'messages:read-all',
  reader: 'operations:read',
  ops: 'operations:read+operations:write+messages:send',
};
type Name = keyof typeof SCOPES;
const keyOf = (name: string): string => `key-of-${name}`;
const API_KEYS = Object.entries(SCOPES)
  .map(([name, scopes]) => `${name}:${createHash('sha256').update(keyOf(name)).digest('hex')}:${scopes}`)
  .join(',');
const ENVIRONMENT = { ...CALLBACKS, AUTH: undefined, API_KEYS, ALLOWED_SENDERS: `shop:${OURS},rival:${OTHER}` };

/** Whether this only asks for messages, as the server does at its start. */
function isLook(response: ServerResponse, { method }: IncomingMessage): boolean {
  if (method === 'GET') response.end('{"messages":[]}');
  return method === 'GET';
}

/** An upstream that takes everything. */
async function startTaker(): Promise<Endpoint & { readonly taken: (OutboundMessage & { id: string })[] }> {
  const taken: (OutboundMessage & { id: string })[] = [];
  const endpoint = await startEndpoint((response, body, asked) => {
    if (isLook(response, asked)) return;
    const message = { ...(JSON.parse(body) as OutboundMessage), id: `m${taken.length}` };
    taken.push(message);
    response.writeHead(202).end(JSON.stringify(message));
  });
  return { ...endpoint, taken };
}

let texts = 0;
/** Lets a message come in at the server whose GraphQL endpoint is `url`. */
const comeIn = (url: string, text: string, fields: object = {}): Promise<void> => {
  const id = `in${++texts}`;
  const message = {
    id,
    time: new Date().toISOString(),
    from: THEIRS,
    to: [OURS],
    owner: OURS,
    text,
    applicationId: 'app-in',
  };
  return report(url, id, 'message-received' as 'message-failed', { to: OURS, message: { ...message, ...fields } });
};

const ask = <Data, Variables>(
  app: TestApp,
  name: Name,
  operation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> =>
  post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
    'content-type': 'application/json',
    authorization: `Bearer ${keyOf(name)}`,
  });

const fileAt = (
  app: TestApp,
  method: 'GET' | 'POST',
  body: string | null = null,
  { name = 'ops', type = 'text/csv' }: { name?: string; type?: string } = {},
) =>
  request(`${new URL(app.url).origin}/opt-outs.csv`, {
    method,
    body,
    headers: { authorization: `Bearer ${keyOf(name)}`, ...(body !== null && { 'content-type': type }) },
  });

describe('a server that keeps who wants no messages', () => {
  let upstream: Awaited<ReturnType<typeof startTaker>>;
  let app: TestApp;
  beforeAll(async () => {
    upstream = await startTaker();
    app = await startTestApp({ ...upstreamAt(upstream.url), ...ENVIRONMENT, OPT_OUT_REPLY: REPLY });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });
  const newNumber = (): string => `+1202555${String(1000 + ++texts)}`;
  const listed = async (name: Name, filter: object = {}): Promise<unknown[] | string | undefined> => {
    const { data, errors } = await ask(app, name, OptOutsDocument, { filter });
    return data?.optOuts.nodes.map(({ recipient, owner }) => [recipient, owner]) ?? errors?.[0]?.extensions.code;
  };

  it('refuses a send to whoever sent STOP, at its place, in the same moment; and lets it pass after START', async () => {
    const them = newNumber();
    const input = { ...INPUT, to: [newNumber(), them] };
    await comeIn(app.url, 'STOP', { from: them });
    const taken = upstream.taken.length;
    const { errors } = await ask(app, 'ops', SendMessageDocument, { input });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      outcome: 'NOT_SENT',
      fieldErrors: [{ path: ['input', 'to', '1'], code: 'RECIPIENT_OPTED_OUT' }],
    });
    const { data } = await ask(app, 'ops', SubmitMessageDocument, { input: { ...input, to: [them] } });
    expect(data?.submitMessage).toMatchObject({ __typename: 'InvalidMessageProblem', code: 'BAD_USER_INPUT' });
    const validated = await ask(app, 'ops', ValidateMessageDocument, { input: { ...input, text: '' } });
    expect(validated.data?.validateMessage.fieldErrors.map(({ path, code }) => `${path.join('.')} ${code}`)).toEqual([
      'input.text TEXT_REQUIRED',
      'input.to.1 RECIPIENT_OPTED_OUT',
    ]);
    expect(upstream.taken.slice(taken).filter(({ text }) => text !== REPLY)).toEqual([]);
    await comeIn(app.url, 'Start', { from: them });
    expect((await ask(app, 'ops', SendMessageDocument, { input })).data?.sendMessage).toMatchObject({ to: input.to });
    expect(app.log).toContainEqual(expect.objectContaining({ source: 'KEYWORD', optedOut: 1, optedIn: 0 }));
    expect(app.log).toContainEqual(expect.objectContaining({ source: 'KEYWORD', optedOut: 0, optedIn: 1 }));
    expect(JSON.stringify(app.log)).not.toContain(them);
  });

  it('tells nobody about the recipients of a number that it may not send from', async () => {
    const them = newNumber();
    await comeIn(app.url, 'STOP', { from: them });
    const { data } = await ask(app, 'rival', ValidateMessageDocument, { input: { ...INPUT, to: [them] } });
    expect(data?.validateMessage.fieldErrors.map(({ code }) => code)).toEqual(['SENDER_NOT_ALLOWED']);
  });

  it('takes a failure with code 4775 as an opt-out', async () => {
    const them = newNumber();
    const { data } = await ask(app, 'ops', SendMessageDocument, { input: { ...INPUT, to: [them] } });
    await report(app.url, data?.sendMessage?.id ?? '', 'message-failed', { to: them, errorCode: 4775 });
    expect((await ask(app, 'ops', OptOutsDocument, { filter: { recipient: them } })).data?.optOuts.nodes).toMatchObject(
      [{ recipient: them, owner: OURS, source: 'CARRIER', changedBy: null }],
    );
  });

  it('confirms once to whoever sent STOP, without keeping the callback waiting', async () => {
    const them = newNumber();
    for (let count = 0; count < 3; count++) await comeIn(app.url, 'Stop', { from: them, id: `repeated-${them}` });
    const replies = () => upstream.taken.filter(({ to, text }) => to.includes(them) && text === REPLY);
    await until(() => replies().length > 0);
    expect(replies()).toMatchObject([{ from: OURS, applicationId: 'app-in' }]);
    expect((await ask(app, 'ops', SendMessageDocument, { input: { ...INPUT, to: [them] } })).errors).toHaveLength(1);
  });

  it('confirms nothing to whoever is forgotten, and says STOP again: the same word, or a new one', async () => {
    const [them, another] = [newNumber(), newNumber()];
    const time = new Date().toISOString();
    const word = { from: them, id: `word-${them}`, time };
    const repliesTo = (number: string) =>
      upstream.taken.filter(({ to, text }) => to.includes(number) && text === REPLY).length;
    await comeIn(app.url, 'STOP', word);
    await until(() => repliesTo(them) > 0);
    await ask(app, 'ops', ForgetNumberDocument, { number: them, reason: null });
    await comeIn(app.url, 'STOP', word);
    await comeIn(app.url, 'STOP', { from: them });
    // Once somebody has a confirmation who opted out later, everybody has his.
    await comeIn(app.url, 'STOP', { from: another });
    await until(() => repliesTo(another) > 0);
    expect([repliesTo(them), repliesTo(another)]).toEqual([1, 1]);
    expect((await ask(app, 'ops', SendMessageDocument, { input: { ...INPUT, to: [them] } })).errors).toHaveLength(1);
  });

  it('shows it to those whom it concerns, and lets those change it who may', async () => {
    const [them, everywhere, theirs] = [newNumber(), newNumber(), newNumber()];
    const add = async (name: Name, recipient: string, owner: string | null) => {
      const { data, errors } = await ask(app, name, AddOptOutDocument, { recipient, owner });
      return data?.addOptOut ?? errors?.[0]?.extensions.code;
    };
    const remove = async (name: Name, recipient: string, owner: string | null) => {
      const { data, errors } = await ask(app, name, RemoveOptOutDocument, { recipient, owner });
      return errors?.[0]?.extensions.code ?? data?.removeOptOut;
    };
    expect(await add('shop', them, OURS)).toMatchObject({
      recipient: them,
      owner: OURS,
      source: 'MANUAL',
      changedBy: 'caller:shop',
    });
    expect(await add('rival', theirs, OTHER)).toMatchObject({ owner: OTHER });
    expect(await add('ops', everywhere, null)).toMatchObject({ owner: null, changedBy: 'caller:ops' });
    // What is there stays as it is.
    expect(await add('ops', them, OURS)).toMatchObject({ changedBy: 'caller:shop' });
    const refused = [
      await add('shop', newNumber(), null),
      await add('shop', newNumber(), OTHER),
      await add('plain', newNumber(), OURS),
      await add('crm', newNumber(), OURS),
      await add('reader', newNumber(), OURS),
      await remove('shop', them, OURS),
      await remove('reader', them, OURS),
    ];
    expect(refused).toEqual(refused.map(() => 'FORBIDDEN'));

    const of = async (name: Name) => {
      const found = await Promise.all([them, theirs, everywhere].map((recipient) => listed(name, { recipient })));
      return found.map((entries) => (Array.isArray(entries) ? entries.length : entries));
    };
    expect({
      shop: await of('shop'),
      rival: await of('rival'),
      crm: await of('crm'),
      reader: await of('reader'),
      ops: await of('ops'),
    }).toEqual({
      ...{ shop: [1, 0, 1], rival: [0, 1, 1], crm: [1, 1, 1], reader: [1, 1, 1], ops: [1, 1, 1] },
    });
    expect(await of('plain')).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);

    const to = (recipient: string) =>
      ask(app, 'rival', SendMessageDocument, { input: { ...INPUT, from: OTHER, to: [recipient] } });
    expect((await to(everywhere)).errors).toHaveLength(1);
    expect((await to(them)).errors).toBeUndefined();
    expect(await remove('ops', everywhere, null)).toMatchObject({ recipient: everywhere, owner: null });
    expect(await remove('ops', everywhere, null)).toBeNull();
    expect((await to(everywhere)).errors).toBeUndefined();
  });

  it('says of conversations, all of a page at once, whether somebody in it is out, and of itself that it keeps this', async () => {
    const [out, into] = [newNumber(), newNumber()];
    await comeIn(app.url, 'Hello', { from: into });
    await comeIn(app.url, 'STOP', { from: out });
    await comeIn(app.url, 'Hello all', { from: into, to: [OURS, out] });
    const query = 'query { viewer { isConsentKept } conversations(first: 3) { nodes { participants optedOut } } }';
    const { data } = await post<object>(app.url, JSON.stringify({ query }), {
      'content-type': 'application/json',
      authorization: `Bearer ${keyOf('shop')}`,
    });
    expect(data).toEqual({
      viewer: { isConsentKept: true },
      conversations: {
        nodes: expect.arrayContaining([
          { participants: [out, into].sort(), optedOut: true },
          { participants: [out], optedOut: true },
          { participants: [into], optedOut: false },
        ]) as unknown,
      },
    });
  });

  it('refuses what is no number, each at its argument', async () => {
    for (const [operation, variables, path] of [
      [AddOptOutDocument, { recipient: 'me', owner: OURS }, ['recipient']],
      [AddOptOutDocument, { recipient: THEIRS, owner: '12' }, ['owner']],
      [RemoveOptOutDocument, { recipient: '', owner: null }, ['recipient']],
      [OptOutsDocument, { filter: { owner: 'shop' } }, ['filter', 'owner']],
      [OptOutsDocument, { filter: { recipient: '+1' } }, ['filter', 'recipient']],
    ] as const) {
      const { errors } = await ask(app, 'ops', operation as TypedDocumentNode<object, object>, variables);
      expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path, code: 'INVALID_E164' }]);
    }
  });

  it('lists page by page, from either end, while others come', async () => {
    for (let count = 0; count < 5; count++) await comeIn(app.url, 'STOP', { from: newNumber() });
    const { data } = await ask(app, 'ops', OptOutsDocument, { first: 3 });
    const { nodes, pageInfo } = data?.optOuts ?? { nodes: [], pageInfo: { endCursor: null } };
    await comeIn(app.url, 'STOP', { from: newNumber() });
    const rest = await ask(app, 'ops', OptOutsDocument, { first: 100, after: pageInfo.endCursor });
    const back = await ask(app, 'ops', OptOutsDocument, { last: 3, before: rest.data?.optOuts.edges[0]?.cursor });
    expect(back.data?.optOuts.nodes).toEqual(nodes);
    expect(back.data?.optOuts.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(rest.data?.optOuts.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  describe('as a file', () => {
    it('gives all, and takes it back without a change', async () => {
      await comeIn(app.url, 'STOP', { from: newNumber() });
      const given = await fileAt(app, 'GET');
      expect(given.statusCode).toBe(200);
      expect(given.headers).toMatchObject({
        ...{ 'content-type': 'text/csv; charset=utf-8; header=present', 'cache-control': 'no-store' },
        ...{ 'content-disposition': 'attachment; filename="opt-outs.csv"', 'x-content-type-options': 'nosniff' },
      });
      const text = await given.body.text();
      const lines = text.trim().split('\n');
      expect(lines[0]).toBe('recipient,owner,since,source,changedBy');
      const taken = await fileAt(app, 'POST', text);
      expect(await taken.body.json()).toEqual({ imported: 0, unchanged: lines.length - 1, refused: 0, mistakes: [] });
      expect(await (await fileAt(app, 'GET')).body.text()).toBe(text);
      // Another server gets the same from it.
      const other = await startTestApp({ ...upstreamAt(upstream.url), ...ENVIRONMENT });
      await (await fileAt(other, 'POST', text)).body.dump();
      expect(await (await fileAt(other, 'GET')).body.text()).toBe(text);
      await other.close();
    });

    it('takes what is right in it, and says of the rest only where it is', async () => {
      const [them, later] = [newNumber(), newNumber()];
      await comeIn(app.url, 'STOP', { from: later });
      await comeIn(app.url, 'START', { from: later });
      const file = `recipient,owner,since\n${them},,\nzqname,,\n"zq,,\n${later},${OURS},2020-01-01T00:00:00Z\n${them},zq,\n`;
      const answer = await fileAt(app, 'POST', file);
      const raw = await answer.body.text();
      expect(JSON.parse(raw)).toEqual({
        ...{ imported: 1, unchanged: 1, refused: 3 },
        mistakes: [
          { line: 3, code: 'INVALID_E164', column: 'recipient' },
          { line: 4, code: 'INVALID_LINE' },
          { line: 6, code: 'INVALID_E164', column: 'owner' },
        ],
      });
      expect(raw).not.toMatch(/zq|\+1/);
      const { data } = await ask(app, 'ops', OptOutsDocument, { filter: { recipient: them } });
      expect(data?.optOuts.nodes).toMatchObject([{ owner: null, source: 'IMPORT', changedBy: 'caller:ops' }]);
      // An old line does not undo the START that came after it.
      expect(await listed('ops', { recipient: later })).toEqual([]);
      const lines = app.log.filter(({ msg }) => msg === 'opt-outs were imported');
      expect(lines.at(-1)).toMatchObject({ imported: 1, unchanged: 1, refused: 3, by: 'caller:ops' });
    });

    it('takes thousands of lines in small commits, which others may use meanwhile', async () => {
      const lines = Array.from({ length: 5_000 }, (_, index) => `+1303555${String(1000 + index).padStart(4, '0')}`);
      const taking = fileAt(app, 'POST', `recipient\n${lines.join('\n')}`);
      await comeIn(app.url, 'STOP', { from: newNumber() });
      expect(await (await taking).body.json()).toMatchObject({ imported: 5_000, refused: 0 });
      const given = new Set((await (await fileAt(app, 'GET')).body.text()).split(/[,\n]/));
      expect(lines.filter((line) => !given.has(line))).toEqual([]);
      await (await fileAt(app, 'POST', `recipient\n${lines.join('\n')}`)).body.dump();
    });

    it.each<[string, number, string, () => ReturnType<typeof fileAt>]>([
      ['to nobody', 401, 'UNAUTHENTICATED', () => fileAt(app, 'GET', null, { name: 'x' })],
      ['to a reader', 403, 'FORBIDDEN', () => fileAt(app, 'GET', null, { name: 'reader' })],
      ['from a reader', 403, 'FORBIDDEN', () => fileAt(app, 'POST', 'recipient\n', { name: 'reader' })],
      ['as JSON', 415, 'BAD_REQUEST', () => fileAt(app, 'POST', '{}', { type: 'application/json' })],
      [
        'in another charset',
        415,
        'BAD_REQUEST',
        () => fileAt(app, 'POST', 'recipient\n', { type: 'text/csv; charset=latin1' }),
      ],
      ['without a header', 400, 'BAD_REQUEST', () => fileAt(app, 'POST', '+12025550100\n')],
      ['of nothing but a long line', 400, 'BAD_REQUEST', () => fileAt(app, 'POST', 'x'.repeat(100_000))],
      ['that is too large', 413, 'BAD_REQUEST', () => fileAt(app, 'POST', 'recipient\n'.repeat(600_000))],
    ])('is refused %s with %d', async (_name, status, code, send) => {
      const { statusCode, body } = await send();
      expect([statusCode, await body.json()]).toMatchObject([status, { errors: [{ extensions: { code } }] }]);
    });

    it.each(['x', '\n'])('is refused when it is too large, of %j, without saying so before', async (end) => {
      async function* endless(): AsyncGenerator<Buffer> {
        yield Buffer.from('recipient\n');
        for (let count = 0; count < 600; count++) yield await Promise.resolve(Buffer.alloc(10_000, end));
      }
      const { statusCode, body } = await request(`${new URL(app.url).origin}/opt-outs.csv`, {
        method: 'POST',
        body: Readable.from(endless()),
        headers: { authorization: `Bearer ${keyOf('ops')}`, 'content-type': 'text/csv' },
      });
      expect(statusCode).toBe(413);
      await body.dump();
    });
  });
});

describe('a server with CONSENT=off', () => {
  it('refuses nothing, keeps nothing, and lets nobody change anything', async () => {
    const upstream = await startTaker();
    const app = await startTestApp({ ...upstreamAt(upstream.url), ...ENVIRONMENT, CONSENT: 'off' });
    await comeIn(app.url, 'STOP');
    const answers = [
      (await ask(app, 'ops', SendMessageDocument, { input: INPUT })).errors,
      (await ask(app, 'ops', ValidateMessageDocument, { input: INPUT })).data?.validateMessage.fieldErrors.length,
      (await ask(app, 'ops', OptOutsDocument, {})).data?.optOuts.nodes.length,
      (await ask(app, 'ops', AddOptOutDocument, { recipient: THEIRS })).errors?.[0]?.extensions.code,
      (await ask(app, 'ops', RemoveOptOutDocument, { recipient: THEIRS })).errors?.[0]?.extensions.code,
      (await fileAt(app, 'POST', `recipient\n${THEIRS}\n`)).statusCode,
    ];
    expect(answers).toEqual([undefined, 0, 0, 'FORBIDDEN', 'FORBIDDEN', 403]);
    await app.close();
    await upstream.close();
  });
});

describe('the schema for another server', () => {
  it('keeps the names under which the server itself sends to itself', async () => {
    const { contextFor, close } = await createMessagingSchema(readConfig({}), { storeFile: ':memory:' });
    expect(() => contextFor({ caller: 'server:opt-out-reply' })).toThrow(RangeError);
    await close();
  });
});

describe('two servers that write to each other, both of which confirm', () => {
  /** Fifty times as fast as it says, so that many rounds pass. */
  let rounds = 0;
  const clock = {
    now: () => Date.now(),
    async sleep(ms: number, signal?: AbortSignal) {
      if (ms === 1_000) rounds++;
      await delay(ms / 50, undefined, { signal }).catch(() => undefined);
    },
  } as NonNullable<Parameters<typeof startTestApp>[1]>['clock'] & object;

  /** Carries what each sends to the other. `answer` lets the other one answer by itself, if it is no server of ours. */
  async function meet(answer: ((count: number) => string) | null): Promise<string[]> {
    const carried: string[] = [];
    const apps = new Map<string, TestApp>();
    const carrier = await startEndpoint(async (response, body, asked) => {
      if (isLook(response, asked)) return;
      const { from, to, text } = JSON.parse(body) as OutboundMessage;
      const id = `carried${carried.push(text)}`;
      response.writeHead(202).end(JSON.stringify({ id, from, to, text }));
      const [owner = ''] = to;
      const receiver = apps.get(owner);
      if (receiver !== undefined) await comeIn(receiver.url, text, { id: `${id}-in`, from, to, owner });
      else if (answer !== null && carried.length < 50)
        await comeIn([...apps.values()][0]?.url ?? '', answer(carried.length), {
          from: owner,
          to: [from],
          owner: from,
        });
    });
    const start = () => startTestApp({ ...upstreamAt(carrier.url), ...CALLBACKS, OPT_OUT_REPLY: REPLY }, { clock });
    apps.set(OURS, await start());
    if (answer === null) apps.set(THEIRS, await start());
    const first = apps.get(OURS);
    if (first === undefined) throw new Error('no server');
    if (answer === null)
      await post(
        apps.get(THEIRS)?.url ?? '',
        JSON.stringify({
          query: print(SendMessageDocument),
          variables: { input: { ...INPUT, from: THEIRS, to: [OURS], text: 'STOP' } },
        }),
      );
    else await comeIn(first.url, answer(0));
    await until(() => carried.includes(REPLY));
    const end = rounds + 60;
    await until(() => rounds > end);
    for (const app of apps.values()) await app.close();
    await carrier.close();
    return carried;
  }

  it('come to rest after one confirmation', async () => {
    expect(await meet(null)).toEqual(['STOP', REPLY]);
  });

  it('come to rest, too, where the other one answers everything with START and STOP', async () => {
    expect(await meet((count) => (count % 2 === 0 ? 'STOP' : 'START'))).toEqual([REPLY]);
    expect(await meet(() => 'STOP')).toEqual([REPLY]);
  });
});
