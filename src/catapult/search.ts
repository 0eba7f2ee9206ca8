/** Asks upstream's message list for the messages between given numbers in a span of time. */
import type { MessageSearch, MessageSearchQuery, UpstreamMessage } from '../messaging/ports.js';
import type { Account } from './account.js';
import { withinTime } from './exchange.js';
import { failureOf } from './problem.js';
import { parseMessageList } from './wire.js';

const TIMEOUT_MS = 10_000;
/** Two messages that fit settle nothing, so this only has to hold all recipients of one group message. */
const MAX_LISTED = '100';

/** A list that was cut short or cannot be read is an error: the part that is missing could hold the message. */
export class CatapultSearch implements MessageSearch {
  readonly #account: Pick<Account, 'list'>;

  constructor(account: Pick<Account, 'list'>) {
    this.#account = account;
  }

  async find(
    { from, to, sinceMs, untilMs }: MessageSearchQuery,
    signal: AbortSignal,
  ): Promise<readonly UpstreamMessage[]> {
    const query = {
      sourceTn: from,
      destinationTn: to.join(','),
      messageDirection: 'OUTBOUND',
      fromDateTime: new Date(sinceMs).toISOString(),
      toDateTime: new Date(untilMs).toISOString(),
      limit: MAX_LISTED,
    };
    const seen = await withinTime(TIMEOUT_MS, signal, (inTime) => this.#account.list(query, inTime));
    const list = seen.status === 200 && seen.body !== null ? parseMessageList(seen.body) : null;
    if (list === null) throw new SearchError(failureOf(seen) ?? `answered HTTP ${String(seen.status)}`);
    if (!list.complete) throw new SearchError('the list is not complete');
    return list.messages;
  }
}

/** Upstream could not be asked. `code` says why, for the log. */
export class SearchError extends Error {
  override readonly name = 'SearchError';

  constructor(readonly code: string) {
    super(code);
  }
}
