/** Where messages go: Catapult as configured, or the built-in sandbox in its place. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Dispatcher } from 'undici';
import type { Credentials } from './catapult/callback-route.js';
import { Account } from './catapult/account.js';
import { basicAuthorization, TokenAuthorization, type Authorization } from './catapult/authorization.js';
import { AccountCheck, NOT_CHECKED } from './catapult/check.js';
import { openConnection } from './catapult/connection.js';
import { startSandbox, type Sandbox } from './sandbox/sandbox.js';
import type { Upstream, UpstreamCredentials } from './config/config.js';
import type { Clock } from './messaging/ports.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const USER_AGENT = `catapult-graphql/${version}`;

/** The account of the built-in sandbox. */
export const SANDBOX_ACCOUNT = {
  userId: 'u-sandbox',
  token: 't-sandbox',
  secret: 's-sandbox',
  clientId: 'c-sandbox',
  clientSecret: 'cs-sandbox',
} as const;

export { NOT_CHECKED };

type Live = Extract<Upstream, { kind: 'catapult' }>;

export interface OpenUpstream {
  readonly account: Account;
  /** Secrets of Catapult by which earlier versions signed tags. */
  readonly formerSecrets: readonly string[];
  /** Credentials that upstream itself brings for its callbacks; the sandbox does. */
  readonly callbackCredentials: readonly Credentials[];
  readonly notice: string;
  /** What the first line of the log says of it. */
  readonly facts: object;
  /** Whether upstream can be used as it is configured: `ok`, or what is wrong, in words that hold no secret. */
  state(): string;
  /** Resolves with the state once it is known for the first time. */
  readonly checked: Promise<unknown>;
  /** Tells `listener` the state at once and whenever it changes. */
  watch(listener: (state: string) => void): void;
  /** To be told when upstream refused a request as a whole. */
  checkAgain(): void;
  /** Tells upstream, where it can be told, at which address callbacks are taken. */
  listening(callbackUrl: string): void;
  close(): Promise<void>;
}

/** Opens the connections, and begins to find out whether they can be used. It never fails because they cannot. */
export async function openUpstream(upstream: Upstream, clock: Clock): Promise<OpenUpstream> {
  if (upstream.kind === 'catapult') {
    const notice = 'listening; messages go to Catapult';
    return { ...connect(upstream, clock), notice, callbackCredentials: [], listening: () => undefined };
  }
  const sandbox = await startSandbox({ ...SANDBOX_ACCOUNT, auth: upstream.auth });
  const credentials = { username: 'sandbox', password: randomBytes(16).toString('hex') };
  const connected = connect(accountIn(sandbox, upstream.auth), clock);
  return {
    ...connected,
    notice: 'listening; messages go to the built-in SANDBOX and reach nobody',
    facts: { ...connected.facts, sandbox: sandbox.url },
    callbackCredentials: [credentials],
    listening: (url) => {
      sandbox.sendCallbacksTo({ url, ...credentials });
    },
    async close() {
      await connected.close();
      await sandbox.close();
    },
  };
}

function accountIn({ url, tokenUrl }: Sandbox, auth: 'basic' | 'oauth'): Live {
  const { userId, token, secret, clientId, clientSecret } = SANDBOX_ACCOUNT;
  const credentials: UpstreamCredentials =
    auth === 'basic' ? { kind: 'basic', token, secret } : { kind: 'oauth', clientId, clientSecret, tokenUrl };
  return { kind: 'catapult', url, userId, credentials, formerSecrets: [], proxies: null };
}

type Connected = Omit<OpenUpstream, 'notice' | 'callbackCredentials' | 'listening'>;

function connect({ url, userId, credentials, formerSecrets, proxies }: Live, clock: Clock): Connected {
  const listeners: ((state: string) => void)[] = [];
  const random = Math.random;
  const dispatcher = openConnection(proxies);
  let tokenProblem: string | null = null;
  const authorization = authorizationBy(credentials, { dispatcher, clock, random, onChange });
  const account = new Account({ url, userId, authorization, dispatcher, userAgent: USER_AGENT });
  const check = new AccountCheck({ account, clock, random, onChange: tell });
  return {
    account,
    formerSecrets,
    facts: proxies === null ? {} : { proxies: withoutCredentials(proxies) },
    state,
    checked: check.first,
    watch(listener) {
      listeners.push(listener);
      listener(state());
    },
    checkAgain: () => {
      check.again();
    },
    async close() {
      authorization.close();
      await check.close();
      await dispatcher.destroy();
    },
  };

  function state(): string {
    const { result } = check;
    if (tokenProblem !== null) return tokenProblem;
    return result.kind === 'ok' ? 'ok' : result.kind === 'problem' ? result.problem : result.why;
  }
  function tell(): void {
    for (const listener of listeners) listener(state());
  }
  function onChange(problem: string | null): void {
    tokenProblem = problem;
    // Without a token the check could not be made; it tells what it finds now.
    if (problem === null && check.result.kind === 'problem') check.mended();
    else tell();
  }
}

function authorizationBy(
  credentials: UpstreamCredentials,
  options: {
    readonly dispatcher: Dispatcher;
    readonly clock: Clock;
    readonly random: () => number;
    readonly onChange: (problem: string | null) => void;
  },
): Authorization {
  if (credentials.kind === 'basic') return basicAuthorization(credentials.token, credentials.secret);
  return new TokenAuthorization({ ...credentials, ...options, userAgent: USER_AGENT });
}

/** A proxy's URL may hold a password. */
function withoutCredentials({ httpsProxy, httpProxy, noProxy }: NonNullable<Live['proxies']>): object {
  const hostOf = (url: string | null): string | undefined => (url === null ? undefined : new URL(url).host);
  return { https: hostOf(httpsProxy ?? httpProxy), http: hostOf(httpProxy), none: noProxy ?? undefined };
}
