/** All that the page asks the server. `npm run codegen` makes the types of these operations. */
import { graphql } from './generated';

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      name
      numbers {
        number
        applicationId
      }
      allowedRegions
    }
  }
`);

graphql(`
  fragment Bubble on Message {
    id
    time
    direction
    status
    from
    to
    text
    applicationId
    attachments {
      url
      contentType
      name
      availableUntil
    }
    deliveries {
      to
      status
      failure {
        code
        meaning
        retryable
      }
    }
  }
`);

graphql(`
  fragment Row on Conversation {
    id
    owner
    participants
    updatedAt
    optedOut
    lastMessage {
      ...Bubble
    }
  }
`);

export const INBOX = graphql(`
  query Inbox($after: String) {
    conversations(first: 30, after: $after) {
      nodes {
        ...Row
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      updatesCursor
    }
  }
`);

export const THREAD = graphql(`
  query Thread($owner: String!, $participants: [String!]!, $after: String) {
    conversation(owner: $owner, participants: $participants) {
      ...Row
      messages(first: 30, after: $after) {
        ...Page
      }
    }
  }
`);

/** The messages of a conversation as the cache holds them: all pages that were loaded. */
export const LOADED = graphql(`
  fragment Loaded on Conversation {
    messages {
      ...Page
    }
  }
`);

graphql(`
  fragment Page on MessageConnection {
    nodes {
      ...Bubble
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    updatesCursor
  }
`);

graphql(`
  fragment News on Message {
    ...Bubble
    conversation {
      ...Row
    }
    send {
      id
      idempotencyKey
    }
  }
`);

export const UPDATES = graphql(`
  subscription Updates($since: String, $filter: MessageFilter) {
    messagesUpdated(since: $since, filter: $filter) {
      cursor
      message {
        ...News
      }
    }
  }
`);

/** Signed addresses live for a while: this asks for new ones. */
export const ATTACHMENTS = graphql(`
  query Attachments($id: ID!) {
    message(id: $id) {
      ...Bubble
    }
  }
`);

export const VALIDATE = graphql(`
  query Validate($input: MessageInput!) {
    validateMessage(input: $input) {
      fieldErrors {
        path
        code
        message
      }
      preview {
        segmentCount
      }
    }
  }
`);

export const NORMALIZE = graphql(`
  query Normalize($text: String!, $region: String) {
    normalizeNumber(text: $text, region: $region) {
      number
    }
  }
`);

export const SUBMIT = graphql(`
  mutation Submit($input: MessageInput!) {
    submitMessage(input: $input) {
      __typename
      ... on Message {
        ...News
      }
      ... on MessageProblem {
        ...Problem
      }
    }
  }
`);

graphql(`
  fragment Problem on MessageProblem {
    __typename
    code
    message
    retryable
    outcome
    ... on InvalidMessageProblem {
      fieldErrors {
        path
        code
        message
      }
    }
    ... on SendRateLimitedProblem {
      retryAfterSeconds
    }
  }
`);
