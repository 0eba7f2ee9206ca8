/** Whether people want to be sent messages: what a store keeps of that, and what it refuses for it. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import type { ConsentStatement } from '../../../src/messaging/consent.js';
import type { Message } from '../../../src/messaging/message.js';
import type { MessageStore, NewSend, OptOutFilter } from '../../../src/messaging/ports.js';
import { OUTBOUND } from '../../support/messages.js';
import { accepted, firstOf, heard, newSend, put } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

const OURS = OUTBOUND.from;
const OTHER = '+12345678999';
const [THEIRS = ''] = OUTBOUND.to;
const THIRD = '+12345678903';
/** When the tests play, in milliseconds; what is said is said some time before. */
const NOW = 9_000;
const ALL: OptOutFilter = { numbers: EVERYBODY, owner: null, recipient: null };

let texts = 0;

/** A message that came in from `THEIRS`. */
const text = (words: string, time: number, fields: Partial<Message> = {}): { kind: 'received'; message: Message } => ({
  kind: 'received',
  message: {
    ...accepted().message,
    ...{ id: `text${++texts}`, from: THEIRS, to: [OURS], owner: OURS, text: words, time },
    ...{ direction: 'IN', status: 'RECEIVED', deliveries: [] },
    ...fields,
  },
});

const said = (fields: Partial<ConsentStatement> = {}): ConsentStatement => ({
  ...{ recipient: THEIRS, owner: OURS, isOptedOut: true, since: 1_000, source: 'MANUAL', changedBy: 'caller:me' },
  ...{ recordedBy: 'caller:me', messageId: null },
  ...fields,
});

