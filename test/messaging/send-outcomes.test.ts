/** What a send leaves behind, and what the operator learns. */
import { EVERYBODY } from '../../src/messaging/caller.js';
import { ServiceError } from '../../src/errors.js';
import { MessageService, type SendReport, type SendRequest } from '../../src/messaging/message-service.js';
import type { GatewayReport, MessageStore, SendOutcome } from '../../src/messaging/ports.js';
import { traceOf } from '../../src/messaging/trace.js';
import { openStore } from '../../src/store/index.js';
import { accepted, firstOf, NO_FILTER, own } from '../store/sends.js';
import { NO_LIMITS } from '../support/limits.js';
import { OUTBOUND } from '../support/messages.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { replacing } from '../support/replacing.js';

describe('a send', () => {
  let store: MessageStore;
  let outcome: SendOutcome;
  let reports: SendReport[];
  let settled: object[];
  let clock: ManualClock;
  let claims: number;
  let brokenClaims: boolean;
  let service: MessageService;

  beforeEach(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
    outcome = { status: 'UNKNOWN' };
    [reports, settled, claims, brokenClaims] = [[], [], 0, false];
    clock = manualClock(1_000);
    let ids = 0;
    service = new MessageService({
      store: replacing(store, {
        claim(...args) {
          claims += 1;
          return brokenClaims ? Promise.reject(new Error('disk full')) : store.claim(...args);
        },
      }),
      gateway: {
        send(): Promise<GatewayReport> {
          clock.advance(250);
          return Promise.resolve({ ...outcome, attempts: 2, lastSeen: 'HTTP 500', httpStatus: 500, upstreamMs: 7 });
        },
      },
      clock,
      observer: {
        onSend: (report) => reports.push(report),
        onSettled: (each) => settled.push(each),
        onRecordFailure: () => undefined,
        onStillWaiting: () => undefined,
      },
      limits: NO_LIMITS,
      applicationIds: new Map(),
      refusals: { add: () => undefined },
      newId: () => `send${++ids}`,
      sendTimeoutMs: 20_000,
    });
  });
  afterEach(async () => {
    await service.close();
    await store.close();
  });

  const request = (fields: Partial<SendRequest> = {}): SendRequest => ({
    message: OUTBOUND,
    caller: 'shop',
    idempotencyKey: 'k',
    requestId: 'r1',
    refusal: null,
    ...fields,
  });
  const codeOf = async (sending: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await sending.catch((reason: unknown) => reason);
    return error instanceof ServiceError ? `${error.code} ${String(error.outcome)}` : error;
  };

  it('has five seconds more than its call before it counts as abandoned', async () => {
    await service.send(request()).catch(() => undefined);
    expect(await store.sendByKey('shop', 'k')).toMatchObject({
      sendId: 'send1',
      startedAtMs: 1_000,
      leaseUntilMs: 1_000 + 20_000 + 5_000,
      updatedAtMs: 1_250,
      requestId: 'r1',
      lastSeen: 'HTTP 500',
      attempts: 2,
    });
    const { events } = await traceOf(store, { id: 'send1' }, { now: 2_000, show: (number) => number });
    expect(events.find(({ kind }) => kind === 'outcome')?.text).toBe(
      'UNKNOWN: perhaps sent, and never sent again; the last of 2 attempts met HTTP 500',
    );
  });

  it('is reported with its error’s code where nothing was sent, and with how long it took', async () => {
    outcome = { status: 'REJECTED', error: new ServiceError('UPSTREAM_REJECTED', { outcome: 'NOT_SENT' }) };
    expect(await codeOf(service.send(request()))).toBe('UPSTREAM_REJECTED NOT_SENT');
    const common = {
      ...{ attempts: 2, detail: 'HTTP 500', httpStatus: 500, upstreamMs: 7, requestId: 'r1', durationMs: 250 },
      ...{ traceId: null, messageId: null, caller: 'shop', keyHash: expect.any(String) as string },
    };
    expect(reports).toEqual([{ ...common, sendId: 'send1', outcome: 'NOT_SENT', code: 'UPSTREAM_REJECTED' }]);
    outcome = { status: 'UNKNOWN' };
    expect(await codeOf(service.send(request()))).toBe('OUTCOME_UNKNOWN UNKNOWN');
    expect(reports[1]).toEqual({ ...common, sendId: 'send2', outcome: 'UNKNOWN', code: null });
  });

  it('leaves nobody waiting once its outcome is stored', async () => {
    await codeOf(service.send(request()));
    expect([clock.pauses.length, clock.asleep()]).toEqual([1, 0]);
  });

  it.each<[string, Partial<SendRequest['message']>, string]>([
    [
      'without priority and end, as in versions that did not know them',
      {},
      'SVzGmFfFiaeoumma2rYVTnhX7DPixyqBeEXpIDBcE84',
    ],
    ['with a priority', { priority: 'HIGH' }, 'kGB26TvuRGZmpG4nJ-MXeGWUyvbXJmyGmtLrYNPrTus'],
    ['with an end', { expiresAt: 5 }, 'xxX2VtwbA-XTryeBtnP79ehFabj4Or952H-dS1rs2wk'],
  ])('has a fingerprint of all of its input, %s', async (_name, fields, fingerprint) => {
    await codeOf(service.send(request({ message: { ...OUTBOUND, ...fields } })));
    // SHA-256 of the input as a JSON array, in base64url; computed elsewhere.
    expect(await store.sendByKey('shop', 'k')).toMatchObject({ fingerprint });
  });

  it.each([{ priority: 'HIGH' as const }, { expiresAt: 5 }, { priority: 'DEFAULT' as const, expiresAt: 5 }])(
    'with a known key and other delivery options is refused: %j',
    async (fields) => {
      await codeOf(service.send(request()));
      const repeated = service.send(request({ message: { ...OUTBOUND, ...fields } }));
      expect(await codeOf(repeated)).toBe('IDEMPOTENCY_KEY_REUSED NOT_SENT');
    },
  );

  it('without a key is a send of its own, however often it is made', async () => {
    outcome = { status: 'ACCEPTED', message: accepted({ id: 'm1' }).message };
    await Promise.all([1, 2].map(() => service.send(request({ idempotencyKey: null }))));
    expect(reports.map(({ sendId }) => sendId).sort()).toEqual(['send1', 'send2']);
  });

  it('is not tried while ten thousand others wait to be ended', async () => {
    brokenClaims = true;
    for (let batch = 0; batch < 100; batch++) {
      const sends = Array.from({ length: 100 }, (_, index) => request({ idempotencyKey: `k${batch}-${index}` }));
      await Promise.all(sends.map((each) => codeOf(service.send(each))));
    }
    expect(claims).toBe(10_000);
    brokenClaims = false;
    expect(await codeOf(service.send(request()))).toBe('STORE_UNAVAILABLE UNKNOWN');
    expect(await codeOf(service.send(request({ idempotencyKey: null })))).toBe('STORE_UNAVAILABLE NOT_SENT');
    expect([claims, reports]).toEqual([10_000, []]);
  });

  it('with an unknown outcome is settled and reported to the operator once', async () => {
    await codeOf(service.send(request()));
    const settle = (): ReturnType<typeof service.settle> =>
      service.settle({ sendId: 'send1', as: 'SENT', messageId: 'm1', by: 'ops', reason: null }, 'r2');
    expect(await settle()).toMatchObject({ sendId: 'send1', status: 'ACCEPTED', message: { id: 'm1' } });
    expect(await settle()).toMatchObject({ sendId: 'send1' });
    expect(settled).toEqual([{ sendId: 'send1', as: 'SENT', by: 'ops', requestId: 'r2' }]);
  });

  it('is found as a message by its id and in the list, by callers who may see it', async () => {
    const { message } = accepted({ id: 'm1', time: 5 });
    outcome = { status: 'ACCEPTED', message };
    await service.send(request());
    expect(await service.messagesById(['m1'], EVERYBODY)).toEqual([message]);
    expect(await service.messagesById(['m1'], own('shop'))).toEqual([message]);
    expect(await service.messagesById(['m1'], own('other'))).toEqual([null]);
    const position = { time: 5, sendId: 'send1' };
    expect((await service.listMessages(NO_FILTER, firstOf(10))).listed).toEqual([{ message, position }]);
    expect((await service.listMessages(NO_FILTER, firstOf(10, position))).listed).toEqual([]);
  });
});
