/** Conversations: counted exactly once for each message, however it becomes known, and listed by their last one. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import { conversationBetween } from '../../../src/messaging/conversation.js';
import type { Message } from '../../../src/messaging/message.js';
import type {
  ConversationFilter,
  ConversationList,
  MessageStore,
  Position,
  Slice,
  StoredConversation,
} from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, firstOf, heard, idsOf, newRandom, newSend, NO_FILTER, own, pages, put, receive } from '../sends.js';
import type { Opened } from './opened.js';

const SEED = Number(process.env.LIST_SEED ?? Math.floor(Math.random() * 1e9));
const ALL: ConversationFilter = { numbers: EVERYBODY, owner: null, participant: null };
const NUMBERS = ['+15', '+16', '+17'];
const PEOPLE = ['+1901', '+1902', '+1903', '+15'];

type Told = readonly [number: string, participants: readonly string[], last: string, sent: number, received: number];
const told = ({ number, participants, lastMessage, sentCount, receivedCount }: StoredConversation): Told => [
  number,
  participants,
  lastMessage.id,
  sentCount,
  receivedCount,
];

export function describeConversations(opened: Opened): void {
  let store: MessageStore;
  beforeEach(() => {
    ({ store } = opened);
  });

  /** All conversations, in pages of this size, in the order of the list. */
  async function listed(size = 100, filter: Partial<ConversationFilter> = {}, fromEnd = false): Promise<Told[]> {
    const found: Told[] = [];
    let place: Position | null = null;
    for (;;) {
      const slice: Slice = { limit: size, after: fromEnd ? null : place, before: fromEnd ? place : null, fromEnd };
      const page: ConversationList['listed'] = (await store.listConversations({ ...ALL, ...filter }, slice)).listed;
      const entries = page.map(({ conversation }) => told(conversation));
      if (fromEnd) found.unshift(...entries);
      else found.push(...entries);
      if (page.length < size) return found;
      place = (fromEnd ? page[0] : page.at(-1))?.position ?? null;
    }
  }

  describe('conversations', () => {
    it('hold both directions of a number with the other side, the one of the newest message first', async () => {
      await put(store, { id: 'a', from: '+15', to: ['+19'], time: 1 });
      await put(store, { id: 'b', from: '+15', to: ['+19', '+18'], time: 2 });
      await put(store, { id: 'c', from: '+16', to: ['+19'], time: 3 });
      await receive(store, { id: 'd', from: '+19', to: ['+15'], owner: '+15', time: 4 });
      await receive(store, { id: 'e', from: '+18', to: ['+19', '+15'], owner: '+15', time: 5 });
      await receive(store, { id: 'f', from: '+18', to: ['+15'], owner: null, time: 6 });
      expect(await listed()).toEqual([
        ['+15', ['+18', '+19'], 'e', 1, 1],
        ['+15', ['+19'], 'd', 1, 1],
        ['+16', ['+19'], 'c', 1, 0],
      ]);
      const { id } = conversationBetween('+15', ['+19']);
      const messages = await pages(store, 1, { conversation: id });
      expect(idsOf(messages)).toEqual(['d', 'a']);
      expect(await store.countMessages({ ...NO_FILTER, conversation: id }, 10)).toBe(2);
      expect((await store.listConversations(ALL, firstOf(1))).listed[0]?.conversation.lastMessage).toMatchObject({
        id: 'e',
        direction: 'IN',
      });
    });

    it('count a message once, however often and in whatever way it becomes known', async () => {
      const [message] = [await put(store, { id: 'a', from: '+15', to: ['+19'], time: 10 })];
      await store.take(heard('a', { to: '+19' }), 3_000);
      await store.take(heard('a', { to: '+19' }), 3_000);
      // Its event came first, before anybody knew the id.
      await store.take(heard('b', { to: '+19', status: 'SENDING' }), 3_000);
      const early = newSend({ message: { ...OUTBOUND, from: '+15', to: ['+19'] } });
      await store.claim(early);
      await store.record(early.sendId, accepted({ id: 'b', from: '+15', to: ['+19'], time: 20 }), 4_000);
      // The event found its send by the correlation, and the call's own answer came late.
      const late = newSend({ message: { ...OUTBOUND, from: '+15', to: ['+19'] } });
      await store.claim(late);
      await store.take(heard('c', { sendId: late.sendId, to: '+19', message: { ...NEWS, time: 30 } }), 3_000);
      for (let round = 0; round < 2; round++) {
        await store.record(late.sendId, accepted({ id: 'c', from: '+15', to: ['+19'], time: 31 }), 5_000);
      }
      const inbound = { id: 'd', from: '+19', to: ['+15'], owner: '+15', time: 5 };
      for (let round = 0; round < 2; round++) await receive(store, inbound);
      await Promise.all([receive(store, { ...inbound, id: 'e' }), receive(store, { ...inbound, id: 'e' })]);
      expect(await listed()).toEqual([['+15', ['+19'], 'c', 3, 2]]);
      expect(message.id).toBe('a');
    });

    it('count a settled send once, also when its call answers after all', async () => {
      const asked = { message: { ...OUTBOUND, from: '+15', to: ['+19'] }, startedAtMs: 7 };
      const by = { by: 'ops', reason: null };
      const [found, mistaken, denied, open] = [1, 2, 3, 4].map(() => newSend(asked)) as [Send, Send, Send, Send];
      for (const send of [found, mistaken, denied, open]) {
        await store.claim(send);
        await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      }
      await store.settle(found.sendId, { as: 'SENT', found: { id: 'found', time: 50 }, ...by }, 3_000);
      await store.settle(mistaken.sendId, { as: 'SENT', found: { id: 'wrong', time: 40 }, ...by }, 3_000);
      await store.settle(denied.sendId, { as: 'NOT_SENT', ...by }, 3_000);
      await store.settle(open.sendId, { as: 'SENT', found: null, ...by }, 3_000);
      expect(await listed()).toEqual([['+15', ['+19'], 'found', 2, 0]]);
      for (const [send, id] of [
        [mistaken, 'right'],
        [denied, 'sent'],
        [open, 'open'],
      ] as const) {
        const answer = accepted({ id, from: '+15', to: ['+19'], time: 60 });
        await store.record(send.sendId, answer, 4_000);
        await store.record(send.sendId, answer, 4_000);
      }
      expect((await listed()).map(([, , , sent]) => sent)).toEqual([4]);
      expect(await store.countUnfiled()).toBe(0);
    });

    it('count the messages of a hundred commits at once', async () => {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          await put(store, { from: '+15', to: [`+19${index % 3}`], time: index });
          await receive(store, { from: `+19${index % 3}`, to: ['+15'], owner: '+15', time: index });
        }),
      );
      expect((await listed()).map(([, to, , sent, received]) => [to[0], sent, received])).toEqual([
        ['+190', 34, 34],
        ['+192', 33, 33],
        ['+191', 33, 33],
      ]);
    });

    it("are those of a caller's numbers, of one of them, with a participant, and in pages from either end", async () => {
      for (let index = 0; index < 12; index++) {
        await put(store, {
          id: `m${index}`,
          from: NUMBERS[index % 3] ?? '',
          to: [`+19${index % 4}`],
          time: 100 - (index % 5),
        });
      }
      const numbersIn = (all: readonly Told[]): string[] => all.map(([number]) => number);
      const whole = await listed();
      expect(whole).toHaveLength(12);
      for (const numbers of [EVERYBODY, NUMBERS, ['+15'], ['+15', '+17'], []] as const) {
        for (const owner of [null, '+15', '+16']) {
          for (const participant of [null, '+190', '+15']) {
            const expected = whole.filter(
              ([number, to]) =>
                (numbers === EVERYBODY || numbers.some((each) => each === number)) &&
                (owner === null || owner === number) &&
                (participant === null || to.includes(participant)),
            );
            for (const size of [1, 2, 5, 100]) {
              expect(await listed(size, { numbers, owner, participant })).toEqual(expected);
              expect(await listed(size, { numbers, owner, participant }, true)).toEqual(expected);
            }
          }
        }
      }
      expect(numbersIn(await listed(3, { numbers: ['+15'] }))).toEqual(['+15', '+15', '+15', '+15']);
      expect(await listed(5, { owner: '+15\0' })).toEqual([]);
    });

    it('are found by their ids, by whoever has the number', async () => {
      await put(store, { from: '+15', to: ['+19'] });
      const [mine, theirs] = [conversationBetween('+15', ['+19']).id, conversationBetween('+16', ['+19']).id];
      await put(store, { from: '+16', to: ['+19'] });
      const numbersBy = async (ids: string[], numbers: ConversationFilter['numbers']): Promise<unknown[]> =>
        (await store.conversationsById(ids, numbers)).map((found) => found?.number ?? null);
      expect(await numbersBy([theirs, mine, 'c:none', theirs], EVERYBODY)).toEqual(['+16', '+15', null, '+16']);
      expect(await numbersBy([theirs, mine], ['+15'])).toEqual([null, '+15']);
      expect(await numbersBy([theirs, mine], [])).toEqual([null, null]);
      expect(await numbersBy(["c:'; DROP TABLE sends; --", 'c:\0'], EVERYBODY)).toEqual([null, null]);
    });

    it('show the messages that a caller may see, and no others', async () => {
      const mine = await put(store, { from: '+15', to: ['+19'] }, { caller: 'me' });
      const theirs = await put(store, { from: '+15', to: ['+19'] }, { caller: 'them' });
      const filter = { conversation: conversationBetween('+15', ['+19']).id };
      expect(idsOf(await pages(store, 1, { ...filter, caller: own('me', '+15') }))).toEqual([theirs.id, mine.id]);
      expect(idsOf(await pages(store, 1, { ...filter, caller: own('me') }))).toEqual([mine.id]);
      expect(await pages(store, 1, { ...filter, caller: own('nobody', '+16') })).toEqual([]);
    });

    it('take in texts that a database refuses', async () => {
      const odd = await put(store, { from: '+1\ud800\0', to: ['+19\0', 'x'.repeat(300)] });
      expect(await listed()).toHaveLength(1);
      expect(idsOf(await pages(store, 1))).toEqual([odd.id]);
    });

    it('get the messages that an earlier version stored, in small steps, each once', async () => {
      const random = newRandom(SEED);
      const oneOf = (items: readonly string[]): string => items[random(items.length)] ?? '';
      for (let index = 0; index < 40; index++) {
        const [number, person, time] = [oneOf(NUMBERS), oneOf(PEOPLE), random(20)];
        if (random(2) === 0) await put(store, { from: number, to: [person, oneOf(PEOPLE)], time });
        else await receive(store, { from: person, to: [number], owner: random(5) === 0 ? null : number, time });
      }
      const before = await listed();
      const wanted: Message[] = await pages(store, 100, { caller: own('x', '+15', '+16'), participant: '+1901' });
      for (const statement of [
        'UPDATE sends SET conversation = NULL',
        'DELETE FROM conversations',
        'DELETE FROM conversation_participants',
      ]) {
        await opened.place.sql(statement);
      }
      expect(await listed()).toEqual([]);
      // What is not in a conversation yet is not missing from other lists.
      const found = await pages(store, 3, { caller: own('x', '+15', '+16'), participant: '+1901' });
      expect([SEED, ...idsOf(found)]).toEqual([SEED, ...idsOf(wanted)]);
      expect(await store.countUnfiled()).toBe(40);
      expect(await store.fileMessages(25)).toBe(25);
      expect(await store.countUnfiled()).toBe(15);
      // Two instances at once do not take the same ones.
      const another = await opened.openAnother();
      const both = (): Promise<number[]> => Promise.all([store.fileMessages(4), another.fileMessages(4)]);
      let filed = 0;
      for (let some = await both(); some.some((count) => count > 0); some = await both())
        filed += some.reduce((sum, count) => sum + count);
      expect(filed).toBe(15);
      expect([SEED, ...(await listed())]).toEqual([SEED, ...before]);
    });
  });
}

type Send = ReturnType<typeof newSend>;
const NEWS = { owner: null, segmentCount: 1, pairedMessageId: null };
