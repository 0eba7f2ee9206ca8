/**
 * What this tab sent and whose fate is not known yet, or that was not sent. Each message has one idempotency key, and
 * is kept in sessionStorage with it: so a reload in the middle loses no message, and a repetition sends none twice.
 */
import { useSyncExternalStore } from 'react';
import { client } from './client';
import type { KeyedInput } from './draft';
import type { NewsFragment, ProblemFragment } from './generated/graphql';
import { SUBMIT } from './operations';
import { show } from './updates';

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

const without = (key: string): readonly Sent[] => all.filter(({ input }) => input.idempotencyKey !== key);

export function forget(key: string): void {
  const rest = without(key);
  if (rest.length < all.length) set(rest);
}

/** Sends a message, or asks again what became of it: with the same key that is the same. */
export async function send(input: KeyedInput, since = Date.now()): Promise<void> {
  const { idempotencyKey: key } = input;
  const sending: Sent = { input, since, state: 'SENDING', problem: null };
  set([...without(key), sending]);
  const answer = await submit(input);
  if (answer?.__typename === 'Message') {
    show(answer);
    forget(key);
  } else {
    const now: Sent = { ...sending, state: answer?.outcome ?? 'UNKNOWN', problem: answer };
    // Unless the live updates were told of the message meanwhile.
    set(all.map((each) => (each.input.idempotencyKey === key ? now : each)));
  }
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
    if (each.state !== 'NOT_SENT' && mayRepeat(each)) void send(each.input, each.since);
  }
}

/** The live updates tell of a message also where its answer was lost. */
export function settle({ send }: NewsFragment): void {
  if (send?.idempotencyKey != null) forget(send.idempotencyKey);
}
