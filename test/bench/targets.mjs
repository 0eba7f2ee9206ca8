/** The servers that are compared: how each is started, and how a message is asked of it. */
import { resolve } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { SECRET, TOKEN, USER_ID } from './servers/sms.mjs';

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = 'dist/main.js';

/** This project, open to everybody and without limits, as its peers are. */
const OPEN = {
  PORT: '0',
  CATAPULT_USER_ID: USER_ID,
  CATAPULT_TOKEN: TOKEN,
  CATAPULT_SECRET: SECRET,
  LOG_LEVEL: 'silent',
  AUTH: 'none',
  LIMIT_SENDS: 'off',
  LIMIT_PER_RECIPIENT: 'off',
};

const own = (title, more = {}) => ({ title: `this project, ${title}`, built: MAIN, env: OPEN, ...more });
const peer = (title, file, more = {}) => ({ title, file: fileOf(`servers/${file}.mjs`), env: {}, ...more });

/** In the order of the tables. */
export const TARGETS = {
  raw: peer('raw proxy: node:http and undici', 'raw'),
  sqlite: own('SQLite'),
  'mercurius-jit': peer('Mercurius with JIT', 'mercurius', { args: ['jit'] }),
};

/**
 * @param name a name in TARGETS, or for example `sqlite@../main` for the same of another checkout, which has to be built.
 * @throws when there is none.
 */
export function targetOf(name) {
  const [key, checkout = fileOf('../..')] = name.split('@');
  if (!Object.hasOwn(TARGETS, key)) throw new Error(`Use targets of ${Object.keys(TARGETS).join(', ')}.`);
  const { built, ...target } = TARGETS[key];
  return built === undefined ? target : { ...target, file: resolve(checkout, built) };
}
