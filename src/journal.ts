/** What the server writes of itself: every event as one line of the operator's log. Nothing else writes lines. */
import { hash } from 'node:crypto';
import type { CallbackEventReport, CallbackOptions } from './catapult/callback-route.js';
import type { MediaOptions } from './catapult/media.js';
import type { Closing } from './closing.js';
import type { CsvRouteOptions } from './consent/csv-route.js';
import { ServiceError, type ErrorCode } from './errors.js';
import type { OnSocketFailure } from './graphql/subscriptions/socket.js';
import type { LoadOptions } from './http/load.js';
import { isSafeId, type RequestEvent } from './http/request-event.js';
import { LINES, type Level, type LineName } from './journal-lines.js';
import { ThrottledLog, type Logger } from './log.js';
import type { CopierOptions } from './media/copier.js';
import type { MediaRoutesOptions } from './media/routes.js';
import type { ConsentCounts } from './messaging/consent.js';
import type { FilingOptions, HousekeepingOptions } from './messaging/housekeeping.js';
import type { SendObserver, SendReport } from './messaging/message-service.js';
import type { OptOutRepliesOptions } from './messaging/opt-out-replies.js';
import type { RetentionOptions } from './messaging/retention.js';
import type { SettlingOptions } from './messaging/settle-by-search.js';
import type { ReadinessOptions } from './telemetry/readiness.js';

type Fields = Readonly<Record<string, unknown>>;

/** The refusals that an operator should see without reading each request. */
const SEEN_BY_OPERATORS: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'IDEMPOTENCY_KEY_REUSED',
]);

/** What upstream answered to sends that could have gone out: the fault is not its caller's. */
const UPSTREAM_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_REJECTED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
]);

export class Journal {
  readonly #log: Logger;
  /** Troubles come in thousands: of each kind one line at once, and then one a minute. */
  readonly #troubles: ThrottledLog<string, { readonly name: LineName; readonly level: Level; readonly fields: Fields }>;

