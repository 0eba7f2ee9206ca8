/** docs/troubleshooting.md: each complaint is made to happen in a real server, and its commands find the reason. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { request } from 'undici';
import { upstreamAt } from '../support/app.js';
import { startEndpoint } from '../support/endpoint.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { codeBlocks } from '../support/markdown.js';
import { INPUT } from '../support/messages.js';
import { wrongLines } from '../support/log-lines.js';
import { until } from '../support/waiting.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const PAGE = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const SUBMIT = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const PASSWORD = 'a password that is long enough';
const TIMEOUT_MS = 60_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The recipients by what upstream does with a message to them. */
const TO = { refused: '+19195550401', lost: '+19195550502', out: '+19195550111', abroad: '+442079460000' };

let upstream: Awaited<ReturnType<typeof startEndpoint>>;
let folder: string;
let server: ChildProcess;
let url: string;
let log: string;
let count = 0;

beforeAll(async () => {
  upstream = await startEndpoint((response, body, incoming) => {
    const { to: [to] = [], tag, ...message } = (body === '' ? {} : JSON.parse(body)) as { to?: string[]; tag?: string };
    if (incoming.method === 'GET') response.end('{"messages":[]}');
    else if (to === TO.lost) response.destroy();
    else if (to === TO.refused) response.writeHead(401).end('{"type":"unauthorized","description":"no"}');
    else
      response
        .writeHead(202, { 'content-type': 'application/json' })
        .end(
          JSON.stringify({ ...message, to: [to], tag, id: `message-${++count}`, direction: 'out', time: new Date() }),
        );
  });
  folder = makeFolder();
  log = join(folder, 'server.log');
  symlinkSync(join(ROOT, 'dist'), join(folder, 'dist'));
  const keys = { shop: 'messages:send+messages:read', eager: 'messages:send' };
  server = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    env: {
      ...{ PATH: process.env.PATH, PORT: '0', ...upstreamAt(upstream.url), AUTH: '' },
      API_KEYS: Object.entries(keys)
        .map(([name, scopes]) => `${name}:${sha256(name)}:${scopes}`)
        .join(),
      ...{ LIMIT_PER_RECIPIENT: '5/1h', CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: PASSWORD, CONSENT: 'on' },
    },
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  });
  for await (const chunk of server.stdout ?? []) {
    url = /http:\/\/\S+\/graphql/.exec(String(chunk))?.[0] ?? '';
    if (url !== '') break;
  }
}, TIMEOUT_MS);
afterAll(async () => {
  server.kill('SIGTERM');
  await once(server, 'exit');
  await upstream.close();
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  removeFolder(folder);
  expect(wrongLines(lines.map((line) => JSON.parse(line) as Record<string, unknown>))).toEqual([]);
  expect(lines.join('\n')).not.toMatch(/\+?1?9195550\d|4420794|a password/);
}, TIMEOUT_MS);

/** What the commands of a section may use. */
type Sent = Readonly<Record<'REQUEST_ID' | 'MESSAGE_ID' | 'INPUT', string>>;

async function send(fields: object = {}, key = 'shop'): Promise<Sent> {
  const input = { ...INPUT, ...fields };
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: SUBMIT, variables: { input } }),
  });
  const { data } = (await answer.body.json()) as { data?: { sendMessage: { id: string } | null } | null };
  const ids = { REQUEST_ID: String(answer.headers['x-request-id']), MESSAGE_ID: data?.sendMessage?.id ?? '' };
  return { ...ids, INPUT: JSON.stringify(input) };
}

