import { useEffect, useId, useState, type ReactNode } from 'react';
import { announce } from '../announce.js';
import { navigate } from '../location.js';
import { Dialog } from '../parts/dialog.js';
import { spoken } from '../parts/phone-number.js';
import { behave, forgetPhone, type Behavior, type Phone } from './api.js';
import { meaningOf, useCodes } from './codes.js';

const USUAL: Behavior = {
  answer: 'accepted',
  delayMs: 5_000,
  delivery: 'delivered',
  errorCode: 4720,
  callbacks: 'in-order',
  once: false,
};

/** What the send is answered. The statuses are those that a sender has to cope with. */
const ANSWERS: readonly (readonly [answer: Behavior['answer'], words: string])[] = [
  ['accepted', 'Accepted'],
  ['slow', 'Accepted, but slowly'],
  ['cut-off', 'Accepted, and the answer is cut off'],
  ['silent', 'Accepted, and never answered'],
  [429, 'Refused: 429, too many'],
  [400, 'Refused: 400, not valid'],
  [401, 'Refused: 401, wrong credentials'],
  [403, 'Refused: 403, forbidden'],
  [500, 'Failed: 500'],
  [503, 'Failed: 503, unavailable'],
];

const CALLBACKS: readonly (readonly [callbacks: Behavior['callbacks'], words: string])[] = [
  ['in-order', 'As usual'],
  ['duplicate', 'Everything twice'],
  ['reversed', 'In the wrong order'],
  ['duplicate-reversed', 'Twice, and in the wrong order'],
  ['early', 'Before the send is answered'],
  ['none', 'Nothing is ever reported'],
];

interface Props {
  readonly number: string;
  readonly phone: Phone | null;
}

