import { useEffect, useRef, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, Redirect } from 'wouter';
import { onNews } from '../feed.js';
import {
  LifeDocument,
  WatchDocument,
  type LifeQuery,
  type WholeMessageFragment,
  type WholeSendFragment,
} from '../generated/graphql.js';
import { Attachment } from '../conversations/attachment.js';
import { DeliveryFailed, NotSent } from '../parts/failure.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { Copied } from '../parts/copied.js';
import { Empty, Loading, Trouble } from '../parts/states.js';
import { SendBadge, StatusBadge } from '../parts/status.js';
import { follow } from '../resume.js';
import { client } from '../server.js';
import { may, useViewer } from '../viewer.js';
import { momentsIn, momentsOf, type Moment } from './life.js';
import { SearchById } from './search.js';

/** Changes within this time are asked for together. */
const TOGETHER_MS = 200;

/** Whatever is known by this id: of a message, a send, a key, or a request. What the viewer may not see is not there. */
export function MessageLife({ id }: { readonly id: string }) {
  const viewer = useViewer();
  const isReader = may(viewer, 'messages:read', 'messages:read-all');
  const isOperator = may(viewer, 'operations:read');
  const [{ data, error }, ask] = useQuery({ query: LifeDocument, variables: { id, isReader, isOperator } });
  const found = data ? foundIn(data) : null;
  useChanges(found, isReader, () => ask());

  const search = <SearchById id={id} />;
  // Beside an error, nothing was found because nobody looked.
  if (error && !(found?.message ?? found?.send ?? found?.trace)) {
    return (
      <Page title="Message" actions={search}>
        <Trouble error={error} onRetry={ask} />
      </Page>
    );
  }
  if (found === null) {
    return (
      <Page title="Message" actions={search}>
        <Loading what="the message" />
      </Page>
    );
  }
  const { message, send, trace, others } = found;
  if (message === null && send === null && isReader && others.length === 1 && others[0] !== id) {
    return <Redirect to={`/messages/${encodeURIComponent(others[0] ?? '')}`} replace />;
  }
  if (message === null && send === null && trace === null) {
    return (
      <Page title="Message" actions={search}>
        <NothingFound id={id} isOperator={isOperator} searchedSince={data?.trace?.searchedSince ?? null} />
      </Page>
    );
  }
  const moments = trace === null ? momentsOf(message, send) : momentsIn(trace);
  return (
    <Page title={message?.direction === 'IN' ? 'Received message' : 'Message'} actions={search}>
      <div className="life">
        <div className="life-main">
          {(message !== null || send !== null) && <Content message={message} send={send} />}
          {message === null && send === null && others.length > 1 && <Several ids={others} />}
        </div>
        <section className="card" aria-labelledby="timeline">
          <h2 id="timeline">What happened</h2>
          <Timeline moments={moments} />
          {trace?.searchedSince != null && (
            <p className="hint">
              There was no time to look further back than <Instant at={trace.searchedSince} isExact />.
            </p>
          )}
        </section>
        {(message !== null || send !== null) && <Facts message={message} send={send} />}
      </div>
    </Page>
  );
}

interface Found {
  readonly message: WholeMessageFragment | null;
  readonly send: WholeSendFragment | null;
  /** Null for who is no operator, and where it is empty. */
  readonly trace: NonNullable<LifeQuery['trace']> | null;
  /** The sends that the trace names. */
  readonly others: readonly string[];
}

function foundIn({ message, send, sendOfKey, trace }: LifeQuery): Found {
  const known = send ?? sendOfKey ?? null;
  const events = trace?.events ?? [];
  const ids = events.flatMap(({ sendId, messageId }) => sendId ?? messageId ?? []);
  return {
    message: message ?? known?.message ?? null,
    send: message?.send ?? known,
    trace: trace && events.length > 0 ? trace : null,
    others: [...new Set(ids)],
  };
}

/** Asks again whenever the message or the send has changed. */
function useChanges(found: Found | null, isReader: boolean, ask: () => void): void {
  const asking = useRef(ask);
  asking.current = ask;
  const messageId = found?.message?.id ?? null;
  const send = found?.send ?? null;
  const sendId = send?.id ?? null;
  const isOpen = messageId === null && (send?.status === 'PENDING' || send?.status === 'UNKNOWN');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const askSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        asking.current();
      }, TOGETHER_MS);
    };
    const stops = [onNews((news) => (news.id === messageId || news.send?.id === sendId) && askSoon())];
    if (isOpen && isReader && sendId !== null) {
      // A send without a message is in no feed.
      let isFirst = true;
      const start = () => client.subscription(WatchDocument, { id: sendId });
      const onData = (): void => {
        if (!isFirst) askSoon();
        isFirst = false;
      };
      stops.push(follow({ start, onData }));
    }
    return () => {
      clearTimeout(timer);
      stops.forEach((stop) => stop());
    };
  }, [messageId, sendId, isOpen, isReader]);
}

interface NothingProps {
  readonly id: string;
  readonly isOperator: boolean;
  readonly searchedSince: string | null;
}