  /** Closing writes the counts that had no line yet. */
  constructor(log: Logger, closing: Closing) {
    this.#log = log;
    this.#troubles = new ThrottledLog((_kind, count, { name, level, fields }) => {
      this.#write(name, { count, ...fields }, level);
    }, worstOf);
    closing.add(() => {
      this.#troubles.close();
    });
  }

  readonly onRequest = (event: RequestEvent): void => {
    const { requestId, caller, codes, transport } = event;
    this.#write('request', { ...event, caller: shownCaller(caller) });
    for (const code of codes) {
      if (!SEEN_BY_OPERATORS.has(code)) continue;
      this.#trouble('refused', code, { code, requestId, transport, caller: shownCaller(caller) }, 'warn');
    }
  };

  readonly onInternalError = (requestId: string, error: unknown): void => {
    const err = thrownIn(error);
    this.#trouble('failed', placeOf(err), { requestId, err });
  };

  readonly onReadiness: ReadinessOptions['onChange'] = (missing, err) => {
    if (missing.length === 0) this.#write('readyAgain', {});
    else this.#write('notReady', { missing, err });
  };

  readonly onMetricsServed = (url: string): void => {
    this.#write('metrics', { url });
  };

  readonly onShed: NonNullable<LoadOptions['onShed']> = (shedding) => {
    this.#trouble('busy', shedding, { callbacks: shedding === 'last' });
  };

  readonly onSocketFailure: OnSocketFailure = (kind, err) => {
    const isPeers = kind === 'CONNECTION' || kind === 'SLOW_READER';
    this.#trouble('sockets', kind, { kind, err }, isPeers ? 'warn' : 'error');
  };

  /** Of an operation that ran though its document is not trusted: each, since somebody wants to find them all. */
  readonly onUntrusted = (requestId: string): void => {
    this.#write('untrusted', { requestId });
  };

  readonly onMigrationStep = (step: number, of: number): void => {
    this.#write('migrating', { step, of });
  };

  readonly onConsentChange = (counts: ConsentCounts): void => {
    this.#write('consent', { ...counts });
  };

  readonly onImported: CsvRouteOptions['onImported'] = ({ by, ...result }) => {
    this.#write('imported', { ...result, by: shownName(by) });
  };

  /** `onRejected` is called when upstream refuses a send: then perhaps all of them. */
  sends(onRejected: () => void): SendObserver {
    return {
      onSend: (report) => {
        this.#send(report);
        if (report.code === 'UPSTREAM_REJECTED') onRejected();
      },
      onSettled: ({ by, ...settled }) => {
        this.#write('settled', { ...settled, by: shownName(by) });
      },
      onRecordFailure: ({ isLost, ...failure }, err) => {
        const messageId = shownId(failure.messageId);
        if (isLost) this.#write('notStored', { ...failure, messageId, err });
        else this.#trouble('storedLater', '', { ...failure, messageId, err });
      },
      onStillWaiting: (waiting, err) => {
        this.#trouble('waiting', '', { ...waiting, err });
      },
    };
  }

  #send(report: SendReport): void {
    const { outcome, code, sendId, httpStatus, detail } = report;
    const isOpen = outcome === 'UNKNOWN' || outcome === 'ACCEPTED_WITHOUT_ID';
    const caller = shownCaller(report.caller);
    // Each of those whose fate is open has a line of this level: it is looked for by its ids.
    this.#write('send', { ...report, messageId: shownId(report.messageId), caller }, isOpen ? 'warn' : 'info');
    if (code === null || !UPSTREAM_TROUBLE.has(code)) return;
    this.#trouble('upstream', code, { code, sendId, caller, httpStatus, detail });
  }

  readonly callbacks: Pick<CallbackOptions, 'onEvent' | 'onFailure' | 'onWrongCredentials'> = {
    onEvent: (event) => {
      this.#write('callback', { ...event, messageId: shownId(event.messageId) });
      if (event.kind === 'strange' || event.kind === 'other') this.#deadLetter(event);
    },
    onFailure: (requestId, err) => {
      this.#trouble('callbackFailed', '', { requestId, err });
    },
    onWrongCredentials: (addresses) => {
      this.#trouble('wrongCredentials', '', { addresses });
    },
  };

  #deadLetter({ kind, requestId }: CallbackEventReport): void {
    this.#trouble('deadLetters', kind, { kind, requestId });
  }

  readonly media: Pick<MediaRoutesOptions, 'onUploaded' | 'onUpstreamFailure'> = {
    onUploaded: ({ caller, ...file }) => {
      this.#write('upload', { ...file, caller: shownCaller(caller) });
    },
    onUpstreamFailure: (requestId, code, err) => {
      this.#trouble('files', code, { requestId, code, err });
    },
  };

  readonly uploads: Pick<MediaOptions, 'onLeftOver'> = {
    onLeftOver: (err) => {
      this.#trouble('leftOver', '', { err });
    },
  };

  readonly copies: Pick<CopierOptions, 'onFailure'> = {
    onFailure: (kind, err) => {
      this.#trouble('copies', kind, { kind, err }, kind === 'DISK' ? 'error' : 'warn');
    },
  };

  readonly replies: Pick<OptOutRepliesOptions, 'onUnconfirmed' | 'onFailure'> = {
    onUnconfirmed: (code) => {
      this.#trouble('unconfirmed', code, { code });
    },
    onFailure: (err) => {
      this.#trouble('confirming', '', { err });
    },
  };

  readonly settling: Pick<SettlingOptions, 'onStep' | 'onFailure'> = {
    onStep: (step, err) => {
      this.#write('search', { ...step, messageId: shownId(step.messageId), err });
    },
    onFailure: (err) => {
      this.#trouble('settling', '', { err });
    },
  };

  readonly housekeeping: Pick<HousekeepingOptions, 'onExpired' | 'onDropped' | 'onFailure'> = {
    onExpired: (count) => {
      this.#write('expired', { count });
    },
    onDropped: (count) => {
      this.#write('dropped', { count });
    },
    onFailure: (err) => {
      this.#trouble('housekeeping', '', { err });
    },
  };

  readonly filing: Pick<FilingOptions, 'onFiled' | 'onFailure'> = {
    onFiled: ({ filed, of, leftMs }) => {
      const percent = Math.floor((filed / of) * 100);
      this.#write('filed', { filed, of, percent, leftMs: Math.round(leftMs) });
    },
    onFailure: (err) => {
      this.#trouble('filing', '', { err });
    },
  };

  readonly retention: Pick<RetentionOptions, 'onRemoved' | 'onFailure'> = {
    onRemoved: (count) => {
      this.#write('removed', { count });
    },
    onFailure: (err) => {
      this.#trouble('removing', '', { err });
    },
  };

  /** Writes each change of upstream's state after `known`. */
  upstream(known: string): (state: string) => void {
    let logged = known;
    return (upstreamCheck) => {
      if (upstreamCheck === logged) return;
      logged = upstreamCheck;
      this.#write(upstreamCheck === 'ok' ? 'usable' : 'unusable', { upstreamCheck });
    };
  }

  /** Of several processes behind one port. */
  readonly workers = {
    onServing: (worker: number, pid: number | undefined): void => {
      this.#write('workerServes', { worker, pid });
    },
    onAllServing: (url: string, workers: number): void => {
      this.#write('workersServe', { url, workers });
    },
    onEnd: (worker: number, code: number | null, signal: string | null): void => {
      this.#write('workerEnded', { worker, code, signal });
    },
    onStuck: (worker: number): void => {
      this.#write('workerStuck', { worker });
    },
  };

  /** One line at once, and then one a minute, for each `kind`, which must come from a closed set. */
  #trouble(name: LineName, kind: string, fields: Fields, level: Level = LINES[name].levels[0]): void {
    this.#troubles.add(`${name} ${kind}`, { name, level, fields });
  }

  #write(name: LineName, fields: Fields, level: Level = LINES[name].levels[0]): void {
    this.#log[level](withoutNulls(fields), LINES[name].text);
  }
}

