/** The part of the configuration that says which application each of the account's numbers belongs to. */
import { isE164 } from '../messaging/region.js';
import type { ConfigReader } from './reader.js';

/** `viewer` lists them, and one variable of the environment holds hardly more. */
const MAX_SENDERS = 1_000;

/** Ids of Catapult are UUIDs; the limits only keep nonsense out. */
const ITEM = /^(\+\d+)=([\x21-\x7e]{1,255})$/;

/** The applications of the numbers in `SENDERS`, by number. */
export function readApplicationIds(reader: ConfigReader): ReadonlyMap<string, string> {
  const applicationIds = new Map<string, string>();
  const items = reader.readItems('SENDERS');
  if (items.length > MAX_SENDERS) reader.addProblem(`SENDERS must name at most ${MAX_SENDERS} numbers.`);
  for (const item of items.slice(0, MAX_SENDERS)) {
    const [, number = '', applicationId = ''] = ITEM.exec(item) ?? [];
    if (!isE164(number)) {
      reader.addProblem('SENDERS must be +19195551212=applicationId, separated by commas.');
      break;
    }
    if (applicationIds.has(number)) {
      reader.addProblem('SENDERS names a number twice: each belongs to one application.');
      break;
    }
    applicationIds.set(number, applicationId);
  }
  return applicationIds;
}
