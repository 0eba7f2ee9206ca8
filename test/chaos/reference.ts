/**
 * What must be true after a chaos run, said again from README and Catapult's documentation: nothing here is imported
 * from the code under test. A story is all that is known of one send from outside; its breaches are what broke.
 */

/** Something that somebody wants to have sent, once. */
export interface Send {
  /** Unique, and the name of the send everywhere. */
  readonly text: string;
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
}

/** A message as GraphQL tells it. */
export interface ToldMessage {
  readonly id: string;
  readonly text: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
  readonly status: string;
  readonly deliveries: readonly ToldDelivery[];
}
interface ToldDelivery {
  readonly to: string;
  readonly status: string;
  readonly time: string | null;
  readonly failure: { readonly code: number } | null;
}

/** What a caller heard; `lost` when the connection broke. */
export type Answer =
  | { readonly kind: 'message'; readonly message: ToldMessage }
  | { readonly kind: 'failed'; readonly code: string; readonly outcome: string | null }
  | { readonly kind: 'lost' };

/** One call of `sendMessage`. All times are in milliseconds since 1970, of one clock. */
export interface Call {
  readonly askedAt: number;
  readonly heardAt: number;
  readonly answer: Answer;
}

/** One POST that the ledger read whole. */
export interface Post {
  readonly at: number;
  /** What the ledger did to it; null for nothing. */
  readonly fault: string | null;
  /** Set when it was accepted. */
  id: string | null;
  /** Set when an answer was written to its end. */
  answeredAt: number | null;
}

/** An event of a callback. */
export interface LedgerEvent {
  readonly messageId: string;
  readonly type: string;
  readonly time: string;
  readonly to: string;
  readonly errorCode?: number;
  /** Whether it brought the tag back. */
  readonly isTagged: boolean;
  /** Whether it holds what some databases refuse. */
  readonly isPoisoned: boolean;
}

/** Something that was broken on purpose, or a connection that was reset unread. */
export interface Trouble {
  readonly what: string;
  readonly from: number;
  readonly until: number;
}

export interface Story {
  readonly send: Send;
  /** In the order of their answers; the last one came when all was healed. */
  readonly calls: readonly Call[];
  readonly posts: readonly Post[];
  /** Events that were answered 200. */
  readonly taken: readonly LedgerEvent[];
  /** Events that were refused again and again, though nothing was broken any more. */
  readonly refused: readonly LedgerEvent[];
  readonly troubles: readonly Trouble[];
  /** Connections that were reset unread: perhaps with a POST that no ledger knows. */
  readonly unread: readonly number[];
  /** What `message(id)` says in the end; null where it says null, or nothing was accepted. */
  readonly found: ToldMessage | null;
  /** Whether it is among the `unresolvedSends` in the end; null where that was not asked. */
  readonly isListed: boolean | null;
  /** What `message(id)` says after somebody settled it by its id; null where nobody had to. */
  readonly settled: ToldMessage | null;
}

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
  return [...secondPosts(story), ...falseNotSent(story), ...wrongAnswers(story), ...eventsOf(story), ...endOf(story)];
}

// ── Rule 1: never a second POST, unless the first was refused ─────────────────────────────────────────────────────

/** What an answer means for whoever reads it: an answer of Catapult's means that one knows, and silence that one does not. */
type Meaning = 'sent' | 'refused' | 'open';

/** The code that a caller hears of each refusal (README, "Errors"). */
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

function secondPosts({ posts }: Story): Breach[] {
  const isRepeated = posts.slice(0, -1).some((post) => meaningOf(post) !== 'refused');
  return isRepeated ? [{ rule: 'SECOND_POST', what: `${posts.length} POSTs` }] : [];
}

// ── Rule 2: NOT_SENT is a promise ─────────────────────────────────────────────────────────────────────────────────

/** What is accepted must have been posted by another call, that was not over before this one began. */
function falseNotSent({ send, calls, posts }: Story): Breach[] {
  const accepted = posts.filter(({ id }) => id !== null);
  const isBy = (other: Call, post: Post): boolean => other.askedAt <= post.at && endOfCall(other) >= post.at;
  const excuses = (other: Call, call: Call): boolean => other.heardAt >= call.askedAt && !isNotSent(send, other.answer);
  const isLie = (call: Call): boolean =>
    isNotSent(send, call.answer) &&
    accepted.some((post) => !calls.some((other) => isBy(other, post) && excuses(other, call)));
  return calls.filter(isLie).map(({ answer }) => ({ rule: 'SENT_AFTER_ALL', what: `heard ${textOf(answer)}` }));
}

/**
 * Whether a caller may send it as a new message now. A server that stops says that it did nothing, which is as good
 * for a send without a key; with one it says nothing of earlier calls.
 */
export function isNotSent({ idempotencyKey }: Send, answer: Answer): boolean {
  if (answer.kind !== 'failed') return false;
  return answer.outcome === 'NOT_SENT' || (idempotencyKey === null && answer.code === 'SHUTTING_DOWN');
}

/** What a killed server had written may be read any time later. */
const endOfCall = ({ answer, heardAt }: Call): number => (answer.kind === 'lost' ? Infinity : heardAt);

// ── Rule 4a: while nothing is broken, each call hears what its POSTs met ──────────────────────────────────────────

/** Trouble may be felt for so long after its end: pools connect again, and what waits is tried in rounds of 2 s. */
const AFTERMATH_MS = 4_000;
/** An answer within this, of 1500 ms that a send has, is in time on any machine. */
const SURELY_IN_TIME_MS = 700;

