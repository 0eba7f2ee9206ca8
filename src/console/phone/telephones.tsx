import { useEffect, useState } from 'react';
import { useAnnouncement } from '../announce.js';
import { navigate, useFragment } from '../location.js';
import { SignIn } from '../frame/sign-in.js';
import { Field } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { short } from '../parts/instant.js';
import { E164, spoken } from '../parts/phone-number.js';
import { Empty, Loading } from '../parts/states.js';
import { isSignedIn } from '../session.js';
import type { Phone } from './api.js';
import { BehaviorPanel } from './behavior-panel.js';
import { Handset } from './handset.js';
import { usePhones } from './live.js';

/** The telephones of the sandbox: a list, and one of them to hold. */
export function Telephones() {
  const { list, error } = usePhones();
  const [path] = useFragment();
  const number = numberIn(path);
  useEffect(() => {
    document.title = number === null ? 'Telephones' : `${spoken(number)} · Telephones`;
  }, [number]);

  if (error?.status === 401) {
    return <SignIn wasWrong={isSignedIn()} />;
  }
  if (error?.isFinal === true) {
    return (
      <main className="alone">
        <Empty
          title={error.status === 403 ? 'This key does not show the telephones.' : 'There are no telephones here.'}
        >
          <p>
            {error.status === 403
              ? 'They show everybody’s messages: use a key with the scope messages:read-all.'
              : error.message}
          </p>
        </Empty>
      </main>
    );
  }
  if (list === null) {
    return <main className="alone">{error ? <Empty title={error.message} /> : <Loading what="the telephones" />}</main>;
  }
  const phone = list.phones.find((each) => each.number === number) ?? null;
  return (
    <>
      <a
        className="skip"
        href={path === '/' ? '#/' : `#${path}`}
        onClick={() => document.querySelector<HTMLElement>('main')?.focus()}
      >
        Skip to the telephone
      </a>
      <div className="telephones" data-open={number !== null}>
        <PhoneNav phones={list.phones} number={number} />
        <main tabIndex={-1}>
          {error !== null && (
            <p className="lost" role="status">
              {error.message} Trying again …
            </p>
          )}
          {number === null ? (
            <Welcome hasPhones={list.phones.length > 0} />
          ) : (
            <div className="bench" key={number}>
              <Handset number={number} phone={phone} cursor={list.cursor} />
              <BehaviorPanel number={number} phone={phone} />
            </div>
          )}
        </main>
      </div>
      <Announcements />
    </>
  );
}

function numberIn(path: string): string | null {
  try {
    const number = decodeURIComponent(path.slice(1));
    return E164.test(number) ? number : null;
  } catch {
    return null;
  }
}

const addressOf = (number: string): string => `/${encodeURIComponent(number)}`;

function PhoneNav({ phones, number }: { readonly phones: readonly Phone[]; readonly number: string | null }) {
  return (
    <nav className="phones" aria-label="Telephones">
      <header>
        <h1>Telephones</h1>
        <p className="hint">
          of the sandbox: nothing reaches anybody. <a href="./">Console</a>
        </p>
      </header>
      <ul>
        {phones.map(({ number: each, last }) => (
          <li key={each}>
            <a href={`#${addressOf(each)}`} aria-current={each === number ? 'page' : undefined}>
              <span className="number">{spoken(each)}</span>
              {last !== null && <time dateTime={last.time}>{short(new Date(last.time))}</time>}
              <span className="phones-last">{last === null ? 'No message yet' : wordsOf(last)}</span>
            </a>
          </li>
        ))}
      </ul>
      <TakeAnother />
    </nav>
  );
}

function wordsOf({ direction, text, media }: NonNullable<Phone['last']>): string {
  const words = text || (media.length === 1 ? 'A file' : `${media.length} files`);
  return direction === 'sent' ? `You: ${words}` : words;
}

/** A number that nothing was sent to yet, to choose what happens to its first message, or to write first. */
function TakeAnother() {
  const [mistake, setMistake] = useState<string | undefined>();
  const [typed, setTyped] = useState('');
  return (
    <form
      className="another"
      onSubmit={(event) => {
        event.preventDefault();
        const number = typed.replace(/[\s().-]/g, '');
        setMistake(E164.test(number) ? undefined : 'Write it with its country, such as +12345678902.');
        if (!E164.test(number)) return;
        setTyped('');
        navigate(addressOf(number));
      }}
    >
      <Field label="Another telephone" mistake={mistake}>
        {(control) => (
          <span className="beside">
            <input
              {...control}
              type="tel"
              placeholder="+12345678902"
              autoComplete="off"
              value={typed}
              onChange={({ target: { value } }) => setTyped(value)}
            />
            <button type="submit">Open</button>
          </span>
        )}
      </Field>
    </form>
  );
}

function Welcome({ hasPhones }: { readonly hasPhones: boolean }) {
  if (hasPhones) {
    return (
      <Empty title="Choose a telephone.">
        <p>It shows what was sent to it, answers, and decides what happens to the next message.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No message was sent yet.">
      <p>Each number that you send to has a telephone here: it rings as soon as the first message arrives.</p>
      <p>
        <a href="./#/compose" className="button">
          <Icon name="compose" /> Write a message in the console
        </a>
      </p>
      <p>
        Or send one by <a href="./graphql">GraphQL</a>, from your own program.
      </p>
    </Empty>
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
