/** POST /callbacks/catapult: stores first, then answers 200. After any other answer Catapult tries again for 24 hours. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Correlation } from '../messaging/correlation.js';
import type { Clock, MessageStore } from '../messaging/ports.js';
import { parseCallback } from './callback.js';
import { WrongCredentials, type WrongCredentialsOptions } from './wrong-credentials.js';

export const CALLBACK_PATH = '/callbacks/catapult';

/** Far more than any documented callback. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Events of one body that are read and stored together: what fits into one commit, so that even the longest body, some
 * 20,000 of the shortest events, does not hold up others or exceed what the store lets wait.
 */
const EVENTS_AT_ONCE = 256;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** How many events of each kind a callback brought. */
interface Counts {
  deliveries: number;
  received: number;
  other: number;
  strange: number;
}

export interface CallbackOptions {
  readonly store: Pick<MessageStore, 'take'>;
  readonly clock: Clock;
  readonly correlation: Correlation;
  /** Those that are accepted now; more than one while they are changed. */
  readonly credentials: () => readonly Credentials[];
  readonly onTaken: (counts: Readonly<Counts> & { readonly requestId: string }) => void;
  readonly onFailure: (requestId: string, error: unknown) => void;
  readonly onWrongCredentials: WrongCredentialsOptions['onWrong'];
}

export async function takeCallbacks(routes: FastifyInstance, options: CallbackOptions): Promise<void> {
  await routes.register((scope, _options, done) => {
    // A body that is not JSON becomes a dead letter, like any other that cannot be understood.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => {
      parsed(null, body.toString('utf8'));
    });
    const expected = digestsOf(options.credentials);
    const wrong = new WrongCredentials({ clock: options.clock, onWrong: options.onWrongCredentials });
    scope.addHook('preClose', () => {
      wrong.close();
    });
    scope.post(CALLBACK_PATH, {
      bodyLimit: BODY_LIMIT_BYTES,
      onRequest: async (request, reply) => {
        if (isAuthorized(request, expected())) return undefined;
        const isTooMany = hasCredentials(request) && (await wrong.taken(request.ip));
        return isTooMany ? turnAway(reply) : challenge(reply);
      },
      handler: (request, reply) => take(request, reply, options),
    });
    done();
  });
}

async function take(request: FastifyRequest, reply: FastifyReply, options: CallbackOptions): Promise<FastifyReply> {
  const { store, clock, correlation, onTaken, onFailure } = options;
  const now = clock.now();
  const body = typeof request.body === 'string' ? request.body : '';
  const counts = { deliveries: 0, received: 0, other: 0, strange: 0 };
  try {
    for (const events of inGroups(parseCallback(body, correlation, now * 1000))) {
      await Promise.all(events.map((event) => store.take(event, now)));
      for (const event of events) count(event, counts);
    }
  } catch (error) {
    onFailure(request.id, error);
    return reply.code(503).send({ status: 'not stored; try again' });
  }
  onTaken({ requestId: request.id, ...counts });
  return reply.code(200).send({ status: 'ok' });
}

/** Each group is read on demand, so that a long body does not block the event loop. */
function* inGroups(events: Iterable<CallbackEvent>): Generator<CallbackEvent[]> {
  let group: CallbackEvent[] = [];
  for (const event of events) {
    if (group.push(event) < EVENTS_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Each kind of event, as the log counts it. */
const COUNTED_AS = { delivery: 'deliveries', received: 'received', other: 'other', strange: 'strange' } as const;

function count(event: CallbackEvent, counts: Counts): void {
  counts[COUNTED_AS[event.kind]] += event.kind === 'strange' ? event.count : 1;
}

/** Catapult sends credentials only to a server that asks for them, so the first request of each callback is refused. */
function challenge(reply: FastifyReply): FastifyReply {
  return reply.code(401).header('www-authenticate', 'Basic realm="callbacks"').send({ status: 'unauthorized' });
}

/** On a connection of its own: the next guess begins with a new one. */
function turnAway(reply: FastifyReply): FastifyReply {
  return reply.code(429).header('connection', 'close').send({ status: 'too many wrong credentials' });
}

/** A request without any is upstream's usual first one, not a guess. */
function hasCredentials({ headers }: FastifyRequest): boolean {
  return (headers.authorization ?? '') !== '';
}

/** The digests of the credentials, made again only when these are others. */
function digestsOf(credentials: CallbackOptions['credentials']): () => readonly Buffer[] {
  let known: readonly Credentials[] = [];
  let digests: readonly Buffer[] = [];
  return () => {
    const current = credentials();
    if (current !== known) {
      known = current;
      digests = current.map(({ username, password }) => digest(`${username}:${password}`));
    }
    return digests;
  };
}

function isAuthorized({ headers }: FastifyRequest, expected: readonly Buffer[]): boolean {
  const [, encoded = ''] = /^Basic +([\w+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  const given = digest(Buffer.from(encoded, 'base64').toString('utf8'));
  // All are compared, so that the time does not show which one came close.
  return expected.map((each) => timingSafeEqual(given, each)).includes(true);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
