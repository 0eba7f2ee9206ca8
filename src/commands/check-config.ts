/** `check-config`: what a server would use, and whether it could. It sends no message, and writes nothing. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { countTrustedDocuments } from '../app.js';
import { isOpen } from '../auth/authenticator.js';
import { openAll } from '../closing.js';
import { ConfigError, readConfig, type Config, type Environment } from '../config/config.js';
import { ConfigReader } from '../config/reader.js';
import { VARIABLES, type Variable } from '../config/variables.js';
import { systemClock } from '../messaging/clock.js';
import { STORE_FILE } from '../parts.js';
import { inspectStore } from '../store/index.js';
import { sqliteError } from '../store/opening-error.js';
import { openUpstream } from '../upstream.js';
import { messageOf } from './failure.js';
import { FoundBad, type Command } from './shell.js';

/** Exits with 1 where the server would not start, or could not send. */
export const checkConfig: Command = {
  usage: '',
  summary: 'shows the configuration and its sources, and whether the database and Catapult can be used; sends nothing',
  async run({ environment, print }) {
    print(`${tableOf(environment)}\n`);
    const config = readConfig(environment);
    for (const line of remarksOn(config)) print(`${line}\n`);
    let isUsable = true;
    for (const look of [askDatabase, readManifest, lookAtMediaDir, askUpstream]) {
      const finding = await look(config);
      if (finding === null) continue;
      print(`${finding.words}\n`);
      isUsable &&= finding.isUsable;
    }
    if (!isUsable) throw new FoundBad();
  },
};

/** A line for each variable: where its value comes from, and what it is. */
function tableOf(environment: Environment): string {
  const reader = new ConfigReader(environment);
  const width = Math.max(...VARIABLES.map(({ name }) => name.length));
  const lines = VARIABLES.map((variable) => {
    const { source, value } = lookUp(reader, variable);
    return `${variable.name.padEnd(width)}  ${source.padEnd('environment'.length)}  ${value}\n`;
  });
  return lines.join('');
}

function lookUp(reader: ConfigReader, variable: Variable): { readonly source: string; readonly value: string } {
  const given = givenOf(reader, variable.name);
  if (given === null) return { source: 'default', value: variable.default ?? `(${variable.unset ?? 'none'})` };
  const value = shown(variable, given.value);
  return given.file === null
    ? { source: 'environment', value }
    : { source: 'file', value: `${value} in ${given.file}` };
}

/** Proxies are named in lower case, too, which then counts. */
function givenOf(reader: ConfigReader, name: string): ReturnType<ConfigReader['given']> {
  return (name.endsWith('_PROXY') ? reader.given(name.toLowerCase()) : null) ?? reader.given(name);
}

function shown({ credential }: Variable, value: string): string {
  if (credential === 'secret') return '(hidden)';
  return credential === 'url' ? withoutSecrets(value) : value.replace(USER_INFO, '//(hidden)@');
}

/** No other URL may hold a password, but somebody may have put one there. */
const USER_INFO = /\/\/[^/@\s]*@/g;

/** User info and parameters of a URL may hold a password. */
function withoutSecrets(text: string): string {
  if (text.startsWith('sqlite:')) return text;
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url)) return '(hidden)';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** What works, but may not be what somebody wants. */
function remarksOn(config: Config): string[] {
  const { upstream, auth, callbackCredentials, host, port } = config;
  const isLive = upstream.kind === 'catapult';
  return [
    `Listens at ${host}, port ${port}.`,
    ...(isLive && isOpen(auth)
      ? ['Anybody who reaches the server can send, and each message costs money: set API_KEYS or the JWT_ variables.']
      : []),
    ...(isLive && callbackCredentials.length === 0
      ? [
          'Callbacks are off: no delivery is reported, and nothing comes in. Set CALLBACK_USERNAME and CALLBACK_PASSWORD, also at Bandwidth.',
        ]
      : []),
  ];
}

interface Finding {
  readonly words: string;
  readonly isUsable: boolean;
}