async function callBack(event: object, password = PASSWORD): Promise<void> {
  const answer = await request(new URL('/callbacks/catapult', url), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`user:${password}`).toString('base64')}` },
    body: JSON.stringify([event]),
  });
  await answer.body.dump();
}

const failed = async (errorCode: number): Promise<Sent> => {
  const sent = await send({ to: [`+1919555${String(errorCode)}`] });
  const message = { id: sent.MESSAGE_ID, from: INPUT.from };
  await callBack({ type: 'message-failed', errorCode, time: new Date(), to: `+1919555${String(errorCode)}`, message });
  return sent;
};

/** What makes each complaint of the page happen, and gives the ids that its commands need. */
const COMPLAINTS: Readonly<Record<string, () => Promise<Sent & Readonly<Record<string, string>>>>> = {
  'My message did not arrive': async () => {
    const sent = await send({ idempotencyKey: 'key-0' });
    return { ...sent, IDEMPOTENCY_KEY: 'key-0', CALLER: 'shop' };
  },
  'The number is wrong': () => failed(4720),
  'The carrier took it for spam': () => failed(4770),
  'No report came at all': async () => {
    const sent = await send();
    await callBack({}, 'the old password');
    return { ...sent };
  },
  'The recipient has opted out': async () => {
    const [time, to] = [new Date(), INPUT.from];
    const message = { id: 'in-1', from: TO.out, to: [to], owner: to, text: 'STOP', time };
    await callBack({ type: 'message-received', time, to, message });
    return { ...(await send({ to: [TO.out] })) };
  },
  "The recipient's region is not allowed": async () => ({ ...(await send({ to: [TO.abroad] })) }),
  'Too many were sent': async () => {
    for (let sent = 0; sent < 5; sent++) await send({ to: ['+19195550999'] });
    return { ...(await send({ to: ['+19195550999'] })) };
  },
  'The API key was refused': async () => ({ ...(await send({}, 'a wrong key')) }),
  'The key belongs to another message': async () => {
    await send({ idempotencyKey: 'key-1' });
    const sent = await send({ idempotencyKey: 'key-1', text: 'another' });
    return { ...sent, IDEMPOTENCY_KEY: 'key-1', CALLER: 'shop' };
  },
  'Catapult refuses this server': async () => ({ ...(await send({ to: [TO.refused] })) }),
  'The answer was lost': async () => ({ ...(await send({ to: [TO.lost] })) }),
  'The database was away': async () => {
    const other = new Database(join(folder, 'data/messages.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    free = () => {
      other.exec('ROLLBACK');
      other.close();
    };
    return { ...(await send()) };
  },
};
let free: (() => void) | null = null;
afterEach(() => {
  free?.();
  free = null;
});

/** What the commands of a section print, by the sentence that begins so, as far as its first colon. */
function promised(section: string): string[] {
  const said = section.replace(/^```[^]*?^```$/gm, '').matchAll(/^It says ([^]*?)(?:[.:]\s|\n\n)/gm);
  return [...said].flatMap(([, text = '']) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

const sections = PAGE.split(/^#+ (?=.*$)/m).slice(1);
const run = promisify(execFile);

it('the page has a way to each complaint', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(COMPLAINTS));
});

it.each(sections.map((section) => [section.split('\n')[0] ?? '', section]))(
  '%s',
  async (title, section) => {
    const ids = await COMPLAINTS[title]?.();
    // The last line may wait behind what holds up the server.
    await until(() => readFileSync(log, 'utf8').includes(ids?.REQUEST_ID ?? ''));
    const env = { PATH: process.env.PATH, LOG: log, URL: url, KEY: 'shop', ...ids };
    let printed = '';
    for (const { text } of codeBlocks(section).filter(({ language }) => language === 'sh')) {
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env });
      expect(stdout).not.toBe('');
      printed += stdout;
    }
    expect(promised(section).filter((code) => !printed.includes(code))).toEqual([]);
    if (title !== 'My message did not arrive') expect(promised(section).length).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

it(
  'a trace masks numbers unless they are asked for, and says so when nothing is known',
  async () => {
    const { MESSAGE_ID } = await send({ to: ['+19195550123'] });
    const trace = (...args: string[]): Promise<{ stdout: string }> =>
      run(process.execPath, ['dist/main.js', 'trace', ...args], { cwd: folder, env: { PATH: process.env.PATH } });
    const [masked, shown, json] = await Promise.all(
      [[], ['--show-numbers'], ['--json']].map(async (options) => (await trace(MESSAGE_ID, ...options)).stdout),
    );
    expect([/\+1\*+23/.test(masked ?? ''), /\d{7}/.test((masked ?? '').replaceAll(/\S{9,}/g, ''))]).toEqual([
      true,
      false,
    ]);
    expect(shown).toContain('+19195550123');
    const events = (json ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { what: string });
    expect(events.map(({ what }) => what)).toEqual(['claimed', 'outcome', 'now']);
    await expect(trace('nothing')).rejects.toMatchObject({ code: 1, stderr: 'Nothing is known of it here.\n' });
    await expect(trace('--key', 'k')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Usage: trace /) as string,
    });
  },
  TIMEOUT_MS,
);
