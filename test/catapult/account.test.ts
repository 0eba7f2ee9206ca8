/** Requests to an account: where they go, what they carry, and what a refused credential leads to. */
import { Account, NO_TOKEN } from '../../src/catapult/account.js';
import { basicAuthorization, type Authorization } from '../../src/catapult/authorization.js';
import { openConnection } from '../../src/catapult/connection.js';
import { CatapultSearch, SearchError } from '../../src/catapult/search.js';
import { startMisbehavingUpstream, type MisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { unlistenedPort } from '../support/listen.js';
import { until } from '../support/waiting.js';

const answer = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

let upstream: MisbehavingUpstream;
/** What is answered, one after the other; the last one for all that follow. */
let answers: string[];
const open: { close: () => Promise<void> }[] = [];

beforeEach(async () => {
  answers = [answer('202 Accepted', '{"id":"m1"}')];
  upstream = await startMisbehavingUpstream(async (socket) => {
    for (;;) {
      await socket.readRequest();
      socket.write((answers.length > 1 ? answers.shift() : answers[0]) ?? '');
    }
  });
});
afterEach(async () => {
  for (const part of open.splice(0)) await part.close();
  await upstream.close();
});

const { signal } = new AbortController();
const always = (): boolean => true;

interface AccountFields {
  readonly url?: string;
  readonly userId?: string;
  readonly authorization?: Authorization;
}

function newAccount({ url = upstream.url, userId = 'u-1', authorization }: AccountFields = {}): Account {
  const dispatcher = openConnection(null);
  open.push({ close: () => dispatcher.destroy() });
  return new Account({
    url,
    userId,
    authorization: authorization ?? basicAuthorization('name', 'secret'),
    dispatcher,
    userAgent: 'catapult-graphql/1',
  });
}

/** Gives the headers one after the other, and notes each call. */
function scripted(first: string | null, ...others: (string | null)[]): Authorization & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    header: () => Promise.resolve(first),
    headerAfter: (refused) => {
      told.push(`refused ${refused}`);
      return Promise.resolve(others.shift() ?? null);
    },
    accepted: () => void told.push('accepted'),
    close: () => undefined,
  };
}

describe('a request to an account', () => {
  it.each([
    ['/api/v2', '/api/v2/users/u-1/messages'],
    ['/api/v2/', '/api/v2/users/u-1/messages'],
    ['', '/users/u-1/messages'],
    ['/', '/users/u-1/messages'],
  ])('goes below the path %j of the URL', async (path, expected) => {
    await newAccount({ url: `${upstream.url}${path}` }).post('{}', signal, always);
    expect(upstream.requests.map((request) => [request.method, request.path])).toEqual([['POST', expected]]);
  });

  it('escapes the name of an account that could be taken for a path', async () => {
    await newAccount({ userId: 'a/../b?c' }).post('{}', signal, always);
    expect(upstream.requests[0]?.path).toBe('/users/a%2F..%2Fb%3Fc/messages');
  });

  it('carries its credentials, content type, accepted type and user agent', async () => {
    const seen = await newAccount().post('{"text":"Hey"}', signal, always);
    expect(seen).toMatchObject({ started: true, status: 202, failure: null });
    expect(seen.body?.toString()).toBe('{"id":"m1"}');
    expect(upstream.requests[0]?.body.toString()).toBe('{"text":"Hey"}');
    expect(upstream.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('name:secret').toString('base64')}`,
      'content-type': 'application/json; charset=utf-8',
      accept: 'application/json',
      'user-agent': 'catapult-graphql/1',
    });
  });

  it('lists with the query that it is given', async () => {
    await newAccount().list({ sourceTn: '+1', limit: '1' }, signal);
    const [{ method, path, body } = { method: '', path: '', body: Buffer.alloc(1) }] = upstream.requests;
    expect([method, path, body.length]).toEqual(['GET', '/users/u-1/messages?sourceTn=%2B1&limit=1', 0]);
  });

  it('is not sent when it may no longer start', async () => {
    const seen = await newAccount().post('{}', signal, () => false);
    expect([seen.started, seen.status]).toEqual([false, null]);
    expect(upstream.requests).toEqual([]);
  });

  it('without a credential is not sent', async () => {
    const authorization = scripted(null);
    const seen = await newAccount({ authorization }).post('{}', signal, always);
    expect(seen).toEqual({ started: false, status: null, retryAfter: null, body: null, failure: NO_TOKEN });
    expect(NO_TOKEN).toBe('NO_TOKEN');
    expect([upstream.requests, authorization.told]).toEqual([[], []]);
  });

  it('whose credential is refused is repeated once with another', async () => {
    answers = [answer('401 Unauthorized', '{}'), answer('202 Accepted', '{"id":"m1"}')];
    const authorization = scripted('one', 'two', 'three');
    expect((await newAccount({ authorization }).post('{}', signal, always)).status).toBe(202);
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(['one', 'two']);
    expect(authorization.told).toEqual(['refused one', 'accepted']);
  });

  it('whose second credential is refused as well is not repeated again', async () => {
    answers = [answer('401 Unauthorized', '{}')];
    const authorization = scripted('one', 'two', 'three');
    expect((await newAccount({ authorization }).post('{}', signal, always)).status).toBe(401);
    expect(upstream.requests).toHaveLength(2);
    expect(authorization.told).toEqual(['refused one']);
  });

  it('is not repeated with the credential that was refused', async () => {
    answers = [answer('401 Unauthorized', '{}')];
    const authorization = scripted('one', 'one');
    expect((await newAccount({ authorization }).post('{}', signal, always)).status).toBe(401);
    expect(upstream.requests).toHaveLength(1);
  });

  it('counts its credential as accepted after any answer but 401, and not after silence', async () => {
    answers = [answer('500 Internal Server Error', '{}')];
    const refused = scripted('one');
    await newAccount({ authorization: refused }).post('{}', signal, always);
    expect(refused.told).toEqual(['accepted']);
    const unheard = scripted('one');
    await newAccount({ url: `http://127.0.0.1:${await unlistenedPort()}`, authorization: unheard }).post(
      '{}',
      signal,
      always,
    );
    expect(unheard.told).toEqual([]);
  });
});

