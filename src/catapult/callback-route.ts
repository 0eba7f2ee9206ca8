/** POST /callbacks/catapult: stores first, then answers 200. After any other answer Catapult tries again for 24 hours. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../errors.js';
import { noteCode } from '../http/request-event.js';
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Correlation } from '../messaging/correlation.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { Clock, MessageStore, Taken } from '../messaging/ports.js';
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

/** One event of a callback, and what came of it. Holds no number and no text. */
export interface CallbackEventReport extends Taken {
  /** That of the callback that brought it. */
  readonly requestId: string;
  readonly kind: CallbackEvent['kind'];
  /** Catapult's id; null for what cannot be understood. */
  readonly messageId: string | null;
  /** The state of a delivery; null for other kinds. */
  readonly status: DeliveryEvent['status'] | null;
  /** Catapult's code of a failed delivery; null where it gave none. */
  readonly code: number | null;
  /** How long after its own time it came, in milliseconds; null where it has none. */
  readonly lateMs: number | null;
  /** How many events it stands for: more than one only for what cannot be understood. */
  readonly count: number;
}

export interface CallbackOptions {
  readonly store: Pick<MessageStore, 'take'>;
  readonly clock: Clock;
  readonly correlation: Correlation;
  /** Those that are accepted now; more than one while they are changed. */
  readonly credentials: () => readonly Credentials[];
  /** Called for each event once it is on disk. */
  readonly onEvent: (event: CallbackEventReport) => void;
  readonly onFailure: (requestId: string, error: unknown) => void;
  readonly onWrongCredentials: WrongCredentialsOptions['onWrong'];
  /** Called for each that brings none. */
  readonly onNoCredentials?: () => void;
  /** Is given each callback that is taken in, and does the work; null, as by default, where nobody follows it. */
  readonly around?: AroundCallback | null;
}

export type AroundCallback = (
  headers: IncomingHttpHeaders,
  /** Has its status once the work is done. */
  answer: { readonly statusCode: number },
  work: (onEvent: (event: CallbackEventReport) => void) => Promise<unknown>,
) => Promise<unknown>;

export async function takeCallbacks(routes: FastifyInstance, options: CallbackOptions): Promise<void> {
  const { around = null } = options;
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
      config: { shed: 'last', anyName: true },
      onRequest: async (request, reply) => {
        if (isAuthorized(request, expected())) return undefined;
        if (!hasCredentials(request)) {
          options.onNoCredentials?.();
          return challenge(reply);
        }
        const isTooMany = await wrong.taken(request.ip);
        noteRefusal(request, isTooMany ? 'RATE_LIMITED' : 'UNAUTHENTICATED');
        return isTooMany ? turnAway(reply) : challenge(reply);
      },
      handler:
        around === null
          ? (request, reply) => take(request, reply, options)
          : (request, reply) =>
              around(request.headers, reply, (onEvent) =>
                take(request, reply, {
                  ...options,
                  onEvent(event) {
                    options.onEvent(event);
                    onEvent(event);
                  },
                }),
              ),
    });
    done();
  });
}

async function take(request: FastifyRequest, reply: FastifyReply, options: CallbackOptions): Promise<FastifyReply> {
  const { store, clock, correlation, onEvent, onFailure } = options;
  const now = clock.now();
  const body = typeof request.body === 'string' ? request.body : '';
  try {
    for (const events of inGroups(parseCallback(body, correlation, now * 1000))) {
      const stored = await Promise.allSettled(events.map((event) => store.take(event, now)));
      for (const [index, event] of events.entries()) {
        const each = stored[index];
        if (each?.status === 'fulfilled') onEvent(reportOf(event, each.value, request.id, now));
      }
      const failed = stored.find((each) => each.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  } catch (error) {
    noteRefusal(request, 'STORE_UNAVAILABLE');
    onFailure(request.id, error);
    return reply.code(503).send({ status: 'not stored; try again' });
  }
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

function reportOf(event: CallbackEvent, taken: Taken, requestId: string, now: number): CallbackEventReport {
  const { kind } = event;
  const facts = { requestId, kind, messageId: null, status: null, code: null, lateMs: null, count: 1, ...taken };
  // A report may be dated in the future, by another clock than ours.
  const since = (time: number): number => Math.max(0, Math.round(now - time / 1000));
  switch (kind) {
    case 'delivery': {
      const { messageId, status, errorCode, time } = event.event;
      return { ...facts, messageId, status, code: errorCode, lateMs: since(time) };
    }
    case 'received':
      return { ...facts, messageId: event.message.id, lateMs: since(event.message.time) };
    case 'other':
      return { ...facts, messageId: event.event.messageId };
    case 'strange':
      return { ...facts, count: event.count };
  }
}

function noteRefusal({ facts }: FastifyRequest, code: ErrorCode): void {
  facts.transport = 'callback';
  noteCode(facts.codes, code);
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
