/**
 * The load, as a process of its own: sends messages over a number of connections, one request after the other on each,
 * and compares every answer with what was asked. (`wrk` cannot do the latter, and autocannon only for one fixed request.)
 * Its parent sends one job at a time over IPC, and gets the counts and times; a wrong answer ends the process.
 */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { Client } from 'undici';

const SELECTION = '{ id time to from text applicationId tag owner media direction segmentCount }';

/** GraphQL with one send a document, or several under aliases. */
const graphql = (inputType) => ({
  path: '/graphql',
  bodyOf(inputs) {
    const [input] = inputs;
    if (inputs.length === 1) return JSON.stringify({ query: documentOfOne(inputType), variables: { input } });
    return JSON.stringify({
      query: documentOf(inputType, inputs.length),
      variables: Object.fromEntries(inputs.map((each, index) => [`i${index}`, each])),
    });
  },
  messagesIn: ({ data, errors }) => (errors === undefined ? Object.values(data) : null),
});
const documentOfOne = (inputType) => `mutation Send($input: ${inputType}!) { sendMessage(input: $input) ${SELECTION} }`;
function documentOf(inputType, count) {
  const numbers = [...Array(count).keys()];
  const variables = numbers.map((number) => `$i${number}: ${inputType}!`).join(', ');
  return `mutation Send(${variables}) { ${numbers.map((number) => `s${number}: sendMessage(input: $i${number}) ${SELECTION}`).join(' ')} }`;
}

/** How messages are asked for, and where they stand in the answer. */
const PROTOCOLS = {
  graphql: graphql('MessageInput'),
  omnigraph: graphql('MessageInput_Input'),
  rest: { path: '/messages', bodyOf: ([input]) => JSON.stringify(input), messagesIn: (body) => [body] },
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

/** Sends on one connection until `isOver`, at least once; adds each answer's ids and its milliseconds. */
async function keepSending(job, isOver, ids, times) {
  const { path, bodyOf, messagesIn } = PROTOCOLS[job.protocol];
  const client = new Client(job.url, { pipelining: 1, headersTimeout: 30_000 });
  const options = { method: 'POST', path, headers: { 'content-type': 'application/json', ...job.headers } };
  do {
    const inputs = Array.from({ length: job.sendsPerDocument ?? 1 }, () => nextInput(job.withKeys));
    const since = performance.now();
    const { statusCode, body } = await client.request({ ...options, body: bodyOf(inputs) });
    const text = await body.text();
    times.push(performance.now() - since);
    const messages = statusCode === 200 ? messagesIn(JSON.parse(text)) : null;
    assert.equal(messages?.length, inputs.length, `${statusCode} ${text.slice(0, 500)}`);
    for (const [index, message] of messages.entries()) {
      check(message, inputs[index]);
      ids.add(message.id);
    }
  } while (!isOver());
  await client.close();
}

const percentile = (sorted, share) => sorted[Math.ceil(sorted.length * share) - 1];

/** Sends over `connections`, at least one request on each, until there are `requests` or the `seconds` are over. */
async function run({ connections, requests = Infinity, seconds = Infinity, ...job }) {
  const ids = new Set();
  const times = [];
  const began = performance.now();
  const isOver = () => times.length >= requests || performance.now() - began >= seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, () => keepSending(job, isOver, ids, times)));
  const elapsedMs = performance.now() - began;
  const answers = times.length * (job.sendsPerDocument ?? 1);
  assert.equal(ids.size, answers, 'two messages have the same id');
  times.sort((a, b) => a - b);
  return { answers, elapsedMs, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
}

process.on('message', async (job) => process.send(await run(job)));
process.on('disconnect', () => process.exit());
