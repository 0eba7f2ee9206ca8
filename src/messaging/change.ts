/** The order in which sends and messages change, so that a reader can go on where it stopped. */
import type { StoredSend } from './ports.js';

/** Where a change stands among all changes. */
export interface ChangePosition {
  /** The number of the commit that made it. */
  readonly commit: number;
  /** Orders what changed in the same commit. Made of digits and small letters, which every database orders alike. */
  readonly sendId: string;
}

/** A send, with its message, as it is since its last change. A send that changes again moves to a later place. */
export interface Change {
  readonly position: ChangePosition;
  readonly send: StoredSend;
}

/** How far the changes were read: up to and with this position, and perhaps some beyond it. */
export interface ChangeCursor extends ChangePosition {
  /**
   * What a look at the whole database saw already, though earlier commits were still on their way: all commits below
   * `before` but those in `except`. Null where there is nothing of that kind.
   */
  readonly ahead: { readonly before: number; readonly except: readonly number[] } | null;
}

/** Negative if `a` comes before `b`. */
export function compare(a: ChangePosition, b: ChangePosition): number {
  if (a.commit !== b.commit) return a.commit - b.commit;
  return a.sendId === b.sendId ? 0 : a.sendId < b.sendId ? -1 : 1;
}

/** Whether a reader at `cursor` has read the change already. */
export function isRead({ ahead, ...cursor }: ChangeCursor, { position }: Change): boolean {
  if (compare(position, cursor) <= 0) return true;
  return ahead !== null && position.commit < ahead.before && !ahead.except.includes(position.commit);
}

/** The cursor after the change at `position`, which is the next one. */
export function past({ ahead }: ChangeCursor, { commit, sendId }: ChangePosition): ChangeCursor {
  return { commit, sendId, ahead: ahead !== null && commit < ahead.before ? ahead : null };
}
