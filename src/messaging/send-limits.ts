/** How often may be sent: what the service asks before a send, whoever counts. */

export interface Limit {
  readonly count: number;
  /** From the first send that is counted on, in seconds. */
  readonly windowSeconds: number;
}

export type Permit =
  | {
      readonly kind: 'COUNTED';
      /** Takes the send out of the counts again, as far as their windows last still. Never rejects. */
      giveBack(): Promise<void>;
    }
  /** Too much; nothing was counted. */
  | { readonly kind: 'REFUSED'; readonly retryAfterSeconds: number };

export interface SendLimits {
  /** Counts a send of `caller` to these recipients, each as one message. Rejects when counting is not possible. */
  take(caller: string, recipients: readonly string[]): Promise<Permit>;
}
