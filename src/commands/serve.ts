/** `serve`: the server, and the line that says where it is. */
import cluster from 'node:cluster';
import { createApp, type App } from '../app.js';
import { isOpen } from '../auth/authenticator.js';
import { ConfigError, readConfig, type Config } from '../config/config.js';
import { processJournal } from '../journal.js';
import type { Logger } from '../log.js';
import type { AppOptions } from '../parts.js';
import { SAMPLES } from '../sandbox/samples.js';
import { openTraceExport } from '../telemetry/trace-export.js';
import { VERSION } from '../version.js';
import { serveAsWorker, startWorkers } from '../workers.js';
import type { Command, Shell } from './shell.js';

/** A stop has 10 s; another process would end a worker a little earlier. */
const STOP_MS = 9_500;
/** A stop waits no longer for whoever takes traces: they matter least. */
const MAX_EXPORT_MS = 2_000;

export const serve: Command = {
  usage: '',
  summary: 'starts the server; this is what happens without a command',
  async run(shell) {
    const config = readConfig(shell.environment);
    const log = shell.newLogger(config.logLevel);
    shell.printOnlyJson(log);
    // By WORKERS, too: somebody else's cluster may run this server as one of its own workers.
    if (cluster.isWorker && config.workers > 1) {
      const serving = traced(config, log, (tracerProvider) => serveAsWorker(config, log, tracerProvider));
      reloadOnHangUp(shell, log, serving);
      await untilSignal(shell, serving, config.drainDelayMs);
      return;
    }
    const { url } = await untilSignal(
      shell,
      config.workers > 1 ? startAll(shell, config, log) : startServer(shell, config, log),
      config.drainDelayMs,
    );
    shell.print(banner(url, config));
  },
};

/** Stops what starts, on a signal. From the first moment on: it serves before it has started in every respect. */
function untilSignal<Started extends { close(): Promise<void> }>(
  shell: Shell,
  starting: Promise<Started>,
  drainDelayMs: number,
): Promise<Started> {
  shell.stopOnSignal(async () => {
    const started = await starting;
    await started.close();
  }, drainDelayMs);
  return starting;
}

interface Started {
  readonly url: string;
  close(): Promise<void>;
}

async function startServer(shell: Shell, config: Config, log: Logger): Promise<Started> {
  const creating = traced(config, log, (tracerProvider) =>
    createApp(config, { log, bringInSample: true, tracerProvider }),
  );
  reloadOnHangUp(shell, log, creating);
  const app = await creating;
  return { url: await app.listen(), close: () => app.close() };
}

/**
 * Opens a server whose spans go where the standard variables say. At a stop, what was not exported yet is, while there is
 * time.
 */
async function traced(
  { drainDelayMs, exportsTraces }: Config,
  log: Logger,
  open: (provider: AppOptions['tracerProvider']) => Promise<App>,
): Promise<App> {
  if (!exportsTraces) return open(undefined);
  const { onTracesLost: onFailure } = processJournal(log);
  const traces = await openTraceExport({ version: VERSION, onFailure });
  const app = await open(traces.provider);
  return {
    ...app,
    async close() {
      const endsAt = performance.now() + drainDelayMs + STOP_MS;
      await app.close();
      await traces.close(Math.min(MAX_EXPORT_MS, Math.max(0, endsAt - performance.now())));
    },
  };
}

/** The first process passes the signal on. */
function startAll(shell: Shell, config: Config, log: Logger): Promise<Started> {
  const starting = startWorkers(config, log);
  shell.onHangUp(() => {
    void starting.then(
      (workers) => {
        workers.reload();
      },
      // The start itself says why it failed.
      () => undefined,
    );
  });
  return starting;
}

function reloadOnHangUp(shell: Shell, log: Logger, starting: Promise<Pick<App, 'reload'>>): void {
  const journal = processJournal(log);
  shell.onHangUp(() => {
    void starting.then(
      (app) => {
        reload(shell, journal, app);
      },
      () => undefined,
    );
  });
}

/** The variables of a process never change; the files that they name do. */
function reload(
  { environment }: Shell,
  { onReloaded, onNotReloaded }: ReturnType<typeof processJournal>,
  app: Pick<App, 'reload'>,
): void {
  try {
    app.reload(readConfig(environment));
    onReloaded();
  } catch (error) {
    onNotReloaded(error instanceof ConfigError ? { problems: error.problems } : { err: error });
  }
}

function banner(url: string, config: Config): string {
  const price = config.upstream.kind === 'sandbox' ? '' : ', which costs money and reaches whoever has the number';
  const addresses = [
    `GraphQL   ${url}  (${notice(config)})`,
    ...(config.console ? [`Console   ${new URL('/', url).href}`] : []),
    ...(config.console && config.upstream.kind === 'sandbox' ? [`Phone     ${new URL('/phone', url).href}`] : []),
    ...(config.introspection ? [`GraphiQL  ${url}  (in a browser)`] : []),
  ];
  return `\n${addresses.join('\n')}\n\nSend a message${price}:\n\n${curl(url, config)}\n\n`;
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
