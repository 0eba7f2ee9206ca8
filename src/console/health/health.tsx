import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { HealthDocument, type HealthPart, type HealthQuery } from '../generated/graphql.js';
import { Ago, Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { useRefresh } from '../parts/refresh.js';
import { Loading, Trouble } from '../parts/states.js';
import { Badge } from '../parts/status.js';
import { Bars, Lines } from './plot.js';
import './health.css';

const REFRESH_MS = 5_000;

type State = HealthQuery['health'];

const MISSING: Readonly<Record<HealthPart, readonly [what: string, toDo: string]>> = {
  STORE: [
    'The database does not answer, or cannot be written.',
    'Messages are refused meanwhile. Look at the disk, or at PostgreSQL: it goes on by itself.',
  ],
  DISK: ['The disk is almost full.', 'Make room before the database stops: messages are refused then.'],
  EVENT_LOOP: [
    'The process does not get to its work in time.',
    'It has too much to do, or something holds it up: look at its CPU, and add workers.',
  ],
  DRAINING: ['It is about to stop.', 'It ends what is under way. Nothing is to be done.'],
};

/** Whether the server can do its work, and what it did in the last hour. */
export function Health() {
  const [{ data, error }, ask] = useQuery({ query: HealthDocument });
  useRefresh(ask, REFRESH_MS);
  return (
    <Page title="Health" actions={data && <Since health={data.health} isStale={error !== undefined} />}>
      {error && <Trouble error={error} onRetry={ask} />}
      {data ? <Shown health={data.health} /> : !error && <Loading what="how the server is" />}
    </Page>
  );
}

function Since({ health: { time }, isStale }: { readonly health: State; readonly isStale: boolean }) {
  return (
    <p className="hint">
      {isStale ? 'As it was at' : 'As of'} <Instant at={time} isExact />
    </p>
  );
}

function Shown({ health }: { readonly health: State }) {
  const { isReady, missing, upstream, upstreamCheck, tokenEndsAt, store, version, startedAt, processCount } = health;
  const { minutes, unresolved } = health;
  const isUpstreamOk = upstreamCheck === 'ok';
  return (
    <>
      <section className="card verdict" aria-label="Whether it is ready" data-ready={isReady && isUpstreamOk}>
        <p className="verdict-words">
          {isReady
            ? isUpstreamOk
              ? 'Ready: messages are taken, and passed on.'
              : 'It is ready, but Bandwidth cannot be used.'
            : 'It is not ready.'}
        </p>
        {missing.map((part) => (
          <p key={part}>
            <strong>{MISSING[part][0]}</strong> {MISSING[part][1]}
          </p>
        ))}
        {!isUpstreamOk && (
          <p>
            <strong>{upstreamCheck}</strong>
          </p>
        )}
      </section>
      <dl className="tiles">
        <Tile name="Unresolved">
          {unresolved === null ? (
            'Not known'
          ) : unresolved.count === 0 ? (
            <>
              0<small>The fate of every message is known</small>
            </>
          ) : (
            <>
              <Link href="/unresolved">
                {unresolved.count}
                {!unresolved.isExact && '+'}
              </Link>
              {unresolved.oldestStartedAt !== null && (
                <small>
                  the oldest from <Ago at={unresolved.oldestStartedAt} />
                </small>
              )}
            </>
          )}
        </Tile>
        <Tile name="Messages go to">
          {upstream === 'SANDBOX' ? (
            <>
              Sandbox<small>They reach nobody</small>
            </>
          ) : (
            <>
              Bandwidth{' '}
              <small>
                {isUpstreamOk ? <Badge tone="good">checked</Badge> : <Badge tone="bad">see above</Badge>}
                {tokenEndsAt !== null && (
                  <>
                    {' '}
                    token until <Instant at={tokenEndsAt} />
                  </>
                )}
              </small>
            </>
          )}
        </Tile>
        <Tile name="Database">{store === 'SQLITE' ? 'SQLite' : 'PostgreSQL'}</Tile>
        <Tile name="Version">
          {version}
          <small>
            started <Ago at={startedAt} />
            {processCount > 1 && `, ${processCount} processes`}
          </small>
        </Tile>
      </dl>
      <div className="plots">
        <Bars
          title="Sends by outcome"
          minutes={minutes}
          series={[
            { name: 'Accepted', tone: 'good', valueOf: ({ accepted }) => accepted },
            { name: 'Accepted, id unknown', tone: 'odd', valueOf: ({ acceptedWithoutId }) => acceptedWithoutId },
            { name: 'Perhaps sent', tone: 'unsure', valueOf: ({ unknown }) => unknown },
            { name: 'Not sent', tone: 'bad', valueOf: ({ notSent }) => notSent },
          ]}
        />
        <Lines
          title="How long Bandwidth takes"
          minutes={minutes}
          p50Of={({ upstream }) => upstream.p50Ms}
          p99Of={({ upstream }) => upstream.p99Ms}
        />
        <Lines
          title="How late callbacks are"
          minutes={minutes}
          p50Of={({ callbackLag }) => callbackLag.p50Ms}
          p99Of={({ callbackLag }) => callbackLag.p99Ms}
        />
      </div>
      <p className="hint">
        Counted by this server since its start, for all that callers ask of it; several instances each say their own.
      </p>
    </>
  );
}

function Tile({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="card tile">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
