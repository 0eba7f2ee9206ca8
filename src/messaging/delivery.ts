/** Callback events → states. Events come at least once and in any order; the result must not depend on either. */
import { RANK, type Delivery, type Message, type MessageEvent, type MessageStatus, type Micros } from './message.js';

/** What a callback says about an outgoing message. */
export interface DeliveryEvent {
  readonly messageId: string;
  /** Our own id of the send, from a correlation that was verified; null where there is none. */
  readonly sendId: string | null;
  /** The one recipient it is about; null where Catapult did not say: then all of them. */
  readonly to: string | null;
  readonly status: 'ACCEPTED' | 'SENDING' | 'DELIVERED' | 'FAILED';
  readonly time: Micros;
  readonly errorCode: number | null;
  /** What it says about the message itself, for a send that lost its own answer. */
  readonly message: Pick<Message, 'time' | 'owner' | 'segmentCount' | 'pairedMessageId'>;
}

/** The deliveries of a message before its first event. */
export function openDeliveries(to: readonly string[]): Delivery[] {
  return to.map((recipient) => ({ to: recipient, status: 'ACCEPTED', time: null, errorCode: null }));
}

/** Whom an event is about; null for all recipients. */
function recipientOf(event: DeliveryEvent, deliveries: readonly Delivery[]): string | null {
  const [only, ...others] = deliveries;
  // With one recipient the event is about that one, even if it spells the number differently.
  return only !== undefined && others.length === 0 ? only.to : event.to;
}

/** The deliveries after an event. An event about another recipient changes nothing. */
export function withEvent(deliveries: readonly Delivery[], event: DeliveryEvent): Delivery[] {
  const to = recipientOf(event, deliveries);
  const { status, time, errorCode } = event;
  return deliveries.map((delivery) =>
    to === null || delivery.to === to ? further(delivery, { to: delivery.to, status, time, errorCode }) : delivery,
  );
}

/**
 * Of two reports on one recipient the one of higher rank; among equals the earlier, then the one with the lower code.
 */
function further(known: Delivery, heard: Delivery): Delivery {
  const ranks = RANK[heard.status] - RANK[known.status];
  if (ranks !== 0) return ranks > 0 ? heard : known;
  const times = (heard.time ?? Infinity) - (known.time ?? Infinity);
  if (times !== 0 && !Number.isNaN(times)) return times < 0 ? heard : known;
  return (heard.errorCode ?? 0) < (known.errorCode ?? 0) ? heard : known;
}

/** Ten recipients have some forty; an upstream that goes mad could report without end. */
const MAX_EVENTS = 100;

/** What was reported, with this event, the earliest first. A repetition, or an event about another recipient, adds nothing. */
export function withReport(
  events: readonly MessageEvent[],
  deliveries: readonly Delivery[],
  event: DeliveryEvent,
): readonly MessageEvent[] {
  const { status, time, errorCode } = event;
  const heard: MessageEvent = { to: recipientOf(event, deliveries), status, time, errorCode };
  if (heard.to !== null && !deliveries.some(({ to }) => to === heard.to)) return events;
  if (events.some((known) => order(known, heard) === 0)) return events;
  return [...events, heard].sort(order).slice(0, MAX_EVENTS);
}

/** By time, and then so that the order of arrival never matters. */
function order(a: MessageEvent, b: MessageEvent): number {
  const to = (a.to ?? '') < (b.to ?? '') ? -1 : (a.to ?? '') === (b.to ?? '') ? 0 : 1;
  return a.time - b.time || RANK[a.status] - RANK[b.status] || to || (a.errorCode ?? 0) - (b.errorCode ?? 0);
}

/** What became of the whole message: DELIVERED and FAILED only when all recipients agree. */
export function aggregateStatus(deliveries: readonly Delivery[]): MessageStatus {
  const statuses = new Set(deliveries.map(({ status }) => status));
  if (statuses.has('ACCEPTED') || statuses.has('SENDING')) {
    return statuses.size === 1 && statuses.has('ACCEPTED') ? 'ACCEPTED' : 'SENDING';
  }
  const [status = 'ACCEPTED', ...others] = statuses;
  return others.length === 0 ? status : 'PARTIALLY_DELIVERED';
}

/** Whether no more changes of a message are expected. */
export function isFinal({ status }: Pick<Message, 'status'>): boolean {
  return RANK[status] >= RANK.DELIVERED;
}
