/** An SQLite file as the conformance suite finds it. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/index.js';
import type { StoreUnderTest } from './conformance/opened.js';

/** `open` opens the store on the file, by whichever way is tested. */
export function sqlitePlace(file: string, open: StoreUnderTest['open']): StoreUnderTest {
  return {
    open,
    name: 'SQLite',
    script(statements) {
      const database = new Database(file);
      try {
        database.exec(statements);
      } finally {
        database.close();
      }
      return Promise.resolve();
    },
    // A conflict on the row's own number deletes the old row without its trigger.
    rewritesOfAudit: [
      "INSERT OR REPLACE INTO audit (rowid, time, send_id, caller, outcome) VALUES (1, 9, 'x', 'x', 'ACCEPTED')",
      "REPLACE INTO audit (rowid, time, send_id, caller, outcome) SELECT rowid, 9, 'x', 'x', 'ACCEPTED' FROM audit",
      "INSERT INTO audit (rowid, time, send_id, caller, outcome) VALUES (1, 9, 'x', 'x', 'x') ON CONFLICT DO UPDATE SET outcome = 'ACCEPTED'",
      "UPDATE OR REPLACE audit SET rowid = rowid, outcome = 'ACCEPTED'",
      'DELETE FROM audit WHERE rowid = 1',
    ],
    rewritesOfConsentAudit: [
      "INSERT OR REPLACE INTO consent_audit (rowid, time, consent_id, since, opted_out, source) VALUES (1, 9, 'x', 1, 0, 'x')",
      'UPDATE OR REPLACE consent_audit SET rowid = rowid, opted_out = 0',
    ],
    sql: (statement) => Promise.resolve().then(() => ask(file, statement)),
  };
}

/** Makes new files of the current version: copies of one that was migrated, which takes a tenth of migrating each. */
export function migratedFiles(newFile: () => string): () => Promise<string> {
  let model: Promise<string> | undefined;
  const migrate = async (): Promise<string> => {
    const file = newFile();
    await (await openStore({ databaseUrl: null, file })).close();
    return file;
  };
  return async () => {
    const from = await (model ??= migrate());
    const file = newFile();
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(from, file);
    return file;
  };
}

function ask(file: string, statement: string): Record<string, unknown>[] {
  const database = new Database(file);
  try {
    const prepared = database.prepare(statement);
    return (prepared.reader ? prepared.all() : [prepared.run()]) as Record<string, unknown>[];
  } finally {
    database.close();
  }
}
