/** A message's life in the order of time, from what the store and its audit know: for whoever asks where it went. */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EVERYBODY } from './messaging/caller.js';
import { failureOf } from './messaging/delivery-failure.js';
import type { MessageStore, StoredSend, Traced, TraceQuery } from './messaging/ports.js';

export const TRACE_USAGE = 'Usage: trace ID [--json] [--show-numbers], or trace --key KEY --caller NAME …';

export interface TraceRequest {
  readonly query: TraceQuery;
  /** A line of JSON for each event. */
  readonly asJson: boolean;
  /** Numbers as they are; else only their beginnings and ends. */
  readonly showsNumbers: boolean;
}

/** What the arguments of the command ask for; null where they cannot be read. */
export function readTraceRequest(args: readonly string[]): TraceRequest | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { key: text, caller: text, json: flag, 'show-numbers': flag };
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const query = queryOf(positionals, values);
    return query === null ? null : { query, asJson: values.json, showsNumbers: values['show-numbers'] };
  } catch {
    // An option that is not known.
    return null;
  }
}

function queryOf(
  positionals: readonly string[],
  { key, caller }: { readonly key?: string | undefined; readonly caller?: string | undefined },
): TraceQuery | null {
  const [id, ...rest] = positionals;
  if (rest.length > 0) return null;
  if (id !== undefined) return key === undefined && caller === undefined && id !== '' ? { id } : null;
  if (key === undefined || caller === undefined) return null;
  return { caller, keyHash: createHash('sha256').update(key).digest('hex') };
}

/** One thing that happened. */
interface LifeEvent {
  readonly atMs: number;
  /** Our id of the send; null for a message that nobody here sent. */
  readonly sendId: string | null;
  readonly what: 'claimed' | 'outcome' | 'settled' | 'delivery' | 'waits' | 'received' | 'opted out' | 'now';
  /** In words. */
  readonly text: string;
}

/** The life of what is asked for, a line for each event; null where nothing is known of it. */
export async function traced(
  store: Pick<MessageStore, 'trace' | 'listOptOuts'>,
  now: number,
  { query, asJson, showsNumbers }: TraceRequest,
): Promise<string | null> {
  const known = await store.trace(query);
  const show = showsNumbers ? (number: string): string => number : masked;
  const events = [...eventsOf(known, now, show), ...(await optOutsOf(store, known.sends, now, show))];
  if (events.length === 0) return null;
  // Of the same moment, in the order in which they are listed above.
  const lines = events.toSorted((a, b) => a.atMs - b.atMs).map(asJson ? inJson : inWords);
  return lines.map((line) => `${line}\n`).join('');
}

const inJson = ({ atMs, ...event }: LifeEvent): string => JSON.stringify({ at: isoOf(atMs), ...event });
const inWords = ({ atMs, what, sendId, text }: LifeEvent): string =>
  `${isoOf(atMs)}  ${what.padEnd(9)}  ${sendId ?? '-'}  ${text}`;
const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();

type Show = (number: string) => string;

/** The country and the last two digits: enough to recognize a number that is known. */
function masked(number: string): string {
  return number.length < 7 ? '***' : `${number.slice(0, 2)}${'*'.repeat(number.length - 4)}${number.slice(-2)}`;
}

function eventsOf({ sends, audit, early }: Traced, now: number, show: Show): LifeEvent[] {
  const outcomes = audit.map(({ atMs, sendId, caller, outcome, settledBy, reason }): LifeEvent => {
    const send = sends.find((each) => each.sendId === sendId);
    if (settledBy === null) return { atMs, sendId, what: 'outcome', text: outcomeOf(outcome, send, caller) };
    const why = reason === null ? '' : `: ${reason}`;
    return { atMs, sendId, what: 'settled', text: `${outcome} by ${settledBy}${why}` };
  });
  const waiting = early.map(({ atMs, event }): LifeEvent => {
    const text = `${event.status}, of message ${event.messageId}, which is not known yet; dropped after 72 hours`;
    return { atMs, sendId: event.sendId, what: 'waits', text };
  });
  return [
    ...sends.flatMap((send) => beginningOf(send, show)),
    ...outcomes,
    ...sends.flatMap((send) => deliveriesOf(send, now, show)),
    ...waiting,
  ];
}

function beginningOf(send: StoredSend, show: Show): LifeEvent[] {
  const { sendId, caller, requestId, keyHash, from, to, startedAtMs, message } = send;
  const numbers = `from ${show(from)} to ${to.map(show).join(', ')}`;
  if (message?.direction === 'IN') {
    return [{ atMs: startedAtMs, sendId: null, what: 'received', text: `message ${message.id} ${numbers}` }];
  }
  const facts = [`by ${caller}`, ...(requestId === null ? [] : [`request ${requestId}`])];
  const key = keyHash === null ? 'without a key' : `key ${keyHash}`;
  return [{ atMs: startedAtMs, sendId, what: 'claimed', text: `${[...facts, key].join(', ')}; ${numbers}` }];
}

/** What became of the call. What the audit has no words for is in the send, as long as that is kept. */
function outcomeOf(outcome: string, send: StoredSend | undefined, caller: string): string {
  if (send === undefined) return `${outcome}, by ${caller}; the send itself is deleted`;
  const seen = send.lastSeen === null || send.lastSeen === '' ? '' : `; the last attempt met ${send.lastSeen}`;
  if (outcome === 'UNKNOWN') return `UNKNOWN: perhaps sent, and never sent again${seen}`;
  if (outcome === 'REJECTED') {
    const why = send.problem === null ? '' : `, ${send.problem.code}: ${send.problem.message}`;
    return `NOT_SENT${why}${seen}`;
  }
  return `ACCEPTED${send.message === null ? '' : ` as message ${send.message.id}`}${seen}`;
}

function deliveriesOf(send: StoredSend, now: number, show: Show): LifeEvent[] {
  const { sendId, message, status, leaseUntilMs } = send;
  if (message?.direction === 'IN') return [];
  const events = (message?.events ?? []).map(({ to, status: state, time, errorCode }): LifeEvent => {
    const whom = to === null ? 'all recipients' : show(to);
    const text = `${state} to ${whom}${errorCode === null ? '' : `: ${explained(errorCode)}`}`;
    return { atMs: Math.floor(time / 1000), sendId, what: 'delivery', text };
  });
  const isOpen = status === 'PENDING';
  const open = `PENDING: its call is under way; UNKNOWN if it has no outcome at ${isoOf(leaseUntilMs)}`;
  return [...events, { atMs: now, sendId, what: 'now', text: isOpen ? open : status }];
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
  show: Show,
): Promise<LifeEvent[]> {
  const pairs = new Map(
    sends.flatMap(({ from: owner, to }) => to.map((recipient) => [`${owner} ${recipient}`, { owner, recipient }])),
  );
  const slice = { limit: 1, after: null, before: null, fromEnd: false };
  const found = await Promise.all(
    [...pairs.values()].map((pair) => store.listOptOuts({ numbers: EVERYBODY, ...pair }, slice)),
  );
  return found.flat().map(({ recipient, owner, since, source }): LifeEvent => {
    const whom = owner === null ? 'all numbers' : show(owner);
    const atMs = Math.min(now, Math.floor(since / 1000));
    return {
      atMs,
      sendId: null,
      what: 'opted out',
      text: `${show(recipient)} wants no messages from ${whom} (${source})`,
    };
  });
}
