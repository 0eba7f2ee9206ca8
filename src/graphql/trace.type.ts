/** A message's life, as the schema shows it to operators. */
import 'reflect-metadata';
import { Directive, Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import type { OptOutSource } from '../messaging/consent.js';
import { failureOf, type DeliveryFailure } from '../messaging/delivery-failure.js';
import type { MessageStatus } from '../messaging/message.js';
import type { SendStatus } from '../messaging/ports.js';
import type { Trace, TraceEvent } from '../messaging/trace.js';
import { DateTime } from './date-time.js';
import { DeliveryFailureType, MessageStatusEnum, PERSONAL, registerEnum } from './message.type.js';
import { OptOutSourceEnum } from './opt-out.type.js';
import { SendStatusEnum, statusOf } from './send.type.js';

type Outcome = Extract<TraceEvent, { kind: 'outcome' }>['outcome'];

export const TraceOutcomeEnum = registerEnum<Outcome>('TraceOutcome', 'What was found out about a send.', {
  ACCEPTED: 'Catapult accepted the message.',
  NOT_SENT: 'Certainly not sent, and not billed.',
  UNKNOWN: 'Perhaps sent. It is never sent again.',
});

const NUMBER = 'Without `messages:read-all`, only beginning and end are shown.';

@Directive('@inaccessible')
@InterfaceType('TraceEvent', {
  description:
    'Something that happened to a message, or to the send that it came from. Later versions may add kinds: `at` and `text` are enough to show one.',
  resolveType: ({ __typename }: TraceEventType) => __typename,
})
export class TraceEventType {
  readonly __typename!: string;

  @Field(() => DateTime, { description: 'When, by the clock of this server; of a delivery, by that of Catapult.' })
  at!: number;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the send; null for what came in, and where it is not known.',
  })
  sendId!: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Catapult's id of the message, as it is known now; null where there is none, or it is not known.",
  })
  messageId!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { description: 'What happened, in words, as the command `trace` prints it.' })
  text!: string;
}

/** Declares a kind of event. */
const Kind =
  (name: string, description: string): ClassDecorator =>
  (target) => {
    Directive('@inaccessible')(target);
    ObjectType(name, { description, implements: TraceEventType, simpleResolvers: true })(target);
  };

@Kind('TraceClaim', 'Somebody asked for a send, and it was stored before anything went out.')
export class TraceClaimType extends TraceEventType {
  @Field(() => String, { description: 'The name of the caller who asked for it.' })
  caller!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the request, as in the log; null for a send of an earlier version.',
  })
  requestId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The SHA-256 of the idempotency key in hexadecimal, as in the log; null without a key.',
  })
  idempotencyKeyHash!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { description: `The sender's number; empty if it was forgotten. ${NUMBER}` })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: `The recipients' numbers; none if they were forgotten. ${NUMBER}` })
  to!: readonly string[];
}

@Kind('TraceReceived', 'A message came in.')
export class TraceReceivedType extends TraceEventType {
  @Directive(PERSONAL)
  @Field(() => String, { description: `The sender's number. ${NUMBER}` })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: `The recipients' numbers. ${NUMBER}` })
  to!: readonly string[];
}

@Kind('TraceCallOutcome', 'What became of the call, when it was recorded.')
export class TraceCallOutcomeType extends TraceEventType {
  @Field(() => TraceOutcomeEnum, { description: 'What became of it.' })
  outcome!: Outcome;

  @Field(() => String, { description: 'The name of the caller who asked for it.' })
  caller!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'How the last attempt ended: `HTTP 202`, `TimeoutError`, `ECONNRESET`; null if nothing was seen, or the send is deleted.',
  })
  lastSeen!: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many requests the call made: a refusal that is known to have sent nothing is tried again, until the deadline of the send. Null if nobody counted them, or the send is deleted.',
  })
  attempts!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'The error code that says why nothing was sent; null otherwise, and if the send is deleted.',
  })
  code!: string | null;

  @Field(() => Boolean, { description: 'Whether the send itself is deleted, and only the audit is left.' })
  isSendDeleted!: boolean;
}

@Kind('TraceSettlement', 'Somebody settled what the call had left open, or Catapult contradicted that.')
export class TraceSettlementType extends TraceEventType {
  @Field(() => TraceOutcomeEnum, { description: 'As what it was settled.' })
  outcome!: Outcome;

  @Field(() => String, {
    description:
      'Who settled it: `search`, `caller:` and a name, `shell:` and a user, or `upstream`. `forgotten` if its number was forgotten.',
  })
  by!: string;

