/**
 * What must be true of a story, written again from README and Catapult's documentation: nothing here is imported from
 * the code under test.
 */
import {
  textOf,
  type Answer,
  type Call,
  type Post,
  type Send,
  type Story,
  type ToldDelivery,
  type ToldMessage,
  type Trouble,
} from './story.js';

export const RULES = {
  SECOND_POST: 'posted again, though the first POST may have been accepted',
  SENT_AFTER_ALL: 'NOT_SENT for a message that was sent',
  EVENT_LOST: 'an event that was answered 200 is lost',
  EVENT_REFUSED: 'a callback is refused for ever',
  WRONG_STATE: 'the final state is wrong',
  WRONG_ANSWER: 'an answer is wrong, though nothing was broken',
} as const;
export type Rule = keyof typeof RULES;

export interface Breach {
  readonly rule: Rule;
  readonly what: string;
}

/** All that is wrong with a story; empty when it is as it must be. */
export function breachesOf(story: Story): Breach[] {
  const breaches = (rule: Rule, all: readonly string[]): Breach[] => all.map((what) => ({ rule, what }));
  return [
    ...breaches('SECOND_POST', secondPosts(story)),
    ...breaches('SENT_AFTER_ALL', brokenPromises(story)),
    ...breaches('EVENT_LOST', lostEvents(story)),
    ...breaches(
      'EVENT_REFUSED',
      story.refused.map(({ type }) => type),
    ),
    ...breaches('WRONG_STATE', wrongEnds(story)),
    ...breaches('WRONG_ANSWER', wrongAnswers(story)),
  ];
}

const when = (condition: boolean, what: string): string[] => (condition ? [what] : []);

// ── Rule 1: never a second POST, unless the first was refused ─────────────────────────────────────────────────────

/** What an answer means: an answer from Catapult means that we know, and silence that we do not. */
type Meaning = 'sent' | 'refused' | 'open';

/** The code that a caller gets for each refusal (docs/errors.md). */
const REFUSALS: Readonly<Record<string, string>> = {
  '429, not accepted': 'UPSTREAM_RATE_LIMITED',
  '429 with Retry-After, not accepted': 'UPSTREAM_RATE_LIMITED',
  '500, not accepted': 'UPSTREAM_UNAVAILABLE',
  '503, not accepted': 'UPSTREAM_UNAVAILABLE',
  '400, not accepted': 'BAD_USER_INPUT',
  '403, not accepted': 'UPSTREAM_REJECTED',
};

function meaningOf({ fault }: Post): Meaning {
  if (fault === null) return 'sent';
  return fault in REFUSALS ? 'refused' : 'open';
}

function secondPosts({ posts }: Story): string[] {
  const isRepeated = posts.slice(0, -1).some((post) => meaningOf(post) !== 'refused');
  return when(isRepeated, `${posts.length} POSTs`);
}

// ── Rule 2: NOT_SENT is a promise ─────────────────────────────────────────────────────────────────────────────────

/** What is accepted must have been posted by another call that had not ended before this one began. */
function brokenPromises({ send, calls, posts }: Story): string[] {
  const accepted = posts.filter(({ id }) => id !== null);
  const isBy = (other: Call, post: Post): boolean => other.askedAt <= post.at && endOfCall(other) >= post.at;
  const excuses = (other: Call, call: Call): boolean => other.heardAt >= call.askedAt && !isNotSent(send, other.answer);
  const isBroken = (call: Call): boolean =>
    isNotSent(send, call.answer) &&
    accepted.some((post) => !calls.some((other) => isBy(other, post) && excuses(other, call)));
  return calls.filter(isBroken).map(({ answer }) => `heard ${textOf(answer)}`);
}

/**
 * Whether a caller may send it as a new message now. A server that stops says that it did nothing. Without a key that
 * is as good; with one it says nothing about earlier calls.
 */
export function isNotSent({ idempotencyKey }: Send, answer: Answer): boolean {
  if (answer.kind !== 'failed') return false;
  return answer.outcome === 'NOT_SENT' || (idempotencyKey === null && answer.code === 'SHUTTING_DOWN');
}

/** What was written, by a server that gave up or was killed, may be read any time later. */
function endOfCall({ answer, heardAt }: Call): number {
  const isOpen = answer.kind === 'lost' || (answer.kind === 'failed' && answer.outcome !== 'NOT_SENT');
  return isOpen ? Infinity : heardAt;
}

// ── Rule 3: what was answered 200 counts ──────────────────────────────────────────────────────────────────────────

