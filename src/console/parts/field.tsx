import { useId, type ReactNode } from 'react';

/** What an input takes, so that screen readers say its label, its hint and its mistake. */
export interface Control {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string;
}

interface Props {
  readonly label: string;
  readonly mistake?: string | undefined;
  readonly hint?: ReactNode;
  /** For fields whose surroundings say what they are. */
  readonly isLabelHidden?: boolean;
  readonly children: (control: Control) => ReactNode;
}

/** A label, its input, and what is wrong with it. */
export function Field({ label, mistake, hint, isLabelHidden = false, children }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={isLabelHidden ? 'hidden' : undefined}>
        {label}
      </label>
      {children({ id, 'aria-invalid': mistake !== undefined, 'aria-describedby': `${id}-hint ${id}-mistake` })}
      <p id={`${id}-hint`} className="hint">
        {hint}
      </p>
      <p id={`${id}-mistake`} className="mistake">
        {mistake}
      </p>
    </div>
  );
}
