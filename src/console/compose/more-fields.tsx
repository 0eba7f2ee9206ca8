import type { MessagePriority } from '../generated/graphql.js';
import { Field } from '../parts/field.js';
import type { Draft } from './draft.js';

type Input = Draft['input'];

interface Props {
  readonly input: Input;
  readonly mistakeAt: (field: 'tag' | 'priority' | 'expiresAt') => string | undefined;
  readonly onChange: (part: Partial<Input>) => void;
  readonly onLeave: (field: 'expiresAt') => void;
}

/** What most messages do without. */
export function MoreFields({ input: { tag, priority, expiresAt }, mistakeAt, onChange, onLeave }: Props) {
  return (
    <div className="more-fields">
      <Field label="Tag" hint="Comes back with the message; nobody else sees it." mistake={mistakeAt('tag')}>
        {(control) => (
          <input
            {...control}
            autoComplete="off"
            value={tag ?? ''}
            onChange={({ target: { value } }) => onChange({ tag: value === '' ? null : value })}
          />
        )}
      </Field>
      <Field label="Priority" hint="It matters for toll-free numbers and short codes." mistake={mistakeAt('priority')}>
        {(control) => (
          <select
            {...control}
            value={priority ?? ''}
            onChange={({ target: { value } }) =>
              onChange({ priority: value === '' ? null : (value as MessagePriority) })
            }
          >
            <option value="">Normal</option>
            <option value="HIGH">High</option>
          </select>
        )}
      </Field>
      <Field label="Expires" hint="What has not gone out by then never does." mistake={mistakeAt('expiresAt')}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            // Otherwise Chromium takes years that no Date has.
            max="9999-12-31T23:59"
            value={expiresAt == null ? '' : localTime(expiresAt)}
            onChange={({ target: { value } }) =>
              onChange({ expiresAt: value === '' ? null : new Date(value).toISOString() })
            }
            onBlur={() => onLeave('expiresAt')}
          />
        )}
      </Field>
    </div>
  );
}

/** An instant as its field takes it: by the clock of whoever looks, `2026-11-29T08:30`. */
function localTime(instant: string): string {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
