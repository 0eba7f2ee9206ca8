/** Files on their way to the server, which keeps them for the message that they belong to. */
import { useEffect, useState } from 'react';
import type { FieldErrorFragment } from '../generated/graphql.js';
import { newId } from '../parts/new-id.js';
import { addressOf } from '../server.js';
import { credentials } from '../session.js';
import { mistakeIn } from '../words.js';

export interface ChosenFile {
  readonly id: string;
  readonly name: string;
  /** A picture to show, from memory; null for other files, and for one that was uploaded before a reload. */
  readonly preview: string | null;
  /** What a message's `media` takes; null while the file is under way, and where it was refused. */
  readonly url: string | null;
  readonly mistake: string | null;
}

export interface Files {
  readonly files: readonly ChosenFile[];
  readonly urls: readonly string[];
  readonly isUploading: boolean;
  readonly areReady: boolean;
  readonly add: (files: readonly File[]) => void;
  readonly remove: (id: string) => void;
}

/** Each file is uploaded as soon as it is chosen, and then sent as a URL. */
export function useFiles(urls: readonly string[]): Files {
  const [files, setFiles] = useState<readonly ChosenFile[]>(() => urls.map(uploaded));
  const change = (id: string, part: Partial<ChosenFile>): void =>
    setFiles((all) => all.map((each) => (each.id === id ? { ...each, ...part } : each)));
  useEffect(() => () => files.forEach(({ preview }) => preview !== null && URL.revokeObjectURL(preview)), []);

  return {
    files,
    urls: files.flatMap(({ url }) => url ?? []),
    isUploading: files.some(({ url, mistake }) => url === null && mistake === null),
    areReady: files.every(({ url }) => url !== null),
    add(chosen) {
      for (const file of chosen) {
        const id = newId();
        const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
        setFiles((all) => [...all, { id, name: file.name, preview, url: null, mistake: null }]);
        upload(file).then(
          (url) => change(id, { url }),
          (error: unknown) =>
            change(id, { mistake: error instanceof Error ? error.message : 'It could not be uploaded.' }),
        );
      }
    },
    remove: (id) => setFiles((all) => all.filter((each) => each.id !== id)),
  };
}

/** Its name is behind the random part of its address. */
const uploaded = (url: string): ChosenFile => ({
  id: url,
  name: decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? 'File'),
  preview: null,
  url,
  mistake: null,
});

/** As every failure of the server, in the shape of a GraphQL answer. */
interface Failure {
  readonly errors: readonly [
    { readonly message: string; readonly extensions: { readonly fieldErrors?: readonly FieldErrorFragment[] } },
  ];
}

/** Rejects with words to show. */
async function upload(file: File): Promise<string> {
  const headers = { ...credentials(), 'content-type': file.type, 'x-filename': encodeURIComponent(file.name) };
  const response = await fetch(addressOf('media'), { method: 'POST', headers, body: file }).catch(() => {
    throw new Error('The server cannot be reached. Choose the file again in a while.');
  });
  // A proxy may have answered in its place.
  const answer = (await response.json().catch(() => null)) as { readonly url: string } | Failure | null;
  if (answer === null) throw new Error(`It could not be uploaded: the server answered ${response.status}.`);
  if ('url' in answer) return answer.url;
  const [{ message, extensions }] = answer.errors;
  throw new Error((extensions.fieldErrors ?? []).map(mistakeIn).join(' ') || message);
}
