/** The send, from a valid request to an answer that can be trusted. */
import { ServiceError } from '../errors.js';
import type { Message, OutboundMessage } from './message.js';
import type { Clock, GatewayReport, MessageGateway, SendOutcome } from './ports.js';

/** One line for the operator's log. Holds nothing personal: no number, no text, no tag. */
export interface SendReport {
  readonly requestId: string;
  readonly outcome: SendOutcome['kind'];
  readonly durationMs: number;
  readonly attempts: number;
  /** What the last attempt met: `HTTP 202`, `ECONNREFUSED`. */
  readonly detail: string;
}

export interface MessageServiceOptions {
  readonly gateway: MessageGateway;
  readonly clock: Clock;
  /** Called once for each send that reached the gateway. */
  readonly onSend: (report: SendReport) => void;
}

export class MessageService {
  readonly #options: MessageServiceOptions;

  constructor(options: MessageServiceOptions) {
    this.#options = options;
  }

  /**
   * Sends a message at most once and returns it as Catapult accepted it.
   *
   * @throws ServiceError with `outcome: NOT_SENT` when nothing was sent, `OUTCOME_UNKNOWN` when perhaps it was.
   */
  async send(request: OutboundMessage, requestId: string): Promise<Message> {
    const { gateway, clock, onSend } = this.#options;
    const startedAt = clock.now();
    const report = await gateway.send(request);
    onSend(sendReport(report, requestId, clock.now() - startedAt));
    return messageOrThrow(report.outcome);
  }
}

function sendReport(report: GatewayReport, requestId: string, durationMs: number): SendReport {
  return {
    requestId,
    outcome: report.outcome.kind,
    durationMs,
    attempts: report.attempts,
    detail: report.detail,
  };
}

function messageOrThrow(outcome: SendOutcome): Message {
  switch (outcome.kind) {
    case 'ACCEPTED':
      return outcome.message;
    case 'NOT_SENT':
      throw outcome.error;
    case 'ACCEPTED_WITHOUT_ID':
    case 'UNKNOWN':
      throw new ServiceError('OUTCOME_UNKNOWN', { outcome: 'UNKNOWN' });
  }
}
