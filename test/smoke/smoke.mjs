/**
 * Starts the built server as its image does, once with each version of Node that is supported: from the files that the
 * Dockerfile takes, in a folder that nobody may write, as a user who owns nothing. Then it sends, asks again with the same
 * key, takes in a callback, hears of it by WebSocket, and stops.
 *
 *     npm run test:smoke -- 20.19.0 24.22.3
 *
 * The packages that bring Node have its headers, too, which SQLite is compiled against: that takes two minutes. Ends with 1
 * if anything is not as it should be. A version that npm cannot bring is skipped, loudly.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.mjs';
import { make, runtimeOf, stagesOf } from './image.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The oldest that package.json allows, and the newest of the two lines after it. */
const VERSIONS = ['20.19.0', '22.23.5', '24.22.3'];
const STOP_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 15_000;
const CREDENTIALS = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' };
const [BUSINESS, PERSON] = ['+12345678901', '+12345678902'];
const run = promisify(execFile);

/** What npm gave to this script is not for the npm that it starts, apart from where packages come from. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(cache|registry|userconfig)$)/.test(name)),
);

/** Brings this version of Node from the registry. @returns an environment in which `node` is that one */
async function bringNode(version, folder) {
  const name = `node-${process.platform}-${process.arch}`;
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  await run('npm', [...args, `${name}@${version}`], { env: inherited });
  const bin = join(folder, 'node_modules', name, 'bin');
  const environment = { ...inherited, PATH: `${bin}:${inherited.PATH}` };
  const { stdout } = await run('node', ['--version'], { env: environment });
  assert.equal(stdout.trim(), `v${version}`);
  return environment;
}

/** The files of the image. What its stage `build` makes is there already: `dist` of this folder. */
async function makeImage(folder, environment) {
  const stages = stagesOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const rootOf = (name) => join(folder, name);
  const places = {
    roots: { dependencies: rootOf('dependencies'), build: rootOf('build') },
    context: ROOT,
    environment,
  };
  const [build, dependencies, final] = ['build', 'dependencies', 'final'].map((name) =>
    stages.find((stage) => stage.name === name),
  );
  const copies = build.steps.filter(({ instruction }) => instruction !== 'RUN');
  const built = { instruction: 'COPY', value: 'dist dist' };
  await make({ steps: [...copies, built] }, { ...places, folder: rootOf('build') });
  await make(dependencies, { ...places, folder: rootOf('dependencies') });
  const app = await make(final, { ...places, folder: rootOf('final') });
  return { app, ...runtimeOf(final) };
}

/** Takes the right to write from everything but the volume. */
function makeReadOnly(folder, volume) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (path === volume || entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) makeReadOnly(path, volume);
    else chmodSync(path, 0o444);
  }
  chmodSync(folder, 0o555);
}

async function post(url, body, headers = {}) {
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    headersTimeout: ANSWER_LIMIT_MS,
  });
  assert.equal(statusCode, 200);
  return answer.json();
}

async function send(origin, input) {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status } }';
  const { data, errors } = await post(`${origin}/graphql`, { query, variables: { input } });
  assert.equal(errors, undefined);
  return data.sendMessage;
}

async function sendTwice(origin) {
  const input = { from: BUSINESS, to: [PERSON], text: 'Hey', applicationId: 'app-1', idempotencyKey: randomUUID() };
  const first = await send(origin, input);
  assert.equal(first.status, 'ACCEPTED');
  const second = await send(origin, input);
  assert.equal(second.id, first.id);
}

/** Follows what comes in by WebSocket, and has a message come in. */
async function receive(origin) {
  const client = createClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const events = client.iterate({ query: 'subscription { messageReceived { id text } }' });
  const id = randomUUID();
  const authorization = `Basic ${Buffer.from(Object.values(CREDENTIALS).join(':')).toString('base64')}`;
  const time = '2026-11-24T10:00:00Z';
  const message = {
    id,
    time,
    to: [BUSINESS],
    from: PERSON,
    owner: BUSINESS,
    text: 'Yes',
    direction: 'in',
    segmentCount: 1,
  };
  // A subscription has no acknowledgement: each callback until one is heard of is about the same message, and counts once.
  let isHeard = false;
  const heard = hear(events, message.text).then(() => {
    isHeard = true;
  });
  for (let number = 0; !isHeard && number < 100; number++) {
    const own = { ...message, id: `${id}-${number}` };
    const event = { type: 'message-received', time, to: BUSINESS, description: 'Incoming', message: own };
    await post(`${origin}/callbacks/catapult`, [event], { authorization });
    await Promise.race([heard, setTimeout(100)]);
  }
  assert.ok(isHeard);
  await client.dispose();
}

/** Waits for a message with this text. The sandbox sends some of its own. */
async function hear(events, text) {
  for await (const { data } of events) if (data.messageReceived.text === text) return;
}

/** Starts the command of the image, and does with it what a day brings. */
async function smoke({ app, command, healthCheck, environment, user: [uid, gid], volume }, nodeEnvironment) {
  makeReadOnly(app, join(app, volume.slice('/app/'.length)));
  const who = process.getuid?.() === 0 ? { uid, gid } : {};
  const port = await freePort();
  const own = { HOST: '127.0.0.1', PORT: String(port), SANDBOX: 'on', LOG_LEVEL: 'warn', ...CREDENTIALS };
  const env = { PATH: nodeEnvironment.PATH, ...environment, ...own };
  const [file, ...args] = command;
  const server = spawn(file, args, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'], ...who });
  const exited = once(server, 'exit');
  try {
    await Promise.race([
      once(server.stdout, 'data'),
      exited.then(([code]) => assert.fail(`The server ended with ${code} at its start`)),
    ]);
    const origin = `http://127.0.0.1:${port}`;
    assert.equal((await request(`${origin}/ready`)).statusCode, 200);
    await run(healthCheck[0], healthCheck.slice(1), { env, cwd: app, ...who });
    await sendTwice(origin);
    await receive(origin);
    const since = performance.now();
    server.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(performance.now() - since < STOP_LIMIT_MS);
    await assert.rejects(run(healthCheck[0], healthCheck.slice(1), { env, cwd: app, ...who }));
  } finally {
    server.kill('SIGKILL');
  }
}

async function runWith(version, folder) {
  const since = performance.now();
  const say = (text) =>
    process.stderr.write(`Node ${version}, ${((performance.now() - since) / 1_000).toFixed(0)} s: ${text}\n`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  say('fetching it …');
  const environment = await bringNode(version, join(folder, 'node')).catch(({ message }) => {
    say(`SKIPPED, since npm could not bring it: ${message.split('\n')[0]}`);
    return null;
  });
  if (environment === null) return;
  say('installing what the server needs, which compiles SQLite where no binary can be fetched …');
  const image = await makeImage(folder, environment);
  say('starting the server …');
  await smoke(image, environment);
  say('sent, repeated, received, stopped: all well.');
}

const versions = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS;
const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-smoke-'));
chmodSync(folder, 0o755);
try {
  const results = await Promise.allSettled(versions.map((version) => runWith(version, join(folder, version))));
  const failures = results.flatMap(({ reason }) => reason ?? []);
  for (const { message, stdout, stderr } of failures) process.stderr.write(`${[message, stdout, stderr].join('\n')}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