function wrongAnswers(story: Story): Breach[] {
  if (!isCalm(story)) return [];
  const wrong = story.calls.filter((call) => !isExplained(call, story));
  return wrong.map(({ answer }) => ({ rule: 'WRONG_ANSWER', what: `heard ${textOf(answer)}` }));
}

/** Whether no trouble touched any of its calls. */
function isCalm({ calls, troubles }: Story): boolean {
  return calls.every(({ askedAt, heardAt }) => !troubles.some((each) => overlaps(each, askedAt, heardAt)));
}

const overlaps = (trouble: Trouble, from: number, until: number): boolean =>
  trouble.from <= until && trouble.until + AFTERMATH_MS >= from;

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

/** Whether a connection was reset unread during a call. */
function hadUnread({ calls, unread }: Story): boolean {
  return calls.some(({ askedAt, heardAt }) => unread.some((at) => at >= askedAt - UNREAD_MS && at <= heardAt));
}

/** A connection that is to be reset lives this long, and may be used meanwhile. */
const UNREAD_MS = 20;

const isUnknown = (answer: Answer): boolean => answer.kind === 'failed' && answer.code === 'OUTCOME_UNKNOWN';
const isUnavailable = (answer: Answer): boolean =>
  answer.kind === 'failed' && answer.code === 'UPSTREAM_UNAVAILABLE' && answer.outcome === 'NOT_SENT';

// ── Rule 3: what was answered 200 counts ──────────────────────────────────────────────────────────────────────────

function eventsOf(story: Story): Breach[] {
  const refused = story.refused.map(({ type }): Breach => ({ rule: 'EVENT_REFUSED', what: type }));
  const told = toldInTheEnd(story);
  if (told === null || refused.length > 0) return refused;
  const lost = expectedDeliveries(story).filter((expected, index) => {
    const actual = told.deliveries[index];
    return actual === undefined || JSON.stringify(describe(actual)) !== JSON.stringify(describe(expected));
  });
  return lost.map((expected) => ({
    rule: 'EVENT_LOST',
    what: `told ${JSON.stringify(told.deliveries.map(describe))}, but one is ${JSON.stringify(describe(expected))}`,
  }));
}

const STATUS_OF: Readonly<Record<string, string>> = {
  'message-sending': 'SENDING',
  'message-delivered': 'DELIVERED',
  'message-failed': 'FAILED',
};
/** A failure stands against a delivery that was told as well, and the earliest of equal reports. */
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

const describe = ({ to, status, time, failure }: ToldDelivery): unknown[] => [
  to,
  status,
  time === null ? null : Date.parse(time),
  failure?.code ?? null,
];

/** The last that was told of the message: by its id, by its key, or after it was settled. */
function toldInTheEnd({ found, settled }: Story): ToldMessage | null {
  return settled ?? found;
}

// ── Rule 4b: in the end, each send is what its POSTs and events made of it ────────────────────────────────────────

function endOf(story: Story): Breach[] {
  const { send, posts, found, settled, calls, isListed } = story;
  const wrong = (what: string): Breach => ({ rule: 'WRONG_STATE', what });
  const accepted = posts.find(({ id }) => id !== null);
  const last = calls.at(-1)?.answer;
  const breaches: Breach[] = [];

  for (const { answer } of calls) {
    if (answer.kind === 'message' && answer.message.id !== accepted?.id)
      breaches.push(wrong('told of another message'));
  }
  if (send.idempotencyKey !== null) {
    if (last?.kind !== 'message' && !(last !== undefined && isUnknown(last))) {
      breaches.push(wrong(`the last replay hears ${last === undefined ? 'nothing' : textOf(last)}`));
    }
    const replayed = last?.kind === 'message' ? last.message : null;
    if (JSON.stringify(replayed) !== JSON.stringify(found)) breaches.push(wrong('the replay and message(id) differ'));
  }
  if (accepted === undefined) {
    const isOpen = posts.some((post) => meaningOf(post) === 'open');
    const mayBeOpen = isOpen || !isCalm(story) || hadUnread(story);
    if (isListed === true && !mayBeOpen) breaches.push(wrong('unresolved, though nothing was left open'));
    if (isListed === false && isOpen) breaches.push(wrong('open, but not listed as unresolved'));
    if (last !== undefined && isUnknown(last) && !mayBeOpen)
      breaches.push(wrong('unknown, though nothing was left open'));
    return breaches;
  }
  if (found === null && mustBeKnown(story, accepted)) breaches.push(wrong('its message is forgotten'));
  if (isListed !== null && isListed !== (found === null)) {
    breaches.push(
      wrong(isListed ? 'unresolved, though its message is known' : 'sent, and neither found nor unresolved'),
    );
  }
  if (isListed === true && settled === null) breaches.push(wrong('settled by its id, and not found'));
  const told = toldInTheEnd(story);
  if (told !== null && story.refused.length === 0) breaches.push(...differences(story, told).map(wrong));
  return breaches;
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

/** The one trouble by which a process may forget what it heard. */
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

/** An answer in few words. */
export function textOf(answer: Answer): string {
  switch (answer.kind) {
    case 'message':
      return `${answer.message.id} ${answer.message.status}`;
    case 'failed':
      return `${answer.code} (${answer.outcome ?? 'no outcome'})`;
    case 'lost':
      return 'nothing';
  }
}
