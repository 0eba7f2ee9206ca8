/** Where messages go: Catapult as configured, or the built-in sandbox in its place. */
import { randomBytes } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Credentials } from './catapult/callback-route.js';
import { Account } from './catapult/account.js';
import { basicAuthorization, TokenAuthorization, type RenewableAuthorization } from './catapult/authorization.js';
import { AccountCheck, NOT_CHECKED, type CheckResult } from './catapult/check.js';
import { openConnection } from './catapult/connection.js';
import { CatapultMedia } from './catapult/media.js';
import type { Closing } from './closing.js';
import type { Upstream, UpstreamCredentials } from './config/config.js';
import type { SandboxAuth } from './config/upstream.js';
import { MAX_READ_BYTES, type MediaStore } from './messaging/media.js';
import type { Clock } from './messaging/ports.js';
import { SAMPLES } from './sandbox/samples.js';
import { startSandbox } from './sandbox/sandbox.js';
import { VERSION } from './version.js';

const USER_AGENT = `catapult-graphql/${VERSION}`;
/** For all downloads and uploads that are let in at once, copies, and deletions: none waits for somebody who reads slowly. */
const MAX_FILE_CONNECTIONS = 192;
/** More than comes at once. */
const CHUNK_BYTES = 1024 * 1024;

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
  /** The account's store of files. */
  readonly media: MediaStore;
  /** Secrets of Catapult by which earlier versions signed tags. */
  readonly formerSecrets: readonly string[];
  /** Credentials that upstream itself brings for its callbacks; the sandbox does. */
  readonly callbackCredentials: readonly Credentials[];
  readonly notice: string;
  /** Where the built-in sandbox is reached; null for everything else. */
  readonly sandboxOrigin: string | null;
  /** The input of a send that reaches nobody; null where every send is real. */
  readonly sample: object | null;
  /** What the first line of the log says of it. */
  readonly facts: object;
  /** Whether upstream can be used as it is configured: `ok`, or what is wrong, in words that hold no secret. */
  state(): string;
  /** When the last access token ends, in milliseconds since 1970; null where there is none. */
  tokenEndsAt(): number | null;
  /** Resolves once the state is known for the first time. */
  readonly checked: Promise<CheckResult>;
  /** Calls `listener` with the state at once and whenever it changes. */
  watch(listener: (state: string) => void): void;
  /** Signs in with other credentials of the same kind from now on; the rest of what is configured stays. */
  renew(upstream: Upstream): void;
  /** Checks the account again: to be called when upstream refused a request as a whole. */
  checkAgain(): void;
  /** Has a message with a picture come in, where this process runs the sandbox; otherwise does nothing. */
  bringInSample(): void;
  /** Gives the sandbox the address at which callbacks are taken. Catapult has it from its operator. */
  listening(callbackUrl: string): void;
}

/** The built-in sandbox, which may run in another process. */
export interface BuiltInSandbox {
  readonly address: SandboxAddress;
  /** Has its callbacks sent there. */
  sendCallbacksTo(callbackUrl: string): void;
  /** Has a message with a picture come in; absent where another process runs it. */
  readonly bringInSample?: () => void;
}

/** What a server knows of it. */
export interface SandboxAddress {
  readonly url: string;
  readonly tokenUrl: string;
  /** What it signs its callbacks with. */
  readonly callbackCredentials: Credentials;
}

export async function startBuiltInSandbox(closing: Closing, auth: SandboxAuth): Promise<BuiltInSandbox> {
  const sandbox = await startSandbox({ ...SANDBOX_ACCOUNT, auth });
  closing.add(() => sandbox.close());
  const { url, tokenUrl } = sandbox;
  const callbackCredentials = { username: 'sandbox', password: randomBytes(16).toString('hex') };
  return {
    address: { url, tokenUrl, callbackCredentials },
    sendCallbacksTo: (callbackUrl) => {
      sandbox.sendCallbacksTo({ url: callbackUrl, ...callbackCredentials });
    },
    bringInSample: () => {
      sandbox.bringInSample();
    },
  };
}

export interface UpstreamOptions {
  readonly clock: Clock;
  /** See `MediaOptions`. */
  readonly onLeftOver: (error: unknown) => void;
  /** The sandbox, where another process runs it. */
  readonly running?: BuiltInSandbox | undefined;
}

/**
 * Opens the connections, and begins to find out whether they can be used. Never fails for that: a problem shows in
 * `state`. Starts the sandbox where it is wanted and `running` is not given.
 */
