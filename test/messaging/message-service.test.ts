/** The send against a real SQLite store, through which the tests reach in between claim, call and record. */
import type { Cancellation } from '../../src/messaging/cancellation.js';
import { systemClock } from '../../src/messaging/clock.js';
import { openDeliveries } from '../../src/messaging/delivery.js';
import { ServiceError } from '../../src/errors.js';
import type { Message } from '../../src/messaging/message.js';
import { MessageService, type SendReport, type SendRequest } from '../../src/messaging/message-service.js';
import {
  NotTriedError,
  type Counted,
  type GatewayReport,
  type MessageStore,
  type Refused,
  type SendOutcome,
} from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { NO_LIMITS } from '../support/limits.js';
import { OUTBOUND } from '../support/messages.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet } from '../support/waiting.js';
import { replacing } from '../support/replacing.js';
import { ATTEMPTED } from '../support/hooks.js';

const SENT: Message = {
  ...OUTBOUND,
  id: 'm1',
  time: 1_000_000,
  owner: OUTBOUND.from,
  direction: 'OUT',
  segmentCount: 1,
  pairedMessageId: null,
  status: 'ACCEPTED',
  deliveries: openDeliveries(OUTBOUND.to),
  events: [],
};
const ACCEPTED: SendOutcome = { status: 'ACCEPTED', message: SENT };
const UNKNOWN: SendOutcome = { status: 'UNKNOWN' };
const NOT_SENT: SendOutcome = {
  status: 'REJECTED',
  error: new ServiceError('UPSTREAM_UNAVAILABLE', { outcome: 'NOT_SENT' }),
};

