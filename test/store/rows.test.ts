/** How sends and messages lie in their table, where it matters to what comes after. */
import type { DeliveryEvent } from '../../src/messaging/delivery.js';
import {
  claimColumns,
  distinctRecipients,
  inOrderOf,
  isAbout,
  listedMessages,
  messageColumns,
  messageOf,
  receivedColumns,
  recipientsOf,
  rowAfter,
  settledId,
  settlementColumns,
  storable,
  tombstoneColumns,
  type SendRow,
} from '../../src/store/rows.js';
import { accepted, newSend, REJECTED } from './sends.js';

/** The row of a send that upstream accepted as `m1`. */
const ROW: SendRow = {
  send_id: 's1',
  caller: 'shop',
  idempotency_key: null,
  key_hash: null,
  request_id: 'r1',
  fingerprint: 'f',
  status: 'ACCEPTED',
  started_at: 1_000,
  updated_at: 2_000,
  lease_until: 36_000,
  last_seen: 'HTTP 202',
  attempts: 1,
  settled_by: null,
  problem: null,
  sender: '+15550000001',
  recipients: '["+15550000002","+15550000003"]',
  body: 'Hey',
  application_id: 'app-1',
  tag: null,
  media: '[]',
  message_id: 'm1',
  time: 5_000,
  owner: '+15550000001',
  direction: 'OUT',
  segment_count: 1,
  priority: null,
  expires_at: null,
  paired_message_id: null,
  deliveries: null,
  events: null,
  changed: null,
};
const UNKNOWN_ROW: SendRow = {
  ...ROW,
  status: 'UNKNOWN',
  message_id: null,
  time: null,
  owner: null,
  segment_count: null,
};
/** Somebody settled the send with an id that upstream does not know. */
const MISTAKEN_ROW: SendRow = {
  ...ROW,
  settled_by: 'ops',
  message_id: 'wrong',
  deliveries: '[{"to":"+15550000002","status":"FAILED","time":1,"errorCode":4720}]',
};

const event = (fields: Partial<DeliveryEvent> = {}): DeliveryEvent => ({
  messageId: 'm1',
  sendId: 's1',
  to: '+15550000002',
  status: 'DELIVERED',
  time: 9,
  errorCode: null,
  message: { time: 7_000, owner: '+15550000009', segmentCount: 2, pairedMessageId: 'm2' },
  ...fields,
});

describe('a text from upstream', () => {
  it.each([
    ['plain 😀', 'plain 😀'],
    ['\0a\0\0b\0', 'ab'],
    ['a\ud800b\udc00', 'a\ufffdb\ufffd'],
  ])('is stored as what a database takes: %j', (text, stored) => {
    expect(storable(text)).toBe(stored);
  });

  it('is stored so in every column of a message', () => {
    const dirty = 'a\0b';
    const { message } = accepted({
      id: dirty,
      from: dirty,
      to: [dirty],
      text: dirty,
      applicationId: dirty,
      tag: dirty,
      media: [dirty],
      owner: dirty,
      pairedMessageId: dirty,
    });
    expect(messageColumns(message, null)).toMatchObject({
      message_id: 'ab',
      sender: 'ab',
      // In JSON, U+0000 is written out; so it does no harm.
      recipients: String.raw`["a\u0000b"]`,
      body: 'ab',
      application_id: 'ab',
      tag: 'ab',
      media: String.raw`["a\u0000b"]`,
      owner: 'ab',
      paired_message_id: 'ab',
    });
  });
});

describe('recipients', () => {
  it('are listed once each, as they are stored, and not if longer than any address', () => {
    const [longest, longer] = ['1'.repeat(255), '1'.repeat(256)];
    expect(distinctRecipients(['+1', '+2', '+1', '+\x001', longest, longer])).toEqual(['+1', '+2', longest]);
  });

  it('are only those of an accepted message', () => {
    expect(recipientsOf(accepted({ to: ['+1', '+1', '+2'] }))).toEqual(['+1', '+2']);
    expect(recipientsOf({ status: 'ACCEPTED', message: null })).toEqual([]);
    expect(recipientsOf(REJECTED)).toEqual([]);
    expect(recipientsOf({ status: 'UNKNOWN' })).toEqual([]);
  });
});

