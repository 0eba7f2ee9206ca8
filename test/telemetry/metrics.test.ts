/** What the server counts and measures, as Prometheus reads it, after some of everything. */
import { existsSync, readFileSync } from 'node:fs';
import { parser as promQL } from '@prometheus-io/lezer-promql';
import { Agent, request } from 'undici';
import { parse as parseYaml } from 'yaml';
import { openMetrics } from '../../src/telemetry/metrics.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { execute } from '../support/client.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { EventReader } from '../support/event-stream.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { anchors } from '../support/markdown.js';
import { ACCEPTED_ANSWER, INPUT } from '../support/messages.js';
import { openSubscriber } from '../support/subscriber.js';
import { granting, startTokenEndpoint } from '../support/token-endpoint.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (file: string): string => readFileSync(`${ROOT}${file}`, 'utf8');

let upstream: Endpoint;
let app: TestApp;
let follower: EventReader;
let text: string;
/** The labels of each sample, by the name of its metric. */
let samples: Map<string, Record<string, string>[]>;

async function scrape({ log } = app): Promise<string> {
  const url = String(log.find(({ msg }) => msg === 'metrics are served')?.url);
  const { statusCode, body } = await request(url);
  expect(statusCode).toBe(200);
  return body.text();
}

const NUMBER = '+12345678902';

beforeAll(async () => {
  let answers = 0;
  upstream = await startEndpoint((response, _body, { method }) => {
    if (method !== 'POST') response.end('{"totalCount":0,"messages":[]}');
    else if (++answers === 1) response.writeHead(202).end(ACCEPTED_ANSWER);
    else if (answers === 2)
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"type":"x","description":"y"}');
    else if (answers === 3)
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"type":"x","description":"y"}');
    else response.destroy();
  });
  app = await startTestApp({ ...upstreamAt(upstream.url), ...CALLBACKS, METRICS_PORT: '0' });
  await execute(app.url, SendMessageDocument, { input: { ...INPUT, tag: 'canary-tag' } });
  // The first is refused, tried again and refused for good; the second loses its answer.
  await execute(app.url, SendMessageDocument, { input: INPUT });
  await execute(app.url, SendMessageDocument, { input: INPUT });
  await execute(app.url, SendMessageDocument, { input: { ...INPUT, from: 'nonsense' } });
  const id = '14762070468292kw2fuqty55yp2b2';
  await report(app.url, id);
  await report(app.url, id);
  await report(app.url, id, 'message-failed', { errorCode: '4720' });
  const wrong = Buffer.from('user:wrong').toString('base64');
  await request(new URL('/callbacks/catapult', app.url), {
    method: 'POST',
    headers: { authorization: `Basic ${wrong}` },
    body: '[]',
  }).then(({ body }) => body.dump());
  await request(new URL('/callbacks/catapult', app.url), { method: 'POST', body: '[]' }).then(({ body }) =>
    body.dump(),
  );
  const query = 'subscription { messagesUpdated { message { tag } } }';
  follower = await EventReader.open(app.url, { query });
  text = await scrape();
  samples = new Map();
  for (const line of text.split('\n')) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === '') continue;
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]);
    samples.set(name, [...(samples.get(name) ?? []), Object.fromEntries(pairs) as Record<string, string>]);
  }
});
afterAll(async () => {
  follower.response.destroy();
  await app.close();
  await upstream.close();
});

