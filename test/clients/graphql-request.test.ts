/** graphql-request against a whole server. */
import { ClientError, GraphQLClient } from 'graphql-request';
import { print } from 'graphql';
import {
  MessageDocument,
  MessageUpdatedDocument,
  SendMessageDocument,
  type MessageUpdatedSubscription,
} from '../support/generated/graphql.js';
import { besideFields, MISTAKEN } from './form.js';
import { startDeliveringServer, type DeliveringServer } from './server.js';
import { INPUT } from '../support/messages.js';
import { openSubscriber } from '../support/subscriber.js';

describe('graphql-request', () => {
  let server: DeliveringServer;
  let client: GraphQLClient;

  beforeEach(async () => {
    server = await startDeliveringServer();
    client = new GraphQLClient(server.url);
  });
  afterEach(() => server.close());

  it('sends a message with variables, has its result typed, and finds it again', async () => {
    const { sendMessage } = await client.request(SendMessageDocument, { input: INPUT });
    const id: string = sendMessage?.id ?? '';
    const { message } = await client.request(MessageDocument, { id });
    expect(message).toEqual(sendMessage);
  });

  it('shows field errors beside the right field', async () => {
    const failure: unknown = await client
      .request(SendMessageDocument, { input: MISTAKEN.input })
      .catch((error: unknown) => error);
    if (!(failure instanceof ClientError)) throw new Error('no GraphQL errors');
    expect(besideFields(failure.response.errors?.[0]?.extensions)).toEqual(MISTAKEN.beside);
  });

  it('learns by graphql-ws beside it that a message arrived', async () => {
    const { sendMessage } = await client.request(SendMessageDocument, { input: INPUT });
    const id = sendMessage?.id ?? '';
    const socket = openSubscriber(server.url);
    const updates = socket.iterate<MessageUpdatedSubscription>({
      query: print(MessageUpdatedDocument),
      variables: { id },
    });
    const told: unknown[] = [];
    for await (const { data } of updates) {
      told.push(data?.messageUpdated.status);
      if (told.length === 1) await server.deliver(id);
    }
    await socket.dispose();
    expect(told).toEqual(['ACCEPTED', 'DELIVERED']);
  });
});
