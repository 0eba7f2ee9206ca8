/** The whole server under more than it can do: what it took on is done, what it refuses was not begun. */
import { Agent, request } from 'undici';
import type { ServerResponse } from 'node:http';
import { startTestApp, upstreamAt } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { startEndpoint } from '../support/endpoint.js';
import { ACCEPTED_ANSWER, INPUT } from '../support/messages.js';
import { firstAnswer } from '../support/subscriber.js';

/** What the server works on at once. */
const MAX = 1_000;
const TOO_MANY = 100;
const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const BUSY = { code: 'SERVER_BUSY', retryable: true, retryAfterSeconds: 1, requestId: expect.any(String) as string };

it('a server with a thousand sends under way refuses the rest, and sends nothing twice and nothing that it refused', async () => {
  let isHeld = true;
  const held: ServerResponse[] = [];
  const keys: string[] = [];
  const upstream = await startEndpoint((response, body, { method }) => {
    if (method !== 'POST') {
      response.end('{"totalCount":0,"messages":[]}');
      return;
    }
    keys.push((JSON.parse(body) as { text: string }).text);
    if (isHeld) held.push(response);
    else accept(response, keys.length);
  });
  const app = await startTestApp({ ...upstreamAt(upstream.url), ...CALLBACKS });
  const dispatcher = new Agent({ connections: MAX + TOO_MANY });
  const send = async (key: string): Promise<unknown> => {
    const input = { ...INPUT, text: key, idempotencyKey: key };
    const { statusCode, headers, body } = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { input } }),
      dispatcher,
    });
    const { errors } = (await body.json()) as { errors?: { extensions: object }[] };
    return errors === undefined ? statusCode : [statusCode, headers['retry-after'], errors[0]?.extensions];
  };
  const probe = async (path: string): Promise<number> => {
    const { statusCode, body } = await request(new URL(path, app.url));
    await body.dump();
    return statusCode;
  };

  const answers = new Map<string, unknown>();
  let tell = (): void => undefined;
  const isFull = new Promise<void>((resolve) => (tell = resolve));
  const sends = Array.from({ length: MAX + TOO_MANY }, async (_, index) => {
    const key = `k${index}`;
    if (answers.set(key, await send(key)).size === TOO_MANY) tell();
  });
  // All that is refused is answered while upstream says nothing at all.
  await isFull;
  expect([...answers.values()]).toEqual(Array<unknown>(TOO_MANY).fill([503, '1', BUSY]));
  const refused = [...answers.keys()];
  expect(await firstAnswer(app.url, { query, variables: { input: INPUT } })).toEqual({
    errors: [{ message: expect.any(String) as string, extensions: BUSY }],
  });
  expect([await probe('/health'), await probe('/ready')]).toEqual([200, 200]);
  await report(app.url, 'm1');

  isHeld = false;
  held.forEach(accept);
  await Promise.all(sends);
  expect([...answers.values()].filter((answer) => answer === 200)).toHaveLength(MAX);
  expect(new Set(keys).size).toBe(MAX);
  expect(keys).toHaveLength(MAX);
  expect(keys.filter((key) => refused.includes(key))).toEqual([]);
  expect(await Promise.all(refused.map(send))).toEqual(Array<number>(TOO_MANY).fill(200));

  await dispatcher.close();
  await app.close();
  await upstream.close();
}, 60_000);

function accept(response: ServerResponse, index: number): void {
  response.writeHead(202, { 'content-type': 'application/json' });
  response.end(ACCEPTED_ANSWER.replace('14762070468292kw2fuqty55yp2b2', `m-${index}-${Math.random()}`));
}
