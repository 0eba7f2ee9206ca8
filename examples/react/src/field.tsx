import { useId, type ReactNode } from 'react';

/** What an input takes, so that screen readers tell its label and its mistake. */
interface Control {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string;
}
interface Props {
  readonly label: string;
  readonly mistake: string | undefined;
  readonly children: (control: Control) => ReactNode;
}

/** A label, its input, and what is wrong with it. */
export function Field({ label, mistake, children }: Props) {
  const id = useId();
  const control = { id, 'aria-invalid': mistake !== undefined, 'aria-describedby': `${id}-mistake` };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(control)}
      <p id={`${id}-mistake`} className="mistake">
        {mistake}
      </p>
    </div>
  );
}
