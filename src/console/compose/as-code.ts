/** The message that is being written, as a program would send it. */
import type { MessageInput } from '../generated/graphql.js';

const MUTATION = `mutation Send($input: MessageInput!) {
  sendMessage(input: $input) {
    id
    status
  }
}`;

/** Only what was said, so that it reads like the examples of the documentation. */
function said(input: MessageInput): object {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([, value]) => value != null && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** For GraphiQL: the document, and its variables. */
export const asGraphQL = (input: MessageInput): string =>
  `${MUTATION}\n\n# Variables:\n${JSON.stringify({ input: said(input) }, null, 2)
    .split('\n')
    .map((line) => `# ${line}`)
    .join('\n')}\n`;

/** For a shell. Where a key is needed, its place is marked: nobody should copy a key by accident. */
export function asCurl(
  input: MessageInput,
  { url, needsKey }: { readonly url: string; readonly needsKey: boolean },
): string {
  const body = JSON.stringify({ query: MUTATION.replace(/\s+/g, ' '), variables: { input: said(input) } });
  const lines = [
    `curl -s ${quoted(url)}`,
    ...(needsKey ? [`-H 'authorization: Bearer YOUR_KEY'`] : []),
    `-H 'content-type: application/json'`,
    `-d ${quoted(body)}`,
  ];
  return `${lines.join(' \\\n  ')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
