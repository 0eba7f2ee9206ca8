/** Apollo Client against a whole server. */
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import {
  MessageDocument,
  MessageUpdatedDocument,
  SendMessageDocument,
  SubmitMessageDocument,
} from '../support/generated/graphql.js';
import { besideFields, MISTAKEN } from './form.js';
import { startDeliveringServer, type DeliveringServer } from './server.js';
import { INPUT } from '../support/messages.js';
import { openSubscriber } from '../support/subscriber.js';

describe('Apollo Client', () => {
  let server: DeliveringServer;
  let socket: ReturnType<typeof createClient>;
  let cache: InMemoryCache;
  let client: ApolloClient;

  beforeEach(async () => {
    server = await startDeliveringServer();
    socket = openSubscriber(server.url);
    cache = new InMemoryCache();
    client = new ApolloClient({
      cache,
      link: ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(socket),
        new HttpLink({ uri: server.url }),
      ),
    });
  });
  afterEach(async () => {
    client.stop();
    await socket.dispose();
    await server.close();
  });

  it('sends a message with variables, and has its result typed', async () => {
    const { data } = await client.mutate({ mutation: SendMessageDocument, variables: { input: INPUT } });
    const status: 'ACCEPTED' | undefined = data?.sendMessage?.status === 'ACCEPTED' ? 'ACCEPTED' : undefined;
    expect(status).toBe('ACCEPTED');
    expect(data?.sendMessage?.to).toEqual(INPUT.to);
  });

  it('shows field errors beside the right field', async () => {
    const sending = client.mutate({ mutation: SendMessageDocument, variables: { input: MISTAKEN.input } });
    const failure: unknown = await sending.catch((error: unknown) => error);
    if (!CombinedGraphQLErrors.is(failure)) throw new Error('no GraphQL errors');
    expect(besideFields(failure.errors[0]?.extensions)).toEqual(MISTAKEN.beside);
  });

  it('has a problem typed', async () => {
    const { data } = await client.mutate({ mutation: SubmitMessageDocument, variables: { input: MISTAKEN.input } });
    if (data?.submitMessage.__typename !== 'InvalidMessageProblem') throw new Error('not the problem');
    expect(besideFields({ fieldErrors: data.submitMessage.fieldErrors })).toEqual(MISTAKEN.beside);
  });

  it('sees why a message was perhaps sent, by the document and the possible types of the docs', async () => {
    const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    const [, text = ''] = /```graphql\n(mutation [^]*?submitMessage[^]*?)```/.exec(page) ?? [];
    const file = new URL('../../schema/possible-types.json', import.meta.url);
    const { possibleTypes } = JSON.parse(readFileSync(file, 'utf8')) as { possibleTypes: Record<string, string[]> };
    const knowing = new ApolloClient({
      cache: new InMemoryCache({ possibleTypes }),
      link: new HttpLink({ uri: server.url }),
    });
    // The sandbox accepts a message of this sender and does not say so.
    const input = { ...INPUT, from: '+19195560502' };
    const { data } = await knowing.mutate({ mutation: gql(text), variables: { input } });
    knowing.stop();
    expect(data).toEqual({
      submitMessage: {
        __typename: 'OutcomeUnknownProblem',
        code: 'OUTCOME_UNKNOWN',
        message: expect.any(String) as string,
        retryable: false,
        outcome: 'UNKNOWN',
        requestId: expect.any(String) as string,
      },
    });
  });

  it('updates its cached message by id when a subscription reports that it arrived', async () => {
    const sent = await client.mutate({ mutation: SendMessageDocument, variables: { input: INPUT } });
    const id = sent.data?.sendMessage?.id ?? '';
    const query = { query: MessageDocument, variables: { id } };
    expect((await client.query(query)).data?.message?.status).toBe('ACCEPTED');

    const arrived = new Promise<void>((resolve) => {
      client.watchQuery({ ...query, fetchPolicy: 'cache-only' }).subscribe(({ data }) => {
        if (data?.message?.status === 'DELIVERED') resolve();
      });
    });
    const told: (string | undefined)[] = [];
    await new Promise<void>((complete) => {
      client.subscribe({ query: MessageUpdatedDocument, variables: { id } }).subscribe({
        next: ({ data }) => {
          told.push(data?.messageUpdated.status);
          if (told.length === 1) void server.deliver(id);
        },
        complete,
      });
    });
    expect(told).toEqual(['ACCEPTED', 'DELIVERED']);
    await arrived;
    expect(cache.extract()[`Message:${id}`]).toMatchObject({ status: 'DELIVERED' });
  });
});
