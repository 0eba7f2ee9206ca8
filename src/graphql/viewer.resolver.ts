/** What a caller may know of itself: who it is here, and what it may do. */
import 'reflect-metadata';
import { Ctx, Directive, Field, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { SCOPES, type Caller } from '../messaging/caller.js';
import type { MessageService } from '../messaging/message-service.js';
import type { Limit, LimitLeft, LimitsLeft } from '../messaging/ports.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import type { Lazy } from './connection.js';
import type { RequestContext } from './context.js';
import { DateTime } from './date-time.js';
import { PERSONAL } from './message.type.js';

@ObjectType('ViewerNumber', { description: 'A telephone number of the account.', simpleResolvers: true })
class ViewerNumberType {
  @Directive(PERSONAL)
  @Field(() => String, { description: 'The number in E.164 format, as `MessageInput.from` takes it.' })
  number!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'The application that the number belongs to: `MessageInput.applicationId` may be left out then. Null if the operator named none, and the input must name it.',
  })
  applicationId!: string | null;
}

@ObjectType('SendLimitRule', { description: 'How many messages may be sent in a time.', simpleResolvers: true })
class SendLimitRuleType {
  @Field(() => Int, { description: 'How many messages; a group message counts once for each recipient.' })
  limit!: number;

  @Field(() => Int, { description: 'In how many seconds, from the first message that counts.' })
  windowSeconds!: number;
}

@ObjectType('ViewerLimit', { description: 'A limit, and what is left of it.', simpleResolvers: true })
class ViewerLimitType implements SendLimitRuleType {
  @Field(() => Int, { description: 'How many messages; a group message counts once for each recipient.' })
  limit!: number;

  @Field(() => Int, { description: 'In how many seconds, from the first message that counts.' })
  windowSeconds!: number;

  @Field(() => Int, { description: 'How many messages more may be sent now. 0: a send is refused, `RATE_LIMITED`.' })
  remaining!: number;

  @Field(() => DateTime, { nullable: true, description: 'When all of it is left again; null if it is now.' })
  resetsAt!: number | null;
}

@ObjectType('ViewerLimits', {
  description: 'The limits of your sends. Each is null if there is none.',
  simpleResolvers: true,
})
class ViewerLimitsType {
  @Field(() => ViewerLimitType, {
    nullable: true,
    description:
      'The limit on all that you send. Of several, the one that most of is used up, by its share; if equally much is, the one of the longest time.',
  })
  sends!: ViewerLimitType | null;

  @Field(() => SendLimitRuleType, {
    nullable: true,
    description: 'The limit on what you send to one recipient; of several, the one of the longest time.',
  })
  perRecipient!: SendLimitRuleType | null;

  @Field(() => SendLimitRuleType, {
    nullable: true,
    description:
      'The limit on what all callers together send to one recipient; of several, the one of the longest time.',
  })
  perRecipientOverall!: SendLimitRuleType | null;
}

@ObjectType('Viewer', {
  description: 'You, as this server knows you: whoever the key or token of the request belongs to.',
  simpleResolvers: true,
})
class ViewerType {
  @Directive(PERSONAL)
  @Field(() => String, {
    description: 'Your name here: that of your key, or `jwt:` and the subject of your token. `Send.caller` has it.',
  })
  name!: string;

  @Field(() => [String], { description: 'The scopes that you have, such as `messages:send`.' })
  scopes!: string[];

  @Field(() => [ViewerNumberType], {
    description:
      'The numbers that you may send from, as far as this server knows them, sorted. If `isAnyNumberAllowed` is false, these are all, and with `messages:read` you also see their messages.',
  })
  numbers!: ViewerNumberType[];

  @Field(() => Boolean, {
    description: 'Whether you may send from every number of the account, also from those that `numbers` lacks.',
  })
  isAnyNumberAllowed!: boolean;

  @Field(() => ViewerLimitsType, { description: 'What is left of your limits now. Asking counts nothing.' })
  limits!: Lazy<Promise<ViewerLimitsType>>;

  @Field(() => [String], {
    nullable: true,
    description: 'The regions that may be sent to, as ISO 3166 codes such as `US`; null for all.',
  })
  allowedRegions!: string[] | null;

  @Field(() => Boolean, {
    description: 'Whether this server keeps who wants no messages, and refuses sends to them: see `optOuts`.',
  })
  isConsentKept!: boolean;
}

@Resolver()
export class ViewerResolver {
  readonly #messages: MessageService;
  readonly #policy: SendPolicy;
  readonly #optOuts: Pick<OptOuts, 'isKept'>;

  constructor(messages: MessageService, policy: SendPolicy, optOuts: Pick<OptOuts, 'isKept'>) {
    this.#messages = messages;
    this.#policy = policy;
    this.#optOuts = optOuts;
  }

  @Query(() => ViewerType, {
    description:
      'Who you are here, and what you may do: what a screen shows or hides before anything is asked or sent. It needs no scope.',
  })
  viewer(@Ctx() { caller }: RequestContext): ViewerType {
    const { allowedRegions } = this.#policy;
    return {
      name: caller.name,
      scopes: SCOPES.filter((scope) => caller.scopes.has(scope)),
      numbers: this.#numbersOf(caller),
      isAnyNumberAllowed: caller.senders === null && caller.scopes.has('messages:send'),
      // Read only if it is asked for: all else is told while the database is away.
      limits: async () => viewerLimits(await this.#messages.limitsLeft(caller.name)),
      allowedRegions: allowedRegions && [...allowedRegions],
      isConsentKept: this.#optOuts.isKept,
    };
  }

  /** Whoever may not send from all numbers is told of its own ones alone. */
  #numbersOf({ senders, scopes }: Caller): ViewerNumberType[] {
    const { applicationIds } = this.#policy;
    const known = scopes.has('messages:send') ? applicationIds.keys() : [];
    return Array.from(senders ?? known)
      .sort()
      .map((number) => ({ number, applicationId: applicationIds.get(number) ?? null }));
  }
}

function viewerLimits({ perCaller, perRecipient, perRecipientOverall }: LimitsLeft): ViewerLimitsType {
  const sends = firstOf(perCaller, byShareLeft);
  return {
    sends: sends && limitOf(sends),
    perRecipient: longestOf(perRecipient),
    perRecipientOverall: longestOf(perRecipientOverall),
  };
}

function limitOf({ limit: { count, windowSeconds }, remaining, resetsAtMs }: LimitLeft): ViewerLimitType {
  return { limit: count, windowSeconds, remaining, resetsAt: resetsAtMs === null ? null : resetsAtMs * 1000 };
}

const ruleOf = ({ count, windowSeconds }: Limit): SendLimitRuleType => ({ limit: count, windowSeconds });
const byLength = (a: Limit, b: Limit): number => b.windowSeconds - a.windowSeconds;
const shareLeft = ({ limit, remaining }: LimitLeft): number => remaining / limit.count;
const byShareLeft = (a: LimitLeft, b: LimitLeft): number => shareLeft(a) - shareLeft(b) || byLength(a.limit, b.limit);

const firstOf = <Entry>(list: readonly Entry[], order: (a: Entry, b: Entry) => number): Entry | null =>
  list.toSorted(order)[0] ?? null;

function longestOf(limits: readonly Limit[]): SendLimitRuleType | null {
  const longest = firstOf(limits, byLength);
  return longest && ruleOf(longest);
}