async function askDatabase({ databaseUrl, databaseFile }: Config): Promise<Finding> {
  const file = databaseFile ?? STORE_FILE;
  const where = databaseUrl === null ? `in ${resolve(file)}` : `at ${withoutSecrets(databaseUrl)}`;
  const words = `Messages are kept ${where}`;
  try {
    const code = databaseUrl === null ? (obstacleTo(file) ?? obstacleTo(dirname(file))) : null;
    if (code !== null) throw sqliteError({ code }, file);
    const { from, to } = await inspectStore({ databaseUrl, file });
    if (from === to) return { words: `${words}: version ${to} of the database, the current one.`, isUsable: true };
    const what = from === 0 ? 'nothing is there yet' : `version ${from} of the database`;
    return { words: `${words}: ${what}. The start brings it to version ${to}.`, isUsable: true };
  } catch (error) {
    return { words: `${words}.\n${messageOf(error) ?? 'The database cannot be used.'}`, isUsable: false };
  }
}

function readManifest({ trustedDocuments }: Config): Finding | null {
  const { mode, file } = trustedDocuments;
  if (file === null) return null;
  try {
    const count = countTrustedDocuments({ trustedDocuments });
    return { words: `Trusted documents (${mode}) in ${resolve(file)}: ${count}.`, isUsable: true };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { words: `Trusted documents (${mode}) in ${resolve(file)}.\n${error.problems.join('\n')}`, isUsable: false };
  }
}

function lookAtMediaDir({ mediaDir }: Config): Finding | null {
  if (mediaDir === null) return null;
  const words = `Files are copied to ${resolve(mediaDir)}`;
  const exists = existsSync(mediaDir);
  const code = exists && !statSync(mediaDir).isDirectory() ? 'ENOTDIR' : obstacleTo(mediaDir);
  if (code === null) return { words: `${words}${exists ? '' : ', which the start makes'}.`, isUsable: true };
  const cure = `MEDIA_DIR must name a folder that this user can make, or write (${code}).`;
  return { words: `${words}.\n${cure}`, isUsable: false };
}

/** What keeps this user from writing a file or folder, or from making it, as a code of the system's; null for nothing. */
function obstacleTo(path: string): string | null {
  const { W_OK, X_OK } = constants;
  try {
    accessSync(path, statSync(path).isDirectory() ? W_OK | X_OK : W_OK);
    return null;
  } catch (error) {
    const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' && dirname(path) !== path ? obstacleTo(dirname(path)) : code;
  }
}

function askUpstream({ upstream }: Config): Promise<Finding> {
  if (upstream.kind === 'sandbox') {
    return Promise.resolve({ words: 'Messages go to the built-in sandbox, and reach nobody.', isUsable: true });
  }
  return openAll(async (closing) => {
    const opened = await openUpstream(closing, upstream, { clock: systemClock, onLeftOver: () => undefined });
    const { kind } = await opened.checked;
    const state = opened.state();
    await closing.close();
    const where = `Messages go to ${new URL(upstream.url).host}, account ${upstream.userId}`;
    if (kind === 'ok') return { words: `${where}: ok.`, isUsable: true };
    const cure = CURES.find(([pattern]) => pattern.test(state))?.[1];
    return { words: `${where}: ${state}.${cure === undefined ? '' : `\n${cure}`}`, isUsable: kind === 'unknown' };
  });
}

/** By our own words for what is wrong (`catapult/problem.ts`, `catapult/check.ts`): the first that fits. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [
    /credentials refused/,
    'Correct CATAPULT_CLIENT_ID and CATAPULT_CLIENT_SECRET, or CATAPULT_TOKEN and CATAPULT_SECRET: Bandwidth accepts user name and password until 2 December 2026 only.',
  ],
  [/no such account/, 'Correct CATAPULT_USER_ID: it is the number of your account.'],
  [/certificate/, 'See docs/going-live.md on certificates. If a proxy stands between, see HTTPS_PROXY.'],
  [/proxy/, 'Correct HTTPS_PROXY and HTTP_PROXY, or unset them.'],
  [
    /not Catapult|HTML|does not speak HTTP|no TLS|no such host|connection refused/,
    'Correct CATAPULT_URL, or CATAPULT_TOKEN_URL if the token is what is missing.',
  ],
  [
    /timed out|no answer|no route|name server|connection/,
    'See whether this machine may reach the internet: firewall, name service, HTTPS_PROXY.',
  ],
  [/failing/, 'Catapult itself fails: try again later.'],
  [/cannot be checked/, 'The account may not read its message list. Whether it may send is known only after a send.'],
];
