/** Copies of files end with their age. */
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Copies } from '../../src/media/copies.js';
import { startEndingCopies } from '../../src/media/ending.js';
import { manualClock } from '../support/clock.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { quiet, until } from '../support/waiting.js';

const DAY_MS = 86_400_000;

it('copies end when they are as old as messages may be, and nothing else in their folder does', async () => {
  const folder = makeFolder();
  const copies = await Copies.open(folder);
  const now = Date.now();
  const file = (name: string, ageMs: number): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
    utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000);
    return path;
  };
  const [old, young] = [file(`ab/${'a'.repeat(64)}`, 91 * DAY_MS), file(`cd/${'b'.repeat(64)}`, 89 * DAY_MS)];
  const notOurs = file('lost+found/file', 91 * DAY_MS);
  const clock = manualClock(now - 6 * 3_600_000);
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  const stop = startEndingCopies({ copies, clock, retainMs: 90 * DAY_MS, onFailure });
  await quiet();
  expect(existsSync(old)).toBe(true);
  clock.advance(6 * 3_600_000);
  await until(() => !existsSync(old));
  await until(() => clock.asleep() === 1);
  expect([young, notOurs].map((path) => existsSync(path))).toEqual([true, true]);
  await stop();
  expect(failures).toEqual([]);
  removeFolder(folder);
});
