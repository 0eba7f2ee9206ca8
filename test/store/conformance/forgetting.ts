/** A number that is forgotten: what goes, and what stays without it. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { ConsentStatement } from '../../../src/messaging/consent.js';
import type { ForgettingPlace, ForgettingStep, MessageStore, NewSend } from '../../../src/messaging/ports.js';
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
    all.media = [...new Set([...all.media, ...step.media])];
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

    it('names the copies to remove before their message goes, since nothing else leads to them', async () => {
      const media = ['https://example.com/a.png'];
      const { id } = await receive(store, { from: THEIRS, owner: OURS, to: [OURS], media });
      const step = await store.forgetSome(THEIRS, null);
      expect(step).toMatchObject({ messages: 0, media });
      expect(await store.messagesById([id], EVERYBODY)).toMatchObject([{ media }]);
      // Whoever ended here and begins again finds them again.
      expect(await store.forgetSome(THEIRS, null)).toEqual(step);
      expect(await store.forgetSome(THEIRS, step.next)).toMatchObject({ messages: 1, media });
      expect(await store.messagesById([id], EVERYBODY)).toEqual([null]);
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

    const settledAsNotSent = async (): Promise<NewSend> => {
      const send = newSend(toThem);
      await store.claim(send);
      await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
      await store.settle(send.sendId, { as: 'NOT_SENT', by: 'ops', reason: null }, 3_000);
      expect(await forgetAll(store)).toMatchObject({ messages: 1 });
      return send;
    };
    const fateOf = async ({ sendId }: NewSend): Promise<unknown[]> => {
      const [row] = await place.sql(`SELECT status, last_seen FROM sends WHERE send_id = '${sendId}'`);
      const audit = await place.sql(`SELECT outcome, reason FROM audit WHERE send_id = '${sendId}' ORDER BY time`);
      return [row?.status, row?.last_seen, audit.at(-1)];
    };
    const SENT_AFTER_ALL = { outcome: 'ACCEPTED', reason: 'it was sent after all' };

    it('keeps the outcome and the message id that come late to an empty row, and nothing of the people', async () => {
      const send = await settledAsNotSent();
      const late = accepted({ id: 'late', from: OURS, to: [THEIRS], text: 'their text', tag: 'their tag' });
      for (let time = 6_000; time < 6_002; time++) {
        await store.record(send.sendId, { ...late, lastSeen: 'HTTP 202' }, time);
        expect(await fateOf(send)).toEqual(['ACCEPTED', 'HTTP 202, message late', SENT_AFTER_ALL]);
      }
      expect(JSON.stringify(await place.sql('SELECT * FROM sends'))).not.toMatch(/5550123|5559999|their/);
      for (const table of ['recipients', 'conversations', 'conversation_participants', 'early_events']) {
        expect(await count(table)).toBe(0);
      }
      expect(await pages(store, 10)).toEqual([]);
      await store.purge(9_000, 10);
      expect(await count('sends')).toBe(0);
    });

    it('learns by a callback that what an empty row stands for was sent after all, and keeps nothing else of it', async () => {
      const send = await settledAsNotSent();
      const event = heard('late', { sendId: send.sendId, to: THEIRS });
      const taken = [await store.take(event, 6_000), await store.take(event, 6_001)];
      expect(taken.map(({ result }) => result)).toEqual(['CHANGED', 'REPEATED']);
      expect(await fateOf(send)).toEqual(['ACCEPTED', null, SENT_AFTER_ALL]);
      expect(await count("sends WHERE message_id IS NOT NULL OR sender <> '' OR owner IS NOT NULL")).toBe(0);
      expect(await count('early_events')).toBe(0);
      await store.purge(9_000, 10);
      expect(await count('sends')).toBe(0);
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

    it('leaves whoever came back in between as he said last, however often he is forgotten', async () => {
      await store.sayConsent([said(true, OURS, 5), said(true, null, 5)], 2_000);
      await forgetAll(store);
      await store.sayConsent([said(false, OURS, 6)], 3_000);
      for (let times = 0; times < 3; times++) {
        expect([await wants(OURS), await wants('+17')]).toEqual([true, false]);
        await forgetAll(store);
      }
      // What says that he came back is needed as long as he is out for all others.
      await store.purge(9_000, 10);
      expect([await wants(OURS), await wants('+17')]).toEqual([true, false]);
    });

    it('takes no word that is repeated after it for a new one, and tells nobody that it must be confirmed', async () => {
      const BEFORE = { changedAtMs: 0, id: '' };
      await store.sayConsent([said(true, OURS, 5), said(true, '+17', 5), said(false, '+17', 6)], 2_000);
      await forgetAll(store);
      expect(await store.sayConsent([said(true, OURS, 5), said(true, '+17', 5)], 3_000)).toBe(0);
      expect([await count('consent'), await wants(OURS), await wants('+17')]).toEqual([0, false, true]);
      // A new word counts. To whoever is out already, it is nothing to confirm.
      expect(await store.sayConsent([said(true, OURS, 7), said(true, '+17', 7)], 4_000)).toBe(2);
      expect([await wants(OURS), await wants('+17')]).toEqual([false, false]);
      const toConfirm = async (): Promise<unknown[]> =>
        (await store.newOptOuts({ ...BEFORE, changedAtMs: 1_000 }, 10)).map(({ owner, changedAtMs }) => [
          owner,
          changedAtMs,
        ]);
      expect(await toConfirm()).toEqual([['+17', 4_000]]);
      await store.sayConsent([said(false, OURS, 8)], 5_000);
      await store.sayConsent([said(true, OURS, 9)], 6_000);
      expect(await toConfirm()).toEqual([
        ['+17', 4_000],
        [OURS, 6_000],
      ]);
    });

    it('keeps nothing of whoever was in when he was forgotten, once no older word can be repeated', async () => {
      await store.sayConsent([said(false, OURS, 5_000)], 2_000);
      await forgetAll(store);
      await store.purge(4, 10);
      expect(await count('forgotten_opt_outs')).toBe(1);
      await store.purge(6, 10);
      expect(await count('forgotten_opt_outs')).toBe(0);
      expect(await wants(OURS)).toBe(true);
    });

    it('changes for none of the forms of a number whether something is sent to it', async () => {
      const forms = [THEIRS, '19195550123', '9195550123', '0019195550123'];
      const words = forms.map((recipient, index) => ({ ...said(index % 2 === 0, OURS, 5 + index), recipient }));
      await store.sayConsent(words, 2_000);
      const areOut = (): Promise<boolean[]> =>
        store.areOptedOut(forms.map((recipient) => ({ owner: OURS, recipient })));
      expect(await areOut()).toEqual([true, false, true, false]);
      expect(await forgetAll(store)).toMatchObject({ consent: 4 });
      expect(await areOut()).toEqual([true, false, true, false]);
      expect(JSON.stringify(await place.sql('SELECT * FROM forgotten_opt_outs'))).not.toContain('5550123');
    });

    it('stands in the audit by a digest, with who does it and why, from its beginning to its end', async () => {
      expect(await store.forgotSince(0)).toBe(false);
      const forgetting = { by: 'shell:me', reason: 'asked by letter' };
      await store.noteForgetting(THEIRS, 'FORGETTING', forgetting, 7_000);
      const DAY_MS = 86_400_000;
      const isToldSince = (...times: number[]): Promise<boolean[]> =>
        Promise.all(times.map((time) => store.forgotSince(time)));
      // Still under way, or ended in the middle.
      expect(await isToldSince(7_000, 7_000 + DAY_MS, 7_001 + DAY_MS)).toEqual([true, true, false]);
      await store.noteForgetting(THEIRS, 'FORGOTTEN', forgetting, 8_000);
      expect(await isToldSince(7_000, 8_000, 8_001)).toEqual([true, true, false]);
      const rows = await place.sql('SELECT * FROM audit ORDER BY time');
      const expected = { caller: 'shell:me', settled_by: 'shell:me', reason: 'asked by letter' };
      expect(rows).toMatchObject([
        { ...expected, outcome: 'FORGETTING' },
        { ...expected, outcome: 'FORGOTTEN' },
      ]);
      expect(rows.map(({ time }) => Number(time))).toEqual([7_000, 8_000]);
      for (const { key_hash } of rows) expect(key_hash).toMatch(/^[0-9a-f]{64}$/);
      expect(JSON.stringify(rows)).not.toContain('5550123');
    });
  });
}
