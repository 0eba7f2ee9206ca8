/** How often may be sent: what the service asks before a send, whoever counts. */

export interface Limit {
  readonly count: number;
  /** From the first send that is counted on, in seconds. */
  readonly windowSeconds: number;
}

export interface Refused {
  readonly kind: 'REFUSED';
  readonly retryAfterSeconds: number;
}

/** There was room. It is kept in this process until one of both is called, once. */
export interface Room {
  readonly kind: 'ROOM';
  /** Counts the send. Refused where others, in other processes, were faster. Rejects when counting is not possible. */
  take(): Promise<Counted | Refused>;
  drop(): void;
}

export interface Counted {
  readonly kind: 'COUNTED';
  /**
   * Takes the send out of the counts again, as far as their windows last still; those of less than a minute excepted,
   * which say how often may be tried. Never rejects.
   */
  giveBack(): Promise<void>;
}

export interface SendLimits {
  /**
   * Whether there is room for a send of `caller` to these recipients, each counted as one message. Only reads. Rejects
   * when the counts cannot be had.
   */
  look(caller: string, recipients: readonly string[]): Promise<Room | Refused>;
}
