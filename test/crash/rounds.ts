/**
 * Kills the built server with SIGKILL at every point between a claim and its answer, starts it again on the same store,
 * and counts at the upstream what was accepted.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { upstreamAt } from '../support/app.js';
import {
  startMisbehavingUpstream,
  type Connection,
  type MisbehavingUpstream,
} from '../support/misbehaving-upstream.js';
import { newRandom } from '../store/sends.js';
import { startProgress } from '../support/progress.mjs';
import { startServer, type ServerProcess } from '../support/server-process.js';

/** Where a server dies: the first five as upstream sees it, then as its clients do, then at any time. */
const POINTS = [
  'upstream is connected to',
  'upstream has read the request',
  'upstream has accepted the message',
  'half of the answer is written',
  'the answer is written',
  'a client has its answer',
  'any time',
] as const;
type Point = (typeof POINTS)[number];

/** Sends at once in each round; the first of them to reach the point dies with all the others. */
const SENDS = 6;
/** 'Any time' is within this of the first send. */
const ANY_TIME_MS = 60;
/** The shortest that the server takes, so that leases run out soon. */
const SEND_TIMEOUT_MS = 1_000;
/** A lease (the send's timeout and 5 s), and the next look for abandoned claims (every 5 s), with room for a slow machine. */
const UNTIL_LEASES_ARE_CHECKED_MS = 20_000;

const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';

export interface CrashOptions {
  readonly rounds: number;
  /** The server's working directory, where its SQLite file lies. */
  readonly folder: string;
  /** A PostgreSQL database instead of the file. */
  readonly databaseUrl?: string;
  /** Says when 'any time' is. */
  readonly seed: number;
}

export interface CrashReport {
  readonly sends: number;
  readonly kills: Readonly<Partial<Record<Point, number>>>;
  readonly accepted: number;
  readonly unresolved: number;
  /** Each a sentence; empty when all is well. */
  readonly violations: readonly string[];
}

export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const harness = new Harness(options);
  try {
    await harness.start();
    const title = options.databaseUrl === undefined ? 'crashes on SQLite' : 'crashes on PostgreSQL';
    const step = startProgress(title, options.rounds);
    for (let round = 0; round < options.rounds; round++) {
      await harness.round(round);
      step();
    }
    return await harness.report();
  } finally {
    await harness.close();
  }
}

class Harness {
  readonly #options: CrashOptions;
  readonly #random: (limit: number) => number;
  /** How often upstream accepted each text. */
  readonly #ledger = new Map<string, number>();
  /** What clients were answered about each text before the server died. */
  readonly #told = new Map<string, string>();
  readonly #kills: Partial<Record<Point, number>> = {};
  readonly #violations: string[] = [];
  #texts: string[] = [];
  #armed: Point | null = null;
  #upstream: MisbehavingUpstream | undefined;
  #server: ServerProcess | undefined;

  constructor(options: CrashOptions) {
    this.#options = options;
    this.#random = newRandom(options.seed);
  }

  async start(): Promise<void> {
    this.#upstream = await startMisbehavingUpstream((connection) => this.#serve(connection));
    this.#server = await this.#startServer();
  }

