/** The subgraph behind real routers. */
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { composeServices } from '@apollo/composition';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import http from '@graphql-mesh/transport-http';
import { buildClientSchema, getIntrospectionQuery, isInterfaceType, parse, printSchema } from 'graphql';
import type { FormattedExecutionResult, IntrospectionQuery } from 'graphql';
import { subgraphSdl } from '../../src/graphql/schema.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { startUsers, USERS_SDL, type UsersSubgraph } from './users.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';

interface Router {
  execute(query: string, variables?: Record<string, unknown>): Promise<FormattedExecutionResult>;
  close(): Promise<void>;
}

async function startApolloGateway(supergraphSdl: string): Promise<Router> {
  const server = new ApolloServer({
    gateway: new ApolloGateway({ supergraphSdl, logger: SILENT }),
    logger: SILENT,
    introspection: true,
    stopOnTerminationSignals: false,
  });
  await server.start();
  return {
    async execute(query, variables = {}) {
      const { body } = await server.executeOperation({ query, variables });
      if (body.kind !== 'single') throw new Error('not a single result');
      return body.singleResult;
    },
    close: () => server.stop(),
  };
}

function startHiveGateway(supergraph: string): Promise<Router> {
  const gateway = createGatewayRuntime({ supergraph, transports: { http }, logging: false, maskedErrors: false });
  return Promise.resolve({
    async execute(query, variables = {}) {
      const answer = await gateway.fetch('http://gateway.example/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await answer.json()) as FormattedExecutionResult;
    },
    close: async () => {
      await gateway[Symbol.asyncDispose]();
    },
  });
}

const ignore = (): void => undefined;
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status to } }';
const SUBMIT = `mutation ($input: MessageInput!) {
  submitMessage(input: $input) {
    __typename
    ... on Message { id }
    ... on MessageProblem { code retryable outcome }
    ... on InvalidMessageProblem { fieldErrors { path code } }
  }
}`;

describe('behind Hive Gateway, a subscription', () => {
  let app: TestApp;
  /** Every event that the router passes on: its data, or the codes of its errors. */
  let follow: (query: string) => Promise<unknown[]>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    app = await startTestApp();
    const { supergraphSdl: supergraph = '' } = composeServices([
      { name: 'messages', url: app.url, typeDefs: parse(subgraphSdl()) },
    ]);
    const gateway = createGatewayRuntime({
      supergraph,
      transports: { http },
      logging: false,
      maskedErrors: false,
      // It subscribes by GET, which only a header makes sure that no page of another site asks.
      transportEntries: { '*.http': { headers: [['apollo-require-preflight', 'true']] } },
    });
    follow = async (query) => {
      const answer = await gateway.fetch('http://gateway.example/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query }),
      });
      const events = (await answer.text()).split('\n').filter((line) => line.startsWith('data: {'));
      return events.map((line) => {
        const { data, errors } = JSON.parse(line.slice('data: '.length)) as FormattedExecutionResult;
        return errors?.map(({ extensions }) => extensions?.code) ?? data;
      });
    };
    close = async () => {
      await gateway[Symbol.asyncDispose]();
    };
  });
  afterAll(async () => {
    await close();
    await app.close();
  });

  it('comes by server-sent events, to the end', async () => {
    const { data } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, to: ['+12345678902'] } });
    const id = JSON.stringify(data?.sendMessage?.id);
    const told = await follow(`subscription { messageUpdated(id: ${id}) { id status } }`);
    expect(told.at(-1)).toMatchObject({ messageUpdated: { status: 'DELIVERED' } });
  });

  it('tells what failed', async () => {
    expect(await follow('subscription { messageUpdated(id: "unknown") { id } }')).toEqual([['BAD_USER_INPUT']]);
  });
});

