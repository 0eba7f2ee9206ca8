/**
 * Where the page is: path and search, both behind the `#`. So it works at whatever address it is served, and no number that
 * somebody filters by is ever sent to a server or kept in its log.
 */
import { useSyncExternalStore } from 'react';
import type { NavigateOptions } from 'wouter';

const EMPTY = '/';

function parts(): readonly [path: string, search: string] {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return [`${EMPTY}${path}`, search];
}

function listen(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

export function navigate(to: string, { replace = false }: NavigateOptions = {}): void {
  const url = `#${to}`;
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  // The browser says so only where a person changed the address.
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** For wouter's router, as `hook` and `searchHook`. */
export function useFragment(): [string, typeof navigate] {
  return [useSyncExternalStore(listen, () => parts()[0]), navigate];
}
useFragment.hrefs = (href: string): string => `#${href}`;

export const useFragmentSearch = (): string => useSyncExternalStore(listen, () => parts()[1]);
