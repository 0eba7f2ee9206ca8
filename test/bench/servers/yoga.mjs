/** GraphQL Yoga on Node's HTTP server, with what a request does not need switched off. */
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { announce, resolvers, TYPE_DEFS } from './sms.mjs';

const yoga = createYoga({
  schema: createSchema({ typeDefs: TYPE_DEFS, resolvers }),
  logging: false,
  graphiql: false,
  landingPage: false,
  cors: false,
  multipart: false,
});
createServer(yoga).listen(0, '127.0.0.1', function () {
  announce(this.address().port);
});
