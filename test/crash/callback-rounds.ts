/** Kills the built server with SIGKILL while it takes callbacks in, and looks for every event that it answered with 200. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { upstreamAt } from '../support/app.js';
import { startMisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { newRandom } from '../store/sends.js';
import { startProgress } from '../support/progress.mjs';
import { startServer, type ServerProcess } from '../support/server-process.js';

/** Callbacks under way at once. */
const CONCURRENCY = 16;
/** Messages of a round that delivery events are about. */
const SENDS = 8;
/** The server lives this long under callbacks, at most. */
const LIFE_MS = 120;

const CREDENTIALS = `Basic ${Buffer.from('user:pass').toString('base64')}`;
const ENVIRONMENT = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'pass' };

export interface CallbackReport {
  readonly taken: number;
  /** Ids of messages whose event was answered with 200 and is gone. */
  readonly missing: readonly string[];
}

/** @param seed says how long each server lives. */
export async function callbackRounds(rounds: number, folder: string, seed: number): Promise<CallbackReport> {
  const random = newRandom(seed);
  const upstream = await startMisbehavingUpstream(async (connection) => {
    for (;;) {
      const { body } = await connection.readPost();
      const { text } = JSON.parse(body.toString()) as { text: string };
      const answer = JSON.stringify({ id: text });
      connection.write(`HTTP/1.1 202 Accepted\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`);
    }
  });
  const start = (): Promise<ServerProcess> => startServer(folder, { ...upstreamAt(upstream.url), ...ENVIRONMENT });
  let server = await start();
  let taken = 0;
  const missing: string[] = [];
  try {
    const step = startProgress('crashes while callbacks come in', rounds);
    for (let round = 0; round < rounds; round++) {
      const answered = await takeUntilKilled(server, round, random(LIFE_MS));
      server = await start();
      taken += answered.size;
      for (const [id, status] of await statusesOf(server, [...answered.keys()])) {
        if (status !== answered.get(id)) missing.push(id);
      }
      step();
    }
    return { taken, missing };
  } finally {
    server.process.kill('SIGKILL');
    await upstream.close();
  }
}

/** What the server answered with 200 before it died: message ids, and the status that each must have. */
async function takeUntilKilled(
  { url, process }: ServerProcess,
  round: number,
  lifeMs: number,
): Promise<Map<string, string>> {
  const exited = once(process, 'exit');
  const clients = new Agent();
  const sent = Array.from({ length: SENDS }, (_, index) => `sent-${round}-${index}`);
  await Promise.all(sent.map((id) => send(url, id, clients)));

  const answered = new Map<string, string>();
  let next = 0;
  const callBack = async (): Promise<void> => {
    for (;;) {
      const number = next++;
      const id = sent[number] ?? `received-${round}-${number}`;
      const isDelivery = number < SENDS;
      const message = { id, from: '+12345678901', to: ['+12345678902'], text: 'Hey' };
      const event = { type: isDelivery ? 'message-delivered' : 'message-received', to: '+12345678902', message };
      const { statusCode, body } = await request(new URL('/callbacks/catapult', url), {
        method: 'POST',
        headers: { authorization: CREDENTIALS },
        body: JSON.stringify([event]),
        dispatcher: clients,
      });
      await body.dump();
      if (statusCode === 200) answered.set(id, isDelivery ? 'DELIVERED' : 'RECEIVED');
    }
  };
  // Each goes on until the server is gone.
  const callers = Array.from({ length: CONCURRENCY }, () => callBack().catch(() => undefined));
  await delay(lifeMs);
  process.kill('SIGKILL');
  await exited;
  await Promise.all(callers);
  await clients.destroy();
  return answered;
}

async function send(url: string, id: string, dispatcher: Dispatcher): Promise<void> {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
  const input = { from: '+12345678901', to: '+12345678902', text: id, applicationId: 'app' };
  await post(url, { query, variables: { input } }, dispatcher);
}

async function statusesOf(
  { url }: ServerProcess,
  ids: readonly string[],
): Promise<[id: string, status: string | undefined][]> {
  const clients = new Agent({ connections: 4 });
  const query = 'query ($id: ID!) { message(id: $id) { status } }';
  const found = await Promise.all(
    ids.map(async (id): Promise<[string, string | undefined]> => {
      const { message } = await post(url, { query, variables: { id } }, clients);
      return [id, message?.status];
    }),
  );
  await clients.close();
  return found;
}

async function post(
  url: string,
  operation: object,
  dispatcher: Dispatcher,
): Promise<{ message?: { status: string } | null }> {
  const { body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(operation),
    dispatcher,
  });
  return ((await body.json()) as { data: { message?: { status: string } | null } }).data;
}
