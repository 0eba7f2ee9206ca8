/** What the compared servers share: the schema, the rules of the input, and the request upstream. */
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { URL } from 'node:url';
import { Pool } from 'undici';

export const { UPSTREAM_URL } = process.env;
export const [USER_ID, TOKEN, SECRET] = ['user', 'token', 'secret'];

/** The types that the request of this bench touches, as schema/schema.graphql has them. */
export const TYPE_DEFS = `
  type Query { version: String! }
  type Mutation { sendMessage(input: MessageInput!): Message }
  input MessageInput {
    from: String!
    to: [String!]!
    text: String!
    applicationId: ID!
    media: [String!]
    tag: String
    idempotencyKey: ID
  }
  enum MessageDirection { IN OUT }
  type Message {
    id: ID!
    time: String!
    to: [String!]!
    from: String!
    text: String!
    applicationId: ID
    tag: String
    owner: String
    media: [String!]!
    direction: MessageDirection!
    segmentCount: Int
  }
`;

export const E164 = /^\+[1-9]\d{1,14}$/;

/** Whether the input keeps the rules that every server here checks. */
export function isValid({ from, to, text, applicationId, media, tag }) {
  return (
    E164.test(from) &&
    to.length > 0 &&
    to.length <= 10 &&
    to.every((number, index) => E164.test(number) && to.indexOf(number) === index) &&
    (text !== '' || media?.length > 0) &&
    text.length <= 2_048 &&
    applicationId.trim() !== '' &&
    (media == null || (media.length <= 10 && media.every((url) => /^https?:/.test(url) && URL.canParse(url)))) &&
    (tag == null || tag.length <= 1_024)
  );
}

const pool = UPSTREAM_URL && new Pool(UPSTREAM_URL, { connections: 64 });
const PATH = `/users/${USER_ID}/messages`;
const HEADERS = {
  authorization: `Basic ${Buffer.from(`${TOKEN}:${SECRET}`).toString('base64')}`,
  'content-type': 'application/json; charset=utf-8',
};

/** Sends by `dispatch`, the cheapest that undici has. @returns the body of Catapult's 202 */
export function post(message) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let status;
    pool.dispatch(
      { method: 'POST', path: PATH, headers: HEADERS, body: JSON.stringify(message) },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          if (status === 202) resolve(JSON.parse(Buffer.concat(chunks)));
          else reject(new Error(`upstream answered ${status}`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/** @returns the message as the schema has it. */
export async function sendMessage({ from, to, text, applicationId, media, tag }) {
  const accepted = await post({ from, to, text, applicationId, media: media ?? undefined, tag: tag ?? undefined });
  return { ...accepted, media: accepted.media ?? [], direction: 'OUT' };
}

/** The resolvers of the servers that are not built by TypeGraphQL. */
export const resolvers = {
  Query: { version: () => '1' },
  Mutation: {
    sendMessage(_parent, { input }) {
      if (!isValid(input)) throw new Error('The input is not valid.');
      return sendMessage(input);
    },
  },
};

/** Tells the bench that the server listens. */
export function announce(port) {
  process.stdout.write(`http://127.0.0.1:${port}\n`);
}
