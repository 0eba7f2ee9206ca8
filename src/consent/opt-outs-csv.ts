/**
 * Those who want no messages, as lines of CSV (RFC 4180): recipient, owner, since, source, changedBy.
 *
 * A line is a record, so that one that cannot be read spoils no other. Spreadsheets run cells that begin with `=`, `@`, `-`
 * or `+` as formulas: the only such cells here are telephone numbers, of which a formula has nothing but their digits.
 */
import { parse } from 'csv-parse/sync';
import { OPT_OUT_SOURCES, type ConsentStatement, type OptOut, type OptOutSource } from '../messaging/consent.js';
import { isCleanText, type Micros } from '../messaging/message.js';
import { isE164 } from '../messaging/region.js';
import { formatTime, parseTime } from '../messaging/time.js';

export const COLUMNS = ['recipient', 'owner', 'since', 'source', 'changedBy'] as const;
type ColumnName = (typeof COLUMNS)[number];

/** Why a line is not imported. */
export type LineMistake =
  | { readonly code: 'INVALID_LINE' }
  | { readonly code: 'INVALID_E164' | 'INVALID_TIME' | 'INVALID_SOURCE' | 'INVALID_NAME'; readonly column: ColumnName };

/** In UTF-16 units: far more than the longest record. */
export const MAX_LINE_LENGTH = 1_000;
/** A name as `changedBy` shows it; it begins as no formula does. */
const NAME = /^(caller|shell):.{1,255}$/s;

/** An entry as the cells of its line. */
export function cellsOf({ recipient, owner, since, source, changedBy }: OptOut): string[] {
  // The name of a caller may have a line break, where another server signs its callers in.
  return [recipient, owner ?? '', formatTime(since), source, (changedBy ?? '').replace(/[\r\n]+/g, ' ')];
}

/** The lines of a file, with their numbers; null in place of one that is too long. The last may lack its end. */
export async function* linesOf(
  file: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly number: number; readonly text: string | null }> {
  const decoder = new TextDecoder();
  let [number, open, isTooLong] = [0, '', false];
  const line = (end: string): { number: number; text: string | null } => {
    const text = isTooLong || open.length + end.length > MAX_LINE_LENGTH ? null : open + end;
    [number, open, isTooLong] = [number + 1, '', false];
    return { number, text };
  };
  for await (const chunk of file) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    let rest = first;
    for (const next of others) {
      yield line(rest);
      rest = next;
    }
    if (open.length + rest.length > MAX_LINE_LENGTH) isTooLong = true;
    else open += rest;
  }
  if (open !== '' || isTooLong) yield line('');
}

/** Where each column is; null if the line is no header. */
export function headerOf(line: string): ReadonlyMap<ColumnName, number> | null {
  const cells = cellsIn(line)?.map((cell) => COLUMNS.find((name) => name.toLowerCase() === cell.toLowerCase()));
  if (!cells?.includes('recipient')) return null;
  const places = new Map(cells.map((name, place) => [name, place]));
  return places.size === cells.length && !places.has(undefined) ? (places as Map<ColumnName, number>) : null;
}

/** Who imports, and when. */
export interface Import {
  /** `caller:` and a name. */
  readonly by: string;
  readonly now: Micros;
}

/** What a line says, or what is wrong with it; null for a line without any cell. */
export function statementOfLine(
  line: string | null,
  header: ReadonlyMap<ColumnName, number>,
  { by, now }: Import,
): ConsentStatement | LineMistake | null {
  const cells = line === null ? null : cellsIn(line);
  if (cells === null) return { code: 'INVALID_LINE' };
  if (cells.every((cell) => cell === '')) return null;
  if (cells.length > header.size) return { code: 'INVALID_LINE' };
  const cell = (name: ColumnName): string => cells[header.get(name) ?? -1] ?? '';
  const [recipient, owner, time, name] = [cell('recipient'), cell('owner'), cell('since'), cell('changedBy')];
  const source = (cell('source') === '' ? 'IMPORT' : cell('source')) as OptOutSource;
  if (!isE164(recipient)) return { code: 'INVALID_E164', column: 'recipient' };
  if (owner !== '' && !isE164(owner)) return { code: 'INVALID_E164', column: 'owner' };
  const since = time === '' ? now : parseTime(time);
  if (since === null || since > now) return { code: 'INVALID_TIME', column: 'since' };
  if (!OPT_OUT_SOURCES.includes(source)) return { code: 'INVALID_SOURCE', column: 'source' };
  if (name !== '' && !(NAME.test(name) && isCleanText(name))) return { code: 'INVALID_NAME', column: 'changedBy' };
  const isByPeople = source === 'MANUAL' || source === 'IMPORT';
  return {
    ...{ recipient, owner: owner === '' ? null : owner, isOptedOut: true, since, source },
    ...{ changedBy: name !== '' ? name : isByPeople ? by : null, recordedBy: by, messageId: null },
  };
}

/** The cells of one line; null where its quotes do not fit. Most lines have none, and are read thirty times as fast. */
function cellsIn(line: string): string[] | null {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  try {
    const [cells = []] = parse(line.replace(/\r$/, ''), { trim: true, relax_column_count: true });
    return cells;
  } catch {
    return null;
  }
}
