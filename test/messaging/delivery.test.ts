import { failureOf } from '../../src/messaging/delivery-failure.js';
import {
  aggregateStatus,
  isFinal,
  openDeliveries,
  withEvent,
  type DeliveryEvent,
} from '../../src/messaging/delivery.js';
import type { Delivery, MessageStatus } from '../../src/messaging/message.js';

function event(fields: Partial<DeliveryEvent>): DeliveryEvent {
  return {
    messageId: 'm',
    sendId: null,
    to: '+16',
    status: 'DELIVERED',
    time: 5,
    errorCode: null,
    message: { time: 1, owner: null, segmentCount: null, pairedMessageId: null },
    ...fields,
  };
}

const statusOfAll = (...statuses: MessageStatus[]): MessageStatus =>
  aggregateStatus(
    statuses.map((status, index): Delivery => ({ to: `+${index}`, status, time: null, errorCode: null })),
  );

describe('the deliveries of a message', () => {
  it('to one recipient take every event, however it spells the number', () => {
    expect(withEvent(openDeliveries(['+16']), event({ to: '16' }))).toMatchObject([{ to: '+16', status: 'DELIVERED' }]);
    expect(withEvent(openDeliveries(['+16']), event({ to: null }))).toMatchObject([{ to: '+16', status: 'DELIVERED' }]);
  });

  it('to a group take each event for its recipient, for all when it names none, and for nobody when it names a stranger', () => {
    const open = openDeliveries(['+16', '+17']);
    expect(withEvent(open, event({ to: '+17' })).map(({ status }) => status)).toEqual(['ACCEPTED', 'DELIVERED']);
    expect(withEvent(open, event({ to: null })).map(({ status }) => status)).toEqual(['DELIVERED', 'DELIVERED']);
    expect(withEvent(open, event({ to: '+99' }))).toEqual(open);
  });

  it('end as FAILED when failed and delivered are both reported, in either order', () => {
    const [failed, delivered] = [
      event({ status: 'FAILED', errorCode: 4720, time: 9 }),
      event({ status: 'DELIVERED', time: 1 }),
    ];
    const open = openDeliveries(['+16']);
    for (const order of [
      [failed, delivered],
      [delivered, failed],
    ]) {
      expect(order.reduce<Delivery[]>(withEvent, open)).toEqual([
        { to: '+16', status: 'FAILED', time: 9, errorCode: 4720 },
      ]);
    }
  });

  it.each<[string, Partial<DeliveryEvent>, Partial<DeliveryEvent>]>([
    [
      'the earlier of two failures',
      { status: 'FAILED', time: 3, errorCode: 9 },
      { status: 'FAILED', time: 4, errorCode: 1 },
    ],
    ['the earlier of two deliveries', { time: 3 }, { time: 4 }],
    [
      'the lower code of two failures of one moment',
      { status: 'FAILED', errorCode: 1 },
      { status: 'FAILED', errorCode: 2 },
    ],
    ['no code before one, of one moment', { status: 'FAILED', errorCode: null }, { status: 'FAILED', errorCode: 1 }],
    ['a later delivery above an earlier sending', { time: 9 }, { status: 'SENDING', time: 1 }],
  ])('end with %s, in either order', (_name, kept, other) => {
    const { status, time, errorCode } = event(kept);
    for (const order of [
      [event(kept), event(other)],
      [event(other), event(kept)],
    ]) {
      expect(order.reduce<Delivery[]>(withEvent, openDeliveries(['+16']))).toEqual([
        { to: '+16', status, time, errorCode },
      ]);
    }
  });

  it.each<[MessageStatus[], MessageStatus]>([
    [['ACCEPTED'], 'ACCEPTED'],
    [['ACCEPTED', 'ACCEPTED'], 'ACCEPTED'],
    [['ACCEPTED', 'SENDING'], 'SENDING'],
    [['DELIVERED', 'ACCEPTED'], 'SENDING'],
    [['DELIVERED', 'FAILED', 'SENDING'], 'SENDING'],
    [['DELIVERED', 'DELIVERED'], 'DELIVERED'],
    [['FAILED', 'FAILED'], 'FAILED'],
    [['FAILED', 'DELIVERED'], 'PARTIALLY_DELIVERED'],
  ])('%j make a message %s', (statuses, expected) => {
    expect(statusOfAll(...statuses)).toBe(expected);
  });

  it('are final when none is open', () => {
    const final = (
      ['PENDING', 'UNKNOWN', 'ACCEPTED', 'SENDING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED'] as const
    ).filter((status) => isFinal({ status }));
    expect(final).toEqual(['DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED']);
  });
});

describe('a failure', () => {
  it.each([
    [4775, 'destination-rejected-due-to-user-opt-out', 'CARRIER', false],
    [4432, 'rejected-forbidden-country', 'CLIENT', false],
    [5106, 'impossible-to-route', 'BANDWIDTH', true],
    [5650, 'destination-failed', 'CARRIER', true],
    [9902, 'delivery-receipt-expired', 'UNCLEAR', false],
    [4799, 'unknown', 'CARRIER', false],
    [775, 'destination-rejected-due-to-user-opt-out', 'CARRIER', false],
    [187, 'rejected-spam-detected', 'CLIENT', false],
    [0, 'unknown', 'UNCLEAR', false],
  ])('%i is %s by %s', (code, name, origin, retryable) => {
    expect(failureOf(code)).toMatchObject({ code, name, origin, retryable });
    expect(failureOf(code).meaning).toMatch(/^[A-Z].{10,}\.$/);
  });

  it.each(['4001', '4121', '4470', '4476', '4700', '4795', '5100', '5231', '5999', '5600', '5630', '9999'])(
    '%s has a name and a meaning',
    (code) => {
      expect(failureOf(Number(code)).name).not.toBe('unknown');
    },
  );
});
