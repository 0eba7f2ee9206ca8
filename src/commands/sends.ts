/** `unresolved` and `settle`: the sends of which nobody knows whether they went out. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { storeConfigIn, type Environment } from '../config/config.js';
import { DiskError } from '../media/copies.js';
import type { MessageStore, Position, StoredSend } from '../messaging/ports.js';
import { settleByHand, type SettleRequest } from '../messaging/settlement.js';
import { STORE_FILE } from '../parts.js';
import { inspectStore, openStore, type StoreOptions } from '../store/index.js';
import { postgresError, sqliteError } from '../store/opening-error.js';
import { UsageError, type Command, type Shell } from './shell.js';

const PAGE_SIZE = 100;
const SETTLED_AS: Readonly<Record<string, SettleRequest['as']>> = { sent: 'SENT', 'not-sent': 'NOT_SENT' };
const SETTLE_ARGUMENTS = 'SEND_ID sent|not-sent [--message-id ID] [--reason "how you know"]';

export const unresolved: Command = {
  usage: '',
  summary: 'prints the sends with an unknown outcome, a line of JSON each',
  run: ({ environment, print }) =>
    withStore(environment, async (store) => {
      let after: Position | null = null;
      for (;;) {
        const page: StoredSend[] = await store.unresolvedSends(PAGE_SIZE, after);
        for (const send of page) print(`${JSON.stringify(described(send))}\n`);
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE_SIZE) return;
        after = { time: last.startedAtMs * 1000, sendId: last.sendId };
      }
    }),
};

export const settle: Command = {
  usage: SETTLE_ARGUMENTS,
  summary: 'says what became of one of them',
  async run(shell) {
    const request = readSettleRequest(shell);
    await withStore(shell.environment, async (store) => {
      const { send } = await settleByHand(store, Date.now(), request);
      shell.print(`${JSON.stringify(described(send))}\n`);
    });
  },
};

function readSettleRequest({ args, userName }: Shell): SettleRequest {
  const options = { 'message-id': { type: 'string' }, reason: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [sendId = '', outcome = '', ...rest] = positionals;
    const as = Object.hasOwn(SETTLED_AS, outcome) ? SETTLED_AS[outcome] : undefined;
    const { 'message-id': messageId = null, reason = null } = values;
    const by = `shell:${userName()}`;
    if (as !== undefined && rest.length === 0) return { sendId, as, messageId, by, reason };
  } catch {
    // An option that is not known.
  }
  throw new UsageError(`Usage: settle ${SETTLE_ARGUMENTS}`);
}

/** Opens the store of the server, which may be running, and leaves what is under way alone. */
export function withStore(environment: Environment, work: (store: MessageStore) => Promise<void>): Promise<void> {
  return withStoreAs({ forServer: false }, environment, work);
}

/** The same; for a server, no other process may have an SQLite file open. @throws StoreInUseError */
export async function withStoreAs(
  options: Pick<StoreOptions, 'forServer'>,
  environment: Environment,
  work: (store: MessageStore) => Promise<void>,
): Promise<void> {
  const { databaseUrl, databaseFile, keepsConsent } = storeConfigIn(environment);
  const file = databaseFile ?? STORE_FILE;
  if (databaseUrl === null && !existsSync(file)) {
    throw new UsageError(
      `There is no ${file} here: run this where the server runs, with its DATABASE_URL if it has one.`,
    );
  }
  // Another program's database must not get our tables by accident.
  const { from: version } = await inspectStore({ databaseUrl, file });
  if (version === 0) {
    const where = databaseUrl === null ? file : 'the database of DATABASE_URL';
    throw new UsageError(`There is nothing of this server in ${where}: name the server's database in DATABASE_URL.`);
  }
  const store = await openStore({ ...options, databaseUrl, file, ...(keepsConsent ? {} : { consent: null }) });
  try {
    await work(store);
  } catch (error) {
    // What copies of files met has its own words, and codes that databases have as well.
    if (error instanceof DiskError) throw error;
    throw databaseUrl === null ? sqliteError(error, file) : postgresError(error, databaseUrl);
  } finally {
    await store.close();
  }
}

/** A send for people to read, with times as they read them. */
function described({
  message,
  startedAtMs,
  updatedAtMs,
  leaseUntilMs: _,
  fingerprint: _digest,
  // Callers' own words: the hash names it as the audit does.
  idempotencyKey: _key,
  problem: _problem,
  ...send
}: StoredSend): object {
  const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();
  return { ...send, startedAt: isoOf(startedAtMs), updatedAt: isoOf(updatedAtMs), messageId: message?.id ?? null };
}
