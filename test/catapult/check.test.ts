/** What the check of the account finds out, when it asks again, and that it sends nothing. */
import { AccountCheck, judge, type CheckResult } from '../../src/catapult/check.js';
import type { Exchange } from '../../src/catapult/exchange.js';
import { systemClock } from '../../src/messaging/clock.js';
import { openTestAccount } from '../support/account.js';
import { startMisbehavingUpstream, type MisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { startTlsEndpoint } from '../support/tls-endpoint.js';
import { manualClock } from '../support/clock.js';
import { until } from '../support/waiting.js';

const LIST = '{"totalCount":0,"pageInfo":{},"messages":[]}';
const HTML = '<!DOCTYPE html>\n<html><body>Hello</body></html>';
const CATAPULT_ERROR = '{"type":"some-error","description":"Some words"}';

function seen(status: number | null, body: string | null, failure: string | null = null): Exchange {
  return { started: true, status, retryAfter: null, failure, body: body === null ? null : Buffer.from(body) };
}

describe('the message list answers', () => {
  it.each<[Exchange, string]>([
    [seen(200, LIST), 'ok'],
    [seen(200, `[${LIST}]`), 'ok'],
    [seen(200, HTML), 'not Catapult: answered with HTML'],
    [seen(200, 'hello'), 'not Catapult: the answer is not JSON'],
    [seen(204, ''), 'not Catapult: the answer is not JSON'],
    [seen(301, ''), 'not Catapult: redirects elsewhere (HTTP 301)'],
    [seen(302, HTML), 'not Catapult: redirects elsewhere (HTTP 302)'],
    [seen(400, CATAPULT_ERROR), 'cannot be checked: HTTP 400'],
    [seen(401, CATAPULT_ERROR), 'credentials refused'],
    [seen(401, HTML), 'credentials refused'],
    [seen(403, CATAPULT_ERROR), 'cannot be checked: HTTP 403'],
    [seen(403, HTML), 'cannot be checked: HTTP 403'],
    [seen(404, CATAPULT_ERROR), 'no such account'],
    [seen(404, HTML), 'not Catapult: answered with HTML'],
    [seen(405, CATAPULT_ERROR), 'cannot be checked: HTTP 405'],
    [seen(429, CATAPULT_ERROR), 'failing: answered HTTP 429'],
    [seen(500, CATAPULT_ERROR), 'failing: answered HTTP 500'],
    [seen(502, HTML), 'not Catapult: answered with HTML'],
    [seen(503, ''), 'failing: answered HTTP 503'],
    [seen(null, null, 'ECONNREFUSED'), 'connection refused'],
    [seen(null, null, 'ENOTFOUND'), 'no such host'],
    [seen(null, null, 'TimeoutError'), 'no answer in time'],
    [seen(null, null, 'SELF_SIGNED_CERT_IN_CHAIN'), 'certificate not trusted: set NODE_EXTRA_CA_CERTS'],
    [seen(null, null, 'ERR_TLS_CERT_ALTNAME_INVALID'), 'certificate names another host'],
    [seen(null, null, 'ERR_SSL_WRONG_VERSION_NUMBER'), 'no TLS at this address'],
    [seen(null, null, 'HPE_INVALID_CONSTANT'), 'does not speak HTTP'],
    [seen(null, null, 'EWHATEVER'), 'failed: EWHATEVER'],
    [seen(200, null, 'UND_ERR_SOCKET'), 'connection lost'],
  ])('%j: %s', (exchange, expected) => {
    expect(wordsOf(judge(exchange))).toBe(expected);
  });
});

function wordsOf(result: CheckResult): string {
  return result.kind === 'ok' ? 'ok' : result.kind === 'problem' ? result.problem : result.why;
}

describe('the check', () => {
  const respond = (status: string, body: string): string =>
    `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  /** An upstream that gives these answers, one after the other, and then none. */
  const startAnswering = (answers: string[]): Promise<MisbehavingUpstream> =>
    startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readRequest();
        socket.write(answers.shift() ?? '');
      }
    });

  it('asks for the messages of the last minute, at once, and after failures until they end', async () => {
    const failures = 7;
    const answers = [
      ...Array.from({ length: failures }, () => respond('503 Unavailable', '')),
      respond('401 Unauthorized', ''),
      respond('200 OK', LIST),
    ];
    const upstream = await startAnswering(answers);
    const { account, close } = openTestAccount(upstream.url);
    const clock = manualClock();
    const told: string[] = [];
    const check = new AccountCheck({
      account,
      clock,
      random: () => 0,
      onChange: (result) => told.push(wordsOf(result)),
    });
    expect(wordsOf(await check.first)).toBe('failing: answered HTTP 503');
    for (let pauses = 1; pauses <= failures + 1; pauses++) {
      await until(() => clock.pauses.length === pauses);
      clock.wake();
    }
    await until(() => check.result.kind === 'ok');
    expect(clock.pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    // Each news once.
    expect(told).toEqual(['failing: answered HTTP 503', 'credentials refused', 'ok']);
    // Once all is well, nothing is asked.
    expect(upstream.requests).toHaveLength(failures + 2);
    const [{ method, path } = { method: '', path: '' }] = upstream.requests;
    const query = new URL(path, upstream.url).searchParams;
    expect([method, path.split('?')[0], query.get('limit')]).toEqual(['GET', '/users/u-test/messages', '1']);
    expect(Date.parse(query.get('toDateTime') ?? '') - Date.parse(query.get('fromDateTime') ?? '')).toBe(60_000);
    await check.close();
    await close();
    await upstream.close();
  });

  it('asks again at once when a problem may be solved', async () => {
    const answers = [respond('503 Unavailable', ''), respond('200 OK', LIST)];
    const upstream = await startAnswering(answers);
    const { account, close } = openTestAccount(upstream.url);
    const clock = manualClock();
    const check = new AccountCheck({ account, clock, random: () => 0, onChange: () => undefined });
    await check.first;
    await until(() => clock.pauses.length === 1);
    check.mended();
    await until(() => check.result.kind === 'ok');
    await check.close();
    await close();
    await upstream.close();
  });

  it('asks again a minute later when a send was refused', async () => {
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readRequest();
        socket.write(respond('200 OK', LIST));
      }
    });
    const { account, close } = openTestAccount(upstream.url);
    const clock = manualClock();
    const check = new AccountCheck({ account, clock, random: () => 0, onChange: () => undefined });
    await check.first;
    await new Promise(setImmediate);
    clock.advance(59_000);
    check.again();
    check.again();
    expect(clock.pauses).toEqual([1_000]);
    clock.wake();
    await until(() => upstream.requests.length === 2);
    await check.close();
    expect(upstream.requests).toHaveLength(2);
    await close();
    await upstream.close();
  });

  it('ends at once in the middle of a check that failed before', async () => {
    let requests = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readRequest();
        if (++requests === 1) socket.write(respond('503 Unavailable', ''));
      }
    });
    const { account, close } = openTestAccount(upstream.url);
    const clock = manualClock();
    const check = new AccountCheck({ account, clock, random: () => 0, onChange: () => undefined });
    await check.first;
    await until(() => clock.pauses.length === 1);
    clock.wake();
    await until(() => requests === 2);
    await check.close();
    expect(check.result).toEqual({ kind: 'problem', problem: 'failing: answered HTTP 503' });
    await close();
    await upstream.close();
  });

  it('ends at once although nobody answers', async () => {
    const upstream = await startMisbehavingUpstream(() => undefined);
    const { account, close } = openTestAccount(upstream.url);
    const check = new AccountCheck({ account, clock: systemClock, random: () => 0, onChange: () => undefined });
    await check.close();
    await close();
    await upstream.close();
  });

  it('reports a certificate that is not trusted', async () => {
    const endpoint = await startTlsEndpoint('');
    const { account, close } = openTestAccount(endpoint.url);
    const check = new AccountCheck({ account, clock: manualClock(), random: () => 0, onChange: () => undefined });
    expect(wordsOf(await check.first)).toBe('certificate not trusted: set NODE_EXTRA_CA_CERTS');
    await check.close();
    await close();
    await endpoint.close();
  });
});
