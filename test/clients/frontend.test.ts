/** README's chapter for frontends: each of its blocks as it is printed, with the libraries' defaults. */
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { jest } from '@jest/globals';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange } from '@urql/core';
import type { Client as SocketClient } from 'graphql-ws';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import { codeBlocks } from '../support/markdown.js';
import { INPUT } from '../support/messages.js';
import { until } from '../support/waiting.js';
import { becomePage, newStorage, type Storage } from './page.js';
import { bundle, printedFiles } from './printed.js';
import { compileForRelay } from './relay/compiler.js';

const FILES = printedFiles('README.md', 'Use it from a frontend');
const only = (name: string): string => {
  const [text, ...more] = FILES.get(name) ?? [];
  if (text === undefined || more.length > 0) throw new Error(`${name} is not printed once`);
  return text;
};

it('README’s chapter for frontends has no block that is not run here', () => {
  const blocks = codeBlocks(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'));
  const printed = blocks.filter(({ heading }) => heading === 'Use it from a frontend').map(({ text }) => text);
  expect([...FILES.values()].flat().sort()).toEqual(printed.sort());
  expect([...FILES].map(([name, { length }]) => [name, length])).toEqual([
    ['operations.js', 1],
    ['form.js', 1],
    ['client.js', 4],
  ]);
});

/** What a page shows of a send. */
interface View {
  readonly status: string;
  readonly message?: { readonly id: string; readonly status: string } | null;
  readonly problem?: {
    readonly code: string;
    readonly outcome: string;
    readonly retryable: boolean;
    readonly message: string;
  } | null;
}
type Show = (view: View) => void;
/** The form that README shows. */
interface Form {
  send(fields: object, show: Show): Promise<void>;
  resume(show: Show): Promise<void>;
  forget(): void;
  besideFields(view: View): Record<string, string>;
}

const [FETCH = '', APOLLO = '', URQL = '', RELAY = ''] = FILES.get('client.js') ?? [];

/** What Relay's plugin for a bundler does: each operation becomes the artifact that the compiler made of it. */
async function compiled(client: string, folder: string): Promise<Record<string, string>> {
  await compileForRelay(folder, 'client.js', client);
  const files: Record<string, string> = {};
  const text = client.replace(/graphql`\s*\w+ (\w+)[^`]*`/g, (_operation, name: string) => {
    files[`${name}.graphql.js`] = readFileSync(join(folder, 'artifacts', `${name}.graphql.js`), 'utf8');
    return name;
  });
  const imports = Object.keys(files).map((file) => `import ${file.split('.')[0] ?? ''} from './${file}';\n`);
  return { ...files, 'client.js': imports.join('') + text };
}

describe.each([
  { name: 'fetch', client: FETCH },
  { name: 'Apollo Client', client: APOLLO },
  { name: 'urql', client: URQL },
  { name: 'Relay', client: RELAY },
])('README’s form with $name', ({ client }) => {
  const folder = makeFolder();
  let upstream: LosingUpstream;
  let app: TestApp;
  let storage: Storage;
  let form: Form;
  let leave: () => void;
  let loads = 0;
  /** What the libraries complained about while the page was open. */
  let complaints: unknown[];
  let texts = 0;
  let text: string;
  let shown: View[];
  const show: Show = (view) => void shown.push(view);

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    app = await startTestApp({ ...upstreamAt(upstream.url), ...CALLBACKS });
    const clientFiles = client === RELAY ? await compiled(client, folder) : { 'client.js': client };
    const sources = { 'operations.js': only('operations.js'), 'form.js': only('form.js'), ...clientFiles };
    await bundle("export * from './form.js';", sources, join(folder, 'page.mjs'));
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
    removeFolder(folder);
  });
  beforeEach(async () => {
    upstream.answer = 'at once';
    text = `text${++texts}`;
    storage = newStorage();
    leave = () => undefined;
    for (const level of ['error', 'warn'] as const) {
      jest.spyOn(console, level).mockImplementation((...said: unknown[]) => complaints.push(said));
    }
    await load();
  });
  afterEach(() => {
    expect(complaints).toEqual([]);
    leave();
    jest.restoreAllMocks();
  });

  /** Loads the page, as for the first time or again. */
  async function load(): Promise<void> {
    leave();
    leave = becomePage(app.url, storage);
    [shown, complaints] = [[], []];
    // Whatever is imported is imported once, by its name.
    const file = join(folder, `page-${++loads}.mjs`);
    copyFileSync(join(folder, 'page.mjs'), file);
    form = (await import(file)) as Form;
  }
  /** Without repetitions: urql tells the last state twice. */
  const states = (): string[] =>
    shown
      .map(({ status, message }) => (message == null ? status : `${status}: ${message.status}`))
      .filter((state, place, all) => state !== all[place - 1]);
  const has = (state: string) => (): boolean => states().includes(state);
  const fields = (): object => ({ ...INPUT, text });

  it('sends, and follows the message until it has arrived', async () => {
    await form.send(fields(), show);
    await until(has('ACCEPTED: ACCEPTED'));
    await report(app.url, idOf(text, 1));
    await until(has('ACCEPTED: DELIVERED'));
    expect(states()).toEqual(['PENDING', 'ACCEPTED: ACCEPTED', 'ACCEPTED: DELIVERED']);
    expect(upstream.accepted.get(text)).toBe(1);
    expect(storage.getItem('message')).toBeNull();
  });

  it('shows mistakes beside their fields, and sends the corrected message by the same key', async () => {
    await form.send({ ...fields(), to: ['+12345678902', 'x'], from: '12' }, show);
    expect(states()).toEqual(['PENDING', 'REJECTED']);
    const [, rejected] = shown;
    if (rejected === undefined) throw new Error('nothing is shown');
    expect(rejected.problem).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NOT_SENT', retryable: false });
    expect(form.besideFields(rejected)).toEqual({
      from: expect.stringContaining('E.164') as string,
      'to.1': expect.stringContaining('E.164') as string,
    });
    const key = (): unknown => /"idempotencyKey":"[^"]{36}"/.exec(storage.getItem('message') ?? '')?.[0];
    const first = key();
    expect(first).toEqual(expect.any(String));
    await form.send({ ...fields(), text: 'x'.repeat(3_000) }, show);
    expect(key()).toBe(first);
    await form.send(fields(), show);
    await until(has('ACCEPTED: ACCEPTED'));
    expect(upstream.accepted.get(text)).toBe(1);
  });

  it('shows the mistakes that upstream found, also after a reload', async () => {
    upstream.answer = 'no: the recipient';
    await form.send(fields(), show);
    const { problem } = shown.at(-1) ?? {};
    expect(problem).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NOT_SENT' });
    await load();
    await form.resume(show);
    await until(has('REJECTED'));
    expect(states()).toEqual(['REJECTED']);
    const [rejected = { status: 'nothing' }] = shown;
    expect(rejected.problem).toMatchObject({ code: problem?.code, message: problem?.message });
    expect(form.besideFields(rejected)).toEqual({ to: expect.any(String) as string });
  });

  it('shows "perhaps sent" with its code, outcome and retryable, also after a reload, and sends nothing again', async () => {
    upstream.answer = 'never';
    await form.send(fields(), show);
    await until(has('UNKNOWN'));
    const perhaps = { code: 'OUTCOME_UNKNOWN', outcome: 'UNKNOWN', retryable: false };
    expect(shown.at(-1)).toMatchObject({ status: 'UNKNOWN', problem: perhaps });
    await load();
    await form.resume(show);
    await until(has('UNKNOWN'));
    expect(shown[0]).toMatchObject({ status: 'UNKNOWN', problem: perhaps });
    expect(upstream.accepted.get(text)).toBe(1);
    form.forget();
    await load();
    await form.resume(show);
    expect(shown).toEqual([]);
  });

  it('reloaded while upstream has not answered, shows PENDING and then ACCEPTED, and sends nothing again', async () => {
    upstream.answer = 'when told';
    void form.send(fields(), show);
    const release = await upstream.keptBack();
    await load();
    await form.resume(show);
    await until(has('PENDING'));
    release();
    await until(has('ACCEPTED: ACCEPTED'));
    expect(upstream.accepted.get(text)).toBe(1);
  });

  it('reloaded before the server has heard of the message, sends it', async () => {
    const message = { input: { ...fields(), idempotencyKey: text }, since: Date.now() };
    storage.setItem('message', JSON.stringify(message));
    await form.resume(show);
    await until(has('ACCEPTED: ACCEPTED'));
    expect(upstream.accepted.get(text)).toBe(1);
  });

  it('does not send by itself what is so old that the server may have forgotten its key', async () => {
    const message = { input: { ...fields(), idempotencyKey: text }, since: Date.now() - 25 * 3_600_000 };
    storage.setItem('message', JSON.stringify(message));
    await form.resume(show);
    expect([shown, storage.getItem('message'), upstream.accepted.get(text)]).toEqual([[], null, undefined]);
  });
});

describe('README’s operations', () => {
  const folder = makeFolder();
  let upstream: LosingUpstream;
  let app: TestApp;
  let leave: () => void;
  let operations: { readonly SUBMIT: string; readonly LOOK: string };

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    app = await startTestApp(upstreamAt(upstream.url));
    leave = becomePage(app.url, newStorage());
    const file = join(folder, 'operations.mjs');
    await bundle("export * from './operations.js';", { 'operations.js': only('operations.js') }, file);
    operations = (await import(file)) as typeof operations;
  });
  afterAll(async () => {
    leave();
    await app.close();
    await upstream.close();
    removeFolder(folder);
  });

  it('name every type that a failed send can have', () => {
    const file = new URL('../../schema/possible-types.json', import.meta.url);
    const { possibleTypes } = JSON.parse(readFileSync(file, 'utf8')) as { possibleTypes: Record<string, string[]> };
    const named = [...operations.SUBMIT.matchAll(/\.\.\. on (\w+)/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(possibleTypes.SubmitMessageResult?.sort());
  });

  it.each([
    [
      'Apollo Client',
      async (input: object) => {
        const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink() });
        const { data } = await client.mutate({ mutation: gql(operations.SUBMIT), variables: { input } });
        client.stop();
        return data;
      },
    ],
    [
      'urql',
      async (input: object) => {
        const client = new Client({ url: '/graphql', exchanges: [fetchExchange] });
        return (await client.mutation(operations.SUBMIT, { input })).data as unknown;
      },
    ],
    [
      'urql’s Graphcache',
      async (input: object) => {
        const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
        const client = new Client({ url: '/graphql', exchanges: [cacheExchange(), fetchExchange] });
        const { data } = (await client.mutation(operations.SUBMIT, { input })) as { data: unknown };
        warn.mockRestore();
        return data;
      },
    ],
  ])(
    'keep a message that was perhaps sent, and one that was not, in the default cache of %s',
    async (_name, submit) => {
      upstream.answer = 'never';
      expect(await submit(INPUT)).toEqual({
        submitMessage: {
          __typename: 'OutcomeUnknownProblem',
          code: 'OUTCOME_UNKNOWN',
          message: expect.any(String) as string,
          outcome: 'UNKNOWN',
          retryable: false,
        },
      });
      upstream.answer = 'no: the recipient';
      expect(await submit(INPUT)).toMatchObject({
        submitMessage: { code: 'BAD_USER_INPUT', outcome: 'NOT_SENT', fieldErrors: [{ path: ['input', 'to'] }] },
      });
      upstream.answer = 'at once';
      expect(await submit(INPUT)).toMatchObject({ submitMessage: { __typename: 'Message', status: 'ACCEPTED' } });
    },
  );
});

describe('the clients for subscriptions in docs/clients.md', () => {
  const folder = makeFolder();
  let app: TestApp;
  let leave: () => void;
  beforeAll(async () => {
    const digest = createHash('sha256').update('shop-key').digest('hex');
    app = await startTestApp({ API_KEYS: `shop:${digest}:messages:read` });
    leave = becomePage(app.url, newStorage());
  });
  afterAll(async () => {
    leave();
    await app.close();
    removeFolder(folder);
  });

  it.each(['socket.js', 'events.js'])('sign in: %s', async (name) => {
    const [text = ''] = printedFiles('docs/clients.md', 'Subscriptions').get(name) ?? [];
    const signIn = "export const currentToken = async () => 'shop-key';";
    const file = join(folder, name.replace('.js', '.mjs'));
    await bundle(`export * from './${name}';`, { [name]: text, 'sign-in.js': signIn }, file);
    const { client } = (await import(file)) as { client: Pick<SocketClient, 'iterate' | 'dispose'> };
    const told: unknown[] = [];
    for await (const result of client.iterate({ query: 'subscription { messageUpdated(id: "1") { id } }' })) {
      told.push(result);
    }
    await client.dispose();
    expect(told).toMatchObject([{ errors: [{ extensions: { fieldErrors: [{ code: 'UNKNOWN_MESSAGE' }] } }] }]);
  });
});
