import { useState } from 'react';
import { upload } from './media';

interface Picture {
  readonly id: string;
  readonly name: string;
  /** What to show; null for one that was uploaded before a reload. */
  readonly preview: string | null;
  /** Where the server keeps it; null while it is under way, and where it was refused. */
  readonly url: string | null;
  readonly mistake: string | null;
}

/** The pictures of a message that is being written. Each is uploaded at once, and then sent as a URL. */
export function usePictures(urls: readonly string[]) {
  const [pictures, setPictures] = useState<readonly Picture[]>(() => urls.map(uploaded));

  const change = (id: string, part: Partial<Picture>): void =>
    setPictures((all) => all.map((each) => (each.id === id ? { ...each, ...part } : each)));

  return {
    pictures,
    urls: pictures.flatMap(({ url }) => url ?? []),
    isUploading: pictures.some(({ url, mistake }) => url === null && mistake === null),
    areReady: pictures.every(({ url }) => url !== null),
    add: (files: readonly File[]): void => {
      for (const file of files) {
        const id = crypto.randomUUID();
        const picture = { id, name: file.name, preview: URL.createObjectURL(file), url: null, mistake: null };
        setPictures((all) => [...all, picture]);
        upload(file).then(
          (url) => change(id, { url }),
          (error: unknown) => change(id, { mistake: error instanceof Error ? error.message : null }),
        );
      }
    },
    remove: (id: string): void => setPictures((all) => all.filter((each) => each.id !== id)),
  };
}

const uploaded = (url: string): Picture => ({ id: url, name: 'Picture', preview: null, url, mistake: null });

interface Props extends Pick<ReturnType<typeof usePictures>, 'pictures' | 'urls' | 'remove'> {
  /** What is wrong with one of `urls`. */
  readonly mistakeAt: (place: number) => string | undefined;
}

export function PictureList({ pictures, urls, remove, mistakeAt }: Props) {
  return (
    <ul className="pictures">
      {pictures.map(({ id, name, preview, url, mistake }) => {
        const wrong = mistake ?? (url === null ? undefined : mistakeAt(urls.indexOf(url)));
        return (
          <li key={id}>
            {preview === null ? <span>{name}</span> : <img src={preview} alt={name} />}
            <button type="button" aria-label={`Remove ${name}`} onClick={() => remove(id)}>
              ×
            </button>
            {url === null && mistake === null && <small role="status">Uploading …</small>}
            {wrong !== undefined && (
              <p className="mistake" role="alert">
                {wrong}
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export function PictureButton({ onChoose }: { onChoose: (files: readonly File[]) => void }) {
  return (
    <label className="button">
      Add pictures
      <input
        type="file"
        accept="image/*"
        multiple
        onChange={({ target }) => {
          onChoose([...(target.files ?? [])]);
          // So that the same file can be chosen once more.
          target.value = '';
        }}
      />
    </label>
  );
}
