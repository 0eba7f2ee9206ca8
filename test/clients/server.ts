/** A server whose messages are delivered when a test says so. */
import { request } from 'undici';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp } from '../support/app.js';
import { INPUT } from '../support/messages.js';

const CREDENTIALS = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' };

export interface DeliveringServer {
  readonly url: string;
  /** Lets upstream report that a message has arrived. */
  deliver(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function startDeliveringServer(): Promise<DeliveringServer> {
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const app = await startTestApp({ ...accountAt(sandbox), ...CREDENTIALS });
  return {
    url: app.url,
    async deliver(id) {
      const time = '2026-11-24T10:00:00Z';
      const { from, to } = INPUT;
      const event = { type: 'message-delivered', time, to: to[0], message: { id, time, to, from } };
      const { statusCode } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
        body: JSON.stringify([event]),
      });
      if (statusCode !== 200) throw new Error(`The callback was answered ${statusCode}`);
    },
    async close() {
      await app.close();
      await sandbox.close();
    },
  };
}
