/** A story: all that is known of one send from outside. And how it reads. */

/** Something that somebody wants to have sent, once. */
export interface Send {
  /** Unique, and the name of the send everywhere. */
  readonly text: string;
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
}

/** A message as GraphQL shows it. */
export interface ToldMessage {
  readonly id: string;
  readonly text: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
  readonly status: string;
  readonly deliveries: readonly ToldDelivery[];
}
export interface ToldDelivery {
  readonly to: string;
  readonly status: string;
  readonly time: string | null;
  readonly failure: { readonly code: number } | null;
}

/** What a caller was answered; `lost` when the connection broke. */
export type Answer =
  | { readonly kind: 'message'; readonly message: ToldMessage }
  | { readonly kind: 'failed'; readonly code: string; readonly outcome: string | null }
  | { readonly kind: 'lost' };

/** One call of `sendMessage`. All times are in milliseconds since 1970, of one clock. */
export interface Call {
  readonly askedAt: number;
  readonly heardAt: number;
  readonly answer: Answer;
}

/** One POST that the ledger read whole. */
export interface Post {
  readonly at: number;
  /** What the ledger did to it; null for nothing. */
  readonly fault: string | null;
  /** Set when it was accepted. */
  id: string | null;
  /** Set when an answer was written to its end. */
  answeredAt: number | null;
}

/** An event of a callback. */
export interface LedgerEvent {
  readonly messageId: string;
  readonly type: string;
  readonly time: string;
  readonly to: string;
  readonly errorCode?: number;
  /** Whether it brought the tag back. */
  readonly isTagged: boolean;
  /** Whether it holds what some databases refuse. */
  readonly isPoisoned: boolean;
}

/** Something that was broken on purpose, or a connection that was reset unread. */
export interface Trouble {
  readonly what: string;
  readonly from: number;
  readonly until: number;
}

export interface Story {
  readonly send: Send;
  /** In the order of their answers; the last one came when all was healed. */
  readonly calls: readonly Call[];
  readonly posts: readonly Post[];
  /** Events that were answered 200. */
  readonly taken: readonly LedgerEvent[];
  /** Events that were refused again and again, although nothing was broken. */
  readonly refused: readonly LedgerEvent[];
  readonly troubles: readonly Trouble[];
  /** Connections that were reset unread: perhaps with a POST that no ledger knows. */
  readonly unread: readonly number[];
  /** What `message(id)` says in the end; null where it says null, or nothing was accepted. */
  readonly found: ToldMessage | null;
  /** Whether it is among the `unresolvedSends` in the end; null where that was not asked. */
  readonly isListed: boolean | null;
  /** What `message(id)` says after somebody settled it by its id; null where nobody had to. */
  readonly settled: ToldMessage | null;
}

/** What was asked, posted, answered, broken and called back, in the order of time. */
export function lifeOf({ send, calls, posts, taken, refused, troubles, found, settled, isListed }: Story): string {
  const began = Math.min(...calls.map(({ askedAt }) => askedAt));
  const ended = Math.max(...calls.map(({ heardAt }) => heardAt));
  const moments: [at: number, what: string][] = [
    ...calls.flatMap(({ askedAt, heardAt, answer }): [number, string][] => [
      [askedAt, 'asked'],
      [heardAt, `heard ${textOf(answer)}, asked at ${askedAt - began}`],
    ]),
    ...posts.flatMap(({ at, fault, id, answeredAt }): [number, string][] => [
      [at, `posted: ${fault ?? 'no fault'}${id === null ? '' : `, accepted as ${id}`}`],
      ...(answeredAt === null ? [] : [[answeredAt, 'answered'] as [number, string]]),
    ]),
    ...troubles
      .filter(({ from, until }) => from <= ended && until >= began - 5_000)
      .map(({ what, from, until }): [number, string] => [from, `${what}, for ${until - from} ms`]),
  ];
  const events = (list: readonly LedgerEvent[]): string =>
    list
      .map(
        ({ type, to, time, isTagged, isPoisoned }) =>
          `${type} to ${to} at ${time}${isTagged ? ' (tagged)' : ''}${isPoisoned ? ' (poisoned)' : ''}`,
      )
      .join('; ');
  return [
    `  ${JSON.stringify(send)}`,
    ...moments.sort(([a], [b]) => a - b).map(([at, what]) => `  ${String(at - began).padStart(7)} ms  ${what}`),
    `  taken: ${events(taken)}`,
    ...(refused.length === 0 ? [] : [`  refused for ever: ${events(refused)}`]),
    `  in the end: ${JSON.stringify(settled ?? found)}, listed: ${String(isListed)}, settled: ${String(settled !== null)}`,
  ].join('\n');
}

/** An answer in few words. */
export function textOf(answer: Answer): string {
  switch (answer.kind) {
    case 'message':
      return `${answer.message.id} ${answer.message.status}`;
    case 'failed':
      return `${answer.code} (${answer.outcome ?? 'no outcome'})`;
    case 'lost':
      return 'nothing';
  }
}
