/** Messages and their conversations in PostgreSQL: counted in the commit that makes them known, in the order of the ids. */
import type { PoolClient } from 'pg';
import type { ConsentStatement } from '../messaging/consent.js';
import {
  CONVERSATION_COLUMNS,
  filed,
  INSERT_CONVERSATIONS,
  IS_UNFILED,
  ON_KNOWN_CONVERSATION,
  tallied,
  UNFILED_COLUMNS,
  type KnownMessage,
  type UnfiledRow,
} from './conversations.js';
import { OWN_NUMBER } from './list-query.js';
import { recordset } from './recordset.js';

/**
 * What a transaction makes known. All of it is stored by its last statements, in the order of keys: so no two transactions
 * wait for each other's rows in turn.
 */
export interface News {
  readonly known: KnownMessage[];
  /** The sends whose messages lie in no conversation yet. */
  readonly unfiled: Set<string>;
  /** What its events say of consent. */
  readonly heard: ConsentStatement[];
}

export const noNews = (): News => ({ known: [], unfiled: new Set(), heard: [] });

/** Files the messages that a transaction made known. */
export async function fileNews(client: PoolClient, news: News): Promise<void> {
  if (news.unfiled.size > 0) {
    const unfiled = `SELECT ${UNFILED_COLUMNS} FROM sends WHERE send_id = ANY ($1) AND ${IS_UNFILED} ORDER BY send_id FOR UPDATE`;
    const { rows } = await client.query<UnfiledRow>(unfiled, [[...news.unfiled]]);
    news.known.push(...(await fileRows(client, rows)));
  }
  await countAll(client, news.known);
}

const SELECT_UNFILED = `SELECT ${UNFILED_COLUMNS} FROM sends WHERE ${IS_UNFILED}
  ORDER BY ${OWN_NUMBER}, time, send_id LIMIT $1 FOR UPDATE SKIP LOCKED`;

/** One instance files at a time: the others find nothing to do, and look again later. Any number will do. */
const FILING_LOCK = 7_262_303;

/** See `MessageStore.fileMessages`. */
export async function fileSome(client: PoolClient, limit: number): Promise<number> {
  const { rows: locks } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
    FILING_LOCK,
  ]);
  if (locks[0]?.taken !== true) return 0;
  const { rows } = await client.query<UnfiledRow>(SELECT_UNFILED, [limit]);
  await countAll(client, await fileRows(client, rows));
  return rows.length;
}

async function fileRows(client: PoolClient, rows: readonly UnfiledRow[]): Promise<KnownMessage[]> {
  if (rows.length === 0) return [];
  const files = rows.map((row) => ({ send_id: row.send_id, ...filed(row) }));
  await client.query(
    `UPDATE sends SET conversation = given.conversation FROM ${recordset(['send_id', 'conversation'])}
     WHERE sends.send_id = given.send_id`,
    [JSON.stringify(files.map(({ send_id, conversation }) => ({ send_id, conversation })))],
  );
  return files.flatMap(({ known }) => known ?? []);
}

const COUNT = `WITH counted AS (${countedOf(
  `SELECT ${CONVERSATION_COLUMNS.join(', ')} FROM ${recordset(CONVERSATION_COLUMNS)} ORDER BY id`,
)}) ${beginOf('counted')}`;

async function countAll(client: PoolClient, known: readonly KnownMessage[]): Promise<void> {
  if (known.length > 0) await client.query(COUNT, [JSON.stringify(tallied(known))]);
}

/** Counts what `source` lists of messages that became known, as parts of the statement that lists them. */
export function countOf(source: string): string {
  const counts = (['OUT', 'IN'] as const).map(
    (direction) => `count(*) FILTER (WHERE direction = '${direction}') OVER (PARTITION BY conversation)`,
  );
  const tally = `SELECT DISTINCT ON (conversation) conversation, number, participants, time, send_id, ${counts.join(', ')}
     FROM ${source} WHERE conversation IS NOT NULL ORDER BY conversation, time DESC, send_id DESC`;
  return `counted AS (${countedOf(tally)}), begun AS (${beginOf('counted')})`;
}

/** Rows that were inserted have no transaction yet that changed them: these are new. */
function countedOf(rows: string): string {
  return `${INSERT_CONVERSATIONS} ${rows} ${ON_KNOWN_CONVERSATION} RETURNING id, participants, xmax = 0 AS is_new`;
}

/** Who takes part in a conversation never changes. */
function beginOf(counted: string): string {
  return `INSERT INTO conversation_participants (participant, conversation)
     SELECT given.value, id FROM ${counted} CROSS JOIN LATERAL json_array_elements_text(participants::json) AS given (value)
     WHERE is_new AND length(given.value) <= 255`;
}
