/** Reads what the ledger wrote. */
import { readFileSync } from 'node:fs';
import type { LedgerEvent, Post } from './story.js';

/** The ledger's file, by send and by message. */
export interface Ledger {
  readonly posts: ReadonlyMap<string, Post[]>;
  readonly taken: ReadonlyMap<string, LedgerEvent[]>;
  readonly givenUp: ReadonlyMap<string, LedgerEvent[]>;
  /** Ids of messages that came in, and were taken. */
  readonly inbound: readonly string[];
  readonly unread: readonly number[];
  /** Callbacks that were not answered 200, and came again. */
  readonly refusals: number;
}

interface LedgerLine {
  readonly at: number;
  readonly line: 'posted' | 'accepted' | 'answered' | 'unread' | 'called back' | 'given up';
  readonly text: string;
  readonly fault: string | null;
  readonly id: string;
  readonly status: number | null;
  readonly events: readonly LedgerEvent[];
}

export function readLedger(file: string): Ledger {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerLine);
  const posts = new Map<string, Post[]>();
  const [taken, givenUp] = [new Map<string, LedgerEvent[]>(), new Map<string, LedgerEvent[]>()];
  const inbound: string[] = [];
  const unread: number[] = [];
  let refusals = 0;
  const last = (text: string): Post | undefined => posts.get(text)?.at(-1);
  const add = <Value>(map: Map<string, Value[]>, key: string, value: Value): void =>
    void map.set(key, [...(map.get(key) ?? []), value]);
  for (const { at, line, text, fault, id, status, events } of lines) {
    const post = last(text);
    if (line === 'posted') add(posts, text, { at, fault, id: null, answeredAt: null });
    else if (line === 'accepted' && post !== undefined) post.id = id;
    else if (line === 'answered' && post !== undefined) post.answeredAt = at;
    else if (line === 'unread') unread.push(at);
    else if (line === 'called back' && status !== 200) refusals += 1;
    else {
      for (const event of events) {
        if (event.type !== 'message-received') add(line === 'given up' ? givenUp : taken, event.messageId, event);
        else if (line === 'called back') inbound.push(event.messageId);
      }
    }
  }
  return { posts, taken, givenUp, inbound, unread, refusals };
}
