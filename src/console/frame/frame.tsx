import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { useAnnouncement } from '../announce.js';
import { Icon } from '../parts/icon.js';
import { Empty, Loading } from '../parts/states.js';
import { onConnection } from '../server.js';
import { isSignedIn, signOut } from '../session.js';
import { useViewer } from '../viewer.js';
import { Help } from './help.js';
import { placesOf } from './places.js';
import { useShortcuts } from './shortcuts.js';
import { Conversations } from '../conversations/conversations.js';

const Compose = lazy(async () => ({ default: (await import('../compose/compose.js')).Compose }));
const Messages = lazy(async () => ({ default: (await import('../messages/messages.js')).Messages }));
const Unresolved = lazy(async () => ({ default: (await import('../unresolved/unresolved.js')).Unresolved }));
const Health = lazy(async () => ({ default: (await import('../health/health.js')).Health }));

/** What is around every page: where one can go, who is signed in, and whether the server is there. */
export function Frame() {
  const viewer = useViewer();
  const places = placesOf(viewer);
  const [path] = useLocation();
  const [isHelping, setHelping] = useState(false);
  useShortcuts(places, () => setHelping(true));
  return (
    <>
      <a className="skip" href={`#${path}`} onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        Skip to the page
      </a>
      <div className="frame">
        <nav className="places" aria-label="Pages">
          <ul>
            {places.map(({ name, short = name, path: to, icon }) => (
              <li key={to}>
                <Link href={to} aria-current={isWithin(path, to) ? 'page' : undefined}>
                  <Icon name={icon} />
                  <span className="name">{name}</span>
                  <span className="short">{short}</span>
                </Link>
              </li>
            ))}
            {/* The same as the foot, where there is no room for it. */}
            <li className="short">
              <button type="button" className="quiet" onClick={() => setHelping(true)}>
                <Icon name="more" />
                <span>More</span>
              </button>
            </li>
          </ul>
          <footer>
            <button type="button" className="quiet" onClick={() => setHelping(true)}>
              Keyboard <kbd>?</kbd>
            </button>
            {isSignedIn() && (
              <>
                <p>{viewer.name}</p>
                <button type="button" className="quiet" onClick={signOut}>
                  Sign out
                </button>
              </>
            )}
          </footer>
        </nav>
        <main tabIndex={-1}>
          <Connection />
          <Pages key={path.split('/')[1]}>
            <Suspense fallback={<Loading what="the page" />}>
              <Switch>
                <Route path="/conversations/:id?" component={Conversations} />
                <Route path="/compose/:key?" component={Compose} />
                <Route path="/messages/:id?" component={Messages} />
                <Route path="/unresolved/:id?" component={Unresolved} />
                <Route path="/health" component={Health} />
                <Route path="/">
                  {places[0] ? (
                    <Redirect to={places[0].path} replace />
                  ) : (
                    <Empty title="This key may do nothing here." />
                  )}
                </Route>
                <Route>
                  <Empty title="There is no such page.">
                    <Link href="/">Begin again</Link>
                  </Empty>
                </Route>
              </Switch>
            </Suspense>
          </Pages>
        </main>
      </div>
      <Announcements />
      {isHelping && <Help places={places} onClose={() => setHelping(false)} />}
    </>
  );
}

const isWithin = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** A break is shown only once it lasts: most are over before anybody reads of them. */
function Connection() {
  const [isConnected, setConnected] = useState(true);
  useEffect(() => onConnection(setConnected), []);
  return (
    <div role="status" className="connection">
      {!isConnected && <p>The connection is lost. Trying again …</p>}
    </div>
  );
}

function Announcements() {
  const said = useAnnouncement();
  return (
    <p className="hidden" role="status">
      {said}
    </p>
  );
}

/** After an update of the server, a page that was not loaded yet is not there any more under its name. */
class Pages extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <Empty title="This page cannot be shown.">
        <p>The server may have been updated meanwhile.</p>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </Empty>
    );
  }
}
