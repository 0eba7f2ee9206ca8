/** Where servers are measured: beside the stub of Catapult, the load, and what they need to run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { startIssuer } from './issuer.mjs';
import { startPostgres } from './postgres.mjs';
import { cpuOf, cpuOfMachine, Helper, rssOf, startServer, stopServer } from './processes.mjs';
import { targetOf } from './targets.mjs';

export class Arena {
  #folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
  #stub = new Helper('upstream.mjs');
  #load = new Helper('load.mjs');
  #upstreamUrl;
  #issuer;
  #postgres = null;
  #databases = 0;
  #children = new Set();

  /** Opens one; it is closed when the process is told to stop. */
  static async open() {
    const arena = new Arena();
    arena.#upstreamUrl = (await arena.#stub.nextMessage()).url;
    arena.#issuer = await startIssuer();
    process.once('exit', () => rmSync(arena.#folder, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => arena.close().finally(() => process.exit(1)));
    }
    return arena;
  }

  /** PostgreSQL, started at the first call. */
  async postgres() {
    this.#postgres ??= await startPostgres();
    return this.#postgres;
  }

  /** Starts a target with an empty store of its own, unless it gets `databaseUrl` or `folder`, and sends one message. */
  async start(name, { folder = mkdtempSync(join(this.#folder, 'server-')), databaseUrl = null } = {}) {
    const { onPostgres = false, withTokens = false, withTraces = false, ...target } = targetOf(name);
    const url = onPostgres ? (databaseUrl ?? (await this.#newDatabase())) : null;
    const env = {
      ...target.env,
      UPSTREAM_URL: this.#upstreamUrl,
      CATAPULT_URL: this.#upstreamUrl,
      ...(url !== null && { DATABASE_URL: url }),
      ...(withTokens && this.#issuer.env),
      ...(withTraces && { OTEL_EXPORTER_OTLP_ENDPOINT: this.#upstreamUrl }),
    };
    const headers = withTokens ? { authorization: `Bearer ${this.#issuer.token}` } : target.headers;
    const since = performance.now();
    const { child, url: origin } = await startServer({ ...target, env }, folder);
    this.#children.add(child);
    const listeningMs = performance.now() - since;
    const server = { ...target, name, headers, onPostgres, child, url: origin };
    await this.visit(server, { connections: 1, requests: 1 });
    const firstAnswerMs = performance.now() - since;
    return { ...server, listeningMs, firstAnswerMs, rssBeforeMb: rssOf(child.pid) };
  }

  async stop({ child }) {
    await stopServer(child);
    this.#children.delete(child);
  }

  /**
   * Sends over `connections` for so many `seconds` or `requests`, and says what one message cost.
   *
   * @throws when an answer is wrong, or when upstream got more messages or fewer than were answered
   */
  async visit(server, { connections, seconds, requests, sendsPerDocument }) {
    const { child, url, protocol = 'graphql', headers = {}, withKeys = false, onPostgres } = server;
    const job = { url, protocol, headers, withKeys, connections, seconds, requests, sendsPerDocument };
    const before = { ...(await this.#stub.ask('count')), ...this.#cpu(child, onPostgres) };
    const { answers, elapsedMs, p50Ms, p99Ms } = await this.#load.ask(job);
    const after = { ...this.#cpu(child, onPostgres), ...(await this.#stub.ask('count')) };
    const reached = after.accepted - before.accepted;
    if (reached !== answers) {
      throw new Error(`${server.name}: ${reached} messages reached upstream, and ${answers} were answered.`);
    }
    const perAnswer = (key) => (after[key] - before[key]) / answers;
    const perSecond = (answers / elapsedMs) * 1_000;
    const cpuUs = perAnswer('cpu');
    const databaseCpuUs = perAnswer('databaseCpu');
    // Cores that whatever else runs on the machine kept busy.
    const otherCores = Math.max(0, after.others - before.others) / 1_000 / elapsedMs;
    return { connections, cpuUs, databaseCpuUs, perSecond, p50Ms, p99Ms, otherCores, rssMb: rssOf(child.pid) };
  }

  /** Stops all that runs, and removes all files. */
  async close() {
    this.#load.stop();
    await Promise.all([...this.#children].map(stopServer));
    await this.#postgres?.stop();
    this.#issuer?.stop();
    this.#stub.stop();
  }

  #cpu({ pid }, onPostgres) {
    const databaseCpu = onPostgres ? cpuOf(this.#postgres.pid) : 0;
    // All that the bench has started is under it.
    return { cpu: cpuOf(pid), databaseCpu, others: cpuOfMachine() - cpuOf(process.pid) };
  }

  async #newDatabase() {
    return (await this.postgres()).newDatabase(`bench_${++this.#databases}`);
  }
}
