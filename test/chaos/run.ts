/**
 * A black-box run: the built server as processes, an upstream that breaks three in ten POSTs, callers who believe their
 * answers, and something that breaks in every round. In the end all is healed, every key is replayed, every message is
 * looked up, and the reference judges each send by what the ledger and its callers saw.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { startServer } from '../support/server-process.js';
import { upstreamAt } from '../support/app.js';
import { startProgress } from '../support/progress.mjs';
import { readLedger, type Ledger } from './ledger-file.js';
import { breachesOf, isNotSent, RULES, type Breach, type Rule } from './reference.js';
import { lifeOf, type Answer, type Call, type Send, type Story, type ToldMessage, type Trouble } from './story.js';
import { Fleet, type ChaosStore, type Breaking } from './troubles.js';

/** The shortest lease that shows: a send's time, which is not much above the shortest that the server takes, and 5 s. */
const SEND_TIMEOUT_MS = 1_500;
/** A lease, the next look for abandoned claims (every 5 s), and room for a slow machine. */
const MAX_IN_PROGRESS_MS = 30_000;
const POLL_MS = 250;
/** What two servers commit in the same moment is brought together every 5 s (src/README.md). */
const HOUSEKEEPING_MS = 8_000;
/** The sends of a round begin within this; the trouble comes a little later. */
const ROUND_MS = 2_000;
const LEAD_MS = 700;
/** Keys that are asked for again during each trouble. */
const REPLAYS_A_ROUND = 12;
/** Callers give up waiting for an answer. */
const PATIENCE_MS = 30_000;
/** Questions at once in the end. */
const CONCURRENCY = 50;
/** How often at most a caller tries again what was not sent. */
const MAX_TRIES = 3;

const CALLERS = ['anna', 'ben', 'cleo'];
const OPERATOR = 'operator';
const OPERATORS_SCOPES = 'messages:read-all+operations:read';

const MESSAGE = `id text from to tag status deliveries { to status time failure { code } }`;
const SEND = `mutation ($input: MessageInput!) { sendMessage(input: $input) { ${MESSAGE} } }`;
const FIND = `query ($id: ID!) { message(id: $id) { ${MESSAGE} } }`;
const UNRESOLVED = `query ($after: String) {
  unresolvedSends(first: 100, after: $after) { nodes { id to } pageInfo { hasNextPage endCursor } } }`;
const SETTLE = `mutation ($sendId: ID!, $messageId: ID!) {
  settleSend(sendId: $sendId, as: SENT, messageId: $messageId) { id } }`;

export interface ChaosOptions {
  readonly seed: string;
  readonly sends: number;
  readonly sendsPerRound: number;
  /** Whether only the worst comes: a kill of the server, and one of the store's troubles. */
  readonly isShort: boolean;
  /** Where the servers work and the ledger lies. */
  readonly folder: string;
  readonly store: ChaosStore;
  /** The server's `main.js`, where it is not the built one. An older one may not know `settleSend`. */
  readonly main?: string;
  /** How many workers each server has, where it has any. */
  readonly workers?: string;
}

export interface ChaosReport {
  /** Everything that can be counted, by what it is. */
  readonly figures: ReadonlyMap<string, number>;
  /** How often each rule was broken. */
  readonly breaches: ReadonlyMap<string, number>;
  /** What is wrong, each with the life of its send. */
  readonly lives: readonly string[];
}

export async function chaosRun(options: ChaosOptions): Promise<ChaosReport> {
  const run = new ChaosRun(options);
  try {
    await run.open();
    await run.rounds();
    await run.heal();
    return await run.judge();
  } finally {
    run.close();
  }
}

