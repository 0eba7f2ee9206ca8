/** How the server is, as the schema shows it to operators. */
import 'reflect-metadata';
import { Arg, Directive, Field, FieldResolver, Float, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { badArgument } from '../errors.js';
import { MINUTES_KEPT, type Health, type HealthMinute, type Part, type UnresolvedCount } from '../messaging/health.js';
import { DateTime } from './date-time.js';
import { registerEnum } from './message.type.js';

const PARTS = {
  store: 'STORE',
  disk: 'DISK',
  eventLoop: 'EVENT_LOOP',
  draining: 'DRAINING',
} as const satisfies Readonly<Record<Part, string>>;

export const HealthPartEnum = registerEnum<(typeof PARTS)[Part]>('HealthPart', 'What an instance cannot do without.', {
  STORE: 'The database answers, and can be written.',
  DISK: 'There is enough free space on the disk.',
  EVENT_LOOP: 'The process gets to its work in time.',
  DRAINING: 'It is about to stop, and gets no new requests.',
});

export const StoreKindEnum = registerEnum<Uppercase<Health['store']>>('StoreKind', 'Where messages are kept.', {
  SQLITE: 'In a file of this server.',
  POSTGRES: 'In a PostgreSQL database, which several instances may share.',
});

export const UpstreamKindEnum = registerEnum<Uppercase<Health['upstream']>>('UpstreamKind', 'Where messages go.', {
  CATAPULT: 'To Catapult: each costs money and reaches a telephone.',
  SANDBOX: 'To the built-in sandbox: they reach nobody.',
});

@Directive('@inaccessible')
@ObjectType('HealthPercentiles', {
  description: 'How long something took, to about a tenth. Both are null if it did not happen.',
  simpleResolvers: true,
})
class PercentilesType {
  @Field(() => Float, { nullable: true, description: 'Half of them took no longer, in milliseconds.' })
  p50Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '99 of 100 took no longer, in milliseconds.' })
  p99Ms!: number | null;
}

@Directive('@inaccessible')
@ObjectType('HealthMinute', { description: 'What happened in one minute.' })
export class HealthMinuteType {
  @Field(() => PercentilesType, {
    description:
      'How long Catapult took for the last attempts of sends, the wait for a token and a connection included.',
  })
  upstream!: PercentilesType;

  @Field(() => Int, {
    description: 'How many events came in callbacks and were stored; repetitions are among them.',
  })
  callbackEvents!: number;

  @Field(() => PercentilesType, {
    description: 'From the time of such an event, by the clock of Catapult, to its being stored here.',
  })
  callbackLag!: PercentilesType;
}

@Resolver(() => HealthMinuteType)
export class HealthMinuteResolver {
  @FieldResolver(() => DateTime, { description: 'Its beginning.' })
  start(@Root() { startMs }: HealthMinute): number {
    return startMs * 1000;
  }

  @FieldResolver(() => Int, { description: 'How many sends Catapult accepted.' })
  accepted(@Root() { sends }: HealthMinute): number {
    return sends.ACCEPTED;
  }

  @FieldResolver(() => Int, {
    description: 'How many sends Catapult accepted without an id that could be read: they are unresolved.',
  })
  acceptedWithoutId(@Root() { sends }: HealthMinute): number {
    return sends.ACCEPTED_WITHOUT_ID;
  }

  @FieldResolver(() => Int, { description: 'How many sends were certainly not sent, after they had been claimed.' })
  notSent(@Root() { sends }: HealthMinute): number {
    return sends.NOT_SENT;
  }

  @FieldResolver(() => Int, { description: 'How many sends were perhaps sent: they are unresolved.' })
  unknown(@Root() { sends }: HealthMinute): number {
    return sends.UNKNOWN;
  }
}