function lostEvents(story: Story): string[] {
  const told = story.settled ?? story.found;
  if (told === null || story.refused.length > 0) return [];
  const actual = told.deliveries.map(fieldsOf);
  const missing = expectedDeliveries(story)
    .map(fieldsOf)
    .filter((expected) => !actual.includes(expected));
  return missing.map((expected) => `told ${actual.join(' ')}, but one is ${expected}`);
}

const STATUS_OF: Readonly<Record<string, string>> = {
  'message-sending': 'SENDING',
  'message-delivered': 'DELIVERED',
  'message-failed': 'FAILED',
};
/** A failure counts before a delivery that was also reported, and the earliest of equal reports. */
const STRENGTH = ['ACCEPTED', 'SENDING', 'DELIVERED', 'FAILED'];

function expectedDeliveries({ send, taken }: Story): ToldDelivery[] {
  return send.to.map((to) => {
    const reports = taken
      .filter((event) => event.to.replace(/^\+?/, '+') === to)
      .map(({ type, time, errorCode }) => ({
        to,
        status: STATUS_OF[type] ?? '',
        time,
        failure: errorCode === undefined ? null : { code: errorCode },
      }));
    const strength = ({ status }: ToldDelivery): number => STRENGTH.indexOf(status);
    const [strongest] = reports.sort((a, b) => strength(b) - strength(a) || a.time.localeCompare(b.time));
    return strongest ?? { to, status: 'ACCEPTED', time: null, failure: null };
  });
}

const fieldsOf = ({ to, status, time, failure }: ToldDelivery): string =>
  [to, status, time === null ? 'no time' : new Date(time).toISOString(), failure?.code ?? 'no code'].join(' ');

// ── Rule 4: in the end, each send is what its POSTs and events made of it ─────────────────────────────────────────

/** Trouble may be felt for so long after its end: pools connect again, and what waits is tried in rounds of 2 s. */
const AFTERMATH_MS = 4_000;
/** An answer within this, of 1500 ms that a send has, is in time on any machine. */
const SURELY_IN_TIME_MS = 700;

function wrongEnds(story: Story): string[] {
  const { send, posts, calls } = story;
  const accepted = posts.find(({ id }) => id !== null);
  const isAnother = ({ answer }: Call): boolean => answer.kind === 'message' && answer.message.id !== accepted?.id;
  return [
    ...when(calls.some(isAnother), 'told of another message'),
    ...(send.idempotencyKey === null ? [] : wrongReplay(story)),
    ...(accepted === undefined ? wrongEndOfUnsent(story) : wrongEndOfSent(story, accepted)),
  ];
}

/** Once all is healed, a key brings its message, or is open. */
function wrongReplay({ calls, found }: Story): string[] {
  const answer = calls.at(-1)?.answer;
  if (answer === undefined) return ['never replayed'];
  const replayed = answer.kind === 'message' ? answer.message : null;
  return [
    ...when(replayed === null && !isUnknown(answer), `the last replay hears ${textOf(answer)}`),
    ...when(JSON.stringify(replayed) !== JSON.stringify(found), 'the last replay and message(id) differ'),
  ];
}

function wrongEndOfUnsent(story: Story): string[] {
  const { posts, calls, isListed } = story;
  const isOpen = posts.some((post) => meaningOf(post) === 'open');
  const mayBeOpen = isOpen || !isCalm(story) || hadUnread(story);
  const last = calls.at(-1)?.answer;
  return [
    ...when(isListed === true && !mayBeOpen, 'unresolved, though nothing was left open'),
    ...when(isListed === false && isOpen, 'left open, and not unresolved'),
    ...when(last !== undefined && isUnknown(last) && !mayBeOpen, 'unknown, though nothing was left open'),
  ];
}

function wrongEndOfSent(story: Story, accepted: Post): string[] {
  const { found, settled, isListed, refused } = story;
  const told = settled ?? found;
  return [
    ...when(found === null && mustBeKnown(story, accepted), 'its message is forgotten'),
    ...when(found === null && isListed === false, 'sent, and neither found nor unresolved'),
    ...when(found !== null && isListed === true, 'unresolved, though its message is known'),
    ...when(isListed === true && settled === null, 'settled by its id, and not found'),
    ...(told === null || refused.length > 0 ? [] : differences(story, told)),
  ];
}

