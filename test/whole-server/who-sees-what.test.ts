/**
 * Who sees what, as one table, which docs/access-and-limits.md shows as well. Each of its cells is asked of a whole server,
 * on both databases. It fails as long as a root field, or a field that leads to something with rights, has no row.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getNamedType, isObjectType, type GraphQLObjectType } from 'graphql';
import { request, type Dispatcher } from 'undici';
import { apiSchema } from '../../src/graphql/schema.js';
import { startIssuer, type Issuer } from '../auth/issuer.js';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { CALLBACKS } from '../support/callback.js';
import { post, type Answer, type GraphQLError } from '../support/client.js';
import { SILENT_INPUT } from '../support/messages.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { firstAnswer, openSubscriber } from '../support/subscriber.js';

const TABLE = `
| what | key | token | key with numbers | token with numbers | \`messages:read-all\` | numbers, but not \`messages:read\` | \`operations:…\` |
|---|---|---|---|---|---|---|---|
| \`Query.message\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Query.messages\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Query.node\` of a message | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Query.nodes\` of messages | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Query._entities\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Query.send\` by its id | own | own | own | own | all | forbidden | forbidden |
| \`Query.send\` by its key | own | own | own | own | own | forbidden | forbidden |
| \`Query.sends\` | own | own | own | own | all | forbidden | forbidden |
| \`Query.node\` of a send | own | own | own | own | all | forbidden | forbidden |
| \`Query.nodes\` of sends | own | own | own | own | all | forbidden | forbidden |
| \`Message.send\` | own | own | own | own | all | forbidden | forbidden |
| \`Message.attachments\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Send.message\` | own | own | own | own | all | forbidden | forbidden |
| \`Query.conversations\` | forbidden | forbidden | numbers | numbers | all | forbidden | forbidden |
| \`Query.conversation\` | none | none | numbers | numbers | all | forbidden | forbidden |
| \`Query.node\` of a conversation | none | none | numbers | numbers | all | forbidden | forbidden |
| \`Message.conversation\` | none | none | numbers | numbers | all | forbidden | forbidden |
| \`Conversation.lastMessage\` | forbidden | forbidden | numbers | numbers | all | forbidden | forbidden |
| \`Conversation.messages\` | forbidden | forbidden | numbers | numbers | all | forbidden | forbidden |
| \`Query.optOuts\` | forbidden | forbidden | numbers | numbers | all | forbidden | all |
| \`Query.unresolvedSends\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Query.trace\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Query.health\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Query.viewer\` | yes | yes | yes | yes | yes | yes | yes |
| \`Query.previewMessage\` | yes | yes | yes | yes | yes | yes | yes |
| \`Query.normalizeNumber\` | yes | yes | yes | yes | yes | yes | yes |
| \`Query.validateMessage\` | yes | yes | yes | yes | forbidden | yes | forbidden |
| \`Query._service\` | yes | yes | yes | yes | yes | yes | yes |
| \`Subscription.messageUpdated\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Subscription.messagesUpdated\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`Subscription.messageReceived\` | forbidden | forbidden | numbers | numbers | all | forbidden | forbidden |
| \`Subscription.messageReceived\` of a number of others | forbidden | forbidden | forbidden | forbidden | all | forbidden | forbidden |
| \`Subscription.sendUpdated\` | own | own | own | own | all | forbidden | forbidden |
| \`Mutation.sendMessage\` from its numbers | yes | refused | yes | yes | forbidden | yes | forbidden |
| \`Mutation.sendMessage\` from others | yes | refused | refused | refused | forbidden | refused | forbidden |
| \`Mutation.submitMessage\` from its numbers | yes | refused | yes | yes | forbidden | yes | forbidden |
| \`Mutation.submitMessage\` from others | yes | refused | refused | refused | forbidden | refused | forbidden |
| \`Mutation.settleSend\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Mutation.addOptOut\` for its number | forbidden | forbidden | yes | yes | forbidden | yes | yes |
| \`Mutation.addOptOut\` for a number of others | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Mutation.removeOptOut\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`Mutation.forgetNumber\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`GET /media/…\` | own | own | numbers | numbers | all | forbidden | forbidden |
| \`GET /media/…\` at a signed address | all | all | all | all | all | all | all |
| \`POST /media\` | yes | yes | yes | yes | forbidden | yes | forbidden |
| \`GET /opt-outs.csv\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
| \`POST /opt-outs.csv\` | forbidden | forbidden | forbidden | forbidden | forbidden | forbidden | yes |
`;

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const [HEADINGS = '', , ...LINES] = TABLE.trim().split('\n');
const COLUMNS = cellsOf(HEADINGS)
  .slice(1)
  .map((heading) => heading.replaceAll('`', ''));
type Column = string;
const ROWS = LINES.map((line): [what: string, expected: string[]] => {
  const [what = '', ...expected] = cellsOf(line);
  return [what.replaceAll('`', ''), expected];
});

/** The number of the columns with numbers, and one of others. */
const [OURS, THEIRS] = ['+19195551001', '+19195551002'];
const [KEY, TOKEN, KEY_WITH_NUMBERS, TOKEN_WITH_NUMBERS, READ_ALL, WITHOUT_READ, OPERATIONS] = COLUMNS as Seven;
type Seven = [Column, Column, Column, Column, Column, Column, Column];

