/**
 * Runs a server for a while as it is used: sends, reads, subscriptions and callbacks all at once, with one POST in twenty
 * broken upstream, and stops and kills in its first half. Its second half is left in peace, so that memory and handles
 * show whether they grow. Ends with 1 if a message went out twice, a fate was lost, or something grows.
 *
 *     npm run soak -- 10                      ten minutes, on SQLite
 *     npm run soak -- 10 --store postgres --rate 60
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from '../bench/postgres.mjs';
import { freePort } from '../support/free-port.mjs';
import { ask, Follower, Readers, Senders, sendOfKey } from './clients.mjs';
import { Server } from './server.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string', default: 'sqlite' },
    rate: { type: 'string', default: '40' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});
const MINUTES = Number(positionals[0] ?? '10');
const LASTS_MS = MINUTES * 60_000;
/** Of the trouble that the ledger can make, so much: five of a hundred POSTs are broken. */
const SHARE = 0.05 / 0.3;
const RESTARTS = Math.max(2, Math.round(MINUTES));
const FOLLOWERS = 4;
const READERS = 2;
const LOOK_EVERY_MS = 2_000;
const PRINT_EVERY_MS = 10_000;
/** A server that has been up for less still fills its caches. */
const WARM_UP_MS = 60_000;
/** What is left of growth when caches are full. */
const MAX_MB_PER_MINUTE = 2;
const MAX_MORE_HANDLES = 10;
const IDS_AT_ONCE = 100;

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-soak-'));
const ledgerFile = join(folder, 'ledger.jsonl');
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const began = performance.now();
const elapsedMs = () => performance.now() - began;
const isOver = () => elapsedMs() >= LASTS_MS;
const clock = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, '0')}`;
const percentile = (list, share) => list.toSorted((a, b) => a - b)[Math.ceil(list.length * share) - 1] ?? 0;

// ── The run ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Ends the server now and then, by turns as a deployment and as a crash do, while the first half lasts. */
async function keepRestarting(server) {
  for (let number = 1; number <= RESTARTS; number++) {
    await delay(Math.max(0, (LASTS_MS / 2) * (number / (RESTARTS + 1)) - elapsedMs()));
    await server.restart(number % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
  }
}

/** Looks at memory and handles, and prints how far it is. */
async function keepLooking(server, senders) {
  const looks = [];
  let printedMs = 0;
  while (!isOver()) {
    const seen = server.look();
    if (seen !== null) looks.push({ ...seen, atMs: elapsedMs(), life: server.restarts });
    if (elapsedMs() - printedMs >= PRINT_EVERY_MS) {
      printedMs = elapsedMs();
      const { rssMb = 0, handles = 0 } = seen ?? {};
      const sent = `${senders.sends.size} sends, p99 ${percentile(senders.timesMs.slice(-400), 0.99).toFixed(0)} ms`;
      process.stderr.write(
        `${clock(printedMs)} of ${clock(LASTS_MS)}  ${sent}  ${rssMb.toFixed(0)} MB  ${handles} handles  ${server.restarts} restarts\n`,
      );
    }
    await delay(LOOK_EVERY_MS);
  }
  return looks;
}

async function run(server, ledger) {
  const senders = new Senders(server.url);
  const readers = new Readers(server.url);
  const followers = Array.from({ length: FOLLOWERS }, () => new Follower(server.url));
  for (const follower of followers) await follower.begin(server.url);
  let isAllTold = false;
  const following = followers.map((follower) => follower.run(() => isAllTold));
  const [looks] = await Promise.all([
    keepLooking(server, senders),
    senders.run(Number(values.rate), isOver),
    ...Array.from({ length: READERS }, () => readers.run(isOver)),
    keepRestarting(server),
  ]);
  process.stderr.write('all sent; the last callbacks come in\n');
  ledger.send({ heal: true });
  ledger.send({ settle: true });
  while (!(await once(ledger, 'message'))[0].settled);
  const known = await messagesOf(server.url, senders);
  for (
    let left = 100;
    left > 0 && followers.some(({ seen }) => [...known.keys()].some((id) => !seen.has(id)));
    left--
  ) {
    await delay(100);
  }
  isAllTold = true;
  await Promise.all(following);
  return { senders, readers, followers, looks, known };
}

// ── The verdict ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What the server says of each message that somebody heard the id of, or whose key finds it. */
async function messagesOf(url, senders) {
  for (const send of senders.sends.values()) {
    if (send.key === null) continue;
    const { status = 'NONE', message = null } = (await sendOfKey(url, send.key)) ?? {};
    Object.assign(send, { status, foundId: message?.id ?? null });
  }
  const ids = [...senders.sends.values()].flatMap(({ messageId, foundId }) => messageId ?? foundId ?? []);
  const known = new Map();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const { data } = await ask(
      url,
      'query OfIds($ids: [ID!]!) { messages(first: 100, filter: {ids: $ids}) { edges { node { id deliveries { to status } } } } }',
      { ids: ids.slice(at, at + IDS_AT_ONCE) },
    );
    for (const { node } of data.messages.edges) known.set(node.id, node);
  }
  return known;
}

function linesOfLedger() {
  const lines = readFileSync(ledgerFile, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Megabytes a minute, by least squares; null where the server was left in peace for too short a time. */
function slope(looks) {
  const first = looks.at(-1).atMs - WARM_UP_MS;
  if (looks.length < 2 || first < WARM_UP_MS) return null;
  const [xs, ys] = [looks.map(({ atMs }) => atMs / 60_000), looks.map(({ rssMb }) => rssMb)];
  const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;
  const [x, y] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, each, index) => sum + (each - x) * (ys[index] - y), 0);
  return over / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}

/**
 * How many handles more there are in the second half at least than in the first one. Connections come and go, as many as
 * 64 upstream alone; what is never closed stays when they are gone.
 */
function moreHandlesIn(looks) {
  const least = (part) => Math.min(...part.map(({ handles }) => handles));
  const half = Math.floor(looks.length / 2);
  return half === 0 ? 0 : least(looks.slice(half)) - least(looks.slice(0, half));
}

/** What must not be, each with how often it was. */
function breachesIn({ senders, readers, followers, known }, lines) {
  const accepted = new Map();
  for (const { line, text } of lines) if (line === 'accepted') accepted.set(text, (accepted.get(text) ?? 0) + 1);
  const sends = [...senders.sends].map(([text, send]) => ({ text, ...send, accepted: accepted.get(text) ?? 0 }));
  const isOpen = ({ status }) => status === 'ACCEPTED' || status === 'SENDING';
  const reported = lines
    .filter(({ line, status }) => line === 'called back' && status === 200)
    .flatMap(({ events }) => events.filter(({ type }) => type === 'message-delivered' || type === 'message-failed'));
  const isUnreported = ({ messageId, to }) => {
    const message = known.get(messageId);
    const number = to.startsWith('+') ? to : `+${to}`;
    return message !== undefined && message.deliveries.some((each) => each.to === number && isOpen(each));
  };
  return {
    'sent twice': sends.filter((send) => send.accepted > 1).length,
    'heard NOT_SENT of what went out': sends.filter(({ heard, accepted: count }) => heard === 'NOT_SENT' && count > 0)
      .length,
    'heard ACCEPTED of what did not go out': sends.filter(
      ({ heard, accepted: count }) => heard === 'ACCEPTED' && count === 0,
    ).length,
    'went out, and its key leads to nothing': sends.filter(
      ({ key, accepted: count, status }) => key !== null && count > 0 && ['NONE', 'REJECTED'].includes(status),
    ).length,
    'accepted, and the message is not found': sends.filter(
      ({ messageId }) => messageId !== null && !known.has(messageId),
    ).length,
    'reported by a callback, and still open': reported.filter(isUnreported).length,
    'callbacks refused to the end': lines.filter(({ line }) => line === 'given up').length,
    'messages that a follower missed': followers.reduce(
      (sum, { seen }) => sum + [...known.keys()].filter((id) => !seen.has(id)).length,
      0,
    ),
    'reads that failed': [...readers.errors.values()].reduce((sum, each) => sum + each, 0),
  };
}

function report(server, result, breaches) {
  const { senders, readers, followers, looks, known } = result;
  const heard = new Map();
  for (const send of senders.sends.values()) heard.set(send.heard, (heard.get(send.heard) ?? 0) + 1);
  const last = looks.filter(({ life, atMs }) => life === server.restarts && atMs > LASTS_MS / 2 + WARM_UP_MS);
  const growth = last.length === 0 ? null : slope(last);
  const moreHandles = moreHandlesIn(last);
  const counted = {
    'sends begun': senders.sends.size,
    ...Object.fromEntries([...heard].map(([what, count]) => [`… heard ${what}`, count])),
    'a second': (senders.sends.size / (LASTS_MS / 1_000)).toFixed(1),
    'answers to sends, p50 and p99 in ms': [0.5, 0.99]
      .map((share) => percentile(senders.timesMs, share).toFixed(0))
      .join(' and '),
    'reads, and their p50 and p99 in ms': [
      readers.timesMs.length,
      ...[0.5, 0.99].map((share) => percentile(readers.timesMs, share).toFixed(0)),
    ].join(', '),
    'updates told to followers, after breaks': [
      followers.reduce((sum, { updates }) => sum + updates, 0),
      followers.reduce((sum, { breaks }) => sum + breaks, 0),
    ].join(', '),
    'messages known in the end': known.size,
    'restarts, of them by SIGTERM': `${server.restarts}, ${server.stopsMs.length}`,
    'longest stop in ms': Math.max(0, ...server.stopsMs).toFixed(0),
    'memory in MB: at most, and growth a minute': `${Math.max(...looks.map(({ rssMb }) => rssMb)).toFixed(0)}, ${growth?.toFixed(2) ?? 'too short a run'}`,
    'handles: at most, and at least more at the end': `${Math.max(...looks.map(({ handles }) => handles))}, ${moreHandles}`,
  };
  const rows = [...Object.entries(counted), ...Object.entries(breaches)];
  process.stdout.write(
    `\nSoak of ${MINUTES} minutes, ${values.store}, seed ${values.seed}\n\n| | |\n| --- | ---: |\n` +
      `${rows.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')}\n\n`,
  );
  const isGrowing = (growth ?? 0) > MAX_MB_PER_MINUTE || moreHandles > MAX_MORE_HANDLES;
  return isGrowing || Object.values(breaches).some((count) => count > 0);
}

const ledger = fork(fileURLToPath(new URL('../chaos/ledger.mjs', import.meta.url)), [
  values.seed,
  ledgerFile,
  String(SHARE),
]);
const [{ port: upstreamPort }] = await once(ledger, 'message');
const postgres = values.store === 'postgres' ? await startPostgres() : null;
const databaseUrl = postgres === null ? null : await postgres.newDatabase('soak');
const server = new Server({ folder, port: await freePort(), upstreamPort, databaseUrl });
try {
  await server.start();
  ledger.send({ callbackUrls: [server.url.replace('/graphql', '/callbacks/catapult')] });
  const result = await run(server, ledger);
  const isBad = report(server, result, breachesIn(result, linesOfLedger()));
  process.exitCode = isBad ? 1 : 0;
} finally {
  await server.stop();
  ledger.disconnect();
  await postgres?.stop();
}
