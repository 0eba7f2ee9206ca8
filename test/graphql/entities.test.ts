/** Many entities in one request are one query to the store. */
import { graphql } from 'graphql';
import { contextFactory } from '../../src/graphql/context.js';
import { buildMessagingSchema } from '../../src/graphql/schema.js';
import { ANYBODY, EVERYBODY } from '../../src/messaging/caller.js';
import { ChangeStream } from '../../src/messaging/change-stream.js';
import { systemClock } from '../../src/messaging/clock.js';
import { MessageFeed } from '../../src/messaging/message-feed.js';
import { MessageService } from '../../src/messaging/message-service.js';
import type { Message } from '../../src/messaging/message.js';
import { SendPolicy } from '../../src/messaging/send-policy.js';
import { openStore } from '../../src/store/index.js';
import { NO_ATTACHMENTS } from '../support/attachments.js';
import { NO_LIMITS } from '../support/limits.js';
import { NO_HEALTH } from '../support/health.js';
import { OUTBOUND } from '../support/messages.js';
import { NO_NUMBERS } from '../support/numbers.js';
import { NO_OPT_OUTS } from '../support/opt-outs.js';
import { replacing } from '../support/replacing.js';
import { manualClock } from '../support/clock.js';
import { marks } from '../support/hooks.js';

const ALL_ALLOWED = { allowedRegions: '*', mediaHosts: null, allowHttpMedia: true, applicationIds: new Map() } as const;

it('100 representations, and the same message asked for beside them, are one query to the store', async () => {
  const store = await openStore({ databaseUrl: null, file: ':memory:' });
  const ids = Array.from({ length: 100 }, (_, index) => `message-${index}`);
  const received = ids.map((id): Message => ({
    ...OUTBOUND,
    id,
    time: 1e15,
    owner: null,
    direction: 'IN',
    segmentCount: 1,
    pairedMessageId: null,
    status: 'RECEIVED',
    deliveries: [],
    events: [],
  }));
  await Promise.all(received.map((message) => store.take({ kind: 'received', message }, 0)));

  const queries: (readonly string[])[] = [];
  const service = new MessageService({
    store: replacing(store, {
      messagesById(asked) {
        queries.push(asked);
        return store.messagesById(asked, EVERYBODY);
      },
    }),
    gateway: { send: () => Promise.reject(new Error('nothing is sent')) },
    clock: manualClock(0),
    observer: {
      onSend: () => undefined,
      onRecordFailure: () => undefined,
      onSettled: () => undefined,
      onStillWaiting: () => undefined,
    },
    limits: NO_LIMITS,
    applicationIds: new Map(),
    refusals: { add: () => undefined },
    newId: () => 'id',
    sendTimeoutMs: 1,
  });
  const newContext = contextFactory({
    optOuts: NO_OPT_OUTS,
    messages: service,
    feed: new MessageFeed(store),
    changes: new ChangeStream(store, systemClock),
    attachments: NO_ATTACHMENTS,
    onInternalError: () => undefined,
  });
  const { data, errors } = await graphql({
    schema: buildMessagingSchema({
      messages: service,
      optOuts: NO_OPT_OUTS,
      numbers: NO_NUMBERS,
      health: NO_HEALTH,
      policy: new SendPolicy(ALL_ALLOWED, { now: () => 0 }),
    }),
    source: `query ($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on Message { id } }
      message(id: "message-7") { id }
    }`,
    variableValues: { representations: ids.map((id) => ({ __typename: 'Message', id })) },
    contextValue: newContext(marks(), { caller: ANYBODY, expiresAt: null }),
  });
  await store.close();

  expect(errors).toBeUndefined();
  expect(data?._entities).toEqual(ids.map((id) => ({ id })));
  expect(data?.message).toEqual({ id: 'message-7' });
  expect(queries).toHaveLength(1);
  expect(queries[0]).toHaveLength(100);
});
