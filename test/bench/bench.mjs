/**
 * Compares this project with others that do the same work. Each server is a process of its own; in every round each is
 * visited once, in alternating order, and the CPU that it used for a request is set in relation to that of the raw proxy
 * in the same round: so what else the machine does falls out.
 *
 *     npm run bench -- --seconds 3 --rounds 5 --concurrency 1,32 --targets raw,mercurius-jit,sqlite,sqlite@../other-checkout
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { cpuOf, Helper, rssOf, startServer, stopServer } from './processes.mjs';
import { TARGETS, targetOf } from './targets.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '7' },
    targets: { type: 'string', default: Object.keys(TARGETS).join(',') },
    concurrency: { type: 'string', default: '1,32' },
  },
});
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const CONCURRENCY = values.concurrency.split(',').map(Number);
const NAMES = values.targets.split(',');
/** After so many requests V8 has compiled most of what is hot; a slow disk may take too long for them. */
const WARM_UP = { requests: 5_000, seconds: 10 };

const print = (text) => process.stdout.write(text);

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
const stub = new Helper('upstream.mjs');
const load = new Helper('load.mjs');
const { url: UPSTREAM_URL } = await stub.nextMessage();

/** Starts the server and sends one message. */
async function start(name) {
  const target = targetOf(name);
  const cwd = mkdtempSync(join(folder, 'server-'));
  const since = performance.now();
  const env = { ...target.env, UPSTREAM_URL, CATAPULT_URL: UPSTREAM_URL };
  const server = { name, ...target, visits: [], ...(await startServer({ ...target, env }, cwd)) };
  await visit(server, 1, { requests: 1 });
  return { ...server, coldStartMs: performance.now() - since, rssBefore: rssOf(server.child.pid) };
}

/** Sends for so many seconds or requests, and says what it cost. @throws when an answer is wrong, or upstream got more or fewer messages */
async function visit({ name, child, url, protocol = 'graphql', headers = {}, withKeys = false }, connections, until) {
  const { accepted: before } = await stub.ask('count');
  const cpuBefore = cpuOf(child.pid);
  const { answers, elapsedMs, p50, p99 } = await load.ask({ url, protocol, headers, withKeys, connections, ...until });
  const cpu = (cpuOf(child.pid) - cpuBefore) / answers;
  const { accepted } = await stub.ask('count');
  if (accepted - before !== answers) {
    throw new Error(`${name}: ${accepted - before} messages reached upstream, and ${answers} were answered.`);
  }
  return { connections, cpu, perSecond: (answers / elapsedMs) * 1_000, p50, p99 };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The median over the rounds of what `one` used, as a multiple of what `other` did. */
function ratio(one, other, connections) {
  const cpusOf = (name) =>
    servers
      .find((server) => server.name === name)
      .visits.filter((each) => each.connections === connections)
      .map(({ cpu }) => cpu);
  const others = cpusOf(other);
  return median(cpusOf(one).map((cpu, round) => cpu / others[round]));
}

const servers = [];
for (const name of NAMES) servers.push(await start(name));
for (const server of servers) await visit(server, Math.max(...CONCURRENCY), WARM_UP);
for (let round = 0; round < ROUNDS; round++) {
  for (const connections of CONCURRENCY) {
    const cells = [];
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const seen = await visit(server, connections, { seconds: SECONDS });
      server.visits.push(seen);
      cells.push(`${server.name} ${seen.cpu.toFixed(0)} µs`);
    }
    print(`round ${round + 1}/${ROUNDS}, ${connections} connections: ${cells.join(', ')}\n`);
  }
}
for (const server of servers) server.rssAfter = rssOf(server.child.pid);
for (const { child } of servers) await stopServer(child);
stub.stop();
load.stop();
rmSync(folder, { recursive: true, force: true });

for (const { name, visits, coldStartMs, rssBefore, rssAfter } of servers) {
  for (const connections of CONCURRENCY) {
    const of = (key) => median(visits.filter((each) => each.connections === connections).map((each) => each[key]));
    print(
      `${name.padEnd(16)}${String(connections).padStart(4)}  ${of('cpu').toFixed(0)} µs  ×${ratio(name, 'raw', connections).toFixed(2)}  ${of('perSecond').toFixed(0)}/s  p50 ${of('p50').toFixed(2)} ms  p99 ${of('p99').toFixed(2)} ms  RSS ${rssBefore.toFixed(0)} → ${rssAfter.toFixed(0)} MB  start ${coldStartMs.toFixed(0)} ms\n`,
    );
  }
}
const last = CONCURRENCY.at(-1);
const isQuickWhole = ['raw', 'mercurius-jit', 'sqlite'].every((name) => NAMES.includes(name));
if (isQuickWhole) {
  print(
    `ratio-to-raw=${ratio('sqlite', 'raw', last).toFixed(2)} ratio-to-mercurius-jit=${ratio('sqlite', 'mercurius-jit', last).toFixed(2)}\n`,
  );
}