describe('the metrics', () => {
  it.each([
    'sends_total{outcome="ACCEPTED",code="none"} 1',
    'sends_total{outcome="UNKNOWN",code="none"} 1',
    'sends_total{outcome="NOT_SENT",code="UPSTREAM_REJECTED"} 1',
    'send_retries_total 1',
    'upstream_duration_seconds_count{status="2xx"} 1',
    'upstream_duration_seconds_count{status="4xx"} 1',
    'upstream_duration_seconds_count{status="none"} 1',
    'errors_total{code="BAD_USER_INPUT"} 1',
    'errors_total{code="OUTCOME_UNKNOWN"} 1',
    'callback_events_total{kind="delivery",result="CHANGED"} 2',
    'callback_events_total{kind="delivery",result="REPEATED"} 1',
    'callback_failures_total{reason="credentials"} 1',
    'callback_failures_total{reason="anonymous"} 1',
    'subscriptions_open{transport="websocket"} 0',
    'subscriptions_open{transport="sse"} 1',
    'store_connections_used 0',
    'delivery_reports_total{status="DELIVERED",origin="none"} 1',
    'delivery_reports_total{status="FAILED",origin="CARRIER"} 1',
    'store_duration_seconds_count{operation="claim",result="stored"} 3',
    'unresolved_sends 1',
    'store_commit_writes_count 9',
    'store_commit_writes_bucket{le="1"} 9',
    'ready{part="store"} 1',
    'ready{part="draining"} 1',
    'upstream_usable 1',
    'records_waiting 0',
    'requests_under_way 0',
    'build_info{version="0.1.0"} 1',
  ])('say %s', (line) => {
    expect(text.split('\n')).toContain(`catapult_graphql_${line}`);
  });

  it('say what each of them means', () => {
    const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]);
    const helps = [...text.matchAll(/^# HELP (\S+) \S+ \S+/gm)].map((match) => match[1]);
    expect(types.length).toBeGreaterThan(20);
    expect(helps).toEqual(expect.arrayContaining(types));
  });

  it('hold nothing of a message, a caller or an address, nor any number but measurements', () => {
    expect(text).not.toContain(NUMBER.slice(1));
    expect(text).not.toMatch(/canary|Hey|app-1|127\.0\.0\.1/);
    const values = [...samples].flatMap(([name, all]) =>
      name.startsWith('catapult_') ? all.flatMap((each) => Object.entries(each)) : [],
    );
    const words = values.filter(([label]) => label !== 'le' && label !== 'version').map(([, value]) => value);
    expect(words.filter((word) => !/^([A-Z_]+|[a-zA-Z]+|[1-5]xx)$/.test(word))).toEqual([]);
  });

  it('are all in docs/monitoring.md, with their labels, and nothing else is', () => {
    const told = [...read('docs/monitoring.md').matchAll(/^\| `(catapult_graphql_\w+)` \|(.*?)\| /gm)].map(
      ([, name, labels = '']) => `${name} ${[...labels.matchAll(/`(\w+)`/g)].map((match) => match[1]).join()}`,
    );
    const real = [...text.matchAll(/^# TYPE (catapult_graphql_\w+) (\w+)/gm)].map(([, name = '', type]) => {
      const all = samples.get(type === 'histogram' ? `${name}_count` : name) ?? [];
      return `${name} ${[...new Set(all.flatMap((each) => Object.keys(each)))].join()}`;
    });
    expect(told.sort()).toEqual(real.sort());
  });

  it('answer nothing but /metrics, and only on their own port', async () => {
    const url = new URL(String(app.log.find(({ msg }) => msg === 'metrics are served')?.url));
    expect(url.hostname).toBe('127.0.0.1');
    for (const other of [new URL('/', url), new URL('/metrics', app.url)]) {
      const { statusCode, body } = await request(other, { dispatcher: new Agent({ pipelining: 0 }) });
      await body.dump();
      expect(statusCode).toBe(404);
    }
  });
});

/** What each of them asks Prometheus for. */
const alertsIn = (file: string): string[] =>
  (parseYaml(file) as { groups: { rules: { expr: string }[] }[] }).groups.flatMap(({ rules }) =>
    rules.map(({ expr }) => expr),
  );
const panelsIn = (file: string): string[] =>
  (JSON.parse(file) as { panels: { targets?: { expr: string }[] }[] }).panels.flatMap(({ targets = [] }) =>
    // As Grafana fills it in.
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
  );

/** Where Prometheus would not understand an expression; null where it does. */
function mistakeIn(expression: string): string | null {
  const cursor = promQL.parse(expression).cursor();
  do if (cursor.type.isError) return `${expression.slice(0, cursor.from)} ⚠ ${expression.slice(cursor.from)}`;
  while (cursor.next());
  return null;
}

it.each(['sum by (code) rate(x[5m])', 'rate(x[5m]', 'x{a=b}'])('a mistake in an expression is seen: %s', (wrong) => {
  expect(mistakeIn(wrong)).toContain('⚠');
});

