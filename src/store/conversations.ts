/** Conversations as rows: one for each, at the place of its last message, counted in the commit that makes a message known. */
import { EVERYBODY } from '../messaging/caller.js';
import { isConversationId, type ConversationKey } from '../messaging/conversation.js';
import { isCleanText, type MessageDirection } from '../messaging/message.js';
import type {
  ConversationFilter,
  ConversationList,
  Slice,
  StoredConversation,
  WhoseNumbers,
} from '../messaging/ports.js';
import { boundsOf, inOrder, type ListDialect, type Query } from './list-query.js';
import { conversationKey, messageOf, NO_CONVERSATION, SEND_COLUMNS, type SendRow } from './rows.js';

/** A row of `conversations`. Its place is that of its last message, and no other conversation has it. */
interface ConversationRow {
  readonly id: string;
  readonly number: string;
  /** JSON. */
  readonly participants: string;
  readonly time: number;
  readonly send_id: string;
  readonly sent: number;
  readonly received: number;
}

export const CONVERSATION_COLUMNS = [
  'id',
  'number',
  'participants',
  'time',
  'send_id',
  'sent',
  'received',
] as const satisfies readonly (keyof ConversationRow)[];

/** A message that became known. */
export interface KnownMessage {
  readonly key: ConversationKey;
  readonly time: number;
  readonly sendId: string;
  readonly direction: MessageDirection;
}

const IS_LATER = '(excluded.time, excluded.send_id) > (known.time, known.send_id)';

/** The end of the statement that counts messages: one that became known late does not become the last one. */
export const ON_KNOWN_CONVERSATION = `ON CONFLICT (id) DO UPDATE SET
  sent = known.sent + excluded.sent, received = known.received + excluded.received,
  time = CASE WHEN ${IS_LATER} THEN excluded.time ELSE known.time END,
  send_id = CASE WHEN ${IS_LATER} THEN excluded.send_id ELSE known.send_id END`;

export const INSERT_CONVERSATIONS = `INSERT INTO conversations AS known (${CONVERSATION_COLUMNS.join(', ')})`;

