/** The attachments of a message, which a page can show. */
import 'reflect-metadata';
import { Ctx, Directive, Field, FieldResolver, ObjectType, Resolver, Root } from 'type-graphql';
import type { Attachment } from '../messaging/attachment.js';
import type { Message } from '../messaging/message.js';
import type { RequestContext } from './context.js';
import { DateTime } from './date-time.js';
import { MessageType, PERSONAL } from './message.type.js';

@ObjectType('MessageAttachment', {
  description: 'A file of a message: a picture, a recording, a contact.',
  simpleResolvers: true,
})
export class AttachmentType implements Attachment {
  @Directive(PERSONAL)
  @Field(() => String, {
    nullable: true,
    description:
      'Where to read it, also without credentials: use it in `<img src>` at once, and do not keep it. What you attached from elsewhere keeps its URL. For files that Catapult keeps it is an address of this server, which ends after 15 to 20 minutes: then ask again. Null once Catapult has deleted the file, and where the schema runs in another server.',
  })
  url!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Its media type, by the ending of its name: `image/jpeg`; null if that says nothing.',
  })
  contentType!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'Its name; null if it has none.' })
  name!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When Catapult deletes it, 48 hours after it came; null if it is kept elsewhere, or copied here for as long as the operator likes.',
  })
  availableUntil!: number | null;
}

@Resolver(() => MessageType)
export class AttachmentResolver {
  @FieldResolver(() => [AttachmentType], {
    description:
      'The files of the message that can be shown, in their order; empty for an SMS. Parts that only lay out the others (SMIL) are left out.',
  })
  attachments(@Root() message: Message, @Ctx() { attachmentsOf }: RequestContext): Promise<Attachment[]> {
    return attachmentsOf(message);
  }
}
