import { useRef, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { flushSync } from 'react-dom';
import { AddressFields } from './address-fields';
import type { Draft, KeyedInput } from './draft';
import { Field } from './field';
import { normalize } from './numbers';
import { PictureButton, PictureList, usePictures } from './pictures';
import { useValidation } from './validation';
import { useViewer } from './viewer';

interface Props {
  readonly draft: Draft;
  /** Whether sender and recipients can be changed. */
  readonly isOpen: boolean;
  /** The application of the conversation's messages; null if that is not known. */
  readonly applicationId: string | null;
  readonly onSend: (input: KeyedInput) => void;
}

/** A form for a message. The server judges it while it is written, and each mistake is shown beside its field. */
export function Composer({ draft, isOpen, applicationId, onSend }: Props) {
  const { numbers, allowedRegions } = useViewer();
  const region = allowedRegions?.[0] ?? null;
  const form = useRef<HTMLFormElement>(null);
  const isSubmitting = useRef(false);
  const [written, setWritten] = useState(draft.input);
  const pictures = usePictures(draft.input.media ?? []);
  const input = { ...written, media: pictures.urls, applicationId: written.applicationId ?? applicationId };
  const { check, mistakes, segmentCount } = useValidation(input, draft.mistakes);
  /** Mistakes are shown for the fields that were left, and for all once sending was tried. */
  const [left, setLeft] = useState<readonly string[]>([]);
  const [isTried, setTried] = useState(Object.keys(draft.mistakes).length > 0);

  const asksForApplication =
    applicationId === null && !numbers.some(({ number, applicationId }) => number === input.from && applicationId);
  const mistakeAt = (field: string): string | undefined =>
    isTried || left.includes(field) ? mistakes[field] : undefined;
  const hasField = (field: string): boolean =>
    field === 'text' || field.startsWith('media.') || (field === 'applicationId' ? asksForApplication : isOpen);
  /** Of fields that are not in this form, such as those of a settled recipient. */
  const elsewhere = new Set(
    Object.keys(mistakes).flatMap((field) => (hasField(field) ? [] : (mistakeAt(field) ?? []))),
  );

  const write = (part: Partial<KeyedInput>): void => setWritten((now) => ({ ...now, ...part }));
  /** In E.164 form, where the server understands it; what was changed meanwhile stays as it is. */
  const normalized = async (text: string): Promise<string> => {
    const number = await normalize(text, region);
    const renamed = (each: string): string => (each === text ? number : each);
    setWritten((now) => ({ ...now, from: renamed(now.from), to: now.to.map(renamed) }));
    return number;
  };
  const leave = (field: string): void => setLeft((now) => [...now, field]);
  const submit = async (): Promise<void> => {
    const [from = '', ...to] = await Promise.all([written.from, ...written.to].map(normalized));
    const said = { ...input, from, to };
    // Where the check fails, to send it will say what is the matter.
    const found = await check(said).catch(() => ({}));
    if (Object.keys(found).length === 0 && pictures.areReady) onSend(said);
    else {
      flushSync(() => setTried(true));
      form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    }
  };
  const submitOnce = (event: SubmitEvent): void => {
    event.preventDefault();
    if (isSubmitting.current) return;
    isSubmitting.current = true;
    void submit().finally(() => (isSubmitting.current = false));
  };
  const submitByKeys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };

  return (
    <form ref={form} className="composer" noValidate onKeyDown={submitByKeys} onSubmit={submitOnce}>
      {isOpen && (
        <AddressFields
          input={input}
          mistakeAt={mistakeAt}
          onChange={write}
          onLeave={(field, text) => void normalized(text).then(() => leave(field))}
        />
      )}
      {asksForApplication && (
        <Field label="Application id" mistake={mistakeAt('applicationId')}>
          {(control) => (
            <input
              {...control}
              value={input.applicationId ?? ''}
              onChange={(event) => write({ applicationId: event.target.value })}
              onBlur={() => leave('applicationId')}
            />
          )}
        </Field>
      )}
      <Field label="Message" mistake={mistakeAt('text')}>
        {(control) => (
          <textarea
            {...control}
            rows={2}
            autoFocus={!isOpen}
            value={input.text}
            onChange={(event) => write({ text: event.target.value })}
          />
        )}
      </Field>
      <PictureList {...pictures} mistakeAt={(place) => mistakeAt(`media.${place}`)} />
      {[...elsewhere].map((mistake) => (
        <p key={mistake} className="mistake" role="alert">
          {mistake}
        </p>
      ))}
      <footer>
        <PictureButton onChoose={pictures.add} />
        <small>{segmentCount > 1 && pictures.urls.length === 0 && `${segmentCount} segments`}</small>
        <button type="submit" className="primary" disabled={pictures.isUploading} title="Ctrl+Enter">
          Send
        </button>
      </footer>
    </form>
  );
}
