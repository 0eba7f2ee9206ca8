/** What the client makes of one send, up to its last millisecond, at an upstream on a real socket. */
import type { ServerResponse } from 'node:http';
import { basicAuthorization } from '../../src/catapult/authorization.js';
import { CatapultClient, type CatapultClientOptions } from '../../src/catapult/client.js';
import type { Cancellation } from '../../src/messaging/cancellation.js';
import { Correlation } from '../../src/messaging/correlation.js';
import type { OutboundMessage } from '../../src/messaging/message.js';
import { openTestAccount } from '../support/account.js';
import { impatientClock, manualClock } from '../support/clock.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { OUTBOUND } from '../support/messages.js';

const TAGGED: OutboundMessage = { ...OUTBOUND, tag: 'mine' };
/** The tag `mine` of the send `send1`, signed with `KEY`; computed elsewhere. */
const WIRE_TAG = 'mine~send1.9xx6WSz4u5j7';
const KEY = Buffer.alloc(32, 1);

type Answer = (response: ServerResponse, tag: unknown) => unknown;

/** An answer with these fields, and with the tag of the message, which Catapult repeats. */
const answering =
  (status: number, fields: object, headers: Record<string, string> = {}): Answer =>
  (response, tag) =>
    response.writeHead(status, headers).end(JSON.stringify({ tag, ...fields }));

describe('the client', () => {
  let upstream: Endpoint;
  /** The tag of each message that arrived. */
  let tags: unknown[];
  let answer: Answer;
  let account: ReturnType<typeof openTestAccount>;
  const open: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    tags = [];
    answer = answering(202, { id: 'm1' });
    upstream = await startEndpoint((response, body) => {
      const { tag } = JSON.parse(body) as { tag?: string };
      tags.push(tag);
      answer(response, tag);
    });
    account = openTestAccount(upstream.url);
    open.push(upstream.close, account.close);
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  function newClient(options: Partial<CatapultClientOptions> = {}): CatapultClient {
    const clock = impatientClock();
    return new CatapultClient({ account: account.account, clock, correlation: null, random: () => 0.5, ...options });
  }

  const inAMinute = (): number => Date.now() + 60_000;

  it.each([
    ['begins a request with 100 ms left', 100, 'ACCEPTED', 1],
    ['begins none with less, which is known not sent', 99, 'REJECTED', 0],
  ])('%s', async (_name, leftMs, status, requests) => {
    const clock = manualClock();
    const endsAtMs = clock.now() + 60_000;
    const slow = openTestAccount(upstream.url, {
      authorization: {
        ...basicAuthorization('token', 'secret'),
        header() {
          clock.advance(60_000 - leftMs);
          return Promise.resolve('Basic dG9rZW46c2VjcmV0');
        },
      },
    });
    open.push(slow.close);
    const report = await newClient({ account: slow.account, clock }).send(OUTBOUND, 'send1', endsAtMs);
    expect([report.status, tags.length]).toEqual([status, requests]);
  });

  it.each([
    ['does not pause where the deadline comes at its end', 30_125, [], 1],
    ['pauses and tries again where a millisecond is left then', 30_126, [30_125], 2],
  ])('%s', async (_name, timeoutMs, pauses, attempts) => {
    const error = { type: 'internal-server-error', description: 'Internal server error.' };
    answer = answering(503, error, { 'retry-after': '30' });
    const clock = { ...impatientClock(), now: () => 1_000_000 };
    const report = await newClient({ clock }).send(OUTBOUND, 'send1', 1_000_000 + timeoutMs);
    expect([report.status, report.attempts, clock.pauses]).toEqual(['REJECTED', attempts, pauses]);
    expect(tags).toHaveLength(attempts);
  });

  describe('with a correlation', () => {
    const correlation = new Correlation(KEY);

    it('sends the tag with its suffix, and shows the message with the tag as it was given', async () => {
      answer = answering(202, { id: 'm1', time: '2016-09-14T18:20:16Z', segmentCount: 2 });
      const report = await newClient({ correlation }).send(TAGGED, 'send1', inAMinute());
      expect(tags).toEqual([WIRE_TAG]);
      expect(report).toMatchObject({
        status: 'ACCEPTED',
        message: { id: 'm1', time: 1_473_877_216_000_000, segmentCount: 2, from: OUTBOUND.from, tag: 'mine' },
        attempts: 1,
        lastSeen: 'HTTP 202',
      });
    });

    it('shows nothing of a message whose answer has no id', async () => {
      answer = answering(202, {});
      const report = await newClient({ correlation }).send(TAGGED, 'send1', inAMinute());
      expect(report).toMatchObject({
        status: 'ACCEPTED',
        message: null,
        attempts: 1,
        lastSeen: 'HTTP 202',
        httpStatus: 202,
      });
    });
  });

  it('without a correlation sends the tag as it is, and shows it as it came back', async () => {
    answer = answering(202, { id: 'm1', tag: WIRE_TAG });
    const report = await newClient().send(TAGGED, 'send1', inAMinute());
    expect(tags).toEqual(['mine']);
    expect(report).toMatchObject({ message: { tag: WIRE_TAG } });
  });

  it('notes both the status and the failure of an answer that breaks off', async () => {
    answer = (response) => {
      response.writeHead(202, { 'content-length': '100' }).write('{', () => response.destroy());
    };
    const report = await newClient().send(OUTBOUND, 'send1', inAMinute());
    expect(report).toMatchObject({
      status: 'UNKNOWN',
      attempts: 1,
      lastSeen: 'HTTP 202, UND_ERR_SOCKET',
      httpStatus: 202,
    });
    expect(report.upstreamMs).toBeGreaterThanOrEqual(0);
  });

  it('touches no send that has ended, and leaves no timer that keeps the process from ending', async () => {
    const SENDS = 3;
    const signals: Cancellation[] = [];
    const watched: CatapultClientOptions['account'] = {
      post(body, signal, mayStart) {
        signals.push(signal);
        return account.account.post(body, signal, mayStart);
      },
    };
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const client = newClient({ account: watched });
    const before = timers();
    for (let sends = 0; sends < SENDS; sends++) await client.send(OUTBOUND, 'send1', inAMinute());
    expect(timers()).toBeLessThan(before + SENDS);
    client.abortInFlight();
    expect(signals.map(({ aborted }) => aborted)).toEqual(Array.from({ length: SENDS }, () => false));
  });
});