/** A send, and what its callers were answered. */
interface Told {
  readonly send: Send;
  readonly calls: Call[];
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #ledgerFile: string;
  readonly #canSettle: boolean;
  readonly #clients = new Agent({ headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
  readonly #told: Told[] = [];
  readonly #troubles: Trouble[] = [];
  #ledger: ChildProcess | undefined;
  #fleet: Fleet | undefined;
  #replays = 0;
  #settling = Promise.resolve();

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#canSettle = options.main === undefined;
    this.#ledgerFile = join(options.folder, 'ledger.jsonl');
  }

  async open(): Promise<void> {
    const { seed, folder, store, main, workers } = this.#options;
    const ledger = fork(new URL('ledger.mjs', import.meta.url).pathname, [seed, this.#ledgerFile], { execArgv: [] });
    this.#ledger = ledger;
    const [{ port }] = (await once(ledger, 'message')) as [{ port: number }];
    const operatorsScopes = `${OPERATORS_SCOPES}${this.#canSettle ? '+operations:write' : ''}`;
    const keys = [
      ...CALLERS.map((name) => [name, 'messages:send+messages:read'] as const),
      [OPERATOR, operatorsScopes],
    ];
    const digest = (key: string): string => createHash('sha256').update(key).digest('hex');
    const environment = {
      ...upstreamAt(`http://127.0.0.1:${port}`),
      ...store.environment,
      AUTH: undefined,
      API_KEYS: keys.map(([name, scopes]) => `${name}:${digest(keyOf(name))}:${scopes}`).join(','),
      CALLBACK_USERNAME: 'user',
      CALLBACK_PASSWORD: 'pass',
      SEND_TIMEOUT_MS: String(SEND_TIMEOUT_MS),
      WORKERS: workers,
    };
    this.#fleet = await Fleet.open(
      store.servers,
      () => startServer(folder, environment, main),
      (urls) => {
        const callbackUrls = urls.map((url) => url.replace('/graphql', '/callbacks/catapult'));
        this.#order({ callbackUrls });
      },
    );
  }

  async rounds(): Promise<void> {
    const { sends, sendsPerRound, store, isShort, workers } = this.#options;
    const fleet = this.#running();
    let strikes = 0;
    const pick = (size: number): number => Math.floor(this.#chance('server', ++strikes) * size);
    const ofServers = [...(workers === undefined ? [] : fleet.workerTroubles(pick)), ...fleet.troubles(pick)];
    const ofStore = store.troubles(fleet);
    const count = isShort ? 1 : Infinity;
    const troubles = [...ofServers.slice(0, count), ...ofStore.slice(0, count)];
    const step = startProgress(`chaos, ${this.#options.seed}`, sends);
    for (let round = 0; round * sendsPerRound < sends; round++) {
      const first = round * sendsPerRound;
      const numbers = Array.from({ length: Math.min(sendsPerRound, sends - first) }, (_, index) => first + index);
      const earlier = this.#told.filter(({ send }) => send.idempotencyKey !== null);
      await Promise.all([
        ...numbers.map((number) => this.#tell(number)),
        this.#break(troubles[round % troubles.length], earlier, round),
      ]);
      step(numbers.length);
    }
  }

  /** Ends all faults, sends what was not sent yet, and waits until every callback was answered. */
  async heal(): Promise<void> {
    this.#order({ heal: true });
    const withKey = this.#told.filter(({ send }) => send.idempotencyKey !== null);
    await forEach(withKey, (told) => this.#askUntilSettled(told));
    this.#order({ settle: true });
    if (this.#ledger !== undefined) await once(this.#ledger, 'message');
    if (this.#options.store.servers > 1 || this.#options.workers !== undefined) await delay(HOUSEKEEPING_MS);
    // Once more, now that all is known of each message: this is what is judged.
    await forEach(withKey, (told) => this.#call(told));
    this.#replays += 2 * withKey.length;
  }

  /**
   * Until the message is there, or its outcome is known to be unknown. Nothing is broken: what was not sent can be now.
   */
  async #askUntilSettled(told: Told): Promise<void> {
    const until = Date.now() + MAX_IN_PROGRESS_MS;
    for (;;) {
      const call = await this.#ask(told.send);
      const isOver = Date.now() > until || !(isInProgress(call.answer) || isNotSent(told.send, call.answer));
      // Hundreds of times the same is no story.
      if (isOver || !isInProgress(call.answer)) told.calls.push(call);
      if (isOver) return;
      await delay(POLL_MS);
    }
  }

  async judge(): Promise<ChaosReport> {
    const ledger = readLedger(this.#ledgerFile);
    const listed = this.#canSettle ? await this.#unresolved() : null;
    const stories: Story[] = [];
    await forEach(this.#told, async (told) => {
      stories.push(await this.#storyOf(told, ledger, listed));
    });
    const broken = stories.flatMap((story) => {
      const breaches = breachesOf(story);
      return breaches.length === 0 ? [] : [{ breaches, life: lifeOf(story) }];
    });
    await forEach([...new Set(ledger.inbound)], async (id) => {
      if ((await this.#find(id, OPERATOR))?.status === 'RECEIVED') return;
      broken.push({ breaches: [{ rule: 'EVENT_LOST', what: 'that a message came in' }], life: `  ${id}` });
    });
    const rules = Object.keys(RULES) as Rule[];
    const worst = ({ breaches }: { breaches: Breach[] }): number =>
      Math.min(...breaches.map(({ rule }) => rules.indexOf(rule)));
    const lives = broken
      .toSorted((a, b) => worst(a) - worst(b))
      .map(({ breaches, life }) => [...breaches.map(({ rule, what }) => `${RULES[rule]}: ${what}`), life].join('\n'));
    const rulesBroken = broken.flatMap((each) => each.breaches.map(({ rule }) => rule));
    const breaches = new Map(
      rules.map((rule) => [`BREACH: ${RULES[rule]}`, rulesBroken.filter((each) => each === rule).length]),
    );
    const { deaths } = this.#running();
    if (deaths > 0) lives.push(`a server ended by itself, ${deaths} times`);
    return { lives, breaches, figures: this.#figures(ledger, listed?.size ?? 0) };
  }

  #figures(ledger: Ledger, unresolved: number): Map<string, number> {
    const posts = [...ledger.posts.values()].flat();
    const answers = this.#told.flatMap(({ calls }) => calls.map(({ answer }) => answer));
    const heard = (outcome: string): number =>
      answers.filter((answer) => answer.kind === 'failed' && answer.outcome === outcome).length;
    return new Map([
      ['sends', this.#told.length],
      ['calls', answers.length],
      ['… of which replays', this.#replays],
      ['… heard the message', answers.filter(({ kind }) => kind === 'message').length],
      ['… heard NOT_SENT', heard('NOT_SENT')],
      ['… heard UNKNOWN', heard('UNKNOWN')],
      ['… heard nothing', answers.filter(({ kind }) => kind === 'lost').length],
      ['POSTs', posts.length],
      ['… accepted', posts.filter(({ id }) => id !== null).length],
      ...countBy(posts.map(({ fault }) => `… ${fault ?? 'without fault'}`)),
      ['connections reset unread', ledger.unread.length],
      ...countBy(this.#troubles.map(({ what }) => what)),
      ['events answered 200', [...ledger.taken.values()].flat().length + ledger.inbound.length],
      ['callbacks refused, and repeated', ledger.refusals],
      ['unresolved in the end', unresolved],
    ]);
  }

  close(): void {
    this.#fleet?.close();
    this.#ledger?.disconnect();
    void this.#clients.destroy();
  }

  /** What a caller does who believes its answer: with a key it asks again, and without one only if nothing was sent. */
  async #tell(number: number): Promise<void> {
    const send = this.#sendOf(number);
    const told: Told = { send, calls: [] };
    await delay(this.#chance('arrival', number) * ROUND_MS);
    this.#told.push(told);
    const hasKey = send.idempotencyKey !== null;
    const twin = hasKey && this.#chance('twin', number) < 0.1 ? this.#call(told) : null;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const answer = await this.#call(told);
      const mayRepeat = hasKey ? answer.kind !== 'message' : isNotSent(send, answer);
      if (!mayRepeat || this.#chance('again', number, tries) < 0.3) break;
    }
    await twin;
  }

  /** Breaks one thing, and asks for earlier keys meanwhile. */
  async #break(breaking: Breaking | undefined, earlier: readonly Told[], round: number): Promise<void> {
    if (breaking === undefined) return;
    await delay(LEAD_MS);
    const [what, strike] = breaking;
    const from = Date.now();
    const isOver = strike().then(() => this.#troubles.push({ what, from, until: Date.now() }));
    const known = [
      ...earlier,
      ...this.#told.filter(({ send, calls }) => send.idempotencyKey !== null && calls.length > 0),
    ];
    const replays: Promise<Answer>[] = [];
    for (let replay = 0; replay < Math.min(REPLAYS_A_ROUND, known.length); replay++) {
      const told = known[Math.floor(this.#chance('replay', round, replay) * known.length)];
      if (told !== undefined) replays.push(this.#call(told));
      await delay(POLL_MS / 2);
    }
    this.#replays += replays.length;
    await Promise.all([isOver, ...replays]);
  }

  #sendOf(number: number): Send {
    const chance = (word: string): number => this.#chance(word, number);
    const size = chance('group') < 0.7 ? 1 : 2 + Math.floor(chance('size') * 2);
    return {
      text: `send-${number}`,
      caller: CALLERS[number % CALLERS.length] ?? '',
      // Several callers have the same keys, which must not collide.
      idempotencyKey: chance('key') < 0.8 ? `key-${Math.floor(number / CALLERS.length)}` : null,
      from: `+1919555000${Math.floor(chance('from') * 3)}`,
      to: Array.from({ length: size }, (_, index) => `+1919${2_000_000 + number * 4 + index}`),
      tag: [null, '', `tag of ${number}`][Math.floor(chance('tag') * 3)] ?? null,
    };
  }

  async #call(told: Told): Promise<Answer> {
    const call = await this.#ask(told.send);
    told.calls.push(call);
    return call.answer;
  }

  /** Asks one of the servers that are there. */
  async #ask({ text, caller, idempotencyKey, from, to, tag }: Send): Promise<Call> {
    const url = await this.#anyUrl();
    const input = { from, to, text, applicationId: 'app', ...(tag !== null && { tag }), idempotencyKey };
    const askedAt = Date.now();
    const answer = await this.#post(url, caller, SEND, { input }).then(answerOf, (): Answer => ({ kind: 'lost' }));
    return { askedAt, heardAt: Date.now(), answer };
  }

  async #find(id: string, caller: string): Promise<ToldMessage | null> {
    const { data } = await this.#post(await this.#anyUrl(), caller, FIND, { id });
    return (data?.message ?? null) as ToldMessage | null;
  }

  /** The unresolved sends, by their first recipient, which each send has for itself. */
  async #unresolved(): Promise<Map<string, string>> {
    const listed = new Map<string, string>();
    for (let after: string | null = null; ;) {
      const { data } = await this.#post(await this.#anyUrl(), OPERATOR, UNRESOLVED, { after });
      const page = data?.unresolvedSends as {
        nodes: { id: string; to: string[] }[];
        pageInfo: { hasNextPage: boolean; endCursor: string | null };
      };
      for (const { id, to } of page.nodes) listed.set(to[0] ?? '', id);
      if (!page.pageInfo.hasNextPage) return listed;
      after = page.pageInfo.endCursor;
    }
  }

  async #storyOf({ send, calls }: Told, ledger: Ledger, listed: Map<string, string> | null): Promise<Story> {
    const posts = ledger.posts.get(send.text) ?? [];
    const id = posts.find((post) => post.id !== null)?.id ?? null;
    const found = id === null ? null : await this.#find(id, send.caller);
    const sendId = listed?.get(send.to[0] ?? '') ?? null;
    if (id !== null && sendId !== null) await this.#settle(sendId, id);
    return {
      send,
      calls: calls.toSorted((a, b) => a.heardAt - b.heardAt),
      posts,
      taken: ledger.taken.get(id ?? '') ?? [],
      refused: ledger.givenUp.get(id ?? '') ?? [],
      troubles: this.#troubles,
      unread: ledger.unread,
      found,
      isListed: listed === null ? null : sendId !== null,
      settled: id === null || sendId === null ? null : await this.#find(id, send.caller),
    };
  }

  /** As an operator does who found the message at Catapult: one by one. */
  #settle(sendId: string, messageId: string): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const { errors } = await this.#post(await this.#anyUrl(), OPERATOR, SETTLE, { sendId, messageId });
      // Where another send has that id, the judge says so, with the life of this one.
      if (errors === undefined || JSON.stringify(errors).includes('MESSAGE_ID_TAKEN')) return;
      throw new Error(`${messageId} cannot be settled: ${JSON.stringify(errors)}`);
    });
    return this.#settling;
  }

  async #anyUrl(): Promise<string> {
    for (;;) {
      const urls = this.#running().urls;
      const url = urls[Math.floor(Math.random() * urls.length)];
      if (url !== undefined) return url;
      await delay(POLL_MS / 10);
    }
  }

  async #post(url: string, caller: string, query: string, variables: object): Promise<GraphQLAnswer> {
    const { body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': keyOf(caller) },
      body: JSON.stringify({ query, variables }),
      dispatcher: this.#clients,
    });
    return (await body.json()) as GraphQLAnswer;
  }

  #order(order: object): void {
    if (this.#ledger?.connected === true) this.#ledger.send(order);
  }

  #running(): Fleet {
    if (this.#fleet === undefined) throw new Error('nothing runs');
    return this.#fleet;
  }

  /** 0 ≤ chance < 1, always the same for the same words and seed. */
  #chance(...words: (string | number)[]): number {
    const digest = createHash('sha256')
      .update(JSON.stringify([this.#options.seed, ...words]))
      .digest();
    return digest.readUInt32BE() / 2 ** 32;
  }
}

interface GraphQLAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string; readonly outcome?: string } }[];
}

const keyOf = (caller: string): string => `the key of ${caller}`;

function answerOf({ data, errors }: GraphQLAnswer): Answer {
  const message = data?.sendMessage as ToldMessage | null | undefined;
  if (message != null) return { kind: 'message', message };
  const { code = 'no code', outcome = null } = errors?.[0]?.extensions ?? {};
  return { kind: 'failed', code, outcome };
}

const isInProgress = (answer: Answer): boolean => answer.kind === 'failed' && answer.code === 'REQUEST_IN_PROGRESS';

/** Does `work` for all of them, some at a time. */
async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const open = [...items].reverse();
  const worker = async (): Promise<void> => {
    for (let item = open.pop(); item !== undefined; item = open.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words.toSorted()) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