describe('a search', () => {
  const QUERY = { from: '+15550000001', to: ['+15550000002', '+15550000003'], sinceMs: 1_000_000, untilMs: 2_000_500 };
  const find = (account = newAccount()): Promise<unknown> => new CatapultSearch(account).find(QUERY, signal);
  const codeOf = async (searching: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await searching.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SearchError);
    const { name, code, message } = error as SearchError;
    expect([name, message]).toEqual(['SearchError', code]);
    return code;
  };

  it('asks for outgoing messages by numbers and time, and finds those that are listed', async () => {
    const listed = {
      messageId: 'm1',
      sourceTn: '+15550000001',
      destinationTn: '+15550000002',
      receiveTime: '2020-04-07T14:03:07.000Z',
    };
    answers = [answer('200 OK', JSON.stringify({ totalCount: 1, messages: [listed] }))];
    expect(await find()).toEqual([{ id: 'm1', from: '+15550000001', to: '+15550000002', time: 1_586_268_187_000_000 }]);
    expect(Object.fromEntries(new URL(upstream.requests[0]?.path ?? '', upstream.url).searchParams)).toEqual({
      sourceTn: '+15550000001',
      destinationTn: '+15550000002,+15550000003',
      messageDirection: 'OUTBOUND',
      fromDateTime: '1970-01-01T00:16:40.000Z',
      toDateTime: '1970-01-01T00:33:20.500Z',
      limit: '100',
    });
  });

  it.each([
    ['a list that was cut short', '200 OK', '{"totalCount":2,"messages":[]}', 'the list is not complete'],
    ['no list', '200 OK', '{}', 'answered HTTP 200'],
    ['a list with another status', '202 Accepted', '{"totalCount":0,"messages":[]}', 'answered HTTP 202'],
    ['a refusal', '403 Forbidden', '{"type":"forbidden","description":"x"}', 'answered HTTP 403'],
  ])(
    'that gets %s fails, since the message could be in the part that is missing',
    async (_name, status, body, code) => {
      answers = [answer(status, body)];
      expect(await codeOf(find())).toBe(code);
    },
  );

  it('that cannot be asked says why', async () => {
    const account = newAccount({ url: `http://127.0.0.1:${await unlistenedPort()}` });
    expect(await codeOf(find(account))).toBe('connection refused');
  });

  it('ends when it is aborted', async () => {
    answers = [''];
    const stopping = new AbortController();
    const searching = new CatapultSearch(newAccount()).find(QUERY, stopping.signal);
    await until(() => upstream.requests.length > 0);
    stopping.abort(new DOMException('stop', 'AbortError'));
    expect(await codeOf(searching)).toBe('failed: AbortError');
  });
});
