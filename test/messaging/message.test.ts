/** The states of a message and of a send, and which of them yields to which. */
import { isUnresolved, NotTriedError, type StoredSend } from '../../src/messaging/ports.js';
import { isCleanText, yieldsTo, type SendState } from '../../src/messaging/message.js';
import { REJECTED } from '../store/sends.js';

describe('a state', () => {
  it.each<[SendState, SendState[]]>([
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

describe('a send', () => {
  const SEND: StoredSend = {
    sendId: 's1',
    caller: 'a',
    idempotencyKey: null,
    keyHash: null,
    requestId: null,
    fingerprint: 'f',
    status: 'UNKNOWN',
    from: '+1',
    to: ['+2'],
    tag: null,
    startedAtMs: 1,
    leaseUntilMs: 2,
    updatedAtMs: 1,
    lastSeen: null,
    attempts: null,
    settledBy: null,
    problem: null,
    message: null,
  };
  const message = { id: 'm1' } as NonNullable<StoredSend['message']>;

  it.each<[Partial<StoredSend>, boolean]>([
    [{ status: 'UNKNOWN' }, true],
    [{ status: 'ACCEPTED' }, true],
    [{ status: 'PENDING' }, false],
    [REJECTED, false],
    [{ status: 'DELIVERED' }, false],
    [{ status: 'ACCEPTED', message }, false],
    [{ status: 'UNKNOWN', settledBy: 'ops' }, false],
    [{ status: 'ACCEPTED', settledBy: 'search' }, false],
  ])('with %j is unresolved: %s', (fields, is) => {
    expect(isUnresolved({ ...SEND, ...fields })).toBe(is);
  });
});

it('a write that was not tried says so in the log', () => {
  expect(new NotTriedError()).toMatchObject({ name: 'NotTriedError', code: 'NOT_TRIED' });
});
