/** What is read from the body of a callback. */
import fc from 'fast-check';
import type { CallbackEvent } from '../../src/messaging/callback-event.js';
import { parseCallback } from '../../src/catapult/callback.js';
import { Correlation } from '../../src/messaging/correlation.js';

const correlation = new Correlation(Buffer.from('secret'));
const NOW = 1_000_000;
const read = (body: string): CallbackEvent[] => [...parseCallback(body, correlation, NOW)];
const parse = (json: unknown): CallbackEvent[] => read(JSON.stringify(json));

/** The documented samples of an outgoing message, 2016 to 2020. */
const MESSAGE = {
  id: '14762070468292kw2fuqty55yp2b2',
  time: '2016-09-14T18:20:16Z',
  to: ['+12345678902', '+52345678903'],
  from: '+12345678901',
  text: '',
  applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
  media: ['https://example.com/demo.jpg'],
  owner: '+12345678901',
  direction: 'out',
  segmentCount: 1,
};
const FAILED = {
  type: 'message-failed',
  time: '2016-09-14T18:20:17Z',
  description: 'forbidden to country',
  to: '+52345678903',
  errorCode: 4432,
  message: MESSAGE,
};

describe('a callback', () => {
  it('about a failure holds recipient, code and time', () => {
    expect(parse([FAILED])).toEqual([
      {
        kind: 'delivery',
        event: {
          messageId: MESSAGE.id,
          sendId: null,
          to: '+52345678903',
          status: 'FAILED',
          time: 1_473_877_217_000_000,
          errorCode: 4432,
          message: { time: 1_473_877_216_000_000, owner: '+12345678901', segmentCount: 1, pairedMessageId: null },
        },
      },
    ]);
  });

  it.each(['message-read', 'suggestion-response', 'request-location-response'])(
    'of type %s, of another channel, is kept as it came',
    (type) => {
      const event = { ...FAILED, type, suggestionResponse: { text: 'Yes', postbackData: 'x' } };
      expect(parse([event])).toEqual([
        { kind: 'other', event: { messageId: MESSAGE.id, type, body: JSON.stringify(event) } },
      ]);
    },
  );

  it('names the message that its own is paired with, where it is one', () => {
    const message = { ...MESSAGE, pairedMessageId: 'other-id' };
    expect(parse([{ ...FAILED, message }])).toMatchObject([{ event: { message: { pairedMessageId: 'other-id' } } }]);
    expect(parse([{ ...FAILED, type: 'message-received', message }])).toMatchObject([
      { message: { pairedMessageId: 'other-id' } },
    ]);
    for (const pairedMessageId of ['', ' ', 7, {}, 'x'.repeat(256)]) {
      expect(parse([{ ...FAILED, message: { ...MESSAGE, pairedMessageId } }])).toMatchObject([
        { event: { message: { pairedMessageId: null } } },
      ]);
    }
  });

  it.each([
    ['message-queued', 'ACCEPTED'],
    ['message-sending', 'SENDING'],
    ['message-sent', 'SENDING'],
    ['message-delivered', 'DELIVERED'],
    ['message-failed', 'FAILED'],
  ])('of type %s means %s', (type, status) => {
    expect(parse([{ ...FAILED, type }])).toMatchObject([
      { kind: 'delivery', event: { status, errorCode: status === 'FAILED' ? 4432 : null } },
    ]);
  });

  it('may hold one event without an array, several, or none', () => {
    expect(parse(FAILED)).toHaveLength(1);
    expect(parse([FAILED, FAILED])).toHaveLength(2);
    expect(parse([])).toEqual([]);
  });

  it.each([
    ['a number without a plus', { to: '52345678903' }, { to: '+52345678903' }],
    ['a short code', { to: '12345' }, { to: '12345' }],
    ['an array of one recipient', { to: ['+52345678903'] }, { to: '+52345678903' }],
    ['no recipient', { to: undefined }, { to: null }],
    ['a code in a string', { errorCode: '4775' }, { errorCode: 4775 }],
    ['no code', { errorCode: undefined }, { errorCode: null }],
    ['a string that only begins like a code', { errorCode: '4775x' }, { errorCode: null }],
    ['a string that only ends like a code', { errorCode: '-4775' }, { errorCode: null }],
    ['a string of too many digits', { errorCode: '477500' }, { errorCode: null }],
    ['two recipients', { to: ['+52345678903', '+52345678904'] }, { to: null }],
    ['an empty list of recipients', { to: [] }, { to: null }],
    ['a code that is none', { errorCode: { code: 1 } }, { errorCode: null }],
    ['microseconds', { time: '2024-12-02T20:27:21.979456Z' }, { time: 1_733_171_241_979_456 }],
    ['no time of its own', { time: undefined }, { time: 1_473_877_216_000_000 }],
    ['members that nobody knows', { carrierName: 'other', eventTime: {} }, { status: 'FAILED' }],
    ['a code beyond reason', { errorCode: 2 ** 31 }, { errorCode: null }],
    [
      'a segment count beyond reason',
      { message: { ...MESSAGE, segmentCount: 2 ** 31 } },
      { message: { segmentCount: null } },
    ],
    [
      'a direction that is wrong, as in old samples',
      { message: { ...MESSAGE, direction: 'in' } },
      { status: 'FAILED' },
    ],
    [
      'a message with nothing but its id',
      { time: undefined, message: { id: 'x' } },
      { messageId: 'x', time: NOW, message: { time: NOW, owner: null, segmentCount: null } },
    ],
  ])('is read with %s', (_name, change, expected) => {
    expect(parse([{ ...FAILED, ...change }])).toMatchObject([{ kind: 'delivery', event: expected }]);
  });

  it('finds its send by the tag, and believes no other tag', () => {
    const tag = correlation.wireTag('mine', 'send1');
    expect(parse([{ ...FAILED, message: { ...MESSAGE, tag } }])).toMatchObject([{ event: { sendId: 'send1' } }]);
    const foreign = new Correlation(Buffer.from('other key')).wireTag('mine', 'send1');
    expect(parse([{ ...FAILED, message: { ...MESSAGE, tag: foreign } }])).toMatchObject([{ event: { sendId: null } }]);
  });

  it('about a message that came in is that message', () => {
    const inbound = {
      ...MESSAGE,
      direction: 'in',
      text: 'Hey',
      to: ['12345678902'],
      owner: '+12345678902',
      tag: 'never',
    };
    expect(
      parse([{ type: 'message-received', time: '2025-01-06T15:43:35.502180Z', to: '+12345678902', message: inbound }]),
    ).toEqual([
      {
        kind: 'received',
        message: {
          id: MESSAGE.id,
          time: 1_473_877_216_000_000,
          to: ['+12345678902'],
          from: MESSAGE.from,
          text: 'Hey',
          applicationId: MESSAGE.applicationId,
          tag: null,
          owner: '+12345678902',
          media: MESSAGE.media,
          direction: 'IN',
          segmentCount: 1,
          priority: null,
          expiresAt: null,
          pairedMessageId: null,
          status: 'RECEIVED',
          deliveries: [],
          events: [],
        },
      },
    ]);
  });

  it('that brings a message passes over what is no text in its lists', () => {
    const inbound = { ...MESSAGE, to: ['+12345678902', 5, null], media: [null, ...MESSAGE.media, { url: 'x' }] };
    expect(parse([{ type: 'message-received', message: inbound }])).toMatchObject([
      { kind: 'received', message: { to: ['+12345678902'], media: MESSAGE.media } },
    ]);
  });

  it.each([
    ['an unknown type', { ...FAILED, type: 'message-bla' }],
    ['a type of Object', { ...FAILED, type: 'constructor' }],
    ['no type', { ...FAILED, type: undefined }],
    ['no message', { ...FAILED, message: undefined }],
    ['no id', { ...FAILED, message: { ...MESSAGE, id: undefined } }],
    ['a blank id', { ...FAILED, message: { ...MESSAGE, id: ' ' } }],
    ['an id of a page', { ...FAILED, message: { ...MESSAGE, id: 'x'.repeat(256) } }],
    ['null', null],
    ['a number', 5],
    ['an array', []],
    [
      'an inbound message to hundreds',
      { type: 'message-received', message: { ...MESSAGE, to: Array.from({ length: 101 }, (_, n) => `+1234567${n}`) } },
    ],
    [
      'one with hundreds of attachments',
      { type: 'message-received', message: { ...MESSAGE, media: Array(101).fill('x') } },
    ],
    ['an inbound message from nobody', { type: 'message-received', message: { id: 'x', to: ['+1'] } }],
  ])('with %s is kept aside as it came', (_name, event) => {
    expect(parse([event])).toEqual([{ kind: 'strange', count: 1, body: JSON.stringify(event) }]);
  });

  it('with a text as long as a book is kept aside, cut to the limit', () => {
    const event = { type: 'message-received', message: { ...MESSAGE, text: 'x'.repeat(16_385) } };
    expect(parse([event])).toEqual([
      { kind: 'strange', count: 1, body: `${JSON.stringify(event).slice(0, 16_384)} … cut` },
    ]);
  });

  it('that is no JSON is kept aside as it came', () => {
    expect(read('not [JSON')).toEqual([{ kind: 'strange', count: 1, body: 'not [JSON' }]);
    expect(read('')).toEqual([{ kind: 'strange', count: 1, body: '' }]);
  });

  it('with several events that cannot be understood makes one dead letter of them, after the events that can', () => {
    expect(parse([null, FAILED, { type: 'message-bla' }])).toMatchObject([
      { kind: 'delivery' },
      { kind: 'strange', count: 2, body: '[null,{"type":"message-bla"}]' },
    ]);
  });

  it('with half a million events that cannot be understood makes one dead letter of bounded length', () => {
    const body = `[${Array(500_000).fill('0').join()}]`;
    const events = read(body);
    expect(events).toMatchObject([{ kind: 'strange', count: 500_000 }]);
    expect(events[0]).toMatchObject({ body: `${body.slice(0, 16_384)} … cut` });
  });

  // Written out again, 100,000 levels would take more stack than there is.
  const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  it('with an event 100,000 levels deep keeps its text aside, and reads the event beside it', () => {
    const body = `[${DEEP},${JSON.stringify(FAILED)}]`;
    const events = read(body);
    expect(events).toMatchObject([
      { kind: 'delivery', event: { messageId: MESSAGE.id } },
      { kind: 'strange', count: 1 },
    ]);
    expect(events[1]).toMatchObject({ body: `${body.slice(0, 16_384)} … cut` });
  });

  it.each([
    ['a delivery', 'message-delivered', 'delivery'],
    ['another channel', 'message-read', 'strange'],
  ])('of %s with a member 100,000 levels deep never breaks the parser', (_name, type, kind) => {
    const event = JSON.stringify({ ...FAILED, type }).replace(/}$/, `,"odd":${DEEP}}`);
    expect(read(`[${event}]`)).toMatchObject([{ kind }]);
  });

  it.each([
    ['its own word', { owner: '+15' }, '+16', '+15'],
    ['the one number that the event names', {}, '+16', '+16'],
    ['the one number in a list of them', {}, ['+16'], '+16'],
    ['the first recipient where the event names several', {}, ['+16', '+17'], MESSAGE.to[0]],
    ['the first recipient where the event names none', {}, undefined, MESSAGE.to[0]],
    ['the first recipient where the event names nothing', {}, '', MESSAGE.to[0]],
  ])('that a message came in has its owner by %s', (_name, fields, to, owner) => {
    const event = { type: 'message-received', to, message: { ...MESSAGE, owner: undefined, ...fields } };
    expect(parse([event])).toMatchObject([{ kind: 'received', message: { owner } }]);
  });

  it('of another channel is cut when it is too long', () => {
    const [event] = parse([{ ...FAILED, type: 'message-read', odd: 'x'.repeat(20_000) }]);
    expect(event).toMatchObject({ kind: 'other', event: { type: 'message-read' } });
    expect(JSON.stringify(event).length).toBeLessThan(20_000);
  });

  it('of any shape never breaks the parser, and no event is dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.constant(JSON.stringify(FAILED)))), (events) => {
        const found = read(`[${events.join(',')}]`);
        const counts = found.map((event) => (event.kind === 'strange' ? event.count : 1));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(events.length);
      }),
    );
  });
});