export async function openUpstream(
  closing: Closing,
  upstream: Upstream,
  options: UpstreamOptions,
): Promise<OpenUpstream> {
  if (upstream.kind === 'catapult') {
    const notice = 'listening; messages go to Catapult';
    const own = {
      notice,
      sandboxOrigin: null,
      sample: null,
      callbackCredentials: [],
      listening: () => undefined,
      bringInSample: () => undefined,
    };
    return { ...connect(closing, upstream, options), ...own };
  }
  const sandbox = options.running ?? (await startBuiltInSandbox(closing, upstream.auth));
  return {
    ...connect(closing, accountIn(sandbox.address, upstream.auth), options),
    notice: 'listening; messages go to the built-in SANDBOX and reach nobody',
    sandboxOrigin: new URL(sandbox.address.url).origin,
    sample: SAMPLES[0].input,
    facts: { sandbox: sandbox.address.url },
    callbackCredentials: [sandbox.address.callbackCredentials],
    bringInSample: () => sandbox.bringInSample?.(),
    listening: (callbackUrl) => {
      sandbox.sendCallbacksTo(callbackUrl);
    },
  };
}

function accountIn({ url, tokenUrl }: SandboxAddress, auth: SandboxAuth): Live {
  const { userId, token, secret, clientId, clientSecret } = SANDBOX_ACCOUNT;
  const credentials: UpstreamCredentials =
    auth === 'basic' ? { kind: 'basic', token, secret } : { kind: 'oauth', clientId, clientSecret, tokenUrl };
  return { kind: 'catapult', url, userId, credentials, formerSecrets: [], proxies: null };
}

/** Whether upstream can be used, by what is known of the account and of its token. */
class UpstreamState {
  account: CheckResult = { kind: 'unknown', why: NOT_CHECKED };
  tokenProblem: string | null = null;
  readonly #listeners: ((state: string) => void)[] = [];

  get words(): string {
    const { account, tokenProblem } = this;
    if (tokenProblem !== null) return tokenProblem;
    return account.kind === 'ok' ? 'ok' : account.kind === 'problem' ? account.problem : account.why;
  }

  watch(listener: (state: string) => void): void {
    this.#listeners.push(listener);
    listener(this.words);
  }

  notify(): void {
    for (const listener of this.#listeners) listener(this.words);
  }
}

type Connected = Omit<
  OpenUpstream,
  'notice' | 'sandboxOrigin' | 'sample' | 'callbackCredentials' | 'listening' | 'bringInSample'
>;

function connect(closing: Closing, upstream: Live, { clock, onLeftOver }: UpstreamOptions): Connected {
  const { url, userId, credentials, formerSecrets, proxies } = upstream;
  const random = Math.random;
  const state = new UpstreamState();
  const dispatcher = openConnection(proxies);
  const authorization = authorizationBy(credentials, {
    dispatcher,
    clock,
    random,
    onChange(problem) {
      state.tokenProblem = problem;
      // Without a token the check could not be made; what it finds now is the news.
      if (problem === null && check.result.kind === 'problem') check.mended();
      else state.notify();
    },
  });
  const account = new Account({ url, userId, authorization, dispatcher, userAgent: USER_AGENT });
  // On connections of their own: no send waits behind a file, and only here may answers be large. Whoever reads a file
  // counts by himself, and knows then that it is too large; the connection only says that it broke.
  const forFiles = openConnection(proxies, MAX_READ_BYTES + CHUNK_BYTES, MAX_FILE_CONNECTIONS);
  const connection = { url, userId, authorization, dispatcher: forFiles, userAgent: USER_AGENT };
  const media = new CatapultMedia({ ...connection, onLeftOver });
  const check = new AccountCheck({
    account,
    clock,
    random,
    onChange(result) {
      state.account = result;
      state.notify();
    },
  });
  closing.add(async () => {
    await media.close();
    authorization.close();
    await check.close();
    await Promise.all([dispatcher.destroy(), forFiles.destroy()]);
  });
  return {
    account,
    media,
    formerSecrets,
    facts: proxies === null ? {} : { proxies: withoutCredentials(proxies) },
    state: () => state.words,
    tokenEndsAt: () => authorization.tokenEndsAt,
    checked: check.first,
    watch: (listener) => {
      state.watch(listener);
    },
    renew(next) {
      if (next.kind !== 'catapult' || next.credentials.kind !== credentials.kind) return;
      const { credentials: given } = next;
      if (given.kind === 'basic') authorization.use(given.token, given.secret);
      else authorization.use(given.clientId, given.clientSecret);
      check.again();
    },
    checkAgain: () => {
      check.again();
    },
  };
}

function authorizationBy(
  credentials: UpstreamCredentials,
  options: {
    readonly dispatcher: Dispatcher;
    readonly clock: Clock;
    readonly random: () => number;
    readonly onChange: (problem: string | null) => void;
  },
): RenewableAuthorization {
  if (credentials.kind === 'basic') return basicAuthorization(credentials.token, credentials.secret);
  return new TokenAuthorization({ ...credentials, ...options, userAgent: USER_AGENT });
}

/** A proxy's URL may hold a password. */
function withoutCredentials({ httpsProxy, httpProxy, noProxy }: NonNullable<Live['proxies']>): object {
  const hostOf = (url: string | null): string | undefined => (url === null ? undefined : new URL(url).host);
  return { https: hostOf(httpsProxy ?? httpProxy), http: hostOf(httpProxy), none: noProxy ?? undefined };
}
