/** What is believed of an answer, member by member. */
import {
  acceptedMessage,
  isJson,
  parseAcceptance,
  parseMessageList,
  parseRefusal,
  requestBody,
} from '../../src/catapult/wire.js';
import { OUTBOUND } from '../support/messages.js';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('of an acceptance', () => {
  const WHOLE = {
    id: 'm1',
    time: '2016-09-14T18:20:16Z',
    to: ['+15550000001', '+15550000002'],
    from: '+15550000003',
    text: 'Hello',
    applicationId: 'app-2',
    tag: 'mine',
    owner: '+15550000004',
    media: ['https://example.com/a'],
    segmentCount: 2,
    priority: 'default',
    expiration: '2021-02-01T16:44:28Z',
    pairedMessageId: 'm2',
  };
  const READ = {
    id: 'm1',
    time: 1_473_877_216_000_000,
    to: ['+15550000001', '+15550000002'],
    from: '+15550000003',
    text: 'Hello',
    applicationId: 'app-2',
    tag: 'mine',
    owner: '+15550000004',
    media: ['https://example.com/a'],
    segmentCount: 2,
    priority: 'DEFAULT',
    expiresAt: 1_612_197_868_000_000,
    pairedMessageId: 'm2',
  };

  it('every member is read, and replaces what was asked for', () => {
    const answer = parseAcceptance(json(WHOLE));
    expect(answer).toEqual(READ);
    expect(acceptedMessage({ ...READ, priority: 'DEFAULT' }, OUTBOUND, 5)).toEqual({
      ...READ,
      direction: 'OUT',
      status: 'ACCEPTED',
      deliveries: [
        { to: '+15550000001', status: 'ACCEPTED', time: null, errorCode: null },
        { to: '+15550000002', status: 'ACCEPTED', time: null, errorCode: null },
      ],
      events: [],
    });
  });

  it.each([
    ['a number', 7],
    ['an object', {}],
    ['null', null],
    ['true', true],
  ])('a member that is %s instead of a text or a list counts as absent', (_name, value) => {
    const members = Object.keys(WHOLE).filter((name) => name !== 'id' && name !== 'segmentCount');
    expect(parseAcceptance(json({ id: 'm1', ...Object.fromEntries(members.map((name) => [name, value])) }))).toEqual({
      ...Object.fromEntries(Object.keys(READ).map((name) => [name, null])),
      id: 'm1',
    });
  });

  it.each([
    ['a list with a number among its texts', ['+15550000001', 5]],
    ['a text', '+15550000001'],
  ])('recipients that are %s count as absent', (_name, to) => {
    expect(parseAcceptance(json({ ...WHOLE, to }))?.to).toBeNull();
  });

  it.each([
    [0, 0],
    [2_147_483_647, 2_147_483_647],
    [2_147_483_648, null],
    [-2_147_483_647, -2_147_483_647],
    [-2_147_483_648, null],
    [2 ** 40, null],
    [9_007_199_254_740_992, null],
    [1.5, null],
    ['2', null],
    [null, null],
  ])('%j segments are %j', (segmentCount, read) => {
    expect(parseAcceptance(json({ ...WHOLE, segmentCount }))?.segmentCount).toBe(read);
  });

  it.each([
    ['x'.repeat(255), true],
    ['x'.repeat(256), false],
    [' x ', true],
    [' \t\n', false],
    ['', false],
    [7, false],
    [null, false],
    [undefined, false],
  ])('%j is an id: %j', (id, isId) => {
    expect(parseAcceptance(json({ ...WHOLE, id }))?.id).toBe(isId ? id : undefined);
    expect(parseAcceptance(json({ ...WHOLE, pairedMessageId: id }))?.pairedMessageId).toBe(isId ? id : null);
  });

  it('the text and the numbers are not taken from broken UTF-8, but its id, times and counts are', () => {
    const broken = Buffer.from(JSON.stringify({ ...WHOLE, tag: 'caf\xe9' }), 'latin1');
    expect(parseAcceptance(broken)).toEqual({
      ...READ,
      to: null,
      from: null,
      text: null,
      applicationId: null,
      tag: null,
      owner: null,
      media: null,
    });
  });
});

