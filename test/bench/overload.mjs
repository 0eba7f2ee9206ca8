/**
 * Asks a server for more than it can do, and counts the answers that come in time. First what it can do: as many sends
 * at once as keep it busy. Then one, two and four times as many a second, whether they are answered or not.
 *
 *     npm run bench:overload -- [--seconds 8] [--main dist/main.js,../other/dist/main.js]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Helper, startServer, stopServer } from './processes.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    main: { type: 'string', default: 'dist/main.js' },
  },
});
const seconds = Number(values.seconds);
/** How long a person, or the server of a page, waits. */
const patienceMs = 2_000;
const FACTORS = [1, 2, 4];

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

/** Floods the server by a new process, and prints a line of the table. */
async function flood(main, name, job, capacity = null) {
  const client = new Helper('flood.mjs');
  const { asked, good, late, busy, failed, p99Ms } = await client.ask({ ...job, seconds, patienceMs });
  client.stop();
  const [askedPerSecond, goodPerSecond] = [asked / seconds, good / seconds];
  const share = capacity === null ? '' : ` (${((100 * goodPerSecond) / capacity).toFixed(0)} %)`;
  const cells = [
    main,
    name,
    askedPerSecond.toFixed(0),
    goodPerSecond.toFixed(0) + share,
    p99Ms === null ? '' : `${p99Ms.toFixed(0)} ms`,
  ];
  print(`| ${[...cells, late, busy, failed].join(' | ')} |`);
  // What is still under way from before must not count against what comes now.
  await delay(patienceMs);
  return goodPerSecond;
}

print(
  `| server | load | asked a second | answered within ${patienceMs / 1_000} s, a second | 99 % of these within | too late | SERVER_BUSY | failed |`,
);
print('|---|---|---|---|---|---|---|---|');
for (const main of values.main.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'overload-'));
  const { child, url } = await startServer({ file: resolve(main), env: ENVIRONMENT }, folder);
  await flood(main, '64 connections, cold', { url, connections: 64 });
  const capacity = await flood(main, '64 connections', { url, connections: 64 });
  await flood(main, '512 connections', { url, connections: 512 }, capacity);
  for (const factor of FACTORS) {
    await flood(main, `${factor} × capacity`, { url, perSecond: capacity * factor }, capacity);
  }
  await stopServer(child);
  rmSync(folder, { recursive: true, force: true });
}
upstream.stop();
