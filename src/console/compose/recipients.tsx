import { useRef, useState, type KeyboardEvent } from 'react';
import { Field } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { spoken } from '../parts/phone-number.js';

interface Props {
  readonly to: readonly string[];
  /** What is not in the list yet. */
  readonly typed: string;
  readonly onType: (text: string) => void;
  /** Puts what is typed into the list. */
  readonly onCommit: (typed: string) => void;
  readonly onChange: (to: readonly string[]) => void;
  /** The mistake of the whole list, or of one entry. */
  readonly mistakeAt: (place: number | null) => string | undefined;
}

/** One or several numbers. What is typed becomes a number at a comma, Enter or Tab, in whatever way it was written. */
export function Recipients({ to, typed, onType, onCommit, onChange, mistakeAt }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const mistakes = to.flatMap((number, place) => {
    const mistake = mistakeAt(place);
    return mistake === undefined ? [] : `${to.length > 1 ? `${spoken(number)}: ` : ''}${mistake}`;
  });
  const mistake = mistakeAt(null) ?? (mistakes.length > 0 ? mistakes.join(' ') : undefined);

  const commit = (): void => {
    if (typed.trim() !== '') onCommit(typed);
  };
  const remove = (place: number): void => {
    setSaid(`Removed ${spoken(to[place] ?? '')}.`);
    onChange(to.toSpliced(place, 1));
    input.current?.focus();
  };
  const press = (event: KeyboardEvent): void => {
    if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey) || event.key === ',' || event.key === ';') {
      event.preventDefault();
      commit();
    } else if (event.key === 'Backspace' && typed === '' && to.length > 0) {
      event.preventDefault();
      // To correct it, and not to begin again.
      onType(to.at(-1) ?? '');
      onChange(to.slice(0, -1));
    }
  };

  return (
    <Field
      label="To"
      mistake={mistake}
      hint={to.length > 1 ? `A group message: all ${to.length} see each other's answers.` : undefined}
    >
      {(control) => (
        <div className="recipients" data-invalid={mistake !== undefined}>
          <ul aria-label="Recipients">
            {to.map((number, place) => (
              <li key={`${place} ${number}`} className="chip" data-invalid={mistakeAt(place) !== undefined}>
                {spoken(number)}
                <button
                  type="button"
                  className="quiet"
                  aria-label={`Remove ${spoken(number)}`}
                  onClick={() => remove(place)}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
          <input
            {...control}
            ref={input}
            type="tel"
            autoComplete="off"
            maxLength={1024}
            value={typed}
            placeholder={to.length === 0 ? '(919) 555-1212' : ''}
            onChange={({ target: { value } }) => (/[,;\n]/.test(value) ? onCommit(value) : onType(value))}
            onKeyDown={press}
            onBlur={commit}
          />
          <span className="hidden" role="status">
            {said}
          </span>
        </div>
      )}
    </Field>
  );
}
