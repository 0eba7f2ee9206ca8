/** A list of nobody, for schemas whose tests are about something else. */
import { OptOuts } from '../../src/messaging/opt-outs.js';

export const NO_OPT_OUTS = new OptOuts({
  store: {
    areOptedOut: (pairs) => Promise.resolve(pairs.map(() => false)),
    listOptOuts: () => Promise.resolve([]),
    sayConsent: () => Promise.resolve(0),
  },
  clock: { now: () => 0 },
  isKept: false,
});
