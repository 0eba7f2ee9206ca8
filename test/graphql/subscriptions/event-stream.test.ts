/** One event stream with slow, vanished and hurried readers, and what becomes of its source. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { buildSchema, parse, type DocumentNode } from 'graphql';
import { request } from 'undici';
import { OpenStreams } from '../../../src/http/open-streams.js';
import { EventStream } from '../../../src/graphql/subscriptions/event-stream.js';
import { ServerSentEvents } from '../../../src/graphql/subscriptions/server-sent-events.js';
import { newFacts } from '../../../src/http/request-event.js';
import { EventReader, linesOf } from '../../support/event-stream.js';
import { listen, stopListening } from '../../support/listen.js';
import { quiet, until } from '../../support/waiting.js';

const EVENTS = { 'content-type': 'application/json', accept: 'text/event-stream' };
const MEBIBYTE = 1024 * 1024;
const LARGE = { data: { text: 'x'.repeat(MEBIBYTE) } };

describe('an event stream', () => {
  let server: Server;
  let reader: EventReader;
  let response: ServerResponse;
  let slow: number;

  const open = async (options: { keepAliveMs?: number; maxWaitMs?: number } = {}): Promise<EventStream> => {
    slow = 0;
    let stream: EventStream | undefined;
    server = createServer((_request, answer) => {
      response = answer;
      stream = new EventStream(
        answer,
        { 'x-request-id': 'request-1' },
        { onSlowReader: () => (slow += 1), ...options },
      );
    });
    reader = await EventReader.open(`http://127.0.0.1:${await listen(server)}`, {});
    if (stream === undefined) throw new Error('the server has no stream');
    return stream;
  };
  /** Writes until the peer's connection takes no more, and gives what the last write waits for. */
  const fill = async (stream: EventStream): Promise<{ written: Promise<boolean> }> => {
    for (;;) {
      let taken: boolean | undefined;
      const written = stream.next(LARGE).then((isTaken) => (taken = isTaken));
      await quiet(100);
      if (taken !== true) return { written };
    }
  };
  afterEach(async () => {
    reader.end();
    await stopListening(server);
  });

  it('opens before there is anything to say, with the headers that it was given', async () => {
    await open();
    expect([reader.status, reader.response.headers['x-request-id']]).toEqual([200, 'request-1']);
  });

  it('brings comments while there is nothing to say, so that proxies keep it', async () => {
    const stream = await open({ keepAliveMs: 5 });
    const next = reader.next();
    await until(() => reader.comments > 3);
    stream.complete();
    expect(linesOf([await next])).toEqual(['complete']);
    expect(await reader.next()).toBe('end');
  });

  it('says nothing after its end', async () => {
    const stream = await open({ keepAliveMs: 1 });
    stream.interrupt({ data: { last: true } });
    stream.complete();
    stream.interrupt({ data: { later: true } });
    expect(await stream.next({ data: { later: true } })).toBe(false);
    expect(linesOf(await reader.rest())).toEqual(['next {"last":true}', 'end']);
  });

  it('waits for its reader before it takes another event, however long that takes within a minute', async () => {
    const stream = await open({ keepAliveMs: 1 });
    const { written } = await fill(stream);
    let isWritten = false;
    void written.then(() => (isWritten = true));
    const unread = response.writableLength;
    await quiet(1_000);
    expect([isWritten, response.writableLength]).toEqual([false, unread]);
    expect(unread).toBeLessThan(2 * MEBIBYTE);
    reader.response.resume();
    expect(await written).toBe(true);
    expect(await stream.next(LARGE)).toBe(true);
    expect(slow).toBe(0);
  });

  it('is cut off when its reader takes nothing in time', async () => {
    const stream = await open({ maxWaitMs: 300 });
    const { written } = await fill(stream);
    expect(await written).toBe(false);
    expect([slow, response.destroyed]).toEqual([1, true]);
    expect(await stream.next(LARGE)).toBe(false);
  });

  it('is cut off when its reader does not take its end in time', async () => {
    const stream = await open({ maxWaitMs: 300 });
    while (response.writableLength < MEBIBYTE) {
      response.write('x'.repeat(MEBIBYTE));
      await quiet(100);
    }
    stream.complete();
    await once(response, 'close');
    expect(slow).toBe(1);
  });

  it('is cut off two seconds after it was interrupted, and nobody is blamed', async () => {
    const stream = await open();
    const { written } = await fill(stream);
    const start = performance.now();
    stream.interrupt({});
    expect(await written).toBe(false);
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(slow).toBe(0);
  });

  it('knows that its reader hung up', async () => {
    const stream = await open({ keepAliveMs: 1 });
    reader.end();
    await once(response, 'close');
    expect(await stream.next(LARGE)).toBe(false);
    stream.complete();
    expect(slow).toBe(0);
  });
});

