/** Limits that let everything pass, for the tests that ask for something else. */
import type { SendLimits } from '../../src/messaging/ports.js';

export const NO_LIMITS: SendLimits = {
  left: () => Promise.resolve({ perCaller: [], perRecipient: [], perRecipientOverall: [] }),
  look: () =>
    Promise.resolve({
      kind: 'ROOM',
      take: () => Promise.resolve({ kind: 'COUNTED', giveBack: () => Promise.resolve() }),
      drop: () => undefined,
    }),
};
