/** Messages that are past their time, and what goes and stays with them. */
import { conversationBetween } from '../../../src/messaging/conversation.js';
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { accepted, firstOf, heard, idsOf, newSend, NO_FILTER, pages, put, receive, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

/** Sends here are changed at 2,000 ms, and their messages' times lie just above 1,000 ms. */
const AFTER_ALL = 10_000;

export function describeRemoval(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });

  const remaining = async (): Promise<string[]> => idsOf(await pages(store, 10));
  const conversations = async (): Promise<unknown[]> => {
    const { listed } = await store.listConversations(
      { numbers: EVERYBODY, owner: null, participant: null },
      firstOf(10),
    );
    return listed.map(({ conversation: { lastMessage, sentCount, receivedCount } }) => [
      lastMessage.id,
      sentCount,
      receivedCount,
    ]);
  };
  const rows = async (table: string): Promise<number> =>
    Number((await place.sql(`SELECT count(*) AS count FROM ${table}`))[0]?.count);

  describe('removing messages that are past their time', () => {
    it('removes those that are older, sent or received, in steps, and leaves nothing of them but the audit', async () => {
      await put(store, { from: '+15', owner: '+15', to: ['+19', '+18'] });
      await receive(store, { from: '+19', owner: '+15', to: ['+15'] });
      const sent = await put(store);
      await store.take(heard(sent.id), 2_000);
      expect(await store.removeMessages(AFTER_ALL, 2)).toBe(2);
      expect(await remaining()).toHaveLength(1);
      expect(await store.removeMessages(AFTER_ALL, 2)).toBe(1);
      expect(await store.removeMessages(AFTER_ALL, 2)).toBe(0);
      for (const table of ['sends', 'recipients', 'conversations', 'conversation_participants']) {
        expect([table, await rows(table)]).toEqual([table, 0]);
      }
      expect(await rows('audit')).toBe(2);
      expect(await store.messagesById([sent.id], EVERYBODY)).toEqual([null]);
    });

    it('keeps those that are younger, by their own time or by their last change', async () => {
      await put(store, { time: 9_000_000 });
      const old = await put(store, { time: 1 });
      expect(await store.removeMessages(2_000, 10)).toBe(0);
      await store.take(heard(old.id), 5_000);
      expect(await store.removeMessages(4_000, 10)).toBe(0);
      expect(await store.removeMessages(6_000, 10)).toBe(1);
      expect(await remaining()).toHaveLength(1);
    });

    it('keeps what has no outcome, what is unresolved, and what holds its key', async () => {
      await store.claim(newSend());
      for (const resolution of [{ status: 'UNKNOWN' }, { status: 'ACCEPTED', message: null }, REJECTED] as const) {
        const send = newSend();
        await store.claim(send);
        await store.record(send.sendId, resolution, 2_000);
      }
      const { id } = await put(store, {}, { idempotencyKey: 'k' });
      expect(await store.removeMessages(AFTER_ALL, 10)).toBe(0);
      expect(await rows('sends')).toBe(5);
      await store.purge(AFTER_ALL, 1);
      expect(await store.removeMessages(AFTER_ALL, 10)).toBe(1);
      expect(await store.messagesById([id], EVERYBODY)).toEqual([null]);
    });

    it('removes what was settled as sent, with an id or without', async () => {
      for (const found of [null, { id: 'found', time: null }]) {
        const send = newSend({ idempotencyKey: found?.id ?? 'no id' });
        await store.claim(send);
        await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
        await store.settle(send.sendId, { as: 'SENT', by: 'search', reason: null, found }, 2_000);
      }
      await store.purge(AFTER_ALL, 10);
      expect(await store.removeMessages(AFTER_ALL, 10)).toBe(2);
      expect(await rows('sends')).toBe(0);
    });

    it('leaves a conversation at its last message that stays, with all its counts', async () => {
      await put(store, { from: '+15', owner: '+15', to: ['+19'], time: 1_000_000 });
      const stays = await put(
        store,
        { from: '+15', owner: '+15', to: ['+19'], time: 2_000_000 },
        { idempotencyKey: 'k' },
      );
      await receive(store, { from: '+19', owner: '+15', to: ['+15'], time: 3_000_000 });
      expect(await store.removeMessages(AFTER_ALL, 10)).toBe(2);
      expect(await conversations()).toEqual([[stays.id, 2, 1]]);
      await store.purge(AFTER_ALL, 10);
      await store.removeMessages(AFTER_ALL, 10);
      expect(await conversations()).toEqual([]);
      await put(store, { from: '+15', owner: '+15', to: ['+19'] });
      expect(await conversations()).toHaveLength(1);
      const { id } = conversationBetween('+15', ['+19']);
      expect(await store.countMessages({ ...NO_FILTER, conversation: id }, 10)).toBe(1);
    });

    it('keeps the places of lists and of changes while messages go', async () => {
      const first = await put(store, { time: 1_000_000 });
      await put(store, { time: 5_000_000 });
      await put(store, { time: 9_000_000 });
      const { listed, cursor } = await store.listMessages(NO_FILTER, firstOf(1));
      const after = listed[0]?.position ?? null;
      expect(await store.removeMessages(2_001, 10)).toBe(1);
      expect((await store.listMessages(NO_FILTER, firstOf(5, after))).listed).toHaveLength(1);
      expect(await store.countMessages(NO_FILTER, 10)).toBe(2);
      expect(await store.messagesById([first.id], EVERYBODY)).toEqual([null]);
      const next = await put(store);
      const changes = await store.changes(cursor, 10);
      expect(changes.map(({ send }) => send.message?.id)).toEqual([next.id]);
    });
  });

  describe('what was not sent', () => {
    const NOTHING = { body: '', media: '[]', tag: null };
    const left = async (sendId: string): Promise<unknown> =>
      (await place.sql(`SELECT body, media, tag FROM sends WHERE send_id = '${sendId}'`))[0];
    const message = { ...accepted().message, media: ['https://example.com/a.png'], tag: 't', text: 'secret' };
    const send = (): ReturnType<typeof newSend> =>
      newSend({ message: { ...message, priority: null, expiresAt: null, applicationId: 'a' } });

    it('holds no text, media and tag, however it became known', async () => {
      const [refused, settled, abandoned, never] = [send(), send(), send(), send()];
      for (const each of [refused, settled, abandoned]) await store.claim(each);
      await store.record(refused.sendId, REJECTED, 2_000);
      await store.record(settled.sendId, { status: 'UNKNOWN' }, 2_000);
      await store.settle(settled.sendId, { as: 'NOT_SENT', by: 'x', reason: null }, 2_000);
      await store.abandon([abandoned, never], 2_000);
      for (const { sendId } of [refused, settled, abandoned, never]) expect(await left(sendId)).toEqual(NOTHING);
    });
  });
}
