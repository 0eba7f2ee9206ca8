/** `backup`: a checked copy of the SQLite file, while the server runs. */
import { parseArgs } from 'node:util';
import { storeConfigIn } from '../config/config.js';
import { STORE_FILE } from '../parts.js';
import { backUp } from '../store/backup.js';
import { UsageError, type Command } from './shell.js';

/** Below this nobody waits: 64 MiB. */
const MIN_PAGES_FOR_PROGRESS = 16_384;

export const backup: Command = {
  usage: 'FILE',
  summary: 'copies the SQLite file of a running server, and checks the copy',
  async run({ args, environment, print }) {
    const target = readTarget(args);
    const { databaseUrl, databaseFile } = storeConfigIn(environment);
    if (databaseUrl !== null) throw new UsageError(`PostgreSQL makes its own backups: ${dumpOf(databaseUrl, target)}`);
    const { version, rows } = await backUp(databaseFile ?? STORE_FILE, target, progressTo(print));
    for (const [table, count] of rows) print(`${table.padEnd(28)} ${count}\n`);
    print(`${target}: version ${version} of the database, whole and checked.\n`);
  },
};

function readTarget(args: readonly string[]): string {
  try {
    const [target, ...rest] = parseArgs({ args: [...args], allowPositionals: true, options: {} }).positionals;
    if (target !== undefined && target !== '' && rest.length === 0) return target;
  } catch {
    // An option, and there are none.
  }
  throw new UsageError('Usage: backup FILE');
}

function progressTo(print: (text: string) => void): (copied: number, total: number) => void {
  let told = 0;
  return (copied, total) => {
    const tenths = Math.floor((copied * 10) / total);
    if (total < MIN_PAGES_FOR_PROGRESS || tenths <= told) return;
    told = tenths;
    print(`copied ${tenths * 10} %\n`);
  };
}

/** The command to paste. It asks for the password, which must not stand in a list of processes. */
function dumpOf(databaseUrl: string, target: string): string {
  const url = new URL(databaseUrl);
  url.password = '';
  url.searchParams.delete('password');
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `pg_dump --format=custom --file=${quoted(target)} ${quoted(url.href)}`;
}
