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

/** Which way a message went. */
export type MessageDirection =
  /** From a telephone to one of your numbers. */
  | 'IN'
  /** From one of your numbers to a telephone. */
  | 'OUT';

/** What is wrong with one field or argument. Codes are added and never renamed: show `message` for one that you do not know. */
export type MessageFieldErrorCode =
  /** The instant is not in the future. */
  | 'ALREADY_EXPIRED'
  /** The application id is blank. */
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
  | 'MEDIA_TOO_LARGE'
  | 'MEDIA_TYPE_MISMATCH'
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
  /** The reason is too long. */
  | 'REASON_TOO_LONG'
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
  readonly conversationId?: string | null | undefined;
  /** Which way the message went. */
  readonly direction?: MessageDirection | null | undefined;
  /** The sender, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  readonly from?: string | null | undefined;
  /** Catapult's ids of the messages, at most 100; with an empty list, no message fits. Error codes: `TOO_MANY_IDS`, `INVALID_CHARACTER`. */
  readonly ids?: ReadonlyArray<string> | null | undefined;
  /** The sender or one of the recipients, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  readonly participant?: string | null | undefined;
  /** Messages from this instant on. */
  readonly since?: string | null | undefined;
  /** The state of the message. */
  readonly status?: MessageStatus | null | undefined;
  /** The states that the message may have, each named once; with an empty list, no message fits. Error code: `DUPLICATE_STATUS`. */
  readonly statuses?: ReadonlyArray<MessageStatus> | null | undefined;
  /** The tag, exactly. Error code: `INVALID_CHARACTER`. */
  readonly tag?: string | null | undefined;
  /** One of the recipients, exactly: a number in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`. */
  readonly to?: string | null | undefined;
  /** Messages before this instant. */
  readonly until?: string | null | undefined;
};

