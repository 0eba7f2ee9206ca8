/**
 * A page that goes away in the middle of a send, and is loaded again: README's form in a thread that is ended, wherever it
 * is. It finds what became of its send, and upstream counts one message.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { startTestApp, upstreamAt } from '../support/app.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { INPUT } from '../support/messages.js';
import {
  startMisbehavingUpstream,
  type Connection,
  type MisbehavingUpstream,
} from '../support/misbehaving-upstream.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startServer, type ServerProcess } from '../support/server-process.js';
import { openNetwork, type Break } from './network.js';
import { bundle, printedFiles } from './printed.js';

/** What upstream does first with a message, until it is told to go on. */
const STAGES = ['has read the message', 'has accepted the message', 'has written half of its answer'] as const;
type Stage = (typeof STAGES)[number];

/** The ledger: how often a message was accepted, by its text, and where its sending stands still. */
class Ledger {
  readonly accepted = new Map<string, number>();
  readonly #stops = new Map<
    string,
    { readonly at: Stage; readonly reached: () => void; readonly goOn: Promise<void> }
  >();

  /** Stands still at this stage of a message, until the result is called. */
  stopAt(text: string, at: Stage): { readonly reached: Promise<void>; readonly goOn: () => void } {
    let [reached, goOn] = [(): void => undefined, (): void => undefined];
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    this.#stops.set(text, { at, reached, goOn: new Promise((resolve) => (goOn = resolve)) });
    return {
      reached: isReached,
      goOn: () => {
        goOn();
      },
    };
  }

