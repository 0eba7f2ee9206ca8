/** The spans of operations, of their writes and requests, and of callbacks, as a receiver of OTLP gets them. */
import { once } from 'node:events';
import { request } from 'undici';
import WebSocket from 'ws';
import { openTraceExport, type TraceExport } from '../../src/telemetry/trace-export.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { EventReader } from '../support/event-stream.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { unlistenedPort } from '../support/listen.js';
import { startServer } from '../support/server-process.js';
import { firstAnswer } from '../support/subscriber.js';
import { startTraceReceiver, type ReceivedSpan, type TraceReceiver } from '../support/trace-receiver.js';

const SEND = 'mutation Send($input: MessageInput!) { sendMessage(input: $input) { id } }';
const MARKS = /4567000[12]|zq(text|tag|application|key|caller|document|header|state|user)/;
const INPUT = {
  from: '+12345670001',
  to: ['+12345670002'],
  text: 'zqtext',
  applicationId: 'zqapplication',
  tag: 'zqtag',
};
const ID = '14762070468292kw2fuqty55yp2b2';
/** Each of them a trace of its own. */
const TRACES = {
  accepted: '1'.repeat(32),
  retried: '2'.repeat(32),
  unknown: '3'.repeat(32),
  read: '4'.repeat(32),
  socket: '5'.repeat(32),
  events: '6'.repeat(32),
  wrong: '7'.repeat(32),
} as const;
const PARENT = 'a'.repeat(16);
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];

const headersIn = (trace: keyof typeof TRACES): Record<string, string> => ({
  'content-type': 'application/json',
  traceparent: `00-${TRACES[trace]}-${PARENT}-01`,
  tracestate: 'zqstate=1',
  'x-zqheader': 'zqheader',
});

let receiver: TraceReceiver;
let upstream: Endpoint;
let spans: readonly ReceivedSpan[];
let app: TestApp;
let ended: TestApp['log'];
let received: string[];

const spansOf = (trace: keyof typeof TRACES): ReceivedSpan[] =>
  spans
    .filter(({ traceId }) => traceId === TRACES[trace])
    .sort((one, other) => (BigInt(one.startTimeUnixNano) < BigInt(other.startTimeUnixNano) ? -1 : 1));
const operationOf = (trace: keyof typeof TRACES): ReceivedSpan | undefined =>
  spansOf(trace).find(({ kind }) => kind === SERVER);

beforeAll(async () => {
  receiver = await startTraceReceiver();
  let answers = 0;
  received = [];
  const json = { 'content-type': 'application/json' };
  upstream = await startEndpoint((response, _body, { method, headers }) => {
    if (method !== 'POST') response.end('{"totalCount":0,"messages":[]}');
    else {
      received.push(...Object.keys(headers));
      answers += 1;
      if (answers === 1)
        response.writeHead(202).end(JSON.stringify({ id: ID, ...INPUT, time: '2026-11-24T10:00:00Z' }));
      else if (answers === 2) response.writeHead(503, json).end('{"type":"x","description":"zqtext"}');
      else if (answers === 3) response.writeHead(404, json).end('{"type":"x","description":"zqtext"}');
      else response.destroy();
    }
  });
  const traces = await openExport(receiver.url);
  app = await startTestApp({ ...upstreamAt(upstream.url), ...CALLBACKS }, { tracerProvider: traces.provider });
  const send = async (trace: keyof typeof TRACES, input: object): Promise<void> => {
    const body = JSON.stringify({ query: SEND, variables: { input } });
    await (await request(app.url, { method: 'POST', headers: headersIn(trace), body })).body.dump();
  };
  await send('accepted', { ...INPUT, idempotencyKey: 'zqkey' });
  await send('retried', INPUT);
  await send('unknown', INPUT);
  await send('wrong', { ...INPUT, from: 'zqdocument' });
  const read = new URL(`?query=${encodeURIComponent('query Read { unsent: __typename }')}`, app.url);
  await (await request(read, { headers: { ...headersIn('read'), 'apollo-require-preflight': 'true' } })).body.dump();
  class TracedSocket extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers: headersIn('socket') });
    }
  }
  await firstAnswer(app.url, { query: 'query OverSocket { zqdocument: __typename }' }, { webSocketImpl: TracedSocket });
  const stream = await EventReader.open(
    app.url,
    { query: `subscription OverEvents { messageUpdated(id: "${ID}") { id } }` },
    headersIn('events'),
  );
  stream.response.destroy();
  await once(stream.response, 'close');
  await report(app.url, ID);
  await report(app.url, ID);
  await app.close();
  await traces.close(5_000);
  ({ log: ended } = app);
  spans = receiver.spans();
});
afterAll(async () => {
  await receiver.close();
  await upstream.close();
});

