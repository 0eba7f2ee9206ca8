/** Serves a schema by GraphQL Yoga on Node's HTTP server, with what a request does not need switched off. */
import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { announce } from './sms.mjs';

export function serveByYoga(schema) {
  const yoga = createYoga({
    schema,
    logging: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
  });
  createServer(yoga).listen(0, '127.0.0.1', function () {
    announce(this.address().port);
  });
}
