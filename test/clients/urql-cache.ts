/** What urql's normalized cache is told, and what it must show, whatever brings its subscriptions. */
import type { Client } from '@urql/core';
import { filter, pipe, subscribe, take, toPromise } from 'wonka';
import { INPUT } from '../support/messages.js';
import { MessageDocument, MessageUpdatedDocument, SendMessageDocument } from '../support/generated/graphql.js';
import type { DeliveringServer } from './server.js';

/** What has no id is a part of its message. */
export const WITHOUT_ID = {
  MessageDelivery: () => null,
  MessageDeliveryFailure: () => null,
  MessageEvent: () => null,
};

/** Sends a message, and holds that the cached one is updated when a subscription reports that it arrived. */
export async function expectCachedMessageToArrive(client: Client, server: DeliveringServer): Promise<void> {
  const sent = await client.mutation(SendMessageDocument, { input: INPUT });
  const id = sent.data?.sendMessage?.id ?? '';
  expect((await client.query(MessageDocument, { id })).data?.message?.status).toBe('ACCEPTED');
  const arrived = pipe(
    client.query(MessageDocument, { id }, { requestPolicy: 'cache-only' }),
    filter(({ data }) => data?.message?.status === 'DELIVERED'),
    take(1),
    toPromise,
  );
  const updates = pipe(
    client.subscription(MessageUpdatedDocument, { id }),
    subscribe(() => undefined),
  );
  await server.deliver(id);
  expect((await arrived).data?.message).toMatchObject({ id, status: 'DELIVERED' });
  updates.unsubscribe();
}
