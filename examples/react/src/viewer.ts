import { useQuery } from '@apollo/client/react';
import type { ViewerQuery } from './generated/graphql';
import { VIEWER } from './operations';

const NOBODY: ViewerQuery['viewer'] = { name: '', numbers: [], allowedRegions: null };

/** Who is signed in. The app has asked before it shows anything else, so this is in the cache. */
export const useViewer = (): ViewerQuery['viewer'] => useQuery(VIEWER).data?.viewer ?? NOBODY;
