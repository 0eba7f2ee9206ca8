/** A store that another process holds: both ends of the calls between them. */
import { EVERYBODY, type Own, type Whose, type WhoseSends } from '../messaging/caller.js';
import type { OptOut } from '../messaging/consent.js';
import type { Message } from '../messaging/message.js';
import type {
  ConversationFilter,
  ConversationList,
  MessageList,
  MessageFilter,
  MessageStore,
  OptOutFilter,
  SendFilter,
  Slice,
  StoreChange,
  StoredConversation,
  StoredSend,
  WhoseNumbers,
} from '../messaging/ports.js';
import type { OpenStore } from './index.js';
import { sendLimits, type Counters } from './send-limits.js';

/** What travels as it is, there and back. */
const PASSED_ON = [
  'claim',
  'abandon',
  'record',
  'expireLeases',
  'take',
  'adoptEarlyEvents',
  'sendByKey',
  'sendOfKey',
  'changes',
  'lastChange',
  'settle',
  'addRefusals',
  'purgeDeadLetters',
  'boundEarlyEvents',
  'purge',
  'removeMessages',
  'forgetSome',
  'noteForgetting',
  'clearFiles',
  'forgotSince',
  'unresolvedSends',
  'countUnresolved',
  'rivalsOf',
  'trace',
  'fileMessages',
  'countUnfiled',
  'sayConsent',
  'areOptedOut',
  'newOptOuts',
  'ping',
] as const satisfies readonly (keyof MessageStore)[];
type PassedOn = Pick<MessageStore, (typeof PASSED_ON)[number]>;

/** Everybody is a symbol, which cannot travel. */
type WireWhose = Own | 'EVERYBODY';
type WireWhoseSends = { readonly callerName: string } | 'EVERYBODY';

type WireNumbers = readonly string[] | 'EVERYBODY';

type WireOptOutFilter = Omit<OptOutFilter, 'numbers'> & { readonly numbers: readonly string[] | 'EVERYBODY' };

type WireFilter = Omit<MessageFilter, 'caller'> & { readonly caller: WireWhose };

/** What the process that holds the store does for others. */
export interface StoreCalls extends PassedOn {
  messagesById(ids: readonly string[], whose: WireWhose): Promise<(Message | null)[]>;
  listMessages(filter: WireFilter, slice: Slice): Promise<MessageList>;
  countMessages(filter: WireFilter, limit: number): Promise<number>;
  sendsById(by: 'sendId' | 'messageId', ids: readonly string[], whose: WireWhoseSends): Promise<(StoredSend | null)[]>;
  listConversations(filter: ConversationFilter, numbers: WireNumbers, slice: Slice): Promise<ConversationList>;
  conversationsById(ids: readonly string[], numbers: WireNumbers): Promise<(StoredConversation | null)[]>;
  listSends(filter: SendFilter, whose: WireWhoseSends, slice: Slice): Promise<StoredSend[]>;
  listOptOuts(filter: WireOptOutFilter, slice: Slice): Promise<OptOut[]>;
  /** Bytes lose their class on the way. */
  correlationKey(fresh: Uint8Array): Promise<Uint8Array>;
  readCounts: Counters['read'];
  addCounts: Counters['add'];
  giveBackCounts: Counters['giveBack'];
}

/** Where the store is. `counters` are one for all processes that share it. */
export function storeCalls(store: MessageStore, counters: Counters): StoreCalls {
  return {
    ...passedOn(store),
    messagesById: (ids, whose) => store.messagesById(ids, unpacked(whose)),
    listMessages: (filter, slice) => store.listMessages(unpackedFilter(filter), slice),
    countMessages: (filter, limit) => store.countMessages(unpackedFilter(filter), limit),
    sendsById: (by, ids, whose) => store.sendsById(by, ids, unpackedSends(whose)),
    listSends: (filter, whose, slice) => store.listSends({ ...filter, caller: unpackedSends(whose) }, slice),
    listConversations: (filter, numbers, slice) =>
      store.listConversations({ ...filter, numbers: unpackedNumbers(numbers) }, slice),
    conversationsById: (ids, numbers) => store.conversationsById(ids, unpackedNumbers(numbers)),
    listOptOuts: ({ numbers, ...filter }, slice) =>
      store.listOptOuts({ ...filter, numbers: unpackedNumbers(numbers) }, slice),
    correlationKey: (fresh) => store.correlationKey(Buffer.from(fresh)),
    readCounts: (counts, now) => counters.read(counts, now),
    addCounts: (counts, now) => counters.add(counts, now),
    giveBackCounts: (made) => counters.giveBack(made),
  };
}

/** A store whose changes are told from outside. */
export interface RemoteStore extends OpenStore {
  /** To be called with each change that the other store tells its listeners. */
  changed(change: StoreChange): void;
}

/** Where the store is not. Closing this one leaves the other open. */
export function remoteStore(calls: StoreCalls): RemoteStore {
  const listeners = new Set<(change: StoreChange) => void>();
  return {
    ...passedOn(calls),
    shared: true,
    messagesById: (ids, whose) => calls.messagesById(ids, packed(whose)),
    listMessages: (filter, slice) => calls.listMessages(packedFilter(filter), slice),
    countMessages: (filter, limit) => calls.countMessages(packedFilter(filter), limit),
    sendsById: (by, ids, whose) => calls.sendsById(by, ids, packedSends(whose)),
    listSends: (filter, slice) => calls.listSends({ ...filter, caller: '' }, packedSends(filter.caller), slice),
    listConversations: (filter, slice) =>
      calls.listConversations({ ...filter, numbers: [] }, packedNumbers(filter.numbers), slice),
    conversationsById: (ids, numbers) => calls.conversationsById(ids, packedNumbers(numbers)),
    listOptOuts: ({ numbers, ...filter }, slice) =>
      calls.listOptOuts({ ...filter, numbers: packedNumbers(numbers) }, slice),
    correlationKey: async (fresh) => Buffer.from(await calls.correlationKey(fresh)),
    sendLimits: (limits) =>
      sendLimits(limits, {
        read: (counts, now) => calls.readCounts(counts, now),
        add: (counts, now) => calls.addCounts(counts, now),
        giveBack: (made) => calls.giveBackCounts(made),
      }),
    changed(change) {
      for (const listener of listeners) listener(change);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
}

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/** The same functions, each calling the one of `target`. */
function passedOn(target: PassedOn): PassedOn {
  const functions = PASSED_ON.map((name) => [name, (target[name] as Call).bind(target)] as const);
  return Object.fromEntries(functions) as unknown as PassedOn;
}

const packed = (whose: Whose): WireWhose => (whose === EVERYBODY ? 'EVERYBODY' : whose);
const unpacked = (whose: WireWhose): Whose => (whose === 'EVERYBODY' ? EVERYBODY : whose);
const packedSends = (whose: WhoseSends): WireWhoseSends => (whose === EVERYBODY ? 'EVERYBODY' : { callerName: whose });
const unpackedSends = (whose: WireWhoseSends): WhoseSends => (whose === 'EVERYBODY' ? EVERYBODY : whose.callerName);
const packedNumbers = (numbers: WhoseNumbers): WireNumbers => (numbers === EVERYBODY ? 'EVERYBODY' : numbers);
const unpackedNumbers = (numbers: WireNumbers): WhoseNumbers => (numbers === 'EVERYBODY' ? EVERYBODY : numbers);
const packedFilter = (filter: MessageFilter): WireFilter => ({ ...filter, caller: packed(filter.caller) });
const unpackedFilter = (filter: WireFilter): MessageFilter => ({ ...filter, caller: unpacked(filter.caller) });