/** A message to send: an SMS, an MMS if it has media, a group message if it has several recipients. */
export type MessageInput = {
  /** The id of the application that `from` belongs to in the phone number dashboard; not the id of the account. Error codes: `APPLICATION_ID_REQUIRED`, `APPLICATION_ID_TOO_LONG`, `INVALID_CHARACTER`. */
  readonly applicationId?: string | null | undefined;
  /** When the message becomes useless: if Catapult has not sent it by then, it fails with code 4360. It must be in the future. A repeated call with the same idempotency key must give the same instant. Error code: `ALREADY_EXPIRED`. */
  readonly expiresAt?: string | null | undefined;
  /** One of your telephone numbers, in E.164 format only: `+19195551212`. Error codes: `INVALID_E164`, and `SENDER_NOT_ALLOWED` if you may not send from this number. */
  readonly from: string;
  /** Your own name for this send: 1 to 255 characters of `A-Z a-z 0-9 _ : . -`. A repeated call with the same key and input gets the first answer, and sends nothing. A key lives 72 hours, or longer while the outcome is unknown. Error codes: `INVALID_IDEMPOTENCY_KEY`, and `IDEMPOTENCY_KEY_REUSED` for another input. */
  readonly idempotencyKey?: string | null | undefined;
  /** At most 10 attachments: absolute http or https URLs of at most 4096 characters, without user info, spaces or control characters, on hosts of the public internet, without a port. They make the message an MMS. Error codes: `TOO_MANY_MEDIA`, `MEDIA_URL_TOO_LONG`, `INVALID_MEDIA_URL`, `MEDIA_HOST_NOT_ALLOWED`, and `MEDIA_NOT_HTTPS` if the operator requires https. */
  readonly media?: ReadonlyArray<string> | null | undefined;
  /** How urgent the message is. According to Catapult, it matters for toll-free numbers and short codes. */
  readonly priority?: MessagePriority | null | undefined;
  /** Any string of at most 1024 characters; it comes back with the message and in its events. Error codes: `TAG_TOO_LONG`, `INVALID_CHARACTER`. */
  readonly tag?: string | null | undefined;
  /** The text, at most 2048 UTF-16 units. It may be empty only if there is media. Error codes: `TEXT_REQUIRED`, `TEXT_TOO_LONG`, `INVALID_CHARACTER`. */
  readonly text: string;
  /** The recipients: 1 to 10 different E.164 numbers. More than one makes a group message. A single string counts as a list of one. Error codes: `INVALID_E164`, `NO_RECIPIENT`, `TOO_MANY_RECIPIENTS`, `DUPLICATE_RECIPIENT`, and `DESTINATION_NOT_ALLOWED` for countries and lines that the operator does not send to, and for numbers that are not valid in their country. */
  readonly to: ReadonlyArray<string>;
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

export type ViewerQueryVariables = Exact<{ [key: string]: never }>;

export type ViewerQuery = {
  readonly viewer: {
    readonly name: string;
    readonly allowedRegions: ReadonlyArray<string> | null;
    readonly numbers: ReadonlyArray<{ readonly number: string; readonly applicationId: string | null }>;
  };
};

export type BubbleFragment = {
  readonly id: string;
  readonly time: string;
  readonly direction: MessageDirection;
  readonly status: MessageStatus;
  readonly from: string;
  readonly to: ReadonlyArray<string>;
  readonly text: string;
  readonly applicationId: string | null;
  readonly attachments: ReadonlyArray<{
    readonly url: string | null;
    readonly contentType: string | null;
    readonly name: string | null;
    readonly availableUntil: string | null;
  }>;
  readonly deliveries: ReadonlyArray<{
    readonly to: string;
    readonly status: MessageStatus;
    readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
  }>;
};

export type RowFragment = {
  readonly id: string;
  readonly owner: string;
  readonly participants: ReadonlyArray<string>;
  readonly updatedAt: string;
  readonly optedOut: boolean;
  readonly lastMessage: {
    readonly id: string;
    readonly time: string;
    readonly direction: MessageDirection;
    readonly status: MessageStatus;
    readonly from: string;
    readonly to: ReadonlyArray<string>;
    readonly text: string;
    readonly applicationId: string | null;
    readonly attachments: ReadonlyArray<{
      readonly url: string | null;
      readonly contentType: string | null;
      readonly name: string | null;
      readonly availableUntil: string | null;
    }>;
    readonly deliveries: ReadonlyArray<{
      readonly to: string;
      readonly status: MessageStatus;
      readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
    }>;
  };
};

export type InboxQueryVariables = Exact<{
  after?: string | null | undefined;
}>;

export type InboxQuery = {
  readonly conversations: {
    readonly updatesCursor: string;
    readonly nodes: ReadonlyArray<{
      readonly id: string;
      readonly owner: string;
      readonly participants: ReadonlyArray<string>;
      readonly updatedAt: string;
      readonly optedOut: boolean;
      readonly lastMessage: {
        readonly id: string;
        readonly time: string;
        readonly direction: MessageDirection;
        readonly status: MessageStatus;
        readonly from: string;
        readonly to: ReadonlyArray<string>;
        readonly text: string;
        readonly applicationId: string | null;
        readonly attachments: ReadonlyArray<{
          readonly url: string | null;
          readonly contentType: string | null;
          readonly name: string | null;
          readonly availableUntil: string | null;
        }>;
        readonly deliveries: ReadonlyArray<{
          readonly to: string;
          readonly status: MessageStatus;
          readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
        }>;
      };
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};

export type ThreadQueryVariables = Exact<{
  owner: string;
  participants: ReadonlyArray<string> | string;
  after?: string | null | undefined;
}>;

export type ThreadQuery = {
  readonly conversation: {
    readonly id: string;
    readonly owner: string;
    readonly participants: ReadonlyArray<string>;
    readonly updatedAt: string;
    readonly optedOut: boolean;
    readonly messages: {
      readonly updatesCursor: string;
      readonly nodes: ReadonlyArray<{
        readonly id: string;
        readonly time: string;
        readonly direction: MessageDirection;
        readonly status: MessageStatus;
        readonly from: string;
        readonly to: ReadonlyArray<string>;
        readonly text: string;
        readonly applicationId: string | null;
        readonly attachments: ReadonlyArray<{
          readonly url: string | null;
          readonly contentType: string | null;
          readonly name: string | null;
          readonly availableUntil: string | null;
        }>;
        readonly deliveries: ReadonlyArray<{
          readonly to: string;
          readonly status: MessageStatus;
          readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
        }>;
      }>;
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
    readonly lastMessage: {
      readonly id: string;
      readonly time: string;
      readonly direction: MessageDirection;
      readonly status: MessageStatus;
      readonly from: string;
      readonly to: ReadonlyArray<string>;
      readonly text: string;
      readonly applicationId: string | null;
      readonly attachments: ReadonlyArray<{
        readonly url: string | null;
        readonly contentType: string | null;
        readonly name: string | null;
        readonly availableUntil: string | null;
      }>;
      readonly deliveries: ReadonlyArray<{
        readonly to: string;
        readonly status: MessageStatus;
        readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
      }>;
    };
  } | null;
};

export type LoadedFragment = {
  readonly messages: {
    readonly updatesCursor: string;
    readonly nodes: ReadonlyArray<{
      readonly id: string;
      readonly time: string;
      readonly direction: MessageDirection;
      readonly status: MessageStatus;
      readonly from: string;
      readonly to: ReadonlyArray<string>;
      readonly text: string;
      readonly applicationId: string | null;
      readonly attachments: ReadonlyArray<{
        readonly url: string | null;
        readonly contentType: string | null;
        readonly name: string | null;
        readonly availableUntil: string | null;
      }>;
      readonly deliveries: ReadonlyArray<{
        readonly to: string;
        readonly status: MessageStatus;
        readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
      }>;
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};

export type PageFragment = {
  readonly updatesCursor: string;
  readonly nodes: ReadonlyArray<{
    readonly id: string;
    readonly time: string;
    readonly direction: MessageDirection;
    readonly status: MessageStatus;
    readonly from: string;
    readonly to: ReadonlyArray<string>;
    readonly text: string;
    readonly applicationId: string | null;
    readonly attachments: ReadonlyArray<{
      readonly url: string | null;
      readonly contentType: string | null;
      readonly name: string | null;
      readonly availableUntil: string | null;
    }>;
    readonly deliveries: ReadonlyArray<{
      readonly to: string;
      readonly status: MessageStatus;
      readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
    }>;
  }>;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
};

export type NewsFragment = {
  readonly id: string;
  readonly time: string;
  readonly direction: MessageDirection;
  readonly status: MessageStatus;
  readonly from: string;
  readonly to: ReadonlyArray<string>;
  readonly text: string;
  readonly applicationId: string | null;
  readonly conversation: {
    readonly id: string;
    readonly owner: string;
    readonly participants: ReadonlyArray<string>;
    readonly updatedAt: string;
    readonly optedOut: boolean;
    readonly lastMessage: {
      readonly id: string;
      readonly time: string;
      readonly direction: MessageDirection;
      readonly status: MessageStatus;
      readonly from: string;
      readonly to: ReadonlyArray<string>;
      readonly text: string;
      readonly applicationId: string | null;
      readonly attachments: ReadonlyArray<{
        readonly url: string | null;
        readonly contentType: string | null;
        readonly name: string | null;
        readonly availableUntil: string | null;
      }>;
      readonly deliveries: ReadonlyArray<{
        readonly to: string;
        readonly status: MessageStatus;
        readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
      }>;
    };
  } | null;
  readonly send: { readonly id: string; readonly idempotencyKey: string | null } | null;
  readonly attachments: ReadonlyArray<{
    readonly url: string | null;
    readonly contentType: string | null;
    readonly name: string | null;
    readonly availableUntil: string | null;
  }>;
  readonly deliveries: ReadonlyArray<{
    readonly to: string;
    readonly status: MessageStatus;
    readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
  }>;
};

export type UpdatesSubscriptionVariables = Exact<{
  since?: string | null | undefined;
  filter?: MessageFilter | null | undefined;
}>;

export type UpdatesSubscription = {
  readonly messagesUpdated: {
    readonly cursor: string;
    readonly message: {
      readonly id: string;
      readonly time: string;
      readonly direction: MessageDirection;
      readonly status: MessageStatus;
      readonly from: string;
      readonly to: ReadonlyArray<string>;
      readonly text: string;
      readonly applicationId: string | null;
      readonly conversation: {
        readonly id: string;
        readonly owner: string;
        readonly participants: ReadonlyArray<string>;
        readonly updatedAt: string;
        readonly optedOut: boolean;
        readonly lastMessage: {
          readonly id: string;
          readonly time: string;
          readonly direction: MessageDirection;
          readonly status: MessageStatus;
          readonly from: string;
          readonly to: ReadonlyArray<string>;
          readonly text: string;
          readonly applicationId: string | null;
          readonly attachments: ReadonlyArray<{
            readonly url: string | null;
            readonly contentType: string | null;
            readonly name: string | null;
            readonly availableUntil: string | null;
          }>;
          readonly deliveries: ReadonlyArray<{
            readonly to: string;
            readonly status: MessageStatus;
            readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
          }>;
        };
      } | null;
      readonly send: { readonly id: string; readonly idempotencyKey: string | null } | null;
      readonly attachments: ReadonlyArray<{
        readonly url: string | null;
        readonly contentType: string | null;
        readonly name: string | null;
        readonly availableUntil: string | null;
      }>;
      readonly deliveries: ReadonlyArray<{
        readonly to: string;
        readonly status: MessageStatus;
        readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
      }>;
    };
  };
};

export type AttachmentsQueryVariables = Exact<{
  id: string;
}>;

export type AttachmentsQuery = {
  readonly message: {
    readonly id: string;
    readonly time: string;
    readonly direction: MessageDirection;
    readonly status: MessageStatus;
    readonly from: string;
    readonly to: ReadonlyArray<string>;
    readonly text: string;
    readonly applicationId: string | null;
    readonly attachments: ReadonlyArray<{
      readonly url: string | null;
      readonly contentType: string | null;
      readonly name: string | null;
      readonly availableUntil: string | null;
    }>;
    readonly deliveries: ReadonlyArray<{
      readonly to: string;
      readonly status: MessageStatus;
      readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
    }>;
  } | null;
};

export type ValidateQueryVariables = Exact<{
  input: MessageInput;
}>;

export type ValidateQuery = {
  readonly validateMessage: {
    readonly fieldErrors: ReadonlyArray<{
      readonly path: ReadonlyArray<string>;
      readonly code: MessageFieldErrorCode | null;
      readonly message: string;
    }>;
    readonly preview: { readonly segmentCount: number };
  };
};

export type NormalizeQueryVariables = Exact<{
  text: string;
  region?: string | null | undefined;
}>;

export type NormalizeQuery = { readonly normalizeNumber: { readonly number: string | null } };

export type SubmitMutationVariables = Exact<{
  input: MessageInput;
}>;

export type SubmitMutation = {
  readonly submitMessage:
    | {
        readonly __typename: 'IdempotencyKeyReusedProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'InvalidMessageProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly code: MessageFieldErrorCode | null;
          readonly message: string;
        }>;
      }
    | {
        readonly __typename: 'Message';
        readonly id: string;
        readonly time: string;
        readonly direction: MessageDirection;
        readonly status: MessageStatus;
        readonly from: string;
        readonly to: ReadonlyArray<string>;
        readonly text: string;
        readonly applicationId: string | null;
        readonly conversation: {
          readonly id: string;
          readonly owner: string;
          readonly participants: ReadonlyArray<string>;
          readonly updatedAt: string;
          readonly optedOut: boolean;
          readonly lastMessage: {
            readonly id: string;
            readonly time: string;
            readonly direction: MessageDirection;
            readonly status: MessageStatus;
            readonly from: string;
            readonly to: ReadonlyArray<string>;
            readonly text: string;
            readonly applicationId: string | null;
            readonly attachments: ReadonlyArray<{
              readonly url: string | null;
              readonly contentType: string | null;
              readonly name: string | null;
              readonly availableUntil: string | null;
            }>;
            readonly deliveries: ReadonlyArray<{
              readonly to: string;
              readonly status: MessageStatus;
              readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
            }>;
          };
        } | null;
        readonly send: { readonly id: string; readonly idempotencyKey: string | null } | null;
        readonly attachments: ReadonlyArray<{
          readonly url: string | null;
          readonly contentType: string | null;
          readonly name: string | null;
          readonly availableUntil: string | null;
        }>;
        readonly deliveries: ReadonlyArray<{
          readonly to: string;
          readonly status: MessageStatus;
          readonly failure: { readonly code: number; readonly meaning: string; readonly retryable: boolean } | null;
        }>;
      }
    | {
        readonly __typename: 'MessagingServerProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'OutcomeUnknownProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'SendForbiddenProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'SendInProgressProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'SendRateLimitedProblem';
        readonly retryAfterSeconds: number | null;
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'UpstreamRejectedProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      }
    | {
        readonly __typename: 'UpstreamUnavailableProblem';
        readonly code: string;
        readonly message: string;
        readonly retryable: boolean;
        readonly outcome: FailedSendOutcome;
      };
};

type Problem_IdempotencyKeyReusedProblem_Fragment = {
  readonly __typename: 'IdempotencyKeyReusedProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_InvalidMessageProblem_Fragment = {
  readonly __typename: 'InvalidMessageProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
  readonly fieldErrors: ReadonlyArray<{
    readonly path: ReadonlyArray<string>;
    readonly code: MessageFieldErrorCode | null;
    readonly message: string;
  }>;
};

type Problem_MessagingServerProblem_Fragment = {
  readonly __typename: 'MessagingServerProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_OutcomeUnknownProblem_Fragment = {
  readonly __typename: 'OutcomeUnknownProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_SendForbiddenProblem_Fragment = {
  readonly __typename: 'SendForbiddenProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_SendInProgressProblem_Fragment = {
  readonly __typename: 'SendInProgressProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_SendRateLimitedProblem_Fragment = {
  readonly __typename: 'SendRateLimitedProblem';
  readonly retryAfterSeconds: number | null;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_UpstreamRejectedProblem_Fragment = {
  readonly __typename: 'UpstreamRejectedProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

type Problem_UpstreamUnavailableProblem_Fragment = {
  readonly __typename: 'UpstreamUnavailableProblem';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: FailedSendOutcome;
};

export type ProblemFragment =
  | Problem_IdempotencyKeyReusedProblem_Fragment
  | Problem_InvalidMessageProblem_Fragment
  | Problem_MessagingServerProblem_Fragment
  | Problem_OutcomeUnknownProblem_Fragment
  | Problem_SendForbiddenProblem_Fragment
  | Problem_SendInProgressProblem_Fragment
  | Problem_SendRateLimitedProblem_Fragment
  | Problem_UpstreamRejectedProblem_Fragment
  | Problem_UpstreamUnavailableProblem_Fragment;

export const BubbleFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<BubbleFragment, unknown>;
export const PageFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Page' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageConnection' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'nodes' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'pageInfo' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'hasNextPage' } },
                { kind: 'Field', name: { kind: 'Name', value: 'endCursor' } },
              ],
            },
          },
          { kind: 'Field', name: { kind: 'Name', value: 'updatesCursor' } },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<PageFragment, unknown>;
export const LoadedFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Loaded' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'messages' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Page' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Page' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageConnection' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'nodes' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'pageInfo' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'hasNextPage' } },
                { kind: 'Field', name: { kind: 'Name', value: 'endCursor' } },
              ],
            },
          },
          { kind: 'Field', name: { kind: 'Name', value: 'updatesCursor' } },
        ],
      },
    },
  ],
} as unknown as DocumentNode<LoadedFragment, unknown>;
export const RowFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<RowFragment, unknown>;
export const NewsFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'News' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'conversation' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Row' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'send' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'id' } },
                { kind: 'Field', name: { kind: 'Name', value: 'idempotencyKey' } },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<NewsFragment, unknown>;