describe.each([
  ['deploy/prometheus/alerts.yml', alertsIn],
  ['deploy/grafana/dashboard.json', panelsIn],
])('%s', (path, find) => {
  const expressions = (): string[] => find(read(path));

  it('asks in words that Prometheus understands', () => {
    expect(expressions().map(mistakeIn)).toEqual(expressions().map(() => null));
  });

  it('asks for nothing that is not there', () => {
    expect(expressions().length).toBeGreaterThan(8);
    for (const expression of expressions()) {
      for (const [, name = '', labels = ''] of expression.matchAll(
        /\b((?:catapult|nodejs|process)_\w+)(?:\{([^}]*)\})?/g,
      )) {
        const known = samples.get(name);
        expect([name, known !== undefined]).toEqual([name, true]);
        const labelNames = new Set(known?.flatMap((each) => Object.keys(each)));
        for (const [, label = ''] of labels.matchAll(/(\w+)\s*[=!]/g)) expect([...labelNames]).toContain(label);
      }
      for (const [, labels = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
        for (const label of labels.split(',').map((each) => each.trim())) {
          const inSome = [...samples].some(
            ([name, all]) =>
              expression.includes(name.replace(/_(bucket|sum|count)$/, '')) && all.some((each) => label in each),
          );
          expect([label, inSome]).toEqual([label, true]);
        }
      }
    }
  });
});

it('each alert has a page that says what to do', () => {
  const alerts = read('deploy/prometheus/alerts.yml');
  const links = [...alerts.matchAll(/runbook_url: \S*?(docs\/[\w-]+\.md)#([\w-]+)$/gm)];
  expect(links).toHaveLength([...alerts.matchAll(/- alert:/g)].length);
  for (const [, page = '', anchor = ''] of links) {
    expect(existsSync(`${ROOT}${page}`)).toBe(true);
    expect(anchors(read(page))).toContain(anchor);
  }
});

describe('what depends on how a server runs', () => {
  it('is the life of a token, and subscriptions over WebSocket', async () => {
    const tokens = await startTokenEndpoint(granting({ expires_in: 3_600 }));
    const credentials = {
      CATAPULT_TOKEN: '',
      CATAPULT_SECRET: '',
      CATAPULT_CLIENT_ID: 'c',
      CATAPULT_CLIENT_SECRET: 's',
    };
    const environment = {
      ...upstreamAt(upstream.url),
      ...credentials,
      CATAPULT_TOKEN_URL: tokens.url,
      METRICS_PORT: '0',
    };
    const other = await startTestApp(environment);
    const subscriber = openSubscriber(other.url);
    const nobody = (): void => undefined;
    const query = 'subscription { messagesUpdated { cursor } }';
    subscriber.subscribe({ query }, { next: nobody, error: nobody, complete: nobody });
    const OPEN = 'catapult_graphql_subscriptions_open{transport="websocket"} 1';
    let said = '';
    while (!said.includes(OPEN)) said = await scrape(other);
    const life = /^catapult_graphql_upstream_token_life_seconds (\S+)$/m.exec(said)?.[1];
    expect(Number(life)).toBeGreaterThan(3_000);
    expect(Number(life)).toBeLessThanOrEqual(3_600);
    await subscriber.dispose();
    await other.close();
    await tokens.close();
  });

  it('is how many connections PostgreSQL has, and how many calls wait for one', async () => {
    const metrics = await openMetrics('1.2.3');
    const pool = { used: 10, waiting: 3 };
    const unresolved = { count: 1_000, oldestStartedAtMs: 4_000 };
    metrics.watch({
      store: { countUnresolved: () => Promise.resolve(unresolved), connections: () => pool },
      ...{ lagMs: () => 0, underWay: () => 0, missing: () => Promise.resolve([]), recordsWaiting: () => 0 },
      ...{ upstreamOk: () => true, tokenEndsAt: () => 3_000, streams: () => ({ router: 2 }), now: () => 5_000 },
    });
    const said = await metrics.textOf([await metrics.ofProcess()]);
    const lines = said.split('\n').map((line) => line.replace('catapult_graphql_', ''));
    expect(lines).toEqual(
      expect.arrayContaining([
        ...['store_connections_used 10', 'store_connections_waiting 3', 'subscriptions_open{transport="router"} 2'],
        ...['upstream_token_life_seconds -2', 'unresolved_sends 1000', 'unresolved_oldest_age_seconds 1'],
      ]),
    );
  });
});
