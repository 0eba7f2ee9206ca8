/**
 * What one message or one lookup costs as there are more of what surrounds it: connections, messages in one document,
 * stored messages. All sizes of a table are measured in turns.
 *
 *     npm run bench:growth -- --connections 1,32,512 --sends 1,10 --stored 1000,100000 --rounds 3 --seconds 3
 *
 * Writes growth.md to `--out`; with `--write-docs` the tables also go into docs/performance.md.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { openStore } from '../../dist/store/index.js';
import { startProgress } from '../support/progress.mjs';
import { Arena } from './arena.mjs';
import { cpuOf } from './processes.mjs';
import { median, OUT, publish, table } from './report.mjs';
import { conversationOf, fill } from './stored-messages.mjs';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1,2,8,32,128,512' },
    sends: { type: 'string', default: '1,2,5,10' },
    stored: { type: 'string', default: '1000,10000,100000,1000000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    out: { type: 'string', default: OUT },
    'write-docs': { type: 'boolean', default: false },
  },
});
const listOf = (text) => text.split(',').filter(Boolean).map(Number);
const [CONNECTIONS, SENDS, STORED] = [values.connections, values.sends, values.stored].map(listOf);
const [ROUNDS, SECONDS] = [Number(values.rounds), Number(values.seconds)];
const WARM_UP = { connections: 32, requests: 5_000, seconds: 10 };
/** Requests of one measurement: the kernel counts CPU in ticks of 10 ms. */
const REQUESTS = 200;
const PAGE = 50;

const print = (text) => process.stdout.write(`${text}\n`);

/** Visits the target with each of these loads, round by round. @returns the medians, a row for each load */
async function visits(arena, name, loads) {
  const server = await arena.start(name);
  await arena.visit(server, WARM_UP);
  const seen = loads.map(() => []);
  const step = startProgress(name, ROUNDS * loads.length);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, load] of loads.entries()) {
      seen[index].push(await arena.visit(server, { ...load, seconds: SECONDS }));
      step();
    }
    print(`${name}: round ${round + 1}/${ROUNDS} of ${loads.length} loads`);
  }
  await arena.stop(server);
  return seen.map((each) =>
    Object.fromEntries(Object.keys(each[0]).map((key) => [key, median(each.map((one) => one[key]))])),
  );
}

async function byLoad(arena, title, names, column, loads) {
  const rows = [];
  for (const name of names) {
    for (const [index, { cpuUs, perSecond, p50Ms, p99Ms }] of (
      await visits(
        arena,
        name,
        loads.map(({ load }) => load),
      )
    ).entries()) {
      const cells = [cpuUs.toFixed(0), perSecond.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)];
      rows.push([name, String(loads[index].label), ...cells]);
    }
  }
  const columns = ['', column, 'CPU µs a message', 'messages a second', 'p50 ms of a request', 'p99 ms of a request'];
  return `### ${title}\n\n${table(columns, rows)}`;
}

const PAGE_OF = `query ($filter: MessageFilter, $after: String) { messages(first: ${PAGE}, filter: $filter, after: $after) { nodes { id to from text status time } pageInfo { hasNextPage endCursor } } }`;
/** As src/graphql/connection.ts writes it. */
const cursorOf = (time) => Buffer.from(`${time}:x`).toString('base64url');
const list = (filter, timeIn) => ({
  query: PAGE_OF,
  variablesOf: (size) => ({ filter, after: timeIn && cursorOf(timeIn(size)) }),
  countIn: ({ messages }) => messages.nodes.length,
  count: PAGE,
});
const middle = (size) => Math.floor(size / 2);
const numbers = (count, size, seed) =>
  Array.from({ length: count }, (_, index) => ((seed * count + index) * 7_919) % size);

/** All last messages are among the last tenth. */
const middleOfLast = (size) => Math.floor(size * 0.95);
const conversations = (filter, page, timeIn) => ({
  query: `query ($filter: ConversationFilter, $after: String) { conversations(first: ${page}, filter: $filter, after: $after) { nodes { id participants sentCount lastMessage { text status time } } pageInfo { hasNextPage endCursor } } }`,
  variablesOf: (size) => ({ filter, after: timeIn && cursorOf(timeIn(size)) }),
  countIn: (data) => data.conversations.nodes.length,
  count: page,
});
/** Half of a conversation's ten messages, of the number 5 with somebody else each time. */
const conversation = (isSecondHalf) => ({
  query:
    'query ($owner: String!, $participants: [String!]!, $after: String) { conversation(owner: $owner, participants: $participants) { messages(first: 5, after: $after) { nodes { id text status time } } } }',
  variablesOf: (size, seed) => {
    const people = size / 100;
    const index = (numbers(1, people, seed)[0] + 5 * people) * 10 + 5;
    return { ...conversationOf(index, size), after: isSecondHalf ? cursorOf(index) : null };
  },
  countIn: (data) => data.conversation?.messages.nodes.length ?? 0,
  count: 5,
});

