/** The callbacks of the sandbox: which events it sends for a message, and how it delivers them. */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { formatTime } from '../messaging/time.js';
import { behaviorOfNumber, type Behavior } from './behavior.js';

/** Where callbacks go, with the credentials that are sent when they are asked for. */
export interface CallbackTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** What a callback says of its message. */
export interface CallbackMessage {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly applicationId: string;
  readonly owner: string;
  readonly text: string;
  readonly media?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly segmentCount: number;
  readonly direction: 'in' | 'out';
  readonly time: string;
}

export interface Event {
  readonly type: string;
  readonly description: string;
  readonly to: string;
  readonly errorCode?: number;
}

/** The pause before each event: long enough to be seen, short enough to wait for. */
const EVENT_DELAY_MS = 200;
/** Catapult tries for 24 hours; a server on the same machine is back sooner or not at all. */
const MAX_TRIES = 6;
const RETRY_MS = 100;

/** Whether one of the recipients has its events before the send is answered. */
export function overtakesAnswer(behaviors: Iterable<Behavior>): boolean {
  return [...behaviors].some(({ callbacks }) => callbacks === 'early');
}

/** The events of an accepted message, in the order in which they are sent. */
export function eventsOf(
  { to, media = [] }: CallbackMessage,
  behaviorOf: (recipient: string) => Behavior = behaviorOfNumber,
): Event[] {
  const reportsSending = to.length > 1 || media.length > 0;
  return to.flatMap((recipient) => {
    const { delivery, errorCode, callbacks } = behaviorOf(recipient);
    const sending = { type: 'message-sending', description: 'Message is sending to carrier', to: recipient };
    const delivered = { type: 'message-delivered', description: 'ok', to: recipient };
    const failed = { type: 'message-failed', description: 'sandbox-failure', to: recipient, errorCode };
    const last = delivery === 'failed' ? failed : delivered;
    const inOrder = [...(reportsSending ? [sending] : []), last];
    switch (callbacks) {
      case 'in-order':
      case 'early':
        return inOrder;
      case 'duplicate':
        return [...inOrder, ...inOrder];
      case 'reversed':
        return [last, sending];
      case 'duplicate-reversed':
        return [last, sending, last, sending];
      case 'none':
        return [];
      default:
        return callbacks satisfies never;
    }
  });
}

export interface Sending {
  /** Before each event; 200 by default. */
  readonly pauseMs?: number;
  /** Called for each event that the server has taken. */
  readonly onTaken?: (event: Event) => void;
}

/** Sends events one after the other; gives one up after its last try. */
export async function sendEvents(
  target: CallbackTarget,
  message: CallbackMessage,
  events: readonly Event[],
  signal: AbortSignal,
  { pauseMs = EVENT_DELAY_MS, onTaken }: Sending = {},
): Promise<void> {
  for (const event of events) {
    await delay(pauseMs, undefined, { signal, ref: false });
    // Since 2019 the text of outgoing messages is not repeated.
    const text = message.direction === 'out' ? '' : message.text;
    const body = JSON.stringify([{ ...event, time: formatTime(Date.now() * 1000), message: { ...message, text } }]);
    if (await deliver(target, body, signal)) onTaken?.(event);
  }
}

/** Whether the server has taken it. */
async function deliver(
  { url, username, password }: CallbackTarget,
  body: string,
  signal: AbortSignal,
): Promise<boolean> {
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const post = async (authorization: object): Promise<{ status: number; isChallenge: boolean }> => {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'BandwidthAPI/v2',
      ...authorization,
    };
    const answer = await request(url, { method: 'POST', headers, body, signal });
    await answer.body.dump();
    return { status: answer.statusCode, isChallenge: answer.headers['www-authenticate'] !== undefined };
  };
  for (let attempt = 1; attempt <= MAX_TRIES && !signal.aborted; attempt++) {
    try {
      const first = await post({});
      const { status } = first.status === 401 && first.isChallenge ? await post({ authorization: credentials }) : first;
      if (status >= 200 && status < 300) return true;
    } catch {
      // A server that is away is tried again like one that refuses.
    }
    if (attempt < MAX_TRIES) await delay(RETRY_MS * 2 ** attempt, undefined, { signal, ref: false });
  }
  return false;
}