describe('a key', () => {
  it('stands in a claim with its digest', () => {
    // SHA-256 of `k`.
    const digest = '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a';
    expect(claimColumns(newSend({ idempotencyKey: 'k' }))).toMatchObject({ idempotency_key: 'k', key_hash: digest });
    expect(claimColumns(newSend())).toMatchObject({ idempotency_key: null, key_hash: null });
  });

  it('is free in a tombstone, which keeps nothing of the message', () => {
    const { message } = newSend();
    const send = newSend({ idempotencyKey: 'k', message: { ...message, media: ['https://example.com'], tag: 'mine' } });
    expect(tombstoneColumns(send, 7)).toMatchObject({
      send_id: send.sendId,
      idempotency_key: null,
      status: 'REJECTED',
      updated_at: 7,
      recipients: '[]',
      body: '',
      media: '[]',
      tag: null,
    });
  });
});

describe('a row', () => {
  it('is a message once its id and its time are known', () => {
    expect(messageOf(ROW)?.id).toBe('m1');
    expect(messageOf({ ...ROW, message_id: null })).toBeNull();
    expect(messageOf({ ...ROW, time: null })).toBeNull();
  });

  it('has an open delivery for each recipient until one is reported, and none if it came in', () => {
    expect(messageOf(ROW)?.deliveries).toEqual([
      { to: '+15550000002', status: 'ACCEPTED', time: null, errorCode: null },
      { to: '+15550000003', status: 'ACCEPTED', time: null, errorCode: null },
    ]);
    expect(messageOf({ ...ROW, direction: 'IN' })?.deliveries).toEqual([]);
    expect(messageOf(MISTAKEN_ROW)?.deliveries).toHaveLength(1);
  });

  it('is listed at its time and its send, where it is a message', () => {
    const listed = listedMessages([ROW, UNKNOWN_ROW]);
    expect(listed.map(({ position, message }) => [position, message.id])).toEqual([
      [{ time: 5_000, sendId: 's1' }, 'm1'],
    ]);
  });

  it('stands for its id where it is the first of several, in the order that is asked for', () => {
    const [newest, older] = [
      { ...ROW, body: 'new' },
      { ...ROW, body: 'old' },
    ];
    const found = inOrderOf(['none', 'm1', 'm1'], [newest, older]);
    expect(found.map((message) => message?.text ?? null)).toEqual([null, 'new', 'new']);
  });
});

/** The row after an event that says something new. */
function changed(row: SendRow, news: DeliveryEvent): SendRow {
  const after = rowAfter(row, news);
  if (after === null) throw new Error('nothing new');
  return after;
}

