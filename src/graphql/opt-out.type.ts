/** Those who want no messages, as the schema shows them. */
import 'reflect-metadata';
import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import type { OptOutSource } from '../messaging/consent.js';
import { E164_MESSAGE, isE164 } from '../messaging/region.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { E164_CODE } from './message.input.js';
import { PERSONAL, registerEnum } from './message.type.js';
import { Holds } from './rule.js';

export const OptOutSourceEnum = registerEnum<OptOutSource>('OptOutSource', 'How an opt-out is known.', {
  KEYWORD: 'The recipient sent a word such as STOP to the number.',
  CARRIER: 'A message failed with code 4475 or 4775: the recipient has opted out at Bandwidth or at a carrier.',
  MANUAL: 'Somebody added it by `addOptOut`.',
  IMPORT: 'It came in a file.',
});

@ObjectType('OptOut', {
  description: 'Somebody who wants no messages from one of your numbers, or from all of them.',
  simpleResolvers: true,
})
export class OptOutType {
  @Field(() => ID, {
    description: 'The id of the entry on this server. It stays the same if it ends and begins again.',
  })
  id!: string;

  @Directive(PERSONAL)
  @Field(() => String, { description: 'The number of whoever wants no messages, in E.164 format.' })
  recipient!: string;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'Your number, in E.164 format; null for all of your numbers.' })
  owner!: string | null;

  @Field(() => DateTime, { description: 'When this was said last.' })
  since!: number;

  @Field(() => OptOutSourceEnum, { description: 'How it is known.' })
  source!: OptOutSource;

  @Field(() => String, {
    nullable: true,
    description: 'Who added it: `caller:` and a name; null where the recipient or a carrier said so.',
  })
  changedBy!: string | null;
}

@ObjectType('OptOutEdge', { description: 'An opt-out and its place in the list.', simpleResolvers: true })
export class OptOutEdgeType {
  @Field(() => String, { description: 'The place in the list. It stays valid while others come and go.' })
  cursor!: string;

  @Field(() => OptOutType, { description: 'The opt-out.' })
  node!: OptOutType;
}

@ObjectType('OptOutConnection', { description: 'A page of opt-outs, newest first.', simpleResolvers: true })
export class OptOutConnectionType {
  @Field(() => [OptOutEdgeType], { description: 'The opt-outs of the page, each with its cursor.' })
  edges!: OptOutEdgeType[];

  @Field(() => [OptOutType], { description: 'The opt-outs of the page without their cursors.' })
  nodes!: OptOutType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;
}

@InputType('OptOutFilter', {
  description: 'Which opt-outs to list. All conditions must hold. An absent one and `null` set none.',
})
export class OptOutFilterInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Those that a message from this number would meet, in E.164 format: its own, and those from all of your numbers. Error code: `INVALID_E164`.',
  })
  @Holds(E164_CODE, E164_MESSAGE, isE164)
  owner?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The recipient, in E.164 format. Error code: `INVALID_E164`.',
  })
  @Holds(E164_CODE, E164_MESSAGE, isE164)
  recipient?: string | null;
}
