/** Ends what a credential opened once the credential itself has ended. */

/**
 * The clock is read again after this long: it may be set meanwhile, and a token may live longer than the 24.8 days after
 * which a timer of Node overflows and fires at once.
 */
const RECHECK_MS = 60_000;

/** Whether the time is over. `expiresAt` is in milliseconds since the epoch; null never comes. */
export function isExpired(expiresAt: number | null): boolean {
  return expiresAt !== null && Date.now() >= expiresAt;
}

/** Calls `end` once when the time is over. The result stops the waiting. */
export function whenExpired(expiresAt: number | null, end: () => void): () => void {
  if (expiresAt === null) return () => undefined;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    if (isExpired(expiresAt)) end();
    else timer = setTimeout(look, Math.min(expiresAt - Date.now(), RECHECK_MS));
  };
  look();
  return () => {
    clearTimeout(timer);
  };
}
