/** The package as others install it: packed, put into an empty folder, and used from there. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { relativeLinks } from '../support/markdown.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const INSTALL_TIMEOUT_MS = 180_000;
const run = promisify(execFile);
const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, unknown>;

interface LockEntry {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** A lock file for a folder that has nothing but the tarball, with the versions of our own: so that nothing is fetched. */
function consumerLock(tarball: string, root: object): object {
  const { version, dependencies, bin } = readJson('package.json');
  const locked = Object.entries(readJson('package-lock.json').packages as Record<string, LockEntry>);
  const needed = locked.filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true);
  return {
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': root,
      'node_modules/catapult-graphql': { version, resolved: `file:${tarball}`, dependencies, bin },
      ...Object.fromEntries(needed),
    },
  };
}

const ESM = `
import { createServer } from 'node:http';
import { createApp, createMessagingSchema, readConfig } from 'catapult-graphql';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';

const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent' });
const input = { from: '+12345678901', to: ['+12345678902'], text: 'Hey', applicationId: 'app-1', idempotencyKey: 'k' };
const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status } }';
const send = async (url, headers = {}) => {
  const body = JSON.stringify({ query, variables: { input } });
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  return answer.json();
};

const app = await createApp(config, { storeFile: 'app.sqlite' });
const own = createServer(app.handler);
await new Promise((resolve) => own.listen(0, '127.0.0.1', resolve));
const answers = { listening: await send(await app.listen()) };
answers.mounted = await send('http://127.0.0.1:' + own.address().port + '/graphql');
own.close();
await app.close();

const messaging = await createMessagingSchema(config, { storeFile: 'schema.sqlite' });
const plugins = [ApolloServerPluginInlineTraceDisabled()];
const apollo = new ApolloServer({ schema: messaging.schema, formatError: messaging.formatError, plugins });
const embedded = async (variables) => {
  const contextValue = messaging.contextFor({ caller: 'somebody' });
  const { body } = await apollo.executeOperation({ query, variables }, { contextValue });
  return body.singleResult;
};
answers.embedded = await embedded({ input });
try {
  messaging.contextFor({ caller: 'c'.repeat(256) });
} catch (error) {
  answers.nobody = error.name;
}
answers.refused = await embedded({ input: { ...input, to: ['12'] } });
const callbacks = createServer(messaging.callbackHandler);
await new Promise((resolve) => callbacks.listen(0, '127.0.0.1', resolve));
const { status } = await fetch('http://127.0.0.1:' + callbacks.address().port + '/callbacks/catapult', { method: 'POST' });
answers.callback = status;
callbacks.close();
await apollo.stop();
await messaging.close();
console.info(JSON.stringify(answers));
`;

const CJS = `
const { createApp, readConfig } = require('catapult-graphql');
(async () => {
  const app = await createApp(readConfig({ PORT: '0', LOG_LEVEL: 'silent' }), { storeFile: ':memory:' });
  const answer = await fetch(await app.listen(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  console.info(JSON.stringify(await answer.json()));
  await app.close();
})();
`;

const TYPES = `
import { createApp, createMessagingSchema, readConfig, type App, type ErrorCode, type MessagingSchema } from 'catapult-graphql';
const config = readConfig({ PORT: '0' });
export const app: Promise<App> = createApp(config);
export const messaging: Promise<MessagingSchema> = createMessagingSchema(config, { storeFile: ':memory:' });
export const code: ErrorCode = 'OUTCOME_UNKNOWN';
// @ts-expect-error there is no such code
export const wrong: ErrorCode = 'NO_SUCH_CODE';
`;

describe('the package', () => {
  let folder: string;
  let tarball: string;
  let files: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-package-'));
    // Its build is the one that these tests began with; other tests are running it now.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    tarball = packed.filename;
    files = packed.files.map(({ path }) => path);
    const root = {
      name: 'consumer',
      version: '1.0.0',
      dependencies: { 'catapult-graphql': `file:${tarball}` },
      overrides: readJson('package.json').overrides,
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(consumerLock(tarball, root)));
    await run('npm', ['ci', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    // Compiling takes a minute, and was done here already.
    const binary = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';
    cpSync(join(ROOT, binary), join(folder, binary));
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const runScript = async (name: string, source: string): Promise<Record<string, unknown>> => {
    writeFileSync(join(folder, name), source);
    const { stdout, stderr } = await run(process.execPath, [name], { cwd: folder });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it('sends a message as a server, mounted on a server, and as a schema in another one', async () => {
    const { listening, mounted, embedded, nobody, refused, callback } = await runScript('consumer.mjs', ESM);
    expect(listening).toMatchObject({ data: { sendMessage: { status: 'ACCEPTED' } } });
    // The same idempotency key: the first answer again.
    expect(mounted).toEqual(listening);
    expect(embedded).toMatchObject({ data: { sendMessage: { status: 'ACCEPTED' } } });
    expect(refused).toMatchObject({
      errors: [
        { extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['input', 'to', '0'], code: 'INVALID_E164' }] } },
      ],
    });
    expect(nobody).toBe('RangeError');
    expect(callback).toBe(401);
  });

  it('can be required', async () => {
    expect(await runScript('consumer.cjs', CJS)).toEqual({ data: { __typename: 'Query' } });
  });

  it('starts as a command, as npx does it', async () => {
    const { stdout } = await run('npx', ['--no-install', 'catapult-graphql', 'schema'], { cwd: folder });
    expect(stdout).toContain('sendMessage(');
  });

  it('has types for ES modules and for CommonJS', async () => {
    // Together: most of the time goes into the types of the dependencies.
    const names = ['consumer.mts', 'consumer.cts'];
    for (const name of names) writeFileSync(join(folder, name), TYPES);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const ours = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--skipLibCheck', 'true'];
    const { stdout } = await run(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...ours, ...names],
      {
        cwd: folder,
      },
    );
    expect(stdout).toBe('');
  });

  it('holds every file that its pages link', () => {
    const pages = files.filter((file) => file.endsWith('.md'));
    expect(pages).toContain('README.md');
    const linked = pages.flatMap((page) =>
      relativeLinks(readFileSync(join(ROOT, page), 'utf8')).map((link) => {
        const [path = ''] = link.split('#');
        return path === '' ? page : normalize(join(dirname(page), path));
      }),
    );
    expect(linked.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('is packed as its package.json says (publint)', async () => {
    const { messages } = await publint({
      pkgDir: join(folder, 'node_modules/catapult-graphql'),
      pack: false,
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  it('resolves to its types whoever imports it (Are the types wrong?)', async () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const data = ['schema.graphql', 'api.graphql', 'introspection.json', 'possible-types.json'];
    const args = [tarball, '--format', 'json', '--exclude-entrypoints', ...data.map((name) => `./${name}`)];
    const { stdout } = await run(process.execPath, [attw, ...args], { cwd: folder });
    expect((JSON.parse(stdout) as { problems?: object }).problems).toEqual({});
  });
});