  readonly serve = async (connection: Connection): Promise<void> => {
    for (;;) {
      const { text } = JSON.parse((await connection.readPost()).body.toString()) as { text: string };
      const body = JSON.stringify({ id: `id-of-${text}`, text });
      const answer = `HTTP/1.1 202 Accepted\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      await this.#pass(text, 'has read the message');
      this.accepted.set(text, (this.accepted.get(text) ?? 0) + 1);
      await this.#pass(text, 'has accepted the message');
      connection.write(answer.slice(0, 30));
      await this.#pass(text, 'has written half of its answer');
      connection.write(answer.slice(30));
    }
  };

  async #pass(text: string, stage: Stage): Promise<void> {
    const stop = this.#stops.get(text);
    if (stop?.at !== stage) return;
    stop.reached();
    await stop.goOn;
  }
}

/** What a page shows, in a thread that is the page: its script, its memory and its connections end with it. */
class Page {
  readonly #thread: Worker;
  readonly #shown: AsyncIterator<string>;
  readonly states: string[] = [];

  /** Sends the fields, or goes on with what was stored. */
  constructor(script: string, url: string, storage: string, fields?: object) {
    const more = fields === undefined ? [] : [JSON.stringify(fields)];
    this.#thread = new Worker(script, { argv: [url, storage, ...more], stdout: true });
    this.#shown = createInterface(this.#thread.stdout)[Symbol.asyncIterator]();
  }

  /** The next state that it shows; null when it has ended. */
  async next(): Promise<string | null> {
    const shown = await this.#shown.next();
    if (shown.done === true) return null;
    const { status } = JSON.parse(shown.value) as { status: string };
    this.states.push(status);
    return status;
  }

  async until(state: string): Promise<void> {
    for (let shown = await this.next(); shown !== state; shown = await this.next()) {
      if (shown === null) throw new Error(`The page ended after ${this.states.join(', ')}`);
    }
  }

  async kill(): Promise<void> {
    await this.#thread.terminate();
  }
}

interface Point {
  readonly name: string;
  readonly network?: Break;
  readonly upstream?: Stage;
  /** Whether upstream gets the message of the page that is killed. */
  readonly isSent: boolean;
}
const request = (name: string, after: Break['after'], isSent = false): Point => ({
  name,
  network: { of: 'request', after },
  isSent,
});
const answer = (name: string, after: Break['after'], butNotBeforeItAsksAgain = false): Point => ({
  name,
  network: { of: 'answer', after, butNotBeforeItAsksAgain },
  isSent: true,
});
const half = (size: number): number => Math.floor(size / 2);

const POINTS: readonly Point[] = [
  request('before any byte of its request', () => 0),
  request('after the first byte', () => 1),
  request('in its first line', () => 10),
  request('after its first line', () => 'POST /graphql HTTP/1.1\r\n'.length),
  request('in the middle of its headers', ({ head }) => half(head)),
  request('before the empty line', ({ head }) => head - 2),
  request('before its body', ({ head }) => head),
  request('after the first byte of its body', ({ head }) => head + 1),
  request('in the middle of its body', ({ head, all }) => head + half(all - head)),
  request('in the body’s last byte', ({ all }) => all - 1),
  request('after its request', ({ all }) => all, true),
  ...STAGES.map((upstream) => ({ name: `while upstream ${upstream}`, upstream, isSent: true })),
  answer('before any byte of its answer', () => 0),
  answer('after the first byte of its answer', () => 1),
  answer('in the middle of the answer’s headers', ({ head }) => half(head)),
  answer('before the answer’s body', ({ head }) => head),
  answer('in the middle of the answer’s body', ({ head, all }) => head + half(all - head)),
  answer('before the answer’s last byte', ({ all }) => all - 1),
  answer('when it has read its answer, and asks what to show', ({ all }) => all, true),
];
/** Pages at once. */
const AT_ONCE = 4;

const PAGE = `
import { becomePage, storageIn } from './test/clients/page.ts';
const [url, file, fields] = process.argv.slice(2);
becomePage(url, storageIn(file));
void import('./form.js').then(({ send, resume }) => {
  const show = (view) => process.stdout.write(JSON.stringify(view) + '\\n');
  return fields === undefined ? resume(show) : send(JSON.parse(fields), show);
});
`;

describe('a page that is killed in the middle of a send, and loaded again', () => {
  const folder = makeFolder();
  const script = join(folder, 'page.cjs');
  let ledger: Ledger;
  let upstream: MisbehavingUpstream;

  beforeAll(async () => {
    const files = printedFiles('README.md', 'Use it from a frontend');
    const sources = Object.fromEntries([...files].map(([name, [text = '']]) => [name, text]));
    await bundle(PAGE, sources, script, 'node');
  });
  afterAll(() => {
    removeFolder(folder);
  });
  beforeEach(async () => {
    ledger = new Ledger();
    upstream = await startMisbehavingUpstream(ledger.serve);
  });
  afterEach(() => upstream.close());

  const newPage = (url: string, text: string, isNew: boolean): Page =>
    new Page(script, url, join(folder, `${text}.json`), isNew ? { ...INPUT, text } : undefined);

  /** Opens a page that sends, and kills it at the point; the result lets upstream go on. */
  async function sendAndDie(url: string, text: string, { network: at, upstream: stage }: Point) {
    const network = await openNetwork(url, at ?? null);
    const stop = stage && ledger.stopAt(text, stage);
    const page = newPage(network.url, text, true);
    await page.until('PENDING');
    await (stop?.reached ?? network.broken);
    await page.kill();
    await network.close();
    return stop?.goOn ?? (() => undefined);
  }

  /** The states that the page shows when it is loaded again, up to the one that nothing follows. */
  async function reload(url: string, text: string, { isSent, upstream: stage }: Point, goOn: () => void) {
    const page = newPage(url, text, false);
    const first = await page.next();
    goOn();
    if (first !== 'ACCEPTED') await page.until('ACCEPTED');
    await page.kill();
    if (stage !== undefined) expect(page.states).toEqual(['PENDING', 'ACCEPTED']);
    else if (isSent) expect(['PENDING', 'ACCEPTED']).toContain(first);
    else expect(page.states.at(-1)).toBe('ACCEPTED');
    return ledger.accepted.get(text);
  }

  async function dieEverywhere(url: string, points: readonly Point[]): Promise<void> {
    const counts: Record<string, unknown> = {};
    const left = points.entries();
    const walk = async (): Promise<void> => {
      for (const [place, point] of left) {
        const text = `text${place}`;
        const goOn = await sendAndDie(url, text, point);
        const before = ledger.accepted.get(text) ?? 0;
        if (!point.isSent) expect(before).toBe(0);
        counts[point.name] = await reload(url, text, point, goOn);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
    expect(counts).toEqual(Object.fromEntries(points.map(({ name }) => [name, 1])));
  }

  it(`at ${POINTS.length} points, shows its fate, and has sent one message`, async () => {
    const app = await startTestApp(upstreamAt(upstream.url), { storeFile: join(folder, 'messages.sqlite') });
    await dieEverywhere(app.url, POINTS);
    await app.close();
  }, 60_000);

  describe('with PostgreSQL', () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres({ flushes: false });
    }, 30_000);
    afterAll(() => postgres.close());

    // What the server has not heard whole reaches no store.
    const points = POINTS.filter(({ isSent }) => isSent);
    it(`at ${points.length} points, shows its fate, and has sent one message`, async () => {
      const app = await startTestApp({ ...upstreamAt(upstream.url), DATABASE_URL: await postgres.newDatabase() });
      await dieEverywhere(app.url, points);
      await app.close();
    }, 60_000);
  });

  describe('together with its server, which is started again,', () => {
    const dying = (name: string): Point => {
      const point = POINTS.find((each) => each.name === name);
      if (point === undefined) throw new Error(`There is no point ${name}`);
      return point;
    };
    let home: string;
    let servers: ServerProcess[];
    beforeEach(() => {
      [home, servers] = [makeFolder(), []];
    });
    afterEach(async () => {
      for (const server of servers) await kill(server);
      removeFolder(home);
    });
    async function kill({ process: child }: ServerProcess): Promise<void> {
      if (child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    async function start(): Promise<string> {
      const server = await startServer(home, upstreamAt(upstream.url));
      servers.push(server);
      return server.url;
    }
    it.each<[point: string, shown: string, accepted: number]>([
      ['in the middle of its body', 'ACCEPTED', 1],
      ['while upstream has read the message', 'UNKNOWN', 0],
      ['while upstream has accepted the message', 'UNKNOWN', 1],
      ['before any byte of its answer', 'ACCEPTED', 1],
    ])('%s, shows %s, and has sent no second message', async (name, shown, accepted) => {
      const text = 'text';
      const point = dying(name);
      await sendAndDie(await start(), text, point);
      for (const server of servers) await kill(server);
      const url = await start();
      const page = newPage(url, text, false);
      await page.until(shown);
      await page.kill();
      expect(ledger.accepted.get(text) ?? 0).toBe(accepted);
      if (shown !== 'UNKNOWN') return;
      const again = newPage(url, text, false);
      expect(await again.next()).toBe('UNKNOWN');
      await again.kill();
      expect(ledger.accepted.get(text) ?? 0).toBe(accepted);
    });
  });
});
