/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Whether a message went out although its send failed. */
export type FailedSendOutcome =
  /** Certainly not: it may be sent again. */
  | 'NOT_SENT'
  /** Perhaps: do not send it as a new message. Repeat the call with the same idempotency key. */
  | 'UNKNOWN';

/** What an instance cannot do without. */
export type HealthPart =
  /** There is enough free space on the disk. */
  | 'DISK'
  /** It is about to stop, and gets no new requests. */
  | 'DRAINING'
  /** The process gets to its work in time. */
  | 'EVENT_LOOP'
  /** The database answers, and can be written. */
  | 'STORE';

/** Which way a message went. */
export type MessageDirection =
  /** From a telephone to one of your numbers. */
  | 'IN'
  /** From one of your numbers to a telephone. */
  | 'OUT';

/** How a text is written into the segments of an SMS. */
export type MessageEncoding =
  /** The GSM alphabet, 7 bits a character; its extension characters, such as `{` and `€`, count twice. */
  | 'GSM_7'
  /** UTF-16, 2 bytes a unit. One character outside the GSM alphabet puts the whole text into it. */
  | 'UCS_2';

/** Who caused a failure. */
export type MessageFailureOrigin =
  /** The messaging service. */
  | 'BANDWIDTH'
  /** The recipient's carrier. */
  | 'CARRIER'
  /** The sender's side: numbers, content or permissions. Sending it again will fail again. */
  | 'CLIENT'
  /** Catapult itself does not know. */
  | 'UNCLEAR';

/** What is wrong with one field or argument. Codes are added and never renamed: show `message` for one that you do not know. */
export type MessageFieldErrorCode =
  /** The instant is not in the future. */
  | 'ALREADY_EXPIRED'
  /** The application id is blank, or missing and not known for this number. */
  | 'APPLICATION_ID_REQUIRED'
  /** The application id is too long. */
  | 'APPLICATION_ID_TOO_LONG'
  /** The operator does not send to this country or kind of line, or the number is not valid in its country. */
  | 'DESTINATION_NOT_ALLOWED'
  /** The recipient is in the list twice. */
  | 'DUPLICATE_RECIPIENT'
  /** The state is in the list twice. */
  | 'DUPLICATE_STATUS'
  /** The page is asked for from both ends: with `first` or `after`, and with `last` or `before`. */
  | 'FIRST_AND_LAST'
  /** It has U+0000 or half of a surrogate pair. */
  | 'INVALID_CHARACTER'
  /** It is no cursor of this list. */
  | 'INVALID_CURSOR'
  /** It is no telephone number in E.164 format. */
  | 'INVALID_E164'
  /** The name of the file is empty, too long, a path, or has control or formatting characters. */
  | 'INVALID_FILE_NAME'
  /** The idempotency key is empty, too long, or has other characters than `A-Z a-z 0-9 _ : . -`. */
  | 'INVALID_IDEMPOTENCY_KEY'
  /** It is no absolute http or https URL, or has user info, spaces or control characters. */
  | 'INVALID_MEDIA_URL'
  /** It is no id of a message at Catapult. */
  | 'INVALID_MESSAGE_ID'
  /** A page cannot have this size. */
  | 'INVALID_PAGE_SIZE'
  /** It is no ISO 3166 code, in capitals, of a region with numbers. */
  | 'INVALID_REGION'
  /** It is no reference to an entity of this subgraph. */
  | 'INVALID_REPRESENTATION'
  /** The URL has a port, or a host that the operator does not allow or that is not on the public internet. */
  | 'MEDIA_HOST_NOT_ALLOWED'
  /** The operator requires https. */
  | 'MEDIA_NOT_HTTPS'
  /** The file is too large. */
  | 'MEDIA_TOO_LARGE'
  /** The file does not begin as files of its media type do. */
  | 'MEDIA_TYPE_MISMATCH'
  /** Catapult takes no files of this media type. */
  | 'MEDIA_TYPE_NOT_SUPPORTED'
  /** The URL of the attachment is too long. */
  | 'MEDIA_URL_TOO_LONG'
  /** Another send has this message id. */
  | 'MESSAGE_ID_TAKEN'
  /** A message that was not sent has no id. */
  | 'MESSAGE_ID_WITHOUT_MESSAGE'
  /** The outcome of the send is known or still on its way: there is nothing to settle. */
  | 'NOT_UNRESOLVED'
  /** There is no recipient. */
  | 'NO_RECIPIENT'
  /** The text is too long for a telephone number. */
  | 'NUMBER_TOO_LONG'
  /** The id and the idempotency key are both given, or both missing. */
  | 'ONE_OF_ID_AND_KEY'
  /** The reason names the number that is to be forgotten. */
  | 'REASON_NAMES_NUMBER'
  /** The reason is too long. */
  | 'REASON_TOO_LONG'
  /** The recipient wants no messages from this number. */
  | 'RECIPIENT_OPTED_OUT'
  /** Catapult does not accept the value; it was not sent. */
  | 'REFUSED_BY_CATAPULT'
  /** You may not send from this number. */
  | 'SENDER_NOT_ALLOWED'
  /** The tag is too long. */
  | 'TAG_TOO_LONG'
  /** There is neither text nor media. */
  | 'TEXT_REQUIRED'
  /** The text is too long. */
  | 'TEXT_TOO_LONG'
  /** There are too many ids. */
  | 'TOO_MANY_IDS'
  /** There are too many attachments. */
  | 'TOO_MANY_MEDIA'
  /** There are too many recipients. */
  | 'TOO_MANY_RECIPIENTS'
  /** A router asks for too many entities at once. */
  | 'TOO_MANY_REPRESENTATIONS'
  /** There is no such message, or it is not yours. */
  | 'UNKNOWN_MESSAGE'
  /** There is no such send, or it is not yours. */
  | 'UNKNOWN_SEND';

