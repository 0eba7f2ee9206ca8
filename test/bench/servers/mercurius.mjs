/** Mercurius on Fastify; with the argument `jit` it compiles each document at its second run. */
import process from 'node:process';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { announce, resolvers, TYPE_DEFS } from './sms.mjs';

const app = Fastify();
app.register(mercurius, { schema: TYPE_DEFS, resolvers, jit: process.argv[2] === 'jit' ? 1 : 0, graphiql: false });
await app.listen({ port: 0, host: '127.0.0.1' });
announce(app.server.address().port);
