/** Those who use the server during the soak: they send, read and follow, and each goes on where a restart cut it off. */
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { Agent, request } from 'undici';
import WebSocket from 'ws';

/** How long a client waits before it tries again, and for an answer. */
const PAUSE_MS = 250;
const PATIENCE_MS = 20_000;
/** Retryable refusals are repeated so often. */
const MAX_TRIES = 40;

const SEND = 'mutation Soak($input: MessageInput!) { sendMessage(input: $input) { id status } }';
const OF_KEY = 'query OfKey($key: ID!) { send(idempotencyKey: $key) { id status message { id } } }';
const READS = [
  '{ messages(first: 50) { edges { cursor node { id status text deliveries { to status } timeline { time } } } pageInfo { endCursor } } }',
  '{ conversations(first: 20) { edges { node { id owner participants sentCount receivedCount lastMessage { id text } } } } }',
  '{ sends(first: 50) { edges { node { id status startedAt problem { code } } } } }',
  '{ messages(first: 20, filter: {direction: IN}) { totalCount edges { node { id from text } } } }',
  '{ viewer { name scopes } }',
];
const FOLLOW = `subscription Follow($since: String) {
  messagesUpdated(since: $since) { cursor message { id status direction } }
}`;

const agent = new Agent({ headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });

/** The answer; null where there is none, since the server is away or stops. */
export async function ask(url, query, variables = {}) {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = JSON.parse(await body.text());
    return statusCode === 503 && codeOf(answer) !== 'STORE_UNAVAILABLE' ? null : answer;
  } catch {
    return null;
  }
}

const codeOf = (answer) => answer.errors?.[0]?.extensions?.code;

/** Sends messages at `perSecond`, until `isOver`. What each became is in `sends`, by its text. */
export class Senders {
  /** By text: its key, what was heard last, and the id of its message. */
  sends = new Map();
  timesMs = [];
  #url;
  #begun = 0;

  constructor(url) {
    this.#url = url;
  }

  async run(perSecond, isOver) {
    const began = performance.now();
    const underWay = new Set();
    while (!isOver()) {
      const due = (performance.now() - began) * (perSecond / 1_000);
      while (this.#begun < due) {
        const send = this.#send(this.#begun++).finally(() => underWay.delete(send));
        underWay.add(send);
      }
      await delay(10);
    }
    await Promise.all(underWay);
  }

  async #send(number) {
    const text = `soak-${number}`;
    // One in five has no key: its caller does not repeat it, whatever happens.
    const key = number % 5 === 0 ? null : `soak-key-${number}`;
    const others = number % 7 === 0 ? [`+1919${6_000_000 + (number % 5_000)}`] : [];
    const input = {
      from: `+1919555121${number % 10}`,
      to: [`+1919${3_000_000 + (number % 20_000)}`, ...others],
      text,
      applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
      tag: `order-${number}`,
      ...(number % 11 === 0 && { media: ['https://files.example.com/picture.png'] }),
      ...(key !== null && { idempotencyKey: key }),
    };
    const send = { key, heard: 'nothing', messageId: null };
    this.sends.set(text, send);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const since = performance.now();
      const answer = await ask(this.#url, SEND, { input });
      if (answer !== null) this.timesMs.push(performance.now() - since);
      if (hear(send, answer) || key === null) return;
      await delay(PAUSE_MS);
    }
  }
}

/** Notes what an answer says of a send; whether there is nothing left to ask. */
function hear(send, answer) {
  if (answer === null) return false;
  if (answer.data?.sendMessage) {
    send.heard = 'ACCEPTED';
    send.messageId = answer.data.sendMessage.id;
    return true;
  }
  const { outcome, retryable, code } = answer.errors?.[0]?.extensions ?? {};
  send.heard = outcome ?? code ?? 'nothing';
  if (outcome === undefined) return false;
  return outcome === 'UNKNOWN' ? code !== 'REQUEST_IN_PROGRESS' && code !== 'STORE_UNAVAILABLE' : retryable !== true;
}

/** What the server says of a key in the end. */
export async function sendOfKey(url, key) {
  const answer = await ask(url, OF_KEY, { key });
  if (answer === null || answer.errors !== undefined) throw new Error(`no answer about a key: ${codeOf(answer ?? {})}`);
  return answer.data.send;
}

/** Reads lists, one after the other; an error in an answer is noted. */
export class Readers {
  timesMs = [];
  errors = new Map();
  #url;

  constructor(url) {
    this.#url = url;
  }

  async run(isOver) {
    for (let number = 0; !isOver(); number++) {
      const since = performance.now();
      const answer = await ask(this.#url, READS[number % READS.length]);
      if (answer === null) {
        await delay(PAUSE_MS);
        continue;
      }
      this.timesMs.push(performance.now() - since);
      const code = codeOf(answer);
      if (code !== undefined && code !== 'SHUTTING_DOWN') this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
      await delay(100);
    }
  }
}

/** Follows all messages over a WebSocket, from the last cursor on after each break, until `isOver`. */
export class Follower {
  seen = new Set();
  updates = 0;
  breaks = 0;
  #since = null;
  #url;

  constructor(url) {
    this.#url = url.replace('http', 'ws');
  }

  /** From where the first one begins: a page's cursor, so that nothing is before it. */
  async begin(httpUrl) {
    const answer = await ask(httpUrl, '{ messages(first: 1) { updatesCursor } }');
    this.#since = answer.data.messages.updatesCursor;
  }

  async run(isOver) {
    while (!isOver()) {
      await this.#follow(isOver);
      if (!isOver()) this.breaks += 1;
      await delay(PAUSE_MS);
    }
  }

  #follow(isOver) {
    return new Promise((resolve) => {
      const client = createClient({ url: this.#url, webSocketImpl: WebSocket, retryAttempts: 0 });
      const looking = setInterval(() => isOver() && end(), 100);
      const end = () => {
        clearInterval(looking);
        void client.dispose();
        resolve();
      };
      client.subscribe(
        { query: FOLLOW, variables: { since: this.#since } },
        {
          next: (result) => (result.errors === undefined ? this.#take(result.data) : end()),
          error: end,
          complete: end,
        },
      );
    });
  }

  #take({ messagesUpdated: { cursor, message } }) {
    this.#since = cursor;
    this.updates += 1;
    this.seen.add(message.id);
  }
}
