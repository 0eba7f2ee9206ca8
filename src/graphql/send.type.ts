/** The send as operators see it: what was tried, and what is known about its outcome. */
import 'reflect-metadata';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import type { Message } from '../messaging/message.js';
import type { Settlement, StoredSend } from '../messaging/ports.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { MessageType, PERSONAL, registerEnum } from './message.type.js';

export type SendStatus = 'PENDING' | 'UNKNOWN' | 'REJECTED' | 'ACCEPTED';

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

@Directive('@inaccessible')
@ObjectType('Send', {
  description: 'One attempt to send a message. It starts with the call of `sendMessage` or `submitMessage`.',
  simpleResolvers: true,
})
export class SendType {
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

  @Field(() => String, {
    nullable: true,
    description: 'The SHA-256 of the idempotency key in hexadecimal, as in the audit; null without a key.',
  })
  idempotencyKeyHash!: string | null;

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

  @Field(() => String, {
    nullable: true,
    description: 'Who settled it: `search`, `caller:` and a name, or `shell:` and a user; null if nobody did.',
  })
  settledBy!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { description: "The sender's number." })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: "The recipients' numbers." })
  to!: string[];

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'The tag that was given with the message.' })
  tag!: string | null;

  @Field(() => MessageType, {
    nullable: true,
    description: 'The message that was sent; null as long as its id is not known.',
  })
  message!: Message | null;
}

@Directive('@inaccessible')
@ObjectType('SendEdge', { description: 'A send and its place in the list.', simpleResolvers: true })
export class SendEdgeType {
  @Field(() => String, { description: 'The place in the list. It stays valid while sends come and go.' })
  cursor!: string;

  @Field(() => SendType, { description: 'The send.' })
  node!: SendType;
}

@Directive('@inaccessible')
@ObjectType('SendConnection', { description: 'A page of sends.', simpleResolvers: true })
export class SendConnectionType {
  @Field(() => [SendEdgeType], { description: 'The sends of the page, each with its cursor.' })
  edges!: SendEdgeType[];

  @Field(() => [SendType], { description: 'The sends of the page without their cursors.' })
  nodes!: SendType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;
}

/** A stored send as the schema shows it. */
export function sendType(send: StoredSend): SendType {
  return {
    id: send.sendId,
    status: statusOf(send),
    startedAt: send.startedAtMs * 1000,
    updatedAt: send.updatedAtMs * 1000,
    caller: send.caller,
    idempotencyKeyHash: send.keyHash,
    requestId: send.requestId,
    lastSeen: send.lastSeen,
    settledBy: send.settledBy,
    from: send.from,
    to: [...send.to],
    tag: send.tag,
    message: send.message,
  };
}

/** Every state of a message is one that Catapult took. */
function statusOf({ status }: StoredSend): SendStatus {
  return status === 'PENDING' || status === 'UNKNOWN' || status === 'REJECTED' ? status : 'ACCEPTED';
}
