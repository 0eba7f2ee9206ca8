/** The process: its arguments, its environment, its signals, its end. The only file that touches `process`. */
import { userInfo } from 'node:os';
import { isatty } from 'node:tty';
import { checkConfig } from './commands/check-config.js';
import { messageOf } from './commands/failure.js';
import { backup } from './commands/backup.js';
import { forget } from './commands/forget.js';
import { helpFor } from './commands/help.js';
import { migrate } from './commands/migrate.js';
import { sandbox } from './commands/sandbox.js';
import { settle, unresolved } from './commands/sends.js';
import { serve } from './commands/serve.js';
import { trace } from './commands/trace.js';
import { FoundBad, UsageError, type Command, type Shell } from './commands/shell.js';
import { readConfig } from './config/config.js';
import { runDemo } from './demo.js';
import { subgraphSdl } from './graphql/schema.js';
import { processJournal } from './journal.js';
import { LINES } from './journal-lines.js';
import { createLogger, standardError } from './log.js';
import { VERSION } from './version.js';

/** A stop that takes longer than this, after DRAIN_DELAY_MS, is stuck, and is ended. */
const STOP_LIMIT_MS = 9_900;

const [, , name = 'serve', ...args] = process.argv;

const shell: Shell = {
  args,
  environment: process.env,
  print: (text) => void process.stdout.write(text),
  newLogger(level) {
    // The first use of this stream opens it. From then on, no write waits for its reader, also where it is a socket.
    process.stderr.on('error', () => undefined);
    const destination = standardError(
      (flush) => process.on('exit', flush),
      (count) => {
        processJournal(log).onLinesLost(count);
      },
    );
    const log = createLogger(level, destination);
    return log;
  },
  printOnlyJson(log) {
    const { onWarning, onPrinted } = processJournal(log);
    process.removeAllListeners('warning').on('warning', onWarning);
    for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
      console[method] = () => {
        onPrinted(method);
      };
    }
    process.on('uncaughtException', fail).on('unhandledRejection', fail);
  },
  userName() {
    try {
      return userInfo().username;
    } catch {
      return String(process.getuid?.() ?? 'unknown');
    }
  },
  /**
   * Further signals change nothing. Ctrl-C and service managers signal all processes of a server, and its first process
   * then signals its workers once more.
   */
  stopOnSignal(close, drainDelayMs = 0) {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => process.exit(1), drainDelayMs + STOP_LIMIT_MS).unref();
      close().then(() => process.exit(0), fail);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  },
  onHangUp(reload) {
    if (!isatty(0)) process.on('SIGHUP', reload);
  },
};

const demo: Command = {
  usage: '',
  summary: 'sends three messages through the sandbox, and ends',
  run({ environment, newLogger, print }) {
    const config = readConfig({ ...environment, LOG_LEVEL: environment.LOG_LEVEL ?? 'warn' });
    return runDemo(config, newLogger('warn'), print);
  },
};

const schema: Command = {
  usage: '',
  summary: "prints the subgraph's schema",
  run({ print }) {
    print(subgraphSdl());
  },
};

const commands: Readonly<Record<string, Command>> = {
  serve,
  'check-config': checkConfig,
  migrate,
  backup,
  sandbox,
  demo,
  schema,
  unresolved,
  settle,
  trace,
  forget,
};

/** The server's log is read by programs: there its end is a line as any other. Whoever types a command reads words. */
function fail(error: unknown): never {
  const message = messageOf(error);
  if (error instanceof FoundBad) process.exit(1);
  if (message === null) shell.newLogger('error').fatal({ err: error }, LINES.ends.text);
  else if (name === 'serve' && !process.stderr.isTTY) shell.newLogger('error').fatal(message.replace(/\n\s*/g, ' '));
  else process.stderr.write(`${message}\n`);
  process.exit(1);
}

async function run(): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') {
    shell.print(helpFor(commands));
    return;
  }
  if (name === '--version') {
    shell.print(`${VERSION}\n`);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`There is no such command. Use one of ${Object.keys(commands).join(', ')}, or --help.\n`);
    process.exit(1);
  }
  if (command.usage === '' && args.length > 0) {
    throw new UsageError(`${name} takes no arguments: --help alone says what each command does.`);
  }
  await command.run(shell);
}

/**
 * Whoever reads the output may have seen enough, as `head` has: the work goes on to its end, as it must. Of a server, only
 * the banner is lost.
 */
function onOutputFailure({ code = 'UNKNOWN' }: NodeJS.ErrnoException): void {
  if (name === 'serve' || code === 'EPIPE') return;
  if (process.exitCode === undefined) process.stderr.write(`Standard output cannot be written (${code}).\n`);
  process.exitCode = 1;
}
process.stdout.on('error', onOutputFailure);

try {
  await run();
} catch (error) {
  fail(error);
}
