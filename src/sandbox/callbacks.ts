/** The callbacks of the sandbox: which events it sends for a message, and how it delivers them. */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { formatTime } from '../messaging/time.js';

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

interface Event {
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

/** `+1919555CCCC` asks for what CCCC says. */
const STEERING_NUMBER = /^\+1919555(\d{4})$/;
const OUT_OF_ORDER = '0001';
const SILENT = '0002';
const BEFORE_THE_ANSWER = '0003';

/** Whether the recipient's number asks for its events before the 202. */
export function overtakesAnswer(to: readonly string[]): boolean {
  return to.some((recipient) => STEERING_NUMBER.exec(recipient)?.[1] === BEFORE_THE_ANSWER);
}

/** The events of an accepted message, in the order in which they are sent. */
export function eventsOf({ to, media = [] }: CallbackMessage): Event[] {
  const reportsSending = to.length > 1 || media.length > 0;
  return to.flatMap((recipient) => {
    const steering = STEERING_NUMBER.exec(recipient)?.[1] ?? '';
    const sending = { type: 'message-sending', description: 'Message is sending to carrier', to: recipient };
    const delivered = { type: 'message-delivered', description: 'ok', to: recipient };
    if (steering === SILENT) return [];
    if (steering === OUT_OF_ORDER) return [delivered, sending, delivered, sending];
    const errorCode = Number(steering);
    const failed = { type: 'message-failed', description: 'sandbox-failure', to: recipient, errorCode };
    return [...(reportsSending ? [sending] : []), errorCode >= 4000 ? failed : delivered];
  });
}

/** Sends events one after the other; gives one up after its last try. */
export async function sendEvents(
  target: CallbackTarget,
  message: CallbackMessage,
  events: readonly Event[],
  signal: AbortSignal,
): Promise<void> {
  for (const event of events) {
    await delay(EVENT_DELAY_MS, undefined, { signal, ref: false });
    // Since 2019 the text of outgoing messages is not repeated.
    const text = message.direction === 'out' ? '' : message.text;
    const body = JSON.stringify([{ ...event, time: formatTime(Date.now() * 1000), message: { ...message, text } }]);
    await deliver(target, body, signal);
  }
}

async function deliver({ url, username, password }: CallbackTarget, body: string, signal: AbortSignal): Promise<void> {
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
      if (status >= 200 && status < 300) return;
    } catch {
      // A server that is away is tried again like one that refuses.
    }
    await delay(RETRY_MS * 2 ** attempt, undefined, { signal, ref: false });
  }
}
