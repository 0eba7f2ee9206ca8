/** GraphQL Yoga with the resolvers that Mercurius has. */
import { createSchema } from 'graphql-yoga';
import { resolvers, TYPE_DEFS } from './sms.mjs';
import { serveByYoga } from './yoga.mjs';

serveByYoga(createSchema({ typeDefs: TYPE_DEFS, resolvers }));
