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
