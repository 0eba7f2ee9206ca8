/** How a number is found wherever it lies, and what stays of its sends; the same in both databases. */
import type { ForgettingStep } from '../messaging/ports.js';
import { FORGOTTEN, isUnresolved } from '../messaging/ports.js';
import type { Query } from './list-query.js';
import { SHED_COLUMNS, storedSend, type AllColumns, type SendRow } from './rows.js';

/** The tables that are looked through, in this order; then consent is looked up. */
export const PLACES = ['sends', 'early_events', 'strange_callbacks', 'other_events', 'consent'] as const;

/** It takes some seconds for each million sends: what has no end after a day was ended in the middle. */
const LONGEST_MS = 24 * 3_600_000;

/** Whether a number was being forgotten then or later. No other entries of the audit name no send. */
export const forgotSinceQuery = (sinceMs: number): Query => ({
  sql: `SELECT 1 FROM (SELECT max(time) AS last, count(*) - 2 * count(CASE outcome WHEN 'FORGOTTEN' THEN 1 END) AS running
    FROM audit WHERE send_id = '' AND time >= ?) AS noted WHERE last >= ? OR running <> 0`,
  values: [sinceMs - LONGEST_MS, sinceMs],
});

/** The texts of callbacks, by table. */
export const CALLBACK_TEXT = { early_events: 'event', strange_callbacks: 'body', other_events: 'body' } as const;

/** A number in the forms in which networks write it, blanks and dashes aside: E.164; without its plus; as one dials it; in +1, without that. */
export interface NumberForms {
  /** What all forms have in common: the digits of the number itself. */
  readonly core: string;
  /** The last of them, which nobody writes apart: an address without these names another number. */
  readonly end: string;
  readonly all: readonly string[];
  /** Whether a text holds any of them, with no other digit beside it. */
  readonly isIn: (text: string) => boolean;
  /** The same as a regular expression of JavaScript and of PostgreSQL. */
  readonly pattern: string;
}

const NATIONAL = /^\+1(\d{10})$/;

export function formsOf(number: string): NumberForms {
  const digits = number.replace(/\D/g, '');
  // With a plus, the digits of a short code are somebody else's number.
  if (!number.startsWith('+')) return formsOfCode(digits);
  const [, national] = NATIONAL.exec(number) ?? [];
  const all = [`+${digits}`, digits, `00${digits}`, `011${digits}`, ...(national === undefined ? [] : [national])];
  const core = national ?? digits;
  const prefix = national === undefined ? '(?:00|011)?' : '(?:00|011)?1?';
  const pattern = `(?<!\\d)${prefix}${core}(?!\\d)`;
  const found = new RegExp(pattern);
  return { core, end: core.slice(-4), all, pattern, isIn: (text) => found.test(text) };
}

function formsOfCode(code: string): NumberForms {
  const pattern = `(?<![+\\d])${code}(?!\\d)`;
  const found = new RegExp(pattern);
  return { core: code, end: code.slice(-4), all: [code], pattern, isIn: (text) => found.test(text) };
}

/** Where numbers lie in a row of `sends`, as SQL that is true at least for each row that names one with this end. */
export const MAY_NAME = (holds: (column: string) => string): string =>
  ['sender', 'recipients', 'owner', 'deliveries', 'events'].map((name) => holds(`COALESCE(${name}, '')`)).join(' OR ');

/** Whether a row's message is from the number or to it, whoever of a group that is. */
export function isOf(row: SendRow, { all }: NumberForms): boolean {
  const listed = (json: string | null): { readonly to?: string | null }[] =>
    json === null ? [] : (JSON.parse(json) as { readonly to?: string | null }[]);
  const told = [...listed(row.deliveries), ...listed(row.events)].map(({ to }) => to ?? null);
  const named = [row.sender, row.owner, ...(JSON.parse(row.recipients) as string[]), ...told];
  return named.some((address) => address !== null && all.includes(address.replace(/^tel:|[ ().-]/g, '')));
}

export type Fate = 'STAYS' | 'IS_EMPTIED' | 'GOES';

/**
 * A send whose outcome is open stays, since it must be settled. What holds a key is emptied, so that the key sends nothing
 * again; as is what was refused, which ends within three days, and may stop a claim that is still on its way.
 */
export function fateOf(row: SendRow): Fate {
  if (row.status === 'PENDING' || isUnresolved(storedSend(row))) return 'STAYS';
  return row.idempotency_key !== null || row.status === 'REJECTED' ? 'IS_EMPTIED' : 'GOES';
}

/** What is written over a row that is emptied. Its id, its caller, its key, its state and its times stay. */
export const EMPTY = {
  ...SHED_COLUMNS,
  sender: '',
  recipients: '[]',
  application_id: null,
  owner: null,
  message_id: null,
  time: null,
  segment_count: null,
  priority: null,
  expires_at: null,
  paired_message_id: null,
  // Not null: no answer that comes late replaces this.
  deliveries: '[]',
  events: null,
  conversation: null,
  last_seen: null,
  problem: null,
  settled_by: FORGOTTEN,
  settled_reason: null,
} as const satisfies Partial<AllColumns>;

export const NOTHING: ForgettingStep = { next: null, messages: 0, callbacks: 0, consent: 0, unresolved: [], media: [] };

/** The addresses of the media of rows that came in. */
export const mediaOf = (rows: readonly SendRow[]): string[] =>
  rows.flatMap(({ direction, media }) => (direction === 'IN' ? (JSON.parse(media) as string[]) : []));
