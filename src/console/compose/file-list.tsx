import { Icon } from '../parts/icon.js';
import type { Files } from './files.js';

interface Props extends Pick<Files, 'files' | 'urls' | 'remove'> {
  /** What is wrong with one of `urls`. */
  readonly mistakeAt: (place: number) => string | undefined;
}

export function FileList({ files, urls, remove, mistakeAt }: Props) {
  if (files.length === 0) return null;
  return (
    <ul className="files" aria-label="Files">
      {files.map(({ id, name, preview, url, mistake }) => {
        const wrong = mistake ?? (url === null ? undefined : mistakeAt(urls.indexOf(url)));
        return (
          <li key={id} data-wrong={wrong !== undefined}>
            {preview === null ? <span className="file-name">{name}</span> : <img src={preview} alt={name} />}
            {url === null && mistake === null && <small role="status">Uploading …</small>}
            <button type="button" className="quiet" aria-label={`Remove ${name}`} onClick={() => remove(id)}>
              <Icon name="close" />
            </button>
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

export function AddFiles({ onChoose }: { readonly onChoose: (files: readonly File[]) => void }) {
  return (
    <label className="button quiet add-files">
      <Icon name="attach" />
      <span className="hidden">Add files</span>
      <input
        className="hidden"
        type="file"
        multiple
        accept="image/*,video/*,audio/*,text/vcard,application/pdf"
        onChange={({ target }) => {
          onChoose([...(target.files ?? [])]);
          // So that the same file can be chosen once more.
          target.value = '';
        }}
      />
    </label>
  );
}
