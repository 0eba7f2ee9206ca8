/**
 * An upstream with a ledger, in a process of its own that no kill of the server can touch. It takes POSTs, breaks three
 * of ten in all the ways in which a network, a gateway or Catapult itself can, and reports accepted messages by
 * callbacks, which it repeats until they are answered 200, as Catapult does.
 *
 *     fork('ledger.mjs', [seed, file, share])   {port} comes back
 *
 * `share` says how much of its trouble it makes: 1 by default.
 *
 * Orders come as messages: `{callbackUrls}` says where the servers are, `{heal: true}` ends all faults, and `{settle:
 * true}` is answered by `{settled: true}` once every callback was answered 200, or refused too often.
 *
 * Each line of `file` is something that happened, as JSON with the time `at`, in milliseconds since 1970:
 *
 *     posted       a whole request was read: `text`, which tells the send; `fault`, what will be done to it
 *     accepted     the message of `text` is on its way, under `id`
 *     answered     the whole answer to `text` was written
 *     unread       a connection was reset before anything was read
 *     called back  a callback of `events` was answered with `status`, null for no answer
 *     given up     a callback of `events` was refused each time that it was repeated after everything was healed
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import process from 'node:process';
import { setInterval, setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';

const [, , SEED, FILE, SHARE = '1'] = process.argv;

/** What is done to a POST, of a thousand. A message is accepted where the words say so, and nowhere else. */
const FAULTS = {
  'reset, not accepted': 25,
  'accepted, then reset': 35,
  'accepted, then cut off in the middle of the 202': 30,
  'accepted, then silence': 20,
  'accepted after the client hung up': 15,
  'silence, not accepted': 10,
  'accepted, then 502 of a gateway': 20,
  '502 of a gateway, not accepted': 15,
  'accepted, then a page': 10,
  'accepted, 202 without an id': 20,
  '429, not accepted': 20,
  '429 with Retry-After, not accepted': 15,
  '500, not accepted': 20,
  '503, not accepted': 20,
  '400, not accepted': 15,
  '403, not accepted': 10,
};
/** Of a thousand new connections, so many are reset unread. */
const UNREAD = 60;
/** Of a thousand messages, so many are answered 300 ms late, which is no fault. */
const SLOW = 50;
const SLOW_MS = 300;

/** Callbacks start within this of the acceptance, and come back this long after a refusal. */
const CALLBACK_SPREAD_MS = 1_500;
const CALLBACK_PAUSE_MS = 300;
const CALLBACK_TIMEOUT_MS = 8_000;
/** The 202 waits no longer than this for a callback that comes before it. */
const CALLBACK_FIRST_MS = 300;
const CALLBACKS_AT_ONCE = 16;
/** Once all is healed, what is refused so often will never be taken. */
const LAST_TRIES = 5;

/** 0 ≤ chance < 1, always the same for the same words and seed, in whatever order things happen. */
const chance = (...words) =>
  createHash('sha256')
    .update(JSON.stringify([SEED, ...words]))
    .digest()
    .readUInt32BE() /
  2 ** 32;
const isOne = (ofThousand, ...words) => chance(...words) * 1000 < ofThousand;
const inOrderOfChance = (list, ...words) =>
  list
    .map((each, index) => [chance('order', index, ...words), each])
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each);

const note = (line, details) => appendFileSync(FILE, `${JSON.stringify({ at: Date.now(), line, ...details })}\n`);

let isHealed = false;
let connections = 0;
/** How often each text was posted. */
const posts = new Map();

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

const http = createHttpServer((request, response) => {
  // The end of an idle connection, as the next request is written, would be one more fault that nobody notes.
  response.socket.setTimeout(0);
  if (request.method === 'GET') return response.end('{"messages":[],"totalCount":0}');
  // What breaks off while it is read was not read.
  return take(request, response).catch(() => note('unread'));
});
http.keepAliveTimeout = 0;

const server = createServer({ pauseOnConnect: true }, (socket) => {
  socket.on('error', () => undefined);
  if (!isHealed && isOne(UNREAD * SHARE, 'connection', ++connections)) {
    note('unread');
    return setTimeout(() => socket.resetAndDestroy(), 5);
  }
  http.emit('connection', socket);
  return socket.resume();
});

async function take(request, response) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const message = JSON.parse(body);
  const attempt = (posts.get(message.text) ?? 0) + 1;
  posts.set(message.text, attempt);
  const fault = faultOf(message.text, attempt);
  note('posted', { text: message.text, fault });
  if (fault === 'accepted after the client hung up') return response.on('close', () => accept(message, attempt));
  const accepted = fault === null || fault.startsWith('accepted') ? await accept(message, attempt) : null;
  response.on('finish', () => note('answered', { text: message.text }));
  return answer(response, fault, accepted);
}