export const ProblemFragmentDoc = {
  kind: 'Document',
  definitions: [
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Problem' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageProblem' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: '__typename' } },
          { kind: 'Field', name: { kind: 'Name', value: 'code' } },
          { kind: 'Field', name: { kind: 'Name', value: 'message' } },
          { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
          { kind: 'Field', name: { kind: 'Name', value: 'outcome' } },
          {
            kind: 'InlineFragment',
            typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'InvalidMessageProblem' } },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'fieldErrors' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'path' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'message' } },
                    ],
                  },
                },
              ],
            },
          },
          {
            kind: 'InlineFragment',
            typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'SendRateLimitedProblem' } },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'Field', name: { kind: 'Name', value: 'retryAfterSeconds' } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<ProblemFragment, unknown>;
export const ViewerDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Viewer' },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'viewer' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'numbers' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'number' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
                    ],
                  },
                },
                { kind: 'Field', name: { kind: 'Name', value: 'allowedRegions' } },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<ViewerQuery, ViewerQueryVariables>;
export const InboxDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Inbox' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'after' } },
          type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'conversations' },
            arguments: [
              { kind: 'Argument', name: { kind: 'Name', value: 'first' }, value: { kind: 'IntValue', value: '30' } },
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'after' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'after' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'nodes' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Row' } }],
                  },
                },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'pageInfo' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'hasNextPage' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'endCursor' } },
                    ],
                  },
                },
                { kind: 'Field', name: { kind: 'Name', value: 'updatesCursor' } },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<InboxQuery, InboxQueryVariables>;
