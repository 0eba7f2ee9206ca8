/** Clients that subscribe by server-sent events, with their defaults, against a whole server. */
import { createHash } from 'node:crypto';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange } from '@urql/core';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';
import { filter, pipe, take, toPromise } from 'wonka';
import {
  MessageUpdatedDocument,
  SendMessageDocument,
  type MessageUpdatedSubscription,
} from '../support/generated/graphql.js';
import { startTestApp } from '../support/app.js';
import { INPUT } from '../support/messages.js';
import { startDeliveringServer, type DeliveringServer } from './server.js';
import { expectCachedMessageToArrive, WITHOUT_ID } from './urql-cache.js';

const digest = (key: string): string => createHash('sha256').update(key).digest('hex');
const query = print(MessageUpdatedDocument);

describe('graphql-sse', () => {
  let server: DeliveringServer;
  beforeEach(async () => {
    server = await startDeliveringServer();
  });
  afterEach(() => server.close());

  it('sends a message, and follows it until it arrived', async () => {
    const client = createClient({ url: server.url });
    const sending = client.iterate<{ sendMessage: { id: string } }>({
      query: print(SendMessageDocument),
      variables: { input: INPUT },
    });
    const sent = (await sending.next()) as { value: { data: { sendMessage: { id: string } } } };
    const { id } = sent.value.data.sendMessage;
    expect((await sending.next()).done).toBe(true);
    const told: unknown[] = [];
    for await (const { data } of client.iterate<MessageUpdatedSubscription>({ query, variables: { id } })) {
      told.push(data?.messageUpdated.status);
      if (told.length === 1) await server.deliver(id);
    }
    client.dispose();
    expect(told).toEqual(['ACCEPTED', 'DELIVERED']);
  });

  it('is told what failed, and does not try again', async () => {
    const client = createClient({ url: server.url });
    const told: unknown[] = [];
    for await (const result of client.iterate({ query, variables: { id: 'unknown' } })) told.push(result);
    for await (const result of client.iterate({ query: 'subscription { nope }' })) told.push(result);
    client.dispose();
    expect(told).toMatchObject([
      { errors: [{ extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ code: 'UNKNOWN_MESSAGE' }] } }] },
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
    ]);
  });
});

it('graphql-sse signs in by headers', async () => {
  const app = await startTestApp({ API_KEYS: `auditor:${digest('auditor-key')}:messages:read-all` });
  const client = createClient({ url: app.url, headers: () => ({ 'x-api-key': 'auditor-key' }), retryAttempts: 0 });
  const told: unknown[] = [];
  for await (const result of client.iterate({ query: '{ __typename }' })) told.push(result);
  const refused = createClient({ url: app.url, headers: { authorization: 'Bearer wrong' }, retryAttempts: 0 });
  await expect(refused.iterate({ query: '{ __typename }' }).next()).rejects.toThrow('401');
  client.dispose();
  refused.dispose();
  await app.close();
  expect(told).toEqual([{ data: { __typename: 'Query' } }]);
});

describe('urql with fetchSubscriptions', () => {
  let server: DeliveringServer;
  let client: Client;
  beforeEach(async () => {
    server = await startDeliveringServer();
    client = new Client({
      url: server.url,
      preferGetMethod: false,
      fetchSubscriptions: true,
      exchanges: [cacheExchange({ keys: WITHOUT_ID }), fetchExchange],
    });
  });
  afterEach(() => server.close());

  it('updates its cached message when a subscription reports that it arrived', () =>
    expectCachedMessageToArrive(client, server));

  it('shows the code of a failure', async () => {
    const { error } = await pipe(
      client.subscription(MessageUpdatedDocument, { id: 'unknown' }),
      // To the end of the stream: urql fails when it is stopped before.
      filter(({ hasNext }) => !hasNext),
      take(1),
      toPromise,
    );
    expect(error?.graphQLErrors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});

it('plain fetch reads the events of a subscription', async () => {
  const server = await startDeliveringServer();
  const ask = (asked: object, accept: string): Promise<Response> =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify(asked),
    });
  const sent = await ask({ query: print(SendMessageDocument), variables: { input: INPUT } }, 'application/json');
  const { id } = ((await sent.json()) as { data: { sendMessage: { id: string } } }).data.sendMessage;
  const answer = await ask({ query, variables: { id } }, 'text/event-stream');
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('ACCEPTED') && !text.includes('DELIVERED')) await server.deliver(id);
  }
  expect(text.match(/(?<=^event: ).*$/gm)).toEqual(['next', 'next', 'complete']);
  await server.close();
});
