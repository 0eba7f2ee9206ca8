/** The message as clients see it. */
import 'reflect-metadata';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Message, MessageDirection, MessagePriority, MessageStatus } from '../messaging/message.js';
import type { DeliveryFailure, FailureOrigin } from '../messaging/delivery-failure.js';
import type { Segmentation } from '../messaging/segments.js';
import { DateTime } from './date-time.js';
import { NodeType } from './node.type.js';

/** An enum whose values equal its keys: anything else breaks introspection of a federated schema. */
export function registerEnum<Key extends string>(
  name: string,
  description: string,
  values: Record<Key, string>,
): object {
  const keys = Object.keys(values) as Key[];
  const enumObject = Object.fromEntries(keys.map((key) => [key, key]));
  const valuesConfig = Object.fromEntries(keys.map((key) => [key, { description: values[key] }]));
  registerEnumType(enumObject, { name, description, valuesConfig });
  return enumObject;
}

export const MessageStatusEnum = registerEnum<MessageStatus>('MessageStatus', 'The state of a message.', {
  ACCEPTED: 'Queued by Catapult, which does not mean delivered.',
  SENDING: 'Handed to the carrier.',
  FAILED: 'Final: it was not delivered to any recipient.',
  DELIVERED: 'Final: the carrier or the handset confirmed delivery to every recipient.',
  PARTIALLY_DELIVERED: 'Final: delivered to some recipients of a group but not to others.',
  RECEIVED: 'An inbound message.',
});

export const MessageDirectionEnum = registerEnum<MessageDirection>('MessageDirection', 'Which way a message went.', {
  IN: 'From a telephone to one of your numbers.',
  OUT: 'From one of your numbers to a telephone.',
});

export const MessagePriorityEnum = registerEnum<MessagePriority>('MessagePriority', 'How urgent a message is.', {
  DEFAULT: 'Normal.',
  HIGH: "Ahead of the other messages in the account's queue.",
});

export const TextEncodingEnum = registerEnum<Segmentation['encoding']>(
  'MessageEncoding',
  'How a text is written into the segments of an SMS.',
  {
    GSM_7: 'The GSM alphabet, 7 bits a character; its extension characters, such as `{` and `€`, count twice.',
    UCS_2: 'UTF-16, 2 bytes a unit. One character outside the GSM alphabet puts the whole text into it.',
  },
);

@ObjectType('MessagePreview', {
  description: 'How a text would be split into segments. Each is billed as an SMS.',
  simpleResolvers: true,
})
export class MessagePreviewType implements Segmentation {
  @Field(() => TextEncodingEnum, { description: 'The encoding that the text needs.' })
  encoding!: Segmentation['encoding'];

  @Field(() => Int, { description: 'How many segments the text takes.' })
  segmentCount!: number;

  @Field(() => Int, { description: 'How many units the text takes: septets in GSM-7, UTF-16 units in UCS-2.' })
  unitCount!: number;

  @Field(() => Int, {
    description: 'How many units fit into one segment: 160 or 70, and 153 or 67 once there are several.',
  })
  unitsPerSegment!: number;

  @Field(() => [String], { description: 'The characters that need UCS-2, each once, in order of appearance.' })
  forcing!: string[];
}

export const FailureOriginEnum = registerEnum<FailureOrigin>('MessageFailureOrigin', 'Who caused a failure.', {
  CLIENT: "The sender's side: numbers, content or permissions. Sending it again will fail again.",
  BANDWIDTH: 'The messaging service.',
  CARRIER: "The recipient's carrier.",
  UNCLEAR: 'Catapult itself does not know.',
});

/** Marks personal data: what people wrote and who they are. A contract of the supergraph can leave it out. */
export const PERSONAL = '@tag(name: "personal")';

@ObjectType('MessageDeliveryFailure', {
  description: 'Why a message did not reach a recipient.',
  simpleResolvers: true,
})
export class DeliveryFailureType implements DeliveryFailure {
  @Field(() => Int, { description: "Catapult's code; 0 if it gave none." })
  code!: number;

  @Field(() => String, { description: "Catapult's name for the code." })
  name!: string;

  @Field(() => String, { description: 'What it means, in plain words.' })
  meaning!: string;

  @Field(() => FailureOriginEnum, { description: 'Who caused the failure.' })
  origin!: FailureOrigin;

  @Field(() => Boolean, { description: 'Whether the same message may get through if it is sent again later.' })
  retryable!: boolean;
}

@ObjectType('MessageDelivery', { description: 'The delivery of a message to one recipient.', simpleResolvers: true })
export class DeliveryType {
  @Directive(PERSONAL)
  @Field(() => String, { description: "The recipient's number." })
  to!: string;

  @Field(() => MessageStatusEnum, { description: 'How far the message got.' })
  status!: MessageStatus;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When that happened, according to Catapult; null until it reports.',
  })
  time!: number | null;
}

@ObjectType('MessageEvent', { description: 'Something that happened to a message.', simpleResolvers: true })
export class MessageEventType {
  @Field(() => MessageStatusEnum, { description: 'What happened.' })
  status!: MessageStatus;

  @Field(() => DateTime, { description: 'When, according to Catapult.' })
  time!: number;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'The recipient it is about; null for all of them.' })
  to!: string | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Message', {
  description: 'An SMS, MMS or group message, as Catapult knows it.',
  implements: NodeType,
  simpleResolvers: true,
})
export class MessageType implements NodeType, Omit<Message, 'deliveries' | 'events'> {
  @Field(() => ID, { description: "Catapult's own id of the message." })
  id!: string;

  @Field(() => DateTime, { description: 'When Catapult received the message.' })
  time!: number;

  @Directive(PERSONAL)
  @Field(() => [String], { description: 'The recipients, as E.164 numbers; more than one in a group message.' })
  to!: string[];

  @Directive(PERSONAL)
  @Field(() => String, { description: "The sender's E.164 number." })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => String, { description: 'The text; empty if the message has only media.' })
  text!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The application that the message belongs to; null if Catapult did not say.',
  })
  applicationId!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'The tag that was given with the message.' })
  tag!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, {
    nullable: true,
    description: 'Your number in the conversation: the sender of an outbound message.',
  })
  owner!: string | null;

  @Directive(PERSONAL)
  @Field(() => [String], { description: 'The URLs of the attachments; empty for an SMS.' })
  media!: string[];

  @Field(() => MessageDirectionEnum, { description: 'Which way the message went.' })
  direction!: MessageDirection;

  @Field(() => Int, {
    nullable: true,
    description: 'How many segments are billed, 1 for an MMS; null if Catapult did not say.',
  })
  segmentCount!: number | null;

  @Field(() => MessagePriorityEnum, {
    nullable: true,
    description: 'How urgent the message is; null if Catapult did not say.',
  })
  priority!: MessagePriority | null;

  @Field(() => DateTime, { nullable: true, description: 'When the message expires; null if Catapult did not say.' })
  expiresAt!: number | null;

  @Field(() => ID, {
    nullable: true,
    description: "Catapult's id of another message that this one is paired with; null if Catapult did not say.",
  })
  pairedMessageId!: string | null;

  @Field(() => MessageStatusEnum, { description: 'The state of the message now.' })
  status!: MessageStatus;

  @Field(() => [DeliveryType], {
    description:
      'The delivery to each recipient of an outbound message, in the order of `to`; empty for an inbound one.',
  })
  deliveries!: readonly DeliveryType[];
}
