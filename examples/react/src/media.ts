/** Pictures on their way to the server, which keeps them for the message that they belong to. */
import { credentials } from './session';
import { mistakesOf, type FieldError } from './words';

/** As every failure of the server, in the shape of a GraphQL answer. */
interface Failure {
  readonly errors: readonly [
    { readonly message: string; readonly extensions: { fieldErrors?: readonly FieldError[] } },
  ];
}

/** Resolves with what a message's `media` takes. Rejects with words to show. */
export async function upload(file: File): Promise<string> {
  const headers = { ...credentials(), 'content-type': file.type, 'x-filename': encodeURIComponent(file.name) };
  const response = await fetch('/media', { method: 'POST', headers, body: file });
  const answer = (await response.json()) as { readonly url: string } | Failure;
  if ('url' in answer) return answer.url;
  const [{ message, extensions }] = answer.errors;
  throw new Error(Object.values(mistakesOf(extensions.fieldErrors ?? [])).join(' ') || message);
}
