/** What the screen shows. It is in the browser's history, but not in its addresses: numbers are personal. */
import { useSyncExternalStore } from 'react';

/** A conversation: one of your numbers, and the other side, sorted. */
export interface Place {
  readonly owner: string;
  readonly participants: readonly string[];
}

export function placeOf({ from, to }: { readonly from: string; readonly to: readonly string[] }): Place {
  return { owner: from, participants: to.toSorted() };
}

export const isSame = (one: Place, other: Place): boolean =>
  one.owner === other.owner && one.participants.join() === other.participants.join();

/** Null is the list alone. */
export type Route = Place | 'new' | null;

export function go(route: Route): void {
  history.pushState(route, '');
  dispatchEvent(new PopStateEvent('popstate'));
}

export function useRoute(): Route {
  return useSyncExternalStore(listen, () => history.state as Route);
}

function listen(onChange: () => void): () => void {
  addEventListener('popstate', onChange);
  return () => {
    removeEventListener('popstate', onChange);
  };
}
