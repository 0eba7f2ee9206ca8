import { useEffect } from 'react';
import { onConnection } from './updates';

/** Says why something could not be fetched. It is fetched again once the connection is back, or at the press of a button. */
export function Trouble({ error, onRetry }: { error: Error; onRetry: () => void }) {
  useEffect(() => onConnection((isConnected) => isConnected && onRetry()), [onRetry]);
  return (
    <div className="trouble" role="alert">
      <p>{error.message}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
