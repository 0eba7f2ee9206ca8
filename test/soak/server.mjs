/** The server under the soak: started again on the same port each time it ends, and looked at from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export class Server {
  #child = null;
  #options;
  #log;
  restarts = 0;
  /** How each end that was asked for went, in milliseconds. */
  stopsMs = [];

  constructor(options) {
    this.#options = options;
    this.#log = openSync(join(options.folder, 'server.log'), 'a');
  }

  get url() {
    return `http://127.0.0.1:${this.#options.port}/graphql`;
  }

  async start() {
    const { folder, port, upstreamPort, databaseUrl } = this.#options;
    this.#child = spawn(process.execPath, [MAIN], {
      cwd: folder,
      env: {
        NODE_ENV: 'production',
        PORT: String(port),
        LOG_LEVEL: 'warn',
        AUTH: 'none',
        LIMIT_SENDS: 'off',
        LIMIT_PER_RECIPIENT: 'off',
        SEND_TIMEOUT_MS: '5000',
        CATAPULT_URL: `http://127.0.0.1:${upstreamPort}/v2`,
        CATAPULT_USER_ID: 'u-soak',
        CATAPULT_TOKEN: 't-soak',
        CATAPULT_SECRET: 'secret',
        CALLBACK_USERNAME: 'user',
        CALLBACK_PASSWORD: 'pass',
        ...(databaseUrl !== null && { DATABASE_URL: databaseUrl }),
      },
      stdio: ['ignore', 'pipe', this.#log],
    });
    let output = '';
    for await (const chunk of this.#child.stdout) {
      output += chunk;
      if (output.includes('/graphql')) break;
    }
    if (!output.includes('/graphql')) throw new Error('The server did not start: see server.log.');
    // Nobody reads more of it.
    this.#child.stdout?.resume();
  }

  /** Ends it by `signal`, as a deployment or a crash does, and starts it again. */
  async restart(signal) {
    await this.stop(signal);
    this.restarts += 1;
    await this.start();
  }

  async stop(signal = 'SIGTERM') {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const since = performance.now();
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    if (signal === 'SIGTERM') this.stopsMs.push(performance.now() - since);
  }

  /** Memory in RAM in MB, and open files, sockets and the like. Null while it is away. */
  look() {
    try {
      const of = (file) => `/proc/${this.#child.pid}/${file}`;
      // A process that has just been killed has no memory any more.
      const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(of('status'), 'utf8'));
      return { rssMb: Number(kilobytes) / 1024, handles: readdirSync(of('fd')).length };
    } catch {
      return null;
    }
  }
}
