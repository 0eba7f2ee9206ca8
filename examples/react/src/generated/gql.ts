/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Viewer {\n    viewer {\n      name\n      numbers {\n        number\n        applicationId\n      }\n      allowedRegions\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  fragment Bubble on Message {\n    id\n    time\n    direction\n    status\n    from\n    to\n    text\n    applicationId\n    attachments {\n      url\n      contentType\n      name\n      availableUntil\n    }\n    deliveries {\n      to\n      status\n      failure {\n        code\n        meaning\n        retryable\n      }\n    }\n  }\n": typeof types.BubbleFragmentDoc,
    "\n  fragment Row on Conversation {\n    id\n    owner\n    participants\n    updatedAt\n    optedOut\n    lastMessage {\n      ...Bubble\n    }\n  }\n": typeof types.RowFragmentDoc,
    "\n  query Inbox($after: String) {\n    conversations(first: 30, after: $after) {\n      nodes {\n        ...Row\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      updatesCursor\n    }\n  }\n": typeof types.InboxDocument,
    "\n  query Thread($owner: String!, $participants: [String!]!, $after: String) {\n    conversation(owner: $owner, participants: $participants) {\n      ...Row\n      messages(first: 30, after: $after) {\n        ...Page\n      }\n    }\n  }\n": typeof types.ThreadDocument,
    "\n  fragment Loaded on Conversation {\n    messages {\n      ...Page\n    }\n  }\n": typeof types.LoadedFragmentDoc,
    "\n  fragment Page on MessageConnection {\n    nodes {\n      ...Bubble\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    updatesCursor\n  }\n": typeof types.PageFragmentDoc,
    "\n  fragment News on Message {\n    ...Bubble\n    conversation {\n      ...Row\n    }\n    send {\n      id\n      idempotencyKey\n    }\n  }\n": typeof types.NewsFragmentDoc,
    "\n  subscription Updates($since: String, $filter: MessageFilter) {\n    messagesUpdated(since: $since, filter: $filter) {\n      cursor\n      message {\n        ...News\n      }\n    }\n  }\n": typeof types.UpdatesDocument,
    "\n  query Attachments($id: ID!) {\n    message(id: $id) {\n      ...Bubble\n    }\n  }\n": typeof types.AttachmentsDocument,
    "\n  query Validate($input: MessageInput!) {\n    validateMessage(input: $input) {\n      fieldErrors {\n        path\n        code\n        message\n      }\n      preview {\n        segmentCount\n      }\n    }\n  }\n": typeof types.ValidateDocument,
    "\n  query Normalize($text: String!, $region: String) {\n    normalizeNumber(text: $text, region: $region) {\n      number\n    }\n  }\n": typeof types.NormalizeDocument,
    "\n  mutation Submit($input: MessageInput!) {\n    submitMessage(input: $input) {\n      __typename\n      ... on Message {\n        ...News\n      }\n      ... on MessageProblem {\n        ...Problem\n      }\n    }\n  }\n": typeof types.SubmitDocument,
    "\n  fragment Problem on MessageProblem {\n    __typename\n    code\n    message\n    retryable\n    outcome\n    ... on InvalidMessageProblem {\n      fieldErrors {\n        path\n        code\n        message\n      }\n    }\n    ... on SendRateLimitedProblem {\n      retryAfterSeconds\n    }\n  }\n": typeof types.ProblemFragmentDoc,
};
const documents: Documents = {
    "\n  query Viewer {\n    viewer {\n      name\n      numbers {\n        number\n        applicationId\n      }\n      allowedRegions\n    }\n  }\n": types.ViewerDocument,
    "\n  fragment Bubble on Message {\n    id\n    time\n    direction\n    status\n    from\n    to\n    text\n    applicationId\n    attachments {\n      url\n      contentType\n      name\n      availableUntil\n    }\n    deliveries {\n      to\n      status\n      failure {\n        code\n        meaning\n        retryable\n      }\n    }\n  }\n": types.BubbleFragmentDoc,
    "\n  fragment Row on Conversation {\n    id\n    owner\n    participants\n    updatedAt\n    optedOut\n    lastMessage {\n      ...Bubble\n    }\n  }\n": types.RowFragmentDoc,
    "\n  query Inbox($after: String) {\n    conversations(first: 30, after: $after) {\n      nodes {\n        ...Row\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      updatesCursor\n    }\n  }\n": types.InboxDocument,
    "\n  query Thread($owner: String!, $participants: [String!]!, $after: String) {\n    conversation(owner: $owner, participants: $participants) {\n      ...Row\n      messages(first: 30, after: $after) {\n        ...Page\n      }\n    }\n  }\n": types.ThreadDocument,
    "\n  fragment Loaded on Conversation {\n    messages {\n      ...Page\n    }\n  }\n": types.LoadedFragmentDoc,
    "\n  fragment Page on MessageConnection {\n    nodes {\n      ...Bubble\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    updatesCursor\n  }\n": types.PageFragmentDoc,
    "\n  fragment News on Message {\n    ...Bubble\n    conversation {\n      ...Row\n    }\n    send {\n      id\n      idempotencyKey\n    }\n  }\n": types.NewsFragmentDoc,
    "\n  subscription Updates($since: String, $filter: MessageFilter) {\n    messagesUpdated(since: $since, filter: $filter) {\n      cursor\n      message {\n        ...News\n      }\n    }\n  }\n": types.UpdatesDocument,
    "\n  query Attachments($id: ID!) {\n    message(id: $id) {\n      ...Bubble\n    }\n  }\n": types.AttachmentsDocument,
    "\n  query Validate($input: MessageInput!) {\n    validateMessage(input: $input) {\n      fieldErrors {\n        path\n        code\n        message\n      }\n      preview {\n        segmentCount\n      }\n    }\n  }\n": types.ValidateDocument,
    "\n  query Normalize($text: String!, $region: String) {\n    normalizeNumber(text: $text, region: $region) {\n      number\n    }\n  }\n": types.NormalizeDocument,
    "\n  mutation Submit($input: MessageInput!) {\n    submitMessage(input: $input) {\n      __typename\n      ... on Message {\n        ...News\n      }\n      ... on MessageProblem {\n        ...Problem\n      }\n    }\n  }\n": types.SubmitDocument,
    "\n  fragment Problem on MessageProblem {\n    __typename\n    code\n    message\n    retryable\n    outcome\n    ... on InvalidMessageProblem {\n      fieldErrors {\n        path\n        code\n        message\n      }\n    }\n    ... on SendRateLimitedProblem {\n      retryAfterSeconds\n    }\n  }\n": types.ProblemFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Viewer {\n    viewer {\n      name\n      numbers {\n        number\n        applicationId\n      }\n      allowedRegions\n    }\n  }\n"): (typeof documents)["\n  query Viewer {\n    viewer {\n      name\n      numbers {\n        number\n        applicationId\n      }\n      allowedRegions\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Bubble on Message {\n    id\n    time\n    direction\n    status\n    from\n    to\n    text\n    applicationId\n    attachments {\n      url\n      contentType\n      name\n      availableUntil\n    }\n    deliveries {\n      to\n      status\n      failure {\n        code\n        meaning\n        retryable\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment Bubble on Message {\n    id\n    time\n    direction\n    status\n    from\n    to\n    text\n    applicationId\n    attachments {\n      url\n      contentType\n      name\n      availableUntil\n    }\n    deliveries {\n      to\n      status\n      failure {\n        code\n        meaning\n        retryable\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Row on Conversation {\n    id\n    owner\n    participants\n    updatedAt\n    optedOut\n    lastMessage {\n      ...Bubble\n    }\n  }\n"): (typeof documents)["\n  fragment Row on Conversation {\n    id\n    owner\n    participants\n    updatedAt\n    optedOut\n    lastMessage {\n      ...Bubble\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Inbox($after: String) {\n    conversations(first: 30, after: $after) {\n      nodes {\n        ...Row\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      updatesCursor\n    }\n  }\n"): (typeof documents)["\n  query Inbox($after: String) {\n    conversations(first: 30, after: $after) {\n      nodes {\n        ...Row\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      updatesCursor\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Thread($owner: String!, $participants: [String!]!, $after: String) {\n    conversation(owner: $owner, participants: $participants) {\n      ...Row\n      messages(first: 30, after: $after) {\n        ...Page\n      }\n    }\n  }\n"): (typeof documents)["\n  query Thread($owner: String!, $participants: [String!]!, $after: String) {\n    conversation(owner: $owner, participants: $participants) {\n      ...Row\n      messages(first: 30, after: $after) {\n        ...Page\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Loaded on Conversation {\n    messages {\n      ...Page\n    }\n  }\n"): (typeof documents)["\n  fragment Loaded on Conversation {\n    messages {\n      ...Page\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Page on MessageConnection {\n    nodes {\n      ...Bubble\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    updatesCursor\n  }\n"): (typeof documents)["\n  fragment Page on MessageConnection {\n    nodes {\n      ...Bubble\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    updatesCursor\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment News on Message {\n    ...Bubble\n    conversation {\n      ...Row\n    }\n    send {\n      id\n      idempotencyKey\n    }\n  }\n"): (typeof documents)["\n  fragment News on Message {\n    ...Bubble\n    conversation {\n      ...Row\n    }\n    send {\n      id\n      idempotencyKey\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Updates($since: String, $filter: MessageFilter) {\n    messagesUpdated(since: $since, filter: $filter) {\n      cursor\n      message {\n        ...News\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription Updates($since: String, $filter: MessageFilter) {\n    messagesUpdated(since: $since, filter: $filter) {\n      cursor\n      message {\n        ...News\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Attachments($id: ID!) {\n    message(id: $id) {\n      ...Bubble\n    }\n  }\n"): (typeof documents)["\n  query Attachments($id: ID!) {\n    message(id: $id) {\n      ...Bubble\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Validate($input: MessageInput!) {\n    validateMessage(input: $input) {\n      fieldErrors {\n        path\n        code\n        message\n      }\n      preview {\n        segmentCount\n      }\n    }\n  }\n"): (typeof documents)["\n  query Validate($input: MessageInput!) {\n    validateMessage(input: $input) {\n      fieldErrors {\n        path\n        code\n        message\n      }\n      preview {\n        segmentCount\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Normalize($text: String!, $region: String) {\n    normalizeNumber(text: $text, region: $region) {\n      number\n    }\n  }\n"): (typeof documents)["\n  query Normalize($text: String!, $region: String) {\n    normalizeNumber(text: $text, region: $region) {\n      number\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Submit($input: MessageInput!) {\n    submitMessage(input: $input) {\n      __typename\n      ... on Message {\n        ...News\n      }\n      ... on MessageProblem {\n        ...Problem\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Submit($input: MessageInput!) {\n    submitMessage(input: $input) {\n      __typename\n      ... on Message {\n        ...News\n      }\n      ... on MessageProblem {\n        ...Problem\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Problem on MessageProblem {\n    __typename\n    code\n    message\n    retryable\n    outcome\n    ... on InvalidMessageProblem {\n      fieldErrors {\n        path\n        code\n        message\n      }\n    }\n    ... on SendRateLimitedProblem {\n      retryAfterSeconds\n    }\n  }\n"): (typeof documents)["\n  fragment Problem on MessageProblem {\n    __typename\n    code\n    message\n    retryable\n    outcome\n    ... on InvalidMessageProblem {\n      fieldErrors {\n        path\n        code\n        message\n      }\n    }\n    ... on SendRateLimitedProblem {\n      retryAfterSeconds\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;