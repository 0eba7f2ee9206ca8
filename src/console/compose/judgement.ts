import { useEffect, useState } from 'react';
import { NormalizeDocument, ValidateDocument, type MessageInput } from '../generated/graphql.js';
import { E164 } from '../parts/phone-number.js';
import { client } from '../server.js';
import { mistakesOf, type Mistakes } from '../words.js';

/** How long the writer rests before the server is asked. */
const PAUSE_MS = 300;

/** The mistakes in a message. If the server cannot be asked, that is one: nothing was sent, and that is certain. */
export async function judge(input: MessageInput): Promise<Mistakes> {
  const { data, error } = await client.query(ValidateDocument, { input }).toPromise();
  if (data) return mistakesOf(data.validateMessage.fieldErrors);
  return { server: error?.graphQLErrors[0]?.message ?? 'The server cannot be reached. Nothing was sent: try again.' };
}

/** The same, while it is written. `first` holds until something is changed. */
export function useJudgement(input: MessageInput, first: Mistakes): [Mistakes, (mistakes: Mistakes) => void] {
  const [mistakes, setMistakes] = useState(first);
  const written = JSON.stringify(input);
  const [unchanged] = useState(written);
  useEffect(() => {
    if (written === unchanged) return undefined;
    let isCurrent = true;
    const timer = setTimeout(() => {
      void judge(input).then((mistakes) => isCurrent && setMistakes(mistakes));
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [written]);
  return [mistakes, setMistakes];
}

/** A telephone number as people write it: `(919) 555-1212` becomes `+19195551212`. What is none stays as it is. */
export async function normalize(text: string, region: string | null): Promise<string> {
  if (E164.test(text)) return text;
  const { data } = await client.query(NormalizeDocument, { text, region }).toPromise();
  return data?.normalizeNumber.number ?? text.trim();
}
