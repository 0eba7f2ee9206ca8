/** The servers that are compared: how each is started, and how a message is asked of it. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { SECRET, TOKEN, USER_ID } from './servers/sms.mjs';

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const peer = (title, file, more = {}) => ({ title, file: fileOf(`servers/${file}.mjs`), env: {}, ...more });

const KEY = 'key-of-the-bench';
const KEY_SHA256 = createHash('sha256').update(KEY).digest('hex');

const CATAPULT = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  CATAPULT_USER_ID: USER_ID,
  CATAPULT_TOKEN: TOKEN,
  CATAPULT_SECRET: SECRET,
};
/** Open to everybody and without limits, as the others are. */
const OPEN = { env: { ...CATAPULT, AUTH: 'none', LIMIT_SENDS: 'off', LIMIT_PER_RECIPIENT: 'off' } };
/** Counts as the defaults do, but never refuses. */
const LIMITED = { ...CATAPULT, LIMIT_SENDS: '1000000/s,900000000/d', LIMIT_PER_RECIPIENT: '1000000/10m' };
const BY_KEY = {
  env: { ...LIMITED, API_KEYS: `bench:${KEY_SHA256}` },
  headers: { authorization: `Bearer ${KEY}` },
};

/** Each send is traced, or one of a hundred. */
const TRACED = { ...OPEN.env, OTEL_TRACES_SAMPLER: 'parentbased_always_on' };
const SAMPLED = { ...OPEN.env, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };

/** This project on one store, in the ways to run it. */
function own(key, title, store) {
  return {
    [key]: { title, ...store, ...OPEN },
    [`${key}-keys`]: { title: `${title}, idempotency keys`, ...store, ...OPEN, withKeys: true },
    [`${key}-limits`]: { title: `${title}, limits and API keys`, ...store, ...BY_KEY },
    [`${key}-jwt`]: { title: `${title}, limits and tokens`, ...store, env: LIMITED, withTokens: true },
    ...(store.built === 'dist/main.js' && {
      [`${key}-traces`]: { title: `${title}, traces of all sends`, ...store, env: TRACED, withTraces: true },
      [`${key}-traces-1`]: { title: `${title}, traces of 1 % of sends`, ...store, env: SAMPLED, withTraces: true },
      [`${key}-workers`]: { title: `${title}, 2 workers`, ...store, env: { ...OPEN.env, WORKERS: '2' } },
    }),
  };
}

/** In the order of the tables. `built` is a file of this project, below the root of the checkout. */
export const TARGETS = {
  raw: peer('raw proxy: node:http and undici', 'raw'),
  'mercurius-jit': peer('Mercurius with JIT', 'mercurius', { args: ['jit'] }),
  mercurius: peer('Mercurius', 'mercurius'),
  apollo: peer('Apollo, TypeGraphQL, class-validator, Fastify', 'apollo'),
  yoga: peer('GraphQL Yoga', 'plain-yoga'),
  sdk: peer("the vendor's SDK behind a REST route", 'sdk', { protocol: 'rest' }),
  omnigraph: peer('omnigraph on Yoga', 'omnigraph', { protocol: 'omnigraph' }),
  ...own('memory', 'this, in memory', { file: fileOf('servers/memory.mjs'), built: 'dist/index.js' }),
  ...own('sqlite', 'this, SQLite', { built: 'dist/main.js' }),
  ...own('postgres', 'this, PostgreSQL', { built: 'dist/main.js', onPostgres: true }),
};

/**
 * @param name one of TARGETS, or for example `sqlite@../other` for the same of another checkout, which has to be built.
 * @throws when there is none.
 */
export function targetOf(name) {
  const [key, checkout] = name.split('@');
  if (!Object.hasOwn(TARGETS, key)) throw new Error(`Use targets of ${Object.keys(TARGETS).join(', ')}.`);
  const { built, title, ...target } = TARGETS[key];
  if (built === undefined) return { title, ...target };
  const path = resolve(checkout ?? fileOf('../..'), built);
  const start = target.file === undefined ? { file: path } : { args: [path] };
  return { ...target, ...start, title: checkout === undefined ? title : `${title}, ${checkout}` };
}
