import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { flushSync } from 'react-dom';
import { Field } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import type { KeyedInput } from '../outbox.js';
import { spoken } from '../parts/phone-number.js';
import { useViewer } from '../viewer.js';
import { keepDraft, keyed, type Draft } from './draft.js';
import { AddFiles, FileList } from './file-list.js';
import { useFiles } from './files.js';
import { judge, normalize, useJudgement } from './judgement.js';
import { MoreFields } from './more-fields.js';
import { Recipients } from './recipients.js';
import { TextField } from './text-field.js';
import './message-form.css';

interface Props {
  readonly draft: Draft;
  /** Where the draft is kept, so that a reload does not lose it. */
  readonly place: string;
  /** Whether sender and recipients can be changed. */
  readonly isOpen: boolean;
  /** The application of the conversation's messages; null if that is not known. */
  readonly applicationId: string | null;
  readonly onSend: (input: KeyedInput) => void;
  /** What can be done with the message beside sending it. */
  readonly actions?: (input: Draft['input']) => ReactNode;
}

/** A form for a message. The server judges it while it is written, and each mistake is shown beside its field. */
export function MessageForm({ draft, place, isOpen, applicationId, onSend, actions }: Props) {
  const { numbers, allowedRegions } = useViewer();
  const region = allowedRegions?.[0] ?? null;
  const form = useRef<HTMLFormElement>(null);
  const isSubmitting = useRef(false);
  const [isChecked, setChecked] = useState(false);
  const [written, setWritten] = useState(draft.input);
  const [typed, setTyped] = useState('');
  const files = useFiles(draft.input.media ?? []);
  const input = { ...written, media: files.urls, applicationId: written.applicationId ?? applicationId };
  const [mistakes, setMistakes] = useJudgement(input, draft.mistakes);
  /** Mistakes are shown for the fields that were left, and for all once sending was tried. */
  const [left, setLeft] = useState<readonly string[]>([]);
  const [isTried, setTried] = useState(Object.keys(draft.mistakes).length > 0);

  const kept = JSON.stringify({ ...draft, input });
  useEffect(() => keepDraft(place, { ...draft, input }), [kept, place]);

  const asksForApplication =
    applicationId === null && !numbers.some(({ number, applicationId }) => number === input.from && applicationId);
  const mistakeAt = (field: string): string | undefined =>
    isTried || left.includes(field.replace(/\..*/, '')) ? mistakes[field] : undefined;
  // A time that is over has to be corrected in a conversation, too.
  const hasMore = isOpen || draft.input.expiresAt != null;
  const hasField = (field: string): boolean =>
    field === 'text' ||
    /^media\.\d/.test(field) ||
    (hasMore && /^(tag|priority|expiresAt)$/.test(field)) ||
    (field === 'applicationId' ? asksForApplication : isOpen && /^(from|to\b)/.test(field));
  /** Of fields that are not in this form, such as those of a settled recipient. */
  const elsewhere = new Set(
    Object.keys(mistakes).flatMap((field) => (hasField(field) ? [] : (mistakeAt(field) ?? []))),
  );

  const write = (part: Partial<Draft['input']>): void => setWritten((now) => ({ ...now, ...part }));
  const leave = (field: string): void => setLeft((now) => [...now, field]);

  /** Adds what was typed; as numbers, once the server has understood them. Resolves with all recipients. */
  const commit = async (text: string): Promise<readonly string[]> => {
    setTyped('');
    const added = text.split(/[,;\n]+/).flatMap((part) => part.trim().slice(0, 64) || []);
    setWritten((now) => ({ ...now, to: [...now.to, ...added] }));
    const understood = await Promise.all(added.map((each) => normalize(each, region)));
    // What was changed meanwhile stays as it is.
    setWritten((now) => ({ ...now, to: now.to.map((each) => understood[added.indexOf(each)] ?? each) }));
    leave('to');
    return [...written.to, ...understood];
  };
  const submit = async (): Promise<void> => {
    const all = await commit(typed);
    // What was left a moment ago may not be understood yet.
    const [from = '', ...to] = await Promise.all([written.from, ...all].map((each) => normalize(each, region)));
    const said = { ...input, to, from };
    write({ from });
    const found = await judge(said);
    if (Object.keys(found).length === 0 && files.areReady) {
      onSend(keyed(draft, said));
      return;
    }
    flushSync(() => {
      setMistakes(found);
      setTried(true);
    });
    form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    form.current?.querySelector('[aria-invalid=true], [role=alert]')?.scrollIntoView({ block: 'nearest' });
  };
  const submitOnce = (event?: SubmitEvent): void => {
    event?.preventDefault();
    if (isSubmitting.current || files.isUploading) return;
    isSubmitting.current = true;
    setChecked(true);
    void submit().finally(() => {
      isSubmitting.current = false;
      setChecked(false);
    });
  };

  return (
    <form ref={form} className="message-form" data-open={isOpen} noValidate onSubmit={submitOnce}>
      {isOpen && (
        <>
          <From
            value={input.from}
            mistake={mistakeAt('from')}
            onChange={(from) => write({ from })}
            onLeave={() => leave('from')}
          />
          <Recipients
            to={input.to}
            typed={typed}
            onType={setTyped}
            onCommit={(text) => void commit(text)}
            onChange={(to) => write({ to })}
            mistakeAt={(place) => mistakeAt(place === null ? 'to' : `to.${place}`)}
          />
        </>
      )}
      {asksForApplication && (
        <Field label="Application id" mistake={mistakeAt('applicationId')}>
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              spellCheck={false}
              value={input.applicationId ?? ''}
              onChange={({ target }) => write({ applicationId: target.value })}
              onBlur={() => leave('applicationId')}
            />
          )}
        </Field>
      )}
      <FileList {...files} mistakeAt={(place) => mistakeAt(`media.${place}`)} />
      <div className="message-row">
        {!isOpen && <AddFiles onChoose={files.add} />}
        <TextField
          text={input.text}
          mistake={mistakeAt('text')}
          hasFiles={files.urls.length > 0}
          isLabelHidden={!isOpen}
          isFixed={isChecked}
          autoFocus={!isOpen && matchMedia('(min-width: 48rem)').matches}
          onChange={(text) => write({ text })}
          onSend={() => submitOnce()}
        />
        {!isOpen && <SendButton isWaiting={files.isUploading} />}
      </div>
      {hasMore && <MoreFields input={input} mistakeAt={mistakeAt} onChange={write} onLeave={leave} />}
      {[...elsewhere].map((mistake) => (
        <p key={mistake} className="mistake" role="alert">
          {mistake}
        </p>
      ))}
      {isOpen && (
        <footer>
          <AddFiles onChoose={files.add} />
          {actions?.(input)}
          <SendButton isWaiting={files.isUploading} />
        </footer>
      )}
    </form>
  );
}

