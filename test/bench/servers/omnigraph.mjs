/** A GraphQL schema that omnigraph makes of Catapult's JSON, with its own requests upstream, served by Yoga. */
import { Buffer } from 'node:buffer';
import { loadGraphQLSchemaFromJSONSchemas } from '@omnigraph/json-schema';
import { E164, SECRET, TOKEN, UPSTREAM_URL, USER_ID } from './sms.mjs';
import { serveByYoga } from './yoga.mjs';

const string = { type: 'string' };
const number = { type: 'string', pattern: E164.source };
const textOf = (maxLength) => ({ type: 'string', maxLength });
const object = (title, required, properties) => ({ type: 'object', title, required, properties });

const MessageInput = object('MessageInput', ['from', 'to', 'text', 'applicationId'], {
  from: number,
  to: { type: 'array', items: number, minItems: 1, maxItems: 10 },
  text: textOf(2_048),
  applicationId: textOf(255),
  media: { type: 'array', items: { type: 'string', format: 'uri' }, maxItems: 10 },
  tag: textOf(1_024),
});
const Message = object('Message', ['id', 'time', 'to', 'from', 'text', 'direction'], {
  id: string,
  time: string,
  to: { type: 'array', items: string },
  from: string,
  text: string,
  applicationId: string,
  tag: string,
  owner: string,
  media: { type: 'array', items: string },
  direction: { type: 'string', enum: ['in', 'out'] },
  segmentCount: { type: 'integer' },
});

const schema = await loadGraphQLSchemaFromJSONSchemas('catapult', {
  endpoint: UPSTREAM_URL,
  operationHeaders: {
    authorization: `Basic ${Buffer.from(`${TOKEN}:${SECRET}`).toString('base64')}`,
    'content-type': 'application/json; charset=utf-8',
  },
  operations: [
    {
      type: 'Mutation',
      field: 'sendMessage',
      path: `/users/${USER_ID}/messages`,
      method: 'POST',
      requestSchema: MessageInput,
      responseSchema: Message,
    },
  ],
});
serveByYoga(schema);
