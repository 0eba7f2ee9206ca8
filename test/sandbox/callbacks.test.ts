/** Which events the sandbox sends for a message, and how it tries again. */
import { type IncomingHttpHeaders } from 'node:http';
import { behaviorOfNumber, USUAL, type Behavior } from '../../src/sandbox/behavior.js';
import { eventsOf, overtakesAnswer, sendEvents, type CallbackMessage } from '../../src/sandbox/callbacks.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { until } from '../support/waiting.js';

const MESSAGE: CallbackMessage = {
  id: 'm1',
  from: '+12345678901',
  to: ['+12345678902'],
  applicationId: 'app-1',
  owner: '+12345678901',
  text: 'Hey',
  segmentCount: 1,
  direction: 'out',
  time: '2026-01-01T00:00:00Z',
};

describe('the events of a message', () => {
  const told = (fields: Partial<CallbackMessage>): unknown =>
    eventsOf({ ...MESSAGE, ...fields }).map(({ type, to, errorCode }) =>
      [type.replace('message-', ''), to.slice(-4), errorCode].filter((part) => part !== undefined).join(' '),
    );

  it.each<[string, Partial<CallbackMessage>, string[]]>([
    ['an SMS', {}, ['delivered 8902']],
    ['an MMS', { media: ['https://example.com/a'] }, ['sending 8902', 'delivered 8902']],
    ['a message with an empty list of media', { media: [] }, ['delivered 8902']],
    [
      'a group message',
      { to: ['+12345678902', '+19195554720'] },
      ['sending 8902', 'delivered 8902', 'sending 4720', 'failed 4720 4720'],
    ],
    ['a number that asks for an error', { to: ['+19195554432'] }, ['failed 4432 4432']],
    ['a number that asks for the least error', { to: ['+19195554000'] }, ['failed 4000 4000']],
    ['a number that asks for less than an error', { to: ['+19195553999'] }, ['delivered 3999']],
    ['a number that asks for silence', { to: ['+19195550002'] }, []],
    [
      'a number that asks for disorder',
      { to: ['+19195550001'] },
      ['delivered 0001', 'sending 0001', 'delivered 0001', 'sending 0001'],
    ],
    ['a longer number', { to: ['+191955544320'] }, ['delivered 4320']],
    ['a number that only ends so', { to: ['+2+19195554432'] }, ['delivered 4432']],
  ])('of %s', (_name, fields, events) => {
    expect(told(fields)).toEqual(events);
  });

  it.each<[asked: Partial<Behavior>, events: string[], ofAnMms: string[]]>([
    [{}, ['delivered'], ['sending', 'delivered']],
    [{ delivery: 'failed' }, ['failed'], ['sending', 'failed']],
    [{ callbacks: 'duplicate' }, ['delivered', 'delivered'], ['sending', 'delivered', 'sending', 'delivered']],
    [{ callbacks: 'reversed' }, ['delivered', 'sending'], ['delivered', 'sending']],
    [{ callbacks: 'reversed', delivery: 'failed' }, ['failed', 'sending'], ['failed', 'sending']],
    [{ callbacks: 'early' }, ['delivered'], ['sending', 'delivered']],
    [{ callbacks: 'none', delivery: 'failed' }, [], []],
  ])('at a telephone that asks for %j are %j', (asked, events, ofAnMms) => {
    const types = (message: CallbackMessage): string[] =>
      eventsOf(message, () => ({ ...USUAL, ...asked })).map(({ type }) => type.replace('message-', ''));
    expect(types(MESSAGE)).toEqual(events);
    expect(types({ ...MESSAGE, media: ['https://example.com/a'] })).toEqual(ofAnMms);
  });

  it('say what happened in Catapult’s words', () => {
    const [sending, delivered] = eventsOf({ ...MESSAGE, media: ['https://example.com/a'] });
    expect(sending).toEqual({
      type: 'message-sending',
      description: 'Message is sending to carrier',
      to: '+12345678902',
    });
    expect(delivered).toEqual({ type: 'message-delivered', description: 'ok', to: '+12345678902' });
    expect(eventsOf({ ...MESSAGE, to: ['+19195554432'] })).toEqual([
      { type: 'message-failed', description: 'sandbox-failure', to: '+19195554432', errorCode: 4432 },
    ]);
  });

  it.each([
    [['+19195550003'], true],
    [['+12345678902', '+19195550003'], true],
    [['+12345678902'], false],
    [['+19195550001'], false],
    [[], false],
  ])('of a message to %j come before its answer: %s', (to, overtakes) => {
    expect(overtakesAnswer(to.map(behaviorOfNumber))).toBe(overtakes);
  });
});

