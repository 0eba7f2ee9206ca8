import { useRef, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { flushSync } from 'react-dom';
import type { Draft, KeyedInput } from './draft';
import { Field } from './field';
import { NumberField } from './number-field';
import { PictureList, usePictures } from './pictures';
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
  const { numbers } = useViewer();
  const form = useRef<HTMLFormElement>(null);
  const [written, setWritten] = useState(draft.input);
  const pictures = usePictures(draft.input.media ?? []);
  const input = { ...written, media: pictures.urls, applicationId: written.applicationId ?? applicationId };
  const { check, mistakes, segmentCount } = useValidation(input, draft.mistakes);
  /** Mistakes are shown for the fields that were left, and for all once sending was tried. */
  const [left, setLeft] = useState<readonly string[]>([]);
  const [isTried, setTried] = useState(Object.keys(draft.mistakes).length > 0);

  const asksForApplication =
    applicationId === null && !numbers.some(({ number, applicationId }) => number === input.from && applicationId);
  const write = (part: Partial<KeyedInput>): void => setWritten((now) => ({ ...now, ...part }));
  const writeTo = (place: number, number: string): void => write({ to: input.to.with(place, number) });
  const leave = (field: string) => (): void => setLeft((now) => [...now, field]);
  const mistakeAt = (field: string): string | undefined =>
    isTried || left.includes(field) ? mistakes[field] : undefined;
  const hasField = (field: string): boolean =>
    field === 'text' || field.startsWith('media.') || (field === 'applicationId' ? asksForApplication : isOpen);

  const submit = async (): Promise<void> => {
    // Where the check fails, to send it will say what is the matter.
    const found = await check().catch(() => ({}));
    if (Object.keys(found).length === 0 && pictures.areReady) onSend(input);
    else {
      flushSync(() => setTried(true));
      form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    }
  };
  const sendByKeys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };

  return (
    <form
      ref={form}
      className="composer"
      noValidate
      onKeyDown={sendByKeys}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      {isOpen && (
        <>
          <NumberField
            label="From"
            value={input.from}
            mistake={mistakeAt('from')}
            known={numbers.map(({ number }) => number)}
            onChange={(from) => write({ from })}
            onLeave={leave('from')}
          />
          {input.to.map((number, place) => (
            <NumberField
              key={place}
              label={input.to.length === 1 ? 'To' : `To (${place + 1})`}
              value={number}
              mistake={mistakeAt(`to.${place}`)}
              onChange={(number) => writeTo(place, number)}
              onLeave={leave(`to.${place}`)}
              onRemove={input.to.length === 1 ? undefined : () => write({ to: input.to.toSpliced(place, 1) })}
            />
          ))}
          <button type="button" onClick={() => write({ to: [...input.to, ''] })}>
            Add a recipient
          </button>
        </>
      )}
      {asksForApplication && (
        <Field label="Application id" mistake={mistakeAt('applicationId')}>
          {(control) => (
            <input
              {...control}
              value={input.applicationId ?? ''}
              onChange={(event) => write({ applicationId: event.target.value })}
              onBlur={leave('applicationId')}
            />
          )}
        </Field>
      )}
      <Field label="Message" mistake={mistakeAt('text')}>
        {(control) => (
          <textarea
            {...control}
            rows={2}
            value={input.text}
            onChange={(event) => write({ text: event.target.value })}
          />
        )}
      </Field>
      <PictureList {...pictures} mistakeAt={(place) => mistakeAt(`media.${place}`)} />
      {isTried &&
        Object.entries(mistakes).map(
          ([field, mistake]) =>
            !hasField(field) && (
              <p key={field} className="mistake" role="alert">
                {mistake}
              </p>
            ),
        )}
      <footer>
        <label className="button">
          Add pictures
          <input
            type="file"
            accept="image/*"
            multiple
            onChange={({ target }) => {
              pictures.add([...(target.files ?? [])]);
              target.value = '';
            }}
          />
        </label>
        <small>{segmentCount > 1 && pictures.urls.length === 0 && `${segmentCount} segments`}</small>
        <button type="submit" className="primary" disabled={pictures.isUploading}>
          Send
        </button>
      </footer>
    </form>
  );
}
