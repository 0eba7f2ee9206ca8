/** How callbacks become deliveries, and deliveries the status of a message. */
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

  it('to a group take each event for its recipient, for all when it names none, and for nobody when it names somebody else', () => {
    const open = openDeliveries(['+16', '+17']);
    expect(withEvent(open, event({ to: '+17' })).map(({ status }) => status)).toEqual(['ACCEPTED', 'DELIVERED']);
    expect(withEvent(open, event({ to: null })).map(({ status }) => status)).toEqual(['DELIVERED', 'DELIVERED']);
    expect(withEvent(open, event({ to: '+99' }))).toEqual(open);
  });

  it('stay empty without a recipient, as for a message that came in', () => {
    expect(withEvent([], event({}))).toEqual([]);
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
    [[], 'ACCEPTED'],
  ])('%j make a message %s', (statuses, expected) => {
    expect(statusOfAll(...statuses)).toBe(expected);
  });

  it('are final when none is open', () => {
    const final = (['ACCEPTED', 'SENDING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED'] as const).filter(
      (status) => isFinal({ status }),
    );
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

describe('of two reports on one recipient', () => {
  type Report = [status: 'ACCEPTED' | 'SENDING' | 'DELIVERED' | 'FAILED', time: number, errorCode: number | null];
  const after = (...reports: Report[]): unknown =>
    reports
      .map(([status, time, errorCode]) => event({ status, time, errorCode }))
      .reduce<Delivery[]>(withEvent, openDeliveries(['+16']))
      .map(({ status, time, errorCode }) => [status, time, errorCode])[0];

  it.each<[string, Report, Report]>([
    ['the higher in rank, though it is later', ['DELIVERED', 9, null], ['SENDING', 1, null]],
    ['the higher in rank, though it is earlier', ['DELIVERED', 1, null], ['SENDING', 9, null]],
    ['a failure, whenever it was', ['FAILED', 9, 4720], ['DELIVERED', 1, null]],
    ['the earlier of two that are equal', ['DELIVERED', 5, null], ['DELIVERED', 6, null]],
    ['the earlier of two failures, whatever their codes', ['FAILED', 5, 9999], ['FAILED', 6, 4001]],
    ['the lower code of two failures at once', ['FAILED', 5, 4720], ['FAILED', 5, 4721]],
    ['the one without a code of two failures at once', ['FAILED', 5, null], ['FAILED', 5, 4720]],
    ['the one with a time of what nothing was heard of', ['ACCEPTED', 5, null], ['ACCEPTED', 6, null]],
  ])('it is %s', (_name, stays, goes) => {
    expect(after(goes, stays)).toEqual(stays);
    expect(after(stays, goes)).toEqual(stays);
    expect(after(stays, stays)).toEqual(stays);
  });
});

it.each([
  // The first digit says who erred, the second who found it.
  [3999, 'UNCLEAR', false],
  [4000, 'CLIENT', false],
  [4699, 'CLIENT', false],
  [4700, 'CARRIER', false],
  [4799, 'CARRIER', false],
  [4800, 'CLIENT', false],
  [4999, 'CLIENT', false],
  [5000, 'BANDWIDTH', true],
  [5599, 'BANDWIDTH', true],
  [5600, 'CARRIER', true],
  [5699, 'CARRIER', true],
  [5700, 'BANDWIDTH', true],
  [6000, 'UNCLEAR', false],
])('a failure %i that is not documented is of %s, and may pass: %s', (code, origin, retryable) => {
  expect(failureOf(code)).toMatchObject({ code, origin, retryable });
});

it.each([
  [100, 9999],
  [187, 4470],
  [188, 4470],
  [189, 4470],
  [482, 4401],
  [600, 5600],
  [610, 5610],
  [620, 5620],
  [630, 5630],
  [650, 5650],
  [720, 4720],
  [740, 4740],
  [750, 4750],
  [751, 4751],
  [770, 4770],
  [775, 4775],
  [902, 9902],
  [999, 9999],
])('the code %i of 2017 means what %i means today', (former, today) => {
  expect(failureOf(former)).toEqual({ ...failureOf(today), code: former });
  expect(failureOf(former).name).not.toBe('unknown');
});
