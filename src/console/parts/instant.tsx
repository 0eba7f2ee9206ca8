import { useSyncExternalStore } from 'react';

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** A time of day; before today, a day. The exact time is its title. */
export function Instant({ at, isExact = false }: { readonly at: string; readonly isExact?: boolean }) {
  const date = new Date(at);
  const exact = EXACT.format(date);
  return (
    <time dateTime={at} title={exact}>
      {isExact ? exact : short(date)}
    </time>
  );
}

export function short(date: Date, now = new Date()): string {
  if (date.toDateString() === now.toDateString()) return TIME.format(date);
  return date.getFullYear() === now.getFullYear() ? DAY.format(date) : DATE.format(date);
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

function ago(date: Date, now: number): string {
  const seconds = Math.round((date.getTime() - now) / 1000);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return AGO.format(Math.trunc(seconds / size), unit);
}

const MINUTE_MS = 60_000;
function everyMinute(onChange: () => void): () => void {
  const timer = setInterval(onChange, MINUTE_MS);
  return () => clearInterval(timer);
}

/** How long ago, kept up by the minute: `3 minutes ago`. */
export function Ago({ at }: { readonly at: string }) {
  const minute = useSyncExternalStore(everyMinute, () => Math.floor(Date.now() / MINUTE_MS));
  const date = new Date(at);
  return (
    <time dateTime={at} title={EXACT.format(date)} data-minute={minute}>
      {ago(date, Date.now())}
    </time>
  );
}
