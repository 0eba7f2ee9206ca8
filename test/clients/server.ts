/** A server whose messages are delivered when a test says so. */
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';

export interface DeliveringServer {
  readonly url: string;
  /** Lets upstream report that a message has arrived. */
  deliver(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function startDeliveringServer(): Promise<DeliveringServer> {
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const app = await startTestApp({ ...accountAt(sandbox), ...CALLBACKS });
  return {
    url: app.url,
    deliver: (id) => report(app.url, id),
    async close() {
      await app.close();
      await sandbox.close();
    },
  };
}
