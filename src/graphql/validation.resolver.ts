/** What a form asks before anything is sent: whether a message may be sent, and how a number is written. */
import 'reflect-metadata';
import { Arg, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { badArgument, type FieldError, type FieldErrorCode } from '../errors.js';
import { requireScope, type Caller } from '../messaging/caller.js';
import type { OutboundMessage } from '../messaging/message.js';
import { recipientOptedOut } from '../messaging/message-service.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import { isE164, isRegion, normalizeNumber, type NormalizedNumber } from '../messaging/region.js';
import { segmentsOf, type Segmentation } from '../messaging/segments.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import type { RequestContext } from './context.js';
import { MAX_MEDIA, MAX_RECIPIENTS, MAX_TEXT_LENGTH, MessageInput, requestedMessage } from './message.input.js';
import { FieldErrorType } from './message.problem.js';
import { MessagePreviewType } from './message.type.js';
import { MAX_FIELD_ERRORS, mistakesOf } from './rule.js';

/** In UTF-16 units. E.164 has 15 digits; people put brackets, spaces and `tel:` around them. */
const MAX_NUMBER_LENGTH = 64;

/** The policy cannot judge such a value: whatever it finds wrong with it is not the reason. */
const MALFORMED: ReadonlySet<FieldErrorCode> = new Set<FieldErrorCode>(['INVALID_E164', 'INVALID_MEDIA_URL']);

@ObjectType('MessageValidation', {
  description: 'What this server has against an input, and how its text would be split.',
  simpleResolvers: true,
})
class MessageValidationType {
  @Field(() => [FieldErrorType], {
    description:
      'Every mistake that `submitMessage` would refuse the input for now, and at once what the operator does not allow; empty if there is none. Limits of sends are not looked at, and Catapult may still refuse the message.',
  })
  fieldErrors!: readonly FieldError[];

  @Field(() => MessagePreviewType, {
    description: 'The segments of the text; of its first 2048 UTF-16 units if it is longer.',
  })
  preview!: Segmentation;
}

@ObjectType('NormalizedNumber', {
  description: 'The telephone number that somebody meant. Both fields are null if it is none.',
  simpleResolvers: true,
})
class NormalizedNumberType {
  @Field(() => String, { nullable: true, description: 'The number in E.164 format, as `MessageInput` takes it.' })
  number!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The ISO 3166 code of the region that the number belongs to; null for numbers of no region, such as those of satellites, and where it is not known.',
  })
  region!: string | null;
}

const NO_NUMBER = { number: null, region: null } as const;

@Resolver()
export class ValidationResolver {
  readonly #policy: SendPolicy;
  readonly #optOuts: OptOuts;

  constructor(policy: SendPolicy, optOuts: OptOuts) {
    this.#policy = policy;
    this.#optOuts = optOuts;
  }

  @Query(() => MessageValidationType, {
    description:
      'Looks at a message without sending, storing or counting anything. Mistakes are data here, and no errors. Needs `messages:send`.',
  })
  async validateMessage(
    @Arg('input', () => MessageInput, { description: 'The message that would be sent.' }) input: MessageInput,
    @Ctx() { caller }: RequestContext,
  ): Promise<MessageValidationType> {
    requireScope(caller, 'messages:send');
    return { fieldErrors: await this.#mistakesOf(input, caller), preview: segmentsOf(beginningOf(input.text)) };
  }

  @Query(() => NormalizedNumberType, {
    description:
      'The telephone number that somebody meant by a text: with spaces, brackets, `tel:` or a national prefix, in digits of several scripts. It is none if it has words, letters for digits or an extension, or if its country has no numbers of this length.',
  })
  normalizeNumber(
    @Arg('text', () => String, {
      description: 'What somebody typed or pasted, at most 64 UTF-16 units. Error code: `NUMBER_TOO_LONG`.',
    })
    text: string,
    @Arg('region', () => String, {
      nullable: true,
      description:
        'The ISO 3166 code of the region whose national numbers are meant: `US`. Without one, a number must begin with `+`. Error code: `INVALID_REGION`.',
    })
    region: string | null,
  ): NormalizedNumber | typeof NO_NUMBER {
    if (text.length > MAX_NUMBER_LENGTH) {
      const parameters = { max: MAX_NUMBER_LENGTH, actual: text.length };
      throw badArgument('text', 'NUMBER_TOO_LONG', `Must have at most ${MAX_NUMBER_LENGTH} characters.`, parameters);
    }
    if (region != null && !isRegion(region)) {
      throw badArgument('region', 'INVALID_REGION', 'Must be an ISO 3166 code in capitals such as US.');
    }
    return normalizeNumber(text, region ?? null) ?? NO_NUMBER;
  }

  /** Of the lists, policy and consent judge as many entries as a message may have: longer ones cost no more. */
  async #mistakesOf(input: MessageInput, caller: Caller): Promise<readonly FieldError[]> {
    const broken = mistakesOf('input', input);
    const malformed = new Set(broken.filter(({ code }) => MALFORMED.has(code)).map(({ path }) => path.join('.')));
    // Which application it belongs to cannot be known, then, and may be known once it is written right.
    if (malformed.has('input.from')) malformed.add('input.applicationId');
    const { to, media, ...message } = requestedMessage(input);
    const judged = { ...message, to: to.slice(0, MAX_RECIPIENTS), media: media.slice(0, MAX_MEDIA) };
    const notAllowed = this.#policy.mistakesOf(judged, caller).filter(({ path }) => !malformed.has(path.join('.')));
    const isJudged = ({ senders }: Caller): boolean => senders?.has(judged.from) ?? true;
    const optedOut = isJudged(caller) ? await this.#optedOutIn(judged) : [];
    return [...broken, ...notAllowed, ...optedOut].slice(0, MAX_FIELD_ERRORS);
  }

  /** The recipients who want no messages from this number. Nobody can be that who has no number. */
  async #optedOutIn({ from, to }: Pick<OutboundMessage, 'from' | 'to'>): Promise<readonly FieldError[]> {
    const places = [...to.keys()].filter((place) => isE164(from) && isE164(to[place] ?? ''));
    const areOut = await this.#optOuts.areOptedOut(
      places.map((place) => ({ owner: from, recipient: to[place] ?? '' })),
    );
    return places.filter((_, index) => areOut[index]).map(recipientOptedOut);
  }
}

/** As much of a text as a message may have, without half of a surrogate pair: an answer must be Unicode. */
function beginningOf(text: string): string {
  const splitsPair = (text.codePointAt(MAX_TEXT_LENGTH - 1) ?? 0) > 0xffff;
  return text.slice(0, splitsPair ? MAX_TEXT_LENGTH - 1 : MAX_TEXT_LENGTH).toWellFormed();
}
