import { useRef, type KeyboardEvent } from 'react';
import { segmentsOf } from '../../messaging/segments.js';
import { Field } from '../parts/field.js';
import { piecesOf, savingIn, visible } from './twins.js';

interface Props {
  readonly text: string;
  readonly mistake: string | undefined;
  /** With files, the text is not billed by segments. */
  readonly hasFiles: boolean;
  readonly isLabelHidden: boolean;
  /** While it is checked before it is sent: what was typed now would be lost. */
  readonly isFixed: boolean;
  readonly autoFocus: boolean;
  readonly onChange: (text: string) => void;
  readonly onSend: () => void;
}

/** The text, what it costs, and which of its characters make it cost more. */
export function TextField(props: Props) {
  const { text, mistake, hasFiles, isLabelHidden, isFixed, autoFocus, onChange, onSend } = props;
  const marks = useRef<HTMLDivElement>(null);
  const send = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSend();
  };
  return (
    <div className="text-field">
      <Field
        label="Message"
        isLabelHidden={isLabelHidden}
        mistake={mistake}
        hint={<Cost text={text} hasFiles={hasFiles} />}
      >
        {(control) => (
          <div className="marked">
            {/* The same text behind the field, for the marks. */}
            <div ref={marks} className="marks" aria-hidden="true">
              {!hasFiles &&
                piecesOf(text).map(({ text: piece, cost }, at) =>
                  cost === null ? (
                    piece
                  ) : (
                    <mark key={at} data-cost={cost}>
                      {piece}
                    </mark>
                  ),
                )}
              {'\u200b'}
            </div>
            <textarea
              {...control}
              rows={isLabelHidden ? 1 : 4}
              value={text}
              readOnly={isFixed}
              placeholder={isLabelHidden ? 'Write a message' : undefined}
              autoFocus={autoFocus}
              onChange={({ target }) => onChange(target.value)}
              onKeyDown={send}
              onScroll={({ currentTarget }) => {
                if (marks.current) marks.current.scrollTop = currentTarget.scrollTop;
              }}
            />
          </div>
        )}
      </Field>
      {!hasFiles && <Twins text={text} onChange={onChange} />}
    </div>
  );
}

function Cost({ text, hasFiles }: { readonly text: string; readonly hasFiles: boolean }) {
  if (hasFiles) return 'A message with files is billed as one MMS.';
  if (text === '') return null;
  const { encoding, segmentCount, unitCount, unitsPerSegment, forcing } = segmentsOf(text);
  const shown = forcing.map(visible).slice(0, 5).join(' ');
  return (
    <span className="cost" data-many={segmentCount > 1}>
      <strong>{segmentCount === 1 ? '1 segment' : `${segmentCount} segments`}</strong> · {unitCount} of{' '}
      {segmentCount * unitsPerSegment}
      {encoding === 'UCS_2' && ` · 70 instead of 160 to a segment, because of ${shown}`}
    </span>
  );
}

/** Offers what says the same for less. */
function Twins({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const saving = savingIn(text);
  if (saving === null) return null;
  const { twins, segments } = saving;
  return (
    <p className="twins">
      <button type="button" onClick={() => onChange(saving.text)}>
        Replace{' '}
        {twins.map(({ character, twin }) => (
          <kbd key={character}>
            {visible(character)} → {visible(twin)}
          </kbd>
        ))}
      </button>
      <span>
        saves {segments} {segments === 1 ? 'segment' : 'segments'}
      </span>
    </p>
  );
}
