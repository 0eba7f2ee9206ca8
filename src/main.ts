/** The process: reads the environment, starts, stops on a signal. The only file that touches `process`. */
import { pino } from 'pino';
import { createApp } from './app.js';
import { startSandbox } from './catapult/sandbox.js';
import { ConfigError, readConfig, type Config } from './config.js';
import { runDemo } from './demo.js';
import { subgraphSdl } from './graphql/schema.js';
import { createLogger, type Logger } from './log.js';
import { SAMPLES } from './samples.js';
import { NewerStoreError } from './store/migrations.js';
import { SANDBOX_ACCOUNT } from './upstream.js';

/** A stop that takes longer than this is stuck, and is ended. */
const STOP_LIMIT_MS = 9_900;
/** Where `npm run sandbox` listens, unless PORT says otherwise. */
const SANDBOX_PORT = 4010;

const print = (text: string): void => {
  process.stdout.write(text);
};

/** People read standard output; the log goes to standard error, line by line and without delay. */
const newLogger = (level: string): Logger => createLogger(level, pino.destination({ dest: 2, sync: true }));

const commands: Readonly<Record<string, () => Promise<void>>> = {
  async serve() {
    const config = readConfig(process.env);
    const app = await createApp(config, { log: newLogger(config.logLevel) });
    const url = await app.listen();
    const notice = config.upstream.kind === 'sandbox' ? '  (on the built-in sandbox: nothing reaches a telephone)' : '';
    print(`\nGraphQL  ${url}${notice}\n\nSend a message:\n\n${curl(url, config)}\n\n`);
    stopOnSignal(() => app.close());
  },

  async sandbox() {
    const port = process.env.PORT ? readConfig(process.env).port : SANDBOX_PORT;
    const sandbox = await startSandbox({ ...SANDBOX_ACCOUNT, port });
    const {
      CALLBACK_URL: callbackUrl,
      CALLBACK_USERNAME: username = '',
      CALLBACK_PASSWORD: password = '',
    } = process.env;
    if (callbackUrl !== undefined) sandbox.sendCallbacksTo({ url: callbackUrl, username, password });
    const { userId, token, secret } = SANDBOX_ACCOUNT;
    print(
      `CATAPULT_URL=${sandbox.url}\nCATAPULT_USER_ID=${userId}\nCATAPULT_TOKEN=${token}\nCATAPULT_SECRET=${secret}\n`,
    );
    stopOnSignal(() => sandbox.close());
  },

  async demo() {
    await runDemo(readConfig({ ...process.env, LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn' }), newLogger('warn'), print);
  },

  schema() {
    print(subgraphSdl());
    return Promise.resolve();
  },
};

function curl(url: string, { auth }: Config): string {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status time to } }';
  const body = JSON.stringify({ query, variables: { input: SAMPLES[0].input } });
  const isOpen = auth.apiKeys.length === 0 && auth.tokens === null;
  const credential = isOpen ? '' : " -H 'authorization: Bearer YOUR_KEY'";
  return `curl -s ${url}${credential} -H 'content-type: application/json' -d '${body}'`;
}

function stopOnSignal(close: () => Promise<void>): void {
  const stop = (): void => {
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function fail(error: unknown): never {
  if (error instanceof NewerStoreError) {
    process.stderr.write(`${error.message}\n`);
  } else if (error instanceof ConfigError) {
    process.stderr.write(
      `The configuration cannot be used:\n${error.problems.map((problem) => `  - ${problem}\n`).join('')}`,
    );
  } else {
    newLogger('error').fatal({ err: error }, 'the process ends');
  }
  process.exit(1);
}

const name = process.argv[2] ?? 'serve';
const command = commands[name];
if (command === undefined) {
  process.stderr.write(`Unknown command. Known: ${Object.keys(commands).join(', ')}.\n`);
  process.exit(1);
}
await command().catch(fail);
