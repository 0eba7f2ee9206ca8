/** The table of lines in docs/operations.md, and that nothing writes any other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Closing } from '../../src/closing.js';
import { ServiceError } from '../../src/errors.js';
import { Journal, processJournal, shownName } from '../../src/journal.js';
import { LINES } from '../../src/journal-lines.js';
import { createLogger, type Logger } from '../../src/log.js';
import type { SendReport } from '../../src/messaging/message-service.js';
import { wrongLines } from '../support/log-lines.js';

const ROOT = new URL('../..', import.meta.url).pathname;

it('docs/operations.md has exactly the lines of src/journal-lines.ts, with their levels and fields', () => {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, chapter = ''] = /^## Log\n([^]*?)^## /m.exec(page) ?? [];
  const rows = chapter.split('\n').filter((line) => /^\| (?!`msg`|-)/.test(line));
  const cells = rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
  expect(cells).toEqual(
    Object.values(LINES).map(({ text, levels, fields, when }) => [
      text,
      levels.join(', '),
      fields.map((field) => `\`${field}\``).join(', '),
      when,
    ]),
  );
});

it('only the journal writes lines, but for the first and the last of a process', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const writing = files.filter((file) =>
    /\blog(\.(info|warn|error|fatal|debug)\b|\[)/.test(readFileSync(join(ROOT, 'src', file), 'utf8')),
  );
  expect(writing.sort()).toEqual(['app.ts', 'journal.ts']);
});

describe('the journal', () => {
  let lines: Record<string, unknown>[];
  let log: Logger;
  let closing: Closing;
  let journal: Journal;
  beforeEach(() => {
    lines = [];
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
    log = createLogger('info', { write });
    closing = new Closing();
    journal = new Journal(log, closing);
  });
  afterEach(() => closing.close());

  const SENT: SendReport = {
    ...{ requestId: 'r', traceId: 't', sendId: 's', messageId: 'm', caller: 'shop', keyHash: 'h', outcome: 'ACCEPTED' },
    ...{ durationMs: 1, attempts: 1, httpStatus: 202, upstreamMs: 1, detail: 'HTTP 202', code: null },
  };

  it('writes each line with fields that the table has', () => {
    const error = new Error('secret');
    const sends = journal.sends(() => undefined);
    journal.onRequest({
      ...{ requestId: 'r', traceId: 't', transport: 'http', caller: 'shop', operationName: 'O', kind: 'query' },
      ...{ codes: ['RATE_LIMITED'], status: 200, durationMs: 1 },
    });
    journal.onInternalError('r', error);
    journal.onReadiness(['store'], error);
    journal.onReadiness([], null);
    journal.onShed('first');
    journal.onMetricsServed('http://localhost/metrics');
    journal.onSocketFailure('MESSAGE', error);
    journal.onUntrusted('r');
    journal.onMigrationStep(1, 2);
    journal.onConsentChange({ source: 'KEYWORD', optedIn: 1, optedOut: 2 });
    journal.onImported({ imported: 1, unchanged: 2, refused: 3, by: 'caller:shop', requestId: 'r' });
    sends.onSend({ ...SENT, outcome: 'NOT_SENT', code: 'UPSTREAM_REJECTED' });
    sends.onSettled({ sendId: 's', as: 'SENT', by: 'shell:me', requestId: 'r' });
    for (const isLost of [false, true]) {
      sends.onRecordFailure({ sendId: 's', status: 'ACCEPTED', messageId: 'm', isLost }, error);
    }
    sends.onStillWaiting({ outcomes: 1, claims: 2 }, error);
    const event = { requestId: 'r', messageId: 'm', status: null, code: 4720, lateMs: 5, count: 1 } as const;
    journal.callbacks.onEvent({ ...event, kind: 'strange', result: 'KEPT', sendId: 's' });
    journal.callbacks.onFailure('r', error);
    journal.callbacks.onWrongCredentials(1);
    journal.media.onUploaded({ requestId: 'r', caller: 'shop', bytes: 5 });
    journal.uploads.onLeftOver(error);
    journal.media.onUpstreamFailure('r', 'UPSTREAM_UNAVAILABLE', error);
    journal.copies.onFailure('DISK', error);
    journal.replies.onUnconfirmed('FORBIDDEN');
    journal.replies.onFailure(error);
    journal.settling.onStep({ sendId: 's', step: 'failed', found: 0, rivals: 0, messageId: 'm' }, error);
    journal.settling.onFailure(error);
    journal.housekeeping.onExpired(1);
    journal.housekeeping.onDropped(1);
    journal.housekeeping.onFailure(error);
    journal.filing.onFiled({ filed: 1, of: 2, leftMs: 3 });
    journal.filing.onFailure(error);
    journal.retention.onRemoved(1);
    journal.retention.onFailure(error);
    journal.upstream('')('ok');
    journal.upstream('')('refused');
    journal.workers.onServing(1, 2);
    journal.workers.onAllServing('http://localhost/graphql', 2);
    journal.workers.onEnd(1, 0, 'SIGKILL');
    journal.workers.onStuck(1);
    expect(wrongLines(lines)).toEqual([]);
    const inProcess = [
      LINES.warned,
      LINES.printed,
      LINES.linesLost,
      LINES.tracesLost,
      LINES.reloaded,
      LINES.notReloaded,
      LINES.ends,
    ].map(({ text }) => text);
    expect(
      Object.values(LINES)
        .map(({ text }) => text)
        .filter((text) => !lines.some(({ msg }) => msg === text)),
    ).toEqual(inProcess);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('says of a repeated SIGHUP once what is wrong, and of another mistake at once', () => {
    const { onNotReloaded } = processJournal(log);
    for (let index = 0; index < 50; index++) onNotReloaded({ problems: ['API_KEYS must be right.'] });
    onNotReloaded({ problems: ['HOST must be right.'] });
    expect(lines.map(({ count, problems }) => [count, problems])).toEqual([
      [1, ['API_KEYS must be right.']],
      [1, ['HOST must be right.']],
    ]);
  });

  it('says of an outage a line at once and a count, and still each send whose fate is open', async () => {
    const sends = journal.sends(() => undefined);
    const away = new ServiceError('STORE_UNAVAILABLE', { cause: new Error('away') });
    for (let index = 0; index < 150; index++) {
      journal.onInternalError(`r${index}`, Object.assign(new Error('wrapped'), { originalError: away }));
      journal.onShed('first');
      sends.onRecordFailure({ sendId: `s${index}`, status: 'UNKNOWN', messageId: null, isLost: false }, away);
      sends.onSend({ ...SENT, sendId: `s${index}`, outcome: 'UNKNOWN' });
      sends.onSend({ ...SENT, outcome: 'NOT_SENT', code: 'UPSTREAM_UNAVAILABLE' });
    }
    await closing.close();
    const seen = lines.filter(({ level }) => Number(level) >= 40);
    const counts = new Map<unknown, unknown[]>();
    for (const { msg, count } of seen) counts.set(msg, [...(counts.get(msg) ?? []), count]);
    expect(counts.get('send')).toHaveLength(150);
    counts.delete('send');
    expect([...counts]).toEqual(
      [
        'request failed',
        'the server was busy',
        'an outcome could not be stored; it is kept and tried again',
        'upstream did not take sends',
      ].map((text) => [text, [1, 149]]),
    );
  });

  it('does not let one failure hide another that happened elsewhere', () => {
    const here = new Error('a');
    const there = new Error('b');
    for (const error of [here, there, here]) journal.onInternalError('r', error);
    expect(lines.map(({ count }) => count)).toEqual([1, 1]);
  });

  it('names the holder of a key, but not the subject of a token', () => {
    expect(shownName('shop')).toBe('shop');
    expect(shownName('jwt:ada@example.com')).toBe('jwt:b5fc85e55755f9e0');
    expect(shownName('caller:jwt:ada@example.com')).toBe('caller:jwt:b5fc85e55755f9e0');
  });

  it('repeats no id of upstream that could hold something else', () => {
    journal.sends(() => undefined).onSend({ ...SENT, messageId: '+12345678901' });
    expect(lines[0]).not.toHaveProperty('messageId');
  });
});
