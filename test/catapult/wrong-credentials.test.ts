/** How wrong credentials of callbacks are slowed down, counted and logged. */
import { systemClock } from '../../src/messaging/clock.js';
import { WrongCredentials } from '../../src/catapult/wrong-credentials.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet } from '../support/waiting.js';

describe('wrong credentials', () => {
  let clock: ManualClock;
  /** From how many addresses this minute's tries came, at each try. */
  let reported: number[];
  let wrong: WrongCredentials;

  beforeEach(() => {
    clock = manualClock();
    reported = [];
    wrong = new WrongCredentials({
      clock,
      onWrong: (addresses) => reported.push(addresses),
    });
  });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await quiet();
  }

  const tries = (count: number, address: (index: number) => string): Promise<boolean>[] =>
    Array.from({ length: count }, (_, index) => wrong.taken(address(index)));

  it('are answered at once ten times, and from then on after a second', async () => {
    expect(await Promise.all(tries(10, () => 'a'))).toEqual(Array(10).fill(false));
    const eleventh = wrong.taken('a');
    expect(await wrong.taken('b')).toBe(false);
    expect(clock.pauses).toEqual([60_000, 1_000]);
    await pass(1_000);
    expect(await eleventh).toBe(true);
  });

  it('are each reported, with the number of addresses that they came from in this minute', async () => {
    const all = tries(5_000, (index) => `address ${index % 3}`);
    expect(reported).toEqual([1, 2, ...Array.from({ length: 4_998 }, () => 3)]);
    await pass(60_000);
    await pass(1_000);
    await Promise.all(all);
    expect(await wrong.taken('address 0')).toBe(false);
    expect(reported.slice(5_000)).toEqual([1]);
  });

  it('are answered at once when a thousand wait already', async () => {
    const all = tries(1_020, () => 'a');
    expect(await Promise.all(all.slice(1_010))).toEqual(Array(10).fill(true));
    expect(clock.pauses.filter((ms) => ms === 1_000)).toHaveLength(1_000);
    await pass(1_000);
    expect((await Promise.all(all)).filter((isTooMany) => isTooMany)).toHaveLength(1_010);
  });

  it('that were answered make room for others to wait', async () => {
    const first = tries(1_010, () => 'a');
    await pass(1_000);
    await Promise.all(first);
    const second = tries(1_000, () => 'a');
    expect(clock.pauses.filter((ms) => ms === 1_000)).toHaveLength(2_000);
    await pass(1_000);
    await Promise.all(second);
  });

  it('that wait are answered when the server stops', async () => {
    const all = tries(11, () => 'a');
    wrong.close();
    expect((await Promise.all(all)).at(-1)).toBe(true);
  });

  it('from more addresses than are counted share one count', async () => {
    await Promise.all(tries(10_000, (index) => `address ${index}`));
    expect(await Promise.all(tries(10, (index) => `new ${index}`))).toEqual(Array(10).fill(false));
    const slowed = wrong.taken('another');
    expect(await wrong.taken('address 1')).toBe(false);
    await pass(1_000);
    expect(await slowed).toBe(true);
    expect(reported.at(-1)).toBe(10_001);
  });

  it('cause no leak warning of Node while hundreds wait', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', listen);
    const waiting = new WrongCredentials({ clock: systemClock, onWrong: () => undefined });
    const answers = Array.from({ length: 300 }, () => waiting.taken('a'));
    waiting.close();
    await Promise.all(answers);
    await new Promise(setImmediate);
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });
});
