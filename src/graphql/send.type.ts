/** The send: what was asked for, what was tried, and what is known about its outcome. */
import 'reflect-metadata';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { ERRORS, FIELD_ERRORS, ServiceError } from '../errors.js';
import type { Caller } from '../messaging/caller.js';
import type { Message } from '../messaging/message.js';
import type { SendStatus, Settlement, StoredSend } from '../messaging/ports.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { MessageProblemType, problemOf, type Problem } from './message.problem.js';
import { MessageType, PERSONAL, registerEnum } from './message.type.js';
import { NodeType } from './node.type.js';

export const SendStatusEnum = registerEnum<SendStatus>(
  'SendStatus',
  'The state of a send. What happened to its message afterwards is in the status of the message.',
  {
    PENDING: 'Stored and being sent; no answer yet.',
    UNKNOWN: 'Perhaps sent: the request went out, but no trustworthy answer came back. It is never sent again.',
    REJECTED: 'Certainly not sent, and not billed.',
    ACCEPTED: 'Catapult accepted the message.',
  },
);

export const SettledAsEnum = registerEnum<Settlement['as']>('SettledAs', 'What somebody found out about a send.', {
  SENT: 'The message went out.',
  NOT_SENT: 'No message went out, and none will. Its idempotency key may send again.',
});

@ObjectType('Send', {
  description:
    'One attempt to send a message. It starts with a call of `sendMessage` or `submitMessage` that passed all rules and limits; what these refused is no send.',
  implements: NodeType,
  simpleResolvers: true,
})
export class SendType implements NodeType {
  @Field(() => ID, { description: 'The id of the send on this server, as in the log.' })
  id!: string;

  @Field(() => SendStatusEnum, { description: 'The state of the send.' })
  status!: SendStatus;

  @Field(() => DateTime, { description: 'When it started.' })
  startedAt!: number;

  @Field(() => DateTime, { description: 'When it reached its status.' })
  updatedAt!: number;

  @Field(() => String, { description: 'The name of the caller who asked for it.' })
  caller!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'The idempotency key that it holds; null without one, once the key may be used again, and for all but its caller.',
  })
  idempotencyKey!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The SHA-256 of the idempotency key in hexadecimal, as in the audit; null without a key.',
  })
  idempotencyKeyHash!: string | null;

  @Field(() => Boolean, {
    description:
      'Whether it holds its idempotency key: then its caller may repeat the call with that key, and learns what became of it; nothing is sent twice. False without a key, and once the key may send again.',
  })
  isKeyHeld!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The id of the request that asked for it, as in the log; null for a send of an earlier version.',
  })
  requestId!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'How its last attempt ended: `HTTP 404`, `TimeoutError`, `ECONNRESET`; null while it is under way, or if the process died before it saw anything.',
  })
  lastSeen!: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many requests its call made, 0 if it was refused before the first one; null while it is under way, if the process died, and for a send of an earlier version.',
  })
  attempts!: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Who settled it: `search`, `caller:` and a name, or `shell:` and a user; null if nobody did. `forgotten` if its number was forgotten: then it has no message, number and tag any more.',
  })
  settledBy!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { description: "The sender's number." })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: "The recipients' numbers." })
  to!: string[];

  @Directive(PERSONAL)
  @Field(() => String, {
    nullable: true,
    description: 'The tag that was given with the message; null without one, and for what was not sent.',
  })
  tag!: string | null;

  @Field(() => MessageType, {
    nullable: true,
    description: 'The message that was sent; null as long as its id is not known.',
  })
  message!: Message | null;

  @Field(() => MessageProblemType, {
    nullable: true,
    description:
      'Why it is `REJECTED` or `UNKNOWN`, as `submitMessage` answered or would have answered; null otherwise, and where somebody settled it.',
  })
  problem!: Problem | null;
}

@ObjectType('SendEdge', { description: 'A send and its place in the list.', simpleResolvers: true })
export class SendEdgeType {
  @Field(() => String, { description: 'The place in the list. It stays valid while sends come and go.' })
  cursor!: string;

  @Field(() => SendType, { description: 'The send.' })
  node!: SendType;
}

@ObjectType('SendConnection', { description: 'A page of sends.', simpleResolvers: true })
export class SendConnectionType {
  @Field(() => [SendEdgeType], { description: 'The sends of the page, each with its cursor.' })
  edges!: SendEdgeType[];

  @Field(() => [SendType], { description: 'The sends of the page without their cursors.' })
  nodes!: SendType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;
}

/** A stored send as the schema shows it to `caller`. */
export function sendType(send: StoredSend, { name }: Pick<Caller, 'name'>): SendType {
  return {
    id: send.sendId,
    status: statusOf(send),
    startedAt: send.startedAtMs * 1000,
    updatedAt: send.updatedAtMs * 1000,
    caller: send.caller,
    idempotencyKey: send.caller === name ? send.idempotencyKey : null,
    idempotencyKeyHash: send.keyHash,
    isKeyHeld: send.idempotencyKey !== null,
    requestId: send.requestId,
    lastSeen: send.lastSeen,
    attempts: send.attempts,
    settledBy: send.settledBy,
    from: send.from,
    to: [...send.to],
    tag: send.tag,
    message: send.message,
    problem: problemIn(send),
  };
}

function problemIn({ status, problem, settledBy, requestId }: StoredSend): Problem | null {
  if (status === 'UNKNOWN')
    return problemOf(new ServiceError('OUTCOME_UNKNOWN', { outcome: 'UNKNOWN' }), requestId ?? '');
  if (status !== 'REJECTED' || problem === null || settledBy !== null) return null;
  // An instance of a newer version may have stored a code that this one does not know.
  const code = Object.hasOwn(ERRORS, problem.code) ? problem.code : 'INTERNAL_SERVER_ERROR';
  const fieldErrors = (problem.fieldErrors ?? []).filter((mistake) => Object.hasOwn(FIELD_ERRORS, mistake.code));
  return problemOf(new ServiceError(code, { ...problem, fieldErrors, outcome: 'NOT_SENT' }), requestId ?? '');
}

/** Every state of a message is one that Catapult took. */
export function statusOf({ status }: Pick<StoredSend, 'status'>): SendStatus {
  return status === 'PENDING' || status === 'UNKNOWN' || status === 'REJECTED' ? status : 'ACCEPTED';
}
