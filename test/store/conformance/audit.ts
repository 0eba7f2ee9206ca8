/** What the database keeps for ever: every attempt, and how many were refused. */
import { createHash } from 'node:crypto';
import type { MessageStore, NewSend } from '../../../src/messaging/ports.js';
import { readFileSync } from 'node:fs';
import { codeBlocks } from '../../support/markdown.js';
import { accepted, newSend, REJECTED } from '../sends.js';
import type { Opened, StoreUnderTest } from './opened.js';

export function describeAudit(opened: Opened): void {
  let store: MessageStore;
  let place: StoreUnderTest;
  beforeEach(() => {
    ({ store, place } = opened);
  });

  describe('the audit', () => {
    const audit = (): Promise<Record<string, unknown>[]> =>
      place.sql('SELECT time, send_id, caller, key_hash, outcome FROM audit ORDER BY send_id');

    it('keeps an audit of what became of every attempt, once each', async () => {
      const sends = [1, 2, 3, 4].map((index) => newSend({ caller: 'me', idempotencyKey: `key-${index}` }));
      const [sent, refused, lost, abandoned] = sends as [NewSend, NewSend, NewSend, NewSend];
      for (const send of sends) await store.claim(send);
      await store.record(sent.sendId, accepted(), 2_000);
      await store.record(refused.sendId, REJECTED, 3_000);
      await store.record(lost.sendId, { status: 'UNKNOWN' }, 4_000);
      await store.expireLeases(99_000);
      await store.record(lost.sendId, accepted(), 5_000);
      await store.record(sent.sendId, accepted(), 5_000);

      const told = (await audit()).map(({ time, send_id, caller, outcome }) => [
        Number(time),
        send_id,
        caller,
        outcome,
      ]);
      expect(told).toEqual([
        [2_000, sent.sendId, 'me', 'ACCEPTED'],
        [3_000, refused.sendId, 'me', 'REJECTED'],
        [4_000, lost.sendId, 'me', 'UNKNOWN'],
        [36_000, abandoned.sendId, 'me', 'UNKNOWN'],
      ]);
    });

    it('keeps an audit with the digest of the idempotency key, and nothing that is private', async () => {
      const keyed = newSend({ idempotencyKey: 'key-1' });
      const keyless = newSend();
      for (const send of [keyed, keyless]) {
        await store.claim(send);
        await store.record(send.sendId, accepted(), 2_000);
      }
      const records = await audit();
      expect(records.map(({ key_hash }) => key_hash)).toEqual([
        createHash('sha256').update('key-1').digest('hex'),
        null,
      ]);
      expect(JSON.stringify(records)).not.toMatch(/\+123|Hey|key-1"/);
    });

    it('can be cut by the owner of the database, as docs/data.md says, and by nobody afterwards', async () => {
      const page = readFileSync(new URL('../../../docs/data.md', import.meta.url), 'utf8');
      const script = codeBlocks(page).find(({ heading }) => heading === `In ${place.name}`)?.text ?? '';
      const send = async (at: number): Promise<void> => {
        const { sendId } = newSend();
        await store.claim(newSend({ sendId }));
        await store.record(sendId, accepted(), at);
      };
      const now = Date.now();
      await send(now - 800 * 86_400_000);
      await send(now);
      await place.script(script);
      expect((await audit()).map(({ time }) => Number(time))).toEqual([now]);
      const refusal = { message: 'audit is append-only' };
      await expect(place.sql('DELETE FROM audit')).rejects.toMatchObject(refusal);
      await send(now);
      expect(await audit()).toHaveLength(2);
    });

    it('keeps an audit that nobody can change and that outlives the send', async () => {
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, REJECTED, 2_000);
      // Not toThrow: a driver's errors may be of another copy of the language than the tests.
      const refusal = { message: expect.stringContaining('append-only') as string };
      await expect(place.sql("UPDATE audit SET outcome = 'ACCEPTED'")).rejects.toMatchObject(refusal);
      await expect(place.sql('DELETE FROM audit')).rejects.toMatchObject(refusal);
      const before = await place.sql('SELECT * FROM audit');
      for (const attempt of place.rewritesOfAudit) await expect(place.sql(attempt)).rejects.toMatchObject(refusal);
      await store.purge(9_000, 10);
      expect(await place.sql('SELECT * FROM audit')).toEqual(before);
      // What is new still comes in.
      const next = newSend();
      await store.claim(next);
      await store.record(next.sendId, REJECTED, 3_000);
      expect(await audit()).toHaveLength(2);
    });
  });

  it('counts refused sends by caller and hour', async () => {
    const counts = (...all: [caller: string, hour: number, count: number][]): Promise<void> =>
      store.addRefusals(all.map(([caller, hour, count]) => ({ caller, hour, count })));
    await counts(['a', 0, 2], ['b', 0, 1]);
    await counts(['b', 0, 4], ['b', 3_600_000, 3]);
    const rows = await place.sql('SELECT caller, hour, count FROM refusals ORDER BY caller, hour');
    expect(rows.map(({ caller, hour, count }) => [caller, Number(hour), Number(count)])).toEqual([
      ['a', 0, 2],
      ['b', 0, 5],
      ['b', 3_600_000, 3],
    ]);
    expect(await place.sql('SELECT * FROM audit')).toEqual([]);
  });
}
