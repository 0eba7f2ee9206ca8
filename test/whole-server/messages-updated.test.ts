/** One subscription for a screen: a list and the stream that goes on after it, on two instances over one database. */
import { setTimeout as delay } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { INPUT } from '../support/messages.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { openSubscriber } from '../support/subscriber.js';

/** How many messages are sent, and how many a second. STREAM_MESSAGES makes it last longer. */
const [COUNT, RATE] = [Number(process.env.STREAM_MESSAGES ?? 400), 200];
/** How many were sent, but not all delivered, when the screen lists them. */
const LISTED = 20;
/** How long the screen keeps a connection, until it goes on at the other instance. */
const RECONNECT_MS = 500;

const FIELDS = 'id status timeline { status time to }';
const LIST = `query ($after: String) {
  messages(first: 100, after: $after) { nodes { ${FIELDS} } updatesCursor pageInfo { hasNextPage endCursor } }
}`;
const UPDATES = `subscription ($since: String) { messagesUpdated(since: $since) { cursor message { ${FIELDS} } } }`;
const SEND = `mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }`;

interface Seen {
  readonly id: string;
  readonly status: string;
  readonly timeline: readonly object[];
}
interface Page {
  readonly nodes: readonly Seen[];
  readonly updatesCursor: string;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

const ask = async <Data>(app: TestApp, query: string, variables: object = {}): Promise<Data> => {
  const { data, errors } = await post<Data>(app.url, JSON.stringify({ query, variables }));
  if (data == null || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
};

async function listAll(app: TestApp): Promise<Seen[]> {
  const all: Seen[] = [];
  for (let after: string | null = null, isMore = true; isMore;) {
    const { messages }: { messages: Page } = await ask(app, LIST, { after });
    all.push(...messages.nodes);
    [after, isMore] = [messages.pageInfo.endCursor, messages.pageInfo.hasNextPage];
  }
  return all;
}

/** Sends `count` messages, `RATE` a second, by all instances in turn. */
async function sendAll(apps: readonly TestApp[], count: number): Promise<void> {
  const sends: Promise<unknown>[] = [];
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const dueMs = (index * 1_000) / RATE - (performance.now() - start);
    if (dueMs > 0) await delay(dueMs);
    const app = apps[index % apps.length];
    if (app !== undefined) sends.push(ask(app, SEND, { input: { ...INPUT, text: `message ${index}` } }));
  }
  await Promise.all(sends);
}

/** A screen that shows updates from `since` on, and every half second goes on elsewhere from its last cursor. */
class Screen {
  readonly seen: Seen[] = [];
  reconnects = 0;
  #cursor: string;
  readonly #apps: readonly TestApp[];
  #isOpen = true;
  #end = (): void => undefined;

  constructor(apps: readonly TestApp[], since: string) {
    this.#apps = apps;
    this.#cursor = since;
  }

  async run(): Promise<void> {
    while (this.#isOpen) {
      const client = openSubscriber(this.#apps[this.reconnects % this.#apps.length]?.url ?? '');
      const updates = client.iterate<{ messagesUpdated: { cursor: string; message: Seen } }>({
        query: UPDATES,
        variables: { since: this.#cursor },
      });
      this.#end = () => void updates.return?.();
      let openedAt: number | null = null;
      for await (const { data, errors } of updates) {
        if (data == null) throw new Error(JSON.stringify(errors));
        this.seen.push(data.messagesUpdated.message);
        this.#cursor = data.messagesUpdated.cursor;
        openedAt ??= performance.now();
        if (performance.now() - openedAt > RECONNECT_MS) break;
      }
      await client.dispose();
      this.reconnects += 1;
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#end();
  }
}

const stateOf = ({ id, status, timeline }: Seen): string => JSON.stringify([id, status, timeline]);

/** Opens a screen while messages are sent, and compares what it saw with what there is in the end. */
async function watch(apps: readonly [TestApp, ...TestApp[]]): Promise<Screen> {
  const [app] = apps;
  await sendAll(apps, LISTED);
  const { nodes, updatesCursor } = (await ask<{ messages: Page }>(app, LIST)).messages;
  const sending = sendAll(apps, COUNT - LISTED);
  const screen = new Screen(apps, updatesCursor);
  const running = screen.run();
  await sending;
  const shown = (): readonly Seen[] => [...nodes, ...screen.seen];
  const differing = async (): Promise<Seen[]> => {
    const last = new Map(shown().map((each) => [each.id, stateOf(each)]));
    return (await listAll(app)).filter((each) => each.status !== 'DELIVERED' || last.get(each.id) !== stateOf(each));
  };
  // The sandbox reports deliveries for a moment after the last send.
  for (let tries = 0; tries < 60 && (await differing()).length > 0; tries++) await delay(250);
  expect(await differing()).toEqual([]);
  screen.close();
  await running;
  expect(await listAll(app)).toHaveLength(COUNT);
  const states = shown().map(stateOf);
  expect(states.filter((state, index) => states.indexOf(state) !== index)).toEqual([]);
  return screen;
}

const OPEN = { AUTH: 'none', LIMIT_SENDS: 'off', LIMIT_PER_RECIPIENT: 'off' };

describe('messagesUpdated, at 200 messages a second and with a new connection after each half second', () => {
  let postgres: TestPostgres;
  const folder = makeFolder();
  const running: TestApp[] = [];
  const start = async (...args: Parameters<typeof startTestApp>): Promise<TestApp> => {
    const app = await startTestApp(...args);
    running.push(app);
    return app;
  };
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.close();
    removeFolder(folder);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
  });

  it('goes on after a list, and misses and repeats nothing, on two instances over PostgreSQL', async () => {
    const environment = { ...OPEN, DATABASE_URL: await postgres.newDatabase() };
    const apps = [await start(environment), await start(environment)] as const;
    const { seen, reconnects } = await watch([...apps]);
    // Each message appears that was not in the list; its delivery may be told with it where the machine is busy.
    expect(seen.length).toBeGreaterThanOrEqual(COUNT - LISTED);
    expect(reconnects).toBeGreaterThanOrEqual(2);
  }, 60_000);

  it('does so on one instance over SQLite', async () => {
    const { seen, reconnects } = await watch([await start(OPEN, { storeFile: `${folder}/messages.sqlite` })]);
    expect(seen.length).toBeGreaterThanOrEqual(COUNT - LISTED);
    expect(reconnects).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