/** Whether nothing can excuse that the message is not known by its id. */
function mustBeKnown({ calls, taken, troubles }: Story, accepted: Post): boolean {
  if (calls.some(({ answer }) => answer.kind === 'message')) return true;
  if (taken.some(({ isTagged }) => isTagged)) return true;
  // The 202 came in time, and its process lived on until it could be stored.
  const askedAt = Math.max(...calls.map((call) => (call.askedAt <= accepted.at ? call.askedAt : 0)));
  if (meaningOf(accepted) !== 'sent' || accepted.answeredAt === null) return false;
  if (accepted.answeredAt - askedAt > SURELY_IN_TIME_MS) return false;
  let storedBy = accepted.answeredAt + AFTERMATH_MS;
  for (const { what, from, until } of troubles) {
    if (what !== KILL && from <= storedBy && until >= accepted.at) storedBy = Math.max(storedBy, until + AFTERMATH_MS);
  }
  return !troubles.some(({ what, from, until }) => what === KILL && from <= storedBy && until >= accepted.at);
}

/** The one trouble by which a process may forget what it learned. */
export const KILL = 'server killed';

function differences({ send, taken }: Story, told: ToldMessage): string[] {
  const statuses = new Set(told.deliveries.map(({ status }) => status));
  const [only, ...others] = statuses;
  const isEnded = !statuses.has('ACCEPTED') && !statuses.has('SENDING');
  const status = others.length === 0 ? only : isEnded ? 'PARTIALLY_DELIVERED' : 'SENDING';
  const expected = { text: send.text, from: send.from, to: send.to, tag: send.tag, status };
  const actual = { text: told.text, from: told.from, to: told.to, tag: told.tag, status: told.status };
  const names = Object.keys(expected) as (keyof typeof expected)[];
  const differing = names.filter((name) => JSON.stringify(expected[name]) !== JSON.stringify(actual[name]));
  const known = taken.every(({ messageId }) => messageId === told.id) ? [] : ['events of several messages'];
  return [...known, ...differing.map((name) => `${name} is ${JSON.stringify(actual[name])}`)];
}

/** Whether no trouble touched any of its calls. */
function isCalm({ calls, troubles }: Story): boolean {
  return calls.every(({ askedAt, heardAt }) => !troubles.some((each) => overlaps(each, askedAt, heardAt)));
}

const overlaps = (trouble: Trouble, from: number, until: number): boolean =>
  trouble.from <= until && trouble.until + AFTERMATH_MS >= from;

/** Whether a connection was reset unread during a call. */
function hadUnread({ calls, unread }: Story): boolean {
  return calls.some(({ askedAt, heardAt }) => unread.some((at) => at >= askedAt - UNREAD_MS && at <= heardAt));
}

/** A connection that is to be reset lives this long, and may be used meanwhile. */
const UNREAD_MS = 20;

const isUnknown = (answer: Answer): boolean => answer.kind === 'failed' && answer.code === 'OUTCOME_UNKNOWN';
const isUnavailable = (answer: Answer): boolean =>
  answer.kind === 'failed' && answer.code === 'UPSTREAM_UNAVAILABLE' && answer.outcome === 'NOT_SENT';

// ── Rule 5: while nothing is broken, each call gets what its POSTs met ───────────────────────────────────────────

function wrongAnswers(story: Story): string[] {
  if (!isCalm(story)) return [];
  const wrong = story.calls.filter((call) => !isExplained(call, story));
  return wrong.map(({ answer }) => `heard ${textOf(answer)}`);
}

function isExplained(call: Call, story: Story): boolean {
  const { answer, askedAt, heardAt } = call;
  const { calls, posts, taken } = story;
  const isTwin = calls.some((other) => other !== call && other.askedAt <= heardAt && other.heardAt >= askedAt);
  if (isTwin && answer.kind === 'failed' && answer.code === 'REQUEST_IN_PROGRESS') return true;
  const known = posts.filter(({ at }) => at <= heardAt);
  if (known.every((post) => meaningOf(post) === 'refused')) {
    // There was no connection in time; or one was reset, perhaps with a POST.
    if (isUnavailable(answer) || (isUnknown(answer) && hadUnread(story))) return true;
  }
  const explains = (post: Post): boolean => {
    switch (meaningOf(post)) {
      case 'sent': {
        const isInTime = post.answeredAt !== null && post.answeredAt - askedAt < SURELY_IN_TIME_MS;
        return answer.kind === 'message' || (isUnknown(answer) && !isInTime);
      }
      case 'open':
        return isUnknown(answer) || (answer.kind === 'message' && taken.some(({ isTagged }) => isTagged));
      case 'refused':
        return answer.kind === 'failed' && answer.outcome === 'NOT_SENT' && answer.code === REFUSALS[post.fault ?? ''];
    }
  };
  const during = known.filter(({ at }) => at >= askedAt);
  return (during.length > 0 ? during : known.slice(-1)).some(explains);
}
