/** `migrate`: the database's tables, brought up to date by a user who may change them. */
import { storeConfigIn } from '../config/config.js';
import { STORE_FILE } from '../parts.js';
import { migrateStore } from '../store/index.js';
import type { Command } from './shell.js';

export const migrate: Command = {
  usage: '',
  summary: 'brings the database to the current version, as a server does when it may',
  async run({ environment, print }) {
    const { databaseUrl, databaseFile } = storeConfigIn(environment);
    const { from, to } = await migrateStore({
      databaseUrl,
      file: databaseFile ?? STORE_FILE,
      onStep: (step, of) => {
        print(`Step ${step} of ${of}\n`);
      },
    });
    print(
      from === to
        ? `The database has version ${to} already.\n`
        : `The database had version ${from}, and has ${to} now.\n`,
    );
  },
};
