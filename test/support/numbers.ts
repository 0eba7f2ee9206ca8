/** Numbers that nobody forgets, for schemas whose tests are about something else. */
import { Numbers } from '../../src/messaging/forgetting.js';
import { manualClock } from './clock.js';

const never = (): Promise<never> => Promise.reject(new Error('not asked for'));

export const NO_NUMBERS = new Numbers({
  store: { noteForgetting: never, forgetSome: never, clearFiles: never },
  clock: manualClock(),
  removeCopy: never,
});
