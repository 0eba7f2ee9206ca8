import { useEffect, useRef, useState } from 'react';
import { announce } from '../announce.js';
import { navigate } from '../location.js';
import { Copied } from '../parts/copied.js';
import { Field } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { fileAt, reply, type Phone, type PhoneFile, type PhoneMessage } from './api.js';
import { meaningOf, useCodes } from './codes.js';
import { useMessages } from './live.js';

/** As the API takes it. */
const MAX_FILE_BYTES = 3.75 * 1024 * 1024;
const QUICK = ['STOP', 'START'] as const;

interface Props {
  readonly number: string;
  /** Null for one that has received and sent nothing. */
  readonly phone: Phone | null;
  /** Changes whenever anything has changed. */
  readonly cursor: string;
}

/** A telephone to look at, and to answer from. */
export function Handset({ number, phone, cursor }: Props) {
  const messages = useMessages(number, cursor);
  useNewsSpoken(messages);
  const last = messages?.findLast(({ direction }) => direction === 'received') ?? null;
  return (
    <section className="handset" aria-label={`Telephone ${spoken(number)}`}>
      <header className="handset-head">
        <button type="button" className="quiet back" aria-label="All telephones" onClick={() => navigate('/')}>
          <Icon name="back" />
        </button>
        <h2 className="number">{spoken(number)}</h2>
        {phone !== null && phone.blocked.length > 0 && (
          <p className="blocked">Blocked by the network: {allSpoken(phone.blocked)}</p>
        )}
      </header>
      {/* The end stays in sight, also when pictures come in. */}
      <div className="screen" tabIndex={0} role="region" aria-label="Messages">
        <ol>
          {messages?.length === 0 && <li className="screen-empty">Nothing has arrived yet.</li>}
          {messages?.map((message) => (
            <li key={message.id} data-direction={message.direction} data-status={message.status}>
              <Message message={message} />
            </li>
          ))}
        </ol>
      </div>
      <ReplyForm number={number} to={last?.from ?? null} />
    </section>
  );
}

/** What arrives is said, but not what was there when the telephone was taken up. */
function useNewsSpoken(messages: readonly PhoneMessage[] | null): void {
  const known = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (messages === null) return;
    const before = known.current;
    known.current = new Set(messages.map(({ id }) => id));
    const news = before && messages.findLast(({ id, direction }) => direction === 'received' && !before.has(id));
    if (news) announce(`From ${spoken(news.from)}: ${news.text}`);
  }, [messages]);
}

function Message({ message }: { readonly message: PhoneMessage }) {
  const { direction, from, to, text, media, codes, time, status, errorCode, reports } = message;
  const known = useCodes();
  const isLost = status === 'failed';
  return (
    <article className="speech" aria-label={`${direction === 'received' ? spoken(from) : 'You'}: ${text}`}>
      <p className="speech-who">
        {direction === 'received' ? spoken(from) : `To ${allSpoken(to)}`} · <Instant at={time} />
      </p>
      <div className="speech-bubble">
        {media.filter(isShown).map((file, place) => (
          <Attached key={place} file={file} />
        ))}
        {text && <p>{text}</p>}
      </div>
      {codes.map((code) => (
        <Copied key={code} text={code} className="copied code-button">
          <span className="hidden">Copy the code </span>
          <strong>{code}</strong>
        </Copied>
      ))}
      {isLost && (
        <p className="speech-fate">
          <strong>Did not arrive.</strong> {meaningOf(known, errorCode)} Code {errorCode}.
        </p>
      )}
      {status === 'sending' && <p className="speech-fate">Sending …</p>}
      {status === 'lost' && <p className="speech-fate">Your server did not take it.</p>}
      {direction === 'received' && (
        <p className="hidden">
          {reports.length === 0 ? 'Nothing was reported yet.' : `Reported: ${reports.join(', ')}.`}
        </p>
      )}
    </article>
  );
}

/** A telephone does not show the part that only lays out the others. */
const isShown = ({ contentType, source }: PhoneFile): boolean =>
  contentType?.includes('smil') !== true && !source.endsWith('.smil');