/** What messages add, a row for each conversation, by its id: whoever changes several rows does so in this order. */
export function tallied(messages: readonly KnownMessage[]): ConversationRow[] {
  const rows = new Map<string, ConversationRow>();
  for (const { key, time, sendId, direction } of messages) {
    const { id, number, participants } = key;
    const none = {
      id,
      number,
      participants: JSON.stringify(participants),
      time: -Infinity,
      send_id: '',
      sent: 0,
      received: 0,
    };
    const row = rows.get(id) ?? none;
    const isLater = time > row.time || (time === row.time && sendId > row.send_id);
    rows.set(id, {
      ...row,
      ...(isLater && { time, send_id: sendId }),
      sent: row.sent + (direction === 'OUT' ? 1 : 0),
      received: row.received + (direction === 'IN' ? 1 : 0),
    });
  }
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A message that is known, and in no conversation yet. */
export const IS_UNFILED = 'message_id IS NOT NULL AND conversation IS NULL';

/** What is read of a row to put its message into its conversation. */
export const UNFILED_COLUMNS = 'send_id, time, direction, sender, recipients, owner';

export type UnfiledRow = Pick<SendRow, 'send_id' | 'direction' | 'sender' | 'recipients' | 'owner'> & {
  readonly time: number;
};

/** What is written into such a row, and what it adds to its conversation, where it belongs to one. */
export function filed(row: UnfiledRow): { readonly conversation: string; readonly known: KnownMessage | null } {
  const direction = row.direction as MessageDirection;
  const to = JSON.parse(row.recipients) as string[];
  const key = conversationKey({ direction, from: row.sender, to, owner: row.owner });
  if (key === null) return { conversation: NO_CONVERSATION, known: null };
  return { conversation: key.id, known: { key, time: row.time, sendId: row.send_id, direction } };
}

/** A conversation with its last message. */
export type ConversationWithMessage = SendRow & {
  readonly conversation_id: string;
  readonly number: string;
  readonly participants: string;
  readonly sent: number;
  readonly received: number;
};

const COLUMNS = [
  'conversations.id AS conversation_id',
  'conversations.number',
  'conversations.participants',
  'conversations.sent',
  'conversations.received',
  ...SEND_COLUMNS.split(', ').map((name) => `sends.${name}`),
].join(', ');

/** Places as a table, joined with what stands there. */
const atPlaces = (places: string, { join }: ListDialect, order: string): string =>
  `SELECT ${COLUMNS} FROM (${places}) AS found ${join} conversations ON conversations.id = found.id ` +
  `${join} sends ON sends.send_id = conversations.send_id ${order}`;

/** A slice of the conversations, newest first, or oldest first if it is taken from the end; null where none can be in it. */
export function conversationsQuery(filter: ConversationFilter, slice: Slice, dialect: ListDialect): Query | null {
  const { owner, participant } = filter;
  const numbers = numbersOf(filter);
  if (![owner, participant].every((text) => text === null || isCleanText(text)) || numbers?.length === 0) return null;
  const bounds = boundsOf('conversations', slice);
  const where = (conditions: readonly string[]): string =>
    [...conditions, ...bounds.map(([sql]) => sql)].map((sql) => ` AND ${sql}`).join('');
  const values = [...bounds.flatMap(([, ...each]) => each), slice.limit];
  const order = inOrder('conversations', slice);
  const select = 'SELECT conversations.id, conversations.time, conversations.send_id FROM';
  const page = (places: string, given: Query['values']): Query => ({
    sql: atPlaces(places, dialect, inOrder('found', slice)),
    values: given,
  });
  const given = numbers === null ? [] : [JSON.stringify(numbers)];
  if (participant !== null) {
    // Somebody writes to few of your numbers, and in few groups: these are sorted.
    const isOfThese = `conversations.number IN (SELECT value FROM ${dialect.given('number')})`;
    return page(
      `${select} conversation_participants AS one ${dialect.join} conversations ON conversations.id = one.conversation ` +
        `WHERE one.participant = ?${where(numbers === null ? [] : [isOfThese])} ${order} LIMIT ?`,
      [participant, ...given, ...values],
    );
  }
  if (numbers === null) {
    const index = dialect.indexedBy('conversations_time');
    return page(`${select} conversations${index} WHERE true${where([])} ${order} LIMIT ?`, values);
  }
  const merged = dialect.newestOf({
    table: 'conversations',
    id: 'id',
    each: { sql: `SELECT number.value AS number FROM ${dialect.given('number')}`, values: given },
    columns: ['number'],
    slice,
    walk: (columns, limit, passed) => {
      const passing = boundsOf('conversations', slice, passed);
      return {
        sql:
          `SELECT ${columns} FROM conversations${dialect.indexedBy('conversations_number')} WHERE conversations.number = each.number` +
          `${passing.map(([sql]) => ` AND ${sql}`).join('')} ${order} LIMIT ${limit}`,
        values: [...passing.flatMap(([, ...each]) => each), ...(limit === '?' ? [slice.limit] : [])],
      };
    },
  });
  return page(merged.sql, merged.values);
}

/** The numbers whose conversations are asked for; null for all. */
function numbersOf({ numbers, owner }: ConversationFilter): readonly string[] | null {
  if (owner === null) return numbers === EVERYBODY ? null : numbers;
  return numbers === EVERYBODY || numbers.includes(owner) ? [owner] : [];
}

/** The conversations with these ids; null where none can be among them. */
export function conversationsByIdQuery(
  ids: readonly string[],
  numbers: WhoseNumbers,
  dialect: ListDialect,
): Query | null {
  const wanted = [...new Set(ids.filter(isConversationId))];
  if (wanted.length === 0 || (numbers !== EVERYBODY && numbers.length === 0)) return null;
  const [isOfThese, given] =
    numbers === EVERYBODY
      ? ['', []]
      : [` WHERE conversations.number IN (SELECT value FROM ${dialect.given('number')})`, [JSON.stringify(numbers)]];
  return {
    sql: atPlaces(`SELECT value AS id FROM ${dialect.given('wanted')}`, dialect, isOfThese),
    values: [JSON.stringify(wanted), ...given],
  };
}

export function listedConversations(rows: readonly ConversationWithMessage[]): ConversationList['listed'] {
  return rows.flatMap((row) => {
    const lastMessage = messageOf(row);
    if (lastMessage === null) return [];
    const { conversation_id: id, number, sent: sentCount, received: receivedCount } = row;
    const participants = JSON.parse(row.participants) as string[];
    return [
      {
        conversation: { id, number, participants, lastMessage, sentCount, receivedCount },
        position: { time: lastMessage.time, sendId: row.send_id },
      },
    ];
  });
}

/** The conversations of `ids`, in that order. */
export function conversationsInOrderOf(
  ids: readonly string[],
  rows: readonly ConversationWithMessage[],
): (StoredConversation | null)[] {
  const byId = new Map(listedConversations(rows).map(({ conversation }) => [conversation.id, conversation]));
  return ids.map((id) => byId.get(id) ?? null);
}
