/** What every store must do: one suite, asked of each of them. Its themes lie in `conformance/`. */
import { EVERYBODY } from '../../src/messaging/caller.js';
import { describeAudit } from './conformance/audit.js';
import { describeBatches } from './conformance/batches.js';
import { describeCallbacks } from './conformance/callbacks.js';
import { describeCallers } from './conformance/callers.js';
import { describeChanges } from './conformance/changes.js';
import { describeClaims } from './conformance/claims.js';
import { describeConsent } from './conformance/consent.js';
import { describeConversations } from './conformance/conversations.js';
import { describeForgetting } from './conformance/forgetting.js';
import { describeHousekeeping } from './conformance/housekeeping.js';
import { describeKept } from './conformance/kept.js';
import { describeLateOutcomes } from './conformance/late-outcomes.js';
import { describeLists } from './conformance/lists.js';
import { describeRemoval } from './conformance/removal.js';
import { describeRecords } from './conformance/records.js';
import { describeSettlements } from './conformance/settlements.js';
import { describeSlices } from './conformance/slices.js';
import { describeStates } from './conformance/states.js';
import { describeTraces } from './conformance/traces.js';
import { describeUnresolved } from './conformance/unresolved.js';
import { openBeforeEach, type StoreUnderTest } from './conformance/opened.js';
import { put } from './sends.js';

/** `prepare` makes a place for new data; `empty`, too, or has one that it made before empty again, which is quicker. */
export function describeStore(
  name: string,
  prepare: () => Promise<StoreUnderTest>,
  empty: () => Promise<StoreUnderTest> = prepare,
): void {
  describe(`the ${name} store`, () => {
    const opened = openBeforeEach(empty);
    describeClaims(opened);
    describeRecords(opened);
    describeLists(opened);
    describeSlices(opened);
    describeCallers(opened);
    describeConversations(opened);
    describeAudit(opened);
    describeHousekeeping(opened);
    describeRemoval(opened);
    describeForgetting(opened);
    describeCallbacks(opened);
    describeConsent(opened);
    describeSettlements(opened);
    describeStates(opened);
    describeLateOutcomes(opened);
    describeTraces(opened);
    describeUnresolved(opened);
    describeKept(opened);
    describeChanges(opened);
    describeBatches(opened);

    it('is migrated once when eight open it at the same time', async () => {
      const fresh = await prepare();
      const all = await Promise.all(Array.from({ length: 8 }, () => fresh.open()));
      const message = await put(all[0] ?? opened.store);
      for (const each of all) expect(await each.messagesById([message.id], EVERYBODY)).toEqual([message]);
      for (const each of all) await each.close();
    });
  });
}
