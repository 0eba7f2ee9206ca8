/** The schema for somebody else's GraphQL server. */
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { takeCallbacks } from './catapult/callback-route.js';
import { openAll, type Closing } from './closing.js';
import type { Config } from './config/config.js';
import { contextFactory, type RequestContext } from './graphql/context.js';
import { errorFormatter, type ErrorFormatter } from './graphql/public-error.js';
import { buildMessagingSchema } from './graphql/schema.js';
import { createHttpHost, type HttpHost } from './http/host.js';
import {
  areNumbers,
  DEFAULT_SCOPES,
  inBoth,
  isCallerName,
  MAX_NUMBERS,
  sendersOf,
  type Scope,
} from './messaging/caller.js';
import { openParts, type AppOptions, type Parts } from './parts.js';
import { watchEventLoop } from './telemetry/event-loop.js';
import { Readiness } from './telemetry/readiness.js';

/** Who asks, and the id of the request in the log. */
export interface RequestFacts {
  /**
   * The name of whoever signed in to your server: 1 to 255 characters of Unicode, none of them U+0000, and not
   * beginning with `server:`; anything else is a RangeError. Callers that `config.auth.senders` names may send from those
   * numbers only, and read their messages.
   */
  readonly caller: string;
  /**
   * The numbers that the caller may send from, and whose messages it may read, if your sign-in knows: at most 100, in
   * E.164 format; anything else is a RangeError. Of a caller that `config.auth.senders` names, those that are in both.
   */
  readonly numbers?: readonly string[];
  /** What the caller may do; sending, and reading what it sent, by default. */
  readonly scopes?: readonly Scope[];
  readonly requestId?: string;
}

export interface MessagingSchema {
  /** Executable, and a federation 2 subgraph. */
  readonly schema: GraphQLSchema;
  /**
   * The context value that the resolvers need: a new one for each operation, since it holds what that operation may
   * still read. Each caller has its own idempotency keys, so `caller` must come from your own sign-in.
   */
  readonly contextFor: (request: RequestFacts) => RequestContext;
  /** Apollo Server's `formatError`: codes as docs/errors.md lists them, and nothing of the input in a message. */
  readonly formatError: ErrorFormatter;
  /** Takes Catapult's callbacks at `/callbacks/catapult`: hand it the requests for that path, with their bodies unread. */
  readonly callbackHandler: RequestListener;
  /** Stores what is known of every send, and closes all. Stop taking requests first. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the store and, without an account at Catapult, the sandbox, and makes the schema over both. Limits on documents,
 * bodies and time are the embedding server's to set.
 *
 * @throws when the store cannot be opened; then nothing stays open.
 */
export function createMessagingSchema(config: Config, options: AppOptions = {}): Promise<MessagingSchema> {
  return openAll(async (closing) => {
    const parts = await openParts(closing, config, options);
    const { messages, policy, optOuts, numbers, feed, changes, attachments } = parts;
    const { onInternalError } = parts.journal;
    const { lagMs, close: stopWatching } = watchEventLoop();
    closing.add(stopWatching);
    // Whoever embeds the schema has a log of its own probes.
    const health = parts.healthOver(new Readiness({ checks: parts.checks, lagMs, onChange: () => undefined }));
    const schema = buildMessagingSchema({ messages, policy, optOuts, numbers, health });
    const newContext = contextFactory({ messages, feed, changes, attachments, optOuts, onInternalError });
    const callbackHost = await openCallbackHost(closing, config, parts);
    parts.watchUpstream();
    return {
      schema,
      contextFor({ caller, numbers, scopes = DEFAULT_SCOPES, requestId = randomUUID() }) {
        if (!isCallerName(caller)) {
          throw new RangeError('A caller has 1 to 255 characters, none of them U+0000, and begins with no `server:`.');
        }
        if (!areNumbers(numbers ?? [])) {
          throw new RangeError(`A caller has at most ${MAX_NUMBERS} numbers, all in E.164 format.`);
        }
        const senders = inBoth(numbers === undefined ? null : new Set(numbers), sendersOf(caller, config.auth.senders));
        const marks = { requestId, traceId: null, codes: [] };
        return newContext(marks, { caller: { name: caller, scopes: new Set(scopes), senders }, expiresAt: null });
      },
      formatError: errorFormatter(schema, { introspection: config.introspection }),
      callbackHandler: (request, response) => {
        callbackHost.routes.routing(request, response);
      },
      close: closing.close,
    };
  });
}

async function openCallbackHost(closing: Closing, config: Config, parts: Parts): Promise<HttpHost> {
  const { corsOrigins, trustedProxies } = config;
  // Whoever embeds the schema has probes of its own.
  const readiness = (): Promise<object> => Promise.resolve({});
  const { onRequest, onInternalError } = parts.journal;
  const host = await createHttpHost({ onRequest, onInternalError, readiness, corsOrigins, trustedProxies });
  if (parts.callbacks !== null) await takeCallbacks(host.routes, parts.callbacks);
  await host.routes.ready();
  closing.add(() => host.close());
  return host;
}
