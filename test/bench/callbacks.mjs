/**
 * Takes callbacks in at 500 a second beside sends, and tells how long they wait. The server runs as a process of its own,
 * on SQLite and then on PostgreSQL, so that it shares the machine with the load but not the event loop.
 *
 *     npm run bench:callbacks
 */
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { stdout } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { Pool } from 'undici';
import { startProgress } from '../support/progress.mjs';
import { startPostgres } from './postgres.mjs';
import { startServer, stopServer } from './processes.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CALLBACKS_PER_SECOND = 500;
const SENDS_PER_SECOND = 50;
const SECONDS = 20;
const TICK_MS = 20;
const AUTHORIZATION = `Basic ${Buffer.from('user:pass').toString('base64')}`;
const MUTATION = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';

const upstream = createServer((request, response) => {
  // The server reads the list of messages at its start, to see whether its credentials are good.
  if (request.method === 'GET') return response.end('{"totalCount":0,"messages":[]}');
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => response.writeHead(202).end(JSON.stringify({ id: JSON.parse(body).text })));
}).listen(0, '127.0.0.1');

const postgres = await startPostgres();

const ENVIRONMENT = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  AUTH: 'none',
  LIMIT_SENDS: 'off',
  LIMIT_PER_RECIPIENT: 'off',
  CATAPULT_URL: `http://127.0.0.1:${upstream.address().port}`,
  CATAPULT_USER_ID: 'u',
  CATAPULT_TOKEN: 't',
  CATAPULT_SECRET: 's',
  CALLBACK_USERNAME: 'user',
  CALLBACK_PASSWORD: 'pass',
};

/** One request; how long it took, in milliseconds. */
async function timed(pool, options, expected) {
  const since = performance.now();
  const { statusCode, body } = await pool.request(options);
  const answer = await body.text();
  if (statusCode !== 200 || (expected && !answer.includes(expected))) throw new Error(`${statusCode} ${answer}`);
  return performance.now() - since;
}

const percentile = (times, share) => times.sort((a, b) => a - b)[Math.ceil(times.length * share) - 1].toFixed(1);

async function measure(name, databaseUrl) {
  const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
  const env = { ...ENVIRONMENT, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  const { child, url } = await startServer({ file: MAIN, env }, folder);
  const pool = new Pool(url, { connections: 64 });
  const sent = [];
  const callbacks = [];
  const sends = [];
  const under = new Set();
  const add = (times, request) => {
    const done = request.then((time) => times.push(time)).finally(() => under.delete(done));
    under.add(done);
  };
  let sendCount = 0;
  let callbackCount = 0;
  const step = startProgress(`${name}, seconds`, SECONDS);
  let secondsTold = 0;
  const began = performance.now();
  while (performance.now() - began < SECONDS * 1_000) {
    const elapsed = (performance.now() - began) / 1_000;
    for (; sendCount < elapsed * SENDS_PER_SECOND; sendCount++) {
      const id = `${name}-${sendCount}`;
      const input = { from: '+12345678901', to: '+12345678902', text: id, applicationId: 'app', idempotencyKey: id };
      const body = JSON.stringify({ query: MUTATION, variables: { input } });
      const headers = { 'content-type': 'application/json' };
      add(
        sends,
        timed(pool, { method: 'POST', path: '/graphql', headers, body }, id).then((time) => (sent.push(id), time)),
      );
    }
    for (; callbackCount < elapsed * CALLBACKS_PER_SECOND; callbackCount++) {
      // Half are about messages sent a moment ago, half are messages that come in.
      const id = callbackCount % 2 === 0 ? sent[callbackCount % Math.max(1, sent.length)] : undefined;
      const message = { id: id ?? `in-${name}-${callbackCount}`, from: '+1', to: ['+12345678902'], text: 'Hey' };
      const type = id === undefined ? 'message-received' : 'message-delivered';
      const body = JSON.stringify([{ type, time: '2026-01-01T00:00:00Z', to: '+12345678902', message }]);
      const headers = { authorization: AUTHORIZATION, 'content-type': 'application/json' };
      add(callbacks, timed(pool, { method: 'POST', path: '/callbacks/catapult', headers, body }));
    }
    await delay(TICK_MS);
    for (; secondsTold < Math.floor(elapsed); secondsTold++) step();
  }
  await Promise.all(under);
  const seconds = (performance.now() - began) / 1_000;
  stdout.write(
    `${name.padEnd(12)}${(callbacks.length / seconds).toFixed(0).padStart(5)} callbacks/s: p50 ${percentile(callbacks, 0.5)} ms, p99 ${percentile(callbacks, 0.99)} ms` +
      ` · ${(sends.length / seconds).toFixed(0)} sends/s: p50 ${percentile(sends, 0.5)} ms, p99 ${percentile(sends, 0.99)} ms\n`,
  );
  await pool.close();
  await stopServer(child);
  rmSync(folder, { recursive: true, force: true });
}

await measure('SQLite');
await measure('PostgreSQL', await postgres.newDatabase('bench'));
await postgres.stop();
upstream.close();
upstream.closeAllConnections();