/** A picture is shown from memory: its address wants the key. What lies at another host is only named. */
function Attached({ file: { url, source, contentType } }: { readonly file: PhoneFile }) {
  const [shown, setShown] = useState<string | null>(null);
  const isPicture = contentType?.startsWith('image/') === true;
  useEffect(() => {
    if (url === null || !isPicture) return;
    const leaving = new AbortController();
    let address: string | null = null;
    fileAt(url, leaving.signal).then(
      (blob) => {
        if (leaving.signal.aborted) return;
        address = URL.createObjectURL(blob);
        setShown(address);
      },
      () => {
        // Its name stays.
      },
    );
    return () => {
      leaving.abort();
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [url, isPicture]);
  const name = source.split('/').at(-1) ?? source;
  if (shown !== null) return <img src={shown} alt={`Picture ${name}`} />;
  return (
    <p className="speech-file">
      <Icon name="attach" /> {url === null ? source : name}
    </p>
  );
}

interface Picked {
  readonly name: string;
  readonly dataUrl: string;
}

function ReplyForm({ number, to }: { readonly number: string; readonly to: string | null }) {
  const [text, setText] = useState('');
  const [recipient, setRecipient] = useState('');
  const [picked, setPicked] = useState<Picked | null>(null);
  const [mistake, setMistake] = useState<string | undefined>();
  const [isSending, setSending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const target = to ?? recipient.replace(/[\s().-]/g, '');

  const send = async (words: string, file: Picked | null): Promise<void> => {
    if (isSending || (words.trim() === '' && file === null)) return;
    setSending(true);
    setMistake(undefined);
    try {
      await reply(number, {
        ...(target !== '' && { to: target }),
        text: words,
        ...(file && { media: [file.dataUrl] }),
      });
      if (words === text) setText('');
      setPicked(null);
      announce('Your server has taken it.');
    } catch (error) {
      setMistake((error as Error).message);
    } finally {
      setSending(false);
      field.current?.focus();
    }
  };

  return (
    <form
      className="reply"
      aria-label="Answer"
      onSubmit={(event) => {
        event.preventDefault();
        void send(text, picked);
      }}
    >
      {to === null && (
        <Field label="To your number" isLabelHidden>
          {(control) => (
            <input
              {...control}
              type="tel"
              required
              placeholder="To: your number, such as +12345678901"
              value={recipient}
              onChange={({ target: { value } }) => setRecipient(value)}
            />
          )}
        </Field>
      )}
      <div className="quick" role="group" aria-label="Quick answers">
        {QUICK.map((word) => (
          <button key={word} type="button" disabled={isSending || target === ''} onClick={() => void send(word, null)}>
            {word}
          </button>
        ))}
        {to !== null && <span className="quick-to">to {spoken(to)}</span>}
      </div>
      {picked && (
        <p className="picked">
          <img src={picked.dataUrl} alt="" /> {picked.name}
          <button type="button" className="quiet" aria-label="Remove the picture" onClick={() => setPicked(null)}>
            <Icon name="close" />
          </button>
        </p>
      )}
      <Field label="Answer" isLabelHidden mistake={mistake}>
        {(control) => (
          <span className="beside">
            <label className="button quiet pick">
              <Icon name="attach" />
              <span className="hidden">Add a picture</span>
              <input
                type="file"
                className="hidden"
                accept="image/*"
                onChange={({ target: input }) => {
                  const [file] = input.files ?? [];
                  input.value = '';
                  if (file === undefined) return;
                  if (file.size > MAX_FILE_BYTES) setMistake('The picture is too large: at most 3.75 MB.');
                  else void readFile(file).then(setPicked, () => setMistake('The picture cannot be read.'));
                }}
              />
            </label>
            <textarea
              {...control}
              ref={field}
              rows={1}
              value={text}
              placeholder="Text message"
              onChange={({ target: { value } }) => setText(value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
            />
            <button type="submit" className="primary" aria-label="Send" disabled={isSending}>
              <Icon name="send" />
            </button>
          </span>
        )}
      </Field>
    </form>
  );
}

function readFile(file: File): Promise<Picked> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, dataUrl: reader.result as string });
    reader.onerror = () => reject(new Error('The file cannot be read.'));
    reader.readAsDataURL(file);
  });
}
