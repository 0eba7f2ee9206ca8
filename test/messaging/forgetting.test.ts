/** What is known of a number that is being forgotten, when that ends in the middle. */
import { EVERYBODY } from '../../src/messaging/caller.js';
import { Numbers } from '../../src/messaging/forgetting.js';
import type { MessageStore } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend, NO_FILTER, receive } from '../store/sends.js';
import { systemClock } from '../../src/messaging/clock.js';
import { replacing } from '../support/replacing.js';

const NUMBER = '+19195550077';

describe('a number that is being forgotten', () => {
  let real: MessageStore;
  beforeEach(async () => {
    real = await openStore({ databaseUrl: null, file: ':memory:' });
    const send = newSend();
    await real.claim(send);
    await real.record(send.sendId, accepted({ to: [NUMBER] }), 1);
  });
  afterEach(() => real.close());

  const forgetIn = (
    store: MessageStore,
    removeCopy = (_url: string): Promise<void> => Promise.resolve(),
  ): Promise<unknown> => {
    const numbers = new Numbers({ store, clock: systemClock, removeCopy });
    return numbers.forget({ number: NUMBER, by: 'caller:ops', reason: 'asked by letter' });
  };
  /** Of the audit, what names no send: looked for by the digest that stands for the number. */
  const notes: string[] = [];
  const noting = (rest: Partial<MessageStore>): MessageStore => {
    notes.length = 0;
    return replacing(real, {
      noteForgetting: (number, outcome, { by }, now) => {
        notes.push(`${by} ${outcome}`);
        return real.noteForgetting(number, outcome, { by, reason: null }, now);
      },
      ...rest,
    });
  };

  it('leaves in the audit who began it, when it ends in the middle', async () => {
    const away = new Error('the database is away');
    await expect(forgetIn(noting({ forgetSome: () => Promise.reject(away) }))).rejects.toBe(away);
    expect(notes).toEqual(['caller:ops FORGETTING']);
    expect(await real.forgotSince(0)).toBe(true);
  });

  it('is not touched when nobody can write who began it', async () => {
    const readOnly = new Error('the database is read-only');
    await expect(forgetIn(noting({ noteForgetting: () => Promise.reject(readOnly) }))).rejects.toBe(readOnly);
    expect(await real.countMessages(NO_FILTER, 10)).toBe(1);
  });

  it('keeps its messages as long as a copy of theirs is there: nothing else leads to it', async () => {
    const url = 'https://example.com/a.png';
    await receive(real, { id: 'with a picture', from: NUMBER, media: [url] });
    const kept = (): Promise<unknown> => real.messagesById(['with a picture'], EVERYBODY);
    const readOnly = new Error('the folder is read-only');
    await expect(forgetIn(real, () => Promise.reject(readOnly))).rejects.toBe(readOnly);
    expect(await kept()).toMatchObject([{ media: [url] }]);
    const removed = new Set<string>();
    const remove = async (each: string): Promise<void> => {
      if (removed.size === 0) expect(await kept()).toMatchObject([{ media: [url] }]);
      removed.add(each);
    };
    expect(await forgetIn(real, remove)).toMatchObject({ messages: 2 });
    expect([...removed]).toEqual([url]);
    expect(await kept()).toEqual([null]);
  });
});
