/** The telephones of the sandbox, by its documented HTTP API: what this page does, a test can do as well. */
import { credentials } from '../session.js';

export interface PhoneFile {
  /** What the message names. */
  readonly source: string;
  /** Where it is shown; null for files of other hosts, and for those that are gone. */
  readonly url: string | null;
  readonly contentType: string | null;
}

export interface PhoneMessage {
  readonly id: string;
  /** As seen from the telephone. */
  readonly direction: 'received' | 'sent';
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly media: readonly PhoneFile[];
  readonly time: string;
  /** One-time codes in its text. */
  readonly codes: readonly string[];
  readonly status: 'arrived' | 'failed' | 'sending' | 'taken' | 'lost';
  readonly errorCode: number | null;
  readonly reports: readonly string[];
}

export interface Behavior {
  readonly answer: 'accepted' | 'slow' | 'silent' | 'cut-off' | number;
  readonly delayMs: number;
  readonly delivery: 'delivered' | 'failed';
  readonly errorCode: number;
  readonly callbacks: 'in-order' | 'duplicate' | 'reversed' | 'duplicate-reversed' | 'early' | 'none';
  readonly once: boolean;
}

export interface Phone {
  readonly number: string;
  readonly count: number;
  readonly last: PhoneMessage | null;
  readonly behavior: Behavior;
  /** Toll-free senders that were told STOP. */
  readonly blocked: readonly string[];
}

export interface PhoneList {
  readonly phones: readonly Phone[];
  readonly cursor: string;
}

export interface DeliveryCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
}

/** The sandbox or the server refused it; `message` says why, in words. */
export class PhoneError extends Error {
  constructor(
    /** The HTTP status; 0 where nothing was answered. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** Whether there is no use in asking again. All else may pass. */
  get isFinal(): boolean {
    return [401, 403, 404].includes(this.status);
  }
}

interface Failure {
  /** As the sandbox says it. */
  readonly description?: string;
  /** As the server does. */
  readonly errors?: readonly { readonly message: string }[];
}

async function ask(path: string, method = 'GET', body?: unknown, signal: AbortSignal | null = null): Promise<Response> {
  const init = {
    method,
    signal,
    headers: { ...credentials(), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  const answer = await fetch(new URL(`sandbox/${path}`, document.baseURI), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new PhoneError(0, 'The server cannot be reached.');
  });
  if (answer.ok) return answer;
  const { description, errors = [] } = (await answer.json().catch(() => ({}))) as Failure;
  throw new PhoneError(answer.status, description ?? errors[0]?.message ?? `The server answered ${answer.status}.`);
}

async function json<Answer>(...asked: Parameters<typeof ask>): Promise<Answer> {
  return (await (await ask(...asked)).json()) as Answer;
}

const pathOf = (number: string): string => `phones/${encodeURIComponent(number)}`;

/** All of them, what changed last first; with a cursor, as soon as anything has changed since. */
export const listPhones = (after: string | null, signal: AbortSignal): Promise<PhoneList> =>
  json(after === null ? 'phones' : `phones?after=${after}&wait=25s`, 'GET', undefined, signal);

/** The oldest first. */
export const messagesOf = async (number: string, signal: AbortSignal): Promise<readonly PhoneMessage[]> =>
  (await json<{ messages: readonly PhoneMessage[] }>(`${pathOf(number)}/messages`, 'GET', undefined, signal)).messages;

export interface Reply {
  /** The sender of the last message, if absent. */
  readonly to?: string;
  readonly text: string;
  /** Files as data URLs. */
  readonly media?: readonly string[];
}

/** Resolves once the server has taken it. */
export const reply = (number: string, message: Reply): Promise<unknown> =>
  json(`${pathOf(number)}/reply`, 'POST', message);

export const behave = (number: string, behavior: Partial<Behavior>): Promise<unknown> =>
  json(`${pathOf(number)}/behavior`, 'PUT', behavior);

export const forgetPhone = (number: string): Promise<unknown> => ask(pathOf(number), 'DELETE');

/** A file, as an address within this page: a picture cannot name a key itself. */
export async function fileAt(url: string, signal: AbortSignal): Promise<Blob> {
  return (await ask(url.replace(/^\/sandbox\//, ''), 'GET', undefined, signal)).blob();
}

export const deliveryCodes = async (): Promise<readonly DeliveryCode[]> =>
  (await json<{ codes: readonly DeliveryCode[] }>('delivery-codes')).codes;
