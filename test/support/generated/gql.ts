/* eslint-disable */
import * as types from './graphql.js';



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
    "mutation SendMessage($input: MessageInput!) {\n  sendMessage(input: $input) {\n    ...MessageFields\n  }\n}\n\nmutation SendTwo($first: MessageInput!, $second: MessageInput!) {\n  first: sendMessage(input: $first) {\n    ...MessageFields\n  }\n  second: sendMessage(input: $second) {\n    ...MessageFields\n  }\n}\n\nquery Message($id: ID!) {\n  message(id: $id) {\n    ...MessageFields\n  }\n}\n\nquery Messages($first: Int, $after: String, $filter: MessageFilter) {\n  messages(first: $first, after: $after, filter: $filter) {\n    edges {\n      cursor\n      node {\n        ...MessageFields\n      }\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}\n\nquery UnresolvedSends {\n  unresolvedSends {\n    sendId\n    status\n    from\n    to\n    tag\n    startedAt\n  }\n}\n\nquery PreviewMessage($text: String!) {\n  previewMessage(input: {text: $text}) {\n    encoding\n    segmentCount\n    unitCount\n    unitsPerSegment\n    forcing\n  }\n}\n\nfragment MessageFields on Message {\n  id\n  time\n  to\n  from\n  text\n  applicationId\n  tag\n  owner\n  media\n  direction\n  segmentCount\n  status\n  deliveries {\n    to\n    status\n    time\n    failure {\n      code\n      name\n      meaning\n      origin\n      retryable\n    }\n  }\n}\n\nsubscription MessageUpdated($id: ID!) {\n  messageUpdated(id: $id) {\n    ...MessageFields\n  }\n}\n\nsubscription MessageReceived($to: String) {\n  messageReceived(to: $to) {\n    ...MessageFields\n  }\n}": typeof types.SendMessageDocument,
};
const documents: Documents = {
    "mutation SendMessage($input: MessageInput!) {\n  sendMessage(input: $input) {\n    ...MessageFields\n  }\n}\n\nmutation SendTwo($first: MessageInput!, $second: MessageInput!) {\n  first: sendMessage(input: $first) {\n    ...MessageFields\n  }\n  second: sendMessage(input: $second) {\n    ...MessageFields\n  }\n}\n\nquery Message($id: ID!) {\n  message(id: $id) {\n    ...MessageFields\n  }\n}\n\nquery Messages($first: Int, $after: String, $filter: MessageFilter) {\n  messages(first: $first, after: $after, filter: $filter) {\n    edges {\n      cursor\n      node {\n        ...MessageFields\n      }\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}\n\nquery UnresolvedSends {\n  unresolvedSends {\n    sendId\n    status\n    from\n    to\n    tag\n    startedAt\n  }\n}\n\nquery PreviewMessage($text: String!) {\n  previewMessage(input: {text: $text}) {\n    encoding\n    segmentCount\n    unitCount\n    unitsPerSegment\n    forcing\n  }\n}\n\nfragment MessageFields on Message {\n  id\n  time\n  to\n  from\n  text\n  applicationId\n  tag\n  owner\n  media\n  direction\n  segmentCount\n  status\n  deliveries {\n    to\n    status\n    time\n    failure {\n      code\n      name\n      meaning\n      origin\n      retryable\n    }\n  }\n}\n\nsubscription MessageUpdated($id: ID!) {\n  messageUpdated(id: $id) {\n    ...MessageFields\n  }\n}\n\nsubscription MessageReceived($to: String) {\n  messageReceived(to: $to) {\n    ...MessageFields\n  }\n}": types.SendMessageDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SendMessage($input: MessageInput!) {\n  sendMessage(input: $input) {\n    ...MessageFields\n  }\n}\n\nmutation SendTwo($first: MessageInput!, $second: MessageInput!) {\n  first: sendMessage(input: $first) {\n    ...MessageFields\n  }\n  second: sendMessage(input: $second) {\n    ...MessageFields\n  }\n}\n\nquery Message($id: ID!) {\n  message(id: $id) {\n    ...MessageFields\n  }\n}\n\nquery Messages($first: Int, $after: String, $filter: MessageFilter) {\n  messages(first: $first, after: $after, filter: $filter) {\n    edges {\n      cursor\n      node {\n        ...MessageFields\n      }\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}\n\nquery UnresolvedSends {\n  unresolvedSends {\n    sendId\n    status\n    from\n    to\n    tag\n    startedAt\n  }\n}\n\nquery PreviewMessage($text: String!) {\n  previewMessage(input: {text: $text}) {\n    encoding\n    segmentCount\n    unitCount\n    unitsPerSegment\n    forcing\n  }\n}\n\nfragment MessageFields on Message {\n  id\n  time\n  to\n  from\n  text\n  applicationId\n  tag\n  owner\n  media\n  direction\n  segmentCount\n  status\n  deliveries {\n    to\n    status\n    time\n    failure {\n      code\n      name\n      meaning\n      origin\n      retryable\n    }\n  }\n}\n\nsubscription MessageUpdated($id: ID!) {\n  messageUpdated(id: $id) {\n    ...MessageFields\n  }\n}\n\nsubscription MessageReceived($to: String) {\n  messageReceived(to: $to) {\n    ...MessageFields\n  }\n}"): typeof import('./graphql.js').SendMessageDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