/** Something that happens when the test says so. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('a send', () => {
  /** What looking at the limits finds: room, or why there is none. */
  let look: () => Promise<Refused | null>;
  /** What taking that room finds. */
  let take: () => Promise<Counted | Refused>;
  let dropped: number;
  let givenBack: number;
  let refusals: [caller: string, now: number][];
  let real: MessageStore;
  /** What the service sees of the store: the real one, but for what a test puts in its place. */
  let store: MessageStore;
  let steps: string[];
  let outcome: () => Promise<SendOutcome>;
  let reports: SendReport[];
  let deadlines: number[];
  let failures: object[];
  let settled: object[];
  let waiting: object[];
  let clock: ManualClock;
  let services: MessageService[];
  let ids: number;
  let applicationIds: ReadonlyMap<string, string>;
  let applications: string[];

  beforeEach(async () => {
    real = await openStore({ databaseUrl: null, file: ':memory:' });
    steps = [];
    store = new Proxy(real, {
      get(target, name: keyof MessageStore) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const result: unknown = await (value.apply(target, args) as Promise<unknown>);
          steps.push(name);
          return result;
        };
      },
    });
    outcome = () => Promise.resolve(ACCEPTED);
    reports = [];
    deadlines = [];
    failures = [];
    settled = [];
    waiting = [];
    clock = manualClock(1_000);
    services = [];
    refusals = [];
    givenBack = 0;
    dropped = 0;
    look = () => Promise.resolve(null);
    take = () =>
      Promise.resolve({
        kind: 'COUNTED',
        giveBack() {
          givenBack++;
          return Promise.resolve();
        },
      });
    ids = 0;
    applicationIds = new Map();
    applications = [];
  });
  afterEach(async () => {
    for (const service of services) await service.close();
    await real.close();
  });

  function newService(): MessageService {
    const service = new MessageService({
      store,
      gateway: {
        async send(message, _sendId, endsAt): Promise<GatewayReport> {
          steps.push('call');
          applications.push(message.applicationId);
          deadlines.push(endsAt);
          return { ...(await outcome()), ...ATTEMPTED };
        },
      },
      clock,
      observer: {
        onSend: (report) => reports.push(report),
        onRecordFailure: (failure) => failures.push(failure),
        onStillWaiting: (each) => waiting.push(each),
        onSettled: (each) => settled.push(each),
      },
      newId: () => `send${++ids}`,
      limits: {
        async look() {
          const drop = (): void => {
            dropped++;
          };
          return (await look()) ?? { kind: 'ROOM', take, drop };
        },
        left: () => NO_LIMITS.left(''),
      },
      applicationIds,
      refusals: { add: (...refused) => refusals.push(refused) },
      sendTimeoutMs: 20_000,
    });
    services.push(service);
    return service;
  }

  const request = (fields: Partial<SendRequest> = {}): SendRequest => ({
    message: OUTBOUND,
    caller: 'a',
    idempotencyKey: 'k',
    requestId: 'r1',
    refusal: null,
    ...fields,
  });

  /** The code of a failed send, and whether it may have gone out. */
  async function failureOf(sending: Promise<Message>): Promise<string> {
    const error: unknown = await sending.catch((reason: unknown) => reason);
    return error instanceof ServiceError ? `${error.code} ${String(error.outcome)}` : 'no failure';
  }

  /** Ends all pauses, though no time passes. */
  async function tick(): Promise<void> {
    clock.wakeAll();
    await quiet();
  }

  /** Puts something else in the place of one of the store's functions. */
  function replace<Name extends 'claim' | 'record' | 'abandon' | 'sendByKey'>(
    name: Name,
    by: MessageStore[Name],
  ): void {
    store = replacing(store, { [name]: by });
  }

  const diskFull = (): Promise<never> => Promise.reject(new Error('disk full'));

  describe('a message without an application', () => {
    const bare = { ...OUTBOUND, applicationId: null };

    it('goes out through that of its number; with one, through the one that it names', async () => {
      applicationIds = new Map([[OUTBOUND.from, 'app-of-number']]);
      await newService().send(request({ message: bare }));
      await newService().send(request({ message: OUTBOUND, idempotencyKey: 'other' }));
      expect(applications).toEqual(['app-of-number', 'app-1']);
    });

    it('is not sent if none is known for its number', async () => {
      expect(await failureOf(newService().send(request({ message: bare })))).toBe('BAD_USER_INPUT NOT_SENT');
      expect(steps).toEqual(['sendByKey']);
    });

    it('is the same input after the application of its number has changed, or is not known any more', async () => {
      applicationIds = new Map([[OUTBOUND.from, 'app-1']]);
      const first = await newService().send(request({ message: bare }));
      for (const now of [new Map([[OUTBOUND.from, 'app-2']]), new Map<string, string>()]) {
        applicationIds = now;
        expect(await newService().send(request({ message: bare }))).toEqual(first);
      }
      expect(applications).toEqual(['app-1']);
    });

    it('is another input than one that names the same application', async () => {
      applicationIds = new Map([[OUTBOUND.from, 'app-1']]);
      await newService().send(request({ message: bare }));
      const named = newService().send(request({ message: { ...bare, applicationId: 'app-1' } }));
      expect(await failureOf(named)).toBe('IDEMPOTENCY_KEY_REUSED NOT_SENT');
    });
  });

  it('is called only after the commit of its claim returned, and answered only after the commit of its record', async () => {
    const [claimed, recorded] = [gate(), gate()];
    const behind = store;
    replace('claim', async (send) => {
      await claimed.opened;
      return behind.claim(send);
    });
    replace('record', async (...args) => {
      await recorded.opened;
      return behind.record(...args);
    });
    const sending = newService()
      .send(request())
      .then(() => steps.push('answer'));
    await quiet();
    expect(steps).toEqual([]);
    claimed.open();
    await quiet();
    expect(steps).toEqual(['claim', 'call']);
    recorded.open();
    await sending;
    expect(steps).toEqual(['claim', 'call', 'record', 'answer']);
  });

  it('is reported once, with its ids and nothing of the message', async () => {
    await newService().send(request());
    expect(reports).toEqual([
      {
        ...{ requestId: 'r1', traceId: null, sendId: 'send1', messageId: 'm1', caller: 'a' },
        keyHash: '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a',
        ...{
          outcome: 'ACCEPTED',
          code: null,
          durationMs: 0,
          attempts: 1,
          httpStatus: 202,
          upstreamMs: 1,
          detail: 'HTTP 202',
        },
      },
    ]);
  });

  it('with a known key gets the first answer again, also from another process', async () => {
    expect(await newService().send(request())).toEqual(SENT);
    expect(await newService().send(request())).toEqual(SENT);
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('waits for the first call with its key in the same process', async () => {
    const answered = gate();
    outcome = () => answered.opened.then(() => ACCEPTED);
    const service = newService();
    const sends = Promise.all(Array.from({ length: 50 }, () => service.send(request())));
    await quiet();
    answered.open();
    expect(new Set(await sends)).toEqual(new Set([SENT]));
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('waits for the first call with its key, even if it is refused by now and the first is not stored yet', async () => {
    const claimed = gate();
    const behind = store;
    replace('claim', async (send) => {
      await claimed.opened;
      return behind.claim(send);
    });
    const service = newService();
    const first = service.send(request());
    const refusal = new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT' });
    const second = service.send(request({ refusal }));
    await quiet();
    claimed.open();
    expect(await Promise.all([first, second])).toEqual([SENT, SENT]);
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('gets REQUEST_IN_PROGRESS while the first call runs in another process', async () => {
    const answered = gate();
    outcome = () => answered.opened.then(() => ACCEPTED);
    const first = newService().send(request());
    await quiet();
    expect(await failureOf(newService().send(request()))).toBe('REQUEST_IN_PROGRESS UNKNOWN');
    answered.open();
    await first;
    expect(await newService().send(request())).toEqual(SENT);
  });

  it.each([
    ['text', { text: 'Hello' }],
    ['from', { from: '+12345678909' }],
    ['to', { to: ['+12345678909'] }],
    ['applicationId', { applicationId: 'app-2' }],
    ['media', { media: ['https://example.com/'] }],
    ['tag', { tag: '' }],
  ])('with a known key and another %s is refused, running or done', async (_name, change) => {
    const answered = gate();
    outcome = () => answered.opened.then(() => ACCEPTED);
    const service = newService();
    const other = request({ message: { ...OUTBOUND, ...change } });
    const first = service.send(request());
    await quiet();
    const refusal = new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT' });
    expect(await failureOf(service.send(other))).toBe('IDEMPOTENCY_KEY_REUSED NOT_SENT');
    expect(await failureOf(service.send({ ...other, refusal }))).toBe('BAD_USER_INPUT NOT_SENT');
    answered.open();
    await first;
    expect(await failureOf(service.send(other))).toBe('IDEMPOTENCY_KEY_REUSED NOT_SENT');
    expect(await failureOf(service.send({ ...other, refusal }))).toBe('BAD_USER_INPUT NOT_SENT');
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('of another caller has nothing to do with the key, running or done', async () => {
    const answered = gate();
    outcome = () => answered.opened.then(() => ACCEPTED);
    const service = newService();
    const running = ['a', 'b'].map((caller) => service.send(request({ caller })));
    await quiet();
    expect(steps.filter((step) => step === 'call')).toHaveLength(2);
    answered.open();
    await Promise.all(running);
    await service.send(request({ caller: 'c' }));
    expect(steps.filter((step) => step === 'call')).toHaveLength(3);
  });

  it('is stored with the time of its call, of its record, and of the end of its lease, in milliseconds', async () => {
    await newService().send(request());
    expect(await real.sendByKey('a', 'k')).toMatchObject({
      startedAtMs: 1_000,
      updatedAtMs: 1_000,
      leaseUntilMs: 26_000,
    });
  });

  it('whose record was stored by a later try has the time of that, in milliseconds', async () => {
    const behind = store;
    let broken = true;
    replace('record', (...args) => (broken ? diskFull() : behind.record(...args)));
    const sending = failureOf(newService().send(request()));
    await quiet();
    broken = false;
    await tick();
    await sending;
    expect(await real.sendByKey('a', 'k')).toMatchObject({ status: 'ACCEPTED', updatedAtMs: 1_000 });
  });

  it.each([
    ['an outcome that is being stored', 'record'],
    ['an outcome that is stored by a later try', 'record'],
    ['a claim that is being ended', 'abandon'],
  ] as const)('keeps a stop waiting for %s', async (what, name) => {
    const [reached, stored] = [gate(), gate()];
    const behind = store;
    let tries = what === 'an outcome that is stored by a later try' ? 0 : 1;
    const whenLetGo = async (work: () => Promise<void>): Promise<void> => {
      if (++tries === 1) return diskFull();
      reached.open();
      await stored.opened;
      return work();
    };
    replace('record', (...args) => whenLetGo(() => behind.record(...args)));
    replace('abandon', (...args) => whenLetGo(() => behind.abandon(...args)));
    if (name === 'abandon') replace('claim', diskFull);
    const service = newService();
    const sending = failureOf(service.send(request()));
    await quiet();
    let isClosed = false;
    const closing = service.close().then(() => (isClosed = true));
    await reached.opened;
    await quiet();
    expect(isClosed).toBe(false);
    stored.open();
    await closing;
    expect(await sending).toBe(name === 'abandon' ? 'STORE_UNAVAILABLE UNKNOWN' : 'no failure');
    expect(steps.at(-1)).toBe(name);
  });

  it('known not sent frees its key, and the next call sends', async () => {
    outcome = () => Promise.resolve(NOT_SENT);
    const service = newService();
    expect(await failureOf(service.send(request()))).toBe('UPSTREAM_UNAVAILABLE NOT_SENT');
    outcome = () => Promise.resolve(ACCEPTED);
    expect(await service.send(request())).toEqual(SENT);
  });

  it.each<[string, SendOutcome]>([
    ['unknown', UNKNOWN],
    ['accepted without an id', { status: 'ACCEPTED', message: null }],
  ])('%s stays OUTCOME_UNKNOWN and is never sent again', async (_name, first) => {
    outcome = () => Promise.resolve(first);
    const service = newService();
    for (let call = 0; call < 3; call++) {
      expect(await failureOf(service.send(request()))).toBe('OUTCOME_UNKNOWN UNKNOWN');
    }
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
    expect(await service.unresolvedSends(10, null)).toHaveLength(1);
  });

  it('unknown is answered with the message once it is resolved', async () => {
    outcome = () => Promise.resolve(UNKNOWN);
    const service = newService();
    expect(await failureOf(service.send(request()))).toBe('OUTCOME_UNKNOWN UNKNOWN');
    await real.record('send1', { status: 'ACCEPTED', message: SENT }, 2_000);
    expect(await service.send(request())).toEqual(SENT);
    expect(await service.unresolvedSends(10, null)).toEqual([]);
  });

  it.each([
    ['with a key: perhaps an earlier call sent', 'k', 'UNKNOWN'],
    ['without a key: certainly not', null, 'NOT_SENT'],
  ])('whose claim cannot be stored is not made, %s', async (_name, idempotencyKey, claimed) => {
    replace('claim', diskFull);
    const error: unknown = await newService()
      .send(request({ idempotencyKey }))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
      outcome: claimed,
      cause: { message: 'disk full' },
    });
    expect(steps).not.toContain('call');
  });

  it('that went out is never called not sent, whatever store, rules and limits answer to its repetition', async () => {
    const sent = await newService().send(request());
    const refusal = new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT' });
    expect(await newService().send(request({ refusal }))).toEqual(sent);
    const behind = store;
    replace('claim', diskFull);
    expect(await failureOf(newService().send(request()))).toBe('STORE_UNAVAILABLE UNKNOWN');
    store = behind;
    replace('sendByKey', diskFull);
    expect(await failureOf(newService().send(request({ refusal })))).toBe('STORE_UNAVAILABLE UNKNOWN');
    store = behind;
    expect(await failureOf(newService().send(request({ refusal, idempotencyKey: 'new' })))).toBe(
      'BAD_USER_INPUT NOT_SENT',
    );
    expect(await failureOf(newService().send(request({ refusal, idempotencyKey: null })))).toBe(
      'BAD_USER_INPUT NOT_SENT',
    );
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('that a limit refuses is not claimed, and counted for its caller', async () => {
    look = () => Promise.resolve({ kind: 'REFUSED', retryAfterSeconds: 7 });
    for (const idempotencyKey of ['k', null]) {
      const error: unknown = await newService()
        .send(request({ idempotencyKey }))
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'RATE_LIMITED', outcome: 'NOT_SENT', retryAfterSeconds: 7 });
    }
    expect(refusals).toEqual([
      ['a', 1_000],
      ['a', 1_000],
    ]);
    expect(steps).toEqual(['sendByKey']);
  });

  it('that went out gets its message again when a limit has been reached since, another input its refusal', async () => {
    const sent = await newService().send(request());
    look = () => Promise.resolve({ kind: 'REFUSED', retryAfterSeconds: 7 });
    expect(await newService().send(request())).toEqual(sent);
    expect(refusals).toEqual([]);
    const other = { ...OUTBOUND, text: 'Another text' };
    expect(await failureOf(newService().send(request({ message: other })))).toBe('RATE_LIMITED NOT_SENT');
  });

  it.each([
    ['with a key is unknown', 'k', 'STORE_UNAVAILABLE UNKNOWN'],
    ['without a key is not sent', null, 'STORE_UNAVAILABLE NOT_SENT'],
  ])('that cannot be counted is not sent: %s', async (_name, idempotencyKey, failure) => {
    look = () => Promise.reject(new Error('database away'));
    expect(await failureOf(newService().send(request({ idempotencyKey })))).toBe(failure);
    expect(steps).toEqual([]);
  });

  it('that is claimed, and then finds the room taken by another process, is not made and frees its key', async () => {
    const sent = take;
    take = () => Promise.resolve({ kind: 'REFUSED', retryAfterSeconds: 7 });
    expect(await failureOf(newService().send(request()))).toBe('RATE_LIMITED NOT_SENT');
    take = () => Promise.reject(new Error('no counters'));
    expect(await failureOf(newService().send(request()))).toBe('STORE_UNAVAILABLE NOT_SENT');
    expect(steps).toEqual(['claim', 'record', 'claim', 'record']);
    take = sent;
    expect(await newService().send(request())).toEqual(SENT);
  });

  it('takes its room only once it is claimed, and drops it if it is not', async () => {
    take = () => {
      steps.push('take');
      return Promise.resolve({ kind: 'COUNTED', giveBack: () => Promise.resolve() });
    };
    await newService().send(request());
    expect(steps).toEqual(['claim', 'take', 'call', 'record']);
    await newService().send(request());
    expect(dropped).toBe(1);
    replace('claim', diskFull);
    await failureOf(newService().send(request({ idempotencyKey: null })));
    expect(dropped).toBe(2);
  });

  it('gives back what it took from the limits if nothing was sent, and only then', async () => {
    await newService().send(request({ idempotencyKey: null }));
    outcome = () => Promise.resolve({ status: 'UNKNOWN' });
    await failureOf(newService().send(request({ idempotencyKey: 'unknown' })));
    expect(givenBack).toBe(0);
    outcome = () => Promise.resolve({ status: 'REJECTED', error: new ServiceError('UPSTREAM_REJECTED') });
    await failureOf(newService().send(request({ idempotencyKey: null })));
    expect(givenBack).toBe(1);
  });

  it('whose claim was never tried leaves nothing to be ended', async () => {
    const abandoned: unknown[] = [];
    replace('claim', () => Promise.reject(new NotTriedError()));
    replace('abandon', (sends) => Promise.resolve(void abandoned.push(sends)));
    expect(await failureOf(newService().send(request()))).toBe('STORE_UNAVAILABLE UNKNOWN');
    await tick();
    expect(abandoned).toEqual([]);
  });

  it('passes its deadline upstream, counted from its arrival', async () => {
    const behind = store;
    let now = 1_000;
    clock.now = () => now;
    replace('claim', (send) => {
      now += 3_000;
      return behind.claim(send);
    });
    await newService().send(request());
    expect(deadlines).toEqual([1_000 + 20_000]);
  });

  it('whose record keeps failing is tried again after pauses that grow up to two seconds', async () => {
    replace('record', diskFull);
    const pauses: number[] = [];
    clock.sleep = (delayMs, signal) => {
      if (delayMs === 5_000) return new Promise(() => undefined);
      pauses.push(delayMs);
      return pauses.length <= 8 ? Promise.resolve() : systemClock.sleep(60_000, signal);
    };
    const service = newService();
    const sending = failureOf(service.send(request()));
    await quiet();
    await service.close();
    expect(await sending).toBe('OUTCOME_UNKNOWN UNKNOWN');
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
  });

  it('whose claim keeps failing is ended in rounds with all others, with one line for each round', async () => {
    replace('claim', diskFull);
    const behind = store;
    let broken = true;
    const ended: number[] = [];
    replace('abandon', (sends, now) => {
      ended.push(sends.length);
      return broken ? diskFull() : behind.abandon(sends, now);
    });
    const service = newService();
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => failureOf(service.send(request({ idempotencyKey: `k${index}` })))),
    );
    await tick();
    await tick();
    expect(ended).toEqual([50, 50]);
    expect(waiting).toEqual([
      { outcomes: 0, claims: 50 },
      { outcomes: 0, claims: 50 },
    ]);
    broken = false;
    await tick();
    await tick();
    expect(ended).toEqual([50, 50, 50]);
    expect(failures).toEqual([]);
  });

  it('whose claim fails while others are being ended is ended in the next round', async () => {
    replace('claim', diskFull);
    const mayEnd = gate();
    const ended: string[][] = [];
    replace('abandon', async (sends) => {
      ended.push(sends.map(({ sendId }) => sendId));
      await mayEnd.opened;
    });
    const service = newService();
    await failureOf(service.send(request({ idempotencyKey: 'k1' })));
    await tick();
    await failureOf(service.send(request({ idempotencyKey: 'k2' })));
    mayEnd.open();
    await quiet();
    await tick();
    expect(ended).toEqual([['send1'], ['send2']]);
  });

  it('whose record can be stored again does not wait for one that cannot', async () => {
    const behind = store;
    const broken = new Set(['send1', 'send2']);
    const sleep = clock.sleep.bind(clock);
    // The callers have all the time in the world.
    clock.sleep = (delayMs, signal) => (delayMs === 5_000 ? new Promise(() => undefined) : sleep(delayMs, signal));
    replace('record', (sendId, ...rest) => (broken.has(sendId) ? diskFull() : behind.record(sendId, ...rest)));
    const service = newService();
    const sends = ['k1', 'k2'].map((idempotencyKey) => service.send(request({ idempotencyKey })));
    const answers = sends.map(failureOf);
    await quiet();
    broken.delete('send1');
    await tick();
    expect(await answers[0]).toBe('no failure');
    expect(waiting).toEqual([{ outcomes: 1, claims: 0 }]);
    broken.clear();
    await tick();
    expect((await real.sendByKey('a', 'k2'))?.status).toBe('ACCEPTED');
  });

  it('whose claim was stored although it seemed to fail frees its key again', async () => {
    const behind = store;
    replace('claim', async (send) => {
      await behind.claim(send);
      throw new Error('connection lost after commit');
    });
    expect(await failureOf(newService().send(request()))).toBe('STORE_UNAVAILABLE UNKNOWN');
    await tick();
    store = behind;
    expect(await newService().send(request())).toEqual(SENT);
  });

  it('whose record fails is answered once a later try stored it', async () => {
    const behind = store;
    let tries = 0;
    replace('record', (...args) => (++tries < 3 ? diskFull() : behind.record(...args)));
    const sleep = clock.sleep.bind(clock);
    // Pauses between tries pass at once; the caller's patience does not.
    clock.sleep = (delayMs, signal) => (delayMs < 5_000 ? Promise.resolve() : sleep(delayMs, signal));
    expect(await newService().send(request())).toEqual(SENT);
    expect(failures).toEqual([{ sendId: 'send1', status: 'ACCEPTED', messageId: 'm1', isLost: false }]);
    expect(waiting).toEqual([{ outcomes: 1, claims: 0 }]);
  });

  it('whose record keeps failing is unknown to its caller, and known again once it is stored', async () => {
    const behind = store;
    let broken = true;
    replace('record', (...args) => (broken ? diskFull() : behind.record(...args)));
    const service = newService();
    const sending = failureOf(service.send(request()));
    await quiet();
    await tick();
    expect(await sending).toBe('OUTCOME_UNKNOWN UNKNOWN');
    broken = false;
    await tick();
    expect(await service.send(request())).toEqual(SENT);
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });

  it('known not sent is answered as such, although that cannot be stored', async () => {
    outcome = () => Promise.resolve(NOT_SENT);
    replace('record', diskFull);
    const sending = failureOf(newService().send(request()));
    await quiet();
    await tick();
    expect(await sending).toBe('UPSTREAM_UNAVAILABLE NOT_SENT');
  });

  it('waits five seconds for its record, and leaves no timer behind that it does not need', async () => {
    const sleeps: { delayMs: number; signal: Cancellation | undefined }[] = [];
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (delayMs, signal) => {
      sleeps.push({ delayMs, signal });
      return sleep(delayMs, signal);
    };
    await newService().send(request());
    expect(sleeps.map(({ delayMs, signal }) => [delayMs, signal?.aborted])).toEqual([[5_000, true]]);
  });

  it('is refused while ten thousand wait for the store', async () => {
    let claims = 0;
    replace('claim', () => {
      claims += 1;
      return diskFull();
    });
    const service = newService();
    const sends = Array.from({ length: 10_000 }, () => failureOf(service.send(request({ idempotencyKey: null }))));
    expect(new Set(await Promise.all(sends))).toEqual(new Set(['STORE_UNAVAILABLE NOT_SENT']));
    expect(await failureOf(service.send(request({ idempotencyKey: null })))).toBe('STORE_UNAVAILABLE NOT_SENT');
    expect(claims).toBe(10_000);
  });

  it('with a record that fails to the end is reported to the operator with its id, and found after a restart', async () => {
    const behind = store;
    replace('record', diskFull);
    const service = newService();
    const sending = failureOf(service.send(request()));
    await quiet();
    await service.close();
    expect(await sending).toBe('OUTCOME_UNKNOWN UNKNOWN');
    expect(failures.at(-1)).toEqual({ sendId: 'send1', status: 'ACCEPTED', messageId: 'm1', isLost: true });
    store = behind;
    await store.expireLeases(Number.MAX_SAFE_INTEGER);
    expect(await failureOf(newService().send(request()))).toBe('OUTCOME_UNKNOWN UNKNOWN');
    expect(steps.filter((step) => step === 'call')).toHaveLength(1);
  });
});
