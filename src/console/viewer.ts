/** Who is signed in, and what they may do. */
import { createContext, use } from 'react';
import type { ViewerQuery } from './generated/graphql.js';

export type Viewer = ViewerQuery['viewer'];

const NOBODY: Viewer = {
  name: '',
  scopes: [],
  numbers: [],
  isAnyNumberAllowed: false,
  allowedRegions: null,
  isConsentKept: false,
  limits: { sends: null },
};

export const ViewerContext = createContext<Viewer>(NOBODY);

export const useViewer = (): Viewer => use(ViewerContext);

export type Scope = 'messages:send' | 'messages:read' | 'messages:read-all' | 'operations:read' | 'operations:write';

export const may = ({ scopes }: Viewer, ...wanted: readonly Scope[]): boolean =>
  wanted.some((scope) => scopes.includes(scope));

/** Conversations belong to numbers. A key without any reads what it sent, as a list of messages. */
export const readsConversations = (viewer: Viewer): boolean =>
  may(viewer, 'messages:read-all') ||
  (may(viewer, 'messages:read') && viewer.numbers.length > 0 && !viewer.isAnyNumberAllowed);
