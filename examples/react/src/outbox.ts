/**
 * What this tab sent and whose fate is not known yet, or that was not sent. Each message has one idempotency key, and
 * is kept in sessionStorage with it: so a reload in the middle loses no message, and a repetition sends none twice.
 */
import { useSyncExternalStore } from 'react';
import { client } from './client';
import type { KeyedInput } from './draft';
import type { NewsFragment, ProblemFragment } from './generated/graphql';
import { putIntoInbox, putIntoThread } from './lists';
import { SUBMIT } from './operations';

/** The server forgets a key after three days, and could then send again. */
const REPEATABLE_MS = 24 * 60 * 60 * 1000;

export interface Sent {
  readonly input: KeyedInput;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** `UNKNOWN`: perhaps sent. It may be repeated with its key, and never be sent as a new message. */
  readonly state: 'SENDING' | 'NOT_SENT' | 'UNKNOWN';
  /** Null while it is under way, and where no answer came. */
  readonly problem: ProblemFragment | null;
}

let place = '';
let all: readonly Sent[] = [];
const listeners = new Set<() => void>();

function set(next: readonly Sent[]): void {
  all = next;
  sessionStorage.setItem(place, JSON.stringify(all));
  for (const listener of listeners) listener();
}

/** Keys belong to a caller: nobody else may repeat what this one sent. */
export function openOutbox(caller: string): void {
  place = `outbox of ${caller}`;
  all = JSON.parse(sessionStorage.getItem(place) ?? '[]') as readonly Sent[];
}

export function useOutbox(): readonly Sent[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

const isOf =
  (key: string) =>
  ({ input }: Sent): boolean =>
    input.idempotencyKey === key;

/** Nothing, where its fate became known meanwhile. */
function change(key: string, part: Partial<Sent>): void {
  if (all.some(isOf(key))) set(all.map((each) => (isOf(key)(each) ? { ...each, ...part } : each)));
}

export function forget(key: string): void {
  if (all.some(isOf(key))) set(all.filter((each) => !isOf(key)(each)));
}

/** Sends a message, or asks again what became of it: with the same key that is the same. */
export async function send(input: KeyedInput): Promise<void> {
  const { idempotencyKey: key } = input;
  const sending = { input, state: 'SENDING', problem: null } as const;
  if (all.some(isOf(key))) change(key, sending);
  else set([...all, { ...sending, since: Date.now() }]);
  const answer = await submit(input);
  if (answer?.__typename !== 'Message') {
    change(key, { state: answer?.outcome ?? 'UNKNOWN', problem: answer });
    return;
  }
  if (answer.conversation !== null) {
    putIntoThread(answer.conversation.id, answer);
    putIntoInbox(answer.conversation);
  }
  forget(key);
}

async function submit(input: KeyedInput) {
  try {
    const { data } = await client.mutate({ mutation: SUBMIT, variables: { input } });
    return data?.submitMessage ?? null;
  } catch {
    // The request may have arrived although its answer did not.
    return null;
  }
}

export const mayRepeat = ({ since }: Sent): boolean => Date.now() - since < REPEATABLE_MS;

/** After a reload or a break: asks what became of all that may have been sent. */
export function resume(): void {
  for (const each of all) {
    if (each.state !== 'NOT_SENT' && mayRepeat(each)) void send(each.input);
  }
}

/** The live updates tell of a message also where its answer was lost. */
export function settle({ send }: NewsFragment): void {
  if (send?.idempotencyKey != null) forget(send.idempotencyKey);
}
