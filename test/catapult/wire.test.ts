/** What goes to Catapult and what comes from it: request bodies, acceptances, refusals and the message list. */
import {
  acceptedMessage,
  parseAcceptance,
  parseMessageList,
  parseRefusal,
  requestBody,
} from '../../src/catapult/wire.js';
import { OUTBOUND } from '../support/messages.js';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('the request body', () => {
  it('holds only what the caller gave, and always an array of recipients', () => {
    expect(JSON.parse(requestBody(OUTBOUND))).toEqual({
      to: ['+12345678902'],
      from: '+12345678901',
      text: 'Hey',
      applicationId: 'app-1',
    });
  });

  it('keeps an empty tag and an empty text, which the caller did give', () => {
    const body = requestBody({ ...OUTBOUND, text: '', tag: '', media: ['https://example.com/a.jpg'] });
    expect(JSON.parse(body)).toMatchObject({ text: '', tag: '', media: ['https://example.com/a.jpg'] });
  });
});

describe('the delivery options', () => {
  it('are on the wire in its own words, and only when they are given', () => {
    const body = requestBody({ ...OUTBOUND, priority: 'DEFAULT', expiresAt: 1_612_197_868_000_000 });
    expect(JSON.parse(body)).toMatchObject({ priority: 'default', expiration: '2021-02-01T16:44:28Z' });
  });

  it('are read from an answer in any zone, and left out where they are none', () => {
    const answer = { id: '1', priority: 'high', expiration: '2021-02-01T11:44:28-05:00', pairedMessageId: '2' };
    expect(parseAcceptance(json(answer))).toMatchObject({
      priority: 'HIGH',
      expiresAt: 1_612_197_868_000_000,
      pairedMessageId: '2',
    });
    for (const strange of [
      { priority: 'urgent', expiration: 'soon', pairedMessageId: '' },
      { priority: 1, expiration: 2 },
    ]) {
      expect(parseAcceptance(json({ id: '1', ...strange }))).toMatchObject({
        id: '1',
        priority: null,
        expiresAt: null,
        pairedMessageId: null,
      });
    }
  });
});

describe('the message list', () => {
  const LISTED = {
    messageId: 'm1',
    accountId: '12345',
    sourceTn: '+15554443333',
    destinationTn: '15554442222',
    messageStatus: 'DELIVERED',
    messageDirection: 'OUTBOUND',
    receiveTime: '2020-04-07T14:03:07.000Z',
  };
  const READ = { id: 'm1', from: '+15554443333', to: '+15554442222', time: 1_586_268_187_000_000 };

  it.each<[string, object, object | null]>([
    ['as documented', { totalCount: 1, pageInfo: {}, messages: [LISTED] }, { messages: [READ], complete: true }],
    ['in an array', [{ totalCount: 1, messages: [LISTED] }], { messages: [READ], complete: true }],
    [
      'of a short code, which has no plus',
      { totalCount: 1, messages: [{ ...LISTED, sourceTn: '123456' }] },
      { messages: [{ ...READ, from: '123456' }], complete: true },
    ],
    ['empty', { totalCount: 0, messages: [] }, { messages: [], complete: true }],
    ['without a count', { messages: [LISTED] }, { messages: [READ], complete: true }],
    ['that holds one page of several', { totalCount: 2, messages: [LISTED] }, { messages: [READ], complete: false }],
    [
      'with a message that cannot be read',
      { totalCount: 2, messages: [LISTED, { ...LISTED, messageId: 7 }] },
      { messages: [READ], complete: false },
    ],
    [
      'with a message that came in',
      { totalCount: 1, messages: [{ ...LISTED, messageDirection: 'INBOUND' }] },
      { messages: [], complete: true },
    ],
    [
      'that names a next page',
      { totalCount: 1, pageInfo: { nextPageToken: 'x' }, messages: [LISTED] },
      { messages: [READ], complete: false },
    ],
    ['whose count is none', { totalCount: '2', messages: [LISTED] }, { messages: [READ], complete: false }],
    ['whose count is null', { totalCount: null, messages: [LISTED] }, { messages: [READ], complete: false }],
    ['without messages', { totalCount: 0 }, null],
    ['as several', [{ messages: [] }, { messages: [] }], null],
  ])('%s', (_name, body, expected) => {
    expect(parseMessageList(json(body))).toEqual(expected);
  });
});

