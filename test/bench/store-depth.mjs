/**
 * Whether a page of the list and a lookup cost the same among 100,000 messages as among 1,000, at any depth and with any
 * filter, on both stores. Prints medians and their ratios; the two sizes are measured in turns, in one run.
 *
 *     npm run bench:depth
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { stdout } from 'node:process';
import { EVERYBODY } from '../../dist/messaging/caller.js';
import { openStore } from '../../dist/store/index.js';
import { startProgress } from '../support/progress.mjs';
import { startPostgres } from './postgres.mjs';
import { fill } from './stored-messages.mjs';

const SIZES = [1_000, 100_000];
const PAGE = 51;
const ROUNDS = 300;
const NO_FILTER = {
  caller: EVERYBODY,
  from: null,
  to: null,
  participant: null,
  statuses: null,
  ids: null,
  tag: null,
  since: null,
  until: null,
};
const first = (limit, after = null) => ({ limit, after, before: null, fromEnd: false });

const idsFrom = (start, size) => Array.from({ length: PAGE }, (_, index) => `id-${(start + index) % size}`);
const OF_FEW = { ...NO_FILTER, caller: 'few' };

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
const postgres = await startPostgres();

const QUERIES = {
  'first page': (store) => store.listMessages(NO_FILTER, first(PAGE)),
  'page in the middle': (store, size) => store.listMessages(NO_FILTER, first(PAGE, { time: size / 2, sendId: 'x' })),
  'last page': (store) => store.listMessages(NO_FILTER, first(PAGE, { time: PAGE, sendId: 'x' })),
  'first page by sender': (store) => store.listMessages({ ...NO_FILTER, from: '+12345675' }, first(PAGE)),
  'last page by sender': (store) =>
    store.listMessages({ ...NO_FILTER, from: '+12345675' }, first(PAGE, { time: 510, sendId: 'x' })),
  'first page by status': (store) => store.listMessages({ ...NO_FILTER, statuses: ['ACCEPTED'] }, first(PAGE)),
  'last page by tag': (store) =>
    store.listMessages({ ...NO_FILTER, tag: 'tag-5' }, first(PAGE, { time: 1_000, sendId: 'x' })),
  'last 10 by recipient': (store) =>
    store.listMessages({ ...NO_FILTER, to: '+134567855' }, first(10, { time: 1_000, sendId: 'x' })),
  'a small caller, by status': (store) => store.listMessages({ ...OF_FEW, statuses: ['ACCEPTED'] }, first(PAGE)),
  'a small caller, by sender': (store) => store.listMessages({ ...OF_FEW, from: '+12345675' }, first(PAGE)),
  'a small caller, by tag': (store) => store.listMessages({ ...OF_FEW, tag: 'tag-5' }, first(PAGE)),
  'a small caller, by recipient': (store) => store.listMessages({ ...OF_FEW, to: '+134567855' }, first(PAGE)),
  'last page from the end': (store) => store.listMessages(NO_FILTER, { ...first(PAGE), fromEnd: true }),
  'first page by two statuses': (store) =>
    store.listMessages({ ...NO_FILTER, statuses: ['ACCEPTED', 'DELIVERED'] }, first(PAGE)),
  'first page by participant': (store) => store.listMessages({ ...NO_FILTER, participant: '+12345675' }, first(PAGE)),
  'a page of ids': (store, size, round) =>
    store.listMessages({ ...NO_FILTER, ids: idsFrom(round * 7_919, size) }, first(PAGE)),
  'a count up to 501': async (store) => [await store.countMessages(NO_FILTER, 501)],
  'one message by id': (store, size, round) => store.messagesById([`id-${(round * 7_919) % size}`], EVERYBODY),
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

for (const name of ['SQLite', 'PostgreSQL']) {
  const stores = [];
  for (const size of SIZES) {
    const database = `depth_${size}`;
    const databaseUrl = name === 'SQLite' ? null : await postgres.newDatabase(database);
    const store = await openStore({ databaseUrl, file: join(folder, `${size}.sqlite`) });
    await fill(store, size);
    stores.push(store);
    if (name === 'PostgreSQL') await postgres.analyze(database);
  }
  stdout.write(
    `\n${name.padEnd(30)}${SIZES.map((size) => `${size} messages`.padStart(18)).join('')}${'ratio'.padStart(8)}\n`,
  );
  const step = startProgress(`${name}, queries`, Object.keys(QUERIES).length);
  for (const [title, query] of Object.entries(QUERIES)) {
    const times = SIZES.map(() => []);
    for (let round = -20; round < ROUNDS; round++) {
      for (const [index, store] of stores.entries()) {
        const since = performance.now();
        const found = await query(store, SIZES[index], Math.abs(round));
        if (found.length === 0 || found[0] === null) throw new Error(`${title} found nothing`);
        if (round >= 0) times[index].push(performance.now() - since);
      }
    }
    step();
    const [small, large] = times.map(median);
    const cells = [small, large].map((time) => `${time.toFixed(3)} ms`.padStart(18)).join('');
    stdout.write(`${title.padEnd(30)}${cells}${(large / small).toFixed(2).padStart(8)}\n`);
  }
  for (const store of stores) await store.close();
}

await postgres.stop();
rmSync(folder, { recursive: true, force: true });
