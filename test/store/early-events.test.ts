/** What comes to the SQLite store too early or too late, and what it lets go. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EVERYBODY } from '../../src/messaging/caller.js';
import type { DeliveryEvent } from '../../src/messaging/delivery.js';
import type { MessageStore } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { accepted, firstOf, newSend, NO_FILTER, REJECTED } from './sends.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const folder = makeFolder();
let files = 0;
let file: string;
let store: MessageStore;
/** Reads and writes the same file, as a tool would. */
let tool: Database.Database;

beforeEach(async () => {
  file = join(folder, `${++files}.sqlite`);
  store = await openStore({ databaseUrl: null, file });
  tool = new Database(file);
});
afterEach(async () => {
  tool.close();
  await store.close();
});
afterAll(() => {
  removeFolder(folder);
});

const delivered = (messageId: string): DeliveryEvent => ({
  messageId,
  sendId: null,
  to: null,
  status: 'DELIVERED',
  time: 5,
  errorCode: null,
  message: { time: 5, owner: null, segmentCount: null, pairedMessageId: null },
});
const waiting = (): unknown[] => tool.prepare('SELECT message_id FROM early_events ORDER BY message_id').pluck().all();
const statusOf = async (id: string): Promise<unknown> => (await store.messagesById([id], EVERYBODY))[0]?.status ?? null;

async function put(sendId: string, id: string, to = ['+16']): Promise<void> {
  await store.claim(newSend({ sendId }));
  await store.record(sendId, accepted({ id, to }), 2_000);
}

describe('an event', () => {
  it('that came before its message is applied with the record, and no longer waits', async () => {
    await store.take({ kind: 'delivery', event: delivered('m1') }, 1_000);
    await store.take({ kind: 'delivery', event: delivered('m2') }, 1_000);
    expect(waiting()).toEqual(['m1', 'm2']);
    await put('s1', 'm1');
    expect(await statusOf('m1')).toBe('DELIVERED');
    expect(waiting()).toEqual(['m2']);
  });

  it('that waits beside its message, as an earlier version left it, is applied by housekeeping, and counted', async () => {
    await put('s1', 'm1');
    const insert = tool.prepare('INSERT INTO early_events VALUES (?, ?, ?)');
    insert.run('m1', JSON.stringify(delivered('m1')), 1_000);
    insert.run('m2', JSON.stringify(delivered('m2')), 1_000);
    expect(await statusOf('m1')).toBe('ACCEPTED');
    expect(await store.adoptEarlyEvents(3_000)).toBe(1);
    expect([await statusOf('m1'), waiting()]).toEqual(['DELIVERED', ['m2']]);
    expect(await store.adoptEarlyEvents(3_000)).toBe(0);
  });
});

it('a record that comes too late makes nothing findable by its own recipients', async () => {
  await put('s1', 'm1', ['+16']);
  await store.record('s1', accepted({ id: 'm2', to: ['+17'] }), 3_000);
  const list = async (to: string): Promise<string[]> => {
    return (await store.listMessages({ ...NO_FILTER, to }, firstOf(10))).listed.map(({ message }) => message.id);
  };
  expect([await list('+16'), await list('+17')]).toEqual([['m1'], []]);
});

it('old rows of every kind are deleted in batches of one size', async () => {
  for (const key of ['a', 'b']) {
    const send = newSend({ idempotencyKey: key });
    await store.claim(send);
    await store.record(send.sendId, accepted(), 1_000);
  }
  for (let index = 0; index < 2; index++) {
    const send = newSend();
    await store.claim(send);
    await store.record(send.sendId, REJECTED, 1_000);
    await store.take({ kind: 'delivery', event: delivered(`early${index}`) }, 1_000);
  }
  expect(await store.purge(1_000, 5)).toBe(0);
  const freed: number[] = [];
  for (let round = 0; round < 3; round++) freed.push(await store.purge(1_001, 3));
  expect(freed).toEqual([3, 3, 0]);
  expect(waiting()).toEqual([]);
  expect(await store.purge(1_001, 5)).toBe(0);
});

it('the disk is asked once a second whether it can be written, however often a ping comes', async () => {
  const database = new Database(file);
  const pinged = new SqliteStore(database);
  await pinged.ping();
  database.pragma('query_only = ON');
  await expect(pinged.ping()).resolves.toBeUndefined();
  await pinged.close();
});
