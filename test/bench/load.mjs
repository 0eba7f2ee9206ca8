/**
 * The load, as a process of its own: sends messages over a number of connections, one after the other on each, and
 * compares every answer with what was asked. (`wrk` cannot do the latter, and autocannon only for one fixed request.)
 * Its parent sends one job at a time over IPC, and gets the counts and times; an answer that is wrong ends the process.
 */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { Client } from 'undici';

const DOCUMENT =
  'mutation Send($input: MessageInput!) { sendMessage(input: $input) { id time to from text applicationId tag owner media direction segmentCount } }';

/** How a message is asked for, and where it stands in the answer. */
const PROTOCOLS = {
  graphql: {
    path: '/graphql',
    bodyOf: (input) => JSON.stringify({ query: DOCUMENT, operationName: 'Send', variables: { input } }),
    messageIn: ({ data, errors }) => (errors === undefined ? data.sendMessage : null),
  },
  rest: { path: '/messages', bodyOf: JSON.stringify, messageIn: (body) => body },
};

let sent = 0;

/** No two have the same text or key, and only one in a million the same recipient. */
function nextInput(withKeys) {
  const number = ++sent;
  const input = {
    from: '+19195551212',
    to: [`+1919${3_000_000 + (number % 1_000_000)}`],
    text: `Your table for ${number} is ready. Please come to the desk by the door within the next ten minutes.`,
    applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
    tag: `order-${number}`,
  };
  return withKeys ? { ...input, idempotencyKey: `bench-${process.pid}-${number}` } : input;
}

function check(message, input) {
  const { id, time, to, from, text, applicationId, tag, owner, media, direction, segmentCount } = message;
  assert.match(id, /^\d{13}[a-z0-9]{16}$/);
  assert.equal(Date.parse(time), Number(id.slice(0, 13)));
  assert.deepEqual(to, input.to);
  assert.equal(from, input.from);
  assert.equal(text, input.text);
  assert.equal(applicationId, input.applicationId);
  assert.equal(tag, input.tag);
  assert.equal(owner, input.from);
  assert.deepEqual(media ?? [], []);
  assert.equal(direction.toLowerCase(), 'out');
  assert.equal(segmentCount, 1);
}

/** Sends on one connection until `isOver`, at least once; adds each answer's id and its milliseconds. */
async function keepSending({ url, protocol, headers, withKeys }, isOver, ids, times) {
  const { path, bodyOf, messageIn } = PROTOCOLS[protocol];
  const client = new Client(url, { pipelining: 1, headersTimeout: 30_000 });
  const options = { method: 'POST', path, headers: { 'content-type': 'application/json', ...headers } };
  do {
    const input = nextInput(withKeys);
    const since = performance.now();
    const { statusCode, body } = await client.request({ ...options, body: bodyOf(input) });
    const text = await body.text();
    times.push(performance.now() - since);
    const message = statusCode === 200 ? messageIn(JSON.parse(text)) : null;
    assert.ok(message, `${statusCode} ${text.slice(0, 500)}`);
    check(message, input);
    ids.add(message.id);
  } while (!isOver());
  await client.close();
}

const percentile = (sorted, share) => sorted[Math.ceil(sorted.length * share) - 1];

/** Sends over `connections`, at least one message on each, until there are `requests` or the `seconds` are over. */
async function run({ connections, requests = Infinity, seconds = Infinity, ...job }) {
  const ids = new Set();
  const times = [];
  const began = performance.now();
  const isOver = () => times.length >= requests || performance.now() - began >= seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, () => keepSending(job, isOver, ids, times)));
  const elapsedMs = performance.now() - began;
  assert.equal(ids.size, times.length, 'two messages have the same id');
  times.sort((a, b) => a - b);
  return { answers: times.length, elapsedMs, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

process.on('message', async (job) => process.send(await run(job)));
process.on('disconnect', () => process.exit());