const SendButton = ({ isWaiting }: { readonly isWaiting: boolean }) => (
  <button type="submit" className="primary send" disabled={isWaiting} title="Ctrl+Enter">
    <Icon name="send" />
    <span>Send</span>
  </button>
);

interface FromProps {
  readonly value: string;
  readonly mistake: string | undefined;
  readonly onChange: (from: string) => void;
  readonly onLeave: () => void;
}

/** One of the caller's numbers; where the server does not know them all, whatever is typed. */
function From({ value, mistake, onChange, onLeave }: FromProps) {
  const { numbers, isAnyNumberAllowed } = useViewer();
  return (
    <Field label="From" mistake={mistake}>
      {(control) =>
        isAnyNumberAllowed || numbers.length === 0 ? (
          <>
            <input
              {...control}
              type="tel"
              autoComplete="off"
              maxLength={64}
              list={`${control.id}-known`}
              value={value}
              onChange={({ target }) => onChange(target.value)}
              onBlur={onLeave}
            />
            <datalist id={`${control.id}-known`}>
              {numbers.map(({ number }) => (
                <option key={number} value={number} />
              ))}
            </datalist>
          </>
        ) : (
          <select {...control} value={value} onChange={({ target }) => onChange(target.value)}>
            {numbers.map(({ number }) => (
              <option key={number} value={number}>
                {spoken(number)}
              </option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