/**
 * What happens to the process. What Node and libraries would print as text becomes a line: standard error is for JSON. None
 * has a message's words.
 */
export function processJournal(log: Logger): {
  readonly onWarning: (warning: Error) => void;
  readonly onPrinted: (method: string) => void;
  readonly onTracesLost: (error: unknown) => void;
  readonly onLinesLost: (count: number) => void;
  readonly onReloaded: () => void;
  readonly onNotReloaded: (why: { readonly problems: readonly string[] } | { readonly err: unknown }) => void;
} {
  const troubles = new ThrottledLog<'warned' | 'printed' | 'tracesLost', Fields>((kind, count, fields) => {
    log.warn({ count, ...fields }, LINES[kind].text);
  });
  // By what is wrong, which comes from a closed set: whoever mends one mistake sees the next at once.
  const mistakes = new ThrottledLog<string, Fields>((_what, count, why) => {
    log.error({ count, ...why }, LINES.notReloaded.text);
  });
  return {
    onWarning: (err) => {
      troubles.add('warned', { err });
    },
    onPrinted: (method) => {
      troubles.add('printed', { method });
    },
    onTracesLost: (err) => {
      troubles.add('tracesLost', { err });
    },
    onLinesLost: (count) => {
      log.warn({ count }, LINES.linesLost.text);
    },
    onReloaded: () => {
      log.info(LINES.reloaded.text);
    },
    onNotReloaded: (why) => {
      mistakes.add('problems' in why ? why.problems.join() : placeOf(why.err), why);
    },
  };
}

/** Of what shares a line, the last; but the greatest number of addresses. */
function worstOf<Trouble extends { readonly fields: Fields }>(known: Trouble, next: Trouble): Trouble {
  const [before, now] = [known.fields.addresses, next.fields.addresses];
  const isFewer = typeof before === 'number' && typeof now === 'number' && now < before;
  return isFewer ? known : next;
}

/** What is not known has no field. An empty list says nothing, either. */
function withoutNulls(fields: Fields): Fields {
  const known: Record<string, unknown> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)) known[name] = value;
  }
  return known;
}

/** What a resolver threw: graphql-js wraps it, and does not name it as the cause. */
function thrownIn(error: unknown): unknown {
  const thrown: unknown = error instanceof Error && 'originalError' in error ? error.originalError : null;
  return thrown instanceof Error ? thrown : error;
}

/** Where something failed: each place in the code is a kind of its own, so that one does not hide another. */
function placeOf(error: unknown): string {
  if (error instanceof ServiceError && error.code === 'STORE_UNAVAILABLE') return error.code;
  const stack = error instanceof Error ? error.stack : undefined;
  return /^\s+at .*$/m.exec(stack ?? '')?.[0].trim() ?? typeof error;
}

/** What marks the subject of a token in the name of a caller. */
const OF_TOKEN = 'jwt:';
const SHOWN_DIGITS = 16;

/**
 * A caller as the log names it. An operator chose the names of API keys. The subject of a token may be somebody's e-mail
 * address: of it, the log has the beginning of its SHA-256.
 */
export function shownName(name: string): string {
  const start = name.indexOf(OF_TOKEN);
  if (start === -1) return name;
  const subject = name.slice(start + OF_TOKEN.length);
  return `${name.slice(0, start)}${OF_TOKEN}${hash('sha256', subject).slice(0, SHOWN_DIGITS)}`;
}

const shownCaller = (name: string | null): string | null => (name === null ? null : shownName(name));

/** Upstream may name a message as it likes; its own ids are safe. */
const shownId = (id: string | null): string | null => (id !== null && isSafeId(id) ? id : null);