function NothingFound({ id, isOperator, searchedSince }: NothingProps) {
  return (
    <Empty title="Nothing is known by this id.">
      <p>
        <code>{id}</code>
      </p>
      <p>
        {isOperator
          ? 'It may be the id of a message, a send or a request, an idempotency key, or the hash of one.'
          : 'It may be the id of a message or a send that you may see, or an idempotency key of your own.'}
      </p>
      {searchedSince !== null && (
        <p>
          There was no time to look further back than <Instant at={searchedSince} isExact />: the command{' '}
          <code>trace</code> does.
        </p>
      )}
    </Empty>
  );
}

interface WholeProps {
  readonly message: WholeMessageFragment | null;
  readonly send: WholeSendFragment | null;
}

/** What was written, to whom, how that stands, and what to do where it failed. */
function Content({ message, send }: WholeProps) {
  const mayRead = may(useViewer(), 'operations:read');
  const { from = '', to = [] } = message ?? send ?? {};
  const isUnresolved = send !== null && (send.status === 'UNKNOWN' || (send.status === 'ACCEPTED' && message === null));
  return (
    <section className="card content" aria-label="The message">
      <div className="content-head">
        <p className="sides">
          <span className="number">{spoken(from)}</span>
          <span className="hidden"> to </span>
          <span aria-hidden="true">→</span>
          <span>{allSpoken(to)}</span>
        </p>
        {message !== null ? (
          <StatusBadge status={message.status} />
        ) : (
          send !== null && <SendBadge status={send.status} />
        )}
      </div>
      {message !== null && (
        <>
          {message.attachments.map((attachment, place) => (
            <Attachment key={place} messageId={message.id} place={place} attachment={attachment} />
          ))}
          <p className="content-text">{message.text || <i>No text</i>}</p>
          {message.deliveries.map(
            ({ to, failure }) =>
              failure && <DeliveryFailed key={to} to={message.to.length > 1 ? to : null} failure={failure} />,
          )}
        </>
      )}
      {message === null && send?.status === 'REJECTED' && send.settledBy === null && <NotSent problem={send.problem} />}
      {isUnresolved && (
        <p className="perhaps">
          <strong>{send.status === 'UNKNOWN' ? 'Perhaps sent.' : 'Sent, but nobody knows its id.'}</strong>{' '}
          {send.isKeyHeld
            ? 'To repeat the call with its idempotency key is safe, and tells what became of it. Do not send it as a new message.'
            : 'Do not send it again: it may arrive twice.'}
        </p>
      )}
      <p className="content-links">
        {message?.conversation && (
          <Link href={`/conversations/${encodeURIComponent(message.conversation.id)}`}>Show its conversation</Link>
        )}
        {isUnresolved && mayRead && <Link href={`/unresolved/${encodeURIComponent(send.id)}`}>Settle it</Link>}
      </p>
    </section>
  );
}

function Several({ ids }: { readonly ids: readonly string[] }) {
  return (
    <section className="card" aria-labelledby="several">
      <h2 id="several">{ids.length} messages and sends have to do with this id</h2>
      <ul className="plain">
        {ids.map((id) => (
          <li key={id}>
            <Link href={`/messages/${encodeURIComponent(id)}`}>
              <code>{id}</code>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Timeline({ moments }: { readonly moments: readonly Moment[] }) {
  return (
    <ol className="timeline">
      {moments.map(({ at, title, tone, details, failure }, place) => (
        <li key={place} data-tone={tone}>
          <p className="moment">
            <strong>{title}</strong> <TimeOfDay at={at} before={moments[place - 1]?.at ?? null} />
          </p>
          {details.map((detail) => (
            <p key={detail} className="hint">
              {detail}
            </p>
          ))}
          {failure && (
            <p className="hint">
              {failure.meaning} <span className="code">Code {failure.code}</span>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

const SECONDS = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** A time to the second, with its day where that is another one than before. */
function TimeOfDay({ at, before }: { readonly at: string; readonly before: string | null }) {
  const date = new Date(at);
  const isSameDay = before !== null && DAY.format(new Date(before)) === DAY.format(date);
  return (
    <time dateTime={at} title={at}>
      {isSameDay ? SECONDS.format(date) : `${DAY.format(date)}, ${SECONDS.format(date)}`}
    </time>
  );
}

/** All that is known beside: a row is only there where there is something. */
function Facts({ message, send }: WholeProps) {
  const rows: readonly (readonly [name: string, value: ReactNode])[] = [
    ['Message', message && <Copied text={message.id} />],
    ['Send', send && <Copied text={send.id} />],
    ['Request', send?.requestId && <Copied text={send.requestId} />],
    ['Idempotency key', send?.idempotencyKey && <Copied text={send.idempotencyKey} />],
    ['Hash of its key', !send?.idempotencyKey && send?.idempotencyKeyHash && <Copied text={send.idempotencyKeyHash} />],
    ['Asked for by', send?.caller],
    ['Settled by', send?.settledBy],
    ['Application', message?.applicationId],
    ['Tag', message?.tag ?? send?.tag],
    ['Segments', message?.segmentCount],
    ['Priority', message?.priority === 'HIGH' ? 'High' : null],
    ['Expires', message?.expiresAt && <Instant at={message.expiresAt} isExact />],
    ['Paired with', message?.pairedMessageId && <Copied text={message.pairedMessageId} />],
  ];
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">Details</h2>
      <dl className="facts">
        {rows.map(
          ([name, value]) =>
            value != null &&
            value !== false &&
            value !== '' && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}
