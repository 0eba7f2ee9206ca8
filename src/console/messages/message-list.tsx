import { memo, useEffect, useId, useState, type ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { Link, useLocation, useSearch } from 'wouter';
import type { BubbleFragment, SendRowFragment } from '../generated/graphql.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { Empty, Loading, Trouble } from '../parts/states.js';
import { SendBadge, StatusBadge } from '../parts/status.js';
import { may, useViewer } from '../viewer.js';
import { STATUS } from '../words.js';
import { addressOf, filtersIn, isAnySet, sendsIn, type Filters } from './filters.js';
import { useMessageList, useSendList, type List } from './list.js';
import { SearchById } from './search.js';

const NO_FILTERS = filtersIn('');

export function MessageListPage() {
  const filters = filtersIn(useSearch());
  const isReader = may(useViewer(), 'messages:read', 'messages:read-all');
  if (!isReader) {
    return (
      <Page title="Messages" actions={<SearchById />}>
        <Empty title="This key lists no messages.">
          <p>It can follow one, by any id that somebody has of it.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Messages" actions={<SearchById />}>
      <FilterBar filters={filters} />
      {sendsIn(filters) === null ? <MessageRows filters={filters} /> : <SendRows filters={filters} />}
    </Page>
  );
}

function MessageRows({ filters }: { readonly filters: Filters }) {
  const list = useMessageList(filters, false);
  return (
    <Rows list={list} filters={filters}>
      {(message) => <MessageRow key={message.id} message={message} />}
    </Rows>
  );
}

function SendRows({ filters }: { readonly filters: Filters }) {
  const list = useSendList(filters);
  return (
    <Rows list={list} filters={filters}>
      {(send) => <SendRow key={send.id} send={send} />}
    </Rows>
  );
}

interface RowsProps<Entry> {
  readonly list: List<Entry>;
  readonly filters: Filters;
  readonly children: (entry: Entry) => ReactNode;
}

/** The latest first. */
function Rows<Entry>({ list, filters, children }: RowsProps<Entry>) {
  const { entries, hasEarlier, isLoading, error, load } = list;
  const mistake = error && filterMistake(error);
  if (entries.length === 0 && isLoading) return <Loading what="messages" />;
  if (entries.length === 0 && mistake) return <Empty title={mistake} />;
  if (entries.length === 0 && !error) return <NoMessages isFiltered={isAnySet(filters)} />;
  return (
    <>
      <ul className="entries card">{entries.toReversed().map(children)}</ul>
      {error ? (
        <Trouble error={error} onRetry={load} />
      ) : (
        hasEarlier && (
          <button type="button" className="earlier" disabled={isLoading} onClick={load}>
            {isLoading ? 'Loading …' : 'Show earlier ones'}
          </button>
        )
      )}
    </>
  );
}

function NoMessages({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No message passes these filters.">
        <Link href="/messages">Show all</Link>
      </Empty>
    );
  }
  return (
    <Empty title="There are no messages yet.">
      <Link href="/compose">Write one</Link>
    </Empty>
  );
}

/** What the server says against a filter, such as a number that is none. */
function filterMistake(error: CombinedError): string | null {
  const { code, fieldErrors } = error.graphQLErrors[0]?.extensions ?? {};
  if (code !== 'BAD_USER_INPUT' || !Array.isArray(fieldErrors)) return null;
  return 'One of these numbers is none. Write it with its country, such as +1 919 555 1212.';
}

const MessageRow = memo(function MessageRow({ message }: { readonly message: BubbleFragment }) {
  const { id, from, to, text, time, status, direction, attachments } = message;
  const files = attachments.length === 1 ? '1 file' : `${attachments.length} files`;
  return (
    <li>
      <Link href={`/messages/${encodeURIComponent(id)}`} className="entry" data-entry>
        <StatusBadge status={status} />
        <Sides from={from} to={to} isIn={direction === 'IN'} />
        <span className="entry-text">
          {text || <i>No text</i>}
          {attachments.length > 0 && <span className="entry-files"> · {files}</span>}
        </span>
        <Instant at={time} />
      </Link>
    </li>
  );
});

const SendRow = memo(function SendRow({ send }: { readonly send: SendRowFragment }) {
  const { id, from, to, status, problem, settledBy, startedAt } = send;
  return (
    <li>
      <Link href={`/messages/${encodeURIComponent(id)}`} className="entry" data-entry>
        <SendBadge status={status} />
        <Sides from={from} to={to} isIn={false} />
        <span className="entry-text">{problem?.message ?? (settledBy === null ? '' : 'Somebody settled it.')}</span>
        <Instant at={startedAt} />
      </Link>
    </li>
  );
});

interface SidesProps {
  readonly from: string;
  readonly to: readonly string[];
  readonly isIn: boolean;
}

function Sides({ from, to, isIn }: SidesProps) {
  const [first = '', ...others] = to;
  return (
    <span className="sides" data-direction={isIn ? 'IN' : 'OUT'}>
      <span className="number side-from">{spoken(from)}</span>
      <span className="hidden"> to </span>
      <span aria-hidden="true" className="side-arrow">
        →
      </span>
      <span className="number side-to" title={allSpoken(to)}>
        {spoken(first)}
        {others.length > 0 && ` +${others.length}`}
      </span>
    </span>
  );
}

/** Each choice counts at once, and stands in the address. What is typed counts when it is finished. */
function FilterBar({ filters }: { readonly filters: Filters }) {
  const [, navigate] = useLocation();
  const numbers = useId();
  const viewer = useViewer();
  const set = (part: Partial<Filters>): void => navigate(addressOf({ ...filters, ...part }), { replace: true });
  const isOfSends = sendsIn(filters) !== null;
  const isMoreOpen = filters.from !== null || filters.to !== null || filters.since !== null || filters.until !== null;
  const typed = (name: 'number' | 'from' | 'to', label: string, hint: string) => (
    <Filter label={label}>
      {(id) => (
        <Typed
          id={id}
          list={numbers}
          value={filters[name] ?? ''}
          placeholder={hint}
          disabled={isOfSends}
          onDone={(value) => set(read(name, value))}
        />
      )}
    </Filter>
  );
  const day = (name: 'since' | 'until', label: string) => (
    <Filter label={label}>
      {(id) => (
        <input
          id={id}
          name={name}
          type="date"
          value={filters[name] ?? ''}
          disabled={isOfSends}
          onChange={({ target: { value } }) => set({ [name]: value || null })}
        />
      )}
    </Filter>
  );
  return (
    <form className="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <datalist id={numbers}>
        {viewer.numbers.map(({ number }) => (
          <option key={number} value={number} />
        ))}
      </datalist>
      <Filter label="State">
        {(id) => (
          <select
            id={id}
            value={filters.status ?? ''}
            onChange={({ target: { value } }) => {
              const { status } = filtersIn(`status=${value}`);
              const isSends = sendsIn({ ...NO_FILTERS, status }) !== null;
              // Nothing else filters sends.
              set(isSends ? { ...NO_FILTERS, status } : { status });
            }}
          >
            <option value="">Any</option>
            {Object.entries(STATUS).map(([status, words]) => (
              <option key={status} value={status}>
                {words}
              </option>
            ))}
            <hr />
            <option value="REJECTED">Not sent</option>
            <option value="UNKNOWN">Perhaps sent</option>
          </select>
        )}
      </Filter>
      <Filter label="Direction">
        {(id) => (
          <select
            id={id}
            value={filters.direction ?? ''}
            disabled={isOfSends}
            onChange={({ target: { value } }) => set({ direction: filtersIn(`direction=${value}`).direction })}
          >
            <option value="">Both</option>
            <option value="OUT">Sent</option>
            <option value="IN">Received</option>
          </select>
        )}
      </Filter>
      {typed('number', 'From or to', '+1 919 555 1212')}
      <details open={isMoreOpen}>
        <summary>More</summary>
        <div className="filters-more">
          {typed('from', 'From', 'Any')}
          {typed('to', 'To', 'Any')}
          {day('since', 'First day')}
          {day('until', 'Last day')}
        </div>
      </details>
      {isAnySet(filters) && (
        <Link href="/messages" className="button quiet">
          Clear
        </Link>
      )}
    </form>
  );
}

interface TypedProps {
  readonly id: string;
  /** Of the numbers to choose from. */
  readonly list: string;
  readonly value: string;
  readonly placeholder: string;
  readonly disabled: boolean;
  readonly onDone: (value: string) => void;
}

/** A field that counts once somebody leaves it, or presses Enter. */
function Typed({ value, onDone, ...rest }: TypedProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const finish = (): void => {
    if (typed !== value) onDone(typed);
  };
  return (
    <input
      type="tel"
      {...rest}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={finish}
      onKeyDown={({ key }) => key === 'Enter' && finish()}
    />
  );
}

const read = (name: 'number' | 'from' | 'to', value: string): Partial<Filters> => {
  const given = filtersIn(new URLSearchParams({ [name]: value }).toString());
  return { [name]: given[name] };
};

interface FilterProps {
  readonly label: string;
  readonly children: (id: string) => ReactNode;
}

function Filter({ label, children }: FilterProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}
