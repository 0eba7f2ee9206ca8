import { client } from './client';
import { NORMALIZE } from './operations';

/** A telephone number as people write it: `(919) 555-1212` becomes `+19195551212`. What is none stays as it is. */
export async function normalize(text: string, region: string | null): Promise<string> {
  try {
    const { data } = await client.query({ query: NORMALIZE, variables: { text, region } });
    return data?.normalizeNumber.number ?? text;
  } catch {
    return text;
  }
}
