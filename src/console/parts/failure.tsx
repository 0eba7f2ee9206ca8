import type { BubbleFragment, ProblemFragment } from '../generated/graphql.js';
import { adviceFor, mistakesOf } from '../words.js';
import { spoken } from './phone-number.js';

type Delivery = BubbleFragment['deliveries'][number];
type DeliveryFailure = NonNullable<Delivery['failure']>;

const CAUSES: Readonly<Record<DeliveryFailure['origin'], string>> = {
  CLIENT: 'Change it before you send it again: as it is, it fails again.',
  BANDWIDTH: 'The fault is at Bandwidth, not with you.',
  CARRIER: "The fault is with the recipient's carrier.",
  UNCLEAR: 'Nobody said whose fault it is.',
};

function adviceAbout({ origin, retryable, code }: DeliveryFailure): string {
  if (code === 4475 || code === 4775) return 'Write to them only after they have sent START.';
  if (retryable) return 'It may get through later: send it again in a while.';
  return CAUSES[origin];
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
