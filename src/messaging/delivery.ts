/** Callback events → states. Events come at least once and in any order; the result must not depend on either. */
import { RANK, type Delivery, type Message, type MessageStatus, type Micros } from './message.js';

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

/** The deliveries after an event. An event about another recipient changes nothing. */
export function withEvent(deliveries: readonly Delivery[], event: DeliveryEvent): Delivery[] {
  const [only, ...others] = deliveries;
  // With one recipient the event is about that one, even if it spells the number differently.
  const to = only !== undefined && others.length === 0 ? only.to : event.to;
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
