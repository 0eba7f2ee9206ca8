/** How often may be sent: what the service asks before a send, whoever counts. */

export interface Limit {
  readonly count: number;
  /** From the first send that is counted on, in seconds. */
  readonly windowSeconds: number;
}

export interface SendLimits {
  /**
   * Counts a send of `caller` to these recipients, each as one message. Returns how many seconds to wait, and counts
   * nothing, when that is too much; null when it may be sent. Rejects when counting is not possible.
   */
  take(caller: string, recipients: readonly string[]): Promise<number | null>;
}
