/** Where one can go. */
import type { IconName } from '../parts/icon.js';
import { may, type Scope, type Viewer } from '../viewer.js';

export interface Place {
  readonly name: string;
  /** Where there is little room; the same as `name` if absent. */
  readonly short?: string;
  readonly path: string;
  readonly icon: IconName;
  /** Pressed after `g`. */
  readonly letter: string;
  /** One of these is needed. */
  readonly scopes: readonly Scope[];
}

const PLACES: readonly Place[] = [
  {
    name: 'Conversations',
    short: 'Inbox',
    path: '/conversations',
    icon: 'conversations',
    letter: 'c',
    scopes: ['messages:read', 'messages:read-all'],
  },
  { name: 'Compose', path: '/compose', icon: 'compose', letter: 'n', scopes: ['messages:send'] },
  {
    name: 'Messages',
    path: '/messages',
    icon: 'messages',
    letter: 'm',
    scopes: ['messages:read', 'messages:read-all', 'operations:read'],
  },
  {
    name: 'Unresolved',
    short: 'Unknown',
    path: '/unresolved',
    icon: 'unresolved',
    letter: 'u',
    scopes: ['operations:read'],
  },
  { name: 'Health', path: '/health', icon: 'health', letter: 'h', scopes: ['operations:read'] },
];

export const placesOf = (viewer: Viewer): readonly Place[] => PLACES.filter(({ scopes }) => may(viewer, ...scopes));