/** Which messages to list. All conditions must hold. An absent one and `null` set none. */
export type MessageFilter = {
  /** The `id` of the conversation that the message belongs to; with any other text, no message fits. */
  conversationId?: string | null | undefined;
  /** Which way the message went. */
  direction?: MessageDirection | null | undefined;
  /** The sender, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  from?: string | null | undefined;
  /** Catapult's ids of the messages, at most 100; with an empty list, no message fits. Error codes: `TOO_MANY_IDS`, `INVALID_CHARACTER`. */
  ids?: Array<string> | null | undefined;
  /** The sender or one of the recipients, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  participant?: string | null | undefined;
  /** Messages from this instant on. */
  since?: string | null | undefined;
  /** The state of the message. */
  status?: MessageStatus | null | undefined;
  /** The states that the message may have, each named once; with an empty list, no message fits. Error code: `DUPLICATE_STATUS`. */
  statuses?: Array<MessageStatus> | null | undefined;
  /** The tag, exactly. Error code: `INVALID_CHARACTER`. */
  tag?: string | null | undefined;
  /** One of the recipients, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  to?: string | null | undefined;
  /** Messages before this instant. */
  until?: string | null | undefined;
};

/** A message to send: an SMS, an MMS if it has media, a group message if it has several recipients. */
export type MessageInput = {
  /** The id of the application that `from` belongs to in the phone number dashboard; not the id of the account. It may be left out if the operator named it for `from`, which `viewer.numbers` shows. Error codes: `APPLICATION_ID_REQUIRED` if it is blank, or missing and not known; `APPLICATION_ID_TOO_LONG`, `INVALID_CHARACTER`. */
  applicationId?: string | null | undefined;
  /** When the message becomes useless: if Catapult has not sent it by then, it fails with code 4360. It must be in the future. A repeated call with the same idempotency key must give the same instant. Error code: `ALREADY_EXPIRED`. */
  expiresAt?: string | null | undefined;
  /** One of your telephone numbers, in E.164 format only: `+19195551212`. Error codes: `INVALID_E164`, and `SENDER_NOT_ALLOWED` if you may not send from this number. */
  from: string;
  /** Your own name for this send: 1 to 255 characters of `A-Z a-z 0-9 _ : . -`. A repeated call with the same key and input gets the first answer, and sends nothing. A key lives 72 hours, or longer while the outcome is unknown. Error codes: `INVALID_IDEMPOTENCY_KEY`, and `IDEMPOTENCY_KEY_REUSED` for another input. */
  idempotencyKey?: string | null | undefined;
  /** At most 10 attachments: absolute http or https URLs of at most 4096 characters, without user info, spaces or control characters, on hosts of the public internet, without a port. They make the message an MMS. Error codes: `TOO_MANY_MEDIA`, `MEDIA_URL_TOO_LONG`, `INVALID_MEDIA_URL`, `MEDIA_HOST_NOT_ALLOWED`, and `MEDIA_NOT_HTTPS` if the operator requires https. */
  media?: Array<string> | null | undefined;
  /** How urgent the message is. According to Catapult, it matters for toll-free numbers and short codes. */
  priority?: MessagePriority | null | undefined;
  /** Any string of at most 1024 characters; it comes back with the message and in its events. Error codes: `TAG_TOO_LONG`, `INVALID_CHARACTER`. */
  tag?: string | null | undefined;
  /** The text, at most 2048 UTF-16 units. It may be empty only if there is media. Error codes: `TEXT_REQUIRED`, `TEXT_TOO_LONG`, `INVALID_CHARACTER`. */
  text: string;
  /** The recipients: 1 to 10 different E.164 numbers. More than one makes a group message. A single string counts as a list of one. Error codes: `INVALID_E164`, `NO_RECIPIENT`, `TOO_MANY_RECIPIENTS`, `DUPLICATE_RECIPIENT`, `DESTINATION_NOT_ALLOWED` for countries and lines that the operator does not send to and for numbers that are not valid in their country, and `RECIPIENT_OPTED_OUT` for those who want no messages from this number. */
  to: Array<string>;
};

