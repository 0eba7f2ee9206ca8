/** The failures of a send as data: for clients that want types, and for routers that mask `errors`. */
import 'reflect-metadata';
import { createUnionType, Field, Int, InterfaceType, ObjectType } from 'type-graphql';
import {
  FIELD_ERRORS,
  ServiceError,
  type ErrorCode,
  type FailedOutcome,
  type FieldError,
  type FieldErrorCode,
} from '../errors.js';
import { MessageType, registerEnum } from './message.type.js';

export const FailedOutcomeEnum = registerEnum<FailedOutcome>(
  'FailedSendOutcome',
  'Whether a message went out although its send failed.',
  {
    NOT_SENT: 'Certainly not: it may be sent again.',
    UNKNOWN: 'Perhaps: do not send it as a new message. Repeat the call with the same idempotency key.',
  },
);

export const FieldErrorCodeEnum = registerEnum<FieldErrorCode>(
  'MessageFieldErrorCode',
  'What is wrong with one field or argument. Codes are added and never renamed: show `message` for one that you do not know.',
  Object.fromEntries(Object.entries(FIELD_ERRORS).map(([code, { meaning }]) => [code, meaning])) as Record<
    FieldErrorCode,
    string
  >,
);

@ObjectType('MessageFieldError', {
  description: 'One mistake in an input. Its code and numbers are enough to say it in another language.',
  simpleResolvers: true,
})
export class FieldErrorType implements FieldError {
  @Field(() => [String], {
    description: 'Where it is, from the argument down to the element of a list: `["input", "to", "1"]`.',
  })
  path!: string[];

  // Not null here, but behind a router whose supergraph is older than the code: it must not erase what else was said.
  @Field(() => FieldErrorCodeEnum, {
    nullable: true,
    description: 'What is wrong; null only behind a router that does not know the code yet. Then show `message`.',
  })
  code!: FieldErrorCode;

  @Field(() => String, { description: 'What is wrong, in words. Never repeats the input.' })
  message!: string;

  @Field(() => Int, { nullable: true, description: 'The least that is allowed; null where there is no such limit.' })
  min?: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'The most that is allowed: UTF-16 units of a text, entries of a list; null where there is no such limit.',
  })
  max?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How much there was, in the unit of the limit; null where that says nothing.',
  })
  actual?: number;
}

@InterfaceType('MessageProblem', {
  description:
    'Why a message was not sent, or may not have been. Select it with `... on MessageProblem`, which also catches the problems that later versions add.',
  resolveType: ({ code }: Problem) => problemTypeOf(code),
})
export class MessageProblemType {
  @Field(() => String, { description: 'The code that an entry in `errors` would have. Codes are never renamed.' })
  code!: string;

  @Field(() => String, { description: 'What happened, in constant words. Never repeats the input.' })
  message!: string;

  @Field(() => Boolean, { description: 'Whether the same send may succeed later, unchanged.' })
  retryable!: boolean;

  @Field(() => FailedOutcomeEnum, { description: 'Whether the message went out.' })
  outcome!: FailedOutcome;

  @Field(() => String, { description: 'The id of the request, by which the operator finds it in the log.' })
  requestId!: string;
}

/** Declares a problem type that has only the fields of every problem. */
function plainProblem(name: string, description: string): typeof MessageProblemType {
  @ObjectType(name, { description, implements: MessageProblemType, simpleResolvers: true })
  class PlainProblem extends MessageProblemType {}
  return PlainProblem;
}

@ObjectType('InvalidMessageProblem', {
  description: 'The input breaks a rule, or Catapult refused a field of it. Code: `BAD_USER_INPUT`.',
  implements: MessageProblemType,
  simpleResolvers: true,
})
export class InvalidMessageProblem extends MessageProblemType {
  @Field(() => [FieldErrorType], { description: 'Every mistake, with its place in the input.' })
  fieldErrors!: readonly FieldError[];
}

@ObjectType('SendRateLimitedProblem', {
  description:
    'Too many messages for now; nothing was sent. Codes: `RATE_LIMITED` for your own limit, `UPSTREAM_RATE_LIMITED` for the limit of the account.',
  implements: MessageProblemType,
  simpleResolvers: true,
})
export class RateLimitedProblem extends MessageProblemType {
  @Field(() => Int, { nullable: true, description: 'How many seconds to wait; null if that is not known.' })
  retryAfterSeconds!: number | null;
}

const ServerProblem = plainProblem(
  'MessagingServerProblem',
  'Something failed on this server; the operator finds the cause in the log. Codes: `INTERNAL_SERVER_ERROR`, and `STORE_UNAVAILABLE` while its database is away.',
);

/** The problem type of each code; every other code is the server's own failure. */
const PROBLEMS = {
  BAD_USER_INPUT: InvalidMessageProblem,
  IDEMPOTENCY_KEY_REUSED: plainProblem(
    'IdempotencyKeyReusedProblem',
    'The idempotency key belongs to a send with another input. Code: `IDEMPOTENCY_KEY_REUSED`.',
  ),
  REQUEST_IN_PROGRESS: plainProblem(
    'SendInProgressProblem',
    'The first call with this idempotency key is still running; repeat yours later, with the same key. Code: `REQUEST_IN_PROGRESS`.',
  ),
  FORBIDDEN: plainProblem(
    'SendForbiddenProblem',
    'Your key or token lacks the scope `messages:send`; nothing was sent. Code: `FORBIDDEN`.',
  ),
  RATE_LIMITED: RateLimitedProblem,
  UPSTREAM_RATE_LIMITED: RateLimitedProblem,
  UPSTREAM_UNAVAILABLE: plainProblem(
    'UpstreamUnavailableProblem',
    'Catapult cannot be reached or is failing; nothing was sent. Code: `UPSTREAM_UNAVAILABLE`.',
  ),
  UPSTREAM_REJECTED: plainProblem(
    'UpstreamRejectedProblem',
    'Catapult refused the request as a whole; the operator has to act. Code: `UPSTREAM_REJECTED`.',
  ),
  OUTCOME_UNKNOWN: plainProblem(
    'OutcomeUnknownProblem',
    'Perhaps sent: no trustworthy answer came. Repeat the call with the same idempotency key. Code: `OUTCOME_UNKNOWN`.',
  ),
} as const satisfies Partial<Record<ErrorCode, typeof MessageProblemType>>;

function problemTypeOf(code: ErrorCode): typeof MessageProblemType {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as keyof typeof PROBLEMS] : ServerProblem;
}

/** What `submitMessage` resolves to when the send failed. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedOutcome;
  readonly requestId: string;
  readonly fieldErrors: readonly FieldError[];
  readonly retryAfterSeconds: number | null;
}

/** A failure as data. If it does not name the outcome, the outcome is unknown: the safe reading. */
export function problemOf(failure: ServiceError, requestId: string): Problem {
  const { code, message, retryable, outcome = 'UNKNOWN', fieldErrors = [], retryAfterSeconds = null } = failure;
  return { code, message, retryable, outcome, requestId, fieldErrors, retryAfterSeconds };
}

export const SubmitMessageResult = createUnionType({
  name: 'SubmitMessageResult',
  description: 'The message as Catapult accepted it, or why it was not sent.',
  types: () => [MessageType, ...new Set(Object.values(PROBLEMS)), ServerProblem] as const,
  resolveType: (result: object) => ('code' in result ? problemTypeOf((result as Problem).code) : MessageType),
});
