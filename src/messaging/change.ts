/** The order in which sends and messages change, so that a reader can go on where it stopped. */
import { badArgument, type ServiceError } from '../errors.js';
import type { Change, ChangeCursor, ChangePosition } from './ports.js';

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

/** The refusal of a cursor that this server did not give, or gave for another database. */
export function notACursor(argument: string): ServiceError {
  return badArgument(argument, 'INVALID_CURSOR', 'Must be a cursor of this server: list again, and go on from there.');
}