@Directive('@inaccessible')
@ObjectType('UnresolvedCount', { description: 'How many sends wait for somebody to settle them.' })
export class UnresolvedCountType {
  @Field(() => Int, { description: 'How many `unresolvedSends` there are, counted up to 1000.' })
  count!: number;

  @Field(() => Boolean, { description: 'Whether these are all; false if there are more.' })
  isExact!: boolean;
}

@Resolver(() => UnresolvedCountType)
export class UnresolvedCountResolver {
  @FieldResolver(() => DateTime, { nullable: true, description: 'When the oldest of them started; null without any.' })
  oldestStartedAt(@Root() { oldestMs }: UnresolvedCount): number | null {
    return oldestMs === null ? null : oldestMs * 1000;
  }
}

@Directive('@inaccessible')
@ObjectType('Health', {
  description:
    'How this server is: all workers behind its port together. Each of several instances says its own; metrics have them all.',
})
export class HealthType {
  @Field(() => String, {
    description: 'Whether Catapult can be used as it is configured: `ok`, or what is wrong, in words without secrets.',
  })
  upstreamCheck!: string;

  @Field(() => String, { description: 'The version of this software.' })
  version!: string;

  @Field(() => UnresolvedCountType, {
    nullable: true,
    description: 'The sends that wait for somebody to settle them; null if the database does not answer.',
  })
  unresolved!: () => Promise<UnresolvedCountType | null>;
}

@Resolver(() => HealthType)
export class HealthResolver {
  @FieldResolver(() => Boolean, { description: 'Whether `missing` is empty: as `/ready` says.' })
  isReady(@Root() { missing }: Health): boolean {
    return missing.length === 0;
  }

  @FieldResolver(() => [HealthPartEnum], { description: 'What is missing, in any of the workers.' })
  missing(@Root() { missing }: Health): string[] {
    return missing.map((part) => PARTS[part]);
  }

  @FieldResolver(() => UpstreamKindEnum, { description: 'Where messages go.' })
  upstream(@Root() { upstream }: Health): string {
    return upstream.toUpperCase();
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'When the access token for Catapult ends, a new one is fetched before; null where there is none.',
  })
  tokenEndsAt(@Root() { tokenEndsAtMs }: Health): number | null {
    return tokenEndsAtMs === null ? null : tokenEndsAtMs * 1000;
  }

  @FieldResolver(() => StoreKindEnum, { description: 'Where messages are kept.' })
  store(@Root() { store }: Health): string {
    return store.toUpperCase();
  }

  @FieldResolver(() => DateTime, { description: 'When this server started; of several workers, the first.' })
  startedAt(@Root() { startedAtMs }: Health): number {
    return startedAtMs * 1000;
  }

  @FieldResolver(() => DateTime, { description: "The server's clock." })
  time(@Root() { now }: Health): number {
    return now * 1000;
  }

  @FieldResolver(() => Int, {
    description: 'How many processes this is about. Of several workers, one that does not answer is not among them.',
  })
  processCount(@Root() { processes }: Health): number {
    return processes;
  }

  @FieldResolver(() => [HealthMinuteType], {
    description:
      'What happened in each of the last minutes, the earliest first; the last one has not ended yet. It is kept in memory: nothing is known from before a start, also of a worker that was replaced.',
  })
  minutes(
    @Root() health: Health,
    @Arg('last', () => Int, {
      nullable: true,
      defaultValue: MINUTES_KEPT,
      description: `How many minutes, 1 to ${MINUTES_KEPT}. Error code: \`INVALID_PAGE_SIZE\`.`,
    })
    last: number | null,
  ): HealthMinute[] {
    const wanted = last ?? MINUTES_KEPT;
    if (wanted >= 1 && wanted <= MINUTES_KEPT) return health.minutes(wanted);
    const limits = { min: 1, max: MINUTES_KEPT };
    throw badArgument('last', 'INVALID_PAGE_SIZE', `Must be between 1 and ${MINUTES_KEPT}.`, limits);
  }
}
