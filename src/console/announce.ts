/** What a screen reader says of what happens elsewhere on the page, when it has finished what it says now. */
import { useSyncExternalStore } from 'react';

/** Longer than any reader takes to notice. Then it is over: nobody should come across old news. */
const FORGET_AFTER_MS = 5_000;

let said = '';
let forgetting: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function say(words: string): void {
  said = words;
  for (const listener of listeners) listener();
}

export function announce(words: string): void {
  // The same words once more are news, too: a space makes them other ones.
  say(words === said ? `${words} ` : words);
  clearTimeout(forgetting);
  forgetting = setTimeout(() => say(''), FORGET_AFTER_MS);
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
