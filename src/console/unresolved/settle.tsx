import { useState } from 'react';
import type { CombinedError } from 'urql';
import { Dialog } from '../parts/dialog.js';
import { Field } from '../parts/field.js';
import { Instant } from '../parts/instant.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import {
  SettleDocument,
  type FieldErrorFragment,
  type SettledAs,
  type UnresolvedRowFragment,
} from '../generated/graphql.js';
import { client, codeOf } from '../server.js';
import { mistakeIn } from '../words.js';

interface Props {
  readonly id: string;
  /** Null where it is not in the list, or not yet. */
  readonly send: UnresolvedRowFragment | null;
  readonly onClose: () => void;
  /** With what a screen reader says of it. */
  readonly onSettled: (words: string) => void;
}

/** What the server says in a case that the form does not prevent. */
const WORDS: Readonly<Record<string, string>> = {
  UNKNOWN_SEND: 'There is no such send any more.',
  NOT_UNRESOLVED: 'It is settled already, or its outcome came in meanwhile. Close this, and look again.',
  INVALID_MESSAGE_ID: 'This is no id of a message at Bandwidth.',
  MESSAGE_ID_TAKEN: 'This is the id of another message here.',
  REASON_TOO_LONG: 'At most 1,000 characters.',
};

type Mistakes = Readonly<Partial<Record<'messageId' | 'reason' | 'rest', string>>>;

function mistakesIn(error: CombinedError): Mistakes {
  const { fieldErrors } = error.graphQLErrors[0]?.extensions ?? {};
  if (!Array.isArray(fieldErrors)) {
    const rest = codeOf(error) === null ? 'The server cannot be reached. Try again.' : error.graphQLErrors[0]?.message;
    return { rest: rest ?? error.message };
  }
  return Object.fromEntries(
    (fieldErrors as readonly FieldErrorFragment[]).map((mistake) => {
      const [field = ''] = mistake.path;
      const words = WORDS[mistake.code ?? ''] ?? mistakeIn(mistake);
      return [field === 'messageId' || field === 'reason' ? field : 'rest', words];
    }),
  );
}

/** Says what became of a send. It is asked twice before a key may send again. */
export function SettleDialog({ id, send, onClose, onSettled }: Props) {
  const [as, setAs] = useState<SettledAs | null>(null);
  const [isUnderWay, setUnderWay] = useState(false);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [isDone, setDone] = useState(false);

  const settle = async (fields: FormData): Promise<void> => {
    if (as === null) return;
    const text = (name: string): string | null => {
      const given = fields.get(name);
      return typeof given === 'string' && given.trim() !== '' ? given.trim() : null;
    };
    setUnderWay(true);
    const { error } = await client
      .mutation(SettleDocument, { id, as, messageId: as === 'SENT' ? text('messageId') : null, reason: text('reason') })
      .toPromise();
    setUnderWay(false);
    setMistakes(error ? mistakesIn(error) : {});
    if (error) return;
    setDone(true);
    onSettled(as === 'SENT' ? 'Settled as sent.' : 'Settled as not sent.');
  };

  if (isDone) {
    return (
      <Dialog title="It is settled" onClose={onClose}>
        <p>
          {as === 'SENT' ? 'It counts as sent.' : 'It counts as not sent.'} The audit has what you said, and your name.
        </p>
        <form method="dialog" className="actions">
          <button type="submit" className="primary" autoFocus>
            Close
          </button>
        </form>
      </Dialog>
    );
  }
  return (
    <Dialog title="What became of it?" onClose={onClose}>
      {send !== null ? (
        <p>
          From <span className="number">{spoken(send.from)}</span> to {allSpoken(send.to)},{' '}
          <Instant at={send.startedAt} isExact />.
        </p>
      ) : (
        <p>
          Send <code>{id}</code>
        </p>
      )}
      <form
        className="settle"
        // What was typed stays where the server refuses it.
        onSubmit={(event) => {
          event.preventDefault();
          void settle(new FormData(event.currentTarget));
        }}
      >
        <fieldset>
          <legend className="field-label">You found out that</legend>
          <label className="choice">
            <input type="radio" name="as" required checked={as === 'SENT'} onChange={() => setAs('SENT')} />
            <span>it was sent</span>
          </label>
          <label className="choice">
            <input type="radio" name="as" required checked={as === 'NOT_SENT'} onChange={() => setAs('NOT_SENT')} />
            <span>it was not sent, and never will be</span>
          </label>
        </fieldset>
        {as === 'SENT' && (
          <Field
            label="Its id at Bandwidth, if you know it"
            hint="With it, the message can be read and followed here."
            mistake={mistakes.messageId}
          >
            {(control) => <input {...control} name="messageId" autoComplete="off" spellCheck={false} />}
          </Field>
        )}
        {as === 'NOT_SENT' && (
          <div className="warning" role="alert">
            <p>
              {send?.isKeyHeld === false
                ? 'Whoever asked for it may then send it as a new message.'
                : `Its idempotency key may then send again: when ${send?.caller ?? 'its caller'} repeats the call, the message goes out.`}{' '}
              If this one did go out after all, it arrives twice, and is paid twice.
            </p>
            <label className="switch">
              <input type="checkbox" required />I am sure that nothing went out
            </label>
          </div>
        )}
        <Field label="How do you know?" hint="For the audit, with your name." mistake={mistakes.reason}>
          {(control) => <textarea {...control} name="reason" rows={2} required maxLength={1000} />}
        </Field>
        {mistakes.rest !== undefined && (
          <p className="mistake" role="alert">
            {mistakes.rest}
          </p>
        )}
        <div className="actions">
          <button type="submit" className="primary" disabled={isUnderWay || as === null}>
            {as === 'NOT_SENT' ? 'Settle as not sent' : as === 'SENT' ? 'Settle as sent' : 'Settle'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
