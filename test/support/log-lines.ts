/** Holds lines of a log against the table in docs/operations.md, which is that of src/journal-lines.ts. */
import { LINES } from '../../src/journal-lines.js';

/** What every line may have. */
const OF_ALL = ['level', 'time', 'msg', 'worker'];
const NUMBERS = { info: 30, warn: 40, error: 50, fatal: 60 } as const;

/** The lines that the table does not have, or not so; those about the start are another page's. */
export function wrongLines(lines: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  return lines.filter((line) => {
    if (line.url !== undefined || String(line.msg).startsWith('AUTH=none')) return false;
    const known = Object.values(LINES).find(({ text }) => text === line.msg);
    if (known === undefined) return true;
    if (!known.levels.some((level) => NUMBERS[level] === line.level)) return true;
    const fields: readonly string[] = known.fields;
    return Object.keys(line).some((name) => !OF_ALL.includes(name) && !fields.includes(name));
  });
}