  async round(number: number): Promise<void> {
    const server = this.#running();
    const point = POINTS[number % POINTS.length] ?? 'any time';
    this.#armed = point;
    const exited = once(server.process, 'exit');
    const texts = Array.from({ length: SENDS }, (_, index) => `round-${number}-send-${index}`);
    this.#texts.push(...texts);
    const clients = new Agent();
    const sends = texts.map(async (text) => {
      const id = await this.#send(text, clients).catch(() => null);
      if (id !== null) this.#told.set(text, id);
      if (id !== null) this.#strike('a client has its answer');
    });
    if (point === 'any time') {
      await delay(this.#random(ANY_TIME_MS));
      this.#strike(point);
    }
    await Promise.all(sends);
    // A point that was not reached, since a neighbour's death came first, is a death all the same.
    server.process.kill('SIGKILL');
    await exited;
    await clients.destroy();
    this.#armed = null;
    this.#server = await this.#startServer();
    // Asked again at once, nothing may be sent a second time, whatever the answer is.
    const again = new Agent();
    await Promise.all(texts.map((text) => this.#send(text, again)));
    await again.close();
  }

  /** Asks for every send once more, when all leases have run out: none may be stuck, none forgotten, none sent twice. */
  async report(): Promise<CrashReport> {
    if (this.#options.databaseUrl !== undefined) await delay(UNTIL_LEASES_ARE_CHECKED_MS);
    const clients = new Agent({ connections: 8 });
    const unresolved = await this.#unresolved(clients);
    for (const text of this.#texts) {
      const { id, code } = await this.#ask(text, clients);
      const accepted = this.#ledger.get(text) ?? 0;
      if (accepted > 1) this.#violations.push(`${text} was sent ${accepted} times`);
      if (id === null && code !== 'OUTCOME_UNKNOWN') this.#violations.push(`${text} is stuck in ${String(code)}`);
      if (id === null && !unresolved.has(text))
        this.#violations.push(`${text} is unknown, but not listed as unresolved`);
      if (id !== null && accepted !== 1)
        this.#violations.push(`${text} has an answer, but upstream accepted ${accepted}`);
      const told = this.#told.get(text);
      if (told !== undefined && told !== id)
        this.#violations.push(`${text} was answered with ${told} and then forgotten`);
    }
    await clients.close();
    return {
      sends: this.#texts.length,
      kills: this.#kills,
      accepted: [...this.#ledger.values()].reduce((sum, count) => sum + count, 0),
      unresolved: unresolved.size,
      violations: this.#violations,
    };
  }

  async close(): Promise<void> {
    this.#server?.process.kill('SIGKILL');
    await this.#upstream?.close();
  }

  /** Serves one connection of the server's, and kills the server where it is armed to. */
  async #serve(connection: Connection): Promise<void> {
    this.#strike('upstream is connected to');
    for (;;) {
      const { body } = await connection.readPost();
      if (this.#strike('upstream has read the request')) return;
      const { text } = JSON.parse(body.toString()) as { text: string };
      this.#ledger.set(text, (this.#ledger.get(text) ?? 0) + 1);
      if (this.#strike('upstream has accepted the message')) return;
      const answer = JSON.stringify({ id: `id-${text}`, time: '2026-01-01T00:00:00Z' });
      const bytes = `HTTP/1.1 202 Accepted\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;
      const half = bytes.length - 20;
      connection.write(bytes.slice(0, half));
      if (this.#strike('half of the answer is written')) return;
      connection.write(bytes.slice(half));
      this.#strike('the answer is written');
    }
  }

  #strike(point: Point): boolean {
    if (this.#armed !== point) return false;
    this.#armed = null;
    this.#kills[point] = (this.#kills[point] ?? 0) + 1;
    this.#running().process.kill('SIGKILL');
    return true;
  }

  #running(): ServerProcess {
    if (this.#server === undefined) throw new Error('no server runs');
    return this.#server;
  }

  #startServer(): Promise<ServerProcess> {
    return startServer(this.#options.folder, {
      ...upstreamAt(this.#upstream?.url ?? ''),
      SEND_TIMEOUT_MS: String(SEND_TIMEOUT_MS),
      DATABASE_URL: this.#options.databaseUrl,
    });
  }

  /** The id, or null with the code of the failure. */
  async #ask(text: string, dispatcher: Dispatcher): Promise<{ id: string | null; code: string | null }> {
    const input = {
      from: '+12345678901',
      to: '+12345678902',
      text,
      applicationId: 'app',
      tag: text,
      idempotencyKey: text,
    };
    const { data, errors } = await this.#post({ query: SEND, variables: { input } }, dispatcher);
    return { id: data?.sendMessage?.id ?? null, code: errors?.[0]?.extensions.code ?? null };
  }

  async #send(text: string, dispatcher: Dispatcher): Promise<string | null> {
    return (await this.#ask(text, dispatcher)).id;
  }

  /** The tags, which are the texts, of the sends that the server lists as unresolved. */
  async #unresolved(dispatcher: Dispatcher): Promise<Set<string>> {
    const query =
      'query ($after: String) { unresolvedSends(first: 100, after: $after) { nodes { tag } pageInfo { hasNextPage endCursor } } }';
    const tags = new Set<string>();
    for (let after: string | null = null, isMore = true; isMore;) {
      const { data }: Answer = await this.#post({ query, variables: { after } }, dispatcher);
      const page = data?.unresolvedSends;
      for (const { tag } of page?.nodes ?? []) tags.add(tag);
      isMore = page?.pageInfo.hasNextPage ?? false;
      after = page?.pageInfo.endCursor ?? null;
    }
    return tags;
  }

  async #post(operation: object, dispatcher: Dispatcher): Promise<Answer> {
    const { body } = await request(this.#running().url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(operation),
      dispatcher,
    });
    return (await body.json()) as Answer;
  }
}

interface Answer {
  readonly data?: {
    readonly sendMessage?: { readonly id: string } | null;
    readonly unresolvedSends?: {
      readonly nodes: readonly { readonly tag: string }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  } | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}