export function describeConsent(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });
  const isOut = async (recipient = THEIRS, owner = OURS): Promise<boolean | undefined> =>
    (await store.areOptedOut([{ owner, recipient }]))[0];
  const listed = async (filter: Partial<OptOutFilter> = {}): Promise<unknown[]> =>
    (await store.listOptOuts({ ...ALL, ...filter }, firstOf(50))).map(({ recipient, owner }) => [recipient, owner]);
  const claimTo = (to: readonly string[], fields: Partial<NewSend> = {}): Promise<unknown> =>
    store.claim(newSend({ message: { ...OUTBOUND, to }, ...fields }));
  const count = async (table: string): Promise<number> =>
    Number((await place.sql(`SELECT count(*) AS count FROM ${table}`))[0]?.count);

  describe('consent', () => {
    it('ends with a word that came in, and comes back with another', async () => {
      const stop = text('Please STOP!', 1_000);
      await store.take(stop, NOW);
      expect(await store.listOptOuts(ALL, firstOf(5))).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
          ...{ recipient: THEIRS, owner: OURS, since: 1_000, source: 'KEYWORD', changedBy: null },
          ...{ messageId: stop.message.id, changedAtMs: NOW },
        },
      ]);
      expect([await isOut(), await isOut(THEIRS, OTHER), await isOut(THIRD)]).toEqual([true, false, false]);
      await store.take(text('start', 2_000), NOW);
      expect([await isOut(), await listed()]).toEqual([false, []]);
    });

    it('stays as it is with any other text', async () => {
      await store.take(text('stop by at 5', 1_000), NOW);
      expect([await isOut(), await count('consent')]).toEqual([false, 0]);
    });

    it.each([4475, 4775])(
      'ends with code %d of a failed delivery, for the recipient that it is about',
      async (errorCode) => {
        const message = await put(store, { to: [THEIRS, THIRD] });
        await store.take(heard(message.id, { to: THIRD, status: 'FAILED', errorCode }), NOW);
        expect(await store.listOptOuts(ALL, firstOf(5))).toMatchObject([
          { recipient: THIRD, owner: OURS, since: 5, source: 'CARRIER', messageId: message.id },
        ]);
      },
    );

    it('stays as it is with another code, and where nobody knows whom of a group it is about', async () => {
      const message = await put(store, { to: [THEIRS, THIRD] });
      await store.take(heard(message.id, { to: THIRD, status: 'FAILED', errorCode: 4770 }), NOW);
      await store.take(heard(message.id, { to: null, status: 'FAILED', errorCode: 4775 }), NOW);
      expect(await listed()).toEqual([]);
    });

    it('ends with an event that came before its message was known, however that becomes known', async () => {
      const refused = { status: 'FAILED', errorCode: 4775 } as const;
      const [byRecord, byEvent, byHand, later] = [1, 2, 3, 4].map((number) => {
        const to = [`+1234567890${number}`];
        return { send: newSend({ message: { ...OUTBOUND, to } }), to: to[0] ?? '', id: `early${number}` };
      }) as [{ send: NewSend; to: string; id: string }, ...{ send: NewSend; to: string; id: string }[]];
      for (const each of [byRecord, byEvent, byHand, later]) {
        if (each === undefined) continue;
        await store.claim(each.send);
        await store.take(heard(each.id, { to: each.to, ...refused }), NOW);
      }
      expect(await listed()).toEqual([]);
      await store.record(byRecord.send.sendId, accepted({ id: byRecord.id, to: [byRecord.to] }), NOW);
      await store.take(heard(byEvent?.id ?? '', { to: byEvent?.to ?? '', sendId: byEvent?.send.sendId ?? '' }), NOW);
      await store.record(byHand?.send.sendId ?? '', { status: 'UNKNOWN' }, NOW);
      const found = { id: byHand?.id ?? '', time: null };
      await store.settle(byHand?.send.sendId ?? '', { as: 'SENT', found, by: 'shell:me', reason: null }, NOW);
      await place.sql(
        `UPDATE sends SET status = 'ACCEPTED', message_id = '${later?.id}', time = 1 WHERE send_id = '${later?.send.sendId}'`,
      );
      await store.adoptEarlyEvents(NOW);
      expect((await listed()).sort()).toEqual([byRecord, byEvent, byHand, later].map((each) => [each?.to, OURS]));
    });

    it('is what was said last, in whatever order that comes, and however often', async () => {
      const words = ['STOP', 'START', 'stop', 'unstop'].map((word, index) => text(word, 1_000 * (index + 1)));
      for (const each of [3, 1, 2, 0, 3, 2, 1, 0]) {
        for (const word of words.slice(each, each + 1)) await store.take(word, NOW);
      }
      expect(await isOut()).toBe(false);
      await Promise.all(
        [text('STOP', 6_000), text('START', 5_000), text('STOP', 6_000)].map((each) => store.take(each, NOW)),
      );
      expect(await isOut()).toBe(true);
    });

    it('stays, if an old STOP comes once more after it was given back by hand', async () => {
      const stop = text('STOP', 1_000);
      await store.take(stop, NOW);
      await store.sayConsent([said({ isOptedOut: false, since: 2_000 })], NOW);
      await store.take(stop, NOW);
      await store.take(text('STOP', 1_500), NOW);
      expect(await isOut()).toBe(false);
    });

    it('ends with the one of two words of the same moment that ends it', async () => {
      await store.take(text('STOP', 1_000), NOW);
      await store.take(text('START', 1_000), NOW);
      expect(await isOut()).toBe(true);
    });

    it('believes no time that lies in the future', async () => {
      await store.take(text('STOP', 99_000_000), NOW);
      expect(await isOut()).toBe(true);
      await store.take(text('START', 10_000_000), NOW + 1_000);
      expect(await isOut()).toBe(false);
    });

    it('ends only for who says so in a group, and only for the number that it came to', async () => {
      await store.take(text('STOP', 1_000, { to: [OURS, THIRD] }), NOW);
      expect(await listed()).toEqual([[THEIRS, OURS]]);
    });

    it('ends for all numbers where a word does not say to which of them it came', async () => {
      await store.take(text('STOP', 1_000, { to: [OURS, OTHER], owner: null }), NOW);
      expect([await isOut(), await isOut(THEIRS, OTHER)]).toEqual([true, true]);
    });

    it('counts for all numbers, until something later is said to one of them', async () => {
      await store.sayConsent([said({ owner: null, since: 2_000 })], NOW);
      await store.take(text('START', 1_000), NOW);
      expect(await isOut()).toBe(true);
      await store.take(text('START', 3_000), NOW);
      expect([await isOut(), await isOut(THEIRS, OTHER)]).toEqual([false, true]);
      await store.take(text('STOP', 4_000), NOW);
      await store.sayConsent([said({ owner: null, since: 5_000, isOptedOut: false })], NOW);
      expect([await isOut(), await isOut(THEIRS, OTHER)]).toEqual([true, false]);
    });

    it('is kept of many at once, by two instances in opposite orders', async () => {
      const another = await opened.openAnother();
      const numbers = Array.from({ length: 60 }, (_, index) => `+120255501${10 + index}`);
      const play = (to: MessageStore, order: readonly string[], word: string, time: number): Promise<unknown> =>
        Promise.all(order.map((from) => to.take(text(word, time, { from }), NOW)));
      await Promise.all([
        play(store, numbers, 'STOP', 1_000),
        play(another, numbers.toReversed(), 'START', 2_000),
        play(another, numbers.toReversed(), 'STOP', 3_000),
        another.sayConsent(
          numbers.map((recipient) => said({ recipient, since: 500 })),
          NOW,
        ),
      ]);
      expect((await store.areOptedOut(numbers.map((recipient) => ({ recipient, owner: OURS })))).every(Boolean)).toBe(
        true,
      );
    });

    it('says how many of the statements of a file count; saying them again changes nothing', async () => {
      const statements = [said(), said({ since: 2_000 }), said({ recipient: THIRD }), said({ owner: null })];
      expect(await store.sayConsent(statements, NOW)).toBeGreaterThanOrEqual(3);
      const before = await store.listOptOuts(ALL, firstOf(9));
      expect(await store.sayConsent(statements, NOW + 1_000)).toBe(0);
      expect(await store.listOptOuts(ALL, firstOf(9))).toEqual(before);
      expect(before.map(({ since }) => since)).toEqual([2_000, 1_000, 1_000]);
    });
  });

  describe('a claim to somebody who opted out', () => {
    beforeEach(() => store.take(text('STOP', 1_000), NOW));

    it('is refused, with the places of those recipients, and writes nothing', async () => {
      await store.sayConsent([said({ recipient: '+12345678904', owner: null })], NOW);
      const refused = await claimTo([THIRD, THEIRS, '+12345678904']);
      expect(refused).toEqual({ kind: 'OPTED_OUT', recipients: [1, 2] });
      expect([await count('sends'), await count('audit')]).toEqual([1, 0]);
      expect(await claimTo([THIRD])).toEqual({ kind: 'CLAIMED' });
      expect(await store.claim(newSend({ message: { ...OUTBOUND, from: OTHER } }))).toEqual({ kind: 'CLAIMED' });
    });

    it('leaves its key free', async () => {
      expect(await claimTo([THEIRS], { idempotencyKey: 'k' })).toMatchObject({ kind: 'OPTED_OUT' });
      await store.take(text('START', 2_000), NOW);
      expect(await claimTo([THEIRS], { idempotencyKey: 'k' })).toEqual({ kind: 'CLAIMED' });
    });

    it('is first answered by the send that holds its key', async () => {
      await store.take(text('START', 2_000), NOW);
      const first = newSend({ idempotencyKey: 'k' });
      await store.claim(first);
      await store.take(text('STOP', 3_000), NOW);
      expect(await claimTo([THEIRS], { idempotencyKey: 'k' })).toMatchObject({
        kind: 'HELD',
        by: { sendId: first.sendId },
      });
    });

    it('passes, if it ignores consent', async () => {
      expect(await claimTo([THEIRS], { ignoresConsent: true })).toEqual({ kind: 'CLAIMED' });
    });

    it('is refused among others, each for its own reason', async () => {
      // Out of another number's messages, and out of all until something else was said to this one.
      await store.sayConsent(
        [said({ recipient: '+12345678906', owner: OTHER }), said({ recipient: '+12345678907', owner: null })],
        NOW,
      );
      await store.take(text('START', 5_000, { from: '+12345678907' }), NOW);
      const held = newSend({ idempotencyKey: 'held', message: { ...OUTBOUND, to: [THIRD] } });
      await store.claim(held);
      const claims = await Promise.all([
        claimTo([THEIRS]),
        claimTo([THIRD]),
        claimTo([THIRD], { idempotencyKey: 'held' }),
        claimTo([THEIRS], { ignoresConsent: true }),
        claimTo([THIRD, THEIRS], { idempotencyKey: 'other' }),
        claimTo(['+12345678906']),
        claimTo(['+12345678907'], { idempotencyKey: 'third' }),
      ]);
      expect(claims).toMatchObject([
        { kind: 'OPTED_OUT', recipients: [0] },
        { kind: 'CLAIMED' },
        { kind: 'HELD', by: { sendId: held.sendId } },
        { kind: 'CLAIMED' },
        { kind: 'OPTED_OUT', recipients: [1] },
        { kind: 'CLAIMED' },
        { kind: 'CLAIMED' },
      ]);
    });
  });

  describe('the list of those who opted out', () => {
    const recipients = Array.from({ length: 9 }, (_, index) => `+1202555010${index}`);
    beforeEach(() =>
      store.sayConsent(
        recipients.map((recipient, index) =>
          // Some of the same moment, from three numbers and from all.
          said({ recipient, owner: [OURS, OTHER, THIRD, null][index % 4] ?? null, since: 1_000 + (index >> 1) }),
        ),
        NOW,
      ),
    );
    const pagesOf = async (filter: OptOutFilter, fromEnd: boolean): Promise<string[]> => {
      const found: string[] = [];
      for (let at: { time: number; sendId: string } | null = null; ;) {
        const ends: object = fromEnd ? { after: null, before: at } : { after: at, before: null };
        const page = await store.listOptOuts(filter, { limit: 2, fromEnd, ...ends } as Parameters<
          MessageStore['listOptOuts']
        >[1]);
        const names = page.map(({ recipient }) => recipient);
        if (fromEnd) found.unshift(...names);
        else found.push(...names);
        const last = fromEnd ? page[0] : page.at(-1);
        if (last === undefined) return found;
        at = { time: last.since, sendId: last.id };
      }
    };

    it('has everybody once, the newest first, page by page from either end', async () => {
      const whole = (await store.listOptOuts(ALL, firstOf(50))).map(({ recipient }) => recipient);
      expect(whole.toSorted()).toEqual(recipients);
      expect(whole[0]).toBe(recipients[8]);
      expect([await pagesOf(ALL, false), await pagesOf(ALL, true)]).toEqual([whole, whole]);
    });

    it('has for a reader those from its numbers, and those from all', async () => {
      const filter = { ...ALL, numbers: [OURS, THIRD] };
      const whole = await store.listOptOuts(filter, firstOf(50));
      const seen = whole.map(({ recipient }) => recipient);
      expect([whole.length, new Set(whole.map(({ owner }) => owner))]).toEqual([7, new Set([OURS, THIRD, null])]);
      const places = whole.map(({ since, id }) => [since, id] as const);
      expect(places).toEqual(places.toSorted(([a, x], [b, y]) => b - a || (x < y ? 1 : -1)));
      expect([await pagesOf(filter, false), await pagesOf(filter, true)]).toEqual([seen, seen]);
      expect(await listed({ numbers: [] })).toHaveLength(2);
    });

    it('has by a number those that it would meet, and by a recipient only that one', async () => {
      expect(await listed({ owner: OTHER })).toHaveLength(4);
      expect(await listed({ owner: OTHER, numbers: [OURS] })).toHaveLength(2);
      expect(await listed({ recipient: recipients[1] ?? '' })).toEqual([[recipients[1], OTHER]]);
      expect(await listed({ recipient: recipients[1] ?? '', numbers: [OURS] })).toEqual([]);
      expect(await listed({ recipient: 'a\0b' })).toEqual([]);
    });
  });

  it('knows who opted out lately by a word: not who was out before, is in again, or is out for another reason', async () => {
    await store.take(text('STOP', 1_000), NOW);
    await store.take(text('STOP', 2_000), NOW + 5_000);
    const message = await put(store, { to: [THIRD] });
    await store.take(heard(message.id, { to: THIRD, status: 'FAILED', errorCode: 4775 }), NOW + 5_000);
    await store.take(text('STOP', 1_000, { from: '+12345678904' }), NOW + 5_000);
    await store.take(text('STOP', 1_000, { from: '+12345678905' }), NOW + 5_000);
    await store.take(text('START', 2_000, { from: '+12345678905' }), NOW + 6_000);
    expect((await store.newOptOuts({ changedAtMs: NOW + 1, id: '' }, 9)).map(({ recipient }) => recipient)).toEqual([
      '+12345678904',
    ]);
    expect(await store.newOptOuts({ changedAtMs: NOW, id: '' }, 1)).toMatchObject([
      { recipient: THEIRS, changedAtMs: NOW },
    ]);
  });

  describe('the audit of consent', () => {
    it('keeps everything that counted, who said it and who wrote it down, and shows it with the numbers', async () => {
      const stop = text('STOP', 1_000);
      for (const each of [stop, stop, text('hello', 1_100)]) await store.take(each, NOW);
      await store.sayConsent([said({ isOptedOut: false, since: 2_000, recordedBy: 'caller:other' })], NOW + 1);
      await store.take(text('STOP', 1_500), NOW + 2);
      const history = await place.sql('SELECT * FROM consent_history ORDER BY since');
      expect(history.map((row) => ({ ...row, time: Number(row.time), since: Number(row.since) }))).toMatchObject([
        {
          ...{ time: NOW, recipient: THEIRS, owner: OURS, opted_out: 1, since: 1_000, source: 'KEYWORD' },
          ...{ changed_by: null, recorded_by: null, message_id: stop.message.id },
        },
        {
          ...{ time: NOW + 1, recipient: THEIRS, owner: OURS, opted_out: 0, since: 2_000, source: 'MANUAL' },
          ...{ changed_by: 'caller:me', recorded_by: 'caller:other', message_id: null },
        },
      ]);
    });

    it('holds no number, and stays when an entry is deleted to forget one', async () => {
      await store.take(text('STOP', 1_000), NOW);
      expect(JSON.stringify(await place.sql('SELECT * FROM consent_audit'))).not.toMatch(/\+1/);
      await place.sql('DELETE FROM consent');
      expect(await place.sql('SELECT recipient, owner, opted_out FROM consent_history')).toEqual([
        { recipient: null, owner: null, opted_out: 1 },
      ]);
    });

    it('can be changed by nobody', async () => {
      await store.take(text('STOP', 1_000), NOW);
      const refusal = { message: expect.stringContaining('append-only') as string };
      await expect(place.sql('UPDATE consent_audit SET opted_out = 0')).rejects.toMatchObject(refusal);
      await expect(place.sql('DELETE FROM consent_audit')).rejects.toMatchObject(refusal);
      for (const attempt of place.rewritesOfConsentAudit) {
        await expect(place.sql(attempt)).rejects.toMatchObject(refusal);
      }
      await store.take(text('START', 2_000), NOW);
      expect(await count('consent_audit')).toBe(2);
    });
  });
}
