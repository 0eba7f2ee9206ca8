/** What people settle, against a real store. */
import { ServiceError } from '../../src/errors.js';
import type { MessageStore, StoredSend } from '../../src/messaging/ports.js';
import { settleByHand, type SettleRequest } from '../../src/messaging/settlement.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend, REJECTED } from '../store/sends.js';

describe('settling by hand', () => {
  let store: MessageStore;
  beforeEach(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
  });
  afterEach(() => store.close());

  /** A send that nobody knows the fate of. */
  async function unresolved(): Promise<string> {
    const send = newSend();
    await store.claim(send);
    await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
    return send.sendId;
  }

  const settle = (fields: Partial<SettleRequest>): Promise<{ send: StoredSend; isNew: boolean }> =>
    settleByHand(store, 3_000, { sendId: '', as: 'SENT', messageId: null, by: 'ops', reason: null, ...fields });

  /** Where the mistake is, and which. */
  async function mistakeOf(fields: Partial<SettleRequest>): Promise<unknown> {
    const error: unknown = await settle(fields).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServiceError);
    const { code, fieldErrors = [] } = error as ServiceError;
    return [code, ...fieldErrors.map((mistake) => `${mistake.path.join('.')} ${mistake.code}`)];
  }

  it('as sent keeps the name, the time and the message, where its id is known', async () => {
    const sendId = await unresolved();
    const { send, isNew } = await settle({ sendId, messageId: 'm-1' });
    expect(isNew).toBe(true);
    expect(send).toMatchObject({
      sendId,
      status: 'ACCEPTED',
      settledBy: 'ops',
      updatedAtMs: 3_000,
      message: { id: 'm-1' },
    });
    expect(await settle({ sendId, messageId: 'm-1' })).toMatchObject({ isNew: false, send: { sendId } });
  });

  it('as sent without an id changes nothing the second time', async () => {
    const sendId = await unresolved();
    expect(await settle({ sendId })).toMatchObject({ isNew: true, send: { status: 'ACCEPTED', message: null } });
    expect(await settle({ sendId })).toMatchObject({ isNew: false });
  });

  it('as not sent frees the key, and changes nothing the second time', async () => {
    const sendId = await unresolved();
    expect(await settle({ sendId, as: 'NOT_SENT' })).toMatchObject({ isNew: true, send: { status: 'REJECTED' } });
    expect(await settle({ sendId, as: 'NOT_SENT' })).toMatchObject({ isNew: false });
  });

  it.each<[string, Partial<SettleRequest>, Partial<SettleRequest>]>([
    ['as sent, then as not sent', {}, { as: 'NOT_SENT' }],
    ['as not sent, then as sent', { as: 'NOT_SENT' }, {}],
    ['as one message, then as another', { messageId: 'm-1' }, { messageId: 'm-2' }],
    ['as a message, then without one', { messageId: 'm-1' }, {}],
    ['without a message, then as one', {}, { messageId: 'm-1' }],
  ])('%s is refused the second time', async (_name, first, second) => {
    const sendId = await unresolved();
    await settle({ sendId, ...first });
    expect(await mistakeOf({ sendId, ...second })).toEqual(['BAD_USER_INPUT', 'sendId NOT_UNRESOLVED']);
  });

  it.each(['ACCEPTED', 'REJECTED'] as const)(
    'what upstream itself brought to an end is refused: %s',
    async (status) => {
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, status === 'ACCEPTED' ? accepted({ id: 'm-1' }) : REJECTED, 2_000);
      const same = status === 'ACCEPTED' ? { messageId: 'm-1' } : { as: 'NOT_SENT' as const };
      expect(await mistakeOf({ sendId: send.sendId, ...same })).toEqual(['BAD_USER_INPUT', 'sendId NOT_UNRESOLVED']);
    },
  );

  it('refuses a send that is under way, a send that is not there, and the id of another send', async () => {
    const pending = newSend();
    await store.claim(pending);
    expect(await mistakeOf({ sendId: pending.sendId })).toEqual(['BAD_USER_INPUT', 'sendId NOT_UNRESOLVED']);
    expect(await mistakeOf({ sendId: 'nobody' })).toEqual(['BAD_USER_INPUT', 'sendId UNKNOWN_SEND']);
    await settle({ sendId: await unresolved(), messageId: 'm-1' });
    const taken = await mistakeOf({ sendId: await unresolved(), messageId: 'm-1' });
    expect(taken).toEqual(['BAD_USER_INPUT', 'messageId MESSAGE_ID_TAKEN']);
  });

  it.each<[string, Partial<SettleRequest>, string]>([
    ['a message that was not sent', { as: 'NOT_SENT', messageId: 'm-1' }, 'messageId MESSAGE_ID_WITHOUT_MESSAGE'],
    ['an empty id', { messageId: '' }, 'messageId INVALID_MESSAGE_ID'],
    ['an id with a space', { messageId: 'm 1' }, 'messageId INVALID_MESSAGE_ID'],
    ['an id with a space before it', { messageId: ' m1' }, 'messageId INVALID_MESSAGE_ID'],
    ['an id with a line after it', { messageId: 'm1\n' }, 'messageId INVALID_MESSAGE_ID'],
    ['an id that is not ASCII', { messageId: 'é' }, 'messageId INVALID_MESSAGE_ID'],
    ['an id of 256 characters', { messageId: 'm'.repeat(256) }, 'messageId INVALID_MESSAGE_ID'],
    ['a reason of 1001 characters', { reason: 'r'.repeat(1_001) }, 'reason REASON_TOO_LONG'],
    ['a reason with U+0000', { reason: '\0' }, 'reason INVALID_CHARACTER'],
  ])('refuses %s', async (_name, fields, mistake) => {
    const sendId = await unresolved();
    expect(await mistakeOf({ sendId, ...fields })).toEqual(['BAD_USER_INPUT', mistake]);
    expect(await store.unresolvedSends(10, null)).toHaveLength(1);
  });

  it('says how long a reason may be, and how long it was', async () => {
    const refusal = settle({ sendId: await unresolved(), reason: 'r'.repeat(1_200) });
    await expect(refusal).rejects.toMatchObject({ fieldErrors: [{ path: ['reason'], max: 1_000, actual: 1_200 }] });
  });

  it.each([{ messageId: '!' }, { messageId: `~${'m'.repeat(254)}` }, { reason: 'r'.repeat(1_000) }, { reason: '' }])(
    'takes what is just within its limits: %#',
    async (fields) => {
      expect((await settle({ sendId: await unresolved(), ...fields })).isNew).toBe(true);
    },
  );
});