/** How urgent a message is. */
export type MessagePriority =
  /** Normal. */
  | 'DEFAULT'
  /** Ahead of the other messages in the account's queue. */
  | 'HIGH';

/** The state of a message. */
export type MessageStatus =
  /** Queued by Catapult, which does not mean delivered. */
  | 'ACCEPTED'
  /** Final: the carrier or the handset confirmed delivery to every recipient. */
  | 'DELIVERED'
  /** Final: it was not delivered to any recipient. */
  | 'FAILED'
  /** Final: delivered to some recipients of a group but not to others. */
  | 'PARTIALLY_DELIVERED'
  /** An inbound message. */
  | 'RECEIVED'
  /** Handed to the carrier. */
  | 'SENDING';

/** Which opt-outs to list. All conditions must hold. An absent one and `null` set none. */
export type OptOutFilter = {
  /** Those that a message from this number would meet, in E.164 format: its own, and those from all of your numbers. Error code: `INVALID_E164`. */
  owner?: string | null | undefined;
  /** The recipient, in E.164 format. Error code: `INVALID_E164`. */
  recipient?: string | null | undefined;
};

/** How an opt-out is known. */
export type OptOutSource =
  /** A message failed with code 4475 or 4775: the recipient has opted out at Bandwidth or at a carrier. */
  | 'CARRIER'
  /** It came in a file. */
  | 'IMPORT'
  /** The recipient sent a word such as STOP to the number. */
  | 'KEYWORD'
  /** Somebody added it by `addOptOut`. */
  | 'MANUAL';

/** Which sends to list. All conditions must hold. An absent one and `null` set none. */
export type SendFilter = {
  /** The name of the caller who asked for it. Without `messages:read-all`, you see none but your own. */
  caller?: string | null | undefined;
  /** The state of the send. */
  status?: SendStatus | null | undefined;
};

/** The state of a send. What happened to its message afterwards is in the status of the message. */
export type SendStatus =
  /** Catapult accepted the message. */
  | 'ACCEPTED'
  /** Stored and being sent; no answer yet. */
  | 'PENDING'
  /** Certainly not sent, and not billed. */
  | 'REJECTED'
  /** Perhaps sent: the request went out, but no trustworthy answer came back. It is never sent again. */
  | 'UNKNOWN';

/** What somebody found out about a send. */
export type SettledAs =
  /** No message went out, and none will. Its idempotency key may send again. */
  | 'NOT_SENT'
  /** The message went out. */
  | 'SENT';

/** Where messages are kept. */
export type StoreKind =
  /** In a PostgreSQL database, which several instances may share. */
  | 'POSTGRES'
  /** In a file of this server. */
  | 'SQLITE';

/** What was found out about a send. */
export type TraceOutcome =
  /** Catapult accepted the message. */
  | 'ACCEPTED'
  /** Certainly not sent, and not billed. */
  | 'NOT_SENT'
  /** Perhaps sent. It is never sent again. */
  | 'UNKNOWN';

/** Where messages go. */
export type UpstreamKind =
  /** To Catapult: each costs money and reaches a telephone. */
  | 'CATAPULT'
  /** To the built-in sandbox: they reach nobody. */
  | 'SANDBOX';

export type SendMessageMutationVariables = Exact<{
  input: MessageInput;
}>;


export type SendMessageMutation = { sendMessage: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } | null };

export type SubmitMessageMutationVariables = Exact<{
  input: MessageInput;
}>;


