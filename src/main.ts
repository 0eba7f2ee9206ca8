/** The process: reads the environment, starts, stops on a signal. The only file that touches `process`. */
import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { createApp } from './app.js';
import { isOpen } from './auth/authenticator.js';
import { ConfigError, storeConfigIn, readConfig, type Config } from './config/config.js';
import type { SandboxAuth } from './config/upstream.js';
import { runDemo } from './demo.js';
import { ServiceError } from './errors.js';
import { subgraphSdl } from './graphql/schema.js';
import { processJournal } from './journal.js';
import { LINES } from './journal-lines.js';
import { createLogger, standardError, type Logger } from './log.js';
import type { MessageStore, Position, StoredSend } from './messaging/ports.js';
import { settleByHand, type SettleRequest } from './messaging/settlement.js';
import { STORE_FILE } from './parts.js';
import { SAMPLES } from './sandbox/samples.js';
import { startSandbox, type Sandbox } from './sandbox/sandbox.js';
import { openStore } from './store/index.js';
import { StoreInUseError } from './store/file-lock.js';
import { NewerStoreError } from './store/migrations.js';
import { readTraceRequest, traced, TRACE_USAGE } from './trace.js';
import { SANDBOX_ACCOUNT } from './upstream.js';
import { serveAsWorker, startWorkers, WorkerEndedError, type Workers } from './workers.js';

/** A stop that takes longer than this, after DRAIN_DELAY_MS, is stuck, and is ended. */
const STOP_LIMIT_MS = 9_900;
/** Where `npm run sandbox` listens, unless PORT says otherwise. */
const SANDBOX_PORT = 4010;
const PAGE_SIZE = 100;
const SETTLED_AS: Readonly<Record<string, SettleRequest['as']>> = { sent: 'SENT', 'not-sent': 'NOT_SENT' };
const SETTLE_USAGE = `Usage: settle SEND_ID sent|not-sent [--message-id ID] [--reason "how you know"]`;

const print = (text: string): void => {
  process.stdout.write(text);
};

/** People read standard output; the log goes to standard error. */
const newLogger = (level: string): Logger =>
  createLogger(
    level,
    standardError((flush) => process.on('exit', flush)),
  );

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const log = newLogger(config.logLevel);
  printOnlyJson(log);
  // By WORKERS, too: somebody else's cluster may run this server as one of its own workers.
  if (cluster.isWorker && config.workers > 1) {
    await untilSignal(serveAsWorker(config, log), config.drainDelayMs);
    return;
  }
  const starting = config.workers > 1 ? startWorkers(config, log) : startServer(config, log);
  const { url } = await untilSignal(starting, config.drainDelayMs);
  print(`\nGraphQL  ${url}  (${notice(config)})\n\nSend a message:\n\n${curl(url, config)}\n\n`);
}

/** Whatever Node or a library would print to standard error becomes a line of the log, and so does a last error. */
function printOnlyJson(log: Logger): void {
  const { onWarning, onPrinted } = processJournal(log);
  process.removeAllListeners('warning').on('warning', onWarning);
  for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
    console[method] = () => {
      onPrinted(method);
    };
  }
  process.on('uncaughtException', fail).on('unhandledRejection', fail);
}

/** Stops what starts, on a signal. From the first moment on: it serves before it has started in every respect. */
function untilSignal<Started extends { close(): Promise<void> }>(
  starting: Promise<Started>,
  drainDelayMs: number,
): Promise<Started> {
  stopOnSignal(async () => {
    const started = await starting;
    await started.close();
  }, drainDelayMs);
  return starting;
}

async function startServer(config: Config, log: Logger): Promise<Workers> {
  const app = await createApp(config, { log, bringInSample: true });
  return { url: await app.listen(), close: () => app.close() };
}

async function sandbox(): Promise<void> {
  // Nothing else of the environment is for the sandbox: it may be the environment of the server that calls it.
  const { PORT = String(SANDBOX_PORT), SANDBOX_AUTH } = process.env;
  const { port, upstream } = readConfig({ PORT, SANDBOX_AUTH });
  const auth = upstream.kind === 'sandbox' ? upstream.auth : 'basic';
  const started = await startSandbox({ ...SANDBOX_ACCOUNT, port, auth });
  const { CALLBACK_URL: callbackUrl, CALLBACK_USERNAME: username = '', CALLBACK_PASSWORD: password = '' } = process.env;
  if (callbackUrl !== undefined) started.sendCallbacksTo({ url: callbackUrl, username, password });
  const lines = Object.entries(variablesFor(started, auth)).map(([name, value]) => `${name}=${value}\n`);
  // In one piece, for whoever reads them from a file or a pipe.
  print(lines.join(''));
  stopOnSignal(() => started.close());
}

/** The environment of a server that is to use this sandbox. */
function variablesFor({ url, tokenUrl }: Sandbox, auth: SandboxAuth): Record<string, string> {
  const { userId, token, secret, clientId, clientSecret } = SANDBOX_ACCOUNT;
  const address = { CATAPULT_URL: url, CATAPULT_USER_ID: userId };
  if (auth === 'basic') return { ...address, CATAPULT_TOKEN: token, CATAPULT_SECRET: secret };
  return {
    ...address,
    CATAPULT_CLIENT_ID: clientId,
    CATAPULT_CLIENT_SECRET: clientSecret,
    CATAPULT_TOKEN_URL: tokenUrl,
  };
}