/** Lookups by GraphQL. `count` says how many messages each has to find. */
const LOOKUPS = {
  'message(id)': {
    query: 'query ($id: ID!) { message(id: $id) { id to from text status time } }',
    variablesOf: (size, seed) => ({ id: `id-${numbers(1, size, seed)[0]}` }),
    countIn: ({ message }) => (message === null ? 0 : 1),
    count: 1,
  },
  '_entities of 100': {
    query:
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { id to from text status time } } }',
    variablesOf: (size, seed) => ({
      of: numbers(100, size, seed).map((number) => ({ __typename: 'Message', id: `id-${number}` })),
    }),
    countIn: ({ _entities }) => _entities.filter((each) => each !== null).length,
    count: 100,
  },
  'messages(first: 50)': list(null),
  'in the middle': list(null, middle),
  'by sender': list({ from: '+12345675' }),
  'by sender, in the middle': list({ from: '+12345675' }, (size) => Math.max(middle(size), 510)),
  'by status': list({ status: 'ACCEPTED' }),
  'by tag, in the middle': list({ tag: 'tag-5' }, (size) => Math.max(middle(size), 1_000)),
  'conversations(first: 40)': conversations(null, 40),
  'conversations, in the middle': conversations(null, 40, middleOfLast),
  'conversations of a number': conversations({ owner: '+12345675' }, 4),
  'conversations of a number, in the middle': conversations({ owner: '+12345675' }, 4, middleOfLast),
  'messages of a conversation': conversation(false),
  'messages of a conversation, second half': conversation(true),
};

/** Looks up so many times, a few at once. @returns CPU of the server and median time of one lookup */
async function lookUp({ child, url }, size, { query, variablesOf, countIn, count }, round) {
  const pool = new Pool(url, { connections: 4 });
  const times = [];
  const before = cpuOf(child.pid);
  const ask = async (index) => {
    const body = JSON.stringify({ query, variables: variablesOf(size, round * REQUESTS + index) });
    const since = performance.now();
    const answer = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { data, errors } = await answer.body.json();
    times.push(performance.now() - since);
    assert.equal(errors, undefined);
    assert.equal(countIn(data), count);
  };
  const askSome = async (first) => {
    for (let index = first; index < REQUESTS; index += 4) await ask(index);
  };
  await Promise.all([0, 1, 2, 3].map(askSome));
  await pool.close();
  return { cpuUs: (cpuOf(child.pid) - before) / REQUESTS, p50Ms: median(times) };
}

/** A server of this kind for each size, with so many messages stored. */
async function startFilled(arena, kind, folder) {
  const servers = [];
  for (const size of STORED) {
    const since = performance.now();
    const place = mkdtempSync(join(folder, `${size}-`));
    const databaseName = `growth_${size}`;
    const databaseUrl = kind === 'postgres' ? await (await arena.postgres()).newDatabase(databaseName) : null;
    const store = await openStore({ databaseUrl, file: join(place, 'data/messages.sqlite') });
    await fill(store, size);
    await store.close();
    if (kind === 'postgres') await (await arena.postgres()).analyze(databaseName);
    servers.push({ size, ...(await arena.start(kind, { folder: place, databaseUrl })) });
    print(`${kind}: ${size} messages stored in ${((performance.now() - since) / 1_000).toFixed(0)} s`);
  }
  return servers;
}

async function byStored(arena, kind) {
  const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-growth-'));
  try {
    const servers = await startFilled(arena, kind, folder);
    const seen = Object.fromEntries(
      [...Object.keys(LOOKUPS), 'sendMessage'].map((title) => [title, servers.map(() => [])]),
    );
    for (const server of servers) await arena.visit(server, WARM_UP);
    const step = startProgress(`${kind}, lookups`, (ROUNDS + 1) * Object.keys(LOOKUPS).length * servers.length);
    // The first round is the warm-up of the lookups.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [title, lookup] of Object.entries(LOOKUPS)) {
        for (const [index, server] of servers.entries()) {
          const found = await lookUp(server, server.size, lookup, round);
          if (round > 0) seen[title][index].push(found);
          step();
        }
      }
      for (const [index, server] of servers.entries()) {
        if (round > 0) seen.sendMessage[index].push(await arena.visit(server, { connections: 32, seconds: SECONDS }));
      }
      print(`${kind}: round ${round} of ${ROUNDS}`);
    }
    for (const server of servers) await arena.stop(server);
    return tableOfStored(kind, seen);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tableOfStored(kind, seen) {
  const rows = Object.entries(seen).map(([title, sizes]) => {
    const medians = sizes.map((rounds) => ['cpuUs', 'p50Ms'].map((key) => median(rounds.map((each) => each[key]))));
    const growth = medians.at(-1)[0] / medians[0][0];
    return [
      title,
      ...medians.map(([cpuUs, p50Ms]) => `${cpuUs.toFixed(0)} µs, ${p50Ms.toFixed(2)} ms`),
      growth.toFixed(2),
    ];
  });
  const columns = ['', ...STORED.map((size) => `${size} stored`), 'last ÷ first'];
  return `### Stored messages, ${kind}: CPU of the server, and p50\n\n${table(columns, rows)}`;
}

const arena = await Arena.open();
try {
  const parts = [];
  if (CONNECTIONS.length > 0) {
    const loads = CONNECTIONS.map((connections) => ({ label: connections, load: { connections } }));
    parts.push(await byLoad(arena, 'Connections', ['raw', 'sqlite', 'postgres'], 'connections', loads));
    const manyLoads = loads.filter(({ label }) => label >= 32);
    const names = ['sqlite', 'sqlite-workers', 'postgres', 'postgres-workers'];
    if (manyLoads.length > 0) parts.push(await byLoad(arena, 'Workers', names, 'connections', manyLoads));
  }
  if (SENDS.length > 0) {
    const loads = SENDS.map((sendsPerDocument) => ({
      label: sendsPerDocument,
      load: { connections: 8, sendsPerDocument },
    }));
    parts.push(await byLoad(arena, 'Messages in one document', ['sqlite', 'postgres'], 'messages', loads));
  }
  for (const kind of STORED.length > 0 ? ['sqlite', 'postgres'] : []) parts.push(await byStored(arena, kind));
  const markdown = parts.join('\n');
  publish({ name: 'growth', texts: { md: markdown }, out: values.out, intoDocs: values['write-docs'] });
  print(`\n${markdown}`);
} finally {
  await arena.close();
}
