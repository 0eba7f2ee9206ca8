/** Subscribers whose server restarts in the middle: they come again by themselves. */
import { createHash } from 'node:crypto';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { request } from 'undici';
import WebSocket from 'ws';
import { startTestApp, type TestApp } from '../support/app.js';

const KEY = 'auditor-key';
const ENVIRONMENT = {
  API_KEYS: `auditor:${createHash('sha256').update(KEY).digest('hex')}:messages:read-all`,
  CALLBACK_USERNAME: 'user',
  CALLBACK_PASSWORD: 'password',
};
const query = 'subscription { messageReceived { text } }';

/** Lets a message come in. */
async function receive(url: string, text: string): Promise<void> {
  const [from, owner] = ['+12345678902', '+12345678901'];
  const message = { id: `${text} ${lastId++}`, from, to: [owner], owner, text };
  const event = { type: 'message-received', time: '2026-11-24T10:00:00Z', to: owner, message };
  const { statusCode } = await request(`${new URL(url).origin}/callbacks/catapult`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
    body: JSON.stringify([event]),
  });
  if (statusCode !== 200) throw new Error(`The callback was answered ${statusCode}`);
}
let lastId = 0;

interface Client {
  iterate(payload: { query: string }): AsyncIterableIterator<{
    data?: Record<string, unknown> | null;
    errors?: readonly { extensions?: Record<string, unknown> }[];
  }>;
  dispose(): unknown;
}

const clients: [name: string, open: (url: string) => Client][] = [
  [
    'graphql-ws, signed in by Authorization,',
    (url) =>
      createSocketClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: () => ({ Authorization: `Bearer ${KEY}` }),
      }) as Client,
  ],
  [
    'graphql-ws, signed in by x-api-key,',
    (url) =>
      createSocketClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: { 'x-api-key': KEY },
      }) as Client,
  ],
  ['graphql-sse', (url) => createEventClient({ url, headers: () => ({ authorization: `Bearer ${KEY}` }) })],
];

it.each(clients)(
  '%s comes again after its server has restarted',
  async (_name, open) => {
    let app: TestApp = await startTestApp(ENVIRONMENT);
    const { url } = app;
    const client = open(url);
    const told = client.iterate({ query });
    /** Since nobody says when a subscription is open, messages come in until one of them is told. */
    const untilTold = async (text: string): Promise<unknown> => {
      const next = told.next();
      const answers: unknown[] = [];
      void next.then(({ value }) => answers.push(value));
      while (answers.length === 0) await receive(url, text);
      return answers[0];
    };
    expect(await untilTold('before')).toMatchObject({ data: { messageReceived: { text: 'before' } } });
    await app.close();
    app = await startTestApp({ ...ENVIRONMENT, PORT: new URL(url).port });
    let after: unknown;
    do after = await untilTold('after');
    while (JSON.stringify(after).includes('before') || JSON.stringify(after).includes('SHUTTING_DOWN'));
    expect(after).toMatchObject({ data: { messageReceived: { text: 'after' } } });
    await client.dispose();
    await app.close();
  },
  30_000,
);
