/** What stands in the place of a list: nothing yet, nothing at all, or why it could not be fetched. */
import { useEffect, type ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { codeOf, onConnection } from '../server.js';
import { RequestId } from './failure.js';

/** Shown after a moment (by its style), so that a quick answer makes nothing flicker. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what} …
    </p>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

interface TroubleProps {
  readonly error: CombinedError;
  readonly onRetry: () => void;
}

/** Why something could not be fetched, and a way to try again. That happens by itself once the connection is back. */
export function Trouble({ error, onRetry }: TroubleProps) {
  useEffect(() => onConnection((isConnected) => isConnected && onRetry()), [onRetry]);
  const [first] = error.graphQLErrors;
  const requestId = first?.extensions.requestId;
  return (
    <div className="trouble" role="alert">
      <p>{first?.message ?? 'The server cannot be reached.'}</p>
      {codeOf(error) !== 'FORBIDDEN' && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
      {typeof requestId === 'string' && <RequestId id={requestId} />}
    </div>
  );
}
