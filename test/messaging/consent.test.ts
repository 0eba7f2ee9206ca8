/** Sends to people who opted out, and the one confirmation that they get: against a real store. */
import { OptOutReplies, startOptOutReplies, type OptOutRepliesOptions } from '../../src/messaging/opt-out-replies.js';
import { openDeliveries } from '../../src/messaging/delivery.js';
import { ServiceError } from '../../src/errors.js';
import type { Message, OutboundMessage } from '../../src/messaging/message.js';
import { MessageService, type SendRequest } from '../../src/messaging/message-service.js';
import type { GatewayReport, MessageStore, Refused, SendLimits, SendOutcome } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { NO_LIMITS } from '../support/limits.js';
import { OUTBOUND } from '../support/messages.js';
import { quiet } from '../support/waiting.js';
import { ATTEMPTED } from '../support/hooks.js';

const OURS = OUTBOUND.from;
const [THEIRS = ''] = OUTBOUND.to;
/** When the tests begin, in milliseconds: just before midnight. */
const START = Date.parse('2026-11-28T23:58:00Z');
const DAY = 86_400_000;
const REPLY = 'You get no more messages from us. Send START to get them again.';

let store: MessageStore;
let clock: ManualClock;
let service: MessageService;
let sent: OutboundMessage[];
let outcome: () => Promise<SendOutcome>;
let refused: Refused | null;
let rooms: { taken: number; dropped: number; callers: string[] };
let messageIds: number;

const limits: SendLimits = {
  left: (caller) => NO_LIMITS.left(caller),
  look(caller) {
    rooms.callers.push(caller);
    if (refused !== null) return Promise.resolve(refused);
    return Promise.resolve({
      kind: 'ROOM',
      take() {
        rooms.taken++;
        return Promise.resolve({ kind: 'COUNTED', giveBack: () => Promise.resolve() });
      },
      drop() {
        rooms.dropped++;
      },
    });
  },
};

function newService(): MessageService {
  return new MessageService({
    ...{ store, clock, limits, sendTimeoutMs: 20_000, newId: () => `send${String(++messageIds).padStart(6, '0')}` },
    observer: {
      onSend: () => undefined,
      onSettled: () => undefined,
      onRecordFailure: () => undefined,
      onStillWaiting: () => undefined,
    },
    applicationIds: new Map(),
    refusals: { add: () => undefined },
    gateway: {
      async send(message): Promise<GatewayReport> {
        sent.push(message);
        return { ...(await outcome()), ...ATTEMPTED };
      },
    },
  });
}

beforeEach(async () => {
  store = await openStore({ databaseUrl: null, file: ':memory:' });
  clock = manualClock(START);
  sent = [];
  rooms = { taken: 0, dropped: 0, callers: [] };
  refused = null;
  messageIds = 0;
  outcome = () => {
    const id = `m${++messageIds}`;
    const message: Message = {
      ...{
        ...OUTBOUND,
        id,
        time: clock.now() * 1000,
        owner: OURS,
        direction: 'OUT',
        segmentCount: 1,
        status: 'ACCEPTED',
      },
      ...{ pairedMessageId: null, deliveries: openDeliveries(OUTBOUND.to), events: [] },
    };
    return Promise.resolve({ status: 'ACCEPTED', message });
  };
  service = newService();
});
afterEach(async () => {
  await service.close();
  await store.close();
});

/** Lets a message come in, now. */
async function hear(text: string, fields: Partial<Message> = {}): Promise<void> {
  clock.advance(1);
  const message: Message = {
    ...{ ...OUTBOUND, id: `in${++messageIds}`, from: THEIRS, to: [OURS], owner: OURS, text, time: clock.now() * 1000 },
    ...{
      direction: 'IN',
      segmentCount: 1,
      pairedMessageId: null,
      status: 'RECEIVED',
      deliveries: [],
      events: [],
      applicationId: 'app-in',
    },
    ...fields,
  };
  await store.take({ kind: 'received', message }, clock.now());
}

