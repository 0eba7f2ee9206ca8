/** Ends what a credential opened when the credential expires. */

/**
 * How often the clock is read again: it may be set meanwhile, and a token may live longer than 24.8 days, where a timer of
 * Node overflows and fires at once.
 */
const RECHECK_MS = 60_000;

/** Whether the time is over. `expiresAt` is in milliseconds since the epoch; null means never. */
export function isExpired(expiresAt: number | null): boolean {
  return expiresAt !== null && Date.now() >= expiresAt;
}

/** Calls `end` once, when the time is over. The result cancels that. */
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
