/** The message as clients see it. */
import 'reflect-metadata';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Message, MessageDirection, MessagePriority, MessageStatus } from '../messaging/message.js';
import type { DeliveryFailure, FailureOrigin } from '../messaging/delivery-failure.js';
import type { Segmentation } from '../messaging/segments.js';
import { DateTime } from './date-time.js';

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

export const MessageStatusEnum = registerEnum<MessageStatus>('MessageStatus', 'What became of a message.', {
  PENDING: 'Stored and being sent; no answer yet.',
  UNKNOWN: 'The request went out and no trustworthy answer came back: perhaps sent. It is never sent again.',
  REJECTED: 'Known not sent, and not billed.',
  ACCEPTED: 'Catapult took it into its queue. That does not mean delivered.',
  SENDING: 'Handed to the carrier.',
  FAILED: 'Final: it was not delivered to any recipient.',
  DELIVERED: 'Final: the carrier or the handset confirmed it, for every recipient.',
  PARTIALLY_DELIVERED: 'Final: delivered to some recipients of a group, and not to others.',
  RECEIVED: 'A message that came in.',
});

export const MessageDirectionEnum = registerEnum<MessageDirection>('MessageDirection', 'Which way a message went.', {
  IN: 'From a telephone to one of your numbers.',
  OUT: 'From one of your numbers to a telephone.',
});

export const MessagePriorityEnum = registerEnum<MessagePriority>('MessagePriority', 'How urgent a message is.', {
  DEFAULT: 'As any other.',
  HIGH: 'Before others that wait in the queue of the account.',
});

export const TextEncodingEnum = registerEnum<Segmentation['encoding']>(
  'TextEncoding',
  'How a text is written into the segments of an SMS.',
  {
    GSM_7: 'The GSM alphabet, 7 bits a character; its extension characters, such as `{` and `€`, take two.',
    UCS_2: 'UTF-16, 2 bytes a unit: any character outside of the GSM alphabet turns the whole text into this.',
  },
);

@ObjectType('MessagePreview', {
  description: 'How a text would be split into segments, each of which is billed as an SMS.',
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

  @Field(() => [String], { description: 'The characters that forced UCS-2, each once, in order of appearance.' })
  forcing!: string[];
}

export const FailureOriginEnum = registerEnum<FailureOrigin>('FailureOrigin', 'Who failed a message.', {
  CLIENT: "The sender's side: numbers, content or permissions. Sending it again fails again.",
  BANDWIDTH: 'The messaging service.',
  CARRIER: "The recipient's carrier.",
  UNCLEAR: 'Catapult itself does not know.',
});

/** Marks what people wrote and who they are, so that a contract of the supergraph can leave it out. */
export const PERSONAL = '@tag(name: "personal")';

@ObjectType('DeliveryFailure', { description: 'Why a message did not reach a recipient.' })
export class DeliveryFailureType implements DeliveryFailure {
  @Field(() => Int, { description: "Catapult's code; 0 where it gave none." })
  code!: number;

  @Field(() => String, { description: "Catapult's name of the code." })
  name!: string;

  @Field(() => String, { description: 'What it means, in plain words.' })
  meaning!: string;

  @Field(() => FailureOriginEnum, { description: 'Who failed the message.' })
  origin!: FailureOrigin;

  @Field(() => Boolean, { description: 'Whether the same message may get through when it is sent anew later.' })
  retryable!: boolean;
}

@ObjectType('Delivery', { description: 'What became of a message for one recipient.' })
export class DeliveryType {
  @Directive(PERSONAL)
  @Field(() => String, { description: "The recipient's number." })
  to!: string;

  @Field(() => MessageStatusEnum, { description: 'How far the message got.' })
  status!: MessageStatus;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When that was, by Catapult; null as long as nothing was heard.',
  })
  time!: number | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Message', { description: 'An SMS, MMS or group message, as Catapult knows it.' })
export class MessageType implements Omit<Message, 'deliveries'> {
  @Field(() => ID, { description: "Catapult's own id of the message." })
  id!: string;

  @Field(() => DateTime, { description: 'When Catapult took the message.' })
  time!: number;

  @Directive(PERSONAL)
  @Field(() => [String], { description: 'The recipients, as E.164 numbers; more than one in a group message.' })
  to!: string[];

  @Directive(PERSONAL)
  @Field(() => String, { description: "The sender's E.164 number." })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => String, { description: 'The text; empty when the message is media alone.' })
  text!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The application the message belongs to; null where Catapult left it out of its answer.',
  })
  applicationId!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'The tag that was given with the message.' })
  tag!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, {
    nullable: true,
    description: 'Your number in the exchange: the sender of an outgoing message.',
  })
  owner!: string | null;

  @Directive(PERSONAL)
  @Field(() => [String], { description: 'The URLs of the attachments; empty for an SMS.' })
  media!: string[];

  @Field(() => MessageDirectionEnum, { description: 'Which way the message went.' })
  direction!: MessageDirection;

  @Field(() => Int, {
    nullable: true,
    description: 'How many segments are billed, where Catapult said so; 1 for an MMS.',
  })
  segmentCount!: number | null;

  @Field(() => MessagePriorityEnum, {
    nullable: true,
    description: 'How urgent the message is, where Catapult said so.',
  })
  priority!: MessagePriority | null;

  @Field(() => DateTime, { nullable: true, description: 'When the message expires, where Catapult said so.' })
  expiresAt!: number | null;

  @Field(() => ID, {
    nullable: true,
    description: "Catapult's id of another message that this one is paired with, where Catapult said so.",
  })
  pairedMessageId!: string | null;

  @Field(() => MessageStatusEnum, { description: 'What has become of the message so far.' })
  status!: MessageStatus;

  @Field(() => [DeliveryType], {
    description:
      'What became of an outgoing message for each recipient, in the order of `to`; empty for one that came in.',
  })
  deliveries!: readonly DeliveryType[];
}