function faultOf(text, attempt) {
  if (isHealed) return null;
  let drawn = (chance('fault', text, attempt) * 1000) / SHARE;
  return Object.entries(FAULTS).find(([, weight]) => (drawn -= weight) < 0)?.[0] ?? null;
}

/** Puts the message on its way; the answer waits for the callback that is to come before it. */
async function accept({ text, to, from, applicationId, tag }, attempt) {
  const name = `${text}.${attempt}`;
  // An id may be longer than Catapult's 29 characters, and hold what URLs and SQL take for something else.
  const id = isOne(20, 'odd id', name) ? `${name}/?&#%'"\\`.padEnd(255, '~') : name;
  const message = { id, time: new Date().toISOString(), to, from, text, applicationId, tag, direction: 'out' };
  const accepted = { ...message, owner: from, segmentCount: 1 };
  note('accepted', { text, id });
  const first = planCallbacks(accepted);
  if (isOne(300, 'callback before the 202', id)) await Promise.race([first, delay(CALLBACK_FIRST_MS)]);
  if (isOne(SLOW, 'slow', id)) await delay(SLOW_MS);
  return accepted;
}

function answer(response, fault, accepted) {
  const json = (status, body, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const page = (status) => response.writeHead(status, { 'content-type': 'text/html' }).end(`<h1>${status}</h1>`);
  const busy = { type: 'message-rate-limit', description: 'Too many messages.' };
  const failing = { type: 'internal-server-error', description: 'Something went wrong.' };
  switch (fault) {
    case null:
      return json(202, accepted);
    case 'reset, not accepted':
    case 'accepted, then reset':
      return response.socket.resetAndDestroy();
    case 'accepted, then cut off in the middle of the 202': {
      const body = JSON.stringify(accepted);
      response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      return response.write(body.slice(0, body.length / 2), () => response.socket?.end());
    }
    case 'accepted, then silence':
    case 'silence, not accepted':
      return response;
    case 'accepted, then 502 of a gateway':
    case '502 of a gateway, not accepted':
      return page(502);
    case 'accepted, then a page':
      return page(200);
    case 'accepted, 202 without an id':
      return json(202, {
        ...accepted,
        id: inOrderOfChance([undefined, null, 17, ' ', 'x'.repeat(300)], accepted.id)[0],
      });
    case '429, not accepted':
      return json(429, busy);
    case '429 with Retry-After, not accepted':
      return json(429, busy, { 'retry-after': '1' });
    case '500, not accepted':
      return json(500, failing);
    case '503, not accepted':
      return json(503, failing);
    case '400, not accepted': {
      const fieldErrors = [{ fieldName: 'to', description: 'must be replaced' }];
      return json(400, { type: 'request-validation', description: 'Your request could not be accepted.', fieldErrors });
    }
    case '403, not accepted':
      return json(403, { type: 'forbidden', description: 'Not for you.' });
    default:
      throw new Error(`No such fault: ${fault}`);
  }
}

// ── Callbacks ─────────────────────────────────────────────────────────────────────────────────────────────────────

let callbackUrls = [];
/** Callbacks that were not answered 200 yet: `events`, the `body`, and when it is due. */
const waiting = new Set();
let underWay = 0;
const clients = new Agent({ headersTimeout: CALLBACK_TIMEOUT_MS, bodyTimeout: CALLBACK_TIMEOUT_MS });

/** What happens to a message at each recipient; upstream is known to tell both endings of one that failed. */
const FATES = [
  [],
  ['message-sending'],
  ['message-delivered'],
  ['message-failed'],
  ['message-sending', 'message-delivered'],
  ['message-sending', 'message-delivered'],
  ['message-sending', 'message-failed'],
  ['message-delivered', 'message-failed'],
];

/** Spreads the events of a message over callbacks in any order; resolves when the first of them was tried. */
function planCallbacks(message) {
  const events = message.to.flatMap((to) =>
    inOrderOfChance(FATES, 'fate', message.id, to)[0].map((type, index) => eventOf(message, to, type, index)),
  );
  if (isOne(50, 'inbound', message.id)) events.push(inboundOf(message));
  const bodies = [];
  for (const event of inOrderOfChance(events, message.id)) {
    if (bodies.length > 0 && isOne(300, 'same body', message.id, bodies.length)) bodies.at(-1).push(event);
    else bodies.push([event]);
  }
  return Promise.any([
    ...bodies.map((body, index) => {
      const isFirst = index === 0 && isOne(300, 'callback before the 202', message.id);
      const dueAt = Date.now() + (isFirst ? 0 : chance('due', message.id, index) * CALLBACK_SPREAD_MS);
      const callback = planCallback(body, dueAt);
      if (isOne(50, 'duplicate', message.id, index)) void callback.then(() => planCallback(body, Date.now()));
      return callback;
    }),
    ...(bodies.length === 0 ? [undefined] : []),
  ]);
}

/** One event, with what poisons a database in it where chance wants it: U+0000, and half of a surrogate pair. */
function eventOf({ tag, ...message }, to, type, index) {
  const words = ['event', message.id, to, type];
  const isTagged = tag !== undefined && isOne(600, 'tagged', ...words);
  const poison = isOne(200, 'poison', ...words) ? inOrderOfChance(['\0', '\ud800', '\udfff\0'], ...words)[0] : null;
  const where = isOne(700, 'poisoned', ...words) ? 'owner' : 'pairedMessageId';
  // Some come with the very same time, since upstream counts in seconds.
  const time = new Date(Date.parse(message.time) + 1000 * Math.floor(chance('time', ...words) * 4)).toISOString();
  const errorCode = [4720, 4750, 9902][Math.floor(chance('code', ...words) * 3)];
  return {
    type,
    time,
    to: isOne(100, 'plus', ...words) ? to.slice(1) : to,
    description: `event ${index}`,
    ...(type === 'message-failed' && { errorCode }),
    message: { ...message, ...(poison && { [where]: `${message.owner}${poison}` }), ...(isTagged && { tag }) },
  };
}

function inboundOf({ id, from, to, applicationId }) {
  const text = inOrderOfChance(['STOP', 'a \0 b', 'half \ud800 pair'], 'inbound', id)[0];
  const time = new Date().toISOString();
  const message = { id: `in.${id}`.slice(0, 255), time, owner: from, direction: 'in', to: [from], from: to[0], text };
  return { type: 'message-received', time, to: from, message: { ...message, applicationId, segmentCount: 1 } };
}

/** Resolves when the callback was tried for the first time. */
function planCallback(events, dueAt) {
  return new Promise((onTried) => {
    // What nobody understands must not keep its neighbours from being taken.
    const strange = isOne(30, 'strange', events[0].message.id) ? [{ type: 'message-bla', message: { id: 7 } }] : [];
    waiting.add({ events, body: JSON.stringify([...strange, ...events]), dueAt, lastTries: 0, tries: 0, onTried });
  });
}

/** For the file: what a reference has to know of an event. */
const described = ({ type, time, to, errorCode, message }) => ({
  messageId: message.id,
  type,
  time,
  to,
  errorCode,
  isTagged: message.tag !== undefined,
  isPoisoned: /\\u(0000|d[89a-f])/.test(JSON.stringify(message)),
});

async function callBack(callback) {
  const { events, body } = callback;
  const url = callbackUrls[callback.tries++ % callbackUrls.length];
  let status = null;
  try {
    const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json; charset=utf-8' };
    const answered = await request(url, { method: 'POST', headers, body, dispatcher: clients });
    status = answered.statusCode;
    await answered.body.dump();
  } catch {
    // No answer is no 200.
  }
  note('called back', { status, events: events.map(described) });
  callback.onTried();
  if (isSettling) callback.lastTries += 1;
  const isGivenUp = status !== 200 && callback.lastTries >= LAST_TRIES;
  if (isGivenUp) note('given up', { status, events: events.map(described) });
  if (status === 200 || isGivenUp) waiting.delete(callback);
  callback.dueAt = Date.now() + CALLBACK_PAUSE_MS;
}

let isSettling = false;

setInterval(() => {
  for (const callback of waiting) {
    if (callbackUrls.length === 0 || underWay >= CALLBACKS_AT_ONCE) break;
    if (callback.dueAt > Date.now()) continue;
    callback.dueAt = Infinity;
    underWay += 1;
    void callBack(callback).then(() => (underWay -= 1));
  }
  if (isSettling && waiting.size === 0) {
    isSettling = false;
    process.send({ settled: true });
  }
}, 20);

// ── Orders ────────────────────────────────────────────────────────────────────────────────────────────────────────

process.on('message', (order) => {
  if (order.callbackUrls !== undefined) ({ callbackUrls } = order);
  if (order.heal) isHealed = true;
  if (order.settle) isSettling = true;
});
// The ledger is nothing without its test.
process.on('disconnect', () => process.exit());

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
