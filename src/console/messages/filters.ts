/** What the list of messages is filtered by. It stands in the address, so that a reload, a link and "back" keep it. */
import type { BubbleFragment, MessageDirection, MessageFilter, MessageStatus } from '../generated/graphql.js';
import { compareTimes } from '../ordered.js';

/** Sends without a message: what is in no list of messages. */
export type SendsWithout = 'REJECTED' | 'UNKNOWN';

export interface Filters {
  readonly status: MessageStatus | SendsWithout | null;
  readonly direction: MessageDirection | null;
  /** Of either side. */
  readonly number: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** Days, as `2026-11-29`, where whoever looks is: from the first on, up to and with the second. */
  readonly since: string | null;
  readonly until: string | null;
}

const STATUSES = ['ACCEPTED', 'SENDING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'RECEIVED'] as const;
const WITHOUT = ['REJECTED', 'UNKNOWN'] as const;

const oneOf = <Value extends string>(values: readonly Value[], text: string | null): Value | null =>
  values.find((value) => value === text) ?? null;

const numberIn = (text: string | null): string | null => {
  const number = text?.replace(/[\s().-]/g, '') ?? '';
  return number === '' ? null : number;
};
const dayIn = (text: string | null): string | null =>
  text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;

/** What cannot be read counts as no filter: an address may come from anywhere. */
export function filtersIn(search: string): Filters {
  const given = new URLSearchParams(search);
  return {
    status: oneOf([...STATUSES, ...WITHOUT], given.get('status')),
    direction: oneOf(['IN', 'OUT'], given.get('direction')),
    number: numberIn(given.get('number')),
    from: numberIn(given.get('from')),
    to: numberIn(given.get('to')),
    since: dayIn(given.get('since')),
    until: dayIn(given.get('until')),
  };
}

/** The address of the list with these filters. */
export function addressOf(filters: Filters): string {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? '/messages' : `/messages?${new URLSearchParams(given).toString()}`;
}

export const isAnySet = (filters: Filters): boolean => Object.values(filters).some((value) => value !== null);

/** The state of sends that are asked for in the place of messages. */
export const sendsIn = ({ status }: Filters): SendsWithout | null => oneOf(WITHOUT, status);

const startOf = (day: string, daysLater = 0): string => {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
};

export function toFilter({ status, direction, number, from, to, since, until }: Filters): MessageFilter {
  return {
    status: oneOf(STATUSES, status),
    direction,
    participant: number,
    from,
    to,
    since: since && startOf(since),
    until: until && startOf(until, 1),
  };
}

/** Whether a message that changed belongs into the list: as the server decides it. */
export function fits(message: BubbleFragment, filter: MessageFilter): boolean {
  const { status, direction, participant, from, to, since, until } = filter;
  return (
    (status == null || status === message.status) &&
    (direction == null || direction === message.direction) &&
    (participant == null || participant === message.from || message.to.includes(participant)) &&
    (from == null || from === message.from) &&
    (to == null || message.to.includes(to)) &&
    (since == null || compareTimes(message.time, since) >= 0) &&
    (until == null || compareTimes(message.time, until) < 0)
  );
}