async function openExport(url: string, onFailure: (error: unknown) => void = () => undefined): Promise<TraceExport> {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  try {
    return await openTraceExport({ version: '1.2.3', onFailure });
  } finally {
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  }
}

describe('a send', () => {
  it('has its operation, its claim, its request upstream and its record, each within the operation', () => {
    const [operation, ...inside] = spansOf('accepted');
    expect(operation).toMatchObject({
      name: 'mutation',
      kind: SERVER,
      parentSpanId: PARENT,
      hasFailed: false,
      attributes: {
        'graphql.operation.type': 'mutation',
        'graphql.operation.name': 'Send',
        'http.response.status_code': 200,
        'catapult_graphql.transport': 'http',
      },
      events: [
        { name: 'send', attributes: { 'catapult_graphql.outcome': 'ACCEPTED', 'catapult_graphql.attempts': 1 } },
      ],
    });
    expect(inside.map(({ name, kind }) => [name, kind])).toEqual([
      ['store claim', INTERNAL],
      ['POST /users/{userId}/messages', CLIENT],
      ['store record', INTERNAL],
    ]);
    expect(inside.map(({ parentSpanId }) => parentSpanId)).toEqual(inside.map(() => operation?.spanId));
    const begin = (span: ReceivedSpan): bigint => BigInt(span.startTimeUnixNano);
    const end = (span: ReceivedSpan): bigint => BigInt(span.endTimeUnixNano);
    for (const span of spansOf('accepted')) expect(end(span) >= begin(span)).toBe(true);
  });

  it('says what upstream answered, and where it is, without the account', () => {
    const { port } = new URL(upstream.url);
    const seen = spansOf('retried').filter(({ kind }) => kind === CLIENT);
    const where = {
      'http.request.method': 'POST',
      'url.template': '/users/{userId}/messages',
      'server.address': '127.0.0.1',
      'server.port': Number(port),
    };
    expect(seen.map(({ attributes }) => attributes)).toEqual([
      { ...where, 'http.response.status_code': 503, 'error.type': '503' },
      { ...where, 'http.response.status_code': 404, 'error.type': '404', 'http.request.resend_count': 1 },
    ]);
    expect(seen.every(({ hasFailed }) => hasFailed)).toBe(true);
    expect(operationOf('retried')).toMatchObject({
      hasFailed: true,
      attributes: { 'error.type': 'UPSTREAM_REJECTED', 'catapult_graphql.codes': ['UPSTREAM_REJECTED'] },
    });
  });

  it('whose outcome is unknown has failed, and its request has no status', () => {
    const [asked] = spansOf('unknown').filter(({ kind }) => kind === CLIENT);
    expect(asked?.hasFailed).toBe(true);
    expect(asked?.attributes['error.type']).toMatch(/^\w+$/);
    expect(asked?.attributes).not.toHaveProperty('http.response.status_code');
    expect(operationOf('unknown')).toMatchObject({
      hasFailed: true,
      attributes: { 'error.type': 'OUTCOME_UNKNOWN' },
      events: [{ attributes: { 'catapult_graphql.outcome': 'UNKNOWN' } }],
    });
  });

  it('that its caller wrote wrong has not failed, and writes nothing', () => {
    expect(spansOf('wrong')).toHaveLength(1);
    expect(operationOf('wrong')).toMatchObject({
      hasFailed: false,
      attributes: { 'catapult_graphql.codes': ['BAD_USER_INPUT'] },
    });
  });

  it('tells upstream nothing of its trace', () => {
    expect(received).not.toContain('traceparent');
  });
});

describe('an operation', () => {
  it.each([
    ['read', 'query', 'Read', 'http'],
    ['socket', 'query', 'OverSocket', 'websocket'],
    ['events', 'subscription', 'OverEvents', 'sse'],
  ] as const)('of the trace %s is a %s', (trace, type, name, transport) => {
    expect(operationOf(trace)).toMatchObject({
      name: type,
      parentSpanId: PARENT,
      hasFailed: false,
      attributes: {
        'graphql.operation.type': type,
        'graphql.operation.name': name,
        'catapult_graphql.transport': transport,
      },
    });
  });
});

describe('a callback', () => {
  it('has a span with the number of its events by what came of them, and no write has one', () => {
    const callbacks = spans.filter(({ name }) => name === 'POST /callbacks/catapult');
    const attributes = {
      'http.request.method': 'POST',
      'http.route': '/callbacks/catapult',
      'http.response.status_code': 200,
    };
    expect(callbacks.map((span) => [span.kind, span.attributes])).toEqual([
      [SERVER, { ...attributes, 'catapult_graphql.events.changed': 1 }],
      [SERVER, { ...attributes, 'catapult_graphql.events.repeated': 1 }],
    ]);
  });
});