const keyed = (name: string, scopes = ''): string => {
  const digest = createHash('sha256').update(name).digest('hex');
  return `${name}:${digest}${scopes}`;
};
const ENVIRONMENT = {
  ...CALLBACKS,
  JWT_NUMBERS_CLAIM: 'numbers',
  API_KEYS: [
    keyed('plain'),
    keyed('numbers'),
    keyed('reader', ':messages:read-all'),
    keyed('sender', ':messages:send'),
    keyed('operator', ':operations:read+operations:write'),
    keyed('other', ':messages:send'),
  ].join(','),
  ALLOWED_SENDERS: `numbers:${OURS},sender:${OURS},other:${THEIRS}`,
};

/** What there is to see: a message, who sent it, if anybody did, and the number that it went from or came to. */
interface Thing {
  readonly name: string;
  readonly sender: Column | null;
  readonly number: string;
  readonly messageId: string;
  /** Empty for a message that came in. */
  readonly sendId: string;
  readonly conversation: { readonly id: string; readonly owner: string; readonly participants: readonly string[] };
}

/** Somebody who opted out of messages from a number. */
interface OptedOut {
  readonly name: string;
  readonly sender: null;
  readonly number: string;
  readonly recipient: string;
}

interface World {
  readonly app: TestApp;
  readonly credentials: Readonly<Record<Column, string>>;
  readonly things: readonly Thing[];
  readonly optedOut: readonly OptedOut[];
  /** Where the changes begin. */
  readonly since: string;
}

