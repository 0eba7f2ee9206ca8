/**
 * Asks for sends at a given pace, whether they are answered or not, as a process of its own: as many clients would that
 * know nothing of each other. A request costs a tenth of what it would with an HTTP client, so that one core can ask for
 * several times what a server can do. It writes to bare sockets, therefore, and reads only what the server here answers:
 * HTTP/1.1 with a `content-length`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { URL } from 'node:url';

const TICK_MS = 1;
/** Open before the clock starts, as those of proxies and browsers are: otherwise the kernel drops what is too much. */
const CONNECTIONS = 8_000;
const CONNECTED_AT_ONCE = 64;
const QUERY = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const HEAD_END = '\r\n\r\n';

let sent = 0;
function requestOfNext(host) {
  const number = ++sent;
  const to = [`+1919${3_000_000 + (number % 1_000_000)}`];
  const input = { from: '+19195551212', to, text: `Table ${number} is ready.`, applicationId: 'a' };
  const variables = { input: { ...input, idempotencyKey: `flood-${process.pid}-${number}` } };
  const body = JSON.stringify({ query: QUERY, variables });
  return `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}${HEAD_END}${body}`;
}

/** The answer at the start of `text`, if it has come whole. */
function answerIn(text) {
  const headLength = text.indexOf(HEAD_END);
  if (headLength < 0) return null;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headLength))[1]);
  const body = text.slice(headLength + HEAD_END.length);
  return body.length < length ? null : { status: Number(text.slice(9, 12)), body };
}

function kindOf({ status, body }) {
  if (body.includes('"SERVER_BUSY"')) return 'busy';
  return status === 200 && !body.includes('"errors"') ? 'answered' : 'failed';
}

/** Connections, each with one request at most, and what became of all requests. */
class Flood {
  #url;
  #sockets = [];
  #free = [];
  #asked = 0;
  /** Of each answer: what it was, and after how many milliseconds it came. */
  #answers = [];

  constructor(url) {
    this.#url = new URL(url);
  }

  get underWay() {
    return this.#sockets.length - this.#free.length;
  }

  async connect(count) {
    while (this.#sockets.length < count) {
      const opened = Array.from({ length: CONNECTED_AT_ONCE }, () => this.#open());
      await Promise.all(opened.map((socket) => once(socket, 'connect')));
      this.#sockets.push(...opened);
      this.#free.push(...opened);
    }
  }

  /** One more; where all connections are busy, it is never answered. */
  send() {
    this.#asked += 1;
    const socket = this.#free.pop();
    if (socket === undefined) return;
    socket.since = performance.now();
    socket.text = '';
    socket.write(requestOfNext(this.#url.host));
  }

  /** Ends it. @returns what came within `patienceMs`, and how many did not */
  end(patienceMs) {
    for (const socket of this.#sockets) socket.destroy();
    const count = (kind) => this.#answers.filter((each) => each.kind === kind).length;
    const times = this.#answers.filter(({ kind, ms }) => kind === 'answered' && ms <= patienceMs).map(({ ms }) => ms);
    times.sort((a, b) => a - b);
    const [good, busy, failed] = [times.length, count('busy'), count('failed')];
    const p99Ms = times[Math.ceil(good * 0.99) - 1] ?? null;
    return { asked: this.#asked, good, late: this.#asked - good - busy - failed, busy, failed, p99Ms };
  }

  #open() {
    const socket = connect(Number(this.#url.port), this.#url.hostname).setNoDelay().setEncoding('latin1');
    socket.on('data', (chunk) => {
      socket.text += chunk;
      const answer = answerIn(socket.text);
      if (answer === null) return;
      this.#answers.push({ kind: kindOf(answer), ms: performance.now() - socket.since });
      this.#free.push(socket);
    });
    return socket;
  }
}

/** Keeps `connections` busy, or asks for `perSecond` whatever is answered; and waits `patienceMs` for the last answers. */
async function run({ url, seconds, perSecond, connections, patienceMs }) {
  const flood = new Flood(url);
  await flood.connect(connections ?? CONNECTIONS);
  const began = performance.now();
  const due = () => ((performance.now() - began) / 1_000) * perSecond;
  for (let asked = 0; performance.now() - began < seconds * 1_000; await delay(TICK_MS)) {
    if (perSecond === undefined) while (flood.underWay < connections) flood.send();
    else for (; asked < due(); asked++) flood.send();
  }
  const until = performance.now() + patienceMs;
  while (flood.underWay > 0 && performance.now() < until) await delay(TICK_MS);
  return flood.end(patienceMs);
}

process.on('message', async (job) => process.send(await run(job)));
process.on('disconnect', () => process.exit());
