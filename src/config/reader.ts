/** Reads variables and collects what is wrong with them, for all to be told at once. */

export type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigReader {
  readonly problems: string[] = [];
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
  problem(text: string): void {
    this.problems.push(text);
  }

  /** One of a few words. */
  readOneOf<Word extends string>(name: string, words: readonly Word[], unset: Word): Word {
    const value = this.read(name) ?? unset;
    if (!words.includes(value as Word)) this.problem(`${name} must be one of ${words.join(', ')}.`);
    return value as Word;
  }

  readSwitch(name: string, unset: 'on' | 'off'): boolean {
    return this.readOneOf(name, ['on', 'off'], unset) === 'on';
  }

  /** What stands between commas; `isRight` tells of each whether it is what `expected` says. */
  readList(name: string, isRight: (item: string) => boolean, expected: string): string[] {
    const items = (this.read(name) ?? '').split(',').flatMap((item) => item.trim() || []);
    if (!items.every(isRight)) this.problem(`${name} must be ${expected}, separated by commas.`);
    return items;
  }
}

/** `https://host:port` and nothing behind it. */
export const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
