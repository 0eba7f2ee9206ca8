/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Who failed a message. */
export type FailureOrigin =
  /** The messaging service. */
  | 'BANDWIDTH'
  /** The recipient's carrier. */
  | 'CARRIER'
  /** The sender's side: numbers, content or permissions. Sending it again fails again. */
  | 'CLIENT'
  /** Catapult itself does not know. */
  | 'UNCLEAR';

/** Which way a message went. */
export type MessageDirection =
  /** From a telephone to one of your numbers. */
  | 'IN'
  /** From one of your numbers to a telephone. */
  | 'OUT';

/** Which messages to list; all conditions must hold. */
export type MessageFilter = {
  /** The sender's number, exactly. */
  from?: string | null | undefined;
  /** Messages of this instant or later. */
  since?: string | null | undefined;
  /** What has become of the message. */
  status?: MessageStatus | null | undefined;
  /** The tag, exactly. */
  tag?: string | null | undefined;
  /** A recipient's number, exactly; any recipient of a group message. */
  to?: string | null | undefined;
  /** Messages before this instant. */
  until?: string | null | undefined;
};

/** A message to send: an SMS, an MMS when it has media, a group message when it has several recipients. */
export type MessageInput = {
  /** The id of the application that `from` belongs to in the phone number dashboard. Not the account. Error codes: `APPLICATION_ID_REQUIRED`, `APPLICATION_ID_TOO_LONG`, `INVALID_CHARACTER`. */
  applicationId: string;
  /** One of your telephone numbers, in E.164 format: `+19195551212`. Error code: `INVALID_E164`. */
  from: string;
  /** Your own name for this send, 1 to 255 of `A-Z a-z 0-9 _ : . -`. The same key with the same input gets the first answer again instead of a second message; it lives 72 hours, and as long as the outcome is open. Error codes: `INVALID_IDEMPOTENCY_KEY`, and `IDEMPOTENCY_KEY_REUSED` for another input. */
  idempotencyKey?: string | null | undefined;
  /** Attachments, at most 10: absolute http or https URLs of at most 4096 characters, without user info, spaces or control characters. Any makes the message an MMS. Error codes: `TOO_MANY_MEDIA`, `MEDIA_URL_TOO_LONG`, `INVALID_MEDIA_URL`. */
  media?: Array<string> | null | undefined;
  /** Any string of at most 1024 characters; it comes back with the message and in its events. Error codes: `TAG_TOO_LONG`, `INVALID_CHARACTER`. */
  tag?: string | null | undefined;
  /** The text, at most 2048 UTF-16 units. May be empty only when there is media. Error codes: `TEXT_REQUIRED`, `TEXT_TOO_LONG`, `INVALID_CHARACTER`. */
  text: string;
  /** The recipients, 1 to 10 different E.164 numbers; more than one makes a group message. A single string is taken as a list of one. Error codes: `INVALID_E164`, `NO_RECIPIENT`, `TOO_MANY_RECIPIENTS`, `DUPLICATE_RECIPIENT`. */
  to: Array<string>;
};

/** What became of a message. */
export type MessageStatus =
  /** Catapult took it into its queue. That does not mean delivered. */
  | 'ACCEPTED'
  /** Final: the carrier or the handset confirmed it, for every recipient. */
  | 'DELIVERED'
  /** Final: it was not delivered to any recipient. */
  | 'FAILED'
  /** Final: delivered to some recipients of a group, and not to others. */
  | 'PARTIALLY_DELIVERED'
  /** Stored and being sent; no answer yet. */
  | 'PENDING'
  /** A message that came in. */
  | 'RECEIVED'
  /** Known not sent, and not billed. */
  | 'REJECTED'
  /** Handed to the carrier. */
  | 'SENDING'
  /** The request went out and no trustworthy answer came back: perhaps sent. It is never sent again. */
  | 'UNKNOWN';

/** How a text is written into the segments of an SMS. */
export type TextEncoding =
  /** The GSM alphabet, 7 bits a character; its extension characters, such as `{` and `€`, take two. */
  | 'GSM_7'
  /** UTF-16, 2 bytes a unit: any character outside of the GSM alphabet turns the whole text into this. */
  | 'UCS_2';

export type SendMessageMutationVariables = Exact<{
  input: MessageInput;
}>;