export const ThreadDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Thread' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'owner' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } } },
        },
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'participants' } },
          type: {
            kind: 'NonNullType',
            type: {
              kind: 'ListType',
              type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } } },
            },
          },
        },
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'after' } },
          type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'conversation' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'owner' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'owner' } },
              },
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'participants' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'participants' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'FragmentSpread', name: { kind: 'Name', value: 'Row' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'messages' },
                  arguments: [
                    {
                      kind: 'Argument',
                      name: { kind: 'Name', value: 'first' },
                      value: { kind: 'IntValue', value: '30' },
                    },
                    {
                      kind: 'Argument',
                      name: { kind: 'Name', value: 'after' },
                      value: { kind: 'Variable', name: { kind: 'Name', value: 'after' } },
                    },
                  ],
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Page' } }],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Page' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageConnection' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'nodes' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'pageInfo' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'hasNextPage' } },
                { kind: 'Field', name: { kind: 'Name', value: 'endCursor' } },
              ],
            },
          },
          { kind: 'Field', name: { kind: 'Name', value: 'updatesCursor' } },
        ],
      },
    },
  ],
} as unknown as DocumentNode<ThreadQuery, ThreadQueryVariables>;
export const UpdatesDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'subscription',
      name: { kind: 'Name', value: 'Updates' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'since' } },
          type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } },
        },
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'filter' } },
          type: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageFilter' } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'messagesUpdated' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'since' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'since' } },
              },
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'filter' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'filter' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'cursor' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'message' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'News' } }],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'News' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'conversation' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Row' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'send' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'id' } },
                { kind: 'Field', name: { kind: 'Name', value: 'idempotencyKey' } },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<UpdatesSubscription, UpdatesSubscriptionVariables>;