describe('the source of a stream', () => {
  let host: FastifyInstance;
  let events: ServerSentEvents;
  let url: string;
  let document: DocumentNode;
  let failures: string[];
  /** Sources that were opened and not ended. */
  let listening: number;
  let opened: number;
  /** What the source waits for before it opens. */
  let opening: Promise<void>;
  /** What a request waits for before it is answered. */
  let arriving: (request: FastifyRequest) => Promise<unknown>;
  /** The status of each request that was told at its end. */
  let told: (number | null)[];
  let open: () => void;
  let emit: (text: string) => void;
  let fail: (error: Error) => void;
  const text = (event: string): string => event;

  beforeEach(async () => {
    [listening, opened, failures, told, document] = [0, 0, [], [], parse('subscription { said }')];
    arriving = () => Promise.resolve();
    opening = new Promise((resolve) => {
      open = resolve;
    });
    const schema = buildSchema('type Query { said: String }  type Subscription { said: String }');
    const said = schema.getSubscriptionType()?.getFields().said;
    if (said === undefined) throw new Error('no subscription');
    said.resolve = text as never;
    said.subscribe = async () => {
      await opening;
      return source();
    };
    events = new ServerSentEvents({
      streams: new OpenStreams(),
      schema,
      publish: (errors) => errors.map(({ message }) => ({ message, extensions: { code: 'SAID' } })),
      corsOrigins: [],
      onSocketFailure: (kind) => failures.push(kind),
      onRequest: ({ status }) => told.push(status),
    });
    host = fastify();
    host.decorateRequest('document', null);
    host.post('/', async (request, reply) => {
      request.document = document;
      request.facts = newFacts(request.headers);
      const context = {
        caller: { name: 'shop' },
        requestId: 'request-1',
        traceId: null,
        span: null,
        codes: [],
        expiresAt: null,
      };
      await arriving(request);
      await events.answer(request, reply, () => context as never);
      return reply;
    });
    url = await host.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    host.server.closeAllConnections();
    await host.close();
  });

  /** Listens from the moment in which it is made until `return`, or until it fails. */
  function source(): AsyncIterableIterator<string> {
    listening += 1;
    opened += 1;
    const waiting: string[] = [];
    let wake: (() => void) | undefined;
    let end: { error: Error | null } | null = null;
    const finish = (error: Error | null): void => {
      if (end === null) listening -= 1;
      end ??= { error };
      wake?.();
    };
    emit = (said) => {
      waiting.push(said);
      wake?.();
    };
    fail = finish;
    return {
      async next() {
        while (waiting.length === 0 && end === null) await new Promise<void>((resolve) => (wake = resolve));
        const value = waiting.shift();
        if (value !== undefined) return { done: false, value };
        if (end?.error != null) throw end.error;
        return { done: true, value: undefined };
      },
      return() {
        finish(null);
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  it('is ended when its reader hangs up', async () => {
    open();
    const reader = await EventReader.open(url, {});
    await until(() => listening === 1);
    reader.end();
    await until(() => listening === 0);
    expect(failures).toEqual([]);
  });

  it('is ended when its reader hung up before it was open', async () => {
    const reader = await EventReader.open(url, {});
    reader.end();
    let connections = 1;
    await until(() => {
      host.server.getConnections((_error, count) => (connections = count));
      return connections === 0;
    });
    open();
    await until(() => opened === 1);
    await until(() => listening === 0);
  });

  it('is not opened for a reader that hung up before, and its request is told as ended', async () => {
    const hangingUp = new AbortController();
    arriving = async ({ raw }) => {
      hangingUp.abort();
      await once(raw.socket, 'close');
    };
    await expect(
      request(url, { method: 'POST', headers: EVENTS, body: '{}', signal: hangingUp.signal }),
    ).rejects.toThrow();
    await until(() => told.length === 1);
    expect([told, opened]).toEqual([[null], 0]);
  });

  it('is ended when the server stops', async () => {
    open();
    const reader = await EventReader.open(url, {});
    await until(() => listening === 1);
    events.stop();
    expect(linesOf(await reader.rest())).toEqual(['next SAID', 'end']);
    await until(() => listening === 0);
  });

  it('makes its failure the last result', async () => {
    open();
    const reader = await EventReader.open(url, {});
    await until(() => listening === 1);
    emit('one');
    fail(new Error('the source broke'));
    expect(linesOf(await reader.rest())).toEqual(['next {"said":"one"}', 'next SAID', 'complete', 'end']);
  });

  it('is not opened after a stop', async () => {
    events.stop();
    const reader = await EventReader.open(url, {});
    expect([reader.status, (await reader.body()).errors?.[0]?.extensions.code]).toEqual([503, 'SHUTTING_DOWN']);
  });
});