export type SendMessageMutation = { sendMessage: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } | null };

export type SendTwoMutationVariables = Exact<{
  first: MessageInput;
  second: MessageInput;
}>;


export type SendTwoMutation = { first: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } | null, second: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } | null };

export type MessageQueryVariables = Exact<{
  id: string;
}>;


export type MessageQuery = { message: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } | null };

export type MessagesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: MessageFilter | null | undefined;
}>;


export type MessagesQuery = { messages: { edges: Array<{ cursor: string, node: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type UnresolvedSendsQueryVariables = Exact<{ [key: string]: never; }>;


export type UnresolvedSendsQuery = { unresolvedSends: Array<{ sendId: string, status: MessageStatus, from: string, to: Array<string>, tag: string | null, startedAt: string }> };

export type PreviewMessageQueryVariables = Exact<{
  text: string;
}>;


export type PreviewMessageQuery = { previewMessage: { encoding: TextEncoding, segmentCount: number, unitCount: number, unitsPerSegment: number, forcing: Array<string> } };

export type MessageFieldsFragment = { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> };

export type MessageUpdatedSubscriptionVariables = Exact<{
  id: string;
}>;


export type MessageUpdatedSubscription = { messageUpdated: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } };

export type MessageReceivedSubscriptionVariables = Exact<{
  to?: string | null | undefined;
}>;


export type MessageReceivedSubscription = { messageReceived: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: FailureOrigin, retryable: boolean } | null }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const MessageFieldsFragmentDoc = new TypedDocumentString(`
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}
    `, {"fragmentName":"MessageFields"}) as unknown as TypedDocumentString<MessageFieldsFragment, unknown>;
export const SendMessageDocument = new TypedDocumentString(`
    mutation SendMessage($input: MessageInput!) {
  sendMessage(input: $input) {
    ...MessageFields
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<SendMessageMutation, SendMessageMutationVariables>;
export const SendTwoDocument = new TypedDocumentString(`
    mutation SendTwo($first: MessageInput!, $second: MessageInput!) {
  first: sendMessage(input: $first) {
    ...MessageFields
  }
  second: sendMessage(input: $second) {
    ...MessageFields
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<SendTwoMutation, SendTwoMutationVariables>;
export const MessageDocument = new TypedDocumentString(`
    query Message($id: ID!) {
  message(id: $id) {
    ...MessageFields
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<MessageQuery, MessageQueryVariables>;
export const MessagesDocument = new TypedDocumentString(`
    query Messages($first: Int, $after: String, $filter: MessageFilter) {
  messages(first: $first, after: $after, filter: $filter) {
    edges {
      cursor
      node {
        ...MessageFields
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<MessagesQuery, MessagesQueryVariables>;
export const UnresolvedSendsDocument = new TypedDocumentString(`
    query UnresolvedSends {
  unresolvedSends {
    sendId
    status
    from
    to
    tag
    startedAt
  }
}
    `) as unknown as TypedDocumentString<UnresolvedSendsQuery, UnresolvedSendsQueryVariables>;
export const PreviewMessageDocument = new TypedDocumentString(`
    query PreviewMessage($text: String!) {
  previewMessage(input: {text: $text}) {
    encoding
    segmentCount
    unitCount
    unitsPerSegment
    forcing
  }
}
    `) as unknown as TypedDocumentString<PreviewMessageQuery, PreviewMessageQueryVariables>;
export const MessageUpdatedDocument = new TypedDocumentString(`
    subscription MessageUpdated($id: ID!) {
  messageUpdated(id: $id) {
    ...MessageFields
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<MessageUpdatedSubscription, MessageUpdatedSubscriptionVariables>;
export const MessageReceivedDocument = new TypedDocumentString(`
    subscription MessageReceived($to: String) {
  messageReceived(to: $to) {
    ...MessageFields
  }
}
    fragment MessageFields on Message {
  id
  time
  to
  from
  text
  applicationId
  tag
  owner
  media
  direction
  segmentCount
  status
  deliveries {
    to
    status
    time
    failure {
      code
      name
      meaning
      origin
      retryable
    }
  }
}`) as unknown as TypedDocumentString<MessageReceivedSubscription, MessageReceivedSubscriptionVariables>;