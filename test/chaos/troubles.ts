/** The servers and the database of a chaos run, and all the ways in which they are broken. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import type { ServerProcess } from '../support/server-process.js';
import { startPostgres } from '../support/postgres.js';
import { KILL } from './reference.js';

/** Breaks something and mends it again. */
export type Breaking = readonly [what: string, strike: () => Promise<void>];

/** Longer than a send has (1.5 s), and than SQLite waits for a lock (2 s). */
const HOLD_MS = 2_500;
/** Longer than a send's lease (5 s more), and the next look for those that ran out (every 5 s). */
const PAST_LEASES_MS = 12_000;
/** A full disk refuses at once, so it need not last. */
const FULL_MS = 1_500;
/** Longer than PostgreSQL may keep silent (5 s). */
const SILENCE_MS = 6_000;
const RESTART_PAUSE_MS = 100;
/** After about this long another worker serves in the place of one that was killed. */
const REPLACED_MS = 3_000;

/** Servers on one database; each comes back whenever it ends. */
export class Fleet {
  readonly #start: () => Promise<ServerProcess>;
  readonly #servers: (ServerProcess | null)[];
  readonly #onChange: (urls: string[]) => void;
  #isClosed = false;
  /** How often a server ended that nobody had ended. */
  deaths = 0;

  private constructor(start: () => Promise<ServerProcess>, size: number, onChange: (urls: string[]) => void) {
    this.#start = start;
    this.#servers = Array.from({ length: size }, () => null);
    this.#onChange = onChange;
  }

  /** `onChange` gets the GraphQL endpoints that can be called. */
  static async open(
    size: number,
    start: () => Promise<ServerProcess>,
    onChange: (urls: string[]) => void,
  ): Promise<Fleet> {
    const fleet = new Fleet(start, size, onChange);
    try {
      await Promise.all(fleet.#servers.map((_none, index) => fleet.#restart(index)));
    } catch (error) {
      fleet.close();
      throw error;
    }
    return fleet;
  }

  /** The endpoints that can be called now. */
  get urls(): string[] {
    return this.#servers.flatMap((server) => server?.url ?? []);
  }

  /** What can happen to a server; `pick` says to which one. */
  troubles(pick: (size: number) => number): Breaking[] {
    const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
      const index = pick(this.#servers.length);
      const server = this.#servers[index];
      if (server == null) return;
      const ended = once(server.process, 'exit');
      this.#set(index, null);
      server.process.kill(signal);
      await ended;
      await this.#restart(index);
    };
    const freeze = async (ms: number): Promise<void> => {
      const frozen = this.#servers[pick(this.#servers.length)]?.process;
      frozen?.kill('SIGSTOP');
      await delay(ms);
      frozen?.kill('SIGCONT');
    };
    return [
      [KILL, () => end('SIGKILL')],
      ['server told to stop', () => end('SIGTERM')],
      ['server frozen', () => freeze(HOLD_MS)],
      // Then the other one takes its sends for abandoned.
      ...(this.#servers.length > 1 ? [['server frozen past its leases', () => freeze(PAST_LEASES_MS)] as const] : []),
    ];
  }

  /** What can happen to one worker of a server. */
  workerTroubles(pick: (size: number) => number): Breaking[] {
    const signal = async (name: 'SIGKILL' | 'SIGSTOP', ms: number): Promise<void> => {
      const pid = this.#servers[pick(this.#servers.length)]?.process.pid;
      if (pid === undefined) return;
      const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
      const workers = stdout.trim().split('\n').map(Number);
      const worker = workers[pick(workers.length)] ?? 0;
      process.kill(worker, name);
      await delay(ms);
      if (name === 'SIGSTOP') process.kill(worker, 'SIGCONT');
    };
    return [
      [KILL, () => signal('SIGKILL', REPLACED_MS)],
      ['worker frozen', () => signal('SIGSTOP', HOLD_MS)],
      ['worker frozen past its leases', () => signal('SIGSTOP', PAST_LEASES_MS)],
    ];
  }

  pids(): number[] {
    return this.#servers.flatMap((server) => server?.process.pid ?? []);
  }

  close(): void {
    this.#isClosed = true;
    for (const server of this.#servers) server?.process.kill('SIGKILL');
  }

  async #restart(index: number): Promise<void> {
    const server = await this.#start();
    if (this.#isClosed) server.process.kill('SIGKILL');
    server.process.once('exit', () => {
      if (this.#isClosed || this.#servers[index] !== server) return;
      this.deaths += 1;
      this.#set(index, null);
      void this.#restart(index);
    });
    this.#set(index, server);
  }

  #set(index: number, server: ServerProcess | null): void {
    this.#servers[index] = server;
    this.#onChange(this.urls);
  }
}

/** A store that can be broken. */
export interface ChaosStore {
  /** Servers that may share it. */
  readonly servers: number;
  readonly environment: Readonly<Record<string, string>>;
  troubles(fleet: Fleet): Breaking[];
  close(): Promise<void>;
}

/** @param folder the servers' working directory. */
export function openSqliteStore(folder: string): Promise<ChaosStore> {
  return Promise.resolve({
    servers: 1,
    environment: {},
    troubles: (fleet) => [
      ...(process.platform === 'linux' ? [['disk full', () => fillDisk(fleet)] as const] : []),
      ['file locked', () => lockFile(join(folder, 'data', 'messages.sqlite'))],
    ],
    close: () => Promise.resolve(),
  });
}

/** By this process, which is another one than the server. */
async function lockFile(file: string): Promise<void> {
  const database = new Database(file, { timeout: HOLD_MS });
  try {
    database.exec('BEGIN IMMEDIATE');
    await delay(HOLD_MS);
  } finally {
    // Rolls back.
    database.close();
  }
}

/** No file may grow beyond a page, so each commit fails as it would on a full disk. */
async function fillDisk(fleet: Fleet): Promise<void> {
  const limit = async (bytes: string): Promise<void> => {
    for (const pid of fleet.pids()) await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  };
  await limit('4096');
  await delay(FULL_MS);
  await limit('unlimited');
}

export async function openPostgresStore(servers: number): Promise<ChaosStore> {
  const postgres = await startPostgres();
  return {
    servers,
    environment: { DATABASE_URL: await postgres.newDatabase() },
    troubles: () => [
      [
        'database killed',
        async () => {
          await postgres.crash();
          await delay(RESTART_PAUSE_MS);
          await postgres.start();
        },
      ],
      [
        'database frozen',
        async () => {
          const goOn = await postgres.freeze();
          await delay(SILENCE_MS);
          goOn();
        },
      ],
    ],
    close: () => postgres.close(),
  };
}
