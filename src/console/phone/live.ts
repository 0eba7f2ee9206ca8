/** The telephones as they are now. The server is asked once, and answers whenever something has changed. */
import { useEffect, useState } from 'react';
import { listPhones, messagesOf, PhoneError, type PhoneList, type PhoneMessage } from './api.js';

const PAUSE_MS = 2_000;

export interface Live {
  readonly list: PhoneList | null;
  readonly error: PhoneError | null;
}

export function usePhones(): Live {
  const [live, setLive] = useState<Live>({ list: null, error: null });
  useEffect(() => {
    const leaving = new AbortController();
    let pause: ReturnType<typeof setTimeout> | undefined;
    let wake = (): void => undefined;
    const follow = async (): Promise<void> => {
      let cursor: string | null = null;
      while (!leaving.signal.aborted) {
        try {
          const list: PhoneList = await listPhones(cursor, leaving.signal);
          // Another run of the sandbox has other cursors, and may have fewer telephones: each answer is the whole list.
          cursor = list.cursor;
          setLive({ list, error: null });
        } catch (error) {
          if (!(error instanceof PhoneError)) return;
          setLive(({ list }) => ({ list: error.isFinal ? null : list, error }));
          if (error.isFinal) return;
          cursor = null;
          await new Promise<void>((resolve) => {
            wake = resolve;
            pause = setTimeout(resolve, PAUSE_MS);
          });
        }
      }
    };
    void follow();
    return () => {
      leaving.abort();
      clearTimeout(pause);
      wake();
    };
  }, []);
  return live;
}

/** The messages of one; null until they are there. They are asked for again whenever anything has changed. */
export function useMessages(number: string, cursor: string | null): readonly PhoneMessage[] | null {
  const [messages, setMessages] = useState<readonly PhoneMessage[] | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    messagesOf(number, leaving.signal).then(setMessages, () => {
      // The list says what is wrong.
    });
    return () => leaving.abort();
  }, [number, cursor]);
  return messages;
}
