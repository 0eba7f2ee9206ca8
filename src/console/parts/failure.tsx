import type { BubbleFragment, ProblemFragment } from '../generated/graphql.js';
import { adviceFor, mistakesOf } from '../words.js';
import { spoken } from './phone-number.js';

type Delivery = BubbleFragment['deliveries'][number];
type DeliveryFailure = NonNullable<Delivery['failure']>;

const CAUSES: Readonly<Record<DeliveryFailure['origin'], string>> = {
  CLIENT: 'As it is, it fails again: change it before you send it again.',
  BANDWIDTH: 'The fault is at Bandwidth: tell whoever runs this server, if it stays.',
  CARRIER: 'Their carrier did not take it: write something else, or reach them in another way.',
  UNCLEAR: 'Nobody said why. Reach them in another way, if it matters.',
};

/** What can be done about the codes that people meet most; of all others, only who caused them is known. */
const ADVICE: readonly (readonly [codes: readonly number[], advice: string])[] = [
  [[4475, 4775], 'Write to them only after they have sent START.'],
  [
    [4303, 4350, 4404, 4406, 4408, 4700, 4720, 4721],
    'Look whether the number is right. If it is, it takes no messages: reach them in another way.',
  ],
  [[4121, 4470, 4750, 4770], 'Write it in other words: without short links, capitals and exclamation marks.'],
  [[4409, 4410, 4411, 4412, 4710, 4711, 4712], 'Send it with another or a smaller file, or without one.'],
  [
    [4302, 4403, 4405, 4407, 4451, 4452, 4476, 4481, 4740],
    'Nothing gets through from this number: whoever runs this server has to look at it.',
  ],
];

function adviceAbout({ origin, retryable, code }: DeliveryFailure): string {
  const advice = ADVICE.find(([codes]) => codes.includes(code))?.[1];
  return advice ?? (retryable ? 'It may get through later: send it again in a while.' : CAUSES[origin]);
}

/** Why a message did not reach somebody, and what to do. */
export function DeliveryFailed({ to, failure }: { readonly to: string | null; readonly failure: DeliveryFailure }) {
  return (
    <p className="failure">
      {to !== null && <>To {spoken(to)}: </>}
      <strong>{failure.meaning}</strong> {adviceAbout(failure)} <span className="code">Code {failure.code}</span>
    </p>
  );
}

/** Why a message was not sent, and what to do. */
export function NotSent({ problem }: { readonly problem: ProblemFragment | null }) {
  const mistakes =
    problem?.__typename === 'InvalidMessageProblem' ? Object.values(mistakesOf(problem.fieldErrors)) : [];
  const reasons = mistakes.length > 0 ? mistakes : problem === null ? [] : [problem.message];
  return (
    <>
      <p className="failure">
        <strong>Not sent.</strong> {reasons.join(' ')} {mistakes.length === 0 && adviceFor(problem)}
      </p>
      {problem !== null && mistakes.length === 0 && <RequestId id={problem.requestId} />}
    </>
  );
}

/** By this the operator finds the cause in the log. */
export function RequestId({ id }: { readonly id: string }) {
  return (
    <p className="request-id">
      Request <code>{id}</code>
    </p>
  );
}
