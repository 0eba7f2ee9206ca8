/** urql against a whole server. */
import { cacheExchange, type CacheExchangeOpts } from '@urql/exchange-graphcache';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import introspection from '../../schema/introspection.json' with { type: 'json' };
import { SendMessageDocument } from '../support/generated/graphql.js';
import { besideFields, MISTAKEN } from './form.js';
import { startDeliveringServer, type DeliveringServer } from './server.js';
import { expectCachedMessageToArrive, WITHOUT_ID } from './urql-cache.js';
import { INPUT } from '../support/messages.js';
import { openSubscriber } from '../support/subscriber.js';

/** What a browser adds, and nobody else: urql sends queries by GET, unless it is told otherwise. */
const fetchInBrowser: typeof fetch = (input, init) =>
  fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), 'sec-fetch-site': 'same-origin' } });

const schema = introspection.data as unknown as NonNullable<CacheExchangeOpts['schema']>;

describe('urql', () => {
  let server: DeliveringServer;
  let socket: ReturnType<typeof createClient>;
  let client: Client;

  beforeEach(async () => {
    server = await startDeliveringServer();
    socket = openSubscriber(server.url);
    client = new Client({
      url: server.url,
      fetch: fetchInBrowser,
      exchanges: [
        cacheExchange({ schema, keys: WITHOUT_ID }),
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query = '', variables = {} }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink as never),
            }),
          }),
        }),
      ],
    });
  });
  afterEach(async () => {
    await socket.dispose();
    await server.close();
  });

  it('sends a message with variables, and has its result typed', async () => {
    const { data, error } = await client.mutation(SendMessageDocument, { input: INPUT });
    expect(error).toBeUndefined();
    const to: readonly string[] | undefined = data?.sendMessage?.to;
    expect(to).toEqual(INPUT.to);
  });

  it('shows field errors beside the right field', async () => {
    const { error } = await client.mutation(SendMessageDocument, { input: MISTAKEN.input });
    expect(besideFields(error?.graphQLErrors[0]?.extensions)).toEqual(MISTAKEN.beside);
  });

  it('has the fields of every problem, which its cache finds by the schema', async () => {
    const document = `mutation ($input: MessageInput!) {
      submitMessage(input: $input) { ... on Message { id } ... on MessageProblem { code outcome retryable } }
    }`;
    const { data } = await client.mutation<unknown>(document, { input: { ...INPUT, text: '' } });
    expect(data).toEqual({ submitMessage: { code: 'BAD_USER_INPUT', outcome: 'NOT_SENT', retryable: false } });
  });

  it('updates its cached message by id when a subscription reports that it arrived', () =>
    expectCachedMessageToArrive(client, server));
});
