/** Which states a stored message can have, whatever happens to its send, in any order. */
import type { DeliveryEvent } from '../../../src/messaging/delivery.js';
import type { MessageStore } from '../../../src/messaging/ports.js';
import { accepted, heard, newRandom, newSend, REJECTED } from '../sends.js';
import type { Opened } from './opened.js';
import { NOT_SENT, SENT, sentAs, UNKNOWN, WITHOUT_ID } from './settling.js';

const SEED = Number(process.env.STATE_SEED ?? Math.floor(Math.random() * 1e9));
const SENDS = 120;
const STEPS = 6;

/** The direction and the state of a row, and whether it is without a message, as either database says it. */
const POSSIBLE =
  /^(IN RECEIVED (0|false)|OUT (ACCEPTED|SENDING|DELIVERED|PARTIALLY_DELIVERED|FAILED) (0|false)|OUT (PENDING|UNKNOWN|REJECTED|ACCEPTED) (1|true))$/;

export function describeStates(opened: Opened): void {
  describe('states', () => {
    it('gives a message none of the states of a send without one, and its direction belongs to its state', async () => {
      const random = newRandom(SEED);
      for (let index = 0; index < SENDS; index++) await live(opened.store, index, random);
      const rows = await opened.place.sql(
        'SELECT DISTINCT direction, status, message_id IS NULL AS without FROM sends ORDER BY direction, status',
      );
      const found = rows.map(
        ({ direction, status, without }) => `${String(direction)} ${String(status)} ${String(without)}`,
      );
      const strange = found.filter((row) => !POSSIBLE.test(row));
      expect({ seed: SEED, strange }).toEqual({ seed: SEED, strange: [] });
      expect(found.length).toBeGreaterThan(6);
    });
  });
}

/** Some of what can happen to a send, in a random order; or a message that comes in. */
async function live(store: MessageStore, index: number, random: (limit: number) => number): Promise<void> {
  const id = `m${index}`;
  const message = { ...newSend().message, to: ['+16', '+17'] };
  const send = newSend({ message, leaseUntilMs: random(2) === 0 ? 100 : 36_000 });
  const news = (): Partial<DeliveryEvent> => ({
    to: [null, '+16', '+17'][random(3)] ?? null,
    status: (['ACCEPTED', 'SENDING', 'DELIVERED', 'FAILED'] as const)[random(4)] ?? 'FAILED',
  });
  const happenings: (() => Promise<unknown>)[] = [
    () => store.record(send.sendId, accepted({ id, to: message.to }), 2_000),
    () => store.record(send.sendId, [UNKNOWN, WITHOUT_ID, REJECTED][random(3)] ?? UNKNOWN, 2_000),
    () => store.take(heard(id, { ...news() }), 3_000),
    () => store.take(heard(id, { ...news(), sendId: send.sendId }), 3_000),
    () => store.settle(send.sendId, [NOT_SENT, SENT, sentAs(id), sentAs(`other${index}`)][random(4)] ?? SENT, 4_000),
    () => store.expireLeases(150),
    () => store.abandon([send], 5_000),
    () => store.adoptEarlyEvents(6_000),
  ];
  if (random(8) === 0) {
    const { message: received } = accepted({ id: `in${index}`, direction: 'IN', status: 'RECEIVED' });
    await store.take({ kind: 'received', message: received }, 1);
  }
  if (random(10) !== 0) await store.claim(send);
  for (let step = random(STEPS); step > 0; step--) await happenings[random(happenings.length)]?.();
}
