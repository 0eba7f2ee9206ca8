/** Limits of sends through the whole server: who is refused, what is told, and what is not counted. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { print } from 'graphql';
import { Client } from 'pg';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute, post, type Answer } from '../support/client.js';
import { startPostgres } from '../support/postgres.js';
import { SendMessageDocument, SubmitMessageDocument, type SendMessageMutation } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { makeFolder, removeFolder } from '../support/folder.js';

describe('a limit of sends', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  beforeEach(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startTestApp({ ...accountAt(sandbox), LIMIT_SENDS: '3/h', LIMIT_PER_RECIPIENT: '2/h' });
  });
  afterEach(async () => {
    await app.close();
    await sandbox.close();
  });
  const send = (fields: object = {}): Promise<Answer<SendMessageMutation>> =>
    execute(app.url, SendMessageDocument, { input: { ...INPUT, ...fields } });

  it('refuses more sends to one recipient, and says for how long', async () => {
    await send();
    await send();
    const { status, errors } = await send();
    expect(status).toBe(200);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true, outcome: 'NOT_SENT' });
    expect(errors?.[0]?.extensions.retryAfterSeconds).toBeGreaterThan(3_000);
    expect((await send({ to: ['+12345678903'] })).errors).toBeUndefined();
  });

  it('refuses more sends of one caller, counted by recipient', async () => {
    expect((await send({ to: ['+12345678902', '+12345678903'] })).errors).toBeUndefined();
    const { errors } = await send({ to: ['+12345678904', '+12345678905'] });
    expect(errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect((await send({ to: ['+12345678904'] })).errors).toBeUndefined();
  });

  it('is reported as data by submitMessage', async () => {
    await send({ to: ['+12345678902', '+12345678903', '+12345678904'] });
    const { data } = await execute(app.url, SubmitMessageDocument, { input: { ...INPUT, to: ['+12345678905'] } });
    expect(data?.submitMessage).toMatchObject({
      __typename: 'SendRateLimitedProblem',
      code: 'RATE_LIMITED',
      retryAfterSeconds: expect.any(Number) as number,
    });
  });

  it('does not refuse or count a repetition', async () => {
    const first = await send({ idempotencyKey: 'k' });
    await send({ to: ['+12345678903'] });
    await send({ to: ['+12345678904'] });
    for (let round = 0; round < 3; round++) {
      expect((await send({ idempotencyKey: 'k' })).data).toEqual(first.data);
    }
  });

  it('leaves the key of a refused send free', async () => {
    await send({ to: ['+12345678902', '+12345678903', '+12345678904'] });
    const refused = await send({ to: ['+12345678905'], idempotencyKey: 'k' });
    const again = await send({ to: ['+12345678906'], idempotencyKey: 'k' });
    // Not IDEMPOTENCY_KEY_REUSED: nothing was sent under it.
    expect([refused, again].map(({ errors }) => errors?.[0]?.extensions.code)).toEqual([
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
  });

  it('is not used up by what upstream refuses', async () => {
    for (let round = 0; round < 5; round++) {
      const { errors } = await send({ from: '+19195560403' });
      expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_REJECTED');
    }
    expect((await send()).errors).toBeUndefined();
  });
});

describe('a caller at a limit', () => {
  const KEYS = ['a', 'b'].map((name) => `${name}:${createHash('sha256').update(`key-of-${name}`).digest('hex')}`);
  let folder: string;
  let app: TestApp;
  beforeEach(async () => {
    folder = makeFolder();
    app = await startTestApp(
      { API_KEYS: KEYS.join(','), LIMIT_PER_RECIPIENT: '1/d' },
      { storeFile: join(folder, 'messages.sqlite') },
    );
  });
  afterEach(async () => {
    await app.close();
    removeFolder(folder);
  });
  const codeOf = async (caller: 'a' | 'b', fields: object = {}): Promise<string | undefined> => {
    const body = JSON.stringify({ query: print(SendMessageDocument), variables: { input: { ...INPUT, ...fields } } });
    const headers = { 'content-type': 'application/json', 'x-api-key': `key-of-${caller}` };
    return (await post(app.url, body, headers)).errors?.[0]?.extensions.code;
  };

  it('does not stop others from sending to that recipient', async () => {
    expect(await codeOf('a')).toBeUndefined();
    expect(await codeOf('a')).toBe('RATE_LIMITED');
    expect(await codeOf('b')).toBeUndefined();
  });

  it('leaves a count in the database, and nothing else, however much is refused', async () => {
    expect(await codeOf('a')).toBeUndefined();
    const refused = { text: 'x'.repeat(2_000), media: Array(10).fill(`https://example.com/${'y'.repeat(4_000)}`) };
    for (let round = 0; round < 30; round++) {
      expect(await codeOf('a', { ...refused, idempotencyKey: `k${round}` })).toBe('RATE_LIMITED');
    }
    await app.close();
    const database = new Database(join(folder, 'messages.sqlite'));
    const countOf = (table: string): unknown => database.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get();
    expect([countOf('sends'), countOf('audit'), countOf('refusals')]).toEqual([1, 1, 1]);
    expect(database.prepare('SELECT caller, count FROM refusals').all()).toEqual([{ caller: 'a', count: 30 }]);
    database.close();
  });
});

it('while a call waits for its claim, no other instance answers NOT_SENT for its key', async () => {
  const postgres = await startPostgres();
  const url = await postgres.newDatabase();
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const environment = { ...accountAt(sandbox), DATABASE_URL: url, LIMIT_PER_RECIPIENT: '1/h' };
  const [first, second] = [await startTestApp(environment), await startTestApp(environment)];
  const lock = new Client({ connectionString: url });
  await lock.connect();
  // Claims wait; what only reads, and the counters, go on.
  await lock.query('BEGIN; LOCK TABLE sends IN SHARE MODE');
  const waiting = async (claims: number): Promise<void> => {
    const count = 'SELECT COUNT(*)::int AS claims FROM pg_locks WHERE NOT granted';
    while ((await lock.query<{ claims: number }>(count)).rows[0]?.claims !== claims);
  };
  const calls = [];
  for (const [index, app] of [first, second].entries()) {
    calls.push(execute(app.url, SendMessageDocument, { input: { ...INPUT, idempotencyKey: 'k' } }));
    await waiting(index + 1);
  }
  await lock.query('COMMIT');
  const answers = await Promise.all(calls);
  expect(answers.filter(({ data }) => data?.sendMessage != null).length).toBeGreaterThan(0);
  expect(answers.map(({ errors }) => errors?.[0]?.extensions.outcome)).not.toContain('NOT_SENT');
  await lock.end();
  for (const part of [first, second, sandbox, postgres]) await part.close();
});
