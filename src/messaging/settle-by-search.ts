/**
 * Settles unresolved sends by asking upstream's message list. The list has no tag and no text, so a message is found by
 * its numbers and its time. That is proof only if nothing else sends from these numbers, which the operator confirms by
 * turning this on, and only if one send of ours and one message are left to match.
 */
import { EVERYBODY } from './caller.js';
import type { Clock, MessageSearch, MessageStore, StoredSend, UpstreamMessage } from './ports.js';

/** By then most callbacks have come, and every send of that time has ended. */
const FIRST_ASK_MS = 2 * 60_000;
/** Upstream lists messages late, but not later than this. The age of the send doubles from one ask to the next. */
const LAST_ASK_MS = 24 * 3_600_000;
/** How often it looks for sends that are due. */
const ROUND_EVERY_MS = 15_000;
/** Upstream takes 3,500 requests in 5 minutes from one address; this leaves most of them to others. */
const PAUSE_BETWEEN_ASKS_MS = 250;
/** Sends that are read at once. */
const PAGE_SIZE = 100;
/** How far upstream's clock may be from ours, on either side. */
const MARGIN_MS = 30_000;

/** One step, for the log. */
export interface SettleStep {
  readonly sendId: string;
  /**
   * `settled` by the one message that fits · `none` listed yet · `several` that fit · `rivals`: other sends of ours
   * could be it as well, so upstream was not asked · `forgotten`: a number was forgotten since, and with it perhaps the
   * send of ours that the message belongs to · `failed`: it could not be asked · `resolved` by somebody else meanwhile.
   */
  readonly step: 'settled' | 'none' | 'several' | 'rivals' | 'forgotten' | 'failed' | 'resolved';
  /** Messages that fit. */
  readonly found: number;
  readonly rivals: number;
  readonly messageId: string | null;
}

export interface SettlingOptions {
  readonly store: MessageStore;
  readonly search: MessageSearch;
  readonly clock: Clock;
  readonly onStep: (step: SettleStep, error?: unknown) => void;
  /** The store failed; the next round tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** Runs until the returned function is called. */
export function startSettling(options: SettlingOptions): () => Promise<void> {
  const { clock, onFailure } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = new SettlingRounds(options, signal);
  const running = (async () => {
    for (;;) {
      await clock.sleep(ROUND_EVERY_MS, signal);
      if (signal.aborted) return;
      await rounds.next().catch(onFailure);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

/** Knows when to ask about each send. After a restart, all that are old enough are asked about at once. */
export class SettlingRounds {
  readonly #options: SettlingOptions;
  readonly #signal: AbortSignal;
  #dueAt = new Map<string, number>();

  constructor(options: SettlingOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Asks about every send that is due. @throws what the store throws. */
  async next(): Promise<void> {
    const { store, clock } = this.#options;
    const stillOpen = new Map<string, number>();
    let after = { time: (clock.now() - LAST_ASK_MS) * 1000, sendId: '' };
    for (;;) {
      const page = await store.unresolvedSends(PAGE_SIZE, after);
      for (const send of page) {
        if (this.#signal.aborted) return;
        const dueAt = this.#dueAt.get(send.sendId) ?? send.startedAtMs + FIRST_ASK_MS;
        const isDue = clock.now() >= dueAt;
        stillOpen.set(send.sendId, isDue ? 2 * clock.now() - send.startedAtMs : dueAt);
        if (isDue) await this.#settle(send);
        after = { time: send.startedAtMs * 1000, sendId: send.sendId };
      }
      if (page.length < PAGE_SIZE) break;
    }
    this.#dueAt = stillOpen;
  }

  async #settle(send: StoredSend): Promise<void> {
    const { store, search, clock, onStep } = this.#options;
    const { sendId, from, to } = send;
    const step = (kind: SettleStep['step'], found = 0, messageId: string | null = null): SettleStep => ({
      sendId,
      step: kind,
      found,
      rivals: rivals.length,
      messageId,
    });
    const rivals = (await store.rivalsOf(send, MARGIN_MS)).filter((rival) =>
      rival.to.some((each) => to.includes(each)),
    );
    if (rivals.length > 0) {
      onStep(step('rivals'));
      return;
    }
    let listed: readonly UpstreamMessage[];
    try {
      listed = await search.find({ from, to, ...windowOf(send) }, this.#signal);
    } catch (error) {
      onStep(step('failed'), error);
      return;
    } finally {
      await clock.sleep(PAUSE_BETWEEN_ASKS_MS, this.#signal);
    }
    const fitting = fittingMessages(send, listed);
    const known = await store.messagesById([...fitting.keys()], EVERYBODY);
    const ours = new Set(known.flatMap((message) => message?.id ?? []));
    const [match, ...others] = [...fitting].filter(([id]) => !ours.has(id));
    if (match === undefined || others.length > 0) {
      onStep(step(match === undefined ? 'none' : 'several', others.length + (match === undefined ? 0 : 1)));
      return;
    }
    const [id, time] = match;
    // Asked last: what was read above is then whole. Which number it was does not matter: one of a group takes all with it.
    if (await store.forgotSince(send.startedAtMs - 2 * MARGIN_MS)) {
      onStep(step('forgotten', 1));
      return;
    }
    const settlement = { as: 'SENT', found: { id, time }, by: 'search', reason: 'the only message that fits' } as const;
    const result = await store.settle(sendId, settlement, clock.now());
    onStep(step(result.kind === 'SETTLED' ? 'settled' : 'resolved', 1, id));
  }
}

/** When the message of a send may have reached upstream, by upstream's clock. */
function windowOf({ startedAtMs, leaseUntilMs }: StoredSend): { sinceMs: number; untilMs: number } {
  return { sinceMs: startedAtMs - MARGIN_MS, untilMs: leaseUntilMs + MARGIN_MS };
}

/** The messages, by id, that this send may have become. Upstream lists a group message once for each recipient. */
function fittingMessages(send: StoredSend, listed: readonly UpstreamMessage[]): Map<string, number> {
  const { sinceMs, untilMs } = windowOf(send);
  const fits = ({ from, to, time }: UpstreamMessage): boolean =>
    from === send.from && send.to.includes(to) && time >= sinceMs * 1000 && time <= untilMs * 1000;
  return new Map(listed.filter(fits).map(({ id, time }) => [id, time]));
}
