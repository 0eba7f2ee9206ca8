import { isCleanText, yieldsTo, type MessageStatus } from '../../src/messaging/message.js';

describe('a state', () => {
  it.each<[MessageStatus, MessageStatus[]]>([
    ['PENDING', []],
    ['UNKNOWN', ['PENDING']],
    ['REJECTED', ['PENDING', 'UNKNOWN']],
    ['ACCEPTED', ['PENDING', 'UNKNOWN']],
    ['SENDING', ['ACCEPTED', 'PENDING', 'REJECTED', 'UNKNOWN']],
    ['DELIVERED', ['ACCEPTED', 'PENDING', 'REJECTED', 'SENDING', 'UNKNOWN']],
    ['PARTIALLY_DELIVERED', ['ACCEPTED', 'PENDING', 'REJECTED', 'SENDING', 'UNKNOWN']],
    ['FAILED', ['ACCEPTED', 'DELIVERED', 'PARTIALLY_DELIVERED', 'PENDING', 'REJECTED', 'SENDING', 'UNKNOWN']],
    ['RECEIVED', ['ACCEPTED', 'DELIVERED', 'PARTIALLY_DELIVERED', 'PENDING', 'REJECTED', 'SENDING', 'UNKNOWN']],
  ])('%s takes the place of %j, and of no other', (next, replaced) => {
    expect(yieldsTo(next).sort()).toEqual(replaced);
  });
});

it.each([
  ['', true],
  ['Hello 😀', true],
  ['line\nline\ttab', true],
  ['\0', false],
  ['a\0b', false],
  ['half \ud83d', false],
  ['half \ude00 too', false],
])('a text can be stored and sent: %j, %s', (text, isClean) => {
  expect(isCleanText(text)).toBe(isClean);
});
