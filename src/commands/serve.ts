/** `serve`: the server, and the line that says where it is. */
import cluster from 'node:cluster';
import { createApp } from '../app.js';
import { isOpen } from '../auth/authenticator.js';
import { readConfig, type Config } from '../config/config.js';
import type { Logger } from '../log.js';
import { SAMPLES } from '../sandbox/samples.js';
import { serveAsWorker, startWorkers, type Workers } from '../workers.js';
import type { Command, Shell } from './shell.js';

export const serve: Command = {
  usage: '',
  summary: 'starts the server; this is what happens without a command',
  async run(shell) {
    const config = readConfig(shell.environment);
    const log = shell.newLogger(config.logLevel);
    // By WORKERS, too: somebody else's cluster may run this server as one of its own workers.
    if (cluster.isWorker && config.workers > 1) {
      await untilSignal(shell, serveAsWorker(config, log));
      return;
    }
    const { url } = await untilSignal(shell, config.workers > 1 ? startWorkers(config, log) : startServer(config, log));
    shell.print(banner(url, config));
  },
};

/** Stops what starts, on a signal. From the first moment on: it serves before it has started in every respect. */
function untilSignal<Started extends { close(): Promise<void> }>(
  shell: Shell,
  starting: Promise<Started>,
): Promise<Started> {
  shell.stopOnSignal(async () => {
    const started = await starting;
    await started.close();
  });
  return starting;
}

async function startServer(config: Config, log: Logger): Promise<Workers> {
  const app = await createApp(config, { log, bringInSample: true });
  return { url: await app.listen(), close: () => app.close() };
}

function banner(url: string, config: Config): string {
  const price = config.upstream.kind === 'sandbox' ? '' : ', which costs money and reaches whoever has the number';
  return `\nGraphQL  ${url}  (${notice(config)})\n\nSend a message${price}:\n\n${curl(url, config)}\n\n`;
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
