/** Where messages go: Catapult as configured, or the built-in sandbox in its place. */
import { randomBytes } from 'node:crypto';
import type { Credentials } from './callbacks/route.js';
import { startSandbox } from './catapult/sandbox.js';
import type { Upstream } from './config.js';

/** The account of the built-in sandbox. */
export const SANDBOX_ACCOUNT = { userId: 'u-sandbox', token: 't-sandbox', secret: 's-sandbox' } as const;

export interface OpenUpstream {
  readonly account: Omit<Extract<Upstream, { kind: 'catapult' }>, 'kind'>;
  readonly notice: string;
  /** What the first line of the log says of it. */
  readonly facts: object;
  /** Credentials that upstream itself brings; the sandbox does. */
  readonly callbackCredentials: readonly Credentials[];
  /** Tells upstream, where it can be told, at which address callbacks are taken. */
  listening(callbackUrl: string): void;
  close(): Promise<void>;
}

export async function openUpstream(upstream: Upstream): Promise<OpenUpstream> {
  if (upstream.kind === 'catapult') {
    return {
      account: upstream,
      notice: 'listening; messages go to Catapult',
      facts: {},
      callbackCredentials: [],
      listening: () => undefined,
      close: () => Promise.resolve(),
    };
  }
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const credentials = { username: 'sandbox', password: randomBytes(16).toString('hex') };
  return {
    account: { ...SANDBOX_ACCOUNT, url: sandbox.url },
    notice: 'listening; messages go to the built-in SANDBOX and reach nobody',
    facts: { sandbox: sandbox.url },
    callbackCredentials: [credentials],
    listening: (url) => {
      sandbox.sendCallbacksTo({ url, ...credentials });
    },
    close: () => sandbox.close(),
  };
}