describe('the events reach a server', () => {
  interface Told {
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }
  let server: Endpoint;
  let received: Told[];
  /** The statuses that are answered, one after the other; 200 from then on. */
  let statuses: number[];
  let challenge: Record<string, string>;
  const target = { url: '', username: 'user', password: 'pass' };
  const CREDENTIALS = `Basic ${Buffer.from('user:pass').toString('base64')}`;

  beforeEach(async () => {
    [received, statuses, challenge] = [[], [], {}];
    server = await startEndpoint((response, body, { headers }) => {
      received.push({ headers, body });
      response.writeHead(statuses.shift() ?? 200, challenge).end('ok');
    });
    target.url = `${server.url}/callbacks`;
  });
  afterEach(() => server.close());

  const tell = (message: CallbackMessage, signal = new AbortController().signal): Promise<void> =>
    sendEvents(target, message, eventsOf(message), signal);
  const read = ({ body }: Told): Record<string, unknown> & { message: object } => {
    const [event, ...others] = JSON.parse(body) as [Record<string, unknown> & { message: object }];
    expect(others).toEqual([]);
    return event;
  };

  it('one by one, in order, as JSON, without the text of what was sent', async () => {
    const before = Date.now();
    await tell({ ...MESSAGE, to: ['+12345678902', '+12345678903'] });
    const events = received.map(read);
    expect(events.map(({ type, to }) => [type, to])).toEqual([
      ['message-sending', '+12345678902'],
      ['message-delivered', '+12345678902'],
      ['message-sending', '+12345678903'],
      ['message-delivered', '+12345678903'],
    ]);
    expect(events[0]?.message).toEqual({ ...MESSAGE, to: ['+12345678902', '+12345678903'], text: '' });
    const times = events.map(({ time }) => Date.parse(String(time)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[3]).toBeLessThanOrEqual(Date.now());
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'BandwidthAPI/v2',
    });
    expect(received[0]?.headers.authorization).toBeUndefined();
  });

  it('with the text of what came in', async () => {
    const inbound = { ...MESSAGE, direction: 'in' as const };
    await sendEvents(
      target,
      inbound,
      [{ type: 'message-received', description: '', to: '+1' }],
      new AbortController().signal,
    );
    expect(received.map(read)).toMatchObject([{ type: 'message-received', message: { text: 'Hey' } }]);
  });

  it('with credentials once they were asked for', async () => {
    challenge = { 'www-authenticate': 'Basic realm="callbacks"' };
    statuses = [401];
    await tell(MESSAGE);
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined, CREDENTIALS]);
  });

  it('without credentials where a 401 does not ask for them, or something else does', async () => {
    statuses = [401];
    await tell(MESSAGE);
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    challenge = { 'www-authenticate': 'Basic' };
    statuses = [503];
    await tell(MESSAGE);
    expect(received.slice(2).map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it.each([200, 204, 299])('and a %i takes them', async (status) => {
    statuses = [status];
    await tell(MESSAGE);
    expect(received).toHaveLength(1);
  });

  it('again after a pause that doubles, where they are refused', async () => {
    const startedAt = performance.now();
    statuses = [300, 503];
    await tell(MESSAGE);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    // 200 ms before the event, then 200 and 400 ms; timers may be a little early.
    expect(performance.now() - startedAt).toBeGreaterThan(790);
  });

  it('until the sandbox closes, before an event or between two tries', async () => {
    const closing = new AbortController();
    statuses = [503];
    const telling = tell(MESSAGE, closing.signal).catch((error: unknown) => (error as Error).name);
    await until(() => received.length > 0);
    closing.abort();
    expect(await telling).toBe('AbortError');
    expect(received).toHaveLength(1);
    await expect(tell(MESSAGE, closing.signal)).rejects.toThrow();
    expect(received).toHaveLength(1);
  });
});
