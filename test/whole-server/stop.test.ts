/** SIGTERM in the middle of many requests; `npm run test:stop` repeats it thirty times. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { startEndpoint } from '../support/endpoint.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { unlistenedPort } from '../support/listen.js';

const ROUNDS = Number(process.env.STOP_ROUNDS ?? 1);
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const ROOT = new URL('../..', import.meta.url).pathname;
/** Upstream takes so long, so that with so many requests at once 200 a second pass. */
const UPSTREAM_MS = 200;
const AT_ONCE = 40;
/** So many are answered before the signal comes: a second's worth. */
const ANSWERS_BEFORE = 200;
const STOP_LIMIT_MS = 10_000;
const COMMANDS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  'node dist/main.js': [process.execPath, MAIN],
  'npm start': ['npm', 'start', '--silent', '--prefix', ROOT],
};

const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { status } }';
const bodyOf = (text: string): string => {
  const input = { from: '+19195551212', to: ['+19195551213'], text, applicationId: 'app' };
  return JSON.stringify({ query: SEND, variables: { input } });
};

interface Answer {
  readonly data?: { sendMessage: { status: string } | null };
  readonly errors?: { extensions: { code: string; outcome?: string } }[];
}

/** The answer to the message of `text`; null where there is none. */
async function answerTo(url: string, agent: Agent, text: string): Promise<Answer | null> {
  try {
    const headers = { 'content-type': 'application/json' };
    const { body } = await request(url, { method: 'POST', dispatcher: agent, headers, body: bodyOf(text) });
    return (await body.json()) as Answer;
  } catch {
    return null;
  }
}

/** Sends so many at once, one after the other, until the server is gone; the answers by text. */
async function sendUntilGone(url: string, onAnswer: () => void): Promise<ReadonlyMap<string, Answer>> {
  const agent = new Agent({ connections: AT_ONCE });
  const answers = new Map<string, Answer>();
  let number = 0;
  const keepSending = async (): Promise<void> => {
    for (;;) {
      const text = `message ${number++}`;
      const answer = await answerTo(url, agent, text);
      if (answer === null) return;
      answers.set(text, answer);
      if (answer.errors !== undefined) return;
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepSending));
  await agent.close();
  return answers;
}

/** Resolves once it answers. */
async function untilListening(url: string, child: ChildProcess): Promise<void> {
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes(url)) return;
  throw new Error('The server ended.');
}

describe.each(Object.keys(COMMANDS))('SIGTERM to %s, at 200 requests a second', (name) => {
  let folder: string;

  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'lets no request fail that reached upstream, and ends within 10 s (round %i)',
    async () => {
      const reached = new Set<string>();
      const upstream = await startEndpoint((response, body, { method }) => {
        // The look at the account.
        if (method === 'GET') return response.end('{"messages":[]}');
        reached.add((JSON.parse(body) as { text: string }).text);
        return setTimeout(() => response.writeHead(202).end(JSON.stringify({ id: `id-${reached.size}` })), UPSTREAM_MS);
      });
      const port = await unlistenedPort();
      const [command, ...args] = COMMANDS[name] ?? ['false'];
      const child = spawn(command, args, {
        cwd: folder,
        env: {
          ...{ PATH: process.env.PATH, PORT: String(port), LOG_LEVEL: 'silent' },
          ...{ CATAPULT_URL: `${upstream.url}/v2`, CATAPULT_USER_ID: 'u', CATAPULT_TOKEN: 't', CATAPULT_SECRET: 's' },
          ...{ AUTH: 'none', LIMIT_SENDS: 'off', LIMIT_PER_RECIPIENT: 'off' },
          DATABASE_URL: `sqlite:${join(folder, 'messages.sqlite')}`,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const url = `http://127.0.0.1:${port}/graphql`;
      await untilListening(url, child);
      let answered = 0;
      let stoppedAt = Infinity;
      const answers = await sendUntilGone(url, () => {
        if (++answered !== ANSWERS_BEFORE) return;
        stoppedAt = performance.now();
        child.kill('SIGTERM');
      });
      const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number | null]) : [child.exitCode];
      expect(performance.now() - stoppedAt).toBeLessThan(STOP_LIMIT_MS);
      expect(code).toBe(0);
      const accepted = [...answers].filter(([, { data }]) => data?.sendMessage?.status === 'ACCEPTED');
      expect(accepted.map(([text]) => text).sort()).toEqual([...reached].sort());
      const refusals = [...answers.values()].flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions));
      for (const { code: refusal } of refusals) expect(refusal).toBe('SHUTTING_DOWN');
      await upstream.close();
    },
    60_000,
  );
});
