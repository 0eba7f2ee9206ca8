/** What a trace says of a send whose number is forgotten. */
import { masked, traceOf } from '../../src/messaging/trace.js';
import { openStore } from '../../src/store/index.js';
import { OUTBOUND } from '../support/messages.js';
import { accepted, newSend } from '../store/sends.js';

it.each(['masked', 'as they are'])(
  'the trace of a send says that its numbers are forgotten, with numbers %s',
  async (how) => {
    const number = '+19195550077';
    const store = await openStore({ databaseUrl: null, file: ':memory:' });
    const send = newSend({ idempotencyKey: 'k', message: { ...OUTBOUND, to: [number] } });
    await store.claim(send);
    await store.record(send.sendId, accepted({ to: [number] }), 2_000);
    await store.forgetSome(number, null);
    const show = how === 'masked' ? masked : (each: string): string => each;
    const { events } = await traceOf(store, { id: send.sendId }, { now: 3_000, show });
    await store.close();
    expect(events[0]).toMatchObject({ kind: 'claimed', from: '', to: [] });
    expect(events.map(({ text }) => text.replace(/^.*; /, ''))).toEqual([
      'its numbers are forgotten',
      'ACCEPTED',
      'its number was forgotten',
      'ACCEPTED',
    ]);
  },
);
