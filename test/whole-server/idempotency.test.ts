/** One key, many calls: exactly one message, on both stores and over two servers. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument, UnresolvedSendsDocument, type MessageInput } from '../support/generated/graphql.js';
import { startProgress } from '../support/progress.mjs';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { INPUT } from '../support/messages.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const CALLS = 50;
/** `npm run test:crash` takes 200. */
const ROUNDS = Number(process.env.KEY_ROUNDS ?? 6);

/** Sends until the answer is final: REQUEST_IN_PROGRESS means to ask again with the same key. */
async function sendUntilAnswered(url: string, input: MessageInput): Promise<string | undefined> {
  for (;;) {
    const { data, errors } = await execute(url, SendMessageDocument, { input });
    const code = errors?.[0]?.extensions.code;
    if (code === undefined) return data?.sendMessage?.id;
    expect(code).toBe('REQUEST_IN_PROGRESS');
  }
}

/** Rounds of concurrent calls with one key each, spread over the servers; every call gets the one message. */
async function storm(apps: readonly TestApp[], upstream: LosingUpstream): Promise<void> {
  const step = startProgress('calls with one key', ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    const input = { ...INPUT, text: `text ${round}`, idempotencyKey: `key ${round}`.replace(' ', '-') };
    const urls = Array.from({ length: CALLS }, (_, call) => apps[call % apps.length]?.url ?? 'none');
    const ids = await Promise.all(urls.map((url) => sendUntilAnswered(url, input)));
    expect(new Set(ids)).toEqual(new Set([idOf(`text ${round}`, 1)]));
    step();
  }
  expect(upstream.accepted.size).toBe(ROUNDS);
  expect([...upstream.accepted.values()].filter((count) => count !== 1)).toEqual([]);
}

describe(`${CALLS} concurrent calls with one key, ${ROUNDS} rounds, are one message each`, () => {
  let upstream: LosingUpstream;
  let folder: string;
  let postgres: TestPostgres;
  let apps: TestApp[];

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres.close());

  beforeEach(async () => {
    upstream = await startLosingUpstream();
    folder = makeFolder();
    apps = [];
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    await upstream.close();
    removeFolder(folder);
  });

  async function start(databaseUrl?: string): Promise<TestApp> {
    const environment = { ...upstreamAt(upstream.url), DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent' };
    const app = await startTestApp(environment, { storeFile: join(folder, 'messages.sqlite') });
    apps.push(app);
    return app;
  }

  it('on SQLite', async () => {
    await storm([await start()], upstream);
  }, 120_000);

  it('on PostgreSQL', async () => {
    await storm([await start(await postgres.newDatabase())], upstream);
  }, 120_000);

  it('on PostgreSQL, over two servers', async () => {
    const url = await postgres.newDatabase();
    await storm([await start(url), await start(url)], upstream);
  }, 120_000);

  it.each(['SQLite', 'PostgreSQL'])('and after a restart the same one, on %s', async (store) => {
    const url = store === 'SQLite' ? undefined : await postgres.newDatabase();
    const input = { ...INPUT, text: 'once', idempotencyKey: 'k' };
    const first = await start(url);
    const id = await sendUntilAnswered(first.url, input);
    await first.close();
    const second = await start(url);
    expect(await sendUntilAnswered(second.url, input)).toBe(id);
    const { errors } = await execute(second.url, SendMessageDocument, { input: { ...input, text: 'other' } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', outcome: 'NOT_SENT' });
    expect([...upstream.accepted]).toEqual([['once', 1]]);
  });

  it('and a refused input uses up no key', async () => {
    const app = await start();
    const input = { ...INPUT, text: '', idempotencyKey: 'k' };
    const { errors } = await execute(app.url, SendMessageDocument, { input });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(await sendUntilAnswered(app.url, { ...input, text: 'valid' })).toBe(idOf('valid', 1));
  });

  it('and a send without an answer is listed as unresolved', async () => {
    const app = await startTestApp({}, { storeFile: join(folder, 'messages.sqlite') });
    apps.push(app);
    // The answer is cut off, and no callback ever reports on the message.
    const to = ['+19195550002'];
    const input = { ...INPUT, from: '+19195560202', to, text: 'cut off', tag: 'mine', idempotencyKey: 'k' };
    for (let call = 0; call < 2; call++) {
      const { errors } = await execute(app.url, SendMessageDocument, { input });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'UNKNOWN', retryable: false });
    }
    const { data } = await execute(app.url, UnresolvedSendsDocument, {});
    const anInstant = expect.stringMatching(/^20.*Z$/) as string;
    expect(data?.unresolvedSends.nodes).toEqual([
      {
        id: expect.stringMatching(/^\w{25}$/) as string,
        isKeyHeld: true,
        // As its caller was told.
        status: 'UNKNOWN',
        startedAt: anInstant,
        updatedAt: anInstant,
        caller: 'anonymous',
        idempotencyKeyHash: createHash('sha256').update('k').digest('hex'),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        lastSeen: 'HTTP 202, UND_ERR_SOCKET',
        attempts: 1,
        settledBy: null,
        from: '+19195560202',
        to,
        tag: 'mine',
      },
    ]);
  });
});
