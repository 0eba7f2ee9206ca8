/** Removes messages from PostgreSQL, with all that lies elsewhere because of them. */
import type { PoolClient } from 'pg';
import { LIST_DIALECTS, numbered } from './list-query.js';
import { recordset } from './recordset.js';
import { oldMessagesQuery, REMOVED_COLUMNS, type RemovedRow } from './removal.js';
import { distinctRecipients } from './rows.js';

/** One instance removes at a time: the others find nothing to do, and look again later. Any number will do. */
export const REMOVAL_LOCK = 7_262_304;

/** See `MessageStore.removeMessages`. */
export async function removeSome(client: PoolClient, before: number, limit: number): Promise<number> {
  const { rows: locks } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
    REMOVAL_LOCK,
  ]);
  if (locks[0]?.taken !== true) return 0;
  const { rows } = await client.query<RemovedRow>(numbered(oldMessagesQuery(before, limit, LIST_DIALECTS.postgres)));
  if (rows.length === 0) return 0;
  const { rows: removed } = await client.query<RemovedRow>(
    `DELETE FROM sends WHERE send_id = ANY ($1) AND updated_at < $2 RETURNING ${REMOVED_COLUMNS}`,
    [rows.map(({ send_id }) => send_id), before],
  );
  await removeTraces(client, removed);
  return removed.length;
}

/** What lies elsewhere because of rows that went, or were emptied: their recipients, and conversations of which nothing is left. */
export async function removeTraces(client: PoolClient, rows: readonly RemovedRow[]): Promise<void> {
  const listed = rows.flatMap(({ send_id, time, recipients }) =>
    distinctRecipients(JSON.parse(recipients) as string[]).map((recipient) => ({ recipient, time, send_id })),
  );
  await client.query(
    `DELETE FROM recipients USING ${recordset(['recipient', 'time', 'send_id'])} WHERE recipients.recipient = given.recipient
     AND recipients.time = given.time AND recipients.send_id = given.send_id`,
    [JSON.stringify(listed)],
  );
  await leaveConversations(client, rows);
}

/**
 * Each conversation whose last message went stands at the place of the one before, or goes as well. Locked in the order of
 * ids, as whoever counts in them does; one that got a new message in the meantime is left as it is.
 */
async function leaveConversations(client: PoolClient, rows: readonly RemovedRow[]): Promise<void> {
  const { rows: found } = await client.query<{ id: string }>(
    'SELECT id FROM conversations WHERE id = ANY ($1) AND send_id = ANY ($2) ORDER BY id FOR UPDATE',
    [rows.map(({ conversation }) => conversation), rows.map(({ send_id }) => send_id)],
  );
  if (found.length > 0) await client.query(LEAVE, [found.map(({ id }) => id)]);
}

const LEAVE = `WITH left_behind AS (
    SELECT given.id, last.time, last.send_id FROM unnest($1::text[]) AS given (id) LEFT JOIN LATERAL (
      SELECT time, send_id FROM sends WHERE message_id IS NOT NULL AND conversation = given.id
      ORDER BY time DESC, send_id DESC LIMIT 1) AS last ON true),
  placed AS (
    UPDATE conversations SET time = left_behind.time, send_id = left_behind.send_id
    FROM left_behind WHERE conversations.id = left_behind.id AND left_behind.send_id IS NOT NULL),
  ended AS (
    DELETE FROM conversations USING left_behind WHERE conversations.id = left_behind.id AND left_behind.send_id IS NULL
    RETURNING conversations.id, conversations.participants)
  DELETE FROM conversation_participants AS one
  USING ended CROSS JOIN LATERAL json_array_elements_text(ended.participants::json) AS given (value)
  WHERE one.participant = given.value AND one.conversation = ended.id`;
