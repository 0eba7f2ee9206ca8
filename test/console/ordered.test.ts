/** Lists of the console that changes come into. */
import fc from 'fast-check';
import { compareTimes, place, withEarlier } from '../../src/console/ordered.js';

interface Entry {
  readonly id: string;
  readonly time: string;
  readonly state?: string;
}
const timeOf = ({ time }: Entry): string => time;
const at = (second: number): string => `2026-11-29T10:00:${String(second).padStart(2, '0')}Z`;

describe('an entry that comes into a list', () => {
  it('is put where its time is, whenever it comes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 60 }), (seconds) => {
        const entries: Entry[] = [];
        for (const second of seconds) place(entries, { id: String(second), time: at(second) }, timeOf);
        expect(entries.map(({ id }) => Number(id))).toEqual(seconds.toSorted((one, other) => one - other));
      }),
    );
  });

  it('takes the place of the one with its id', () => {
    const entries: Entry[] = [
      { id: 'a', time: at(1) },
      { id: 'b', time: at(2) },
    ];
    place(entries, { id: 'a', time: at(1), state: 'delivered' }, timeOf);
    expect(entries).toEqual([
      { id: 'a', time: at(1), state: 'delivered' },
      { id: 'b', time: at(2) },
    ]);
  });

  it('moves, if its time does', () => {
    const entries: Entry[] = [
      { id: 'a', time: at(1) },
      { id: 'b', time: at(2) },
    ];
    place(entries, { id: 'a', time: at(3) }, timeOf);
    expect(entries.map(({ id }) => id)).toEqual(['b', 'a']);
  });
});

describe('an earlier page', () => {
  it('comes before the list, without what came to its end while the page was under way', () => {
    const a = { id: 'a', time: at(1) };
    const b = { id: 'b', time: at(2) };
    const c = { id: 'c', time: at(3) };
    const moved = { id: 'b', time: at(4) };
    expect(withEarlier([c, moved], [b, a])).toEqual([a, c, moved]);
  });
});

describe('times', () => {
  it.each([
    ['2026-11-29T10:00:00Z', '2026-11-29T10:00:00.001Z'],
    ['2026-11-29T10:00:00.123456Z', '2026-11-29T10:00:00.123457Z'],
    ['2026-11-29T10:00:00.999Z', '2026-11-29T10:00:01Z'],
  ])('%s comes before %s', (one, other) => {
    expect([compareTimes(one, other) < 0, compareTimes(other, one) > 0, compareTimes(one, one)]).toEqual([
      true,
      true,
      0,
    ]);
  });
});
