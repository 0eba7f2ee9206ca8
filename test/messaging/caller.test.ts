/** What a caller may do, send from and see. */
import { ServiceError } from '../../src/errors.js';
import {
  ANYBODY,
  areNumbers,
  DEFAULT_SCOPES,
  isCallerName,
  EVERYBODY,
  inBoth,
  readableBy,
  readableByNumber,
  requireScope,
  sendersOf,
  sendsReadableBy,
  type Caller,
  type Scope,
} from '../../src/messaging/caller.js';

const callerWith = (...scopes: Scope[]): Caller => ({ name: 'shop', scopes: new Set(scopes), senders: null });

/** The code that a call throws, and what it says besides. */
function thrownBy(call: () => unknown): ServiceError | null {
  try {
    call();
  } catch (error) {
    return error as ServiceError;
  }
  return null;
}

describe('a caller', () => {
  it('may do everything where nobody has to sign in', () => {
    expect(ANYBODY.name).toBe('anonymous');
    expect([...ANYBODY.scopes].sort()).toEqual([
      'messages:read',
      'messages:read-all',
      'messages:send',
      'operations:read',
      'operations:write',
    ]);
    expect(ANYBODY.senders).toBeNull();
  });

  it('may send, and read what it sent, where nothing else was said', () => {
    expect([...DEFAULT_SCOPES].sort()).toEqual(['messages:read', 'messages:send']);
  });

  it.each([
    ['one letter', 'a', true],
    ['255 characters', 'x'.repeat(255), true],
    ['256 characters', 'x'.repeat(256), false],
    ['nothing', '', false],
    ['U+0000 inside', 'a\0b', false],
    ['half of a surrogate pair', 'a\ud800', false],
    ['an emoji', '😀', true],
  ])('may be called %s', (_name, name, isAllowed) => {
    expect(isCallerName(name)).toBe(isAllowed);
  });

  it('sends from the numbers that are listed for it, and from all where none are', () => {
    const senders = { shop: ['+12345678901', '+12345678902'], closed: [] };
    expect(sendersOf('shop', senders)).toEqual(new Set(['+12345678901', '+12345678902']));
    expect(sendersOf('closed', senders)).toEqual(new Set());
    expect(sendersOf('other', senders)).toBeNull();
    // What every object has is nobody's list.
    for (const name of ['constructor', 'toString', '__proto__']) expect(sendersOf(name, senders)).toBeNull();
  });

  it('has the numbers that both its token and the operator name; who names none allows all', () => {
    const [a, b, c] = ['+12345678901', '+12345678902', '+12345678903'];
    expect(inBoth(null, null)).toBeNull();
    expect(inBoth(new Set([a, b]), null)).toEqual(new Set([a, b]));
    expect(inBoth(null, new Set([b]))).toEqual(new Set([b]));
    expect(inBoth(new Set([a, b]), new Set([b, c]))).toEqual(new Set([b]));
    expect(inBoth(new Set(), new Set([a]))).toEqual(new Set());
    expect(inBoth(new Set([a]), new Set([c]))).toEqual(new Set());
  });

  it.each([
    ['none', [], true],
    ['a hundred', Array.from({ length: 100 }, (_, index) => `+1919555${1_000 + index}`), true],
    ['a hundred and one', Array.from({ length: 101 }, (_, index) => `+1919555${1_000 + index}`), false],
    ['one that is written otherwise', ['+12345678901', '+1 2345678902'], false],
    ['one with its country code twice', ['+112345678901'], false],
    ['a number of JavaScript', [12345678901], false],
    ['an object that prints as one', [{ toString: () => '+12345678901' }], false],
  ])('may have these numbers: %s', (_name, given, isAllowed) => {
    expect(areNumbers(given)).toBe(isAllowed);
  });

  it('listens to its numbers, or to everybody’s, and is told what it lacks', () => {
    const [ours, theirs] = ['+12345678901', '+12345678902'];
    const withNumbers = (...numbers: string[]): Caller => ({
      ...callerWith('messages:read'),
      senders: new Set(numbers),
    });
    expect(readableByNumber(callerWith('messages:read-all'), theirs)).toBe(EVERYBODY);
    expect(readableByNumber(withNumbers(ours), ours)).toEqual({ caller: 'shop', numbers: [ours] });
    expect(readableByNumber(withNumbers(theirs, ours), null)).toEqual({ caller: 'shop', numbers: [ours, theirs] });
    for (const [caller, number, message] of [
      [callerWith('messages:send'), null, 'This key or token lacks the scope messages:read.'],
      [callerWith('messages:read'), null, 'This key or token needs a number, or the scope messages:read-all.'],
      [withNumbers(), ours, 'This key or token needs a number, or the scope messages:read-all.'],
      [withNumbers(ours), theirs, 'This key or token does not have this number.'],
      [
        { ...withNumbers(ours), scopes: new Set(['messages:send'] as const) },
        ours,
        'This key or token lacks the scope messages:read.',
      ],
    ] as const) {
      const refusal = thrownBy(() => readableByNumber(caller, number));
      expect([refusal?.code, refusal?.message]).toEqual(['FORBIDDEN', message]);
    }
  });

  it('without a scope is refused, with the given details', () => {
    const reader = callerWith('messages:read');
    expect(
      thrownBy(() => {
        requireScope(reader, 'messages:read');
      }),
    ).toBeNull();
    const refusal = thrownBy(() => {
      requireScope(reader, 'messages:send', { outcome: 'NOT_SENT' });
    });
    expect(refusal).toBeInstanceOf(ServiceError);
    expect([refusal?.code, refusal?.outcome]).toEqual(['FORBIDDEN', 'NOT_SENT']);
    expect(refusal?.message).toBe('This key or token lacks the scope messages:send.');
    const bare = thrownBy(() => {
      requireScope(reader, 'operations:read');
    });
    expect([bare?.code, bare?.outcome]).toEqual(['FORBIDDEN', undefined]);
  });

  it('sees its own messages and those of its numbers, everybody’s, or none', () => {
    const own = { caller: 'shop', numbers: [] };
    expect(readableBy(callerWith('messages:read'))).toEqual(own);
    const withNumbers = { ...callerWith('messages:read'), senders: new Set(['+16', '+15']) };
    expect(readableBy(withNumbers)).toEqual({ caller: 'shop', numbers: ['+15', '+16'] });
    expect(readableBy({ ...withNumbers, senders: new Set() })).toEqual(own);
    expect(readableBy(callerWith('messages:read-all'))).toBe(EVERYBODY);
    expect(readableBy(callerWith('messages:read', 'messages:read-all'))).toBe(EVERYBODY);
    expect(thrownBy(() => readableBy(callerWith('messages:send', 'operations:read')))?.code).toBe('FORBIDDEN');
  });

  it('sees its own sends, everybody’s, or none, whatever its numbers are', () => {
    const withNumbers = { ...callerWith('messages:read'), senders: new Set(['+15']) };
    expect(sendsReadableBy(withNumbers)).toBe('shop');
    expect(sendsReadableBy(callerWith('messages:read-all'))).toBe(EVERYBODY);
    expect(thrownBy(() => sendsReadableBy(callerWith('messages:send')))?.code).toBe('FORBIDDEN');
  });
});