describe('an acceptance', () => {
  it('is read from an answer of 2017, with milliseconds and without a tag', () => {
    const answer = parseAcceptance(
      Buffer.from(
        '{"id":"15047516192013g5tuga77zsa6jrp","owner":"+19193529968","applicationId":"05851417-c78b-4636-81a2-014a54d8f119","time":"2017-09-07T02:33:39.201Z","direction":"out","to":["+19191231234"],"from":"+19193524444","text":"Hi from Bandwidth!"}',
      ),
    );
    expect(answer).toMatchObject({ id: '15047516192013g5tuga77zsa6jrp', time: 1_504_751_619_201_000, tag: null });
  });

  it.each([
    ['an id that is no string', json({ id: 7 })],
    ['an id of a page', json({ id: 'x'.repeat(256) })],
    ['no JSON', Buffer.from('<html>')],
    ['null', json(null)],
    ['nothing', Buffer.alloc(0)],
  ])('is not read from %s', (_name, body) => {
    expect(parseAcceptance(body)).toBeNull();
  });

  it('keeps the id of an answer in broken UTF-8 and takes the rest from the request', () => {
    const body = Buffer.from('{"id":"1","time":"2016-09-14T18:20:16Z","text":"caf\xe9","tag":"\xff"}', 'latin1');
    const answer = parseAcceptance(body);
    expect(answer).toMatchObject({ id: '1', time: 1_473_877_216_000_000, text: null, tag: null });
  });

  it('becomes a message: what the schema requires is completed, what is nullable stays as Catapult said it', () => {
    const answer = parseAcceptance(json({ id: '1', to: 'not a list', segmentCount: 1.5 }));
    expect(answer).not.toBeNull();
    if (answer === null) return;
    expect(acceptedMessage(answer, { ...OUTBOUND, tag: 'mine' }, 5)).toEqual({
      id: '1',
      time: 5,
      to: OUTBOUND.to,
      from: OUTBOUND.from,
      text: OUTBOUND.text,
      media: [],
      applicationId: null,
      tag: null,
      owner: null,
      segmentCount: null,
      direction: 'OUT',
      priority: null,
      expiresAt: null,
      pairedMessageId: null,
      status: 'ACCEPTED',
      deliveries: [{ to: '+12345678902', status: 'ACCEPTED', time: null, errorCode: null }],
      events: [],
    });
  });
});

describe('a refusal', () => {
  it.each([
    ['of the messaging service', { type: 'a', description: 'b' }, true],
    ['of the framework', { timestamp: 't', status: 404, error: 'Not Found' }, false],
    ['of version 1', { category: 'limit', code: 'x' }, false],
  ])('%s is known by its shape', (_name, body, fromMessaging) => {
    expect(parseRefusal(json(body))).toEqual({ fromMessaging, fieldNames: [] });
  });

  it.each([
    ['a string', '"no"'],
    ['an error of somebody else', '{"error":"Forbidden"}'],
    ['fields of the wrong type', '{"type":1,"description":2}'],
    ['a type alone', '{"type":"a"}'],
    ['a description alone', '{"description":"b"}'],
    ['a description beside a type that is no text', '{"type":{},"description":"b"}'],
    ['a type beside a description of nothing', '{"type":"a","description":null}'],
    ['half of a body of the framework: no time', '{"status":404,"error":"Not Found"}'],
    ['half of a body of the framework: no error', '{"timestamp":"t","status":404}'],
    ['half of a body of the framework: no status', '{"timestamp":"t","error":"Not Found"}'],
    ['a body of the framework with a text as status', '{"timestamp":"t","status":"404","error":"Not Found"}'],
    ['half of a body of version 1: no code', '{"category":"limit"}'],
    ['half of a body of version 1: no category', '{"code":"x"}'],
    ['members of three shapes', '{"type":"a","timestamp":"t","code":"x"}'],
    ['a refusal in a list', '[{"type":"a","description":"b"}]'],
  ])('is not %s', (_name, body) => {
    expect(parseRefusal(Buffer.from(body))).toBeNull();
  });
});