describe('of a message list', () => {
  const LISTED = {
    messageId: 'm1',
    sourceTn: '+15554443333',
    destinationTn: '+15554442222',
    messageDirection: 'OUTBOUND',
    receiveTime: '2020-04-07T14:03:07.000Z',
  };
  const list = (messages: unknown[], fields: object = {}): ReturnType<typeof parseMessageList> =>
    parseMessageList(json({ messages, ...fields }));

  it.each([
    ['123456', '123456'],
    ['1234567', '+1234567'],
    ['123456789012345', '+123456789012345'],
    ['1234567890123456', '1234567890123456'],
    ['+15554442222', '+15554442222'],
    ['15554442222x', '15554442222x'],
    ['x15554442222', 'x15554442222'],
  ])('the number %s is %s', (written, read) => {
    expect(list([{ ...LISTED, destinationTn: written, sourceTn: written }])?.messages).toMatchObject([
      { from: read, to: read },
    ]);
  });

  it.each(['messageId', 'sourceTn', 'destinationTn', 'receiveTime'])(
    'a message without its %s is unreadable',
    (name) => {
      expect(list([{ ...LISTED, [name]: undefined }])).toEqual({ messages: [], complete: false });
      expect(list([{ ...LISTED, [name]: 7 }])).toEqual({ messages: [], complete: false });
    },
  );

  it.each([null, 'm1', [], 7])('an entry that is %j is unreadable', (entry) => {
    expect(list([LISTED, entry])).toMatchObject({ messages: [{ id: 'm1' }], complete: false });
  });

  it('a message that does not say its direction is taken for one that went out', () => {
    expect(list([{ ...LISTED, messageDirection: undefined }])).toEqual({
      messages: [{ id: 'm1', from: '+15554443333', to: '+15554442222', time: 1_586_268_187_000_000 }],
      complete: true,
    });
  });

  it.each<[object, boolean]>([
    [{ totalCount: 1 }, true],
    [{ totalCount: 0 }, true],
    [{ totalCount: -1 }, false],
    [{ totalCount: 2 }, false],
    [{ pageInfo: {} }, true],
    [{ pageInfo: null }, true],
    [{ pageInfo: { nextPage: null, nextPageToken: null } }, true],
    [{ pageInfo: { nextPage: 'https://example.com' } }, false],
    [{ pageInfo: { nextPageToken: 'x' } }, false],
    [{ pageInfo: { nextPage: 'https://example.com', nextPageToken: null } }, false],
    [{ pageInfo: { nextPage: null, nextPageToken: 'x' } }, false],
  ])('%j beside one message makes it complete: %s', (fields, complete) => {
    expect(list([LISTED], fields)?.complete).toBe(complete);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('<html>')],
    ['a text', json('messages')],
    ['null', json(null)],
    ['an empty array', json([])],
    ['an array of a text', json(['messages'])],
    ['messages that are no list', json({ messages: { length: 0 } })],
  ])('%s is none', (_name, body) => {
    expect(parseMessageList(body)).toBeNull();
  });
});

describe('of a refusal', () => {
  it.each<[object, { fromMessaging: boolean } | null]>([
    [{ type: 'a', description: 'b' }, { fromMessaging: true }],
    [{ type: 'a' }, null],
    [{ description: 'b' }, null],
    [{ type: 'a', description: null }, null],
    [{ timestamp: 't', status: 404, error: 'e' }, { fromMessaging: false }],
    [{ timestamp: 't', status: '404', error: 'e' }, null],
    [{ timestamp: 't', error: 'e' }, null],
    [{ timestamp: 't', status: 404 }, null],
    [{ status: 404, error: 'e' }, null],
    [{ category: 'c', code: 'd' }, { fromMessaging: false }],
    [{ category: 'c' }, null],
    [{ code: 'd' }, null],
    [[{ type: 'a', description: 'b' }], null],
  ])('%j has the shape %j', (body, shape) => {
    expect(parseRefusal(json(body))).toEqual(shape === null ? null : { ...shape, fieldNames: [] });
  });

  it('only fields with a name are kept, in the order that they came in', () => {
    const of = (fieldErrors: unknown): unknown =>
      parseRefusal(json({ type: 'a', description: 'b', fieldErrors }))?.fieldNames;
    expect(of([{ fieldName: 'to' }, { fieldName: 7 }, {}, null, 'x', ['y'], { fieldName: 'from' }])).toEqual([
      'to',
      'from',
    ]);
    expect(of({ fieldName: 'to' })).toEqual([]);
    expect(of(null)).toEqual([]);
  });
});

it.each([
  ['{}', true],
  ['[]', true],
  ['"text"', false],
  ['7', false],
  ['null', false],
  ['', false],
  ['{', false],
])('%j may be of a JSON service: %s', (text, is) => {
  expect(isJson(Buffer.from(text))).toBe(is);
});

it.each([
  ['no media', { media: [] }, {}],
  ['media', { media: ['https://example.com/a'] }, { media: ['https://example.com/a'] }],
  ['a tag', { tag: 'mine' }, { tag: 'mine' }],
  ['a high priority', { priority: 'HIGH' as const }, { priority: 'high' }],
  ['an expiration', { expiresAt: 1_612_197_868_979_456 }, { expiration: '2021-02-01T16:44:28.979456Z' }],
])('a request with %s holds that beside what every request holds', (_name, fields, written) => {
  expect(JSON.parse(requestBody({ ...OUTBOUND, ...fields }))).toEqual({
    to: ['+12345678902'],
    from: '+12345678901',
    text: 'Hey',
    applicationId: 'app-1',
    ...written,
  });
});
