/** Lists in the order of time, whose entries come and change one by one. */

interface Entry {
  readonly id: string;
}

/**
 * Puts an entry where it belongs, in place of the one with its id. Both ends are looked at from the last entry back, since
 * that is where news come in.
 *
 * @param entries the earliest first.
 */
export function place<T extends Entry>(entries: T[], entry: T, timeOf: (entry: T) => string): void {
  const known = entries.findLastIndex(({ id }) => id === entry.id);
  const before = known < 0 ? undefined : entries[known];
  if (before !== undefined && timeOf(before) === timeOf(entry)) {
    entries[known] = entry;
    return;
  }
  if (known >= 0) entries.splice(known, 1);
  const at = entries.findLastIndex((each) => compareTimes(timeOf(each), timeOf(entry)) <= 0) + 1;
  entries.splice(at, 0, entry);
}

/**
 * With the page before what was loaded in front. What came to the end of the list while the page was under way stays there:
 * the page has it as it was before.
 *
 * @param page the latest first, as the server lists it.
 */
export function withEarlier<T extends Entry>(entries: readonly T[], page: readonly T[]): readonly T[] {
  const known = new Set(entries.map(({ id }) => id));
  return [...page.filter(({ id }) => !known.has(id)).toReversed(), ...entries];
}

/** Instants as the server writes them: in UTC, with seconds, milliseconds or microseconds. */
export function compareTimes(one: string, other: string): number {
  const difference = Date.parse(one) - Date.parse(other);
  if (difference !== 0) return difference;
  // Within a millisecond, both have microseconds or are the same.
  return one < other ? -1 : Number(one > other);
}
