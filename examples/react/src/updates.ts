/** Live updates: every message that appears or changes is shown, and none is missed after a break. */
import { CombinedGraphQLErrors } from '@apollo/client';
import { defer, mergeMap, of, repeat, retry, throwError, timer, type Observable } from 'rxjs';
import { client, socket } from './client';
import type { MessageFilter, UpdatesSubscription } from './generated/graphql';
import { UPDATES } from './operations';

const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/**
 * All changes of what a list shows. It never ends by itself: after a break it goes on from where the list ends by then.
 *
 * @param listEnd the list's `updatesCursor`, or the `cursor` of the last update that was put into it.
 */
export function follow(
  listEnd: () => string | undefined,
  filter: MessageFilter = {},
): Observable<UpdatesSubscription['messagesUpdated']> {
  return defer(() => client.subscribe({ query: UPDATES, variables: { since: listEnd(), filter } })).pipe(
    mergeMap(({ data, error }) => (data === undefined ? throwError(() => error) : of(data.messagesUpdated))),
    retry({ delay: pauseAfter, resetOnSuccess: true }),
    repeat({ delay: PAUSE_MS }),
  );
}

function pauseAfter(error: unknown, count: number): Observable<unknown> {
  // The cursor is wrong: the server has another database, and all that is on the screen is of the old one.
  if (CombinedGraphQLErrors.is(error) && error.errors[0]?.extensions?.code === 'BAD_USER_INPUT') location.reload();
  // Not all pages come back in the same moment.
  return timer(Math.min(PAUSE_MS * 2 ** (count - 1), MAX_PAUSE_MS) * (0.5 + Math.random()));
}

/** Calls back whenever the connection is lost, and when it is there again. */
export function onConnection(onChange: (isConnected: boolean) => void): () => void {
  const stops = [socket.on('connected', () => onChange(true)), socket.on('closed', () => onChange(false))];
  return () => {
    for (const stop of stops) stop();
  };
}

const UNAUTHORIZED = 4401;

/** Calls back when the server does not take the credential of a connection. */
export function onRefusal(onRefused: () => void): () => void {
  return socket.on('closed', (event) => {
    if ((event as CloseEvent).code === UNAUTHORIZED) onRefused();
  });
}