export const AttachmentsDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Attachments' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'id' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'ID' } } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'message' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'id' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'id' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<AttachmentsQuery, AttachmentsQueryVariables>;
export const ValidateDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Validate' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageInput' } } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'validateMessage' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'input' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'fieldErrors' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'path' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'message' } },
                    ],
                  },
                },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'preview' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'Field', name: { kind: 'Name', value: 'segmentCount' } }],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<ValidateQuery, ValidateQueryVariables>;
export const NormalizeDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'query',
      name: { kind: 'Name', value: 'Normalize' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'text' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } } },
        },
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'region' } },
          type: { kind: 'NamedType', name: { kind: 'Name', value: 'String' } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'normalizeNumber' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'text' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'text' } },
              },
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'region' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'region' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'Field', name: { kind: 'Name', value: 'number' } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<NormalizeQuery, NormalizeQueryVariables>;
export const SubmitDocument = {
  kind: 'Document',
  definitions: [
    {
      kind: 'OperationDefinition',
      operation: 'mutation',
      name: { kind: 'Name', value: 'Submit' },
      variableDefinitions: [
        {
          kind: 'VariableDefinition',
          variable: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
          type: { kind: 'NonNullType', type: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageInput' } } },
        },
      ],
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'submitMessage' },
            arguments: [
              {
                kind: 'Argument',
                name: { kind: 'Name', value: 'input' },
                value: { kind: 'Variable', name: { kind: 'Name', value: 'input' } },
              },
            ],
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: '__typename' } },
                {
                  kind: 'InlineFragment',
                  typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'News' } }],
                  },
                },
                {
                  kind: 'InlineFragment',
                  typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageProblem' } },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Problem' } }],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Bubble' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'time' } },
          { kind: 'Field', name: { kind: 'Name', value: 'direction' } },
          { kind: 'Field', name: { kind: 'Name', value: 'status' } },
          { kind: 'Field', name: { kind: 'Name', value: 'from' } },
          { kind: 'Field', name: { kind: 'Name', value: 'to' } },
          { kind: 'Field', name: { kind: 'Name', value: 'text' } },
          { kind: 'Field', name: { kind: 'Name', value: 'applicationId' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'attachments' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'url' } },
                { kind: 'Field', name: { kind: 'Name', value: 'contentType' } },
                { kind: 'Field', name: { kind: 'Name', value: 'name' } },
                { kind: 'Field', name: { kind: 'Name', value: 'availableUntil' } },
              ],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'deliveries' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'to' } },
                { kind: 'Field', name: { kind: 'Name', value: 'status' } },
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'failure' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'meaning' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Row' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Conversation' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: 'id' } },
          { kind: 'Field', name: { kind: 'Name', value: 'owner' } },
          { kind: 'Field', name: { kind: 'Name', value: 'participants' } },
          { kind: 'Field', name: { kind: 'Name', value: 'updatedAt' } },
          { kind: 'Field', name: { kind: 'Name', value: 'optedOut' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'lastMessage' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } }],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'News' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'Message' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'FragmentSpread', name: { kind: 'Name', value: 'Bubble' } },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'conversation' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'FragmentSpread', name: { kind: 'Name', value: 'Row' } }],
            },
          },
          {
            kind: 'Field',
            name: { kind: 'Name', value: 'send' },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                { kind: 'Field', name: { kind: 'Name', value: 'id' } },
                { kind: 'Field', name: { kind: 'Name', value: 'idempotencyKey' } },
              ],
            },
          },
        ],
      },
    },
    {
      kind: 'FragmentDefinition',
      name: { kind: 'Name', value: 'Problem' },
      typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'MessageProblem' } },
      selectionSet: {
        kind: 'SelectionSet',
        selections: [
          { kind: 'Field', name: { kind: 'Name', value: '__typename' } },
          { kind: 'Field', name: { kind: 'Name', value: 'code' } },
          { kind: 'Field', name: { kind: 'Name', value: 'message' } },
          { kind: 'Field', name: { kind: 'Name', value: 'retryable' } },
          { kind: 'Field', name: { kind: 'Name', value: 'outcome' } },
          {
            kind: 'InlineFragment',
            typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'InvalidMessageProblem' } },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [
                {
                  kind: 'Field',
                  name: { kind: 'Name', value: 'fieldErrors' },
                  selectionSet: {
                    kind: 'SelectionSet',
                    selections: [
                      { kind: 'Field', name: { kind: 'Name', value: 'path' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'code' } },
                      { kind: 'Field', name: { kind: 'Name', value: 'message' } },
                    ],
                  },
                },
              ],
            },
          },
          {
            kind: 'InlineFragment',
            typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: 'SendRateLimitedProblem' } },
            selectionSet: {
              kind: 'SelectionSet',
              selections: [{ kind: 'Field', name: { kind: 'Name', value: 'retryAfterSeconds' } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<SubmitMutation, SubmitMutationVariables>;
