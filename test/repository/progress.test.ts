/** What long runs say of themselves. */
import { durationOf, startProgress } from '../support/progress.mjs';

describe('a long run', () => {
  /** Takes `total` steps of `stepMs` each. @returns what was written */
  function written(total: number, stepMs: number, isTerminal = false): string[] {
    const texts: string[] = [];
    let time = 1_000;
    const step = startProgress('SQLite', total, { write: (text) => texts.push(text), isTerminal, now: () => time });
    for (let done = 0; done < total; done++) {
      time += stepMs;
      step();
    }
    return texts;
  }

  it('says every ten seconds where it is, and how long it will go on', () => {
    expect(written(10, 3_000)).toEqual([
      'SQLite: 4 of 10 (40 %) after 12 s, about 18 s left\n',
      'SQLite: 8 of 10 (80 %) after 24 s, about 6 s left\n',
      'SQLite: 10 of 10 (100 %) after 30 s, done\n',
    ]);
  });

  it('writes over its line on a terminal, and leaves the last one', () => {
    const texts = written(12, 1_000, true);
    expect(texts.at(0)).toBe('\r\x1b[2KSQLite: 10 of 12 (83 %) after 10 s, about 2 s left');
    expect(texts.at(-1)).toBe('\r\x1b[2KSQLite: 12 of 12 (100 %) after 12 s, done\n');
  });

  it('says nothing if it is short', () => {
    expect(written(9, 1_000)).toEqual([]);
  });

  it('counts minutes and hours where there are many', () => {
    expect([119_000, 125_000, 7_500_000].map(durationOf)).toEqual(['119 s', '2 min', '2 h 5 min']);
  });
});