describe('an event', () => {
  it.each<[string, SendRow | undefined, Partial<DeliveryEvent>, boolean]>([
    ['no row', undefined, {}, false],
    ['the row of its message', ROW, {}, true],
    ['the row of another message', ROW, { messageId: 'm2' }, false],
    ['a row whose id is not known', UNKNOWN_ROW, { messageId: 'm2' }, true],
    ['a row that was settled with a mistaken id', MISTAKEN_ROW, {}, true],
    ['a row that was settled with a mistaken id, if it lacks our correlation', MISTAKEN_ROW, { sendId: null }, false],
    ['a row that was settled with its id', { ...ROW, settled_by: 'ops' }, {}, true],
  ])('is about %s', (_name, row, fields, is) => {
    expect(isAbout(row, event(fields))).toBe(is);
  });

  it('of a known message changes its deliveries and its state, and nothing of the message', () => {
    const { deliveries, events, ...after } = changed(ROW, event());
    expect(after).toEqual({
      ...ROW,
      deliveries: undefined,
      events: undefined,
      status: 'SENDING',
      paired_message_id: 'm2',
    });
    expect(JSON.parse(events ?? '')).toEqual([{ to: '+15550000002', status: 'DELIVERED', time: 9, errorCode: null }]);
    expect(JSON.parse(deliveries ?? '')).toEqual([
      { to: '+15550000002', status: 'DELIVERED', time: 9, errorCode: null },
      { to: '+15550000003', status: 'ACCEPTED', time: null, errorCode: null },
    ]);
  });

  it('of a message whose answer was lost fills in what the answer would have said', () => {
    expect(rowAfter(UNKNOWN_ROW, event())).toMatchObject({
      message_id: 'm1',
      time: 7_000,
      owner: '+15550000009',
      segment_count: 2,
      paired_message_id: 'm2',
    });
    const without = { time: 7_000, owner: null, segmentCount: null, pairedMessageId: null };
    expect(rowAfter(UNKNOWN_ROW, event({ messageId: 'm\x001', message: without }))).toMatchObject({
      message_id: 'm1',
      owner: null,
      segment_count: null,
      paired_message_id: null,
    });
  });

  it('of a mistaken id begins the deliveries again, and keeps the place in the lists', () => {
    const after = changed(MISTAKEN_ROW, event());
    expect(after).toMatchObject({ message_id: 'm1', time: 5_000, status: 'SENDING' });
    expect(JSON.parse(after.deliveries ?? '')).toMatchObject([{ status: 'DELIVERED' }, { status: 'ACCEPTED' }]);
  });

  it('that says nothing new changes nothing', () => {
    const once = changed(ROW, event());
    expect(rowAfter(once, event())).toBeNull();
    expect(rowAfter(once, event({ to: '+15550000099' }))).toBeNull();
    expect(rowAfter(once, event({ time: 10 }))).toMatchObject({ deliveries: once.deliveries, status: once.status });
  });

  it('does not change a pair that is known, and may lack one as those of earlier versions do', () => {
    expect(changed({ ...ROW, paired_message_id: 'm9' }, event()).paired_message_id).toBe('m9');
    const message = { time: 7_000, owner: null, segmentCount: 2 } as DeliveryEvent['message'];
    const early = event({ message });
    expect(changed(ROW, early).paired_message_id).toBeNull();
    expect(changed(ROW, event({ message: { ...event().message, pairedMessageId: 'a\0b' } })).paired_message_id).toBe(
      'ab',
    );
  });
});

describe('a settlement', () => {
  const by = { by: 'ops', reason: 'seen in the portal' };

  it('writes who settled it, why, and what is known since', () => {
    const common = { updated_at: 9, settled_by: 'ops', settled_reason: 'seen in the portal' };
    expect(settlementColumns(UNKNOWN_ROW, { as: 'NOT_SENT', ...by }, 9)).toEqual({
      ...common,
      status: 'REJECTED',
      idempotency_key: null,
      // Rows of what was not sent hold nothing of it.
      ...{ body: '', media: '[]', tag: null },
    });
    expect(settlementColumns(UNKNOWN_ROW, { as: 'SENT', found: null, ...by }, 9)).toEqual({
      ...common,
      status: 'ACCEPTED',
    });
    const found = { id: 'm\x001', time: 8_000 };
    expect(settlementColumns(UNKNOWN_ROW, { as: 'SENT', found, ...by }, 9)).toEqual({
      ...common,
      status: 'ACCEPTED',
      message_id: 'm1',
      time: 8_000,
      owner: '+15550000001',
    });
    // In microseconds, as old as its send.
    expect(settlementColumns(UNKNOWN_ROW, { as: 'SENT', found: { id: 'm1', time: null }, ...by }, 9).time).toBe(
      1_000_000,
    );
  });

  it('names an id only where it found one', () => {
    expect(settledId({ as: 'SENT', found: { id: 'm\x001', time: null }, ...by })).toBe('m1');
    expect(settledId({ as: 'SENT', found: null, ...by })).toBeNull();
    expect(settledId({ as: 'NOT_SENT', ...by })).toBeNull();
  });
});

it('a message that came in has the same send id however often it comes', () => {
  const { message } = accepted({ id: 'm1', status: 'RECEIVED', direction: 'IN' });
  // The first 160 bits of the SHA-256 of `m1`.
  const sendId = 'inca0df2c95aa144c1d0ff2ff3c8f967fdc1de9ef0';
  expect(receivedColumns(message, null, 7)).toMatchObject({
    send_id: sendId,
    caller: '',
    fingerprint: '',
    status: 'RECEIVED',
    direction: 'IN',
    started_at: 7,
    updated_at: 7,
    lease_until: 7,
    message_id: 'm1',
  });
});
