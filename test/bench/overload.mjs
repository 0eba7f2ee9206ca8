/**
 * Asks a server for more than it can do, and counts the answers that come in time. First what it can do: as many sends
 * at once as keep it busy. Then one, two and four times as many a second, whether they are answered or not, as many
 * clients would ask that know nothing of each other.
 *
 *     npm run build && node test/bench/overload.mjs [--seconds 8] [--main dist/main.js,../other/dist/main.js]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { Helper, startServer, stopServer } from './processes.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    main: { type: 'string', default: 'dist/main.js' },
  },
});
const SECONDS = Number(values.seconds);
/** How long a person, or the server of a page, waits. */
const PATIENCE_MS = 2_000;
const FACTORS = [1, 2, 4];
const TICK_MS = 10;
const HEADERS = { 'content-type': 'application/json' };
const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';

let sent = 0;
function bodyOfNext() {
  const number = ++sent;
  const to = [`+1919${3_000_000 + (number % 1_000_000)}`];
  const input = { from: '+19195551212', to, text: `Table ${number} is ready.`, applicationId: 'a' };
  return JSON.stringify({ query, variables: { input: { ...input, idempotencyKey: `o-${process.pid}-${number}` } } });
}

/** One send; what became of it, and in how many milliseconds. */
async function send(pool) {
  const since = performance.now();
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: HEADERS,
      body: bodyOfNext(),
    });
    const text = await body.text();
    const ms = performance.now() - since;
    if (text.includes('SERVER_BUSY')) return { kind: 'busy', ms };
    if (statusCode !== 200 || text.includes('errors')) return { kind: 'failed', ms };
    return { kind: ms <= PATIENCE_MS ? 'good' : 'late', ms };
  } catch {
    return { kind: 'failed', ms: performance.now() - since };
  }
}

/** Sends a second that so many connections get answered, each one after the other, and how many were refused. */
async function closedLoop(url, connections) {
  const pool = new Pool(url, { connections });
  const until = performance.now() + SECONDS * 1_000;
  const seen = { good: 0, late: 0, busy: 0, failed: 0 };
  const keepSending = async () => {
    while (performance.now() < until) seen[(await send(pool)).kind] += 1;
  };
  await Promise.all(Array.from({ length: connections }, keepSending));
  await pool.close();
  return { perSecond: (seen.good + seen.late) / SECONDS, ...seen };
}

/** Asks for `perSecond` sends, whatever becomes of them. */
async function openLoop(url, perSecond) {
  const pool = new Pool(url, { connections: 8_000 });
  const under = [];
  const since = performance.now();
  for (let asked = 0; performance.now() - since < SECONDS * 1_000; await delay(TICK_MS)) {
    const due = ((performance.now() - since) / 1_000) * perSecond;
    for (; asked < due; asked++) under.push(send(pool));
  }
  const seen = await Promise.all(under);
  await pool.destroy();
  const count = (kind) => seen.filter((each) => each.kind === kind).length;
  const times = seen
    .filter(({ kind }) => kind === 'good')
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  return {
    offered: seen.length / SECONDS,
    good: count('good') / SECONDS,
    late: count('late'),
    busy: count('busy'),
    failed: count('failed'),
    p99: times[Math.floor(times.length * 0.99)] ?? NaN,
  };
}

const print = (text) => process.stdout.write(`${text}\n`);
const upstream = new Helper('upstream.mjs');
const { url: upstreamUrl } = await upstream.nextMessage();
const ENVIRONMENT = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  AUTH: 'none',
  LIMIT_SENDS: 'off',
  LIMIT_PER_RECIPIENT: 'off',
  CATAPULT_URL: upstreamUrl,
  CATAPULT_USER_ID: 'u',
  CATAPULT_TOKEN: 't',
  CATAPULT_SECRET: 's',
};

print(
  `| server | asked a second | answered within ${PATIENCE_MS / 1_000} s, a second | 99 % within | too late | SERVER_BUSY | failed |`,
);
print('|---|---|---|---|---|---|---|');
for (const main of values.main.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'overload-'));
  const { child, url } = await startServer({ file: resolve(main), env: ENVIRONMENT }, folder);
  await closedLoop(url, 64);
  const { perSecond } = await closedLoop(url, 64);
  const ordinary = await closedLoop(url, 512);
  print(
    `| ${main} | 512 connections | ${ordinary.perSecond.toFixed(0)} | | ${ordinary.late} | ${ordinary.busy} | ${ordinary.failed} |`,
  );
  for (const factor of FACTORS) {
    const { offered, good, late, busy, failed, p99 } = await openLoop(url, perSecond * factor);
    print(
      `| ${main} | ${factor} × capacity: ${offered.toFixed(0)} | ${good.toFixed(0)} (${((100 * good) / perSecond).toFixed(0)} %) | ${p99.toFixed(0)} ms | ${late} | ${busy} | ${failed} |`,
    );
    // What is still under way from before must not count against what comes now.
    await delay(3_000);
  }
  await stopServer(child);
  rmSync(folder, { recursive: true, force: true });
}
upstream.stop();