function unresolved(): Promise<void> {
  return withStore(async (store) => {
    let after: Position | null = null;
    for (;;) {
      const page: StoredSend[] = await store.unresolvedSends(PAGE_SIZE, after);
      for (const send of page) print(`${JSON.stringify(described(send))}\n`);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_SIZE) return;
      after = { time: last.startedAtMs * 1000, sendId: last.sendId };
    }
  });
}

async function settle(): Promise<void> {
  const request = readSettleRequest(process.argv.slice(3));
  await withStore(async (store) => {
    const { send } = await settleByHand(store, Date.now(), request);
    print(`${JSON.stringify(described(send))}\n`);
  });
}

async function trace(): Promise<void> {
  const request = readTraceRequest(process.argv.slice(3));
  if (request === null) throw new UsageError(TRACE_USAGE);
  await withStore(async (store) => {
    const life = await traced(store, Date.now(), request);
    if (life === null) throw new UsageError('Nothing is known of it here.');
    print(life);
  });
}

function demo(): Promise<void> {
  const config = readConfig({ ...process.env, LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn' });
  return runDemo(config, newLogger('warn'), print);
}

function schema(): void {
  print(subgraphSdl());
}

const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  serve,
  sandbox,
  unresolved,
  settle,
  trace,
  demo,
  schema,
};

/** The command cannot be run like this; the message says how. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readSettleRequest(args: string[]): SettleRequest {
  const options = { 'message-id': { type: 'string' }, reason: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [sendId = '', outcome = '', ...rest] = positionals;
    const as = Object.hasOwn(SETTLED_AS, outcome) ? SETTLED_AS[outcome] : undefined;
    const { 'message-id': messageId = null, reason = null } = values;
    const by = `shell:${userName()}`;
    if (as !== undefined && rest.length === 0) return { sendId, as, messageId, by, reason };
  } catch {
    // An option that is not known.
  }
  throw new UsageError(SETTLE_USAGE);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** Opens the store of the server, which may be running, and leaves what is under way alone. */
async function withStore(work: (store: MessageStore) => Promise<void>): Promise<void> {
  const { databaseUrl, keepsConsent } = storeConfigIn(process.env);
  if (databaseUrl === null && !existsSync(STORE_FILE)) {
    throw new UsageError(
      `There is no ${STORE_FILE} here: run this where the server runs, with its DATABASE_URL if it has one.`,
    );
  }
  const store = await openStore({ databaseUrl, file: STORE_FILE, ...(keepsConsent ? {} : { consent: null }) });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** A send for people to read, with times as they read them. */
function described({
  message,
  startedAtMs,
  updatedAtMs,
  leaseUntilMs: _,
  fingerprint: _digest,
  // Callers' own words: the hash names it as the audit does.
  idempotencyKey: _key,
  problem: _problem,
  ...send
}: StoredSend): object {
  const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();
  return { ...send, startedAt: isoOf(startedAtMs), updatedAt: isoOf(updatedAtMs), messageId: message?.id ?? null };
}

function notice({ upstream, auth }: Config): string {
  if (upstream.kind === 'sandbox') return 'on the built-in sandbox: nothing reaches a telephone';
  const whoever = isOpen(auth) ? ', and nobody has to sign in' : '';
  return `on Catapult: every message costs money${whoever}`;
}

function curl(url: string, { auth }: Config): string {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status time to } }';
  const body = JSON.stringify({ query, variables: { input: SAMPLES[0].input } });
  const credential = isOpen(auth) ? '' : " -H 'authorization: Bearer YOUR_KEY'";
  return `curl -s ${url}${credential} -H 'content-type: application/json' -d '${body}'`;
}

/**
 * Further signals change nothing. Ctrl-C and service managers signal all processes of a server, and its first process
 * then signals its workers once more.
 */
function stopOnSignal(close: () => Promise<void>, drainDelayMs = 0): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), drainDelayMs + STOP_LIMIT_MS).unref();
    close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** What has a message for people, and needs no stack. */
const SELF_EXPLAINING = [NewerStoreError, StoreInUseError, UsageError, WorkerEndedError];

function fail(error: unknown): never {
  if (SELF_EXPLAINING.some((kind) => error instanceof kind)) {
    process.stderr.write(`${(error as Error).message}\n`);
  } else if (error instanceof ServiceError && error.fieldErrors !== undefined) {
    process.stderr.write(error.fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}\n`).join(''));
  } else if (error instanceof ConfigError) {
    const problems = error.problems.map((problem) => `  - ${problem}\n`);
    process.stderr.write(`The configuration cannot be used:\n${problems.join('')}`);
  } else {
    newLogger('error').fatal({ err: error }, LINES.ends.text);
  }
  process.exit(1);
}

const name = process.argv[2] ?? 'serve';
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  process.stderr.write(`There is no such command. Use one of ${Object.keys(commands).join(', ')}.\n`);
  process.exit(1);
}
try {
  await command();
} catch (error) {
  fail(error);
}