async function ask<Data>(
  app: TestApp,
  credential: string,
  query: string,
  variables: object = {},
): Promise<Answer<Data>> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${credential}` };
  return post<Data>(app.url, JSON.stringify({ query, variables }), headers);
}

async function open(app: TestApp, issuer: Issuer): Promise<World> {
  const things: Thing[] = [];
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const tokenOf = (sub: string, claims: object = {}): Promise<string> =>
    issuer.sign({ sub, exp, scope: 'messages:send messages:read', ...claims });
  const agent = await tokenOf('agent', { numbers: [OURS] });
  // Whoever has this had a number once, and sent from it.
  const [user, formerUser] = [await tokenOf('user'), await tokenOf('user', { numbers: [OURS] })];
  const { data } = await ask<{ messages: { updatesCursor: string } }>(app, 'reader', '{ messages { updatesCursor } }');
  const since = data?.messages.updatesCursor ?? '';
  const uploaded = await upload(app, 'plain');
  const media = [((await uploaded.body.json()) as { url: string }).url];

  const add = async (name: string, sender: Column | null, number: string, messageId: string): Promise<void> => {
    const { data } = await ask<{ message: Node }>(app, 'reader', PLACE_OF, { id: messageId });
    const conversation = data?.message.conversation ?? { id: '', owner: '', participants: [] };
    things.push({ name, sender, number, messageId, sendId: data?.message.send?.id ?? '', conversation });
  };
  const send = async (sender: Column, credential: string, number: string, name: string): Promise<void> => {
    const input = { ...SILENT_INPUT, from: number, text: name, media, idempotencyKey: `key-of-${things.length}` };
    const sent = await ask<{ sendMessage: { id: string } }>(app, credential, SEND, { input });
    const messageId = sent.data?.sendMessage.id ?? '';
    await add(name, sender, number, messageId);
  };
  for (const [name, number] of [
    ['in to others', THEIRS],
    ['in to ours', OURS],
  ] as const) {
    await add(name, null, number, await receive(app, number, media));
  }
  await send('somebody else', 'other', THEIRS, 'from others');
  await send(WITHOUT_READ, 'sender', OURS, 'of one that may not read');
  await send(KEY_WITH_NUMBERS, 'numbers', OURS, 'by a key with numbers');
  await send(TOKEN_WITH_NUMBERS, agent, OURS, 'by a token with numbers');
  await send(TOKEN, formerUser, OURS, 'by a token');
  await send(KEY, 'plain', THEIRS, 'by a key, from others');
  await send(TOKEN, formerUser, OURS, 'the last by a token');
  await send(KEY, 'plain', OURS, 'the last');
  const credentials = {
    [KEY]: 'plain',
    [TOKEN]: user,
    [KEY_WITH_NUMBERS]: 'numbers',
    [TOKEN_WITH_NUMBERS]: agent,
    [READ_ALL]: 'reader',
    [WITHOUT_READ]: 'sender',
    [OPERATIONS]: 'operator',
  };
  const optedOut = [OURS, THEIRS].map((number) => ({
    ...{ name: `from ${number}`, sender: null, number, recipient: number.replace('555', '556') },
  }));
  for (const { number: owner, recipient } of optedOut) await ask(app, 'operator', ADD_OPT_OUT, { owner, recipient });
  return { app, credentials, things, optedOut, since };
}

const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const PLACE_OF = 'query ($id: ID!) { message(id: $id) { id send { id } conversation { id owner participants } } }';
const ADD_OPT_OUT =
  'mutation ($recipient: String!, $owner: String!) { addOptOut(recipient: $recipient, owner: $owner) { since } }';
const REMOVE_OPT_OUT = 'mutation { removeOptOut(recipient: "+19195557009", owner: "+19195551001") { since } }';

let received = 0;
/** Has a message come in; returns its id. */
async function receive(app: TestApp, to: string, media: readonly string[] = []): Promise<string> {
  const [id, time] = [`in-${++received}`, new Date().toISOString()];
  const message = { id, time, to: [to], from: '+19195559999', text: to, media, direction: 'in' };
  const event = { type: 'message-received', time, to, message };
  const { statusCode } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
    body: JSON.stringify([event]),
  });
  if (statusCode !== 200) throw new Error(`The callback was answered ${statusCode}`);
  return id;
}

/** Uploads a picture. */
async function upload(app: TestApp, credential: string): Promise<Dispatcher.ResponseData> {
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'image/png', 'x-filename': 'a.png' };
  return request(`${new URL(app.url).origin}/media`, { method: 'POST', headers, body: SAMPLE_PICTURE.body });
}

/** What somebody saw of what it looked at, by name; or one word, such as `forbidden`. */
type Seen = { readonly of: readonly (Thing | OptedOut)[]; readonly seen: readonly string[] } | string;
type Look = (world: World, column: Column) => Promise<Seen>;

/** Whether this is what an error of a refusal for lack of rights looks like. */
const wordOfCode = (code: string | undefined): string => (code === 'FORBIDDEN' ? 'forbidden' : String(code));

const isSend = ({ sendId }: Thing): boolean => sendId !== '';
const namesOf = (things: readonly Thing[], ids: readonly unknown[], idOf: (thing: Thing) => string): string[] =>
  things.filter((thing) => ids.includes(idOf(thing))).map(({ name }) => name);
const messageIdOf = ({ messageId }: Thing): string => messageId;
const sendIdOf = ({ sendId }: Thing): string => sendId;
const conversationIdOf = ({ conversation }: Thing): string => conversation.id;

/** Asks for each thing by itself, all in one document. */
function each(field: (thing: Thing) => string, isAbout: (thing: Thing) => boolean = () => true): Look {
  return async ({ app, credentials, things }, column) => {
    const of = things.filter(isAbout);
    const fields = of.map((thing, index) => `a${index}: ${field(thing)}`);
    const { data, errors } = await ask<Record<string, unknown>>(
      app,
      credentials[column] ?? '',
      `{ ${fields.join(' ')} }`,
    );
    if (errors !== undefined) return wordOfCode(errors[0]?.extensions.code);
    return { of, seen: of.filter((_, index) => data?.[`a${index}`] != null).map(({ name }) => name) };
  };
}

/** Asks for one list; `ids` are those of what is in it. */
function list(
  query: (things: readonly Thing[]) => string,
  idsIn: (data: never) => readonly unknown[],
  idOf = messageIdOf,
): Look {
  return async ({ app, credentials, things }, column) => {
    const of = idOf === sendIdOf ? things.filter(isSend) : things;
    const { data, errors } = await ask(app, credentials[column] ?? '', query(of));
    if (errors !== undefined) return wordOfCode(errors[0]?.extensions.code);
    return { of, seen: namesOf(of, idsIn(data as never), idOf) };
  };
}

interface Node {
  readonly id: string;
  readonly send?: Node | null;
  readonly message?: Node | null;
  readonly attachments?: readonly { readonly url: string | null }[];
  readonly conversation?: Thing['conversation'] | null;
}
interface ConversationNode {
  readonly id: string;
  readonly lastMessage?: Node;
  readonly messages?: { readonly nodes: Nodes };
}
interface Conversations {
  readonly conversations: { readonly nodes: readonly ConversationNode[] };
}
type Nodes = readonly (Node | null)[];
const idsOf = (nodes: Nodes): unknown[] => nodes.map((node) => node?.id);

/** Only whether it is allowed at all. */
function allowed(query: string, variables: object = {}): Look {
  return async ({ app, credentials }, column) => {
    const { errors } = await ask(app, credentials[column] ?? '', query, variables);
    return errors?.some(({ extensions }) => extensions.code === 'FORBIDDEN') === true ? 'forbidden' : 'yes';
  };
}

const allowsSend =
  (field: 'sendMessage' | 'submitMessage', from: string): Look =>
  async ({ app, credentials }, column) => {
    const selected =
      field === 'sendMessage'
        ? ''
        : '... on MessageProblem { code } ... on InvalidMessageProblem { fieldErrors { code } }';
    const query = `mutation ($input: MessageInput!) { sent: ${field}(input: $input) { __typename ${selected} } }`;
    const input = { ...SILENT_INPUT, from };
    const { data, errors } = await ask<{ sent: Problem | null }>(app, credentials[column] ?? '', query, { input });
    const { code, fieldErrors } = errors?.[0]?.extensions ?? data?.sent ?? {};
    if (code === undefined) return 'yes';
    return fieldErrors?.[0]?.code === 'SENDER_NOT_ALLOWED' ? 'refused' : wordOfCode(code);
  };
interface Problem {
  readonly code?: string;
  readonly fieldErrors?: readonly { readonly code: string }[];
}

/** The first thing that a subscription to each of them says. */
function eachFirst(subscription: (thing: Thing) => string, isAbout: (thing: Thing) => boolean = () => true): Look {
  return async ({ app, credentials, things }, column) => {
    const of = things.filter(isAbout);
    const connectionParams = { authorization: `Bearer ${credentials[column] ?? ''}` };
    const told = (await Promise.all(
      of.map((thing) =>
        firstAnswer(app.url, { query: `subscription { ${subscription(thing)} }` }, { connectionParams }),
      ),
    )) as readonly Told[];
    const codes = new Set(told.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []));
    if (codes.has('FORBIDDEN'))
      return codes.size === 1 && told.every(({ data }) => data == null) ? 'forbidden' : 'mixed';
    return { of, seen: of.filter((_, index) => told[index]?.data != null).map(({ name }) => name) };
  };
}
interface Told {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphQLError[];
}

/** Everything that changed since the beginning, up to the last change that is this column's to see. */
const changes: Look = async ({ app, credentials, things, since }, column) => {
  const query = 'subscription ($since: String) { messagesUpdated(since: $since) { message { id } } }';
  const last = things.find(({ name }) => name === (column === TOKEN ? 'the last by a token' : 'the last'));
  const ids: string[] = [];
  for await (const { data, errors } of follow(app, credentials[column], query, { since })) {
    if (errors !== undefined) return wordOfCode(errors[0]?.extensions.code);
    const { id } = (data?.messagesUpdated as { message: Node }).message;
    ids.push(id);
    if (id === last?.messageId) break;
  }
  return { of: things, seen: namesOf(things, ids, messageIdOf) };
};

/** What comes in while it listens. It is told only what comes after it began, so messages come until it is told some. */
const listens =
  (to: string | null): Look =>
  async ({ app, credentials, things }, column) => {
    const of = things.filter((thing) => !isSend(thing) && (to === null || thing.number === to));
    const query = 'subscription ($to: String) { messageReceived(to: $to) { to } }';
    const told = follow(app, credentials[column], query, { to });
    const numbers: unknown[] = [];
    const state = { isOver: false };
    const listening = (async (): Promise<string | null> => {
      for await (const { data, errors } of told) {
        if (errors !== undefined) return wordOfCode(errors[0]?.extensions.code);
        numbers.push(...(data?.messageReceived as { to: string[] }).to);
        // Two rounds and more: what came between the two would have been told.
        if (numbers.length >= 4) break;
      }
      return null;
    })().finally(() => {
      state.isOver = true;
    });
    while (!state.isOver) for (const number of [THEIRS, OURS]) await receive(app, number);
    const word = await listening;
    return word ?? { of, seen: of.filter(({ number }) => numbers.includes(number)).map(({ name }) => name) };
  };

async function* follow(app: TestApp, credential = '', query: string, variables: object): AsyncGenerator<Told> {
  const client = openSubscriber(app.url, { connectionParams: { authorization: `Bearer ${credential}` } });
  try {
    yield* client.iterate({ query, variables: variables as Record<string, unknown> }) as AsyncIterable<Told>;
  } finally {
    await client.dispose();
  }
}

/** Reads the picture of each message, at the address that `addressOf` finds. */
const eachFile =
  (addressOf: (messageId: string, world: World) => Promise<string> | string): Look =>
  async (world, column) => {
    const headers = { authorization: `Bearer ${world.credentials[column] ?? ''}` };
    const seen: string[] = [];
    for (const { name, messageId } of world.things) {
      const address = new URL(await addressOf(messageId, world), world.app.url);
      const { statusCode, body } = await request(address, { headers });
      await body.dump();
      if (statusCode === 403) return 'forbidden';
      if (statusCode === 200) seen.push(name);
    }
    return { of: world.things, seen };
  };

async function signedAddress(id: string, { app }: World): Promise<string> {
  const query = 'query ($id: ID!) { message(id: $id) { attachments { url } } }';
  const { data } = await ask<{ message: Node }>(app, 'reader', query, { id });
  return data?.message.attachments?.[0]?.url ?? '';
}

/** Whether the list of opt-outs may be read or written as a file. */
const allowsFile =
  (method: 'GET' | 'POST'): Look =>
  async ({ app, credentials }, column) => {
    const headers = { authorization: `Bearer ${credentials[column] ?? ''}`, 'content-type': 'text/csv' };
    const { statusCode, body } = await request(new URL('/opt-outs.csv', app.url), {
      ...{ method, headers, body: method === 'POST' ? 'recipient,owner\n' : null },
    });
    await body.dump();
    return statusCode === 403 ? 'forbidden' : statusCode === 200 ? 'yes' : String(statusCode);
  };

/** How each row is asked. */
const LOOKS: Readonly<Record<string, Look>> = {
  'Query.message': each(({ messageId }) => `message(id: "${messageId}") { id }`),
  'Query.messages': list(
    () => '{ messages(first: 100) { totalCount nodes { id } edges { node { id } } } }',
    ({
      messages: { totalCount, nodes, edges },
    }: {
      messages: { totalCount: number; nodes: Nodes; edges: { node: Node }[] };
    }) => {
      expect([totalCount, edges.map(({ node }) => node)]).toEqual([nodes.length, nodes]);
      return idsOf(nodes);
    },
  ),
  'Query.node of a message': each(({ messageId }) => `node(id: "${messageId}") { id }`),
  'Query.nodes of messages': list(
    (things) => `{ nodes(ids: ${JSON.stringify(things.map(messageIdOf))}) { id } }`,
    ({ nodes }: { nodes: Nodes }) => idsOf(nodes),
  ),
  'Query._entities': list(
    (things) => {
      const keys = things.map(({ messageId }) => `{ __typename: "Message", id: "${messageId}" }`);
      return `{ _entities(representations: [${keys.join()}]) { ... on Message { id } } }`;
    },
    ({ _entities }: { _entities: Nodes }) => idsOf(_entities),
  ),
  'Query.send by its id': each(({ sendId }) => `send(id: "${sendId}") { id }`, isSend),
  'Query.send by its key': async (world, column) => {
    const keyOf = (thing: Thing): string => `key-of-${world.things.indexOf(thing)}`;
    return each((thing) => `send(idempotencyKey: "${keyOf(thing)}") { id }`, isSend)(world, column);
  },
  'Query.sends': list(
    () => '{ sends(first: 100) { nodes { id } } }',
    ({ sends }: { sends: { nodes: Nodes } }) => idsOf(sends.nodes),
    sendIdOf,
  ),
  'Query.node of a send': each(({ sendId }) => `node(id: "${sendId}") { id }`, isSend),
  'Query.nodes of sends': list(
    (things) => `{ nodes(ids: ${JSON.stringify(things.map(sendIdOf))}) { id } }`,
    ({ nodes }: { nodes: Nodes }) => idsOf(nodes),
    sendIdOf,
  ),
  'Message.send': list(
    () => '{ messages(first: 100) { nodes { id send { id } } } }',
    ({ messages }: { messages: { nodes: Nodes } }) => messages.nodes.map((node) => node?.send?.id),
    sendIdOf,
  ),
  'Message.attachments': list(
    () => '{ messages(first: 100) { nodes { id attachments { url } } } }',
    ({ messages }: { messages: { nodes: Nodes } }) =>
      messages.nodes.flatMap((node) => (node?.attachments?.[0]?.url == null ? [] : node.id)),
  ),
  'Send.message': list(
    () => '{ sends(first: 100) { nodes { id message { id } } } }',
    ({ sends }: { sends: { nodes: Nodes } }) => sends.nodes.flatMap((node) => (node?.message == null ? [] : node.id)),
    sendIdOf,
  ),
  'Query.conversations': list(
    () => '{ conversations(first: 100) { nodes { id } } }',
    ({ conversations }: Conversations) => idsOf(conversations.nodes),
    conversationIdOf,
  ),
  'Query.conversation': each(
    ({ conversation: { owner, participants } }) =>
      `conversation(owner: "${owner}", participants: ${JSON.stringify(participants)}) { id }`,
  ),
  'Query.node of a conversation': each(({ conversation }) => `node(id: "${conversation.id}") { id }`),
  'Message.conversation': list(
    () => '{ messages(first: 100) { nodes { id conversation { id } } } }',
    ({ messages }: { messages: { nodes: Nodes } }) =>
      messages.nodes.flatMap((node) => (node?.conversation == null ? [] : node.id)),
  ),
  'Conversation.lastMessage': list(
    () => '{ conversations(first: 100) { nodes { id lastMessage { id } } } }',
    ({ conversations }: Conversations) =>
      conversations.nodes.flatMap(({ id, lastMessage }) => (lastMessage?.id == null ? [] : id)),
    conversationIdOf,
  ),
  'Conversation.messages': list(
    () => '{ conversations(first: 20) { nodes { id messages(first: 20) { nodes { id } } } } }',
    ({ conversations }: Conversations) => conversations.nodes.flatMap(({ messages }) => idsOf(messages?.nodes ?? [])),
  ),
  'Query.optOuts': async ({ app, credentials, optedOut }, column) => {
    const query = '{ optOuts(first: 100) { nodes { recipient owner } } }';
    const { data, errors } = await ask<{ optOuts: { nodes: { recipient: string; owner: string }[] } }>(
      app,
      credentials[column] ?? '',
      query,
    );
    if (errors !== undefined) return wordOfCode(errors[0]?.extensions.code);
    const listed = data?.optOuts.nodes.map(({ recipient }) => recipient) ?? [];
    const seen = optedOut.filter(({ recipient }) => listed.includes(recipient)).map(({ name }) => name);
    return { of: optedOut, seen };
  },
  'Query.unresolvedSends': allowed('{ unresolvedSends { nodes { id } } }'),
  'Query.trace': allowed('{ trace(id: "none") { events { text } } }'),
  'Query.health': allowed('{ health { isReady unresolved { count } minutes { accepted } } }'),
  'Query.viewer': allowed('{ viewer { name scopes numbers { number } limits { sends { remaining } } } }'),
  'Query.previewMessage': allowed('{ previewMessage(input: { text: "Hey" }) { segmentCount } }'),
  'Query.normalizeNumber': allowed('{ normalizeNumber(text: "+1 919 555 1001") { number } }'),
  'Query.validateMessage': allowed(
    'query ($input: MessageInput!) { validateMessage(input: $input) { fieldErrors { code } } }',
    { input: SILENT_INPUT },
  ),
  'Query._service': allowed('{ _service { sdl } }'),
  'Subscription.messageUpdated': eachFirst(({ messageId }) => `messageUpdated(id: "${messageId}") { id }`),
  'Subscription.messagesUpdated': changes,
  'Subscription.messageReceived': listens(null),
  'Subscription.messageReceived of a number of others': listens(THEIRS),
  'Subscription.sendUpdated': eachFirst(({ sendId }) => `sendUpdated(id: "${sendId}") { id }`, isSend),
  'Mutation.sendMessage from its numbers': allowsSend('sendMessage', OURS),
  'Mutation.sendMessage from others': allowsSend('sendMessage', THEIRS),
  'Mutation.submitMessage from its numbers': allowsSend('submitMessage', OURS),
  'Mutation.submitMessage from others': allowsSend('submitMessage', THEIRS),
  'Mutation.settleSend': allowed('mutation { settleSend(sendId: "none", as: SENT) { id } }'),
  'Mutation.addOptOut for its number': allowed(ADD_OPT_OUT, { recipient: '+19195557009', owner: OURS }),
  'Mutation.addOptOut for a number of others': allowed(ADD_OPT_OUT, { recipient: '+19195557009', owner: THEIRS }),
  'Mutation.removeOptOut': allowed(REMOVE_OPT_OUT),
  // One that nobody here has anything of.
  'Mutation.forgetNumber': allowed('mutation { forgetNumber(number: "+12025550199") { messages } }'),
  'GET /media/…': eachFile((messageId) => `/media/${messageId}/0`),
  'GET /media/… at a signed address': eachFile(signedAddress),
  'POST /media': async ({ app, credentials }, column) => {
    const { statusCode, body } = await upload(app, credentials[column] ?? '');
    await body.dump();
    return statusCode === 403 ? 'forbidden' : 'yes';
  },
  'GET /opt-outs.csv': allowsFile('GET'),
  'POST /opt-outs.csv': allowsFile('POST'),
};

/** The things that the words of the table mean. */
const MEANINGS: Readonly<Record<string, (column: Column, thing: Thing | OptedOut) => boolean>> = {
  none: () => false,
  own: (column, { sender }) => sender === column,
  numbers: (column, { sender, number }) => sender === column || number === OURS,
  all: () => true,
};

function wordOf(seen: Seen, column: Column, expected: string): string {
  if (typeof seen === 'string') return seen;
  const found = seen.seen.toSorted().join();
  const isMeantBy = (word: string): boolean => {
    const isIn = MEANINGS[word];
    const meant = isIn === undefined ? null : seen.of.filter((thing) => isIn(column, thing)).map(({ name }) => name);
    return meant?.sort().join() === found;
  };
  // Two words may mean the same things here.
  return [expected, ...Object.keys(MEANINGS)].find(isMeantBy) ?? `saw ${found}`;
}

describe.each(['SQLite', 'PostgreSQL'])('who sees what, on %s', (place) => {
  let issuer: Issuer;
  let postgres: TestPostgres | null = null;
  let world: World;
  beforeAll(async () => {
    issuer = await startIssuer();
    if (place === 'PostgreSQL') postgres = await startPostgres({ flushes: false });
    const database = postgres === null ? {} : { DATABASE_URL: await postgres.newDatabase() };
    const app = await startTestApp({ ...ENVIRONMENT, ...issuer.environment, ...database });
    world = await open(app, issuer);
  }, 60_000);
  afterAll(async () => {
    await world.app.close();
    await postgres?.close();
    await issuer.close();
  });

  it.each(ROWS)('%s', async (what, expected) => {
    const look = LOOKS[what];
    const found: [Column, string][] = [];
    for (const [index, column] of COLUMNS.entries()) {
      const seen = (await look?.(world, column)) ?? 'nothing asks this row';
      found.push([column, wordOf(seen, column, expected[index] ?? '')]);
    }
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(COLUMNS.map((column, index) => [column, expected[index]])),
    );
  });
});

describe('the table', () => {
  const schema = apiSchema();
  type Root = GraphQLObjectType | null | undefined;
  const roots: Root[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const rowOf = (coordinate: string): string | undefined =>
    ROWS.map(([what]) => what).find((what) => what === coordinate || what.startsWith(`${coordinate} `));

  it('has a row for each root field', () => {
    const fieldsOf = (root: Root): string[] =>
      Object.keys(root?.getFields() ?? {}).map((name) => `${root?.name ?? ''}.${name}`);
    const fields = [...roots.flatMap(fieldsOf), 'Query._entities', 'Query._service'];
    expect(fields.length).toBeGreaterThan(15);
    expect(fields.filter((field) => rowOf(field) === undefined)).toEqual([]);
  });

  it('has a row for each field by which one thing with rights leads to another', () => {
    const isRightful = (type: unknown): type is GraphQLObjectType =>
      isObjectType(type) && /^(Message|Send|Conversation|OptOut)(Attachment|Connection)?$/.test(type.name);
    const types = Object.values(schema.getTypeMap())
      .filter(isRightful)
      .filter(({ name }) => !name.endsWith('Connection'));
    const fields = types.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => isRightful(getNamedType(field.type)))
        .map(({ name }) => `${type.name}.${name}`),
    );
    expect(fields).toEqual(expect.arrayContaining(['Message.send', 'Send.message']));
    expect(fields.filter((field) => rowOf(field) === undefined)).toEqual([]);
  });

  it('asks each row, and no other', () => {
    expect(Object.keys(LOOKS)).toEqual(ROWS.map(([what]) => what));
    expect(new Set(ROWS.flatMap(([, expected]) => expected))).toEqual(
      new Set(['none', 'own', 'numbers', 'all', 'yes', 'forbidden', 'refused']),
    );
    expect(ROWS.filter(([, expected]) => expected.length !== COLUMNS.length)).toEqual([]);
  });

  it('is shown in docs/access-and-limits.md', () => {
    expect(readFileSync(new URL('../../docs/access-and-limits.md', import.meta.url), 'utf8')).toContain(TABLE);
  });
});
