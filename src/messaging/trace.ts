/** A message's life in the order of time, from what the store and its audit know: for whoever asks where it went. */
import { EVERYBODY } from './caller.js';
import type { OptOut, OptOutSource } from './consent.js';
import { failureOf } from './delivery-failure.js';
import type { MessageStatus, SendState } from './message.js';
import type { MessageStore, SendProblem, StoredSend, Traced, TraceQuery } from './ports.js';
import { FORGOTTEN } from './ports.js';

/** What may be said of each thing that happened. */
interface Happened {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Our id of the send; null where nobody here sent anything, or that is not known. */
  readonly sendId: string | null;
  /** Catapult's id of the message, as it is known now; null where there is none, or it is not known. */
  readonly messageId: string | null;
  /** All of it, in words. */
  readonly text: string;
}

/** Somebody asked for a send, and that was stored. */
export interface ClaimEvent extends Happened {
  readonly kind: 'claimed';
  readonly caller: string;
  /** As in the log; null for a send of an earlier version. */
  readonly requestId: string | null;
  /** SHA-256 of the idempotency key; null without one. */
  readonly keyHash: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

/** A message came in. */
export interface ReceivedEvent extends Happened {
  readonly kind: 'received';
  readonly from: string;
  readonly to: readonly string[];
}

/** What became of the call. */
export interface OutcomeEvent extends Happened {
  readonly kind: 'outcome';
  readonly outcome: 'ACCEPTED' | 'NOT_SENT' | 'UNKNOWN';
  readonly caller: string;
  /** What the last attempt met: `HTTP 202`; null where nothing was seen, and once the send is deleted. */
  readonly lastSeen: string | null;
  /** Requests that the call made; null where that is not known, and once the send is deleted. */
  readonly attempts: number | null;
  /** Why nothing was sent; null where something was or may have been, and once the send is deleted. */
  readonly problem: SendProblem | null;
  /** Only the audit is left. */
  readonly isSendDeleted: boolean;
}

/** Somebody settled what the call left open, or upstream contradicted that. */
export interface SettledEvent extends Happened {
  readonly kind: 'settled';
  readonly outcome: 'ACCEPTED' | 'NOT_SENT' | 'UNKNOWN';
  readonly by: string;
  readonly reason: string | null;
}

/** A callback reported how far the message got. */
export interface DeliveryReportEvent extends Happened {
  readonly kind: 'delivery';
  /** Null for all recipients. */
  readonly to: string | null;
  readonly status: MessageStatus;
  readonly errorCode: number | null;
}

/** A callback about a message that is not known yet. */
export interface WaitingEvent extends Happened {
  readonly kind: 'waits';
  readonly status: MessageStatus;
  readonly errorCode: number | null;
}

/** A recipient has opted out by now. */
export interface OptedOutEvent extends Happened {
  readonly kind: 'opted out';
  readonly recipient: string;
  /** Null for all of our numbers. */
  readonly owner: string | null;
  readonly source: OptOutSource;
}

/** How a send stands at the moment of the question. */
export interface NowEvent extends Happened {
  readonly kind: 'now';
  readonly status: SendState;
  /** Null without a message. */
  readonly messageStatus: MessageStatus | null;
  /** When it becomes UNKNOWN unless its call has ended; null if that has ended. */
  readonly leaseUntilMs: number | null;
}

export type TraceEvent =
  | ClaimEvent
  | ReceivedEvent
  | OutcomeEvent
  | SettledEvent
  | DeliveryReportEvent
  | WaitingEvent
  | OptedOutEvent
  | NowEvent;

export interface Trace {
  /** The earliest first. */
  readonly events: readonly TraceEvent[];
  /** Since when everything was looked through, in milliseconds since 1970; null where nothing was left out. */
  readonly searchedSinceMs: number | null;
}

/** How a number is shown. */
export type ShowNumber = (number: string) => string;

export interface TraceOptions {
  readonly now: number;
  readonly show: ShowNumber;
  /** How long tables may be searched that have no index for what is asked; for ever by default. */
  readonly patienceMs?: number;
}

/** The country and the last two digits: enough to recognize a number that is known. Of one that is forgotten, nothing is left. */
export function masked(number: string): string {
  if (number === '') return '';
  return number.length < 7 ? '***' : `${number.slice(0, 2)}${'*'.repeat(number.length - 4)}${number.slice(-2)}`;
}

/** What is known of what somebody looks for. */
export async function traceOf(
  store: Pick<MessageStore, 'trace' | 'listOptOuts'>,
  query: TraceQuery,
  { now, show, patienceMs = Infinity }: TraceOptions,
): Promise<Trace> {
  const known = await store.trace(query, patienceMs);
  const events = [...eventsOf(known, now, show), ...(await optOutsOf(store, known.sends, now, show))];
  // Of the same moment, in the order in which they are listed above.
  return { events: events.toSorted((a, b) => a.atMs - b.atMs), searchedSinceMs: known.searchedSinceMs };
}

const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();

function eventsOf({ sends, audit, early }: Traced, now: number, show: ShowNumber): TraceEvent[] {
  const outcomes = audit.map((entry): TraceEvent => {
    const { atMs, sendId, settledBy: by, reason } = entry;
    const outcome = outcomeIn(entry.outcome);
    const send = sends.find((each) => each.sendId === sendId) ?? null;
    if (by === null) return outcomeOf({ ...entry, outcome }, send);
    const messageId = send?.message?.id ?? null;
    const text =
      by === FORGOTTEN
        ? 'its number was forgotten'
        : `${entry.outcome} by ${by}${reason === null ? '' : `: ${reason}`}`;
    return { kind: 'settled', atMs, sendId, messageId, outcome, by, reason, text };
  });
  const waiting = early.map(({ atMs, event }): WaitingEvent => {
    const { sendId, messageId, status, errorCode } = event;
    const text = `${status}, of message ${messageId}, which is not known yet; dropped after 72 hours`;
    return { kind: 'waits', atMs, sendId, messageId, status, errorCode, text };
  });
  return [
    ...sends.map((send) => beginningOf(send, show)),
    ...outcomes,
    ...sends.flatMap((send) => deliveriesOf(send, now, show)),
    ...waiting,
  ];
}

/** The audit has the state that the send took in that moment. */
const outcomeIn = (state: string): OutcomeEvent['outcome'] =>
  state === 'REJECTED' ? 'NOT_SENT' : state === 'UNKNOWN' ? 'UNKNOWN' : 'ACCEPTED';

function beginningOf(send: StoredSend, show: ShowNumber): ClaimEvent | ReceivedEvent {
  const { sendId, caller, requestId, keyHash, startedAtMs: atMs, message } = send;
  const [from, to] = [show(send.from), send.to.map(show)];
  const numbers = from === '' ? 'its numbers are forgotten' : `from ${from} to ${to.join(', ')}`;
  if (message?.direction === 'IN') {
    const text = `message ${message.id} ${numbers}`;
    return { kind: 'received', atMs, sendId: null, messageId: message.id, from, to, text };
  }
  const facts = [`by ${caller}`, ...(requestId === null ? [] : [`request ${requestId}`])];
  const key = keyHash === null ? 'without a key' : `key ${keyHash}`;
  const text = `${[...facts, key].join(', ')}; ${numbers}`;
  const messageId = message?.id ?? null;
  return { kind: 'claimed', atMs, sendId, messageId, caller, requestId, keyHash, from, to, text };
}

/** What the audit has no words for is in the send, as long as that is kept. */
function outcomeOf(
  { atMs, sendId, outcome, caller }: Pick<OutcomeEvent, 'atMs' | 'outcome' | 'caller'> & { readonly sendId: string },
  send: StoredSend | null,
): OutcomeEvent {
  const lastSeen = send?.lastSeen === '' ? null : (send?.lastSeen ?? null);
  const messageId = outcome === 'ACCEPTED' ? (send?.message?.id ?? null) : null;
  const problem = outcome === 'NOT_SENT' ? (send?.problem ?? null) : null;
  const attempts = send?.attempts ?? null;
  const event = { atMs, sendId, outcome, caller, messageId, lastSeen, attempts, problem, isSendDeleted: send === null };
  return { kind: 'outcome', ...event, text: wordsOf(event) };
}

function wordsOf(event: Omit<OutcomeEvent, 'kind' | 'text'>): string {
  const { outcome, caller, messageId, lastSeen, attempts, problem, isSendDeleted } = event;
  const last = attempts === null || attempts < 2 ? 'the last attempt' : `the last of ${attempts} attempts`;
  const seen = lastSeen === null ? '' : `; ${last} met ${lastSeen}`;
  if (isSendDeleted) return `${outcome}, by ${caller}; the send itself is deleted`;
  switch (outcome) {
    case 'UNKNOWN':
      return `UNKNOWN: perhaps sent, and never sent again${seen}`;
    case 'NOT_SENT':
      return `NOT_SENT${problem === null ? '' : `, ${problem.code}: ${problem.message}`}${seen}`;
    case 'ACCEPTED':
      return `ACCEPTED${messageId === null ? '' : ` as message ${messageId}`}${seen}`;
  }
}

function deliveriesOf(send: StoredSend, now: number, show: ShowNumber): (DeliveryReportEvent | NowEvent)[] {
  const { sendId, message, status } = send;
  if (message?.direction === 'IN') return [];
  const messageId = message?.id ?? null;
  const reports = (message?.events ?? []).map((event): DeliveryReportEvent => {
    const { status: state, time, errorCode } = event;
    const to = event.to === null ? null : show(event.to);
    const text = `${state} to ${to ?? 'all recipients'}${errorCode === null ? '' : `: ${explained(errorCode)}`}`;
    return { kind: 'delivery', atMs: Math.floor(time / 1000), sendId, messageId, to, status: state, errorCode, text };
  });
  const leaseUntilMs = status === 'PENDING' ? send.leaseUntilMs : null;
  const text =
    leaseUntilMs === null
      ? status
      : `PENDING: its call is under way; UNKNOWN if it has no outcome at ${isoOf(leaseUntilMs)}`;
  const messageStatus = message?.status ?? null;
  return [...reports, { kind: 'now', atMs: now, sendId, messageId, status, messageStatus, leaseUntilMs, text }];
}

function explained(errorCode: number): string {
  const { name, meaning, origin, retryable } = failureOf(errorCode);
  return `${errorCode} ${name}: ${meaning} (${origin}${retryable ? ', may pass later' : ''})`;
}

/** Whether recipients have opted out by now. That may be why a later send was refused, which leaves no row. */
async function optOutsOf(
  store: Pick<MessageStore, 'listOptOuts'>,
  sends: readonly StoredSend[],
  now: number,
  show: ShowNumber,
): Promise<OptedOutEvent[]> {
  const pairs = new Map(
    sends.flatMap(({ from: owner, to }) => to.map((recipient) => [`${owner} ${recipient}`, { owner, recipient }])),
  );
  const slice = { limit: 1, after: null, before: null, fromEnd: false };
  const found = await Promise.all(
    [...pairs.values()].map((pair) => store.listOptOuts({ numbers: EVERYBODY, ...pair }, slice)),
  );
  return found.flat().map((optOut) => optedOut(optOut, now, show));
}

function optedOut({ since, source, ...pair }: OptOut, now: number, show: ShowNumber): OptedOutEvent {
  const recipient = show(pair.recipient);
  const owner = pair.owner && show(pair.owner);
  const text = `${recipient} wants no messages from ${owner ?? 'all numbers'} (${source})`;
  const atMs = Math.min(now, Math.floor(since / 1000));
  return { kind: 'opted out', atMs, sendId: null, messageId: null, recipient, owner, source, text };
}
