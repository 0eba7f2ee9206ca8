/** The operations on messages. */
import 'reflect-metadata';
import { Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Message } from '../messaging/message.js';
import type { MessageService } from '../messaging/message-service.js';
import { segmentsOf, type Segmentation } from '../messaging/segments.js';
import type { RequestContext } from './context.js';
import { MessageInput, MessagePreviewInput, outboundMessage } from './message.input.js';
import { MessagePreviewType, MessageType } from './message.type.js';
import { InputArg } from './rule.js';

@Resolver(() => MessageType)
export class MessageResolver {
  readonly #messages: MessageService;

  constructor(messages: MessageService) {
    this.#messages = messages;
  }

  @Query(() => MessagePreviewType, {
    description: 'Tells how a text would be encoded and split into segments. Sends nothing.',
  })
  previewMessage(
    @InputArg('input', () => MessagePreviewInput, 'The text to look at.') input: MessagePreviewInput,
  ): Segmentation {
    return segmentsOf(input.text);
  }

  @Mutation(() => MessageType, {
    nullable: true,
    description:
      'Sends a message, at most once, and returns it as Catapult accepted it: queued, not yet delivered. A failure is an entry in `errors` whose `extensions.outcome` says `NOT_SENT` or `UNKNOWN`; this field is then null, and other sends of the same operation keep their answers.',
  })
  sendMessage(
    @InputArg('input', () => MessageInput, 'The message to send.') input: MessageInput,
    @Ctx() context: RequestContext,
  ): Promise<Message> {
    return this.#messages.send(outboundMessage(input), context.requestId);
  }
}
