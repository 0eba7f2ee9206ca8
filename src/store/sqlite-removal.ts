/** Removes messages from SQLite, with all that lies elsewhere because of them. */
import type { Statement } from 'better-sqlite3';
import type { RemovedRow } from './removal.js';
import { distinctRecipients } from './rows.js';

/** Prepares a statement, or finds it prepared. */
export type Prepare = (sql: string) => Statement;

/** Removes the rows, their recipients, and the conversations of which nothing is left. In a transaction of the caller's. */
export function removeRows(prepare: Prepare, rows: readonly RemovedRow[]): void {
  const remove = prepare('DELETE FROM sends WHERE send_id = ?');
  for (const { send_id } of rows) remove.run(send_id);
  removeTraces(prepare, rows);
}

/** Removes what lies elsewhere because of rows that went, or were emptied. */
export function removeTraces(prepare: Prepare, rows: readonly RemovedRow[]): void {
  for (const row of rows) unlist(prepare, row);
  leaveConversations(prepare, rows);
}

function unlist(prepare: Prepare, { send_id, time, recipients }: RemovedRow): void {
  const remove = prepare('DELETE FROM recipients WHERE recipient = ? AND time = ? AND send_id = ?');
  for (const recipient of distinctRecipients(JSON.parse(recipients) as string[])) remove.run(recipient, time, send_id);
}

const LAST_MESSAGE = `SELECT time, send_id FROM sends INDEXED BY sends_conversation
  WHERE message_id IS NOT NULL AND conversation = ? ORDER BY time DESC, send_id DESC LIMIT 1`;

/** Each conversation whose last message went stands at the place of the one before, or goes as well. */
function leaveConversations(prepare: Prepare, rows: readonly RemovedRow[]): void {
  const gone = new Set(rows.map(({ send_id }) => send_id));
  const select = prepare('SELECT send_id FROM conversations WHERE id = ?');
  for (const id of new Set(rows.map(({ conversation }) => conversation))) {
    const known = select.get(id) as { readonly send_id: string } | undefined;
    if (known === undefined || !gone.has(known.send_id)) continue;
    const last = prepare(LAST_MESSAGE).get(id) as Pick<RemovedRow, 'time' | 'send_id'> | undefined;
    if (last === undefined) endConversation(prepare, id);
    else prepare('UPDATE conversations SET time = ?, send_id = ? WHERE id = ?').run(last.time, last.send_id, id);
  }
}

function endConversation(prepare: Prepare, id: string | null): void {
  const participants =
    'SELECT value FROM conversations, json_each(conversations.participants) WHERE conversations.id = ?';
  prepare(`DELETE FROM conversation_participants WHERE conversation = ? AND participant IN (${participants})`).run(
    id,
    id,
  );
  prepare('DELETE FROM conversations WHERE id = ?').run(id);
}
