import type { KeyedInput } from './draft';
import { Field } from './field';
import { useViewer } from './viewer';

interface Props {
  readonly input: KeyedInput;
  readonly mistakeAt: (field: string) => string | undefined;
  readonly onChange: (part: Partial<KeyedInput>) => void;
  readonly onLeave: (field: string, text: string) => void;
}

/** Who sends a message, and who gets it. Several recipients make a group. */
export function AddressFields({ input: { from, to }, mistakeAt, onChange, onLeave }: Props) {
  const { numbers } = useViewer();
  return (
    <>
      <NumberField
        label="From"
        value={from}
        mistake={mistakeAt('from')}
        known={numbers.map(({ number }) => number)}
        onChange={(from) => onChange({ from })}
        onLeave={() => onLeave('from', from)}
      />
      {to.map((number, place) => (
        <NumberField
          key={place}
          label={to.length === 1 ? 'To' : `To (${place + 1})`}
          value={number}
          mistake={mistakeAt(`to.${place}`)}
          onChange={(number) => onChange({ to: to.with(place, number) })}
          onLeave={() => onLeave(`to.${place}`, number)}
          onRemove={to.length === 1 ? undefined : () => onChange({ to: to.toSpliced(place, 1) })}
        />
      ))}
      <button type="button" onClick={() => onChange({ to: [...to, ''] })}>
        Add a recipient
      </button>
    </>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: string;
  readonly mistake: string | undefined;
  /** Numbers to choose from. */
  readonly known?: readonly string[];
  readonly onChange: (value: string) => void;
  readonly onLeave: () => void;
  readonly onRemove?: (() => void) | undefined;
}

function NumberField({ label, value, mistake, known = [], onChange, onLeave, onRemove }: NumberFieldProps) {
  return (
    <Field label={label} mistake={mistake}>
      {(control) => (
        <>
          <input
            {...control}
            type="tel"
            value={value}
            list={`${control.id}-known`}
            autoComplete="off"
            maxLength={64}
            onChange={(event) => onChange(event.target.value)}
            onBlur={onLeave}
          />
          <datalist id={`${control.id}-known`}>
            {known.map((number) => (
              <option key={number} value={number} />
            ))}
          </datalist>
          {onRemove && (
            <button type="button" aria-label={`Remove ${value || label}`} onClick={onRemove}>
              ×
            </button>
          )}
        </>
      )}
    </Field>
  );
}
