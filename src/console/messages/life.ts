/** What happened to a message, in words: from what an operator may see, or else from what its own caller may. */
import type {
  FailureFragment,
  LifeQuery,
  MessageStatus,
  OptOutSource,
  TraceOutcome,
  WholeMessageFragment,
  WholeSendFragment,
} from '../generated/graphql.js';
import { spoken } from '../parts/phone-number.js';
import { seenInWords } from '../parts/seen.js';
import { TONES, type Tone } from '../parts/status.js';
import { adviceFor, STATUS } from '../words.js';

export interface Moment {
  readonly at: string;
  readonly title: string;
  readonly tone: Tone;
  /** More about it, in sentences. */
  readonly details: readonly string[];
  /** Of a delivery that failed. */
  readonly failure: FailureFragment | null;
}

type Trace = NonNullable<LifeQuery['trace']>;
type TraceMoment = Trace['events'][number];

const OUTCOMES: Readonly<Record<TraceOutcome, readonly [title: string, Tone]>> = {
  ACCEPTED: ['Accepted by Bandwidth', 'calm'],
  NOT_SENT: ['Not sent', 'bad'],
  UNKNOWN: ['Perhaps sent', 'unsure'],
};

const SETTLED: Readonly<Record<TraceOutcome, string>> = {
  ACCEPTED: 'Settled: it was sent',
  NOT_SENT: 'Settled: it was not sent',
  UNKNOWN: 'Unknown again',
};

/** Settles what is emptied, and says nothing of its outcome. */
const FORGOTTEN = 'forgotten';

const SOURCES: Readonly<Record<OptOutSource, string>> = {
  KEYWORD: 'They wrote a word such as STOP.',
  CARRIER: 'Their carrier, or Bandwidth, said so.',
  MANUAL: 'Somebody noted it here.',
  IMPORT: 'It came in a file.',
};

const moment = (at: string, title: string, tone: Tone = 'calm', ...details: readonly (string | null)[]): Moment => ({
  at,
  title,
  tone,
  details: details.flatMap((detail) => (detail === null || detail === '' ? [] : detail)),
  failure: null,
});

const delivery = (at: string, status: MessageStatus, to: string | null, failure: FailureFragment | null): Moment => ({
  ...moment(at, status === 'ACCEPTED' ? 'Accepted by Bandwidth' : STATUS[status], TONES[status]),
  details: to === null ? [] : [`To ${spoken(to)}.`],
  failure,
});

/** `caller:ops` is a name of somebody; `search`, `upstream` and `forgotten` are none. */
export function byWhom(by: string): string {
  if (by === 'search') return "By a search in Bandwidth's list.";
  if (by === 'upstream') return 'Bandwidth reported it.';
  if (by === FORGOTTEN) return 'Its number was forgotten, and all that was said with it.';
  return `By ${by.replace(/^caller:/, '').replace(/^shell:/, 'the command line, ')}.`;
}

/** One attempt goes without saying. */
const attempted = (attempts: number | null): string | null =>
  attempts !== null && attempts > 1 ? `${attempts} attempts were made.` : null;

export function momentsIn(trace: Trace): readonly Moment[] {
  return trace.events.map(momentOf).filter((each) => each !== null);
}

function momentOf(event: TraceMoment): Moment | null {
  const { at } = event;
  switch (event.__typename) {
    case 'TraceClaim':
      return moment(at, 'Asked for', 'calm', `By ${event.caller}. Stored before anything went out.`);
    case 'TraceReceived':
      return moment(at, 'Received');
    case 'TraceCallOutcome': {
      const [title, tone] = OUTCOMES[event.outcome];
      const seen = event.outcome === 'UNKNOWN' ? seenInWords(event.lastSeen) : event.lastSeen && `${event.lastSeen}.`;
      return moment(at, title, tone, seen, attempted(event.attempts), event.code && `Code ${event.code}.`);
    }
    case 'TraceSettlement': {
      if (event.by === FORGOTTEN) return moment(at, 'Forgotten', 'calm', byWhom(event.by));
      const tone = event.outcome === 'UNKNOWN' ? 'unsure' : event.outcome === 'NOT_SENT' ? 'bad' : 'good';
      return moment(at, SETTLED[event.outcome], tone, byWhom(event.by), event.reason);
    }
    case 'TraceDelivery':
      return delivery(at, event.status, event.recipient, event.failure);
    case 'TraceWaitingDelivery':
      return {
        ...moment(at, `A report waits: ${STATUS[event.status]}`, 'unsure', 'Its message is not known here yet.'),
        failure: event.failure,
      };
    case 'TraceOptOut': {
      const whose = event.owner === null ? 'any of your numbers' : spoken(event.owner);
      return moment(at, `${spoken(event.number)} wants no messages from ${whose}`, 'unsure', SOURCES[event.source]);
    }
    case 'TraceState':
      // The heading says how it is now.
      return event.leaseUntil === null
        ? null
        : moment(at, 'Under way', 'calm', 'Its call has no outcome yet. Without one it counts as perhaps sent soon.');
    default:
      event satisfies never;
      // A later server knows kinds that this page does not.
      return moment(at, (event as TraceMoment).text);
  }
}

/** The same without the eyes of an operator. */
export function momentsOf(message: WholeMessageFragment | null, send: WholeSendFragment | null): readonly Moment[] {
  const reports = message?.timeline.map(({ time, status, to, failure }) => delivery(time, status, to, failure)) ?? [];
  return send === null
    ? reports
    : [moment(send.startedAt, 'Asked for', 'calm', `By ${send.caller}.`), ...endOf(send), ...reports];
}

function endOf({ status, updatedAt, problem, settledBy, lastSeen, attempts }: WholeSendFragment): readonly Moment[] {
  const tried = attempted(attempts);
  const settled = settledBy === null ? null : byWhom(settledBy);
  switch (status) {
    case 'PENDING':
    case 'ACCEPTED':
      // The message says when.
      return [];
    case 'REJECTED':
      return [
        moment(updatedAt, 'Not sent', 'bad', problem && `${problem.message} ${adviceFor(problem)}`, tried, settled),
      ];
    case 'UNKNOWN':
      return [moment(updatedAt, 'Perhaps sent', 'unsure', seenInWords(lastSeen), tried, settled)];
    default:
      return status satisfies never;
  }
}
