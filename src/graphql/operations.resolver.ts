/** What operators ask: where a message went, and how the server is. */
import 'reflect-metadata';
import { Arg, Ctx, Directive, ID, Query, Resolver } from 'type-graphql';
import { requireScope } from '../messaging/caller.js';
import type { HealthSource } from '../messaging/health.js';
import type { MessageService } from '../messaging/message-service.js';
import { masked } from '../messaging/trace.js';
import type { RequestContext } from './context.js';
import { healthType, HealthType } from './health.type.js';
import { messageTrace, MessageTraceType } from './trace.type.js';

/** What is searched without an index holds up others, a little at a time: people wait no longer than this. */
const SEARCH_MS = 3_000;

@Resolver()
export class OperationsResolver {
  readonly #messages: MessageService;
  readonly #source: HealthSource;

  constructor(messages: MessageService, source: HealthSource) {
    this.#messages = messages;
    this.#source = source;
  }

  @Directive('@inaccessible')
  @Query(() => MessageTraceType, {
    description:
      'For operators, with `operations:read`: the life of a message, by any id that somebody has of it. The ids of a message and of a send are found at once. For all others the newest sends are searched for some seconds: see `searchedSince`.',
  })
  async trace(
    @Arg('id', () => ID, {
      description:
        'The id of a message, of a send or of a request, an idempotency key of any caller, or the SHA-256 of one as the log has it.',
    })
    id: string,
    @Ctx() { caller }: RequestContext,
  ): Promise<MessageTraceType> {
    requireScope(caller, 'operations:read');
    const show = caller.scopes.has('messages:read-all') ? (number: string): string => number : masked;
    return messageTrace(await this.#messages.trace({ id }, show, SEARCH_MS));
  }

  @Directive('@inaccessible')
  @Query(() => HealthType, {
    description:
      'For operators, with `operations:read`: how this server is now, and what it did in the last hour. It is answered while the database is away, too. It is about all workers behind this port, but about no other instance.',
  })
  async health(@Ctx() { caller }: RequestContext): Promise<HealthType> {
    requireScope(caller, 'operations:read');
    return healthType(await this.#source.health());
  }
}