describe('the spans', () => {
  it('hold nothing that is private', () => {
    expect(receiver.raw()).not.toMatch(MARKS);
    expect(receiver.raw()).not.toMatch(/u-test|sendMessage|messageUpdated|"token"|"secret"/);
  });

  it('name the service and its version', () => {
    expect(receiver.resource()).toMatchObject({ 'service.name': 'catapult-graphql', 'service.version': '1.2.3' });
  });

  it('are in the log by their trace, with the ids of their sends', () => {
    const line = ended.find(({ msg, traceId }) => msg === 'send' && traceId === TRACES.accepted);
    expect(operationOf('accepted')?.events[0]?.attributes['catapult_graphql.send_id']).toBe(line?.sendId);
  });
});

describe('the export', () => {
  it('reports what the receiver refuses', async () => {
    const failures: unknown[] = [];
    const refusing = await startEndpoint((response) => response.writeHead(400).end());
    const traces = await openExport(refusing.url, (error) => failures.push(error));
    traces.provider.getTracer('test').startSpan('test').end();
    await traces.close(10_000);
    expect(failures).toHaveLength(1);
    await refusing.close();
  });

  it('ends in the time that it has, though the receiver is away', async () => {
    const traces = await openExport(`http://127.0.0.1:${await unlistenedPort()}`);
    traces.provider.getTracer('test').startSpan('test').end();
    await expect(traces.close(1)).resolves.toBeUndefined();
  });
});

describe('the built server', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  /** Sends once, and stops; how long the stop took, in milliseconds, and how the process ended. */
  async function sendAndStop(environment: Record<string, string>): Promise<{ ms: number; code: unknown }> {
    const { url, process: child } = await startServer(folder, environment);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({
      query: SEND,
      variables: { input: { ...INPUT, from: '+19195551212', to: ['+19195551213'] } },
    });
    const { statusCode, body: answer } = await request(url, { method: 'POST', headers, body });
    expect([statusCode, await answer.json()]).toMatchObject([200, { data: { sendMessage: {} } }]);
    const since = performance.now();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as unknown[];
    return { ms: performance.now() - since, code };
  }

  it('exports at its stop what it has not yet', async () => {
    const own = await startTraceReceiver();
    expect(await sendAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url })).toMatchObject({ code: 0 });
    expect(own.spans().map(({ name }) => name)).toContain('mutation');
    await own.close();
  });

  it('exports at its stop what each of its workers has not yet', async () => {
    const own = await startTraceReceiver();
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: own.url, WORKERS: '2' };
    expect(await sendAndStop(settings)).toMatchObject({ code: 0 });
    await own.close();
    const { traceId } = own.spans().find(({ name }) => name === 'mutation') ?? {};
    const inIt = own.spans().filter((span) => span.traceId === traceId);
    const names = ['POST /users/{userId}/messages', 'mutation', 'store claim', 'store record'];
    expect(inIt.map(({ name }) => name).sort()).toEqual(names);
  });

  it('exports nothing of what its sampler leaves out', async () => {
    const own = await startTraceReceiver();
    const settings = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
    expect(await sendAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url, ...settings })).toMatchObject({ code: 0 });
    expect(own.spans()).toEqual([]);
    await own.close();
  });

  it('sends, and stops in time, though the receiver refuses everything for now', async () => {
    const refusing = await startEndpoint((response) => response.writeHead(503, { 'retry-after': '60' }).end());
    const { ms, code } = await sendAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url });
    expect(code).toBe(0);
    expect(ms).toBeLessThan(10_000);
    await refusing.close();
  });

  it('sends, and stops in time, though the receiver is silent', async () => {
    const silent = await startEndpoint(() => undefined);
    const { ms, code } = await sendAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: silent.url });
    expect(code).toBe(0);
    expect(ms).toBeLessThan(10_000);
    await silent.close();
  });

  it('loads nothing of OpenTelemetry by default', async () => {
    // With these hooks of Node's, whatever loads some of it fails.
    const code = `export function resolve(name, context, next) {
      if (name.startsWith('@opentelemetry')) throw new Error(name);
      return next(name, context);
    }`;
    const moduleOf = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(code))});`;
    const hooked = { NODE_OPTIONS: `--no-warnings --import=${moduleOf(register)}` };
    expect(await sendAndStop(hooked)).toMatchObject({ code: 0 });
    const wanted = { ...hooked, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    await expect(sendAndStop(wanted)).rejects.toThrow('did not start');
  });
});