export type SubmitMessageMutation = { submitMessage:
    | { __typename: 'IdempotencyKeyReusedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'InvalidMessageProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null, message: string, min: number | null, max: number | null, actual: number | null }> }
    | { __typename: 'Message', id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> }
    | { __typename: 'MessagingServerProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'OutcomeUnknownProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'SendForbiddenProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'SendInProgressProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'SendRateLimitedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, retryAfterSeconds: number | null }
    | { __typename: 'UpstreamRejectedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
    | { __typename: 'UpstreamUnavailableProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome }
   };

export type SendTwoMutationVariables = Exact<{
  first: MessageInput;
  second: MessageInput;
}>;


export type SendTwoMutation = { first: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } | null, second: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } | null };

export type MessageQueryVariables = Exact<{
  id: string;
}>;


export type MessageQuery = { message: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } | null };

export type MessagesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: MessageFilter | null | undefined;
}>;


export type MessagesQuery = { messages: { totalCount: number, isTotalCountExact: boolean, edges: Array<{ cursor: string, node: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type UnresolvedSendsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type UnresolvedSendsQuery = { unresolvedSends: { nodes: Array<{ id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type SettleSendMutationVariables = Exact<{
  sendId: string;
  as: SettledAs;
  messageId?: string | null | undefined;
  reason?: string | null | undefined;
}>;


export type SettleSendMutation = { settleSend: { id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null, message: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } | null } };

export type SendFieldsFragment = { id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null };

export type PreviewMessageQueryVariables = Exact<{
  text: string;
}>;


export type PreviewMessageQuery = { previewMessage: { encoding: MessageEncoding, segmentCount: number, unitCount: number, unitsPerSegment: number, forcing: Array<string> } };

export type MessageFieldsFragment = { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> };

export type MessageUpdatedSubscriptionVariables = Exact<{
  id: string;
}>;


export type MessageUpdatedSubscription = { messageUpdated: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } };

export type MessageReceivedSubscriptionVariables = Exact<{
  to?: string | null | undefined;
}>;


export type MessageReceivedSubscription = { messageReceived: { id: string, time: string, to: Array<string>, from: string, text: string, applicationId: string | null, tag: string | null, owner: string | null, media: Array<string>, direction: MessageDirection, segmentCount: number | null, priority: MessagePriority | null, expiresAt: string | null, pairedMessageId: string | null, status: MessageStatus, deliveries: Array<{ to: string, status: MessageStatus, time: string | null, failure: { code: number, name: string, meaning: string, origin: MessageFailureOrigin, retryable: boolean } | null }> } };

export type ValidateMessageQueryVariables = Exact<{
  input: MessageInput;
}>;


export type ValidateMessageQuery = { validateMessage: { fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null, message: string, min: number | null, max: number | null, actual: number | null }>, preview: { encoding: MessageEncoding, segmentCount: number, unitCount: number, unitsPerSegment: number, forcing: Array<string> } } };

export type NormalizeNumberQueryVariables = Exact<{
  text: string;
  region?: string | null | undefined;
}>;


export type NormalizeNumberQuery = { normalizeNumber: { number: string | null, region: string | null } };

export type SendQueryVariables = Exact<{
  id?: string | null | undefined;
  idempotencyKey?: string | null | undefined;
}>;


export type SendQuery = { send: { idempotencyKey: string | null, id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null, message: { id: string, status: MessageStatus } | null, problem:
      | { __typename: 'IdempotencyKeyReusedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'InvalidMessageProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string, fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null }> }
      | { __typename: 'MessagingServerProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'OutcomeUnknownProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendForbiddenProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendInProgressProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendRateLimitedProblem', retryAfterSeconds: number | null, code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'UpstreamRejectedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'UpstreamUnavailableProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
     | null } | null };

export type SendsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: SendFilter | null | undefined;
}>;


export type SendsQuery = { sends: { nodes: Array<{ id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type SendUpdatedSubscriptionVariables = Exact<{
  id: string;
}>;


export type SendUpdatedSubscription = { sendUpdated: { idempotencyKey: string | null, id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null, message: { id: string, status: MessageStatus } | null, problem:
      | { __typename: 'IdempotencyKeyReusedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'InvalidMessageProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string, fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null }> }
      | { __typename: 'MessagingServerProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'OutcomeUnknownProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendForbiddenProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendInProgressProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'SendRateLimitedProblem', retryAfterSeconds: number | null, code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'UpstreamRejectedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
      | { __typename: 'UpstreamUnavailableProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
     | null } };

export type MessageHistoryQueryVariables = Exact<{
  id: string;
}>;


export type MessageHistoryQuery = { message: { updatedAt: string, timeline: Array<{ status: MessageStatus, time: string, to: string | null, failure: { code: number, name: string } | null }>, send: { idempotencyKey: string | null, id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null, message: { id: string, status: MessageStatus } | null, problem:
        | { __typename: 'IdempotencyKeyReusedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'InvalidMessageProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string, fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null }> }
        | { __typename: 'MessagingServerProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'OutcomeUnknownProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'SendForbiddenProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'SendInProgressProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'SendRateLimitedProblem', retryAfterSeconds: number | null, code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'UpstreamRejectedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
        | { __typename: 'UpstreamUnavailableProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
       | null } | null } | null };

export type SendWithFateFragment = { idempotencyKey: string | null, id: string, status: SendStatus, startedAt: string, updatedAt: string, caller: string, idempotencyKeyHash: string | null, isKeyHeld: boolean, requestId: string | null, lastSeen: string | null, settledBy: string | null, from: string, to: Array<string>, tag: string | null, message: { id: string, status: MessageStatus } | null, problem:
    | { __typename: 'IdempotencyKeyReusedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'InvalidMessageProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string, fieldErrors: Array<{ path: Array<string>, code: MessageFieldErrorCode | null }> }
    | { __typename: 'MessagingServerProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'OutcomeUnknownProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'SendForbiddenProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'SendInProgressProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'SendRateLimitedProblem', retryAfterSeconds: number | null, code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'UpstreamRejectedProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
    | { __typename: 'UpstreamUnavailableProblem', code: string, message: string, retryable: boolean, outcome: FailedSendOutcome, requestId: string }
   | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { name: string, scopes: Array<string>, isAnyNumberAllowed: boolean, allowedRegions: Array<string> | null, isConsentKept: boolean, numbers: Array<{ number: string, applicationId: string | null }>, limits: { sends: { limit: number, windowSeconds: number, remaining: number, resetsAt: string | null } | null, perRecipient: { limit: number, windowSeconds: number } | null, perRecipientOverall: { limit: number, windowSeconds: number } | null } } };

export type OptOutsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: OptOutFilter | null | undefined;
}>;


export type OptOutsQuery = { optOuts: { edges: Array<{ cursor: string }>, nodes: Array<{ id: string, recipient: string, owner: string | null, since: string, source: OptOutSource, changedBy: string | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type AddOptOutMutationVariables = Exact<{
  recipient: string;
  owner?: string | null | undefined;
}>;


export type AddOptOutMutation = { addOptOut: { id: string, recipient: string, owner: string | null, since: string, source: OptOutSource, changedBy: string | null } | null };

export type RemoveOptOutMutationVariables = Exact<{
  recipient: string;
  owner?: string | null | undefined;
}>;


export type RemoveOptOutMutation = { removeOptOut: { id: string, recipient: string, owner: string | null, since: string, source: OptOutSource, changedBy: string | null } | null };

export type ForgetNumberMutationVariables = Exact<{
  number: string;
  reason?: string | null | undefined;
}>;


export type ForgetNumberMutation = { forgetNumber: { messages: number, callbacks: number, consent: number, unresolved: Array<string>, areFilesClear: boolean } | null };

export type OptOutFieldsFragment = { id: string, recipient: string, owner: string | null, since: string, source: OptOutSource, changedBy: string | null };

export type TraceQueryVariables = Exact<{
  id: string;
}>;


export type TraceQuery = { trace: { searchedSince: string | null, events: Array<
      | { __typename: 'TraceCallOutcome', outcome: TraceOutcome, caller: string, lastSeen: string | null, code: string | null, isSendDeleted: boolean, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceClaim', caller: string, requestId: string | null, idempotencyKeyHash: string | null, from: string, to: Array<string>, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceDelivery', status: MessageStatus, recipient: string | null, at: string, sendId: string | null, messageId: string | null, text: string, failure: { code: number } | null }
      | { __typename: 'TraceOptOut', number: string, owner: string | null, source: OptOutSource, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceReceived', from: string, to: Array<string>, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceSettlement', outcome: TraceOutcome, by: string, reason: string | null, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceState', sendStatus: SendStatus, messageStatus: MessageStatus | null, leaseUntil: string | null, at: string, sendId: string | null, messageId: string | null, text: string }
      | { __typename: 'TraceWaitingDelivery', status: MessageStatus, at: string, sendId: string | null, messageId: string | null, text: string, failure: { code: number } | null }
    > } };

export type HealthQueryVariables = Exact<{
  last?: number | null | undefined;
}>;


export type HealthQuery = { health: { isReady: boolean, missing: Array<HealthPart>, upstream: UpstreamKind, upstreamCheck: string, tokenEndsAt: string | null, store: StoreKind, version: string, startedAt: string, time: string, processCount: number, unresolved: { count: number, isExact: boolean, oldestStartedAt: string | null } | null, minutes: Array<{ start: string, accepted: number, acceptedWithoutId: number, notSent: number, unknown: number, callbackEvents: number, upstream: { p50Ms: number | null, p99Ms: number | null }, callbackLag: { p50Ms: number | null, p99Ms: number | null } }> } };

export const MessageFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<MessageFieldsFragment, unknown>;
export const SendFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}}]} as unknown as DocumentNode<SendFieldsFragment, unknown>;
export const SendWithFateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendWithFate"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"problem"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidMessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SendRateLimitedProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}}]} as unknown as DocumentNode<SendWithFateFragment, unknown>;
export const OptOutFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OptOutFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"OptOut"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"recipient"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"since"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"}}]}}]} as unknown as DocumentNode<OptOutFieldsFragment, unknown>;
export const SendMessageDocument = {"__meta__":{"hash":"sha256:779128982ac3358a00b1a9294fd6bac240261676c463f3b1d5350a9a9acd7c88"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SendMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<SendMessageMutation, SendMessageMutationVariables>;
export const SubmitMessageDocument = {"__meta__":{"hash":"sha256:21c3dfc9707c51d1b396fafb124407c7ab73d0d7cda551bd27f764a5be821e73"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SubmitMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"submitMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidMessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"actual"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SendRateLimitedProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<SubmitMessageMutation, SubmitMessageMutationVariables>;
export const SendTwoDocument = {"__meta__":{"hash":"sha256:219bbf9ff13a0a7aa78348bfb6ebb4170b428c1102b8bfc53ae2a7557f62f908"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SendTwo"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"second"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"first"},"name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}},{"kind":"Field","alias":{"kind":"Name","value":"second"},"name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"second"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<SendTwoMutation, SendTwoMutationVariables>;
export const MessageDocument = {"__meta__":{"hash":"sha256:cf2b6678615752ef6844dc939f875d80c33a17037c52ccedb855263ad886e056"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Message"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<MessageQuery, MessageQueryVariables>;
export const MessagesDocument = {"__meta__":{"hash":"sha256:aa22eec2a9dddfdb6d926861173e35cf7b7819bd94c5633042cbf60484e9b4f8"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Messages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"isTotalCountExact"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<MessagesQuery, MessagesQueryVariables>;
export const UnresolvedSendsDocument = {"__meta__":{"hash":"sha256:d3527ca7df79625825a30fb4066f15de1a179b2329a98b252cbd361daf3bb6f4"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UnresolvedSends"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"unresolvedSends"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}}]} as unknown as DocumentNode<UnresolvedSendsQuery, UnresolvedSendsQueryVariables>;
export const SettleSendDocument = {"__meta__":{"hash":"sha256:854cc12fa7fc2108e66d8d19e16ffd6ee11c043f130563c05e2a1dbb7a6bd34e"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SettleSend"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sendId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"as"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SettledAs"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reason"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"settleSend"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sendId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sendId"}}},{"kind":"Argument","name":{"kind":"Name","value":"as"},"value":{"kind":"Variable","name":{"kind":"Name","value":"as"}}},{"kind":"Argument","name":{"kind":"Name","value":"messageId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"messageId"}}},{"kind":"Argument","name":{"kind":"Name","value":"reason"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reason"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<SettleSendMutation, SettleSendMutationVariables>;
export const PreviewMessageDocument = {"__meta__":{"hash":"sha256:e159c4ef1458c756dd3b0adbe766ab8208abb83c5d9e9b240a34659bb91a0e3d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PreviewMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"text"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"previewMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"text"},"value":{"kind":"Variable","name":{"kind":"Name","value":"text"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"encoding"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"unitCount"}},{"kind":"Field","name":{"kind":"Name","value":"unitsPerSegment"}},{"kind":"Field","name":{"kind":"Name","value":"forcing"}}]}}]}}]} as unknown as DocumentNode<PreviewMessageQuery, PreviewMessageQueryVariables>;
export const MessageUpdatedDocument = {"__meta__":{"hash":"sha256:54c205cffc094b6a2c8e057da709a4b8bd7083a69f33864ec08eff2beb713c3f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"MessageUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<MessageUpdatedSubscription, MessageUpdatedSubscriptionVariables>;
export const MessageReceivedDocument = {"__meta__":{"hash":"sha256:05ade021829f060d678c0a9f44d268f67fad07ce455a3ea66c8a4a5b4b0b1d2a"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"MessageReceived"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"to"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageReceived"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"to"},"value":{"kind":"Variable","name":{"kind":"Name","value":"to"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MessageFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MessageFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Message"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"media"}},{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"pairedMessageId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deliveries"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"meaning"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<MessageReceivedSubscription, MessageReceivedSubscriptionVariables>;
export const ValidateMessageDocument = {"__meta__":{"hash":"sha256:210ef9b38648b98f47492fd320e23320faafc7fe65d3389a81af75e143302a24"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ValidateMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"validateMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"actual"}}]}},{"kind":"Field","name":{"kind":"Name","value":"preview"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"encoding"}},{"kind":"Field","name":{"kind":"Name","value":"segmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"unitCount"}},{"kind":"Field","name":{"kind":"Name","value":"unitsPerSegment"}},{"kind":"Field","name":{"kind":"Name","value":"forcing"}}]}}]}}]}}]} as unknown as DocumentNode<ValidateMessageQuery, ValidateMessageQueryVariables>;
export const NormalizeNumberDocument = {"__meta__":{"hash":"sha256:9a615060b5ce4096f95ef0d22e8563b64d4e2cbc8d0d3acfc8c9c37d93b7cff5"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"NormalizeNumber"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"text"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"region"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"normalizeNumber"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"text"},"value":{"kind":"Variable","name":{"kind":"Name","value":"text"}}},{"kind":"Argument","name":{"kind":"Name","value":"region"},"value":{"kind":"Variable","name":{"kind":"Name","value":"region"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"region"}}]}}]}}]} as unknown as DocumentNode<NormalizeNumberQuery, NormalizeNumberQueryVariables>;
export const SendDocument = {"__meta__":{"hash":"sha256:380499d26fe6e90bc68f949835218c4e8950c295d4050645b71256d7d47176df"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Send"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"send"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendWithFate"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendWithFate"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"problem"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidMessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SendRateLimitedProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}}]} as unknown as DocumentNode<SendQuery, SendQueryVariables>;
export const SendsDocument = {"__meta__":{"hash":"sha256:ba74f207cb5041a88ced1d310902cb90ba81befdc68f0eb94826b2ff96963894"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Sends"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"SendFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sends"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}}]} as unknown as DocumentNode<SendsQuery, SendsQueryVariables>;
export const SendUpdatedDocument = {"__meta__":{"hash":"sha256:5dd57f7e023a3ebcf4e0690372df099deac08775b39e0baa78b2500cce906cfe"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"SendUpdated"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendWithFate"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendWithFate"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"problem"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidMessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SendRateLimitedProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}}]} as unknown as DocumentNode<SendUpdatedSubscription, SendUpdatedSubscriptionVariables>;
export const MessageHistoryDocument = {"__meta__":{"hash":"sha256:1526aea0652b0756e17d16c7d0c7771e5d60efedc31c93c7c9cb037403960759"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"MessageHistory"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"timeline"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"send"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendWithFate"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"isKeyHeld"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"settledBy"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"tag"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SendWithFate"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Send"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SendFields"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"problem"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidMessageProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fieldErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SendRateLimitedProblem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}}]} as unknown as DocumentNode<MessageHistoryQuery, MessageHistoryQueryVariables>;
export const ViewerDocument = {"__meta__":{"hash":"sha256:c70aca18dca4a417287aba8d686b0b3d54d7f3f616b41964dc31b22e9c76cd0d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"scopes"}},{"kind":"Field","name":{"kind":"Name","value":"numbers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"applicationId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"isAnyNumberAllowed"}},{"kind":"Field","name":{"kind":"Name","value":"limits"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sends"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"windowSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}},{"kind":"Field","name":{"kind":"Name","value":"resetsAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"perRecipient"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"windowSeconds"}}]}},{"kind":"Field","name":{"kind":"Name","value":"perRecipientOverall"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"windowSeconds"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"allowedRegions"}},{"kind":"Field","name":{"kind":"Name","value":"isConsentKept"}}]}}]}}]} as unknown as DocumentNode<ViewerQuery, ViewerQueryVariables>;
export const OptOutsDocument = {"__meta__":{"hash":"sha256:02decdac48ec017e5cd7692bae2cffea771925dada0d1e80ae2a47ba8096d6c5"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"OptOuts"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"OptOutFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"optOuts"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"OptOutFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OptOutFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"OptOut"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"recipient"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"since"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"}}]}}]} as unknown as DocumentNode<OptOutsQuery, OptOutsQueryVariables>;
export const AddOptOutDocument = {"__meta__":{"hash":"sha256:2fe4df70a515a9e901f0d6fde6b7c6e1f66dff2114cd3148d18c5bac7a600698"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AddOptOut"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"recipient"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"owner"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"addOptOut"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"recipient"},"value":{"kind":"Variable","name":{"kind":"Name","value":"recipient"}}},{"kind":"Argument","name":{"kind":"Name","value":"owner"},"value":{"kind":"Variable","name":{"kind":"Name","value":"owner"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"OptOutFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OptOutFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"OptOut"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"recipient"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"since"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"}}]}}]} as unknown as DocumentNode<AddOptOutMutation, AddOptOutMutationVariables>;
export const RemoveOptOutDocument = {"__meta__":{"hash":"sha256:fd8d09ef96b5815a6c595a5a576d93e528fb57146df9377c8ceebfd4e84d6e62"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RemoveOptOut"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"recipient"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"owner"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"removeOptOut"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"recipient"},"value":{"kind":"Variable","name":{"kind":"Name","value":"recipient"}}},{"kind":"Argument","name":{"kind":"Name","value":"owner"},"value":{"kind":"Variable","name":{"kind":"Name","value":"owner"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"OptOutFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"OptOutFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"OptOut"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"recipient"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"since"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"}}]}}]} as unknown as DocumentNode<RemoveOptOutMutation, RemoveOptOutMutationVariables>;
export const ForgetNumberDocument = {"__meta__":{"hash":"sha256:6eaab4049ea6805b48422917565658f737980aa4264e03775454eb09eb1b1d2f"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ForgetNumber"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"number"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reason"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"forgetNumber"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"number"},"value":{"kind":"Variable","name":{"kind":"Name","value":"number"}}},{"kind":"Argument","name":{"kind":"Name","value":"reason"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reason"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messages"}},{"kind":"Field","name":{"kind":"Name","value":"callbacks"}},{"kind":"Field","name":{"kind":"Name","value":"consent"}},{"kind":"Field","name":{"kind":"Name","value":"unresolved"}},{"kind":"Field","name":{"kind":"Name","value":"areFilesClear"}}]}}]}}]} as unknown as DocumentNode<ForgetNumberMutation, ForgetNumberMutationVariables>;
export const TraceDocument = {"__meta__":{"hash":"sha256:e2eddb669cc9392624648bb4e6cef84cca4c91b58dc02e8dcdea7c78c8954445"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Trace"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"trace"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"events"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"sendId"}},{"kind":"Field","name":{"kind":"Name","value":"messageId"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceClaim"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"idempotencyKeyHash"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceReceived"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceCallOutcome"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"caller"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"isSendDeleted"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceSettlement"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"by"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceDelivery"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"recipient"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceWaitingDelivery"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceOptOut"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"source"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TraceState"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendStatus"}},{"kind":"Field","name":{"kind":"Name","value":"messageStatus"}},{"kind":"Field","name":{"kind":"Name","value":"leaseUntil"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"searchedSince"}}]}}]}}]} as unknown as DocumentNode<TraceQuery, TraceQueryVariables>;
export const HealthDocument = {"__meta__":{"hash":"sha256:a6067fb9f1acb7235233888145d63c5f1056f7c4601edde71e09e86c0486ec85"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Health"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"isReady"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}},{"kind":"Field","name":{"kind":"Name","value":"upstream"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamCheck"}},{"kind":"Field","name":{"kind":"Name","value":"tokenEndsAt"}},{"kind":"Field","name":{"kind":"Name","value":"store"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"time"}},{"kind":"Field","name":{"kind":"Name","value":"processCount"}},{"kind":"Field","name":{"kind":"Name","value":"unresolved"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"count"}},{"kind":"Field","name":{"kind":"Name","value":"isExact"}},{"kind":"Field","name":{"kind":"Name","value":"oldestStartedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"minutes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"accepted"}},{"kind":"Field","name":{"kind":"Name","value":"acceptedWithoutId"}},{"kind":"Field","name":{"kind":"Name","value":"notSent"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"upstream"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50Ms"}},{"kind":"Field","name":{"kind":"Name","value":"p99Ms"}}]}},{"kind":"Field","name":{"kind":"Name","value":"callbackEvents"}},{"kind":"Field","name":{"kind":"Name","value":"callbackLag"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50Ms"}},{"kind":"Field","name":{"kind":"Name","value":"p99Ms"}}]}}]}}]}}]}}]} as unknown as DocumentNode<HealthQuery, HealthQueryVariables>;