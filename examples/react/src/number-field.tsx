import { useApolloClient } from '@apollo/client/react';
import { Field } from './field';
import { NORMALIZE } from './operations';
import { useViewer } from './viewer';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly mistake: string | undefined;
  /** Numbers to choose from. */
  readonly known?: readonly string[];
  readonly onChange: (value: string) => void;
  /** The field was left; a number that the server understood has its E.164 form by now. */
  readonly onLeave: () => void;
  readonly onRemove?: (() => void) | undefined;
}

/** A telephone number as people write it: `(919) 555-1212` becomes `+19195551212`. */
export function NumberField({ label, value, mistake, known = [], onChange, onLeave, onRemove }: Props) {
  const client = useApolloClient();
  const { allowedRegions } = useViewer();

  const normalize = async (): Promise<void> => {
    const variables = { text: value, region: allowedRegions?.[0] ?? null };
    const { data } = await client.query({ query: NORMALIZE, variables });
    if (data?.normalizeNumber.number != null) onChange(data.normalizeNumber.number);
  };

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
            // What cannot be normalized stays as it is, and the check says what is wrong.
            onBlur={() =>
              void normalize()
                .catch(() => undefined)
                .finally(onLeave)
            }
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
