/** What happens to a message: how its send is answered, whether it arrives, and how that is reported. */

/** How a send is answered; each of the words after the message was accepted, a status as Catapult answers with it. */
export type AskedAnswer = 'accepted' | 'slow' | 'silent' | 'cut-off' | number;

const CALLBACK_WAYS = ['in-order', 'duplicate', 'reversed', 'duplicate-reversed', 'early', 'none'] as const;

export interface Behavior {
  readonly answer: AskedAnswer;
  /** How long a slow answer takes. */
  readonly delayMs: number;
  readonly delivery: 'delivered' | 'failed';
  /** Why it failed, if it does. */
  readonly errorCode: number;
  readonly callbacks: (typeof CALLBACK_WAYS)[number];
  /** Whether it ends with the next message. */
  readonly once: boolean;
}

export const USUAL: Behavior = {
  answer: 'accepted',
  delayMs: 5_000,
  delivery: 'delivered',
  errorCode: 4720,
  callbacks: 'in-order',
  once: false,
};

/** The longest slow answer: far more than any client waits. */
const MAX_DELAY_MS = 60_000;
const [LEAST_ERROR, GREATEST_ERROR] = [4000, 9999];

/** `+1919555CCCC` asks for what CCCC says, as a recipient. */
const RECIPIENT = /^\+1919555(\d{4})$/;
const WAYS_BY_NUMBER: Readonly<Record<string, Behavior['callbacks']>> = {
  '0001': 'duplicate-reversed',
  '0002': 'none',
  '0003': 'early',
};

/** What a recipient's number alone asks for. */
export function behaviorOfNumber(recipient: string): Behavior {
  const asked = RECIPIENT.exec(recipient)?.[1] ?? '';
  const callbacks = WAYS_BY_NUMBER[asked];
  if (callbacks !== undefined) return { ...USUAL, callbacks };
  const errorCode = Number(asked);
  return errorCode >= LEAST_ERROR ? { ...USUAL, delivery: 'failed', errorCode } : USUAL;
}

/** `+1919556SSSS` asks for what SSSS says, as a sender. */
const SENDER = /^\+1919556(\d{4})$/;
const ANSWERS_BY_NUMBER: Readonly<Record<string, AskedAnswer>> = { '0000': 'silent', '0202': 'cut-off' };

/** What a sender's number asks for. */
export function answerForSender(sender: string): AskedAnswer {
  const asked = SENDER.exec(sender)?.[1] ?? '';
  const status = Number(asked);
  return ANSWERS_BY_NUMBER[asked] ?? (isStatus(status) ? status : 'accepted');
}

const isStatus = (value: number): boolean => Number.isInteger(value) && value >= 200 && value <= 599;

const isWholeNumber = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max;

const RULES: Readonly<Record<keyof Behavior, readonly [isValid: (value: unknown) => boolean, words: string]>> = {
  answer: [
    (value) => ['accepted', 'slow', 'silent', 'cut-off'].includes(value as string) || isWholeNumber(value, 200, 599),
    'accepted, slow, silent, cut-off or an HTTP status from 200 to 599',
  ],
  delayMs: [(value) => isWholeNumber(value, 1, MAX_DELAY_MS), `a whole number from 1 to ${MAX_DELAY_MS}`],
  delivery: [(value) => value === 'delivered' || value === 'failed', 'delivered or failed'],
  errorCode: [
    (value) => isWholeNumber(value, LEAST_ERROR, GREATEST_ERROR),
    `a whole number from ${LEAST_ERROR} to ${GREATEST_ERROR}`,
  ],
  callbacks: [
    (value) => CALLBACK_WAYS.includes(value as Behavior['callbacks']),
    `${CALLBACK_WAYS.slice(0, -1).join(', ')} or ${CALLBACK_WAYS.at(-1) ?? ''}`,
  ],
  once: [(value) => typeof value === 'boolean', 'true or false'],
};

/** A behavior as somebody asks for it, with what is usual for the rest; or what is wrong, in a sentence. */
export function readBehavior(asked: Readonly<Record<string, unknown>>): Behavior | string {
  for (const [name, value] of Object.entries(asked)) {
    if (!Object.hasOwn(RULES, name)) return `'${name}' is not known: use ${Object.keys(RULES).join(', ')}`;
    const [isValid, words] = RULES[name as keyof Behavior];
    if (!isValid(value)) return `'${name}' must be ${words}`;
  }
  return { ...USUAL, ...asked };
}
