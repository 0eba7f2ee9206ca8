/** Subscriptions that go on after a break: from where they left off, and not all in the same moment. */
import { pipe, subscribe, onEnd, type Source } from 'wonka';
import type { AnyVariables, OperationResult } from 'urql';
import { codeOf } from './server.js';

const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Server and network are tried at once when somebody is back. */
const BACK = ['online', 'visibilitychange'] as const;

export interface Following<Data, Variables extends AnyVariables> {
  /** Called for each try; asks for what comes after all that was seen. */
  readonly start: () => Source<OperationResult<Data, Variables>>;
  readonly onData: (data: Data) => void;
  /** Whether it ended for good: nothing more will come. */
  readonly isOver?: () => boolean;
  /** The place from where to go on is none that this server knows: begin again. */
  readonly onLost?: () => void;
}

/** Follows a subscription until the result is called. Whoever restarts it resumes where `start` says. */
export function follow<Data, Variables extends AnyVariables>(following: Following<Data, Variables>): () => void {
  const { start, onData, isOver, onLost } = following;
  let failures = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let stop = (): void => undefined;

  const tryAgain = (): void => {
    stop();
    if (isOver?.() === true) {
      end();
      return;
    }
    clearTimeout(pause);
    pause = setTimeout(begin, Math.min(PAUSE_MS * 2 ** failures, MAX_PAUSE_MS) * (0.5 + Math.random() / 2));
    failures += 1;
  };
  const begin = (): void => {
    pause = undefined;
    let hasEnded = false;
    const once = (): void => {
      if (hasEnded) return;
      hasEnded = true;
      // Not within the very call that told of the end: it may not have returned yet.
      queueMicrotask(tryAgain);
    };
    const subscription = pipe(
      start(),
      onEnd(once),
      subscribe(({ data, error }) => {
        if (error) {
          if (codeOf(error) === 'BAD_USER_INPUT') onLost?.();
          once();
        } else if (data) {
          failures = 0;
          onData(data);
        }
      }),
    );
    stop = () => subscription.unsubscribe();
  };
  const hurry = (): void => {
    if (pause === undefined || document.hidden) return;
    clearTimeout(pause);
    begin();
  };
  const end = (): void => {
    clearTimeout(pause);
    stop();
    for (const event of BACK) removeEventListener(event, hurry, true);
  };

  for (const event of BACK) addEventListener(event, hurry, true);
  begin();
  return end;
}
