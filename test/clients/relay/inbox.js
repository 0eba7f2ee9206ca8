/** What a screen with a list of messages asks for, as relay-compiler reads it; it is compiled, and never run. */
import { graphql } from 'relay-runtime';

graphql`
  query inboxQuery($count: Int!, $cursor: String, $filter: MessageFilter) {
    ...inbox_list
  }
`;

graphql`
  fragment inbox_list on Query @refetchable(queryName: "inboxPageQuery") {
    messages(first: $count, after: $cursor, filter: $filter) @connection(key: "inbox_messages", filters: ["filter"]) {
      totalCount
      edges {
        node {
          ...inbox_message
        }
      }
    }
  }
`;

graphql`
  query inboxEndQuery($count: Int!, $cursor: String) {
    messages(last: $count, before: $cursor) @connection(key: "inboxEnd_messages") {
      edges {
        node {
          ...inbox_message
        }
      }
    }
  }
`;

graphql`
  fragment inbox_message on Message @refetchable(queryName: "inboxMessageQuery") {
    id
    text
    status
    deliveries {
      to
      status
    }
  }
`;
