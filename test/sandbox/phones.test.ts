/** The telephones of the sandbox, as tests of others use them: over real sockets, with a server that takes the callbacks. */
import { request } from 'undici';
import { USUAL } from '../../src/sandbox/behavior.js';
import { Phones } from '../../src/sandbox/phones.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { until } from '../support/waiting.js';

const OURS = '+12345678901';
const TOLL_FREE = '+18885550100';
const THEIRS = '+12345678902';
const PNG = `data:image/png;base64,${SAMPLE_PICTURE.body.toString('base64')}`;

interface Message {
  readonly id: string;
  readonly direction: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly media: readonly { source: string; url: string | null; contentType: string | null }[];
  readonly applicationId: string;
  readonly codes: readonly string[];
  readonly status: string;
  readonly errorCode: number | null;
  readonly reports: readonly string[];
}

interface Phone {
  readonly number: string;
  readonly count: number;
  readonly last: Message | null;
  readonly behavior: Record<string, unknown>;
  readonly blocked: readonly string[];
}

interface Told {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly json: {
    readonly messages: readonly Message[];
    readonly phones: readonly Phone[];
    readonly message: Message;
    readonly cursor: string;
    readonly type: string;
    readonly description: string;
  };
}

interface Event {
  readonly type: string;
  readonly to: string;
  readonly errorCode?: number;
  readonly message: { readonly id: string; readonly text: string; readonly media?: readonly string[] };
}

let sandbox: Sandbox;
let server: Endpoint;
let events: Event[];
/** What the server answers callbacks, one after the other; 200 from then on. */
let statuses: number[];

const origin = (): string => new URL(sandbox.url).origin;

beforeEach(async () => {
  [events, statuses] = [[], []];
  sandbox = await startSandbox(SANDBOX_ACCOUNT);
  server = await startEndpoint((response, body) => {
    const status = statuses.shift() ?? 200;
    if (status === 200) events.push(...(JSON.parse(body) as Event[]));
    response.writeHead(status).end();
  });
  sandbox.sendCallbacksTo({ url: server.url, username: 'u', password: 'p' });
});
afterEach(async () => {
  await sandbox.close();
  await server.close();
});

