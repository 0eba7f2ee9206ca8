/**
 * What this tab sent and whose fate is not known yet, or that was not sent. Each message has one idempotency key, which is
 * made when it is first sent, and is kept in sessionStorage with it until its fate is known. So a reload in the middle, a
 * lost answer and an impatient finger all repeat the same send, and none makes a second one.
 */
import { useSyncExternalStore } from 'react';
import {
  LookDocument,
  SubmitDocument,
  WatchDocument,
  type FateFragment,
  type MessageInput,
  type ProblemFragment,
} from './generated/graphql.js';
import { announce } from './announce.js';
import { addAnswer } from './conversations/lists.js';
import { onNews, type News } from './feed.js';
import { follow } from './resume.js';
import { client, onConnection } from './server.js';

/** The server forgets a key after 72 hours, and could then send again. */
const REPEATABLE_MS = 24 * 60 * 60 * 1000;
/** Who comes back later did not ask for a message to go out now. No call of his can be on its way any more either. */
const SENT_BY_ITSELF_MS = 10 * 60 * 1000;

/** A message with its key. */
export type KeyedInput = MessageInput & { readonly to: readonly string[]; readonly idempotencyKey: string };

export interface Sent {
  readonly input: KeyedInput;
  /** When the call went out that its key may belong to, in milliseconds since 1970. */
  readonly since: number;
  /** When somebody last asked for it to be sent, in the same. */
  readonly askedAt: number;
  /** `UNKNOWN`: perhaps sent. It may be repeated with its key, and never be sent as a new message. */
  readonly state: 'SENDING' | 'NOT_SENT' | 'UNKNOWN' | 'SENT';
  /** Null while it is under way, and where no answer came. */
  readonly problem: ProblemFragment | null;
  /** The conversation that it went to, once it was sent. */
  readonly conversationId?: string | null;
}

let place: string | null = null;
let all: readonly Sent[] = [];
const listeners = new Set<() => void>();

