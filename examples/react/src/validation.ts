import { useApolloClient } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import type { KeyedInput } from './draft';
import { VALIDATE } from './operations';
import { mistakesOf, type Mistakes } from './words';

/** How long the writer rests before the server is asked. */
const PAUSE_MS = 300;

interface Judgement {
  readonly mistakes: Mistakes;
  /** How many parts of a text are billed. */
  readonly segmentCount: number;
}

/** What the server has against a message that is being written. `first` is shown until something is changed. */
export function useValidation(
  input: KeyedInput,
  first: Mistakes,
): Judgement & { readonly check: (input: KeyedInput) => Promise<Mistakes> } {
  const client = useApolloClient();
  const [judgement, setJudgement] = useState<Judgement>({ mistakes: first, segmentCount: 0 });
  const written = JSON.stringify(input);
  const [unchanged] = useState(written);

  const judge = async (input: KeyedInput): Promise<Judgement> => {
    const { data } = await client.query({ query: VALIDATE, variables: { input }, fetchPolicy: 'no-cache' });
    if (data === undefined) throw new Error('There is no answer.');
    const { fieldErrors, preview } = data.validateMessage;
    return { mistakes: mistakesOf(fieldErrors), segmentCount: preview.segmentCount };
  };

  useEffect(() => {
    if (written === unchanged) return undefined;
    let isCurrent = true;
    const timer = setTimeout(() => {
      judge(input).then(
        (judgement) => isCurrent && setJudgement(judgement),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [written]);

  return {
    ...judgement,
    async check(input) {
      const judgement = await judge(input);
      setJudgement(judgement);
      return judgement.mistakes;
    },
  };
}
