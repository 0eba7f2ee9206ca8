/** A store as every theme of the conformance suite finds it: open on new data before each test. */
import type { SendState } from '../../../src/messaging/message.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { newSend, REJECTED } from '../sends.js';

export interface StoreUnderTest {
  /** Opens the store again on the same data, as another process would. */
  open(): Promise<MessageStore>;
  /** A store that is open on the data already, and stays open for the tests that follow. */
  readonly kept?: MessageStore;
  /** Asks the database itself, as an operator would. */
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** Runs statements of the database's owner. */
  script(statements: string): Promise<void>;
  /** Its name in headings of docs/data.md. */
  readonly name: 'SQLite' | 'PostgreSQL';
  /** Statements of this database that would change or delete a row of the audit in their own way. */
  readonly rewritesOfAudit: readonly string[];
  /** The same of the audit of consent. */
  readonly rewritesOfConsentAudit: readonly string[];
}

export interface Opened {
  store: MessageStore;
  place: StoreUnderTest;
  /** Opens the store once more on the same data; it is closed after the test. */
  readonly openAnother: () => Promise<MessageStore>;
  /** The status of the send that holds this key of the caller `a`, found by claiming it. */
  readonly statusOf: (key: string) => Promise<SendState | 'free'>;
}

/** Has an open store before each test, and closes what it opened afterwards. What is returned can be read only in tests. */
export function openBeforeEach(prepare: () => Promise<StoreUnderTest>): Opened {
  const stores: MessageStore[] = [];
  const open = async (place: StoreUnderTest): Promise<MessageStore> => {
    const store = await place.open();
    stores.push(store);
    return store;
  };
  const opened = {
    openAnother: () => open(opened.place),
    async statusOf(key) {
      const { store } = opened;
      const probe = newSend({ idempotencyKey: key });
      const claim = await store.claim(probe);
      if (claim.kind === 'HELD') return claim.by.status;
      await store.record(probe.sendId, REJECTED, 0);
      return 'free';
    },
  } as Opened;
  beforeEach(async () => {
    opened.place = await prepare();
    opened.store = opened.place.kept ?? (await open(opened.place));
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  return opened;
}
