/** How a call of Bandwidth ended that nobody can make sense of, as a person reads it: `HTTP 202, SocketError`. */
export function seenInWords(lastSeen: string | null): string {
  if (lastSeen === null) return 'The server stopped before it saw an answer.';
  const [, status] = /^HTTP (\d+)/.exec(lastSeen) ?? [];
  const [, failure] = /^(?:HTTP \d+, )?([^,]+)$/.exec(lastSeen) ?? [];
  if (status !== undefined) return `Bandwidth answered with HTTP ${status}, and the rest made no sense or broke off.`;
  if (failure !== undefined && /timeout/i.test(failure)) return 'Bandwidth did not answer in time.';
  if (failure !== undefined && /RESET|Socket|closed|EPIPE/i.test(failure))
    return 'The connection broke off before an answer came.';
  return `The call ended with ${lastSeen}.`;
}
