/** What a store keeps of the outcome of a call. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, idsOf, newSend, pages, put, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

export function describeRecords(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const { openAnother, statusOf } = opened;

  describe('records', () => {
    it('records a message as it was accepted, every member of it', async () => {
      const text = `😀 "'\\ line\nline \u2028 ${'x'.repeat(2000)}`;
      const message = await put(store, {
        to: ['+12345678902', '+12345678903'],
        text,
        tag: '',
        media: ['https://example.com/?a=1&b=%20'],
        applicationId: null,
        owner: null,
        segmentCount: null,
        time: 1_733_171_241_979_456,
      });
      expect(await store.messagesById([message.id], EVERYBODY)).toEqual([message]);
    });

    it('records an outcome only over a lower one', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      expect(await statusOf('k')).toBe('UNKNOWN');
      const resolution = accepted();
      await store.record(send.sendId, resolution, 3_000);
      expect(await statusOf('k')).toBe('ACCEPTED');
      await store.record(send.sendId, { status: 'UNKNOWN' }, 4_000);
      await store.record(send.sendId, REJECTED, 4_000);
      await store.record(send.sendId, accepted(), 4_000);
      expect(await statusOf('k')).toBe('ACCEPTED');
      expect(await store.messagesById([resolution.message.id], EVERYBODY)).toEqual([resolution.message]);
    });

    it('records two outcomes of one send in the order they came, even in one batch', async () => {
      const send = newSend({ idempotencyKey: 'k' });
      await store.claim(send);
      const resolution = accepted();
      await Promise.all([
        store.record(send.sendId, { status: 'UNKNOWN' }, 2_000),
        store.record(send.sendId, resolution, 2_000),
        store.record(send.sendId, REJECTED, 2_000),
      ]);
      expect(await store.messagesById([resolution.message.id], EVERYBODY)).toEqual([resolution.message]);
    });

    it('records nothing for a send that it does not know', async () => {
      await store.record('nobody', accepted({ id: 'ghost' }), 2_000);
      expect(await store.messagesById(['ghost'], EVERYBODY)).toEqual([null]);
    });

    it('records an answer with characters that databases refuse, and the rest of its batch', async () => {
      const [poisoned, sound] = await Promise.all([put(store, { text: 'a\0b\ud800c', tag: '\0' }), put(store)]);
      expect(await store.messagesById([poisoned.id, sound.id], EVERYBODY)).toEqual([
        { ...poisoned, text: 'ab\ufffdc', tag: '' },
        sound,
      ]);
    });

    it('records an answer longer than any index takes, and the rest of its batch', async () => {
      // Characters that do not repeat, so that no compression makes them fit.
      const long = (length: number): string =>
        String.fromCodePoint(...Array.from({ length }, (_, index) => 0x4e00 + ((index * 7_919) % 20_000)));
      const [tagged, odd, sound] = await Promise.all([
        put(store, { tag: long(1_024) }),
        put(store, { from: long(5_000), to: [long(5_001), '+16'] }),
        put(store),
      ]);
      expect(await store.messagesById([tagged.id, odd.id, sound.id], EVERYBODY)).toEqual([tagged, odd, sound]);
      expect(idsOf(await pages(store, 5, { tag: tagged.tag }))).toEqual([tagged.id]);
      expect(idsOf(await pages(store, 5, { tag: `${long(1_023)}x` }))).toEqual([]);
      expect(idsOf(await pages(store, 5, { from: odd.from }))).toEqual([odd.id]);
      expect(idsOf(await pages(store, 5, { to: '+16' }))).toEqual([odd.id]);
    });

    it('records everything so that another process finds it', async () => {
      const message = await put(store, {}, { idempotencyKey: 'k' });
      const another = await openAnother();
      expect(await another.messagesById([message.id], EVERYBODY)).toEqual([message]);
      expect(await another.claim(newSend({ idempotencyKey: 'k' }))).toMatchObject({ kind: 'HELD', by: { message } });
    });
  });

  it('drops the long texts of a send that was not sent, and keeps those of an unknown one', async () => {
    const message = { ...OUTBOUND, text: 'x'.repeat(2_048), media: ['https://example.com/a.jpg'], tag: 'red' };
    const [refused, unknown] = [newSend({ message }), newSend({ message })];
    for (const send of [refused, unknown]) await store.claim(send);
    await store.record(refused.sendId, REJECTED, 2_000);
    await store.record(unknown.sendId, { status: 'UNKNOWN' }, 2_000);
    expect(await place.sql('SELECT body, media, tag FROM sends ORDER BY send_id')).toEqual([
      { body: '', media: '[]', tag: null },
      { body: message.text, media: JSON.stringify(message.media), tag: 'red' },
    ]);
  });
}
