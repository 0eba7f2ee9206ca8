/** The vendor's SDK behind a REST route of Fastify, with connections that are kept. */
import { Agent } from 'node:http';
import axios from 'axios';
import { Configuration, MessagesApi } from 'bandwidth-sdk';
import Fastify from 'fastify';
import { announce, isValid, SECRET, TOKEN, UPSTREAM_URL, USER_ID } from './sms.mjs';

const http = axios.create({ baseURL: UPSTREAM_URL, httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) });
const api = new MessagesApi(new Configuration({ username: TOKEN, password: SECRET }), undefined, http);
const app = Fastify();
app.post('/messages', async ({ body }, reply) => {
  if (!isValid(body)) return reply.code(400).send({ error: 'The input is not valid.' });
  const { data } = await api.createMessage(USER_ID, { ...body, to: new Set(body.to) });
  return data;
});
await app.listen({ port: 0, host: '127.0.0.1' });
announce(app.server.address().port);
