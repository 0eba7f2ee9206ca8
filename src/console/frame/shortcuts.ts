/** Keys without modifiers. They do nothing while somebody writes, and can be turned off for those who speak to their computer. */
import { useEffect, useEffectEvent, useRef } from 'react';
import { navigate } from '../location.js';
import type { Place } from './places.js';

const SETTING = 'shortcuts';
/** A `g` waits so long for its letter. */
const SEQUENCE_MS = 1_500;

export const areShortcutsOn = (): boolean => localStorage.getItem(SETTING) !== 'off';
export function setShortcuts(isOn: boolean): void {
  localStorage.setItem(SETTING, isOn ? 'on' : 'off');
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** What is pressed once, wherever one is. */
const KEYS: Readonly<Record<string, () => void>> = {
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  '/': () => document.querySelector<HTMLElement>('[data-search]')?.focus(),
};

/** From one entry of the page's list to the next. */
function moveFocus(step: number): void {
  const entries = [...document.querySelectorAll<HTMLElement>('[data-entry]')];
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const current = at >= 0 ? at : entries.findIndex((entry) => entry.getAttribute('aria-current') !== null);
  entries[Math.min(Math.max(current + step, 0), entries.length - 1)]?.focus();
}

/** `?` helps; `n` writes a message; `g` and a letter go to a place; `j` and `k` move in a list; `/` searches. */
export function useShortcuts(places: readonly Place[], onHelp: () => void): void {
  const goesUntil = useRef(0);
  const press = useEffectEvent((event: KeyboardEvent): void => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!areShortcutsOn() || isWriting(target) || document.querySelector('dialog[open]')) return;
    const isGoing = performance.now() < goesUntil.current;
    goesUntil.current = key === 'g' ? performance.now() + SEQUENCE_MS : 0;
    const place = places.find(({ letter }) => letter === key && (isGoing || letter === 'n'));
    const action = key === '?' ? onHelp : place ? () => navigate(place.path) : KEYS[key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => press(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}
