/** Counts sends: in memory for one instance, in PostgreSQL where several share one database. */
import { createHash } from 'node:crypto';
import type { Counted, Limit, LimitLeft, Refused, Room, SendLimits } from '../messaging/ports.js';

export interface LimitsOfSends {
  readonly perCaller: readonly Limit[];
  /** By caller and recipient: what one caller sends to a number does not count for another. */
  readonly perRecipient: readonly Limit[];
  /** By recipient, for all callers together. */
  readonly perRecipientOverall: readonly Limit[];
}

/** What a send adds to a counter. */
export interface Count {
  /** Names the counter. It holds no number and no name. */
  readonly key: string;
  readonly points: number;
  readonly limit: Limit;
}

/** A window that runs: it begins with the first send that is counted in it. */
export interface Window {
  readonly points: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** A count that was made, and the window that it was made in, as it was right after. */
export interface MadeCount extends Count {
  readonly window: Window;
}

/** Where sends are counted. */
export interface Counters {
  /** The windows of counts; null where none runs. */
  read(counts: readonly Count[], now: number): Promise<readonly (Window | null)[]>;
  /** Adds all counts, and begins windows where none runs. */
  add(counts: readonly Count[], now: number): Promise<readonly MadeCount[]>;
  /** Takes points out of the windows that they were counted in, and of no other: they are not in those. */
  giveBack(made: readonly MadeCount[]): Promise<void>;
}

export function sendLimits(
  { perCaller, perRecipient, perRecipientOverall }: LimitsOfSends,
  counters: Counters,
): SendLimits {
  const countsOf = (caller: string, recipients: readonly string[]): Count[] => {
    const counts = countBy('caller', perCaller, recipients.length, caller);
    for (const recipient of recipients) {
      counts.push(...countBy('caller-recipient', perRecipient, 1, caller, recipient));
      counts.push(...countBy('recipient', perRecipientOverall, 1, recipient));
    }
    return counts;
  };
  const kept = new KeptPoints();
  return {
    async look(caller, recipients) {
      const counts = countsOf(caller, recipients);
      const now = Date.now();
      const waitMs = longestWait(counts, await counters.read(counts, now), kept, now);
      return waitMs > 0 ? refused(waitMs) : roomFor(counts, counters, kept);
    },
    async left(caller) {
      const counts = countsOf(caller, []);
      const windows = await counters.read(counts, Date.now());
      const left = counts.map((count, index) => leftOf(count, windows[index] ?? null, kept));
      return { perCaller: left, perRecipient, perRecipientOverall };
    },
  };
}

function countBy(kind: string, limits: readonly Limit[], points: number, ...whose: readonly string[]): Count[] {
  if (limits.length === 0) return [];
  const digest = createHash('sha256').update(JSON.stringify(whose)).digest('base64url');
  return limits.map((limit) => ({ key: `${kind}/${limit.windowSeconds}:${digest}`, points, limit }));
}

/** Points of this process's sends that found room, and are not counted yet. */
class KeptPoints {
  readonly #points = new Map<string, number>();

  of({ key }: Count): number {
    return this.#points.get(key) ?? 0;
  }

  change(counts: readonly Count[], sign: 1 | -1): void {
    for (const count of counts) {
      const points = this.of(count) + sign * count.points;
      if (points > 0) this.#points.set(count.key, points);
      else this.#points.delete(count.key);
    }
  }
}

function roomFor(counts: readonly Count[], counters: Counters, kept: KeptPoints): Room {
  kept.change(counts, 1);
  const drop = (): void => {
    kept.change(counts, -1);
  };
  return {
    kind: 'ROOM',
    drop,
    take() {
      drop();
      return takeAll(counts, counters);
    },
  };
}

/** Shorter windows limit how fast a caller sends, longer ones how much. */
const MIN_RETURNED_SECONDS = 60;

async function takeAll(counts: readonly Count[], counters: Counters): Promise<Counted | Refused> {
  const now = Date.now();
  const made = await counters.add(counts, now);
  const giveBack = async (): Promise<void> => {
    // Sends that fail are slowed down too: they cost upstream and the disk as much as those that succeed.
    const returned = made.filter(({ limit }) => limit.windowSeconds >= MIN_RETURNED_SECONDS);
    await counters.giveBack(returned).catch(() => undefined);
  };
  const waits = made.map(({ limit, window }) => (window.points > limit.count ? Math.max(window.endsAt - now, 1) : 0));
  const waitMs = Math.max(0, ...waits);
  if (waitMs === 0) return { kind: 'COUNTED', giveBack };
  await giveBack();
  return refused(waitMs);
}

const refused = (waitMs: number): Refused => ({ kind: 'REFUSED', retryAfterSeconds: Math.ceil(waitMs / 1000) });

/** How long to wait, in milliseconds, until none of these counts is too much; 0 when none is now. */
function longestWait(
  counts: readonly Count[],
  windows: readonly (Window | null)[],
  kept: KeptPoints,
  now: number,
): number {
  const waits = counts.map((count, index) => {
    const { limit } = count;
    const window = windows[index] ?? { points: 0, endsAt: now + limit.windowSeconds * 1000 };
    const isTooMuch = window.points + kept.of(count) + count.points > limit.count;
    return isTooMuch ? Math.max(window.endsAt - now, 1) : 0;
  });
  return Math.max(0, ...waits);
}

function leftOf(count: Count, window: Window | null, kept: KeptPoints): LimitLeft {
  const { limit } = count;
  const used = (window?.points ?? 0) + kept.of(count);
  return { limit, remaining: Math.max(0, limit.count - used), resetsAtMs: window?.endsAt ?? null };
}

/** Two ends closer than this belong to one window: the next one ends at least a second later. */
export const SAME_WINDOW_MS = 500;

/**
 * Counters that end with the process. Windows of one length end in the order in which they began, so those at the front
 * of their map are the ones to forget.
 */
export class CountersInMemory implements Counters {
  readonly #byLength = new Map<number, Map<string, { points: number; endsAt: number }>>();

  read(counts: readonly Count[], now: number): Promise<readonly (Window | null)[]> {
    return Promise.resolve(
      counts.map(({ key, limit }) => {
        const window = this.#of(limit).get(key);
        return window !== undefined && window.endsAt > now ? window : null;
      }),
    );
  }

  add(counts: readonly Count[], now: number): Promise<readonly MadeCount[]> {
    return Promise.resolve(
      counts.map((count) => {
        const { key, points, limit } = count;
        const windows = this.#of(limit);
        for (const [ended, { endsAt }] of windows) {
          if (endsAt > now) break;
          windows.delete(ended);
        }
        const known = windows.get(key);
        // After the clock was set back, one that has ended may stand behind others.
        const runs = known !== undefined && known.endsAt > now;
        const window = runs ? known : { points: 0, endsAt: now + limit.windowSeconds * 1000 };
        if (!runs) windows.set(key, window);
        window.points += points;
        return { ...count, window: { ...window } };
      }),
    );
  }

  giveBack(made: readonly MadeCount[]): Promise<void> {
    for (const { key, points, limit, window: countedIn } of made) {
      const window = this.#of(limit).get(key);
      if (window !== undefined && Math.abs(window.endsAt - countedIn.endsAt) < SAME_WINDOW_MS) window.points -= points;
    }
    return Promise.resolve();
  }

  #of({ windowSeconds }: Limit): Map<string, { points: number; endsAt: number }> {
    const windows = this.#byLength.get(windowSeconds) ?? new Map<string, { points: number; endsAt: number }>();
    this.#byLength.set(windowSeconds, windows);
    return windows;
  }
}