  @Field(() => String, { nullable: true, description: 'How they knew, if they said so.' })
  reason!: string | null;
}

@Kind(
  'TraceDelivery',
  'Catapult reported, in a callback, how far the message got. A report that was repeated is there once.',
)
export class TraceDeliveryType extends TraceEventType {
  @Field(() => MessageStatusEnum, { description: 'What was reported.' })
  status!: MessageStatus;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: `The recipient's number; null for all of them. ${NUMBER}` })
  recipient!: string | null;

  @Field(() => DeliveryFailureType, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure!: DeliveryFailure | null;
}

@Kind(
  'TraceWaitingDelivery',
  'A callback reported a delivery of a message that is not known here yet. It waits, and is dropped after 72 hours.',
)
export class TraceWaitingDeliveryType extends TraceEventType {
  @Field(() => MessageStatusEnum, { description: 'What was reported.' })
  status!: MessageStatus;

  @Field(() => DeliveryFailureType, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure!: DeliveryFailure | null;
}

@Kind(
  'TraceOptOut',
  'A recipient of the message wants none by now. So a later send may have been refused, which leaves no trace.',
)
export class TraceOptOutType extends TraceEventType {
  @Directive(PERSONAL)
  @Field(() => String, { description: `The number of whoever wants no messages. ${NUMBER}` })
  number!: string;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: `Your number; null for all of them. ${NUMBER}` })
  owner!: string | null;

  @Field(() => OptOutSourceEnum, { description: 'How it is known.' })
  source!: OptOutSource;
}

@Kind('TraceState', 'How a send stands now.')
export class TraceStateType extends TraceEventType {
  @Field(() => SendStatusEnum, { description: 'The state of the send.' })
  sendStatus!: SendStatus;

  @Field(() => MessageStatusEnum, {
    nullable: true,
    description: 'The state of its message; null as long as its id is not known.',
  })
  messageStatus!: MessageStatus | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Of a send that is `PENDING`: when it becomes `UNKNOWN` if its call has no outcome until then.',
  })
  leaseUntil!: number | null;
}

@Directive('@inaccessible')
@ObjectType('MessageTrace', {
  description: 'The life of a message, from the claim to the handset, as far as this server knows it.',
  simpleResolvers: true,
})
export class MessageTraceType {
  @Field(() => [TraceEventType], {
    description: 'What happened, the earliest first; empty if nothing is known. Of several sends, all together.',
  })
  events!: readonly TraceEventType[];

  @Field(() => DateTime, {
    nullable: true,
    description:
      'There was no time to look further back than this; null if everything was looked through. Look further with the command `trace`.',
  })
  searchedSince!: number | null;
}

/** A trace as the schema shows it. */
export function messageTrace({ events, searchedSinceMs }: Trace): MessageTraceType {
  return { events: events.map(eventType), searchedSince: searchedSinceMs === null ? null : searchedSinceMs * 1000 };
}

function eventType({ atMs, ...event }: TraceEvent): TraceEventType {
  const at = atMs * 1000;
  switch (event.kind) {
    case 'claimed':
      return as<TraceClaimType>('TraceClaim', { ...event, at, idempotencyKeyHash: event.keyHash });
    case 'received':
      return as<TraceReceivedType>('TraceReceived', { ...event, at });
    case 'outcome':
      return as<TraceCallOutcomeType>('TraceCallOutcome', { ...event, at, code: event.problem?.code ?? null });
    case 'settled':
      return as<TraceSettlementType>('TraceSettlement', { ...event, at });
    case 'delivery':
      return as<TraceDeliveryType>('TraceDelivery', { ...event, at, recipient: event.to, failure: failureIn(event) });
    case 'waits':
      return as<TraceWaitingDeliveryType>('TraceWaitingDelivery', { ...event, at, failure: failureIn(event) });
    case 'opted out':
      return as<TraceOptOutType>('TraceOptOut', { ...event, at, number: event.recipient });
    case 'now': {
      const leaseUntil = event.leaseUntilMs === null ? null : event.leaseUntilMs * 1000;
      return as<TraceStateType>('TraceState', { ...event, at, sendStatus: statusOf(event), leaseUntil });
    }
  }
}

const as = <Kind extends TraceEventType>(__typename: string, event: Omit<Kind, '__typename'>): TraceEventType => ({
  ...event,
  __typename,
});

const failureIn = ({
  status,
  errorCode,
}: {
  status: MessageStatus;
  errorCode: number | null;
}): DeliveryFailure | null => (status === 'FAILED' ? failureOf(errorCode ?? 0) : null);
