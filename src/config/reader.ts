/** Reads variables and collects what is wrong with them, so that one start reports every mistake. */

export type Environment = Readonly<Record<string, string | undefined>>;

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

export class ConfigReader {
  readonly #problems: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** An empty value counts as unset. */
  read(name: string): string | null {
    const value = this.#environment[name]?.trim() ?? '';
    return value === '' ? null : value;
  }

  /** Values are never part of a problem: they may be secrets. */
  addProblem(text: string): void {
    this.#problems.push(text);
  }

  /** To be called when all is read. @throws ConfigError with every problem. */
  throwProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
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
  readOneOf<Word extends string>(name: string, words: readonly Word[], unset: Word): Word {
    const value = this.read(name) ?? unset;
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
