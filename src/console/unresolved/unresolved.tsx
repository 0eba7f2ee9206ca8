import { useEffect, useRef, useState } from 'react';
import type { CombinedError } from 'urql';
import { Link, useLocation, useParams } from 'wouter';
import { announce } from '../announce.js';
import { UnresolvedSendsDocument, type UnresolvedRowFragment } from '../generated/graphql.js';
import { Ago } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { seenInWords } from '../parts/seen.js';
import { Empty, Loading, Trouble } from '../parts/states.js';
import { Badge } from '../parts/status.js';
import { useRefresh } from '../parts/refresh.js';
import { client } from '../server.js';
import { may, useViewer } from '../viewer.js';
import { SettleDialog } from './settle.js';
import './unresolved.css';

const REFRESH_MS = 10_000;

/** What is unknown, since when, and why. Whoever may settle it does so here. */
export function Unresolved() {
  const { id = null } = useParams<{ id?: string }>();
  const [, navigate] = useLocation();
  const { sends, hasMore, isLoading, error, load, refresh } = useUnresolved();
  const maySettle = may(useViewer(), 'operations:write');
  const close = (): void => navigate('/unresolved', { replace: true });
  return (
    <Page title="Unresolved">
      <p className="intro">
        Nobody knows whether these messages went out, or which one it was. They are never sent again by themselves. Look
        for each in Bandwidth’s dashboard, by its numbers and time, and say what you found.
      </p>
      {error && <Trouble error={error} onRetry={load} />}
      {sends === null
        ? !error && <Loading what="what is unresolved" />
        : sends.length === 0 && (
            <Empty title="Nothing is unresolved.">
              <p>The fate of every message is known.</p>
            </Empty>
          )}
      {sends !== null && sends.length > 0 && (
        <ul className="unresolved">
          {sends.map((send) => (
            <UnresolvedSend key={send.id} send={send} maySettle={maySettle} />
          ))}
        </ul>
      )}
      {hasMore && (
        <button type="button" disabled={isLoading} onClick={load}>
          {isLoading ? 'Loading …' : 'Show later ones'}
        </button>
      )}
      {id !== null && maySettle && (
        <SettleDialog
          key={id}
          id={id}
          send={sends?.find((send) => send.id === id) ?? null}
          onClose={close}
          onSettled={(words) => {
            announce(words);
            refresh();
          }}
        />
      )}
    </Page>
  );
}

function UnresolvedSend({ send, maySettle }: { readonly send: UnresolvedRowFragment; readonly maySettle: boolean }) {
  const { id, status, startedAt, caller, requestId, lastSeen, isKeyHeld, from, to } = send;
  return (
    <li className="card unresolved-send">
      <div>
        <Badge tone="unsure">{status === 'UNKNOWN' ? 'Perhaps sent' : 'Sent, id unknown'}</Badge>
        <p className="sides">
          <span className="number">{spoken(from)}</span>
          <span className="hidden"> to </span>
          <span aria-hidden="true">→</span>
          <span>{allSpoken(to)}</span>
        </p>
        <p className="since">
          <Ago at={startedAt} />
        </p>
      </div>
      <p>
        {seenInWords(lastSeen)}{' '}
        {isKeyHeld
          ? `${caller} may repeat the call with its key: nothing is sent twice.`
          : `It has no key that ${caller} could repeat it with.`}
      </p>
      <div className="unresolved-foot">
        <p className="request-id">
          Asked for by {caller}
          {requestId !== null && (
            <>
              {' '}
              in request <code>{requestId}</code>
            </>
          )}
        </p>
        <p className="actions">
          <Link href={`/messages/${encodeURIComponent(id)}`} className="button quiet">
            What happened
          </Link>
          {maySettle && (
            <Link href={`/unresolved/${encodeURIComponent(id)}`} className="button" data-entry>
              Settle …
            </Link>
          )}
        </p>
      </div>
    </li>
  );
}

interface UnresolvedList {
  /** Null while they are asked for. */
  readonly sends: readonly UnresolvedRowFragment[] | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: CombinedError | null;
  readonly load: () => void;
  readonly refresh: () => void;
}

/** The oldest first. What is shown is asked for again while it is looked at: others settle, too. */
function useUnresolved(): UnresolvedList {
  const [sends, setSends] = useState<readonly UnresolvedRowFragment[] | null>(null);
  const [end, setEnd] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<CombinedError | null>(null);
  const count = useRef(0);

  /** All pages up to this many sends. */
  const read = async (atLeast: number): Promise<void> => {
    const found: UnresolvedRowFragment[] = [];
    let after: string | null = null;
    setLoading(true);
    for (;;) {
      const { data, error: failure }: Awaited<ReturnType<typeof pageAfter>> = await pageAfter(after);
      setError(failure ?? null);
      if (!data) break;
      const { nodes, pageInfo } = data.unresolvedSends;
      found.push(...nodes);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      if (after === null || found.length >= atLeast) {
        setSends(found);
        setEnd(after);
        count.current = found.length;
        break;
      }
    }
    setLoading(false);
  };
  const refresh = (): void => void read(count.current);
  useEffect(refresh, []);
  useRefresh(refresh, REFRESH_MS);
  return { sends, hasMore: end !== null, isLoading, error, load: () => void read(count.current + 1), refresh };
}

const pageAfter = (after: string | null) => client.query(UnresolvedSendsDocument, { after }).toPromise();
