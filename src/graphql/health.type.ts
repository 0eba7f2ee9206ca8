/** How the server is, as the schema shows it to operators. */
import 'reflect-metadata';
import { Arg, Directive, Field, FieldResolver, Float, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { badArgument } from '../errors.js';
import { MINUTES_KEPT, type Health, type HealthMinute, type Part, type UnresolvedCount } from '../messaging/health.js';
import type { Lazy } from './connection.js';
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
@ObjectType('HealthMinute', { description: 'What happened in one minute.', simpleResolvers: true })
class HealthMinuteType {
  @Field(() => DateTime, { description: 'Its beginning.' })
  start!: number;

  @Field(() => Int, { description: 'How many sends Catapult accepted.' })
  accepted!: number;

  @Field(() => Int, {
    description: 'How many sends Catapult accepted without an id that could be read: they are unresolved.',
  })
  acceptedWithoutId!: number;

  @Field(() => Int, { description: 'How many sends were certainly not sent, after they had been claimed.' })
  notSent!: number;

  @Field(() => Int, { description: 'How many sends were perhaps sent: they are unresolved.' })
  unknown!: number;

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
    description:
      'From the time of an event that said something new, by the clock of Catapult, to its being stored here.',
  })
  callbackLag!: PercentilesType;
}

@Directive('@inaccessible')
@ObjectType('UnresolvedCount', {
  description: 'How many sends wait for somebody to settle them.',
  simpleResolvers: true,
})
class UnresolvedCountType {
  @Field(() => Int, { description: 'How many `unresolvedSends` there are, counted up to 1000.' })
  count!: number;

  @Field(() => Boolean, { description: 'Whether these are all; false if there are more.' })
  isExact!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'When the oldest of them started; null without any.' })
  oldestStartedAt!: number | null;
}

@Directive('@inaccessible')
@ObjectType('Health', {
  description:
    'How this server is: all workers behind its port together. Each of several instances says its own; metrics have them all.',
  simpleResolvers: true,
})
export class HealthType {
  @Field(() => Boolean, { description: 'Whether `missing` is empty: as `/ready` says.' })
  isReady!: boolean;

  @Field(() => [HealthPartEnum], { description: 'What is missing, in any of the workers.' })
  missing!: string[];

  @Field(() => UpstreamKindEnum, { description: 'Where messages go.' })
  upstream!: string;

  @Field(() => String, {
    description: 'Whether Catapult can be used as it is configured: `ok`, or what is wrong, in words without secrets.',
  })
  upstreamCheck!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the access token for Catapult ends; a new one is fetched before. Null where there is none.',
  })
  tokenEndsAt!: number | null;

  @Field(() => StoreKindEnum, { description: 'Where messages are kept.' })
  store!: string;

  @Field(() => UnresolvedCountType, {
    nullable: true,
    description: 'The sends that wait for somebody to settle them; null if the database does not answer.',
  })
  unresolved!: Lazy<UnresolvedCountType | null>;

  @Field(() => String, { description: 'The version of this software.' })
  version!: string;

  @Field(() => DateTime, { description: 'When this server started; of several workers, the first.' })
  startedAt!: number;

  @Field(() => DateTime, { description: "The server's clock." })
  time!: number;

  @Field(() => Int, {
    description: 'How many processes this is about. Of several workers, one that does not answer is not among them.',
  })
  processCount!: number;

  readonly lastMinutes!: Health['minutes'];
}

@Resolver(() => HealthType)
export class HealthMinutesResolver {
  @FieldResolver(() => [HealthMinuteType], {
    description:
      'What happened in each of the last minutes, the earliest first; the last one has not ended yet. It is kept in memory: nothing is known from before a start, also of a worker that was replaced.',
  })
  minutes(
    @Root() { lastMinutes }: HealthType,
    @Arg('last', () => Int, {
      nullable: true,
      defaultValue: MINUTES_KEPT,
      description: `How many minutes, 1 to ${MINUTES_KEPT}. Error code: \`INVALID_PAGE_SIZE\`.`,
    })
    last: number | null,
  ): HealthMinuteType[] {
    const wanted = last ?? MINUTES_KEPT;
    if (wanted >= 1 && wanted <= MINUTES_KEPT) return lastMinutes(wanted).map(minuteType);
    const limits = { min: 1, max: MINUTES_KEPT };
    throw badArgument('last', 'INVALID_PAGE_SIZE', `Must be between 1 and ${MINUTES_KEPT}.`, limits);
  }
}

/** How the server is, as the schema shows it. */
export function healthType(health: Health): HealthType {
  const { missing, upstream, upstreamCheck, tokenEndsAtMs, store, version, startedAtMs, now, processes } = health;
  return {
    isReady: missing.length === 0,
    missing: missing.map((part) => PARTS[part]),
    upstream: upstream.toUpperCase(),
    upstreamCheck,
    tokenEndsAt: instant(tokenEndsAtMs),
    store: store.toUpperCase(),
    unresolved: async () => unresolvedType(await health.unresolved()),
    version,
    startedAt: startedAtMs * 1000,
    time: now * 1000,
    processCount: processes,
    lastMinutes: health.minutes,
  };
}

const instant = (timeMs: number | null): number | null => (timeMs === null ? null : Math.floor(timeMs) * 1000);

const unresolvedType = (found: UnresolvedCount | null): UnresolvedCountType | null =>
  found && { count: found.count, isExact: found.isExact, oldestStartedAt: instant(found.oldestMs) };

function minuteType({ startMs, sends, ...minute }: HealthMinute): HealthMinuteType {
  const { ACCEPTED, ACCEPTED_WITHOUT_ID, NOT_SENT, UNKNOWN } = sends;
  return {
    ...minute,
    ...{ start: startMs * 1000, accepted: ACCEPTED, acceptedWithoutId: ACCEPTED_WITHOUT_ID },
    ...{ notSent: NOT_SENT, unknown: UNKNOWN },
  };
}