describe.each([
  ['Apollo Gateway', startApolloGateway],
  ['Hive Gateway', startHiveGateway],
])('behind %s', (_name, startRouter) => {
  let app: TestApp;
  let users: UsersSubgraph;
  let router: Router;

  beforeAll(async () => {
    app = await startTestApp();
    users = await startUsers();
    router = await startRouter(supergraphOf(subgraphSdl()));
  });
  const supergraphOf = (sdl: string): string =>
    composeServices([
      { name: 'messages', url: app.url, typeDefs: parse(sdl) },
      { name: 'users', url: users.url, typeDefs: parse(USERS_SDL) },
    ]).supergraphSdl ?? '';
  afterAll(async () => {
    await router.close();
    await users.close();
    await app.close();
  });

  it('a message is sent, and found by the users of another subgraph', async () => {
    const sent = await router.execute(SEND, { input: INPUT });
    expect(sent.errors).toBeUndefined();
    const { id } = sent.data?.sendMessage as { id: string };
    expect(id).toMatch(/^\d{13}/);

    users.lastMessages.set('u-1', id).set('u-2', id);
    const { data, errors } = await router.execute('{ users { id lastMessage { id text status deliveries { to } } } }');
    expect(errors).toBeUndefined();
    const lastMessage = { id, text: 'Hey', status: 'ACCEPTED', deliveries: [{ to: '+19195550002' }] };
    expect(data?.users).toEqual([
      { id: 'u-1', lastMessage },
      { id: 'u-2', lastMessage },
    ]);
  });

  it('a message that is not known is null, and others are not harmed by it', async () => {
    const sent = await router.execute(SEND, { input: INPUT });
    const { id } = sent.data?.sendMessage as { id: string };
    users.lastMessages.set('u-1', id).set('u-2', 'unknown');
    const { data } = await router.execute('{ users { lastMessage { id text } } }');
    expect(data?.users).toEqual([{ lastMessage: { id, text: 'Hey' } }, { lastMessage: null }]);
  });

  it('a message that is not known erases a user who must have one', async () => {
    users.lastMessages.set('u-3', 'unknown');
    const ask = (field: string): Promise<FormattedExecutionResult> =>
      router.execute(`{ user(id: "u-3") { id ${field} { text } } }`);
    expect((await ask('lastMessage')).data).toEqual({ user: { id: 'u-3', lastMessage: null } });
    expect((await ask('welcome')).data).toEqual({ user: null });
    users.lastMessages.delete('u-3');
  });

  it('the code of a failure comes through', async () => {
    const { data, errors } = await router.execute(SEND, { input: { ...INPUT, from: '+19195560403' } });
    expect(data?.sendMessage).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe('UPSTREAM_REJECTED');
  });

  it('a code that the supergraph does not have yet is null, and nothing else that was said is lost', async () => {
    const older = await startRouter(supergraphOf(subgraphSdl().replace(/^ *INVALID_E164$/m, 'OF_OLD')));
    const problem = '... on Message { id } ... on InvalidMessageProblem { outcome fieldErrors { path code } }';
    const { data } = await older.execute(
      `mutation ($good: MessageInput!, $bad: MessageInput!) {
        sent: submitMessage(input: $good) { ${problem} }
        refused: submitMessage(input: $bad) { ${problem} }
      }`,
      { good: INPUT, bad: { ...INPUT, from: '12' } },
    );
    await older.close();
    expect(data).toEqual({
      sent: { id: expect.stringMatching(/^\d{13}/) as string },
      refused: { outcome: 'NOT_SENT', fieldErrors: [{ path: ['input', 'from'], code: null }] },
    });
  });

  it.each([
    [
      { ...INPUT, to: ['+19195550002', '12'] },
      {
        __typename: 'InvalidMessageProblem',
        code: 'BAD_USER_INPUT',
        retryable: false,
        outcome: 'NOT_SENT',
        fieldErrors: [{ path: ['input', 'to', '1'], code: 'INVALID_E164' }],
      },
    ],
    [
      { ...INPUT, from: '+19195560502' },
      { __typename: 'OutcomeUnknownProblem', code: 'OUTCOME_UNKNOWN', retryable: false, outcome: 'UNKNOWN' },
    ],
    [INPUT, { __typename: 'Message' }],
  ])('submitMessage returns as data what became of %j', async (input, expected) => {
    const { data, errors } = await router.execute(SUBMIT, { input });
    expect(errors).toBeUndefined();
    expect(data?.submitMessage).toMatchObject(expected);
  });

  it('the whole schema can be introspected and built again', async () => {
    const { data, errors } = await router.execute(
      getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true }),
    );
    expect(errors).toBeUndefined();
    const schema = buildClientSchema(data as unknown as IntrospectionQuery);
    const problem = schema.getType('MessageProblem');
    expect(isInterfaceType(problem) && schema.getPossibleTypes(problem).length).toBe(9);
    expect(printSchema(schema)).toContain('sendMessage(');
    expect(printSchema(schema)).not.toContain('unresolvedSends');
  });
});
