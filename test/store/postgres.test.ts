/** The PostgreSQL store: what is asked of both stores, and what is its own. */
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { Client, type DatabaseError } from 'pg';
import { EVERYBODY } from '../../src/messaging/caller.js';
import type { DeliveryEvent } from '../../src/messaging/delivery.js';
import type {
  ChangeCursor,
  ForgettingPlace,
  ForgettingStep,
  MessageStore,
  NewSend,
  StoreChange,
} from '../../src/messaging/ports.js';
import { openStore, type OpenStore } from '../../src/store/index.js';
import { optOutsQuery } from '../../src/store/consent.js';
import { LIST_DIALECTS, listQuery, type Query } from '../../src/store/list-query.js';
import { migrations, NewerStoreError } from '../../src/store/migrations.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { OUTBOUND } from '../support/messages.js';
import { describeStore } from './conformance.js';
import { forgetAll } from './conformance/forgetting.js';
import type { StoreUnderTest } from './conformance/opened.js';
import { startPostgresProxy, type PostgresProxy } from './postgres-proxy.js';
import { accepted, firstOf, newSend, NO_FILTER, own, put, REJECTED } from './sends.js';

let postgres: TestPostgres;
/**
 * Where the common suite's tests take turns. Its connections stay: to open them anew for each test took longer than the
 * tests. The operator empties it between them, whether the audit allows it or not.
 */
let turns: { place: StoreUnderTest; store: OpenStore; reader: Client; operator: Client } | undefined;
const open = (databaseUrl: string): ReturnType<typeof openStore> => openStore({ databaseUrl, file: '' });

beforeAll(async () => {
  postgres = await startPostgres({ flushes: false });
}, 30_000);
afterAll(async () => {
  await turns?.store.close();
  await turns?.reader.end();
  await turns?.operator.end();
  await postgres.close();
});

const prepare = async (): Promise<StoreUnderTest> => placeAt(await postgres.newSchema());

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // Other tests stop the server.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function placeAt(url: string): StoreUnderTest {
  const query = async (statements: string): Promise<Record<string, unknown>[]> => {
    const client = await connected(url);
    return client
      .query<Record<string, unknown>>(statements)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  };
  return {
    open: () => open(url),
    name: 'PostgreSQL',
    async script(statements) {
      await query(statements);
    },
    rewritesOfAudit: [
      'TRUNCATE audit',
      'WITH gone AS (DELETE FROM audit RETURNING *) SELECT * FROM gone',
      "MERGE INTO audit USING (SELECT 'x' AS caller) AS given ON true WHEN MATCHED THEN UPDATE SET outcome = 'ACCEPTED'",
    ],
    rewritesOfConsentAudit: [
      'TRUNCATE consent_audit',
      'WITH gone AS (DELETE FROM consent_audit RETURNING *) SELECT * FROM gone',
    ],
    sql: query,
  };
}

async function empty(): Promise<StoreUnderTest> {
  if (turns === undefined) {
    const url = await postgres.newSchema();
    const [store, reader, operator] = [await open(url), await connected(url), await connected(url)];
    await operator.query('SET session_replication_role TO replica');
    const sql = async (statement: string): Promise<Record<string, unknown>[]> =>
      (await reader.query<Record<string, unknown>>(statement)).rows;
    turns = { place: { ...placeAt(url), kept: store, sql }, store, reader, operator };
  }
  const { rows } = await turns.operator.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('schema_version', 'commit_offset')",
  );
  const isMadeOnce = (name: string): string => (name === 'secrets' ? " WHERE name <> 'forgotten'" : '');
  await turns.operator.query(rows.map(({ name }) => `DELETE FROM ${name}${isMadeOnce(name)}`).join(';'));
  return turns.place;
}

describeStore('PostgreSQL', prepare, empty);

