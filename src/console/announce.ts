/** What a screen reader says of what happens elsewhere on the page, when it has finished what it says now. */
import { useSyncExternalStore } from 'react';

let said = '';
const listeners = new Set<() => void>();

export function announce(words: string): void {
  // The same words once more are news, too: a space makes them other ones.
  said = words === said ? `${words} ` : words;
  for (const listener of listeners) listener();
}

export function useAnnouncement(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => said,
  );
}
