/** Axes of plots: numbers that people count by. */

/** From 0 up to what holds the greatest value, in two to five steps of 1, 2 or 5 times a power of ten. */
export function ticksFor(greatest: number, leastStep = 0): readonly number[] {
  const rough = Math.max(greatest, leastStep) / 4;
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = Math.max(leastStep, [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? 1);
  const count = Math.max(1, Math.ceil(greatest / step));
  return Array.from({ length: count + 1 }, (_, place) => place * step);
}

const NUMBER = new Intl.NumberFormat();
const SHORT = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** `640 ms`, `1.2 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1) return ms === 0 ? '0 ms' : '< 1 ms';
  if (ms < 1000) return `${SHORT.format(ms)} ms`;
  if (ms < 60_000) return `${SHORT.format(ms / 1000)} s`;
  return `${NUMBER.format(Math.round(ms / 60_000))} min`;
}

export const count = (value: number): string => NUMBER.format(value);
