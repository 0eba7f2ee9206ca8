/** What a host reports, where nobody listens; and the marks of a request of a test's own. */
import type { RequestMarks } from '../../src/graphql/context.js';

const nobody = (): void => undefined;

export const UNHEARD = { onRequest: nobody, onInternalError: nobody };

export const marks = (requestId = 'request'): RequestMarks => ({ requestId, traceId: null, span: null, codes: [] });

/** What a gateway of a test's own says of an attempt. */
export const ATTEMPTED = { attempts: 1, lastSeen: 'HTTP 202', httpStatus: 202, upstreamMs: 1 } as const;
