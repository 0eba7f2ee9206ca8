/**
 * The scenarios of Damn Vulnerable GraphQL Application (github.com/dolevf/Damn-Vulnerable-GraphQL-Application) that can
 * apply here, 17 of 23. The other six need what this server does not have:
 *
 * - the bypass of GraphiQL's protection: it is guarded by no cookie, but is on or off (8);
 * - the bypass of a deny-list of queries: trusted documents are an allow-list (test/graphql/documents/trusted.test.ts);
 * - arbitrary files and path traversal: no operation takes a file or a path;
 * - weak passwords: people have none here, and keys are long and compared by digest;
 * - the second injection of OS commands, by diagnostics: there are none, and the first is here as 12;
 * - stored XSS: no page of this server shows a message, and HTML in one is here as 14.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';
import { listen, stopListening } from '../support/listen.js';

const KEY = 'dvga-key';
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id text tag } }';

describe('as in Damn Vulnerable GraphQL Application, harmless is', () => {
  let app: TestApp;
  /** Somebody's own web server, which must never be called. */
  let inside: Server;
  let port: number;
  let insideCalls = 0;

  beforeAll(async () => {
    inside = createServer((_request, response) => {
      insideCalls++;
      response.end();
    });
    port = await listen(inside);
    const sha256 = createHash('sha256').update(KEY).digest('hex');
    app = await startTestApp({ API_KEYS: `dvga:${sha256}`, INTROSPECTION: 'off' });
  });
  afterAll(async () => {
    await app.close();
    await stopListening(inside);
  });

  const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
  const ask = <Data>(query: string, variables: object = {}): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query, variables }), HEADERS);
  const refused = async (query: string, code: string): Promise<void> => {
    const { status, data, errors } = await ask(query);
    expect([status, data, errors?.[0]?.extensions.code]).toEqual([400, undefined, code]);
  };

  it('1. a batch of queries', async () => {
    const { status, data } = await post(
      app.url,
      JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]),
      HEADERS,
    );
    expect([status, data]).toEqual([400, undefined]);
  });

  it('2. a deeply recursive query', async () => {
    await refused(
      `{ messages { nodes ${'{ deliveries '.repeat(12)} { to } ${'}'.repeat(12)} } }`,
      'OPERATION_TOO_COSTLY',
    );
  });

  it('3. a query that takes many resources', async () => {
    const lists = Array.from({ length: 21 }, (_, index) => `l${index}: messages(first: 100) { nodes { id } }`);
    await refused(`{ ${lists.join(' ')} }`, 'OPERATION_TOO_COSTLY');
  });

  it('4. fields that are repeated', async () => {
    await refused(`{ messages { nodes { ${'text '.repeat(1_000)} } } }`, 'OPERATION_TOO_COSTLY');
  });

  it('5. aliases without end', async () => {
    const aliases = Array.from({ length: 100 }, (_, index) => `a${index}: unresolvedSends { nodes { id } }`);
    await refused(`{ ${aliases.join(' ')} }`, 'OPERATION_TOO_COSTLY');
  });

  it('6. fragments that hold each other', async () => {
    await refused('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }', 'GRAPHQL_VALIDATION_FAILED');
  });

  it('7. introspection', async () => {
    await refused('{ __schema { queryType { name } mutationType { name } } }', 'GRAPHQL_VALIDATION_FAILED');
  });

  it('8. an open GraphiQL', async () => {
    const { body } = await request(app.url, { headers: { accept: 'text/html' } });
    expect(await body.text()).not.toMatch(/graphiql/i);
  });

  it('9. suggestions of fields', async () => {
    const { raw } = await ask('{ unresolvedSend { nodes { id } } }');
    expect(raw).not.toContain('unresolvedSends');
  });

  it('10. a request forged through our server', async () => {
    for (const media of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `http://0x7f.1:${port}/`]) {
      const { errors } = await ask(SEND, { input: { ...INPUT, media: [media] } });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    const subscription = { callbackUrl: `http://127.0.0.1:${port}/`, subscriptionId: 's', verifier: 'v' };
    const query = 'subscription { messageReceived { id } }';
    await post(app.url, JSON.stringify({ query, extensions: { subscription } }), HEADERS);
    expect(insideCalls).toBe(0);
  });

  it('11. stack traces in errors', async () => {
    const { raw } = await ask('{ message(id: {}) { id } }');
    expect(raw).not.toMatch(/stack|exception|node_modules|\.js:/);
  });

  it('12. commands in the input', async () => {
    for (const text of ['; cat /etc/passwd', '$(id)', '`id`', '| ls']) {
      const { data } = await ask<{ sendMessage: { text: string } }>(SEND, { input: { ...INPUT, text } });
      expect(data?.sendMessage.text).toBe(text);
    }
  });

  it('13. SQL in a filter', async () => {
    await ask(SEND, { input: INPUT });
    for (const evil of ["' OR '1'='1", "'; DROP TABLE sends; --", "' UNION SELECT * FROM audit --"]) {
      const query = 'query ($filter: MessageFilter) { messages(filter: $filter) { nodes { id } } }';
      expect((await ask(query, { filter: { tag: evil, ids: [evil] } })).data).toEqual({ messages: { nodes: [] } });
      const { errors } = await ask(query, { filter: { from: evil } });
      expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ code: 'INVALID_E164' }]);
    }
    const { data } = await ask<{ messages: { nodes: unknown[] } }>('{ messages { nodes { id } } }');
    expect(data?.messages.nodes.length).toBeGreaterThan(0);
  });

  it('14. HTML in a message', async () => {
    const text = '<script>alert(1)</script>';
    const answer = await request(app.url, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify({ query: SEND, variables: { input: { ...INPUT, text } } }),
    });
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(await answer.body.json()).toMatchObject({ data: { sendMessage: { text } } });
  });

  it('15. lines of the log in a message', async () => {
    const lines = app.log.length;
    await ask(`mutation Send_INFO($input: MessageInput!) { sendMessage(input: $input) { id } }`, {
      input: { ...INPUT, text: 'Hey\n{"level":60,"msg":"forged"}', tag: '\r\nforged' },
    });
    // One of the send, and one of its request.
    const written = app.log.slice(lines);
    expect(written.map(({ msg }) => msg)).toEqual(['send', 'request']);
    expect(JSON.stringify(written)).not.toContain('forged');
  });

  it('16. a request forged by a foreign page', async () => {
    const forms = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];
    for (const type of forms) {
      const { status } = await post(app.url, JSON.stringify({ query: '{ __typename }' }), {
        ...HEADERS,
        'content-type': type,
      });
      expect(status).toBe(415);
    }
    const { statusCode } = await request(`${app.url}?query={__typename}`, {
      headers: { authorization: HEADERS.authorization },
    });
    expect(statusCode).toBe(400);
    const preflight = await request(app.url, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('17. a token that somebody made', async () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${encode({ alg: 'none' })}.${encode({ sub: 'dvga', scope: 'messages:read-all' })}.`;
    const { status } = await post(app.url, JSON.stringify({ query: '{ __typename }' }), {
      ...HEADERS,
      authorization: `Bearer ${token}`,
    });
    expect(status).toBe(401);
  });
});
