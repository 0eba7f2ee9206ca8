/** The demo: the server and its sandbox in one process, and the method page's three samples sent through both. */
import { request } from 'undici';
import { createApp } from './app.js';
import type { Config } from './config/config.js';
import type { Logger } from './log.js';
import { SAMPLES, SEND_MESSAGE } from './sandbox/samples.js';

/** The demo is its own only caller. */
const OPEN = { apiKeys: [], tokens: null, senders: {} };

/** Prints each request and its answer. @throws when a sample is not accepted. */
export async function runDemo(config: Config, log: Logger, print: (text: string) => void): Promise<void> {
  const app = await createApp(
    {
      ...config,
      auth: OPEN,
      upstream: { kind: 'sandbox', auth: 'basic' },
      port: 0,
      databaseUrl: null,
      databaseFile: null,
    },
    { log, storeFile: ':memory:' },
  );
  try {
    const url = await app.listen();
    for (const { title, input } of SAMPLES) {
      const { body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: SEND_MESSAGE, variables: { input } }),
      });
      const answer = (await body.json()) as { data?: { sendMessage: unknown } };
      print(
        `\n# ${title}\n\nsendMessage(input: ${JSON.stringify(input, null, 2)})\n\n${JSON.stringify(answer, null, 2)}\n`,
      );
      if (answer.data?.sendMessage == null) throw new Error(`The sandbox did not accept: ${title}`);
    }
  } finally {
    await app.close();
  }
}
