/** What operators do about a number as such. */
import 'reflect-metadata';
import { Arg, Ctx, Directive, Field, ID, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireScope } from '../messaging/caller.js';
import type { Forgotten, Numbers } from '../messaging/forgetting.js';
import type { RequestContext } from './context.js';

@Directive('@inaccessible')
@ObjectType('ForgetResult', {
  description: 'What was removed when a number was forgotten.',
  simpleResolvers: true,
})
export class ForgetResultType implements Forgotten {
  @Field(() => Int, { description: 'How many messages were removed, and sends without a message.' })
  messages!: number;

  @Field(() => Int, { description: 'How many stored callbacks that named the number were removed.' })
  callbacks!: number;

  @Field(() => Int, {
    description:
      'How many entries about consent were removed. An opt-out stays as a digest: nothing is sent to the number, and nobody can read it.',
  })
  consent!: number;

  @Field(() => [ID], {
    description:
      'The ids of sends from or to the number that stay, since nobody knows their outcome: at most 100. Settle them, and forget the number again.',
  })
  unresolved!: readonly string[];

  @Field(() => Boolean, {
    description:
      "Whether nothing of it is left in unused space of the database's files. If false, clear them when there is time: see docs/data.md.",
  })
  areFilesClear!: boolean;
}

@Resolver()
export class NumberResolver {
  readonly #numbers: Numbers;

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  @Directive('@inaccessible')
  @Mutation(() => ForgetResultType, {
    nullable: true,
    description:
      'For operators, with `operations:write`: removes everything that is stored about a number, for good: messages from it and to it, also those of groups, stored callbacks, consent, and copies of files. The audit records who did it and why, and a digest of the number. Repeating the call is harmless, and removes what came since. It takes seconds for each million messages in the database.',
  })
  forgetNumber(
    @Arg('number', () => String, {
      description: 'The number, in E.164 format, or a short code of 3 to 8 digits. Error code: `INVALID_E164`.',
    })
    number: string,
    @Arg('reason', () => String, {
      nullable: true,
      description:
        'Why, for the audit: at most 1000 characters, without the number. Error codes: `REASON_TOO_LONG`, `INVALID_CHARACTER`, `REASON_NAMES_NUMBER`.',
    })
    reason: string | null,
    @Ctx() { caller }: RequestContext,
  ): Promise<Forgotten> {
    requireScope(caller, 'operations:write');
    return this.#numbers.forget({ number, by: `caller:${caller.name}`, reason: reason ?? null });
  }
}
