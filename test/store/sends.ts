/** Sends, messages and events for tests, and what is asked of a store again and again. */
import type { CallbackEvent } from '../../src/messaging/callback-event.js';
import { EVERYBODY, type Own } from '../../src/messaging/caller.js';
import { openDeliveries, type DeliveryEvent } from '../../src/messaging/delivery.js';
import type { Message } from '../../src/messaging/message.js';
import type {
  ListedMessage,
  MessageFilter,
  MessageStore,
  NewSend,
  Position,
  Resolution,
  Slice,
} from '../../src/messaging/ports.js';
import { OUTBOUND } from '../support/messages.js';

export const NO_FILTER: MessageFilter = {
  caller: EVERYBODY,
  from: null,
  to: null,
  participant: null,
  statuses: null,
  ids: null,
  tag: null,
  conversation: null,
  since: null,
  until: null,
};

/** What a caller sees by its name and its numbers. */
export const own = (caller: string, ...numbers: string[]): Own => ({ caller, numbers });

/** The first entries of a list, or the first after a position. */
export const firstOf = (limit: number, after: Position | null = null): Slice => ({
  limit,
  after,
  before: null,
  fromEnd: false,
});

let counter = 0;

export function newSend(fields: Partial<NewSend> = {}): NewSend {
  const sendId = `send${String(++counter).padStart(8, '0')}`;
  const base = { sendId, caller: 'a', idempotencyKey: null, fingerprint: 'f', message: OUTBOUND, requestId: 'r' };
  return { ...base, startedAtMs: 1_000, leaseUntilMs: 36_000, ...fields };
}

export function accepted(fields: Partial<Message> = {}): Resolution & { readonly message: Message } {
  const message: Message = {
    id: `message${++counter}`,
    time: 1_000_000 + counter,
    from: OUTBOUND.from,
    to: OUTBOUND.to,
    text: OUTBOUND.text,
    applicationId: OUTBOUND.applicationId,
    media: [],
    tag: null,
    owner: OUTBOUND.from,
    direction: 'OUT',
    segmentCount: 1,
    priority: null,
    expiresAt: null,
    pairedMessageId: null,
    status: 'ACCEPTED',
    deliveries: openDeliveries(fields.to ?? OUTBOUND.to),
    events: [],
    ...fields,
  };
  return { status: 'ACCEPTED', message };
}

/** What a send comes to that was not sent. */
export const REJECTED = {
  status: 'REJECTED',
  problem: { code: 'UPSTREAM_UNAVAILABLE', message: 'm' },
} as const satisfies Resolution;

/** What a callback says about a message: that it was delivered. */
export const heard = (messageId: string, fields: Partial<DeliveryEvent> = {}): Heard => ({
  kind: 'delivery',
  event: {
    messageId,
    sendId: null,
    to: OUTBOUND.to[0] ?? null,
    status: 'DELIVERED',
    time: 5,
    errorCode: null,
    message: { time: 4, owner: '+19', segmentCount: 2, pairedMessageId: null },
    ...fields,
  },
});
type Heard = Extract<CallbackEvent, { readonly kind: 'delivery' }>;

/** Claims and accepts a message in one go. */
export async function put(
  store: MessageStore,
  fields: Partial<Message> = {},
  send: Partial<NewSend> = {},
): Promise<Message> {
  const claim = newSend(send);
  const resolution = accepted(fields);
  await store.claim(claim);
  await store.record(claim.sendId, resolution, 2_000);
  return resolution.message;
}

/** Takes in a message that came from outside. */
export async function receive(store: MessageStore, fields: Partial<Message> = {}): Promise<Message> {
  const { message } = accepted({ direction: 'IN', status: 'RECEIVED', deliveries: [], ...fields });
  await store.take({ kind: 'received', message }, 2_000);
  return message;
}

/** All pages of a list, and how many there were. */
export async function pages(
  store: MessageStore,
  size: number,
  filter: Partial<MessageFilter> = {},
): Promise<Message[]> {
  const found: Message[] = [];
  let after: Position | null = null;
  for (;;) {
    const page: readonly ListedMessage[] = (await store.listMessages({ ...NO_FILTER, ...filter }, firstOf(size, after)))
      .listed;
    found.push(...page.map(({ message }) => message));
    const last = page.at(-1);
    if (last === undefined || page.length < size) return found;
    after = last.position;
  }
}

export const idsOf = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);

/** Numbers from 0 to below `limit`, the same in every run (mulberry32). */
export function newRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