async function ask(method: string, path: string, body?: unknown, headers: object = {}): Promise<Told> {
  const answer = await request(`${origin()}${path}`, {
    method: method as 'GET',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Told['json'];
  return { status: answer.statusCode, headers: answer.headers, json };
}

const at = (number: string, rest = ''): string => `/sandbox/phones/${number}${rest}`;

const messagesOf = async (number: string, query = ''): Promise<readonly Message[]> =>
  (await ask('GET', at(number, `/messages${query}`))).json.messages;

const textsOf = async (number: string, query = ''): Promise<string[]> =>
  (await messagesOf(number, query)).map(({ text }) => text);

const choose = (number: string, behavior: object): Promise<Told> => ask('PUT', at(number, '/behavior'), behavior);

/** Sends as a server does. */
async function send(fields: object = {}): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${SANDBOX_ACCOUNT.token}:${SANDBOX_ACCOUNT.secret}`).toString('base64')}`;
  const message = { from: OURS, to: [THEIRS], text: 'Hey', applicationId: 'app-1', ...fields };
  const path = '/v2/users/u-sandbox/messages';
  return (await ask('POST', path, message, { authorization })).status;
}

const seen = (type: string): Event[] => events.filter((event) => event.type === `message-${type}`);

describe('a telephone', () => {
  it('shows what it received, the oldest first, with the codes in it', async () => {
    await send({ text: 'One' });
    await send({ text: '493817 is your code', media: ['https://elsewhere.example/a.png'] });
    const [first, second, ...others] = await messagesOf(THEIRS);
    expect(others).toEqual([]);
    expect(first).toEqual({
      id: expect.stringMatching(/^\d{13}[a-z0-9]{16}$/) as string,
      direction: 'received',
      from: OURS,
      to: [THEIRS],
      text: 'One',
      media: [],
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      applicationId: 'app-1',
      codes: [],
      status: 'arrived',
      errorCode: null,
      reports: expect.any(Array) as string[], // They come later.
    });
    expect(second).toMatchObject({
      codes: ['493817'],
      media: [{ source: 'https://elsewhere.example/a.png', url: null, contentType: null }],
    });
  });

  it('has its number with a plus, also encoded, and refuses what is no number', async () => {
    await send();
    expect(await textsOf(encodeURIComponent(THEIRS))).toEqual(['Hey']);
    for (const number of ['12345678902', '+1', '+1x', '%00', '%']) {
      const { status, json } = await ask('GET', at(number, '/messages'));
      expect([number, status, json.type]).toEqual([number, 400, 'bad-request']);
    }
  });

  it.each([
    ['GET', '/messages?wait=31s', 400],
    ['GET', '/messages?wait=soon', 400],
    ['GET', '/messages?after=nonsense', 400],
    ['GET', '/messages?code=1', 400],
    ['GET', '/messages?since=1', 400],
    ['POST', '/messages', 405],
    ['GET', '/reply', 405],
    ['GET', '', 405],
    ['GET', '/nothing', 404],
    ['GET', '/messages/more', 404],
    ['GET', '/media/none/0', 404],
  ])('answers %s …%s with %i', async (method, path, status) => {
    expect((await ask(method, at(THEIRS, path))).status).toBe(status);
  });

  it('keeps the newest 200 messages', async () => {
    for (let sent = 0; sent < 201; sent++) await send({ text: String(sent) });
    const texts = await textsOf(THEIRS);
    expect([texts.length, texts[0], texts.at(-1)]).toEqual([200, '1', '200']);
  });

  it('keeps no message larger than any server sends', async () => {
    const long = 'x'.repeat(300);
    const reply = await ask('POST', at(THEIRS, '/reply'), { to: OURS, text: 'Hey', applicationId: long });
    const page = `https://example.com/${'x'.repeat(4096)}`;
    const inbound = { from: THEIRS, to: [OURS], text: 'Hey', applicationId: 'app-1' };
    const inbounds = await Promise.all(
      [{ applicationId: long }, { media: [page] }, { media: Array<string>(11).fill('https://example.com/a.png') }].map(
        async (fields) => (await ask('POST', '/sandbox/inbound', { ...inbound, ...fields })).status,
      ),
    );
    const sends = [await send({ applicationId: long }), await send({ media: [page] })];
    expect([reply.status, ...inbounds, ...sends]).toEqual([400, 400, 400, 400, 400, 400]);
    expect(await messagesOf(THEIRS)).toEqual([]);
  });

  it('is forgotten with its messages, its behavior and what it blocked', async () => {
    await send({ from: TOLL_FREE });
    await ask('POST', at(THEIRS, '/reply'), { text: 'STOP' });
    await choose(THEIRS, { delivery: 'failed' });
    expect((await ask('DELETE', at(THEIRS))).status).toBe(204);
    expect((await ask('GET', '/sandbox/phones')).json.phones).toEqual([]);
    await send({ from: TOLL_FREE });
    expect(await messagesOf(THEIRS)).toMatchObject([{ status: 'arrived' }]);
  });
});

describe('whoever waits', () => {
  /** Asks, and has it wait. */
  const waitFor = async (path: string): Promise<Told> => {
    const asked = ask('GET', path);
    // Requests on other connections are answered meanwhile: this one has been taken in before them.
    await ask('GET', '/sandbox/phones');
    return asked;
  };

  it('is answered as soon as there is a message', async () => {
    const waiting = waitFor(at(THEIRS, '/messages?wait=20s'));
    await send();
    expect((await waiting).json.messages).toMatchObject([{ text: 'Hey' }]);
  });

  it('is answered at once where there is one already, and with the later ones behind a cursor', async () => {
    await send({ text: 'One' });
    const { json } = await ask('GET', at(THEIRS, '/messages?wait=20s'));
    expect(json.messages).toHaveLength(1);
    const waiting = waitFor(at(THEIRS, `/messages?wait=20s&after=${json.cursor}`));
    await send({ to: ['+12345678903'] });
    await send({ text: 'Two' });
    expect((await waiting).json.messages.map(({ text }) => text)).toEqual(['Two']);
  });

  it('is answered after that time with an empty list', async () => {
    const { status, json } = await ask('GET', at(THEIRS, '/messages?wait=20ms'));
    expect([status, json.messages]).toEqual([200, []]);
    await send();
    expect(await textsOf(THEIRS, `?after=${json.cursor}`)).toEqual(['Hey']);
  });

  it('can wait for a text, or for a code', async () => {
    const text = waitFor(at(THEIRS, '/messages?wait=20s&contains=world'));
    const code = waitFor(at(THEIRS, '/messages?wait=20s&code=true'));
    await send({ text: 'Hello' });
    await send({ text: 'Hello world' });
    await send({ text: 'Your code is 493817' });
    expect((await text).json.messages.map((each) => each.text)).toEqual(['Hello world']);
    expect((await code).json.messages).toMatchObject([{ codes: ['493817'] }]);
  });

  it('reads all again with a cursor of an earlier run', async () => {
    const { json } = await ask('GET', '/sandbox/phones');
    const other = await startSandbox(SANDBOX_ACCOUNT);
    try {
      const url = `${new URL(other.url).origin}/sandbox/phones?wait=20s&after=${json.cursor}`;
      expect(await (await fetch(url)).json()).toMatchObject({ phones: [] });
    } finally {
      await other.close();
    }
  });

  it('leaves its place when it goes, and gets none where 64 wait', async () => {
    const going = new AbortController();
    const hold = (signal?: AbortSignal): Promise<number> =>
      fetch(`${origin()}${at(THEIRS, '/messages?wait=20s')}`, { ...(signal && { signal }) }).then(
        (answer) => answer.status,
        () => 0,
      );
    const held = Array.from({ length: 64 }, () => hold(going.signal));
    // Until all of them wait, one more is let in for as long as it takes.
    let last: Told;
    do last = await ask('GET', at(THEIRS, '/messages?wait=1ms'));
    while (last.status === 200);
    expect([last.status, last.headers['retry-after'], last.json.type]).toEqual([429, '1', 'too-many-waiting']);
    going.abort();
    await Promise.all(held);
    do last = await ask('GET', at(THEIRS, '/messages?wait=1ms'));
    while (last.status === 429);
    expect(last.status).toBe(200);
  });

  it('is cut off when the sandbox closes', async () => {
    const waiting = fetch(`${origin()}${at(THEIRS, '/messages?wait=20s')}`).then(
      () => 'answered',
      () => 'cut off',
    );
    await ask('GET', '/sandbox/phones');
    await sandbox.close();
    expect(await waiting).toBe('cut off');
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
  });
});

describe('the list of telephones', () => {
  it('shows all of them, what changed last first', async () => {
    await send();
    await send({ to: ['+12345678903'], text: 'Two' });
    await send({ to: ['+12345678904', THEIRS], text: 'Three' });
    const { phones } = (await ask('GET', '/sandbox/phones')).json;
    const shown = phones.map(({ number, count, last }) => [number, count, last?.text]).sort();
    expect(shown).toEqual([
      [THEIRS, 2, 'Three'],
      ['+12345678903', 1, 'Two'],
      ['+12345678904', 1, 'Three'],
    ]);
    await choose('+12345678903', { delivery: 'failed' });
    expect((await ask('GET', '/sandbox/phones')).json.phones[0]).toMatchObject({
      number: '+12345678903',
      behavior: { delivery: 'failed' },
    });
  });

  it('tells whoever waits of every change: a message, its report, a behavior, and that one is forgotten', async () => {
    let { cursor } = (await ask('GET', '/sandbox/phones')).json;
    /** Follows the list until it is so. */
    const follow = async (isSo: (phone: Phone | undefined) => boolean): Promise<void> => {
      for (let phone: Phone | null | undefined = null; phone === null || !isSo(phone);) {
        const { json } = await ask('GET', `/sandbox/phones?wait=20s&after=${cursor}`);
        [phone] = json.phones;
        ({ cursor } = json);
      }
    };
    await Promise.all([follow((phone) => phone?.count === 1), send()]);
    await follow((phone) => phone?.last?.reports[0] === 'message-delivered');
    await Promise.all([follow((phone) => phone?.behavior.answer === 429), choose(THEIRS, { answer: 429 })]);
    await Promise.all([follow((phone) => phone === undefined), ask('DELETE', at(THEIRS))]);
    // Nothing has changed since.
    const before = cursor;
    expect((await ask('GET', `/sandbox/phones?wait=1ms&after=${cursor}`)).json.cursor).toBe(before);
  });

  it('has the 500 that changed last', async () => {
    for (let index = 0; index < 501; index++) await choose(`+1919777${String(index).padStart(4, '0')}`, {});
    const { phones } = (await ask('GET', '/sandbox/phones')).json;
    expect([phones.length, phones[0]?.number, phones.at(-1)?.number]).toEqual([500, '+19197770500', '+19197770001']);
  });

  it('has what changed last of texts that would fill the memory', () => {
    const phones = new Phones({ maxSize: 4_900 });
    const message = { id: 'm', from: OURS, applicationId: 'app-1', time: '2026-01-01T00:00:00Z' };
    const receive = (to: string, mark: string): void => {
      phones.receive(to, { ...message, to: [to], text: mark.padEnd(1500, 'x') }, USUAL);
    };
    const kept = (): unknown =>
      phones.list().map(({ number, messages }) => [number, messages.map((each) => each.message.text[0]).join('')]);
    for (const mark of '123') receive(OURS, mark);
    for (const mark of '45') receive(THEIRS, mark);
    expect(kept()).toEqual([[THEIRS, '45']]);
    for (const mark of '6789') receive(THEIRS, mark);
    expect(kept()).toEqual([[THEIRS, '789']]);
    phones.forget(THEIRS);
    for (const mark of '123') receive(OURS, mark);
    expect(kept()).toEqual([[OURS, '123']]);
  });

  it('comes with the codes of failures', async () => {
    const { codes } = (await ask('GET', '/sandbox/delivery-codes')).json as unknown as { codes: object[] };
    expect(codes).toContainEqual({
      code: 4775,
      name: 'destination-rejected-due-to-user-opt-out',
      meaning: expect.any(String) as string,
    });
  });
});

describe('a reply', () => {
  const reply = (body: object, number = THEIRS): Promise<Told> => ask('POST', at(number, '/reply'), body);

  it('comes in from the telephone, and is answered once the server has taken it', async () => {
    await send({ applicationId: 'app-7' });
    await until(() => events.length === 1);
    const { status, json } = await reply({ text: 'Hi' });
    expect(status).toBe(201);
    expect(json.message).toMatchObject({ direction: 'sent', from: THEIRS, to: [OURS], text: 'Hi', status: 'taken' });
    expect(events.at(-1)).toMatchObject({
      type: 'message-received',
      to: OURS,
      message: { id: json.message.id, from: THEIRS, to: [OURS], owner: OURS, text: 'Hi', applicationId: 'app-7' },
    });
    expect(await textsOf(THEIRS)).toEqual(['Hey', 'Hi']);
  });

  it('has a cursor behind which the answer to it is found, however fast that came', async () => {
    await send({ text: 'Before' });
    await server.close();
    server = await startEndpoint((response) => {
      void send({ text: 'Answer' }).then(() => response.end());
    });
    sandbox.sendCallbacksTo({ url: server.url, username: 'u', password: 'p' });
    const { json } = await reply({ text: 'Question' });
    expect(await textsOf(THEIRS, `?after=${json.cursor}&wait=20s`)).toEqual(['Answer']);
  });

  it('goes to whom it says, also from a telephone that received nothing', async () => {
    expect((await reply({ text: 'Hi' })).status).toBe(400);
    expect((await reply({ to: OURS, text: 'Hi', applicationId: 'app-9' })).json.message).toMatchObject({
      to: [OURS],
      applicationId: 'app-9',
    });
    expect((await reply({ to: OURS, text: 'Hi' })).status).toBe(201);
  });

  it.each<[what: string, body: object, status: number, headers?: object]>([
    ['nothing', {}, 400],
    ['to what is no number', { to: 'x', text: 'Hi' }, 400],
    ['with an unknown member', { to: OURS, text: 'Hi', tag: 'x' }, 400],
    ['with a text that is too long', { to: OURS, text: 'x'.repeat(2049) }, 400],
    ['with a file of an unknown type', { to: OURS, media: ['data:x/y;base64,AA'] }, 400],
    ['with a file that is none', { to: OURS, media: ['ftp://example.com/a'] }, 400],
    ['with eleven files', { to: OURS, media: Array.from({ length: 11 }, () => 'https://example.com/a') }, 400],
    ['with a file that is too large', { to: OURS, media: [`data:image/png;base64,${'A'.repeat(5_000_008)}`] }, 413],
    ['as a form', { to: OURS, text: 'Hi' }, 415, { 'content-type': 'text/plain' }],
  ])('%s is refused, and nothing comes in', async (_what, body, status, headers = {}) => {
    const answer = await ask('POST', at(THEIRS, '/reply'), body, headers);
    expect(answer.status).toBe(status);
    expect(typeof answer.json.description).toBe('string');
    expect([events, await messagesOf(THEIRS)]).toEqual([[], []]);
  });

  it('that is no JSON is refused, and one that is too large', async () => {
    expect((await ask('POST', at(THEIRS, '/reply'), '[')).status).toBe(400);
    expect((await ask('POST', at(THEIRS, '/reply'), `"${'x'.repeat(8 * 1024 * 1024)}"`)).status).toBe(413);
  });

  it('was taken, also if its telephone is forgotten before the server has said so', async () => {
    await server.close();
    server = await startEndpoint((response) => {
      void ask('DELETE', at(THEIRS)).then(() => response.end());
    });
    sandbox.sendCallbacksTo({ url: server.url, username: 'u', password: 'p' });
    const { status, json } = await reply({ to: OURS, text: 'Hi' });
    expect([status, json.message]).toMatchObject([201, { text: 'Hi', status: 'taken' }]);
    expect(await messagesOf(THEIRS)).toEqual([]);
  });

  it('brings pictures, which the server reads with its credentials, and a page without', async () => {
    await send();
    const { json } = await reply({ media: [PNG, 'https://elsewhere.example/b.png'] });
    const { media } = json.message;
    expect(media).toEqual([
      {
        source: expect.stringContaining('/v2/users/u-sandbox/media/') as string,
        url: expect.any(String) as string,
        contentType: 'image/png',
      },
      { source: 'https://elsewhere.example/b.png', url: null, contentType: null },
    ]);
    expect(seen('received')[0]?.message.media).toEqual(media.map(({ source }) => source));
    expect((await fetch(media[0]?.source ?? '')).status).toBe(401);
    const shown = await fetch(`${origin()}${media[0]?.url ?? ''}`);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(shown.headers.get('content-disposition')).toBe('inline');
    expect(shown.headers.get('content-security-policy')).toContain('sandbox');
    expect(Buffer.from(await shown.arrayBuffer()).equals(SAMPLE_PICTURE.body)).toBe(true);
  });

  it('with a page shows no page', async () => {
    const page = 'data:text/html;charset=utf-8,%3Cscript%3Ealert(1)%3C%2Fscript%3E';
    const { json } = await reply({ to: OURS, media: [page] });
    const shown = await fetch(`${origin()}${json.message.media[0]?.url ?? ''}`);
    expect(shown.headers.get('content-disposition')).toBe('attachment');
    expect(await shown.text()).toBe('<script>alert(1)</script>');
  });

  it('says so where callbacks go nowhere, and nothing has happened', async () => {
    const silent = await startSandbox(SANDBOX_ACCOUNT);
    try {
      const url = `${new URL(silent.url).origin}${at(THEIRS)}`;
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/reply`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ to: OURS, text: 'Hi' }),
      });
      expect([answer.status, await answer.json()]).toMatchObject([409, { type: 'no-callback-url' }]);
      expect(await (await fetch(`${url}/messages`)).json()).toMatchObject({ messages: [] });
    } finally {
      await silent.close();
    }
  });

  it('says so where the server does not take it', async () => {
    statuses = Array.from({ length: 6 }, () => 503);
    const { status, json } = await reply({ to: OURS, text: 'Hi' });
    expect([status, json.type]).toEqual([502, 'callback-not-taken']);
    expect(await messagesOf(THEIRS)).toMatchObject([{ text: 'Hi', status: 'lost' }]);
  }, 30_000);

  it('shows up, too, when it was made as an inbound message', async () => {
    await ask('POST', '/sandbox/inbound', { from: THEIRS, to: OURS, text: 'Hi', applicationId: 'app-1' });
    await until(() => events.length === 1);
    const waiting = ask('GET', at(THEIRS, '/messages'));
    expect((await waiting).json.messages).toMatchObject([{ direction: 'sent', text: 'Hi' }]);
  });
});

describe('STOP', () => {
  const say = (text: string, to: string): Promise<Told> => ask('POST', at(THEIRS, '/reply'), { to, text });

  it('to a toll-free number has the network answer, and block it until START or UNSTOP', async () => {
    const { cursor } = (await say(' stop ', TOLL_FREE)).json;
    const [answer, ...others] = await messagesOf(THEIRS, `?after=${cursor}`);
    expect(others).toEqual([]);
    expect(answer).toMatchObject({
      direction: 'received',
      from: TOLL_FREE,
      text: 'NETWORK MSG: You replied with the word "STOP" which blocks all texts sent from this number. Text back "UNSTOP" to receive messages again.',
    });
    expect((await ask('GET', '/sandbox/phones')).json.phones).toMatchObject([{ blocked: [TOLL_FREE] }]);

    expect(await send({ from: TOLL_FREE, text: 'Blocked' })).toBe(202);
    await until(() => seen('failed').length === 1);
    expect(seen('failed')).toMatchObject([{ to: THEIRS, errorCode: 4775 }]);
    expect(await messagesOf(THEIRS, '?contains=Blocked')).toMatchObject([{ status: 'failed', errorCode: 4775 }]);
    await send({ text: 'From another' });
    expect(await messagesOf(THEIRS, '?contains=another')).toMatchObject([{ status: 'arrived' }]);

    await say('UNSTOP', TOLL_FREE);
    await send({ from: TOLL_FREE, text: 'Again' });
    expect(await messagesOf(THEIRS, '?contains=Again')).toMatchObject([{ status: 'arrived' }]);
    expect(seen('received').map(({ message }) => message.text)).toEqual([' stop ', 'UNSTOP']);
  });

  it('to any other number only comes in, and other words block nothing', async () => {
    await say('STOP', OURS);
    await say('Stop by at 5', TOLL_FREE);
    await send({ text: 'Still here' });
    await send({ from: TOLL_FREE, text: 'Still here' });
    expect(await messagesOf(THEIRS)).toMatchObject([
      { text: 'STOP' },
      { text: 'Stop by at 5' },
      { status: 'arrived' },
      { status: 'arrived' },
    ]);
    expect(seen('received')).toHaveLength(2);
  });
});

describe('a behavior', () => {
  const USUAL = {
    answer: 'accepted',
    delayMs: 5000,
    delivery: 'delivered',
    errorCode: 4720,
    callbacks: 'in-order',
    once: false,
  };

  it('is answered as a whole, and what is left out is as usual', async () => {
    expect((await choose(THEIRS, { delivery: 'failed', errorCode: 4432 })).json).toEqual({
      ...USUAL,
      delivery: 'failed',
      errorCode: 4432,
    });
    expect((await choose(THEIRS, {})).json).toEqual(USUAL);
  });

  it.each<object>([
    { answer: 'maybe' },
    { answer: 199 },
    { answer: 600 },
    { answer: '429' },
    { delayMs: 0 },
    { delayMs: 60_001 },
    { delayMs: 1.5 },
    { delivery: 'silent' },
    { errorCode: 3999 },
    { errorCode: 10_000 },
    { callbacks: 'maybe' },
    { once: 1 },
    { toString: 1 },
    { speed: 1 },
  ])('like %j is refused, and changes nothing', async (asked) => {
    const { status, json } = await choose(THEIRS, asked);
    expect([status, json.type]).toEqual([400, 'bad-request']);
    expect(json.description).toContain(Object.keys(asked)[0]);
    expect((await ask('GET', '/sandbox/phones')).json.phones).toEqual([]);
  });

  it('has messages fail, and report it', async () => {
    await choose(THEIRS, { delivery: 'failed', errorCode: 4432 });
    await send();
    await until(() => events.length === 1);
    expect(events).toMatchObject([{ type: 'message-failed', errorCode: 4432 }]);
    expect(await messagesOf(THEIRS)).toMatchObject([{ status: 'failed', errorCode: 4432 }]);
  });

  it('ends with the next message, if it is for once', async () => {
    await choose(THEIRS, { answer: 429, once: true });
    expect([await send({ text: 'Refused' }), await send({ text: 'Accepted' })]).toEqual([429, 202]);
    await choose(THEIRS, { delivery: 'failed', once: true });
    await send();
    await send();
    expect((await messagesOf(THEIRS)).map(({ text, status }) => [text, status])).toEqual([
      ['Accepted', 'arrived'],
      ['Hey', 'failed'],
      ['Hey', 'arrived'],
    ]);
  });

  it('can accept a message and cut its answer off, keep it back, or never give it', async () => {
    await choose(THEIRS, { answer: 'cut-off', once: true });
    await expect(send({ text: 'Cut off' })).rejects.toThrow();
    await choose(THEIRS, { answer: 'slow', delayMs: 100, once: true });
    const before = performance.now();
    expect(await send({ text: 'Slow' })).toBe(202);
    expect(performance.now() - before).toBeGreaterThan(95);
    await choose(THEIRS, { answer: 'silent' });
    const silent = send({ text: 'Silent' }).catch(() => 'cut off by the end');
    expect(await textsOf(THEIRS, '?contains=Silent&wait=20s')).toEqual(['Silent']);
    expect(await textsOf(THEIRS)).toEqual(['Cut off', 'Slow', 'Silent']);
    await sandbox.close();
    expect(await silent).toBe('cut off by the end');
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
  });

  it('replaces what the number asks for by itself', async () => {
    await send({ to: ['+19195554432'] });
    await choose('+19195554432', {});
    await send({ to: ['+19195554432'] });
    expect((await messagesOf('+19195554432')).map(({ status }) => status)).toEqual(['failed', 'arrived']);
  });

  it('is each telephone’s own in a group, but for the answer: the sender decides it, or else the first who asks', async () => {
    const [second, third] = ['+12345678903', '+12345678904'];
    await choose(second, { delivery: 'failed', answer: 403, once: true });
    await choose(third, { answer: 500, delivery: 'failed', once: true });
    const to = [THEIRS, second, third];
    expect(await send({ to, from: '+19195560503' })).toBe(503);
    expect(await send({ to })).toBe(403);
    expect(await send({ to })).toBe(500);
    expect(await send({ to })).toBe(202);
    await choose(second, { delivery: 'failed', once: true });
    await send({ to });
    const statusesOf = async (number: string): Promise<string[]> =>
      (await messagesOf(number)).map(({ status }) => status);
    expect(await Promise.all(to.map(statusesOf))).toEqual([
      ['arrived', 'arrived'],
      ['arrived', 'failed'],
      ['arrived', 'arrived'],
    ]);
  });
});

describe('the sample picture', () => {
  it('stands on its sender’s telephone, and can be looked at', async () => {
    sandbox.bringInSample();
    const [message] = await messagesOf(THEIRS);
    expect(message?.media.map(({ contentType }) => contentType)).toEqual(['application/smil', 'image/png']);
    expect((await fetch(`${origin()}${message?.media[1]?.url ?? ''}`)).status).toBe(200);
  });
});
