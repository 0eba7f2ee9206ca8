/** The lines of the log. docs/operations.md prints this table; a test keeps the two equal. */

export type Level = 'info' | 'warn' | 'error' | 'fatal';

interface Line {
  /** The text in `msg`. */
  readonly text: string;
  /** The usual level first. */
  readonly levels: readonly [Level, ...Level[]];
  /** Those that a line may have, beside `time`, `level`, `msg`, and a worker's number. */
  readonly fields: readonly string[];
  /** When it is written, in the words of docs/operations.md. */
  readonly when: string;
}

const ONCE_A_MINUTE = 'at once, then once a minute';

export const LINES = {
  request: {
    text: 'request',
    levels: ['info'],
    fields: ['requestId', 'traceId', 'transport', 'caller', 'operationName', 'kind', 'codes', 'status', 'durationMs'],
    when: 'Each request that reached a resolver or a file, or was refused. A subscription has one at its end.',
  },
  refused: {
    text: 'requests were refused',
    levels: ['warn'],
    fields: ['count', 'code', 'requestId', 'transport', 'caller'],
    when: `Requests were refused for their credential, a scope, a limit, or a key with another input: by code, ${ONCE_A_MINUTE}.`,
  },
  failed: {
    text: 'request failed',
    levels: ['error'],
    fields: ['count', 'requestId', 'err'],
    when: `Requests were answered INTERNAL_SERVER_ERROR or STORE_UNAVAILABLE: by place in the code, ${ONCE_A_MINUTE}.`,
  },
  send: {
    text: 'send',
    levels: ['info', 'warn'],
    fields: [
      'requestId',
      'traceId',
      'sendId',
      'messageId',
      'caller',
      'keyHash',
      'outcome',
      'code',
      'durationMs',
      'attempts',
      'httpStatus',
      'upstreamMs',
      'detail',
    ],
    when: 'Each send that was claimed, as soon as its outcome is known. `warn` if that is UNKNOWN, or its id is.',
  },
  upstream: {
    text: 'upstream did not take sends',
    levels: ['warn'],
    fields: ['count', 'code', 'sendId', 'caller', 'httpStatus', 'detail'],
    when: `Sends were refused by Catapult, or did not reach it: by code, ${ONCE_A_MINUTE}.`,
  },
  settled: {
    text: 'a send was settled',
    levels: ['info'],
    fields: ['sendId', 'as', 'by', 'requestId'],
    when: 'Somebody settled a send.',
  },
  search: {
    text: 'settle by search',
    levels: ['info'],
    fields: ['sendId', 'step', 'found', 'rivals', 'messageId', 'err'],
    when: "Each look for an unresolved send in Catapult's list.",
  },
  expired: {
    text: 'sends without an outcome were found; they are UNKNOWN now',
    levels: ['warn'],
    fields: ['count'],
    when: 'After a crash.',
  },
  callback: {
    text: 'callback',
    levels: ['info'],
    fields: ['requestId', 'kind', 'sendId', 'messageId', 'status', 'code', 'lateMs', 'result', 'count'],
    when: 'Each event of a callback, once it is stored. `result` is CHANGED, REPEATED, EARLY (its message is not known yet) or KEPT (for people to read).',
  },
  deadLetters: {
    text: 'callbacks brought what could not be used',
    levels: ['warn'],
    fields: ['count', 'kind', 'requestId'],
    when: `It is kept in \`strange_callbacks\` or \`other_events\`: by kind, ${ONCE_A_MINUTE}.`,
  },
  dropped: {
    text: 'dead letters were dropped early: callbacks brought more than are kept',
    levels: ['warn'],
    fields: ['count'],
    when: 'More than 10,000 of a kind are in the store.',
  },
  callbackFailed: {
    text: 'a callback could not be stored; upstream will send it again',
    levels: ['error'],
    fields: ['count', 'requestId', 'err'],
    when: `The store is away: ${ONCE_A_MINUTE}.`,
  },
  wrongCredentials: {
    text: 'callbacks came with wrong credentials',
    levels: ['warn'],
    fields: ['count', 'addresses'],
    when: `From how many addresses, at most: ${ONCE_A_MINUTE}.`,
  },
  storedLater: {
    text: 'an outcome could not be stored; it is kept and tried again',
    levels: ['error'],
    fields: ['count', 'sendId', 'status', 'messageId', 'err'],
    when: `The store is away. Each send has its own line with its outcome: ${ONCE_A_MINUTE}.`,
  },
  notStored: {
    text: 'an outcome was not stored before the process ended',
    levels: ['error'],
    fields: ['sendId', 'status', 'messageId', 'err'],
    when: 'At a stop while the store is away, for each send: after the next start it is UNKNOWN. This line says what it really was.',
  },
  waiting: {
    text: 'the store still refuses the writes that wait',
    levels: ['error'],
    fields: ['count', 'outcomes', 'claims', 'err'],
    when: `${capitalized(ONCE_A_MINUTE)}.`,
  },
  notReady: {
    text: 'not ready',
    levels: ['warn'],
    fields: ['missing', 'err'],
    when: 'Since its last answer, `/ready` misses other parts.',
  },
  metrics: {
    text: 'metrics are served',
    levels: ['info'],
    fields: ['url'],
    when: 'At the start, with `METRICS_PORT`.',
  },
  readyAgain: {
    text: 'ready again',
    levels: ['info'],
    fields: [],
    when: '`/ready` misses nothing any more.',
  },
  busy: {
    text: 'the server was busy',
    levels: ['warn'],
    fields: ['count', 'callbacks'],
    when: `Requests were refused with \`SERVER_BUSY\`, or callbacks were: ${ONCE_A_MINUTE}.`,
  },
  housekeeping: {
    text: 'housekeeping failed',
    levels: ['error'],
    fields: ['count', 'err'],
    when: `The store is away: ${ONCE_A_MINUTE}.`,
  },
  settling: {
    text: 'settling failed',
    levels: ['error'],
    fields: ['count', 'err'],
    when: `The store is away: ${ONCE_A_MINUTE}.`,
  },
  migrating: {
    text: 'the database is brought to this version',
    levels: ['info'],
    fields: ['step', 'of'],
    when: 'After an upgrade, before each step. Some take seconds for each million messages.',
  },
  filed: {
    text: 'messages of an earlier version are put into their conversations',
    levels: ['info'],
    fields: ['filed', 'of', 'percent', 'leftMs'],
    when: 'After an upgrade, every ten seconds.',
  },
  filing: {
    text: 'messages could not be put into their conversations; it is tried again',
    levels: ['error'],
    fields: ['count', 'err'],
    when: `${capitalized(ONCE_A_MINUTE)}.`,
  },
  removed: {
    text: 'messages that were kept long enough are removed',
    levels: ['info'],
    fields: ['count'],
    when: 'Messages are older than RETAIN_MESSAGES: how many went.',
  },
  removing: {
    text: 'old messages or copies could not be removed; it is tried again',
    levels: ['error'],
    fields: ['count', 'err'],
    when: `Removing old messages or copies failed: ${ONCE_A_MINUTE}.`,
  },
  usable: {
    text: 'upstream can be used',
    levels: ['info'],
    fields: ['upstreamCheck'],
    when: 'It could not before.',
  },
  unusable: {
    text: 'upstream cannot be used as it is configured, or cannot be checked',
    levels: ['warn'],
    fields: ['upstreamCheck'],
    when: 'The check of the account says so.',
  },
  consent: {
    text: 'recipients opted out or in',
    levels: ['info'],
    fields: ['source', 'optedOut', 'optedIn'],
    when: 'By a keyword, a carrier, a caller or a file.',
  },
  imported: {
    text: 'opt-outs were imported',
    levels: ['info'],
    fields: ['imported', 'unchanged', 'refused', 'by', 'requestId'],
    when: 'From a file.',
  },
  unconfirmed: {
    text: 'an opt-out could not be confirmed to the recipient',
    levels: ['warn'],
    fields: ['count', 'code'],
    when: `By code, ${ONCE_A_MINUTE}.`,
  },
  confirming: {
    text: 'confirming opt-outs failed',
    levels: ['error'],
    fields: ['count', 'err'],
    when: `The store is away: ${ONCE_A_MINUTE}.`,
  },
  upload: {
    text: 'upload',
    levels: ['info'],
    fields: ['requestId', 'caller', 'bytes'],
    when: 'Each file that was stored at Catapult.',
  },
  files: {
    text: 'a file could not be passed on',
    levels: ['warn'],
    fields: ['count', 'requestId', 'code', 'err'],
    when: `Catapult did not take or give it: by code, ${ONCE_A_MINUTE}.`,
  },
  leftOver: {
    text: 'uploads that failed could not be deleted at Catapult, which may have them for 48 hours',
    levels: ['warn'],
    fields: ['count', 'err'],
    when: `Nobody learns their address: ${ONCE_A_MINUTE}.`,
  },
  copies: {
    text: 'files of incoming messages could not be copied',
    levels: ['warn', 'error'],
    fields: ['count', 'kind', 'err'],
    when: `\`error\` if the disk is at fault: by kind, ${ONCE_A_MINUTE}.`,
  },
  sockets: {
    text: 'connections of subscribers failed',
    levels: ['warn', 'error'],
    fields: ['count', 'kind', 'err'],
    when: `\`warn\` if the other end broke off or reads too slowly: by kind, ${ONCE_A_MINUTE}.`,
  },
  untrusted: {
    text: 'an untrusted document ran',
    levels: ['warn'],
    fields: ['requestId'],
    when: 'With `TRUSTED_DOCUMENTS=log`: each. Its request has a line with its operation and caller.',
  },
  warned: {
    text: 'Node warned',
    levels: ['warn'],
    fields: ['count', 'err'],
    when: `Of something deprecated, or of a leak: ${ONCE_A_MINUTE}.`,
  },
  printed: {
    text: 'a library printed something',
    levels: ['warn'],
    fields: ['count', 'method'],
    when: `What it printed is dropped, since it may hold anything: ${ONCE_A_MINUTE}.`,
  },
  linesLost: {
    text: 'lines of the log were lost: its reader stood still',
    levels: ['warn'],
    fields: ['count'],
    when: 'Whoever reads standard error took nothing for long. More than 4 MiB waited; those that came then are lost.',
  },
  tracesLost: {
    text: 'traces could not be exported',
    levels: ['warn'],
    fields: ['count', 'err'],
    when: `The receiver of traces did not take them, and they are lost: ${ONCE_A_MINUTE}.`,
  },
  reloaded: {
    text: 'API keys, credentials and trusted documents were read again',
    levels: ['info'],
    fields: [],
    when: 'At SIGHUP.',
  },
  notReloaded: {
    text: 'the new configuration cannot be used: nothing has changed',
    levels: ['error'],
    fields: ['count', 'problems', 'err'],
    when: `At SIGHUP. \`problems\` name variables, and no values: by what is wrong, ${ONCE_A_MINUTE}.`,
  },
  ends: {
    text: 'the process ends',
    levels: ['fatal'],
    fields: ['err'],
    when: 'It cannot start, or nothing caught an error. The exit code is 1.',
  },
  workerServes: {
    text: 'a worker serves',
    levels: ['info'],
    fields: ['worker', 'pid'],
    when: 'Each start of a worker.',
  },
  workersServe: {
    text: 'all workers serve',
    levels: ['info'],
    fields: ['url', 'workers'],
    when: 'At the start.',
  },
  workerEnded: {
    text: 'a worker ended; another one takes its place',
    levels: ['error'],
    fields: ['worker', 'code', 'signal'],
    when: 'Unasked. `code` is its exit code.',
  },
  workerStuck: {
    text: 'a worker did not end in time; it is killed',
    levels: ['error'],
    fields: ['worker'],
    when: 'At a stop.',
  },
} as const satisfies Readonly<Record<string, Line>>;

export type LineName = keyof typeof LINES;

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