function set(next: readonly Sent[]): void {
  all = next;
  // What was sent is in its conversation, and needs to be kept no longer.
  if (place !== null) sessionStorage.setItem(place, JSON.stringify(all.filter(({ state }) => state !== 'SENT')));
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useOutbox = (): readonly Sent[] => useSyncExternalStore(listen, () => all);

/** What was sent with this key; undefined where it has been put away. */
export const useSent = (key: string | null): Sent | undefined => useOutbox().find(isOf(key));

const isOf =
  (key: string | null) =>
  ({ input }: Sent): boolean =>
    input.idempotencyKey === key;

/** Nothing, where it was sent for certain meanwhile, or was put away. */
function change(key: string, part: Partial<Sent>): void {
  if (isOpen(key)) set(all.map((each) => (isOf(key)(each) ? { ...each, ...part } : each)));
}

const isOpen = (key: string): boolean => all.some((sent) => isOf(key)(sent) && sent.state !== 'SENT');

export function forget(key: string): void {
  if (all.some(isOf(key))) set(all.filter((each) => !isOf(key)(each)));
}

export const mayRepeat = ({ since }: Sent): boolean => Date.now() - since < REPEATABLE_MS;

/** Sends a message, or asks again what became of it: with the same key and input that is the same. */
export function send(input: KeyedInput): Promise<void> {
  const { idempotencyKey: key } = input;
  const askedAt = Date.now();
  const known = all.find(isOf(key));
  // What was not sent has left its key free: a new call takes it.
  const since = known === undefined || known.state === 'NOT_SENT' ? askedAt : known.since;
  if (known === undefined) set([...all, { input, since, askedAt, state: 'SENDING', problem: null }]);
  else change(key, { since, askedAt });
  return submit(input);
}

/** The keys of this page's calls that have no answer yet. */
const underWay = new Set<string>();

async function submit(input: KeyedInput): Promise<void> {
  const { idempotencyKey: key } = input;
  change(key, { input, state: 'SENDING', problem: null });
  underWay.add(key);
  const { data } = await client.mutation(SubmitDocument, { input }).toPromise();
  underWay.delete(key);
  const answer = data?.submitMessage;
  if (answer?.__typename === 'Message') {
    addAnswer(answer);
    wasSent(key, answer);
  } else if (answer?.outcome === 'NOT_SENT') wasNotSent(key, answer);
  // Without an answer the request may have arrived all the same.
  else await isUnknown(key, answer ?? null);
}

function wasSent(key: string, message: News | null): void {
  if (!isOpen(key)) return;
  change(key, { state: 'SENT', problem: null, conversationId: message?.conversation?.id ?? null });
  announce('Sent.');
}

function wasNotSent(key: string, problem: ProblemFragment | null): void {
  change(key, { state: 'NOT_SENT', problem });
  announce('Not sent.');
}

async function isUnknown(key: string, problem: ProblemFragment | null): Promise<void> {
  change(key, { state: 'UNKNOWN', problem });
  announce('Perhaps sent.');
  await look(key);
}

/** Asks what became of it, without sending anything. Resolves with whether the server knows it; null if it did not say. */
async function look(key: string): Promise<boolean | null> {
  const { data, error } = await client.query(LookDocument, { key }).toPromise();
  if (data?.send) {
    learn(key, data.send);
    return true;
  }
  // Beside an error, no send says nothing: the server could not look, or this caller may not.
  return error ? null : false;
}

/** The send that each key belonged to when it was last looked at, and how to stop watching it. */
const watched = new Map<string, { readonly id: string; readonly stop: () => void }>();

function learn(key: string, { id, status, message, problem }: FateFragment): void {
  switch (status) {
    case 'ACCEPTED':
      wasSent(key, message);
      break;
    case 'REJECTED':
      // Nobody sends it again by itself: what the server refused once, a person judges.
      wasNotSent(key, problem);
      break;
    case 'UNKNOWN':
      change(key, { state: 'UNKNOWN', problem });
      watch(key, id);
      break;
    case 'PENDING':
      watch(key, id);
      break;
    default:
      status satisfies never;
  }
}

const isWaitedFor = ({ state }: Sent): boolean => state === 'SENDING' || state === 'UNKNOWN';

/** A callback, a search or a person may still find out. */
function watch(key: string, id: string): void {
  const known = watched.get(key);
  if (known?.id === id) return;
  // That one was not sent, and its key went to this one.
  known?.stop();
  const isOver = (): boolean => !all.some((sent) => isOf(key)(sent) && isWaitedFor(sent));
  const stop = follow({
    start: () => client.subscription(WatchDocument, { id }),
    onData({ sendUpdated }) {
      learn(key, sendUpdated);
      if (!isOver()) return;
      watched.delete(key);
      stop();
    },
    isOver,
  });
  watched.set(key, { id, stop });
}

/** Asks what became of all that may have been sent. What the server does not know is sent, unless that was asked for long ago. */
async function resume(): Promise<void> {
  await Promise.all(all.filter(isWaitedFor).map(resumeOne));
}

async function resumeOne({ input, askedAt }: Sent): Promise<void> {
  const { idempotencyKey: key } = input;
  const isKnown = await look(key);
  const sent = all.find(isOf(key));
  // Meanwhile it was answered, put away, or asked for again.
  if (isKnown === true || sent === undefined || !isWaitedFor(sent) || sent.askedAt !== askedAt) return;
  if (isKnown === false && Date.now() - askedAt < SENT_BY_ITSELF_MS) await submit(input);
  else if (isKnown === false && mayRepeat(sent)) wasNotSent(key, null);
  // The call belonged to this page before a reload: no answer will come.
  else if (!underWay.has(key)) change(key, { state: 'UNKNOWN' });
}

/** Keys belong to a caller: nobody else may repeat what this one sent. Another caller loads the page again. */
export function openOutbox(caller: string): void {
  if (place !== null) return;
  place = `outbox of ${caller}`;
  set(JSON.parse(sessionStorage.getItem(place) ?? '[]') as readonly Sent[]);
  // The feed tells of a message also where its answer was lost.
  onNews((news) => {
    if (news.send?.idempotencyKey != null) wasSent(news.send.idempotencyKey, news);
  });
  void resume();
  onConnection((isConnected) => isConnected && void resume());
}
