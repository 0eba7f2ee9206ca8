/** The SQLite store: what is asked of both stores, and what is its own. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/index.js';
import { conversationBetween } from '../../src/messaging/conversation.js';
import { conversationsQuery } from '../../src/store/conversations.js';
import { EVERYBODY } from '../../src/messaging/caller.js';
import type { ConversationFilter, MessageFilter, SendFilter, Slice } from '../../src/messaging/ports.js';
import { optOutsQuery } from '../../src/store/consent.js';
import { countQuery, FREED_KEY, LIST_DIALECTS, listQuery, sendsQuery, type Query } from '../../src/store/list-query.js';
import { StoreInUseError } from '../../src/store/file-lock.js';
import { migrations, NewerStoreError } from '../../src/store/migrations.js';
import { SELECT_CHANGES, SqliteStore } from '../../src/store/sqlite.js';
import { describeStore } from './conformance.js';
import { migratedFiles, sqlitePlace } from './sqlite-place.js';
import type { StoreUnderTest } from './conformance/opened.js';
import { firstOf, newSend, NO_FILTER, own, put } from './sends.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const root = makeFolder();
let files = 0;
const newFile = (): string => join(root, String(++files), 'messages.sqlite');
const open = (file: string): ReturnType<typeof openStore> => openStore({ databaseUrl: null, file });

afterAll(() => {
  removeFolder(root);
});

const placeAt = (file: string): StoreUnderTest => sqlitePlace(file, () => open(file));
const prepare = (): Promise<StoreUnderTest> => Promise.resolve(placeAt(newFile()));
const newMigratedFile = migratedFiles(newFile);

describeStore('SQLite', prepare, async () => placeAt(await newMigratedFile()));

describe('the SQLite file', () => {
  it('is readable by its owner alone', async () => {
    const file = newFile();
    const store = await open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('is readable by its owner alone in a folder that others may read, with the files beside it', async () => {
    const folder = mkdtempSync(join(root, 'shared-'));
    chmodSync(folder, 0o755);
    const store = await open(join(folder, 'messages.sqlite'));
    await store.claim(newSend());
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  it('is looked through from its beginning again for a number, after it was written anew in the middle of that', async () => {
    const file = newFile();
    const store = await open(file);
    for (let index = 0; index < 3; index++) await put(store, { to: ['+15'] });
    const [removed, kept] = [await put(store, { to: ['+19195550123'] }), await put(store)];
    const { next } = await store.forgetSome('+19195550000', null);
    const database = new Database(file);
    database.exec('VACUUM');
    database.close();
    // What comes next would be the waiting events.
    expect(next?.table).toBe(1);
    expect(await store.forgetSome('+19195550123', next)).toMatchObject({ messages: 1, next: { table: 1 } });
    const ids = [removed.id, kept.id];
    expect((await store.messagesById(ids, EVERYBODY)).map((message) => message?.id)).toEqual([undefined, kept.id]);
    await store.close();
  });

  it('is written anew once for a forgotten number while somebody reads it, and says that it is not clear', async () => {
    const file = newFile();
    const store = await open(file);
    await put(store, { text: 'x'.repeat(1_000_000) });
    // As a backup does, for as long as it takes.
    const reader = new Database(file);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM sends').get();
    expect(await store.clearFiles(false)).toBe(false);
    expect(statSync(`${file}-wal`).size).toBeLessThan(5_000_000);
    reader.close();
    expect(await store.clearFiles(false)).toBe(true);
    expect(statSync(`${file}-wal`).size).toBe(0);
    await store.close();
  });

  it('has each commit on the disk before it is answered, also when the power fails', async () => {
    // The connection is the store's own, so it is caught where it is made ready.
    const connections: Database.Database[] = [];
    const pragma = Reflect.get(Database.prototype, 'pragma') as (...args: unknown[]) => unknown;
    Database.prototype.pragma = function (...args) {
      connections.push(this);
      return Reflect.apply(pragma, this, args);
    };
    const store = await open(newFile()).finally(() => (Database.prototype.pragma = pragma));
    const ask = (name: string): unknown => connections[0]?.pragma(name, { simple: true });
    // 2 is FULL: in this journal mode, NORMAL flushes no commit.
    expect([ask('journal_mode'), ask('synchronous')]).toEqual(['wal', 2]);
    await store.close();
  });

  it('has a log beside it that grows to 16 MiB and little more, however much is written', async () => {
    const file = newFile();
    const store = await open(file);
    const message = { ...newSend().message, text: 'x'.repeat(64 * 1024) };
    for (let round = 0; round < 8; round++) {
      await Promise.all(Array.from({ length: 50 }, () => store.claim(newSend({ message }))));
    }
    const { size } = statSync(`${file}-wal`);
    expect(size).toBeGreaterThan(16 * 1024 * 1024);
    expect(size).toBeLessThan(22 * 1024 * 1024);
    await store.close();
  });

  it('holds what was kept aside, for people to read', async () => {
    const file = newFile();
    const store = await open(file);
    await store.take({ kind: 'strange', count: 1, body: 'not [JSON' }, 7);
    await store.close();
    const database = new Database(file);
    expect(database.prepare('SELECT * FROM strange_callbacks').all()).toEqual([{ received_at: 7, body: 'not [JSON' }]);
    database.close();
  });

  it('takes a hundred odd events in with one commit', async () => {
    const file = newFile();
    await (await open(file)).close();
    let commits = 0;
    let isOpen = false;
    const verbose = (sql: unknown): void => {
      const statement = String(sql);
      if (statement === 'COMMIT' || (!isOpen && statement.startsWith('INSERT'))) commits += 1;
      if (/^(BEGIN|COMMIT|ROLLBACK)/.test(statement)) isOpen = statement.startsWith('BEGIN');
    };
    const store = new SqliteStore(new Database(file, { verbose }));
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => [
        store.take({ kind: 'strange', count: 1, body: `strange ${index}` }, 1),
        store.take({ kind: 'other', event: { messageId: 'm', type: 'message-read', body: `other ${index}` } }, 1),
      ]).flat(),
    );
    await store.close();
    expect(commits).toBe(1);
  });

  it('is refused untouched when a newer version made it', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.pragma('journal_mode = DELETE');
    database.close();
    await expect(open(file)).rejects.toThrow(NewerStoreError);
    const untouched = new Database(file);
    expect(untouched.pragma('user_version', { simple: true })).toBe(99);
    expect(untouched.pragma('journal_mode', { simple: true })).toBe('delete');
    untouched.close();
  });

  it('that is full refuses a claim, and takes the next when there is room again', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    const store = new SqliteStore(database);
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 5}`);
    const large = { ...newSend().message, text: 'x'.repeat(2048) };
    const claims = await Promise.allSettled(
      Array.from({ length: 300 }, () => store.claim(newSend({ message: large }))),
    );
    expect(claims.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SQLITE_FULL' } });
    database.pragma(`max_page_count = ${pages + 5_000}`);
    expect(await store.claim(newSend({ message: large }))).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it('goes on with its changes where a backup is restored, behind cursors that are younger', async () => {
    const [file, backup] = [newFile(), newFile()];
    const store = await open(file);
    await put(store);
    const database = new Database(file);
    mkdirSync(dirname(backup));
    await database.backup(backup);
    database.close();
    for (let more = 0; more < 5; more++) await put(store);
    const cursor = await store.lastChange();
    await store.close();
    await delay(10);
    const restored = await open(backup);
    const { id } = await put(restored);
    expect((await restored.changes(cursor, 10)).map(({ send }) => send.message?.id)).toEqual([id]);
    await restored.close();
  });

  it('that another process holds refuses a claim after a bounded wait, and takes the next one', async () => {
    const file = newFile();
    const store = await open(file);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.claim(newSend())).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('COMMIT');
    other.close();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it('that another process holds for a moment only delays a claim', async () => {
    const file = newFile();
    const store = await open(file);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const claim = store.claim(newSend());
    setImmediate(() => setImmediate(() => other.exec('COMMIT').close()));
    expect(await claim).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  describe('is walked by an index', () => {
    let database: Database.Database;
    beforeEach(async () => {
      const file = newFile();
      await (await open(file)).close();
      database = new Database(file);
    });
    afterEach(() => database.close());

    /** The steps in which SQLite answers, without those that only name what another one made. */
    const planOf = (query: Query | null): string[] => {
      const { sql, values } = query ?? { sql: 'no query', values: [] };
      const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
      return steps
        .map(({ detail }) => detail)
        .filter((detail) => !/^(SCAN|CO-ROUTINE) (walk\d|places|found|sends)$/.test(detail));
    };
    const everySlice = (): Slice[] =>
      [false, true].flatMap((fromEnd) => [
        { ...firstOf(50), fromEnd },
        { ...firstOf(50, { time: 5, sendId: 'x' }), fromEnd },
        { ...firstOf(50, { time: 5, sendId: 'x' }), before: { time: 2, sendId: 'x' }, fromEnd },
      ]);

    const SINGLE: [name: string, filter: Partial<MessageFilter>, index: string][] = [
      ['a sender', { from: '+1', since: 1 }, 'sends_sender (<expr>=?'],
      ["a sender, of a caller's", { caller: own('a'), from: '+1' }, 'sends_caller_sender (caller=? AND <expr>=?'],
      ['a sender and states', { from: '+1', statuses: ['FAILED', 'SENDING'] }, 'sends_sender (<expr>=?'],
      ['a recipient', { to: '+1', statuses: ['FAILED', 'SENDING'] }, 'PRIMARY KEY (recipient=?'],
      ["a recipient, of a caller's", { caller: own('a'), to: '+1' }, 'recipients_caller (caller=? AND recipient=?'],
      ['a state', { statuses: ['ACCEPTED'] }, 'sends_status (status=?'],
      [
        "a state, of a caller's",
        { caller: own('a'), statuses: ['FAILED'] },
        'sends_caller_status (caller=? AND status=?',
      ],
      ['a tag and a sender', { tag: 't', from: '+1' }, 'sends_tag (<expr>=?'],
      ["a tag, of a caller's", { caller: own('a'), tag: 't' }, 'sends_caller_tag (caller=? AND <expr>=?'],
    ];
    it.each(SINGLE)('for %s, without a sort, and back as well', (_name, filter, index) => {
      for (const slice of everySlice()) {
        const [walk = '', ...lookups] = planOf(listQuery({ ...NO_FILTER, ...filter }, slice, LIST_DIALECTS.sqlite));
        expect(walk).toContain(
          `USING ${index.includes('recipients_') ? 'COVERING ' : ''}${index.startsWith('PRIMARY') ? '' : 'INDEX '}${index}`,
        );
        for (const lookup of lookups) expect(lookup).toMatch(/^SEARCH sends USING INDEX \S+ \(send_id=\?\)$/);
      }
      const [walk, ...rest] = planOf(countQuery({ ...NO_FILTER, ...filter }, 10_001, LIST_DIALECTS.sqlite));
      expect(walk).toContain(index.split(' (')[0]);
      expect(rest.join()).not.toContain('TEMP B-TREE');
    });

    const SEVERAL: [name: string, filter: Partial<MessageFilter>, walks: RegExp[]][] = [
      ['everything', {}, Array<RegExp>(6).fill(/sends_status \(status=\?/)],
      ['a time', { since: 5, until: 9 }, Array<RegExp>(6).fill(/sends_status \(status=\? AND \(time/)],
      ["a caller's", { caller: own('a') }, Array<RegExp>(6).fill(/sends_caller_status \(caller=\? AND status=\?/)],
      [
        'several states',
        { statuses: ['ACCEPTED', 'FAILED'] },
        [/sends_status \(status=\?/, /sends_status \(status=\?/],
      ],
      [
        "a participant, of a caller's",
        { caller: own('a'), participant: '+1', statuses: ['ACCEPTED', 'FAILED'], tag: 't' },
        [/sends_caller_sender \(caller=\? AND <expr>=\?/, /recipients_caller \(caller=\? AND recipient=\?/],
      ],
      [
        "ids, of a caller's",
        {
          caller: own('a'),
          ids: ['a', 'b'],
          from: '+1',
          to: '+2',
          participant: '+3',
          statuses: ['FAILED'],
          tag: 't',
          since: 1,
        },
        [/wanted VIRTUAL TABLE/, /sends_message \(message_id=\?\)/],
      ],
    ];
    it.each(SEVERAL)('for %s, each walk by itself, and the few that they find are sorted', (_name, filter, walks) => {
      for (const slice of everySlice()) {
        const plan = planOf(listQuery({ ...NO_FILTER, ...filter }, slice, LIST_DIALECTS.sqlite));
        const searches = plan.filter((detail) => /^(SEARCH|SCAN)/.test(detail));
        const byKey = /\((send_id=\?|recipient=\? AND time=\? AND send_id=\?)\)$/;
        const others = searches.filter((detail) => !byKey.test(detail));
        expect(others).toEqual(walks.map((walk) => expect.stringMatching(walk) as string));
      }
    });

    const NUMBER = own('', '+1', '+2');
    const BY_NUMBER: [name: string, filter: Partial<MessageFilter>, indexes: RegExp][] = [
      ['all', {}, /sends_number \(<expr>=\? AND status=\?/],
      ['a state', { statuses: ['FAILED'], since: 1 }, /sends_number \(<expr>=\? AND status=\?/],
      ['a tag', { tag: 't' }, /sends_number_tag \(<expr>=\? AND <expr>=\?/],
      [
        'a participant',
        { participant: '+9' },
        /sends_conversation \(conversation=\?|sends_unfiled \(<expr>=\?|conversation_participants|PRIMARY KEY|conversations/,
      ],
      [
        'one of themselves',
        { to: '+1' },
        /sends_conversation \(conversation=\?|sends_unfiled \(<expr>=\?|sends_number \(<expr>=\? AND status=\?|conversation_participants|PRIMARY KEY|conversations/,
      ],
      [
        'a conversation',
        { conversation: conversationBetween('+1', ['+9']).id },
        /sends_conversation \(conversation=\?/,
      ],
    ];
    it.each(BY_NUMBER)('for %s of a number, past nothing of others', (_name, filter, indexes) => {
      const ofCaller = /sends_caller_\w+ \(caller=\?|recipients_caller \(caller=\?/;
      const byKey = /rowid=\?|\(send_id=\?\)|\(recipient=\? AND time=\? AND send_id=\?\)/;
      for (const slice of everySlice()) {
        const plan = planOf(listQuery({ ...NO_FILTER, caller: NUMBER, ...filter }, slice, LIST_DIALECTS.sqlite));
        const walks = plan.filter((step) => step.startsWith('SEARCH') && !ofCaller.test(step) && !byKey.test(step));
        expect(walks.length).toBeGreaterThan(0);
        for (const walk of walks) expect(walk).toMatch(indexes);
        for (const step of plan.filter((each) => each.startsWith('SCAN'))) expect(step).not.toMatch(/SCAN sends/);
      }
    });

    const CONVERSATIONS: [name: string, filter: Partial<ConversationFilter>, index: RegExp][] = [
      ['all', {}, /conversations_time/],
      ['a number', { owner: '+1' }, /conversations_number \(number=\?/],
      ['several numbers', { numbers: ['+1', '+2'] }, /conversations_number \(number=\?/],
      ['a participant', { participant: '+9' }, /PRIMARY KEY \(participant=\?/],
    ];
    it.each(CONVERSATIONS)('for conversations of %s', (_name, filter, index) => {
      const everybodys: ConversationFilter = { numbers: EVERYBODY, owner: null, participant: null };
      for (const slice of everySlice()) {
        const plan = planOf(conversationsQuery({ ...everybodys, ...filter }, slice, LIST_DIALECTS.sqlite));
        const byKey = /\((send_id|id)=\?\)$/;
        const walks = plan.filter((step) => /^(SEARCH|SCAN) (one|conversations)/.test(step) && !byKey.test(step));
        expect(walks.length).toBeGreaterThan(0);
        for (const walk of walks) expect(walk).toMatch(index);
      }
    });

    it('for conversations and messages of several numbers, at once behind the place that was reached: upstream may count in seconds', () => {
      const everybodys: ConversationFilter = { numbers: ['+1', '+2'], owner: null, participant: null };
      for (const slice of everySlice()) {
        const plans = [
          planOf(conversationsQuery(everybodys, slice, LIST_DIALECTS.sqlite)),
          planOf(listQuery({ ...NO_FILTER, caller: NUMBER }, slice, LIST_DIALECTS.sqlite)),
        ];
        for (const plan of plans) {
          const ofPlace = /_number \((number=\?|<expr>=\? AND status=\?) AND \(time,send_id\)[<>]\(\?,\?\)/;
          expect(plan.filter((step) => ofPlace.test(step))).not.toEqual([]);
        }
      }
    });

    const SENDS: [name: string, filter: SendFilter, index: RegExp][] = [
      ["everybody's", { caller: EVERYBODY, status: null }, /sqlite_autoindex_sends_1 \(send_id[<>]\?/],
      [
        "everybody's that were accepted",
        { caller: EVERYBODY, status: 'ACCEPTED' },
        /autoindex_sends_1 \(send_id[<>]\?/,
      ],
      [
        "everybody's that were not sent",
        { caller: EVERYBODY, status: 'REJECTED' },
        /sends_without_message \(status=\?/,
      ],
      ["a caller's", { caller: 'a', status: null }, /sends_of_caller \(caller=\? AND send_id[<>]\?/],
      ["a caller's that were accepted", { caller: 'a', status: 'ACCEPTED' }, /sends_of_caller \(caller=\? AND send_id/],
      [
        "a caller's that are unknown",
        { caller: 'a', status: 'UNKNOWN' },
        /sends_caller_without_message \(caller=\? AND status=\?/,
      ],
    ];
    it.each(SENDS)('for %s sends, past nothing that came in or is of others', (_name, filter, index) => {
      for (const slice of everySlice()) {
        const plan = planOf(sendsQuery(filter, slice, LIST_DIALECTS.sqlite));
        // Of a walk over one index nothing is sorted.
        if (filter.status !== null && filter.status !== 'ACCEPTED') expect(plan).toHaveLength(1);
        const searches = plan.filter((step) => step.includes('sends'));
        expect(searches.length).toBeGreaterThan(0);
        for (const search of searches) expect(search).toMatch(index);
        for (const search of searches) expect(search).toMatch(/^SEARCH/);
      }
    });

    it('for the changes since a cursor, without a sort', () => {
      expect(planOf({ sql: SELECT_CHANGES, values: [5, 'x', 100] })).toEqual([
        'SEARCH sends USING INDEX sends_changed ((changed,send_id)>(?,?))',
      ]);
    });

    it('for a key that was freed', () => {
      expect(planOf({ sql: FREED_KEY, values: ['a', 'hash'] })).toEqual([
        'SEARCH sends USING INDEX sends_freed_key (caller=? AND key_hash=?)',
      ]);
    });

    it('for those who opted out of many numbers: a look for each number and for each entry, and a sort of the page', () => {
      const numbers = Array.from({ length: 100 }, (_, index) => `+1${index}`);
      for (const slice of everySlice()) {
        const steps = planOf(optOutsQuery({ numbers, owner: null, recipient: null }, slice, LIST_DIALECTS.sqlite));
        const looks = steps.filter((step) => step.includes('consent'));
        for (const look of looks) {
          expect(look).toMatch(/^SEARCH consent USING (COVERING )?INDEX consent_(id \(id=\?|owner \(owner=\?)/);
        }
        // Behind the place that was reached, at once: all of an imported file may be of one moment.
        expect(looks.some((look) => look.includes('(owner=? AND (since,id)'))).toBe(true);
        expect(steps.filter((step) => step.includes('B-TREE'))).toEqual(['USE TEMP B-TREE FOR ORDER BY']);
      }
    });

    it('for an id, however many messages its caller has', async () => {
      const asked: string[] = [];
      const watched = new Database(':memory:', { verbose: (sql) => asked.push(String(sql)) });
      for (const step of migrations('sqlite')) watched.exec(step);
      const store = new SqliteStore(watched);
      asked.length = 0;
      await store.messagesById(['m'], own('a'));
      const [sql = ''] = asked;
      const steps = watched.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      expect(steps.map(({ detail }) => detail).at(-1)).toContain('sends_message (message_id=?)');
      await store.close();
    });
  });

  it('prepares a statement once, as long as it is among the latest, however many lists callers make up', async () => {
    const prepare = jest.spyOn(Database.prototype, 'prepare');
    const store = new SqliteStore(new Database(':memory:').exec(migrations('sqlite').join(';')));
    const states = ['ACCEPTED', 'SENDING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED'] as const;
    const lists = states.flatMap((_state, index) =>
      [NO_FILTER, { ...NO_FILTER, caller: own('a') }].flatMap((filter) =>
        Array.from({ length: 64 }, (_, shape): [MessageFilter, Slice] => [
          {
            ...filter,
            statuses: states.slice(0, index + 1),
            from: (shape & 1) === 0 ? null : '+1',
            to: (shape & 2) === 0 ? null : '+2',
            tag: (shape & 4) === 0 ? null : 't',
            participant: (shape & 8) === 0 ? null : '+3',
          },
          { ...firstOf(5, (shape & 16) === 0 ? null : { time: 5, sendId: 'x' }), fromEnd: (shape & 32) === 0 },
        ]),
      ),
    );
    const ask = async (...list: [MessageFilter, Slice]): Promise<number> => {
      prepare.mockClear();
      await store.listMessages(...list);
      return prepare.mock.calls.length;
    };
    const [first] = lists as [[MessageFilter, Slice]];
    // The list itself, and the number of the last commit.
    expect([await ask(...first), await ask(...first)]).toEqual([2, 0]);
    for (const list of lists) await ask(...list);
    expect(await ask(...first)).toBe(2);
    prepare.mockRestore();
    await store.close();
  });

  it('that is full or read-only does not answer a ping, and answers again afterwards', async () => {
    const file = newFile();
    await (await open(file)).close();
    for (const [trouble, cure, code] of [
      ['max_page_count = 1', 'max_page_count = 1000000', 'SQLITE_FULL'],
      ['query_only = ON', 'query_only = OFF', 'SQLITE_READONLY'],
    ]) {
      const database = new Database(file);
      const store = new SqliteStore(database);
      database.pragma(String(trouble));
      await expect(store.ping()).rejects.toMatchObject({ code });
      database.pragma(String(cure));
      await store.ping();
      await store.close();
    }
  });

  it('that somebody moved away or replaced does not answer a ping: what is written there is lost', async () => {
    const file = newFile();
    const store = await open(file);
    await store.ping();
    renameSync(file, `${file}-away`);
    await expect(store.ping()).rejects.toMatchObject({ name: 'FileMovedError' });
    copyFileSync(`${file}-away`, file);
    await expect(store.ping()).rejects.toMatchObject({ name: 'FileMovedError' });
    renameSync(`${file}-away`, file);
    await store.ping();
    await store.close();
  });

  it('that somebody moved away takes no claim, no event and no settlement, but outcomes', async () => {
    const file = newFile();
    const store = await open(file);
    const [sent, other] = [newSend({}), newSend({})];
    await store.claim(sent);
    renameSync(file, `${file}-away`);
    const moved = { code: 'FILE_MOVED' };
    const record = store.record(sent.sendId, { status: 'UNKNOWN', lastSeen: 'HTTP 502' }, 2_000);
    await expect(store.claim(other)).rejects.toMatchObject(moved);
    await record;
    await expect(store.take({ kind: 'strange', body: 'x', count: 1 }, 2_000)).rejects.toMatchObject(moved);
    const settlement = { as: 'NOT_SENT', by: 'ops', reason: null } as const;
    await expect(store.settle(sent.sendId, settlement, 3_000)).rejects.toMatchObject(moved);
    renameSync(`${file}-away`, file);
    expect(await store.claim(other)).toEqual({ kind: 'CLAIMED' });
    expect(await store.unresolvedSends(9, null)).toMatchObject([{ sendId: sent.sendId, status: 'UNKNOWN' }]);
    await store.close();
  });

  it('is written by pings once a second at most, and not less', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    const store = new SqliteStore(database);
    const writes = (): unknown => database.prepare('SELECT total_changes()').pluck().get();
    const now = performance.now.bind(performance);
    try {
      for (let ping = 0; ping < 3; ping++) await store.ping();
      expect(writes()).toBe(1);
      performance.now = () => now() + 1_000;
      for (let ping = 0; ping < 3; ping++) await store.ping();
      expect(writes()).toBe(2);
    } finally {
      performance.now = now;
      await store.close();
    }
  });

  it('whose lock fails for another reason reports that reason', async () => {
    const file = newFile();
    await (await open(file)).close();
    writeFileSync(`${file}-lock`, 'This is no database. '.repeat(100));
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toMatchObject({
      code: 'SQLITE_NOTADB',
    });
  });

  it('takes one server at a time, even through a link', async () => {
    const file = newFile();
    const first = await openStore({ databaseUrl: null, file, forServer: true });
    const link = join(root, 'link.sqlite');
    symlinkSync(file, link);
    await expect(openStore({ databaseUrl: null, file: link, forServer: true })).rejects.toThrow(StoreInUseError);
    await first.close();
  });

  it('takes one server at a time, while tools may read and write it', async () => {
    const file = newFile();
    const first = await openStore({ databaseUrl: null, file, forServer: true });
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(StoreInUseError);
    const tool = await open(file);
    await tool.claim(newSend());
    await tool.close();
    // That the second one looked has not let go of the first one's lock.
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(/Another server uses/);
    await first.close();
    const second = await openStore({ databaseUrl: null, file, forServer: true });
    await second.close();
  });
});