/** Decides what happens to the next messages. Each choice counts at once. */
export function BehaviorPanel({ number, phone }: Props) {
  const [mistake, setMistake] = useState<string | null>(null);
  const [isForgetting, setForgetting] = useState(false);
  const codes = useCodes();
  const { behavior, show } = useChosen(phone?.behavior ?? USUAL);
  const isUsual = Object.entries(USUAL).every(
    ([name, value]) => name === 'once' || isIdle(name, behavior) || behavior[name as keyof Behavior] === value,
  );

  const choose = async (part: Partial<Behavior>): Promise<void> => {
    const chosen = { ...behavior, ...part };
    show(chosen);
    try {
      await behave(number, chosen);
      setMistake(null);
    } catch (error) {
      show(null);
      setMistake((error as Error).message);
    }
  };

  return (
    <section className="behavior card" aria-labelledby="behavior">
      <h2 id="behavior">What happens next</h2>
      <p className="behavior-now" data-usual={isUsual} role="status">
        {isUsual ? 'Messages are accepted and delivered.' : sentence(behavior)}
      </p>
      <fieldset className="segmented">
        <legend className="field-label">The message is</legend>
        {(['delivered', 'failed'] as const).map((delivery) => (
          <label key={delivery}>
            <input
              type="radio"
              name="delivery"
              checked={behavior.delivery === delivery}
              onChange={() => void choose({ delivery })}
            />
            <span>{delivery === 'delivered' ? 'Delivered' : 'Not delivered'}</span>
          </label>
        ))}
      </fieldset>
      {behavior.delivery === 'failed' && (
        <Choice label="Because" hint={meaningOf(codes, behavior.errorCode)}>
          {(id) => (
            <select
              id={id}
              value={behavior.errorCode}
              onChange={({ target: { value } }) => void choose({ errorCode: Number(value) })}
            >
              {!codes.some(({ code }) => code === behavior.errorCode) && <option>{behavior.errorCode}</option>}
              {codes.map(({ code, name }) => (
                <option key={code} value={code}>
                  {code} {name}
                </option>
              ))}
            </select>
          )}
        </Choice>
      )}
      <Choice label="It is reported">
        {(id) => (
          <select
            id={id}
            value={behavior.callbacks}
            onChange={({ target: { value } }) => void choose({ callbacks: value as Behavior['callbacks'] })}
          >
            {CALLBACKS.map(([callbacks, words]) => (
              <option key={callbacks} value={callbacks}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Choice>
      <Choice label="The send is">
        {(id) => (
          <select
            id={id}
            value={behavior.answer}
            onChange={({ target: { value } }) => {
              const [answer] = ANSWERS.find(([each]) => String(each) === value) ?? ['accepted'];
              void choose({ answer });
            }}
          >
            {!ANSWERS.some(([answer]) => answer === behavior.answer) && <option>{behavior.answer}</option>}
            {ANSWERS.map(([answer, words]) => (
              <option key={answer} value={answer}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Choice>
      {behavior.answer === 'slow' && (
        <Choice label="After">
          {(id) => (
            <select
              id={id}
              value={behavior.delayMs}
              onChange={({ target: { value } }) => void choose({ delayMs: Number(value) })}
            >
              {[...new Set([1_000, 5_000, 15_000, 30_000, 60_000, behavior.delayMs])]
                .sort((a, b) => a - b)
                .map((ms) => (
                  <option key={ms} value={ms}>
                    {ms / 1000} s
                  </option>
                ))}
            </select>
          )}
        </Choice>
      )}
      <label className="switch">
        <input
          type="checkbox"
          checked={behavior.once}
          disabled={isUsual}
          onChange={({ target: { checked } }) => void choose({ once: checked })}
        />
        Only for the next message
      </label>
      {mistake !== null && (
        <p className="mistake" role="alert">
          {mistake}
        </p>
      )}
      <div className="behavior-foot">
        <button type="button" disabled={isUsual} onClick={() => void choose(USUAL)}>
          As usual
        </button>
        <button type="button" className="quiet" disabled={phone === null} onClick={() => setForgetting(true)}>
          Clear this telephone …
        </button>
      </div>
      {isForgetting && (
        <Dialog title="Clear this telephone?" onClose={() => setForgetting(false)}>
          <p>
            The messages of {spoken(number)}, what it blocked and what happens next are gone then. The server keeps its
            own messages.
          </p>
          <div className="behavior-foot">
            <button
              type="button"
              className="primary"
              onClick={() =>
                void forgetPhone(number).then(
                  () => {
                    announce('Cleared.');
                    navigate('/');
                  },
                  (error: unknown) => {
                    setForgetting(false);
                    setMistake((error as Error).message);
                  },
                )
              }
            >
              Clear it
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** What was chosen is shown at once, until the server says how it is: somebody else may choose as well. */
function useChosen(known: Behavior): { behavior: Behavior; show: (chosen: Behavior | null) => void } {
  const [chosen, show] = useState<Behavior | null>(null);
  const words = JSON.stringify(known);
  useEffect(() => show(null), [words]);
  return { behavior: chosen ?? known, show };
}

/** What has no effect beside the rest: why nothing fails, how slow an answer is that is not slow. */
const isIdle = (name: string, { delivery, answer }: Behavior): boolean =>
  (name === 'errorCode' && delivery !== 'failed') || (name === 'delayMs' && answer !== 'slow');

function sentence({ answer, delivery, errorCode, callbacks, once }: Behavior): string {
  const parts = [
    ...(answer === 'accepted'
      ? []
      : [(ANSWERS.find(([each]) => each === answer)?.[1] ?? `Answered ${answer}`).toLowerCase()]),
    ...(delivery === 'failed' ? [`not delivered, code ${errorCode}`] : []),
    ...(callbacks === 'in-order'
      ? []
      : [`reports: ${(CALLBACKS.find(([each]) => each === callbacks)?.[1] ?? callbacks).toLowerCase()}`]),
  ];
  return `${once ? 'The next message' : 'Until you change it'}: ${parts.join('; ')}.`;
}

interface ChoiceProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: (id: string) => ReactNode;
}

function Choice({ label, hint = '', children }: ChoiceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      <p className="hint">{hint}</p>
    </div>
  );
}