/** How PostgreSQL answers a query, and what it met on its way. */
async function planOf(client: Client, query: Query | null): Promise<string> {
  const { sql, values } = query ?? { sql: 'no query', values: [] };
  let number = 0;
  const numbered = sql.replace(/\?/g, () => `$${++number}`);
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ANALYZE ${numbered}`, [...values]);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('the PostgreSQL database', () => {
  it('takes a hundred odd events in with one commit', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => [
        store.take({ kind: 'strange', count: 1, body: `strange ${index}` }, 1),
        store.take({ kind: 'other', event: { messageId: 'm', type: 'message-read', body: `other ${index}` } }, 1),
      ]).flat(),
    );
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      'SELECT DISTINCT xmin::text AS written_by FROM (SELECT xmin FROM strange_callbacks UNION ALL SELECT xmin FROM other_events) AS kept',
    );
    await client.end();
    await store.close();
    expect(rows).toHaveLength(1);
  });

  it('goes on with its changes where it was restored from a server with more transactions', async () => {
    const url = await postgres.newDatabase();
    const first = await open(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    await put(first);
    // What a dump holds. Its cursors may come from later.
    await client.query('UPDATE sends SET changed = changed + 1000000');
    const kept = await first.lastChange();
    const cursor: ChangeCursor = { commit: kept.commit + 1_000_500, sendId: '', ahead: null };
    await first.close();
    const store = await open(url);
    expect((await store.lastChange()).commit).toBeGreaterThan(cursor.commit);
    expect(await store.changes({ commit: 0, sendId: '' }, 10)).toHaveLength(1);
    const { id } = await put(store);
    expect((await store.changes(cursor, 10)).map(({ send }) => send.message?.id)).toEqual([id]);
    await store.close();
    // Once is enough.
    const numbers = async (): Promise<unknown[]> =>
      (await client.query<{ added: number }>('SELECT added FROM commit_offset')).rows;
    const before = await numbers();
    await (await open(url)).close();
    expect(await numbers()).toEqual(before);
    await client.end();
  });

  it('numbers what instances of an earlier version change meanwhile', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const message = await put(store);
    const cursor = await store.lastChange();
    const client = new Client({ connectionString: url });
    await client.connect();
    const delivery = { to: message.to[0], status: 'DELIVERED', time: 5, errorCode: null };
    await client.query("UPDATE sends SET status = 'DELIVERED', deliveries = $1, updated_at = 9", [
      JSON.stringify([delivery]),
    ]);
    const [change] = await store.changes(cursor, 10);
    expect(change?.send.message).toMatchObject({ status: 'DELIVERED', events: [{ status: 'DELIVERED', time: 5 }] });
    await client.query('UPDATE sends SET idempotency_key = NULL, updated_at = 10');
    expect(await store.changes({ ...cursor, ...change?.position }, 10)).toEqual([]);
    await client.end();
    await store.close();
  });

  /** What an instance of an earlier version claims: it looks for consent itself, and for no digest. */
  const CLAIM_OF_EARLIER_VERSION = `INSERT INTO sends (send_id, caller, fingerprint, status, started_at, updated_at, lease_until,
    sender, recipients, body, media, direction) SELECT $1, 'a', 'f', 'PENDING', 1, 1, 1, $2, $3, 'x', '[]', 'OUT'`;

  it('takes no send to somebody who opted out and is forgotten, also not by an instance of an earlier version', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    const [ours, theirs] = ['+19195550001', '+19195550002'];
    const claim = async (to: string[], from = ours): Promise<string> =>
      client.query(CLAIM_OF_EARLIER_VERSION, [randomUUID(), from, JSON.stringify(to)]).then(
        () => 'claimed',
        (error: unknown) => (error as DatabaseError).code ?? '',
      );
    const say = (isOptedOut: boolean, owner: string | null, since: number): Promise<number> =>
      store.sayConsent(
        [
          {
            ...{ recipient: theirs, owner, isOptedOut, since },
            ...{ source: 'KEYWORD', changedBy: null, recordedBy: null, messageId: null },
          },
        ],
        since,
      );
    await say(true, ours, 5);
    await forgetAll(store, theirs);
    // Its batch is split by this kind of error: its other sends go out.
    expect(await claim(['+15', theirs])).toBe('23514');
    expect([await claim(['+15']), await claim([theirs], '+17')]).toEqual(['claimed', 'claimed']);
    await say(false, ours, 6);
    expect(await claim([theirs])).toBe('claimed');
    // Who is out for all other numbers.
    await say(true, null, 5);
    await forgetAll(store, theirs);
    expect([await claim([theirs]), await claim([theirs], '+17')]).toEqual(['claimed', '23514']);
    await client.end();
    await store.close();
  });

  /** How an instance of an earlier version records a message, and lists its recipients by what it gets back. */
  const RECORD_OF_EARLIER_VERSION = `WITH updated AS (
      UPDATE sends SET status = 'ACCEPTED', updated_at = 9, last_seen = 'HTTP 202', message_id = 'late', time = 9, sender = '+1',
        recipients = '["+19195550002"]', body = 'theirs', changed = pg_current_xact_id()::text::bigint
      WHERE send_id = $1 RETURNING send_id, time, caller)
    INSERT INTO recipients (recipient, time, send_id, caller) SELECT '+19195550002', time, send_id, caller FROM updated`;

  it('learns of an instance of an earlier version that something was sent after all, and to nobody', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const send = newSend({ message: { ...OUTBOUND, to: ['+19195550002'] } });
    await store.claim(send);
    await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
    await store.settle(send.sendId, { as: 'NOT_SENT', by: 'ops', reason: null }, 3_000);
    await forgetAll(store, '+19195550002');
    const client = await connected(url);
    const cursor = await store.lastChange();
    await client.query(RECORD_OF_EARLIER_VERSION, [send.sendId]);
    const { rows } = await client.query('SELECT status, last_seen, message_id, time, sender, body FROM sends');
    const empty = { message_id: null, time: null, sender: '', body: '' };
    expect(rows).toEqual([{ status: 'ACCEPTED', last_seen: 'HTTP 202, message late', ...empty }]);
    expect((await client.query('SELECT * FROM recipients')).rows).toEqual([]);
    const audit = await client.query('SELECT outcome, settled_by FROM audit WHERE time = 9');
    expect(audit.rows).toEqual([{ outcome: 'ACCEPTED', settled_by: 'upstream' }]);
    expect((await store.changes(cursor, 10)).map((change) => change.send.sendId)).toEqual([send.sendId]);
    await client.end();
    await store.close();
  });

  /** How an instance of an earlier version forgets an opt-out: it knows of no other words there. */
  const FORGET_OF_EARLIER_VERSION = `INSERT INTO forgotten_opt_outs AS known SELECT digest_of_forgotten($1), $2, $3::bigint
    ON CONFLICT (recipient_digest, owner) DO UPDATE SET since = greatest(known.since, excluded.since)`;

  it.each([
    [5, true],
    [7, false],
  ])(
    'takes an opt-out of the time %i, which an instance of an earlier version forgets, for no earlier word',
    async (since, wants) => {
      const url = await postgres.newDatabase();
      const store = await open(url);
      const [ours, theirs] = ['+19195550001', '+19195550002'];
      const word = { recipient: theirs, owner: ours, isOptedOut: false, since: 6 };
      await store.sayConsent([{ ...word, source: 'KEYWORD', changedBy: null, recordedBy: null, messageId: null }], 1);
      await forgetAll(store, theirs);
      const client = await connected(url);
      await client.query(FORGET_OF_EARLIER_VERSION, [theirs, ours, since]);
      expect(await store.areOptedOut([{ owner: ours, recipient: theirs }])).toEqual([!wants]);
      await client.end();
      await store.close();
    },
  );

  it('leaves empty what was emptied, also when an instance of an earlier version hears of it', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const message = await put(store, { to: ['+19195550002'] }, { idempotencyKey: 'k' });
    await forgetAll(store, '+19195550002');
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("UPDATE sends SET message_id = $1, time = 1, owner = '+19195550001', status = 'SENDING'", [
      message.id,
    ]);
    const { rows } = await client.query('SELECT message_id, time, owner, status, last_seen FROM sends');
    expect(rows).toEqual([{ message_id: null, time: null, owner: null, status: 'ACCEPTED', last_seen: null }]);
    await client.end();
    await store.close();
  });

  it('looks through the callbacks of a number in steps, between which others use them', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    // Three of each millisecond, and a place where a step would end in the middle of one.
    await client.query(`INSERT INTO strange_callbacks (received_at, body)
      SELECT (n + 2) / 3, 'about +1919555000' || (n % 10) FROM generate_series(1, 1200) AS n`);
    const found: number[] = [];
    let place: ForgettingPlace | null = null;
    do {
      const step: ForgettingStep = await store.forgetSome('+19195550003', place);
      if (place?.table === 2) found.push(step.callbacks);
      place = step.next;
    } while (place !== null);
    expect(found).toEqual([50, 50, 20]);
    const { rows } = await client.query('SELECT count(*)::int AS count FROM strange_callbacks');
    expect(rows).toEqual([{ count: 1080 }]);
    await client.end();
    await store.close();
  });

  it('is migrated while an instance of an earlier version sends: neither waits for what the other holds', async () => {
    const url = await postgres.newDatabase();
    const [client, watcher] = [await connected(url), await connected(url)];
    const steps = migrations('postgres');
    // The next step changes more than the sends.
    const earlier = 11;
    for (const step of steps.slice(0, earlier)) await client.query(step);
    await client.query('CREATE TABLE schema_version (version INTEGER NOT NULL)');
    await client.query(`INSERT INTO schema_version VALUES (${earlier})`);
    await client.query(CLAIM_OF_EARLIER_VERSION, ['one', '+1', '["+2"]']);
    await client.query('BEGIN');
    await client.query('UPDATE sends SET updated_at = 2');
    const opening = open(url);
    const waiting =
      'SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())';
    while ((await watcher.query(waiting)).rows.length === 0) await new Promise(setImmediate);
    // Writes to the audit.
    await client.query("UPDATE sends SET status = 'UNKNOWN'");
    await client.query('COMMIT');
    const store = await opening;
    expect(await store.unresolvedSends(10, null)).toHaveLength(1);
    await store.close();
    await client.end();
    await watcher.end();
  });

  it('is refused untouched when a newer version made it', async () => {
    const url = await postgres.newDatabase();
    await (await open(url)).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('UPDATE schema_version SET version = 99');
    await expect(open(url)).rejects.toThrow(NewerStoreError);
    expect((await client.query('SELECT version FROM schema_version')).rows).toEqual([{ version: 99 }]);
    await client.end();
  });

  it('commits to disk even if its own default is not to', async () => {
    const url = await postgres.newDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit TO off`);
    await client.query(
      "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'not durable'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
    );
    const store = await open(url);
    await client.query('CREATE TRIGGER durable BEFORE INSERT ON sends FOR EACH ROW EXECUTE FUNCTION refuse()');
    await client.end();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it("walks only the caller's own rows, whatever is asked for", async () => {
    const url = await postgres.newDatabase();
    await (await open(url)).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    // A tenth of the rows is a's, and another tenth of them matches each filter, though none of a's does.
    await client.query(
      `INSERT INTO sends (send_id, caller, fingerprint, status, started_at, updated_at, lease_until, sender, recipients, body,
         tag, media, message_id, time, direction)
       SELECT 's' || n, CASE n % 10 WHEN 0 THEN 'a' ELSE 'b' END, 'f', CASE n % 10 WHEN 5 THEN 'FAILED' ELSE 'SENDING' END,
         n, n, n, CASE n % 10 WHEN 5 THEN '+15' ELSE '+16' END, '[]', 'Hey', CASE n % 10 WHEN 5 THEN 'red' END, '[]', 'm' || n,
         n, 'OUT' FROM generate_series(1, 5000) AS n`,
    );
    await client.query('INSERT INTO recipients SELECT sender, time, send_id, caller FROM sends');
    await client.query('ANALYZE sends');
    await client.query('ANALYZE recipients');
    const ofOne = { ...NO_FILTER, caller: own('a') };
    for (const filter of [
      { from: '+15' },
      { to: '+15' },
      { statuses: ['FAILED' as const] },
      { statuses: ['FAILED' as const, 'DELIVERED' as const] },
      { participant: '+15' },
      { tag: 'red' },
    ]) {
      for (const fromEnd of [false, true]) {
        const plan = await planOf(
          client,
          listQuery({ ...ofOne, ...filter }, { ...firstOf(51), fromEnd }, LIST_DIALECTS.postgres),
        );
        expect(plan).not.toContain('Rows Removed');
        expect(plan).toMatch(/Index Cond: \(\(caller = 'a'/);
      }
    }
    await client.end();
  });

  it('reads of those who opted out of a hundred numbers no more than a page of each, by an index', async () => {
    const url = await postgres.newDatabase();
    await (await open(url)).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    // Half of them at one moment, as a file brings them.
    await client.query(
      `INSERT INTO consent (recipient, owner, opted_out, since, source, changed_at, updated_at)
       SELECT '+1' || n, '+2' || n % 100, 1, greatest(n, 10000), 'IMPORT', 1, 1 FROM generate_series(1, 20000) AS n`,
    );
    await client.query('ANALYZE consent');
    const numbers = Array.from({ length: 100 }, (_, index) => `+2${index}`);
    for (const after of [null, { time: 15_000, sendId: 'x' }, { time: 10_000, sendId: '8' }]) {
      for (const fromEnd of [false, true]) {
        const ends = fromEnd ? { after: null, before: after } : { after, before: null };
        const slice = { limit: 20, fromEnd, ...ends };
        const query = optOutsQuery({ numbers, owner: null, recipient: null }, slice, LIST_DIALECTS.postgres);
        const plan = await planOf(client, query);
        expect(plan).not.toMatch(/Seq Scan|Rows Removed|external/);
        expect(plan).toMatch(/Index (Only )?Scan (Backward )?using consent_owner/);
      }
    }
    await client.end();
  });

  describe('shared by two instances', () => {
    let url: URL;
    let proxy: PostgresProxy;
    /** The one whose statements the test holds up, and the other one. */
    let held: MessageStore;
    let other: MessageStore;

    beforeEach(async () => {
      url = new URL(await postgres.newSchema());
      other = await open(url.href);
      proxy = await startPostgresProxy(Number(url.port));
      const byProxy = new URL(url);
      byProxy.port = String(proxy.port);
      held = await open(byProxy.href);
    });
    afterEach(async () => {
      await held.close();
      await other.close();
      await proxy.close();
    });

    const delivered = (messageId: string, to: string | null): DeliveryEvent => ({
      messageId,
      sendId: null,
      to,
      status: 'DELIVERED',
      time: 5,
      errorCode: null,
      message: { time: 4, owner: null, segmentCount: null, pairedMessageId: null },
    });

    async function put(id: string, to = OUTBOUND.to): Promise<void> {
      const send = newSend();
      await other.claim(send);
      await other.record(send.sendId, accepted({ id, to }), 2_000);
    }

    async function asOperator<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
      const client = new Client({ connectionString: url.href });
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    }

    /** Resolves once a statement of somebody waits for a lock. */
    const isWaiting = (client: Client): Promise<void> => areWaiting(client, 1);

    async function areWaiting(client: Client, count: number): Promise<void> {
      const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
      while ((await client.query(waiting)).rows.length < count);
    }

    it('loses no event of a message that both instances take in at the same moment', async () => {
      await put('m', ['+16', '+17']);
      const { reached, goOn } = proxy.pauseAt('WITH updated AS');
      const first = held.take({ kind: 'delivery', event: delivered('m', '+16') }, 3_000);
      await reached;
      const second = other.take({ kind: 'delivery', event: delivered('m', '+17') }, 3_000);
      await asOperator((client) => Promise.race([second, isWaiting(client)]));
      goOn();
      await Promise.all([first, second]);
      expect(await other.messagesById(['m'], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
    });

    it('ends a claim that is stored and not committed yet, as soon as it is', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await asOperator(async (client) => {
        await client.query(
          'SELECT pg_advisory_lock(7); CREATE FUNCTION linger() RETURNS trigger AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$ LANGUAGE plpgsql;' +
            'CREATE TRIGGER linger AFTER INSERT ON sends FOR EACH ROW EXECUTE FUNCTION linger()',
        );
        const claim = held.claim(send);
        await asOperator(isWaiting);
        const abandoned = held.abandon([send], 2_000);
        await areWaiting(client, 2);
        await client.query('SELECT pg_advisory_unlock(7)');
        await Promise.all([claim, abandoned]);
      });
      expect(await other.claim(newSend({ idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
      expect(await other.expireLeases(1e15)).toBe(1);
    });

    it('answers with a claim that looked before its recipient opted out, and is not committed yet', async () => {
      const send = (): NewSend => newSend({ idempotencyKey: 'k' });
      await asOperator(async (client) => {
        await client.query(
          'SELECT pg_advisory_lock(7); CREATE FUNCTION linger() RETURNS trigger AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$ LANGUAGE plpgsql;' +
            'CREATE TRIGGER linger AFTER INSERT ON sends FOR EACH ROW EXECUTE FUNCTION linger()',
        );
        const claim = held.claim(send());
        await asOperator(isWaiting);
        const [recipient = ''] = OUTBOUND.to;
        const facts = { source: 'MANUAL', changedBy: 'caller:a', recordedBy: 'caller:a', messageId: null } as const;
        await other.sayConsent([{ recipient, owner: null, isOptedOut: true, since: 1, ...facts }], 1_000);
        const again = other.claim(send());
        await Promise.race([again, areWaiting(client, 2)]);
        await client.query('SELECT pg_advisory_unlock(7)');
        expect(await claim).toEqual({ kind: 'CLAIMED' });
        expect(await again).toMatchObject({ kind: 'HELD', by: { idempotencyKey: 'k' } });
      });
      expect(await other.claim(newSend({ idempotencyKey: 'l' }))).toEqual({ kind: 'OPTED_OUT', recipients: [0] });
    });

    it('stores a claim with one statement, and a record with one', async () => {
      await put('m');
      const asked: string[] = [];
      const query = Reflect.get(Client.prototype, 'query') as (...args: unknown[]) => unknown;
      Client.prototype.query = function (this: Client, ...args: unknown[]) {
        const [given] = args as [string | { readonly text: string }];
        asked.push((typeof given === 'string' ? given : given.text).slice(0, 30));
        return Reflect.apply(query, this, args);
      } as typeof Client.prototype.query;
      const sends = [newSend({ idempotencyKey: 'k1' }), newSend({ idempotencyKey: 'k2' })];
      try {
        await Promise.all(sends.map((send) => other.claim(send)));
        await Promise.all(sends.map(({ sendId }) => other.record(sendId, accepted(), 2_000)));
      } finally {
        Client.prototype.query = query as typeof Client.prototype.query;
      }
      expect(asked).toEqual([expect.stringMatching(/^INSERT INTO sends /), expect.stringMatching(/^WITH updated AS/)]);
    });

    it('keeps a record although the events that waited for it cannot be applied, and applies them later', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await held.claim(send);
      await other.take({ kind: 'delivery', event: delivered('m', OUTBOUND.to[0] ?? null) }, 1_000);
      proxy.resetAt('DELETE FROM early_events');
      await held.record(send.sendId, accepted({ id: 'm' }), 2_000);
      expect(await other.sendByKey('a', 'k')).toMatchObject({ status: 'ACCEPTED' });
      expect(await other.adoptEarlyEvents(3_000)).toBe(1);
      expect(await other.sendByKey('a', 'k')).toMatchObject({ status: 'DELIVERED' });
    });

    it('gives a key that becomes free between two looks at it to the claim, which is stored then', async () => {
      const [before, after] = [newSend({ idempotencyKey: 'k' }), newSend({ idempotencyKey: 'k' })];
      await other.claim(before);
      const { reached, goOn } = proxy.pauseAt('SELECT caller, idempotency_key');
      const claim = held.claim(after);
      await reached;
      await other.record(before.sendId, REJECTED, 2_000);
      goOn();
      expect(await claim).toEqual({ kind: 'CLAIMED' });
      expect(await other.sendByKey('a', 'k')).toMatchObject({ sendId: after.sendId, status: 'PENDING' });
    });

    async function unresolved(idempotencyKey: string): Promise<string> {
      const send = newSend({ idempotencyKey });
      await other.claim(send);
      await other.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      return send.sendId;
    }

    it('frees no key by a settlement while the other records that the message went out', async () => {
      const sendId = await unresolved('k');
      const { reached, goOn } = proxy.pauseAt('UPDATE sends SET updated_at');
      const settled = held.settle(sendId, { as: 'NOT_SENT', by: 'a person', reason: null }, 3_000);
      await reached;
      const recorded = other.record(sendId, accepted({ id: 'm' }), 3_000);
      await asOperator((client) => Promise.race([recorded, isWaiting(client)]));
      goOn();
      await Promise.all([settled, recorded]);
      expect(await other.messagesById(['m'], EVERYBODY)).toMatchObject([{ status: 'ACCEPTED' }]);
    });

    it('gives one message id to one send, although both settle by it at the same moment', async () => {
      const [first, second] = [await unresolved('k1'), await unresolved('k2')];
      const settlement = { as: 'SENT', found: { id: 'm', time: null }, by: 'a person', reason: null } as const;
      const { reached, goOn } = proxy.pauseAt('INSERT INTO recipients');
      const settled = held.settle(first, settlement, 3_000);
      await reached;
      const taken = other.settle(second, settlement, 3_000);
      await asOperator((client) => Promise.race([taken, isWaiting(client)]));
      goOn();
      expect([(await settled).kind, (await taken).kind]).toEqual(['SETTLED', 'MESSAGE_ID_TAKEN']);
    });

    it('stores a batch again that the database ended to break a deadlock', async () => {
      for (const id of ['m1', 'm2']) await put(id);
      await asOperator(async (client) => {
        // This one never gives way: the one who looks for a deadlock is the one who ends.
        await client.query("SET deadlock_timeout = '1min'");
        await client.query("BEGIN; SELECT 1 FROM sends WHERE message_id = 'm2' FOR UPDATE");
        const events = ['m1', 'm2'].map((id) =>
          held.take({ kind: 'delivery', event: delivered(id, OUTBOUND.to[0] ?? null) }, 3_000),
        );
        await asOperator(isWaiting);
        await client.query("SELECT 1 FROM sends WHERE message_id = 'm1' FOR UPDATE; COMMIT");
        await Promise.all(events);
      });
      expect(await other.messagesById(['m1', 'm2'], EVERYBODY)).toMatchObject([
        { status: 'DELIVERED' },
        { status: 'DELIVERED' },
      ]);
    });

    it('leaves nothing behind by a ping, and what follows it on the same connection is stored', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await other.claim(send);
      await held.ping();
      expect(await held.expireLeases(1e15)).toBe(1);
      expect(await other.sendByKey('a', 'k')).toMatchObject({ status: 'UNKNOWN' });
      expect((await asOperator((client) => client.query('SELECT 1 FROM readiness'))).rows).toEqual([]);
    });

    it('claims again on a sound connection after a statement that failed', async () => {
      await asOperator((client) =>
        client.query(
          "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN IF NEW.body = 'bad' THEN RAISE 'refused'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql;" +
            'CREATE TRIGGER refuse BEFORE INSERT ON sends FOR EACH ROW EXECUTE FUNCTION refuse()',
        ),
      );
      await expect(held.claim(newSend({ message: { ...OUTBOUND, text: 'bad' } }))).rejects.toThrow('refused');
      expect(await held.claim(newSend())).toEqual({ kind: 'CLAIMED' });
      expect(await held.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    });

    it('reports after each loss of its connection that changes may have been missed, and then gets the next ones', async () => {
      await put('m');
      const told: StoreChange[] = [];
      let wake = (): void => undefined;
      held.onChange((change) => {
        told.push(change);
        wake();
      });
      const next = async (count: number): Promise<void> => {
        while (told.length < count) await new Promise<void>((resolve) => (wake = resolve));
      };
      for (let outage = 1; outage <= 3; outage++) {
        proxy.resetAll();
        await next(outage);
      }
      await other.take({ kind: 'delivery', event: delivered('m', OUTBOUND.to[0] ?? null) }, 3_000);
      await next(4);
      const missed = { kind: 'missed' };
      expect(told).toEqual([missed, missed, missed, { kind: 'updated', messageId: 'm' }]);
    });
  });

  it('of another kind is refused, and its URL is not repeated', async () => {
    await expect(open('mysql://user:secret@localhost/x')).rejects.toThrow(/^(?!.*secret).*postgres:/);
  });
});

describe('one instance with PostgreSQL', () => {
  let url: URL;
  let store: OpenStore;
  let client: Client;

  beforeAll(async () => {
    url = new URL(await postgres.newSchema());
    url.searchParams.set('application_name', 'instance');
    store = await open(url.href);
    client = new Client({ connectionString: url.href.replace('instance', 'operator') });
    await client.connect();
    // Counts tries, which no rollback undoes. An eleventh succeeds, so that tries without end fail their test at once.
    await client.query(
      `CREATE SEQUENCE tries;
       CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN
         IF NEW.body LIKE 'error %' AND nextval('tries') <= 10 THEN
           RAISE 'refused' USING ERRCODE = substr(NEW.body, 7);
         END IF;
         RETURN NEW;
       END $$ LANGUAGE plpgsql;
       CREATE TRIGGER refuse BEFORE INSERT ON sends FOR EACH ROW EXECUTE FUNCTION refuse();
       ALTER TABLE sends ADD CHECK (body <> 'against a rule')`,
    );
  });
  afterAll(async () => {
    await client.end();
    await store.close();
  });

  /** Claims three sends in one batch. The one in the middle has this text. */
  async function claimThree(text: string): Promise<{ outcomes: unknown[]; tries: number }> {
    const messages = [OUTBOUND, { ...OUTBOUND, text }, OUTBOUND];
    await client.query("SELECT setval('tries', 1, false)");
    const claims = await Promise.allSettled(messages.map((message) => store.claim(newSend({ message }))));
    const { rows } = await client.query<{ tries: string }>("SELECT nextval('tries') - 1 AS tries");
    const codeOf = (reason: unknown): unknown => (reason as { code?: unknown }).code;
    return {
      outcomes: claims.map((each) => (each.status === 'fulfilled' ? each.value.kind : codeOf(each.reason))),
      tries: Number(rows[0]?.tries),
    };
  }

  it.each([
    ['a CHECK', '23514', 'against a rule'],
    ['an impossible value', '22003', 'error 22003'],
    ['a limit of the program', '54000', 'error 54000'],
  ])('stores the neighbours of a row that is refused by %s', async (_name, code, text) => {
    expect((await claimThree(text)).outcomes).toEqual(['CLAIMED', code, 'CLAIMED']);
  });

  it.each([
    ['is no fault of a row, although 23 is in its code, after one try', '42723', 1],
    ['is a deadlock for the fourth time', '40P01', 4],
  ])('rejects a whole batch by an error that %s', async (_name, code, tries) => {
    expect(await claimThree(`error ${code}`)).toEqual({ outcomes: [code, code, code], tries });
  });

  it('takes a page from the index of a sender or a tag, and does not sort all of its messages first', async () => {
    await client.query(
      `BEGIN; INSERT INTO sends (send_id, caller, fingerprint, status, started_at, updated_at, lease_until, sender, recipients,
         body, tag, media, message_id, time, direction)
       SELECT 's' || n, 'a', 'f', 'SENDING', n, n, n, '+1' || n % 10, '[]', repeat('Hey', 50), 't' || n % 10, '[]', 'm' || n,
         n * 7919 % 5003, 'OUT' FROM generate_series(1, 5000) AS n; ANALYZE sends`,
    );
    const plans: string[] = [];
    for (const filter of [{ from: '+11' }, { tag: 't1' }]) {
      for (const slice of [firstOf(5), { ...firstOf(5), fromEnd: true }, firstOf(5, { time: 2_500, sendId: 'x' })]) {
        plans.push(await planOf(client, listQuery({ ...NO_FILTER, ...filter }, slice, LIST_DIALECTS.postgres)));
      }
    }
    await client.query('ROLLBACK');
    for (const plan of plans) {
      expect(plan).toContain('Index');
      expect(plan).not.toContain('Sort');
    }
  });

  it('pings by a connection that is used again', async () => {
    const pinging = async (): Promise<unknown[]> => {
      await store.ping();
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'instance' AND query LIKE '%INSERT INTO readiness%'",
      );
      return rows;
    };
    const first = await pinging();
    expect(first).toHaveLength(1);
    expect(await pinging()).toEqual(first);
  });

  it('shares its counts of sends with another', async () => {
    const another = await open(url.href);
    const limit = { perCaller: [], perRecipient: [], perRecipientOverall: [{ count: 1, windowSeconds: 3_600 }] };
    const room = await store.sendLimits(limit).look('a', ['+1']);
    expect(room.kind === 'ROOM' && (await room.take()).kind).toBe('COUNTED');
    const look = await another.sendLimits(limit).look('b', ['+1']);
    await another.close();
    expect(look.kind).toBe('REFUSED');
  });

  it('knows that there may be others, whose leases it must not end early', () => {
    expect(store.shared).toBe(true);
  });

  it('has TCP watch the connection that listens, on which nothing may be said for days', async () => {
    const watched = jest.spyOn(Socket.prototype, 'setKeepAlive');
    await (await open(url.href)).close();
    expect(watched.mock.calls).toEqual([[true, 10_000]]);
    watched.mockRestore();
  });

  it.each([
    ['migrated', 'UPDATE commit_offset'],
    ['listened to', 'LISTEN'],
  ])('is not opened when the connection breaks by which it is %s, and is at the next try', async (_name, statement) => {
    const proxy = await startPostgresProxy(Number(url.port));
    const byProxy = new URL(url);
    byProxy.port = String(proxy.port);
    proxy.resetAt(statement);
    await expect(open(byProxy.href)).rejects.toThrow();
    await (await open(byProxy.href)).close();
    await proxy.close();
  });
});