describe('a send to somebody who opted out', () => {
  const send = (fields: Partial<SendRequest> = {}): Promise<Message> =>
    service.send({ message: OUTBOUND, caller: 'a', idempotencyKey: null, requestId: 'r', refusal: null, ...fields });

  it('is refused at its recipient, sends nothing, and leaves its room', async () => {
    await hear('STOP');
    const to = ['+12345678905', THEIRS];
    await expect(send({ message: { ...OUTBOUND, to }, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      outcome: 'NOT_SENT',
      fieldErrors: [{ path: ['input', 'to', '1'], code: 'RECIPIENT_OPTED_OUT' }],
    });
    expect([sent, rooms.taken, rooms.dropped]).toEqual([[], 0, 1]);
    expect(await service.sendOfKey('a', 'k')).toBeNull();
  });

  it('is answered with what went out before, where its key is held', async () => {
    const first = await send({ idempotencyKey: 'k' });
    await hear('STOP');
    expect((await send({ idempotencyKey: 'k' })).id).toBe(first.id);
    await expect(send({ idempotencyKey: 'k', message: { ...OUTBOUND, text: 'other' } })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(send({ idempotencyKey: 'new' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(sent).toHaveLength(1);
  });

  it('goes out again once that person is back', async () => {
    await hear('STOP');
    await expect(send()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await hear('START');
    await send();
    expect(sent).toHaveLength(1);
  });

  it('goes out where consent is not kept', async () => {
    await store.close();
    store = await openStore({ databaseUrl: null, file: ':memory:', consent: null });
    service = newService();
    await hear('STOP');
    await send();
    expect([sent.length, await store.areOptedOut([{ owner: OURS, recipient: THEIRS }])]).toEqual([1, [false]]);
  });
});

describe('the confirmation of an opt-out', () => {
  let unconfirmed: string[];
  let policyRefusal: ServiceError | null;
  const options = (): OptOutRepliesOptions => ({
    ...{ store, clock, text: REPLY, messages: service },
    policy: { refusalOf: () => policyRefusal },
    onUnconfirmed: (code) => unconfirmed.push(code),
    onFailure: () => undefined,
  });
  const round = (replies: OptOutReplies): Promise<void> => replies.next(new AbortController().signal);
  beforeEach(() => {
    unconfirmed = [];
    policyRefusal = null;
  });

  it('goes out once, from the number and to the recipient, by the application that the word came by', async () => {
    const replies = new OptOutReplies(options());
    await hear('Stop, please!');
    for (let count = 0; count < 3; count++) await round(replies);
    const told = { from: OURS, to: [THEIRS], text: REPLY, applicationId: 'app-in', media: [], tag: null };
    expect(sent).toEqual([expect.objectContaining(told)]);
    expect(rooms).toEqual({ taken: 1, dropped: 0, callers: ['server:opt-out-reply'] });
    expect(unconfirmed).toEqual([]);
  });

  it('goes out once, however many instances look at the same moment, and after each of them crashed', async () => {
    await hear('STOP');
    const instances = Array.from({ length: 5 }, () => {
      service = newService();
      return new OptOutReplies(options());
    });
    await Promise.all(instances.map(round));
    for (let crash = 0; crash < 3; crash++) {
      service = newService();
      await round(new OptOutReplies(options()));
    }
    expect(sent).toHaveLength(1);
  });

  it('goes out once a day, however often somebody goes and comes back', async () => {
    const replies = new OptOutReplies(options());
    for (let count = 0; count < 3; count++) {
      for (const word of ['STOP', 'stop', 'START']) {
        await hear(word);
        await round(replies);
      }
    }
    expect(sent).toHaveLength(1);
    clock.advance(DAY);
    await hear('STOP');
    await round(replies);
    expect(sent).toHaveLength(2);
    await hear('STOP');
    await round(replies);
    clock.advance(DAY);
    await hear('STOP');
    await round(new OptOutReplies(options()));
    // Who is out is not told again.
    expect(sent).toHaveLength(2);
  });

  it('does not go out twice about midnight, when an instance begins anew', async () => {
    await hear('STOP');
    await round(new OptOutReplies(options()));
    clock.advance(4 * 60_000);
    await round(new OptOutReplies(options()));
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['who is opted out by hand', () => store.sayConsent([manual()], clock.now())],
    ['who came back meanwhile', () => hear('STOP').then(() => hear('START'))],
    [
      'who wrote to a toll-free number, since the network answers',
      () => hear('STOP', { owner: '+18885550100', to: ['+18885550100'] }),
    ],
    ['whose word does not say where it came to', () => hear('STOP', { owner: null, to: [OURS, '+12345678909'] })],
    ['whose word is older than five minutes', () => hear('STOP', { time: (START - 300_001) * 1000 })],
  ])('does not go out to somebody %s', async (_name, act) => {
    await act();
    await round(new OptOutReplies(options()));
    expect([sent, unconfirmed]).toEqual([[], []]);
  });
  const manual = () =>
    ({
      recipient: THEIRS,
      owner: OURS,
      isOptedOut: true,
      since: clock.now() * 1000,
      source: 'MANUAL',
      changedBy: 'caller:me',
      recordedBy: 'caller:me',
      messageId: null,
    }) as const;

  it('is kept back by the policy, as any send, and the log says why', async () => {
    policyRefusal = new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors: [] });
    await hear('STOP');
    const replies = new OptOutReplies(options());
    for (let count = 0; count < 3; count++) await round(replies);
    expect([sent, unconfirmed]).toEqual([[], ['BAD_USER_INPUT']]);
  });

  it('waits for room within the limits, but for no more than five minutes', async () => {
    refused = { kind: 'REFUSED', retryAfterSeconds: 30 };
    await hear('STOP');
    const replies = new OptOutReplies(options());
    await round(replies);
    await round(replies);
    expect([sent.length, rooms.callers.length]).toEqual([0, 1]);
    clock.advance(41_000);
    refused = null;
    await round(replies);
    expect(sent).toHaveLength(1);

    refused = { kind: 'REFUSED', retryAfterSeconds: 290 };
    await hear('STOP', { from: '+12345678907' });
    await round(replies);
    refused = null;
    clock.advance(301_000);
    await round(replies);
    expect(sent).toHaveLength(1);
  });

  it('does not go out to somebody who came back while it waited', async () => {
    refused = { kind: 'REFUSED', retryAfterSeconds: 1 };
    await hear('STOP');
    const replies = new OptOutReplies(options());
    await round(replies);
    refused = null;
    await hear('START');
    clock.advance(20_000);
    await round(replies);
    expect(sent).toEqual([]);
  });

  it('is not repeated when nobody knows whether it went out', async () => {
    outcome = () => Promise.resolve({ status: 'UNKNOWN' });
    await hear('STOP');
    const replies = new OptOutReplies(options());
    for (let count = 0; count < 3; count++) await round(replies);
    await round(new OptOutReplies(options()));
    expect([sent.length, unconfirmed]).toEqual([1, ['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']]);
  });

  it('goes out to each of a thousand who opt out at once', async () => {
    const from = (index: number): string => `+1202555${String(1000 + index)}`;
    await Promise.all(Array.from({ length: 1_100 }, (_, index) => hear('STOP', { from: from(index) })));
    const replies = new OptOutReplies(options());
    await round(replies);
    await round(replies);
    expect(new Set(sent.map(({ to }) => to[0])).size).toBe(1_100);
    expect(sent).toHaveLength(1_100);
  });

  it('is looked for every second until it is stopped, also after the store failed', async () => {
    const failures: unknown[] = [];
    let isAway = true;
    const failing = {
      newOptOuts: (...args: Parameters<MessageStore['newOptOuts']>) =>
        isAway ? Promise.reject(new Error('away')) : store.newOptOuts(...args),
      areOptedOut: store.areOptedOut.bind(store),
      messagesById: store.messagesById.bind(store),
    };
    const stop = startOptOutReplies({ ...options(), store: failing, onFailure: (error) => failures.push(error) });
    await hear('STOP');
    clock.advance(1_000);
    await quiet();
    isAway = false;
    clock.advance(1_000);
    await quiet(50);
    expect([failures.length, sent.length]).toEqual([1, 1]);
    await stop();
    expect(clock.asleep()).toBe(0);
  });
});
