/** A number that is forgotten: what goes, and what stays without it. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { ConsentStatement } from '../../../src/messaging/consent.js';
import type { ForgettingPlace, ForgettingStep, MessageStore } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, firstOf, heard, idsOf, newSend, pages, put, receive, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

const THEIRS = '+19195550123';
const OURS = '+19195559999';

type Found = Omit<ForgettingStep, 'next'>;

/** All steps, and what they found together. */
export async function forgetAll(store: MessageStore, number = THEIRS): Promise<Found> {
  const all = { messages: 0, callbacks: 0, consent: 0, unresolved: [] as string[], media: [] as string[] };
  let place: ForgettingPlace | null = null;
  do {
    const step: ForgettingStep = await store.forgetSome(number, place);
    all.messages += step.messages;
    all.callbacks += step.callbacks;
    all.consent += step.consent;
    all.unresolved.push(...step.unresolved);
    all.media.push(...step.media);
    place = step.next;
  } while (place !== null);
  return all;
}

export function describeForgetting(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const count = async (from: string): Promise<number> =>
    Number((await place.sql(`SELECT count(*) AS count FROM ${from}`))[0]?.count);
  const toThem = { message: { ...OUTBOUND, from: OURS, to: [THEIRS] } };

  describe('forgetting a number', () => {
    it('removes the messages from it and to it, also those of its groups, and leaves others alone', async () => {
      await put(store, { from: OURS, owner: OURS, to: [THEIRS] });
      await put(store, { from: OURS, owner: OURS, to: ['+15', THEIRS] });
      await receive(store, { from: THEIRS, owner: OURS, to: [OURS], media: ['https://example.com/a.png'] });
      await receive(store, { from: '919-555-0123', owner: OURS, to: [OURS] });
      const others = [
        await put(store, { from: OURS, owner: OURS, to: ['+191955501234'] }),
        await receive(store, { from: '+449195550123', owner: OURS, to: [OURS] }),
      ];
      expect(await forgetAll(store)).toEqual({
        ...{ messages: 4, callbacks: 0, consent: 0, unresolved: [] },
        media: ['https://example.com/a.png'],
      });
      expect(idsOf(await pages(store, 10))).toEqual(idsOf(others.toReversed()));
      expect(await count('recipients')).toBe(2);
      expect(await count('conversations')).toBe(2);
      expect(await count('conversation_participants')).toBe(2);
      expect(await count('audit')).toBe(3);
      expect(await forgetAll(store)).toMatchObject({ messages: 0 });
    });

    it('removes all messages of a number of ours, and of a short code, which is no end of another', async () => {
      await put(store, { from: '12345', owner: '12345', to: [THEIRS] });
      const other = await put(store, { from: '+9912345', owner: '+9912345', to: [THEIRS] });
      await receive(store, { from: THEIRS, owner: '12345', to: ['12345'] });
      expect(await forgetAll(store, '12345')).toMatchObject({ messages: 2 });
      expect(idsOf(await pages(store, 10))).toEqual([other.id]);
    });

    it('leaves an empty row where a key is held: it sends nothing again, until it ends after its time', async () => {
      const send = newSend({ idempotencyKey: 'k', ...toThem });
      await store.claim(send);
      const resolution = accepted({ from: OURS, to: [THEIRS], tag: 'their tag', text: 'their text' });
      await store.record(send.sendId, resolution, 2_000);
      const cursor = await store.lastChange();
      expect(await forgetAll(store)).toMatchObject({ messages: 1 });
      expect(JSON.stringify(await place.sql('SELECT * FROM sends'))).not.toMatch(/5550123|5559999|their/);
      const again = await store.claim(newSend({ idempotencyKey: 'k', ...toThem }));
      expect(again).toMatchObject({ kind: 'HELD', by: { sendId: send.sendId, status: 'ACCEPTED', message: null } });
      expect(await store.messagesById([resolution.message.id], EVERYBODY)).toEqual([null]);
      expect(await store.unresolvedSends(10, null)).toEqual([]);
      expect((await store.changes(cursor, 10)).map(({ send: { message } }) => message)).toEqual([null]);
      // What comes late does not bring it back.
      await store.record(send.sendId, resolution, 3_000);
      await store.take(heard(resolution.message.id, { sendId: send.sendId, to: THEIRS }), 3_000);
      expect(await count("sends WHERE message_id IS NOT NULL OR sender <> ''")).toBe(0);
      expect(await count('early_events')).toBe(0);
      await store.purge(1_500, 10);
      expect(await count('sends')).toBe(1);
      await store.purge(9_000, 10);
      expect(await count('sends')).toBe(0);
      expect((await store.claim(newSend({ idempotencyKey: 'k' }))).kind).toBe('CLAIMED');
    });

    it('names the sends whose outcome is open, and leaves them; refused ones are emptied', async () => {
      const [pending, unknown, withoutId, refused] = [1, 2, 3, 4].map(() => newSend(toThem));
      for (const send of [pending, unknown, withoutId, refused]) if (send !== undefined) await store.claim(send);
      await store.record(unknown?.sendId ?? '', { status: 'UNKNOWN' }, 2_000);
      await store.record(withoutId?.sendId ?? '', { status: 'ACCEPTED', message: null }, 2_000);
      await store.record(refused?.sendId ?? '', REJECTED, 2_000);
      const { unresolved, messages } = await forgetAll(store);
      expect(unresolved.toSorted()).toEqual([pending, unknown, withoutId].map((send) => send?.sendId));
      expect(messages).toBe(1);
      const [left] = await store.sendsById('sendId', [refused?.sendId ?? ''], EVERYBODY);
      expect(left).toMatchObject({ status: 'REJECTED', from: '', to: [], message: null });
      // They are removed once they are settled.
      await store.settle(unknown?.sendId ?? '', { as: 'SENT', by: 'x', reason: null, found: null }, 3_000);
      expect(await forgetAll(store)).toMatchObject({ messages: 1 });
    });

    it('removes callbacks that name it, in whatever form, and no others', async () => {
      for (const form of ['+19195550123', '19195550123', '9195550123', 'tel:%2B19195550123', '\\u002B19195550123']) {
        await store.take({ kind: 'strange', count: 1, body: `{"to":"${form}"}` }, 2_000);
        await store.take({ kind: 'other', event: { messageId: 'm', type: 't', body: `from ${form}, read` } }, 2_000);
      }
      for (const form of ['+191955501234', '+449195550123']) {
        await store.take({ kind: 'strange', count: 1, body: `{"to":"${form}"}` }, 2_000);
      }
      await store.take(heard('not ours', { to: THEIRS }), 2_000);
      expect(await forgetAll(store)).toMatchObject({ messages: 0, callbacks: 11 });
      expect([await count('strange_callbacks'), await count('other_events')]).toEqual([2, 0]);
      expect(await count('early_events')).toBe(0);
    });

    const said = (isOptedOut: boolean, owner: string | null, since: number): ConsentStatement => ({
      ...{ recipient: THEIRS, owner, isOptedOut, since },
      ...{ source: 'KEYWORD', changedBy: null, recordedBy: null, messageId: null },
    });
    const wants = async (owner: string): Promise<boolean> => {
      const [isOut] = await store.areOptedOut([{ owner, recipient: THEIRS }]);
      const claim = await store.claim(newSend({ message: { ...OUTBOUND, from: owner, to: ['+15', THEIRS] } }));
      expect(claim.kind).toBe(isOut === true ? 'OPTED_OUT' : 'CLAIMED');
      if (claim.kind === 'OPTED_OUT') expect(claim.recipients).toEqual([1]);
      return isOut === false;
    };

    it('keeps an opt-out as a digest, so that nothing is sent to somebody who is forgotten, until he says otherwise', async () => {
      await store.sayConsent([said(true, OURS, 5), said(false, '+17', 5)], 2_000);
      expect(await forgetAll(store)).toMatchObject({ consent: 2 });
      expect(await count('consent')).toBe(0);
      expect(JSON.stringify(await place.sql('SELECT * FROM forgotten_opt_outs'))).not.toContain('5550123');
      const list = await store.listOptOuts({ numbers: EVERYBODY, owner: null, recipient: null }, firstOf(10));
      expect(list).toEqual([]);
      expect([await wants(OURS), await wants('+17')]).toEqual([false, true]);
      await store.sayConsent([said(false, OURS, 4)], 3_000);
      expect(await wants(OURS)).toBe(false);
      await store.sayConsent([said(false, OURS, 6)], 3_000);
      expect(await wants(OURS)).toBe(true);
      // Who opts out again, and is forgotten again, stays out.
      await store.sayConsent([said(true, OURS, 7)], 3_000);
      await forgetAll(store);
      expect(await wants(OURS)).toBe(false);
    });

    it('keeps an opt-out from all numbers for each of them', async () => {
      await store.sayConsent([said(true, null, 5)], 2_000);
      await forgetAll(store);
      expect([await wants(OURS), await wants('+17')]).toEqual([false, false]);
    });

    it('stands in the audit by a digest, with who did it and why, and when', async () => {
      await store.noteForgotten(THEIRS, { by: 'shell:me', reason: 'asked by letter' }, 7_000, false);
      const [row] = await place.sql("SELECT * FROM audit WHERE outcome = 'FORGOTTEN'");
      expect(row).toMatchObject({ caller: 'shell:me', settled_by: 'shell:me', reason: 'asked by letter' });
      expect(Number(row?.time)).toBe(7_000);
      expect(row?.key_hash).toMatch(/^[0-9a-f]{64}$/);
      expect(JSON.stringify(row)).not.toContain('5550123');
    });
  });
}
