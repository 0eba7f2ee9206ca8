/** Reads variables and collects what is wrong with them, so that one start reports every mistake. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileVariableOf, type Environment } from './variables.js';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The environment cannot be used; `problems` names every variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Far more than a thousand API keys. */
const MAX_FILE_BYTES = 256 * 1024;

/** A value, and the file that it stands in; null where it is the variable's own. */
interface Given {
  readonly value: string;
  readonly file: string | null;
}

export class ConfigReader {
  readonly #problems: string[] = [];
  /** What depends on a file that cannot be read cannot be judged: these are told alone. */
  readonly #problemsOfFiles: string[] = [];
  readonly #environment: Environment;
  readonly #given = new Map<string, Given | null>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** From the variable itself, or for a secret from the file that `NAME_FILE` names. An empty value counts as unset. */
  read(name: string): string | null {
    return this.given(name)?.value ?? null;
  }

  /** The same, with where it comes from. */
  given(name: string): Given | null {
    const known = this.#given.get(name);
    if (known !== undefined) return known;
    const given = this.#find(name);
    this.#given.set(name, given);
    return given;
  }

  #find(name: string): Given | null {
    const own = this.#text(name);
    const fileVariable = fileVariableOf(name);
    const file = fileVariable === null ? null : this.#text(fileVariable);
    if (fileVariable === null || file === null) return own === null ? null : { value: own, file: null };
    if (own !== null) {
      this.addProblem(`${name} and ${fileVariable} are both set: unset one of them.`);
      return { value: own, file: null };
    }
    const value = readFile(file);
    // While the new value is rolled out there may be no former one.
    if (value === '' && name.endsWith('_PREVIOUS')) return null;
    if (typeof value === 'string' && value !== '') return { value, file };
    const why = value === '' ? 'is empty' : `cannot be read: ${value.why}`;
    this.#problemsOfFiles.push(`${fileVariable} names ${file}, which ${why}.`);
    return null;
  }

  #text(name: string): string | null {
    const value = this.#environment[name]?.trim() ?? '';
    return value === '' ? null : value;
  }

  /** Values are never part of a problem: they may be secrets. */
  addProblem(text: string): void {
    this.#problems.push(text);
  }

  /** To be called when all is read. @throws ConfigError with every problem. */
  throwProblems(): void {
    const problems = this.#problemsOfFiles.length > 0 ? this.#problemsOfFiles : this.#problems;
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** Null where it is unset. Where it is not right, the problem says what is expected. */
  readText(name: string, isRight: (text: string) => boolean, expected: string): string | null {
    const text = this.read(name);
    if (text !== null && !isRight(text)) this.addProblem(`${name} must be ${expected}.`);
    return text;
  }

  /** The name of a user, as Basic authentication can carry it (RFC 7617, 2). */
  readUserName(name: string): string | null {
    const text = this.read(name);
    if (text?.includes(':'))
      this.addProblem(`${name} must not contain a colon: Basic authentication cannot carry one.`);
    return text;
  }

  /** A whole number, in digits alone. */
  readNumber(name: string, unset: number, { min, max }: Range): number {
    const text = this.read(name) ?? String(unset);
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) this.addProblem(`${name} must be a whole number from ${min} to ${max}.`);
    return value;
  }

  /** One of a few words. */
  readOneOf<Word extends string>(name: string, words: readonly Word[], unset: Word, letters?: 'in any case'): Word {
    const text = this.read(name) ?? unset;
    const value = letters === undefined ? text : text.toLowerCase();
    if (!words.includes(value as Word)) this.addProblem(`${name} must be one of ${words.join(', ')}.`);
    return value as Word;
  }

  readSwitch(name: string, unset: 'on' | 'off'): boolean {
    return this.readOneOf(name, ['on', 'off'], unset) === 'on';
  }

  /** What stands between commas. */
  readItems(name: string): string[] {
    return (this.read(name) ?? '').split(',').flatMap((item) => item.trim() || []);
  }

  /** The items between commas; each must be right, or the problem says what is expected. */
  readList(name: string, isRight: (item: string) => boolean, expected: string): string[] {
    const items = this.readItems(name);
    if (!items.every(isRight)) this.addProblem(`${name} must be ${expected}, separated by commas.`);
    return items;
  }
}

/** Whether it is `https://host:port` and nothing more. */
export const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** The text of a file without white space around it, or why there is none. */
function readFile(path: string): string | { readonly why: string } {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  try {
    // Without waiting: a pipe that nobody writes to would hold up the start for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const kind = fstatSync(file);
      if (!kind.isFile())
        return { why: kind.isDirectory() ? 'it is a folder' : 'it is no file, but a pipe or a device' };
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(file, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { why: code === undefined ? 'its path is none' : (FAILURES[code] ?? code) };
  }
  if (length > MAX_FILE_BYTES) return { why: `it has more than ${MAX_FILE_BYTES / 1024} KiB` };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)).trim();
  } catch {
    return { why: 'it is not UTF-8' };
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENXIO: 'it is no file, but a socket',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its links lead in a circle',
};
