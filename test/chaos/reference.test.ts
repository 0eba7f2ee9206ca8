/** The judge itself: a story that is as it must be, and what it says when one thing in it is wrong. */
import { breachesOf, KILL, type Rule } from './reference.js';
import type { Answer, Call, LedgerEvent, Post, Story, ToldMessage } from './story.js';

const send = {
  text: 'send-1',
  caller: 'anna',
  idempotencyKey: 'key-1',
  from: '+19195550000',
  to: ['+19192000000', '+19192000001'],
  tag: null,
};
const [first, second] = send.to as [string, string];
const TIME = '2026-01-01T00:00:00.000Z';

const message: ToldMessage = {
  ...{ id: 'id-1', text: send.text, from: send.from, to: send.to, tag: null, status: 'PARTIALLY_DELIVERED' },
  deliveries: [
    { to: first, status: 'DELIVERED', time: TIME, failure: null },
    { to: second, status: 'FAILED', time: TIME, failure: { code: 4720 } },
  ],
};
const event = (to: string, type: string, isTagged: boolean): LedgerEvent => ({
  ...{ messageId: 'id-1', type, to, time: TIME, isTagged, isPoisoned: false },
  ...(type === 'message-failed' && { errorCode: 4720 }),
});
const told: Answer = { kind: 'message', message };
const failed = (code: string, outcome: string): Answer => ({ kind: 'failed', code, outcome });
const call = (askedAt: number, answer: Answer): Call => ({ askedAt, heardAt: askedAt + 50, answer });
const post = (at: number, fault: string | null, id: string | null): Post => ({ at, fault, id, answeredAt: at + 5 });

/** Accepted by its only POST, reported, and delivered to one of two. */
const good: Story = {
  send,
  calls: [call(0, told), call(9_000, told)],
  posts: [post(10, null, 'id-1')],
  taken: [
    event(first, 'message-delivered', true),
    event(second, 'message-sending', false),
    event(second, 'message-failed', false),
  ],
  refused: [],
  troubles: [],
  unread: [],
  found: message,
  isListed: false,
  settled: null,
};
const unknown = failed('OUTCOME_UNKNOWN', 'UNKNOWN');
const isDown = { what: 'database killed', from: 2_000, until: 4_000 };
const isKilled = { what: KILL, from: 20, until: 1_000 };
const nobody = { found: null, isListed: true, settled: message };

const rulesOf = (story: Story): Rule[] => breachesOf(story).map(({ rule }) => rule);

describe('the reference', () => {
  it('finds nothing wrong with a story that is as it must be', () => {
    expect(breachesOf(good)).toEqual([]);
  });

  it.each<[what: string, change: Partial<Story>]>([
    [
      'an answer that a kill lost',
      {
        ...nobody,
        taken: [],
        settled: { ...message, ...untold() },
        calls: [call(0, { kind: 'lost' }), call(9_000, unknown)],
        troubles: [isKilled],
      },
    ],
    ['a POST after one that was refused', { posts: [post(2, '503, not accepted', null), post(10, null, 'id-1')] }],
    [
      'a store that cannot tell what a key did',
      {
        calls: [call(0, told), call(3_000, failed('STORE_UNAVAILABLE', 'UNKNOWN')), call(9_000, told)],
        troubles: [isDown],
      },
    ],
    [
      'a POST that is read after its caller gave up',
      {
        calls: [call(0, failed('UPSTREAM_UNAVAILABLE', 'NOT_SENT')), call(100, unknown), call(9_000, told)],
        posts: [post(170, null, 'id-1')],
        troubles: [{ ...isDown, from: 0 }],
      },
    ],
  ])('excuses %s', (_what, change) => {
    expect(breachesOf({ ...good, ...change })).toEqual([]);
  });

  it.each<[rule: Rule, what: string, change: Partial<Story>]>([
    [
      'SECOND_POST',
      'a POST after one that was cut off',
      { posts: [post(2, 'reset, not accepted', null), post(10, null, 'id-1')] },
    ],
    [
      'SENT_AFTER_ALL',
      'NOT_SENT for a key while the store is away',
      {
        calls: [call(0, told), call(3_000, failed('STORE_UNAVAILABLE', 'NOT_SENT')), call(9_000, told)],
        troubles: [isDown],
      },
    ],
    [
      'SENT_AFTER_ALL',
      'NOT_SENT for the very call that sent it',
      { calls: [call(0, failed('UPSTREAM_UNAVAILABLE', 'NOT_SENT')), call(9_000, told)] },
    ],
    ['EVENT_LOST', 'an event that nobody sees', { taken: [...good.taken, event(first, 'message-failed', false)] }],
    [
      'EVENT_LOST',
      'an event that is lost when its send is settled',
      {
        ...nobody,
        taken: [event(first, 'message-failed', false)],
        calls: [call(9_000, unknown)],
        posts: [post(10, 'accepted, then reset', 'id-1')],
      },
    ],
    ['EVENT_REFUSED', 'an event that is never taken', { refused: [event(first, 'message-failed', false)] }],
    [
      'WRONG_STATE',
      'a message that nobody remembers',
      { found: null, isListed: false, calls: [call(0, told), call(9_000, unknown)] },
    ],
    [
      'WRONG_STATE',
      'a message that a tagged event reported',
      { ...nobody, calls: [call(0, { kind: 'lost' }), call(9_000, unknown)], troubles: [isKilled] },
    ],
    [
      'WRONG_STATE',
      'a key that is stuck',
      { calls: [call(0, told), call(9_000, failed('REQUEST_IN_PROGRESS', 'UNKNOWN'))] },
    ],
    [
      'WRONG_STATE',
      'the message of another send',
      { calls: [call(0, { kind: 'message', message: { ...message, id: 'id-2' } }), call(9_000, told)] },
    ],
    ['WRONG_STATE', 'a tag of somebody else', { found: { ...message, tag: 'tag' } }],
    [
      'WRONG_STATE',
      'a send that is unresolved though nothing happened to it',
      {
        found: null,
        posts: [],
        taken: [],
        isListed: true,
        calls: [call(0, failed('UPSTREAM_UNAVAILABLE', 'NOT_SENT')), call(9_000, unknown)],
      },
    ],
    ['WRONG_ANSWER', 'an outcome that is unknown without a reason', { calls: [call(0, unknown), call(9_000, told)] }],
    [
      'WRONG_ANSWER',
      'a failure of our own without a reason',
      { calls: [call(0, told), call(4_000, failed('INTERNAL_SERVER_ERROR', 'UNKNOWN')), call(9_000, told)] },
    ],
  ])('finds %s: %s', (rule, _what, change) => {
    expect(rulesOf({ ...good, ...change })).toContain(rule);
  });
});

/** A message that nobody has reported yet. */
function untold(): Pick<ToldMessage, 'status' | 'deliveries'> {
  return {
    status: 'ACCEPTED',
    deliveries: send.to.map((to) => ({ to, status: 'ACCEPTED', time: null, failure: null })),
  };
}
