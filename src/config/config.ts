/** The environment, read once into a frozen Config. All mistakes are reported at once, by name and never by value. */
import { readAccess, type AccessConfig } from './access.js';
import { readConsent, type ConsentConfig } from './consent.js';
import { readLimits, type LimitsConfig } from './limits.js';
import { ConfigReader, isOrigin, type Range } from './reader.js';
import { readRetention } from './retention.js';
import { readTraces } from './traces.js';
import { readUpstream, type Upstream } from './upstream.js';
import { unknownNames, type Environment } from './variables.js';

export { ConfigError } from './reader.js';
export type { Environment } from './variables.js';
export type { ProxyConfig, Upstream, UpstreamCredentials } from './upstream.js';

export interface Config extends AccessConfig, ConsentConfig, LimitsConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** How many processes serve, behind the one port. */
  readonly workers: number;
  /** How long a stop goes on to serve while /ready says no, in milliseconds. */
  readonly drainDelayMs: number;
  /** Where metrics are served; null for nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** The URL under which clients reach this server, without a slash behind; null for what each request says. */
  readonly publicUrl: string | null;
  readonly upstream: Upstream;
  /** Where files of incoming messages are copied to; null for nowhere. */
  readonly mediaDir: string | null;
  /** With less left on the disks that are written to, in bytes, the server is not ready. 0 for no such bound. */
  readonly minFreeDisk: number;
  /** `postgres://…`; null for an SQLite file. */
  readonly databaseUrl: string | null;
  /** The path of the SQLite file, where DATABASE_URL names one; else null. */
  readonly databaseFile: string | null;
  /** How long messages are kept, in milliseconds; null for ever. */
  readonly retainMessagesMs: number | null;
  /** Whether unresolved sends are looked up in upstream's message list. */
  readonly settleBySearch: boolean;
  /** Overall deadline of one send, all attempts and pauses included. */
  readonly sendTimeoutMs: number;
  /** Credentials for callbacks, the current first; none where callbacks are off. In the sandbox they are always on. */
  readonly callbackCredentials: readonly { readonly username: string; readonly password: string }[];
  /** Whether the schema may be asked for, by introspection, `_service` and GraphiQL. */
  readonly introspection: boolean;
  /** Whether timings go into the answers that a router asks to trace. */
  readonly federatedTracing: boolean;
  /** The origins of routers that may have events of subscriptions posted to them. */
  readonly routerOrigins: readonly string[];
  /** Whether `/` is the console, a page for people. */
  readonly console: boolean;
  readonly trustedDocuments: TrustedDocumentsConfig;
  /** Whether spans are exported, as OpenTelemetry's standard variables say. */
  readonly exportsTraces: boolean;
  readonly logLevel: string;
}

export interface TrustedDocumentsConfig {
  /** Whether only documents of the manifest run; with `log`, others run as well and are logged. */
  readonly mode: 'off' | 'log' | 'enforce';
  /** Where the manifest lies: null only with `off`. */
  readonly file: string | null;
}

/** Gateways in front commonly wait 30 s: the caller should get the answer from us. */
const DEFAULT_SEND_TIMEOUT_MS = 20_000;
const SEND_TIMEOUT_RANGE: Range = { min: 1_000, max: 60_000 };

/** More than any machine that this would run on has cores. */
const WORKERS_RANGE: Range = { min: 1, max: 64 };

/** Load balancers look every few seconds. Longer than a minute would only delay each deployment. */
const DRAIN_DELAY_RANGE: Range = { min: 0, max: 60_000 };

/** Some eighty thousand sends: time to act, on the busiest servers as well. */
const DEFAULT_MIN_FREE_DISK = '100MB';
const BYTES: Readonly<Record<string, number>> = { KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** @throws ConfigError with all mistakes. An empty value counts as unset. */
export function readConfig(environment: Environment): Config {
  const reader = new ConfigReader(environment);
  for (const { name, nearest } of unknownNames(environment)) {
    reader.addProblem(`${name} is not known: ${nearest === null ? 'unset it.' : `did you mean ${nearest}?`}`);
  }
  const host = reader.readText('HOST', (text) => !/[\s/]/.test(text), 'a host name or an address') ?? '127.0.0.1';
  const upstream = readUpstream(reader, isLoopback(host));
  const isSandbox = upstream.kind === 'sandbox';
  const config: Config = {
    host,
    port: reader.readNumber('PORT', 4_000, { min: 0, max: 65_535 }),
    workers: reader.readNumber('WORKERS', 1, WORKERS_RANGE),
    drainDelayMs: reader.readNumber('DRAIN_DELAY_MS', 0, DRAIN_DELAY_RANGE),
    metrics: readMetrics(reader),
    publicUrl: readPublicUrl(reader),
    upstream,
    mediaDir: readMediaDir(reader),
    minFreeDisk: readMinFreeDisk(reader),
    ...readDatabase(reader),
    retainMessagesMs: readRetention(reader),
    settleBySearch: reader.readSwitch('SETTLE_BY_SEARCH', 'off'),
    sendTimeoutMs: reader.readNumber('SEND_TIMEOUT_MS', DEFAULT_SEND_TIMEOUT_MS, SEND_TIMEOUT_RANGE),
    callbackCredentials: readCallbackCredentials(reader),
    introspection: reader.readSwitch('INTROSPECTION', 'on'),
    federatedTracing: reader.readSwitch('FEDERATED_TRACING', 'off'),
    routerOrigins: reader.readList('ROUTER_ORIGINS', isOrigin, 'origins such as https://router.example.com'),
    console: reader.readSwitch('CONSOLE', 'on'),
    trustedDocuments: readTrustedDocuments(reader),
    ...readAccess(reader, !isSandbox || !isLoopback(host)),
    ...readLimits(reader, isSandbox),
    ...readConsent(reader),
    exportsTraces: readTraces(reader),
    logLevel: reader.readOneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  };
  reader.throwProblems();
  return Object.freeze(config);
}

export type StoreConfig = Pick<Config, 'databaseUrl' | 'databaseFile' | 'keepsConsent'>;

/** What commands need that use the store alone. @throws ConfigError */
export function storeConfigIn(environment: Environment): StoreConfig {
  const reader = new ConfigReader(environment);
  const { keepsConsent } = readConsent(reader);
  const database = readDatabase(reader);
  reader.throwProblems();
  return { ...database, keepsConsent };
}

/** Where copies of files lie, for commands that remove some; null where there are none. @throws ConfigError */
export function mediaDirIn(environment: Environment): string | null {
  const reader = new ConfigReader(environment);
  const mediaDir = readMediaDir(reader);
  reader.throwProblems();
  return mediaDir;
}

const readMediaDir = (reader: ConfigReader): string | null =>
  reader.readText('MEDIA_DIR', (path) => !path.includes('\0'), 'the path of a folder');

/** On loopback, unless the operator says otherwise: whoever reaches them needs no credential. */
function readMetrics(reader: ConfigReader): Config['metrics'] {
  const host =
    reader.readText('METRICS_HOST', (text) => !/[\s/]/.test(text), 'a host name or an address') ?? '127.0.0.1';
  if (reader.read('METRICS_PORT') === null) return null;
  return { host, port: reader.readNumber('METRICS_PORT', 0, { min: 0, max: 65_535 }) };
}

function readPublicUrl(reader: ConfigReader): string | null {
  const isBase = (text: string): boolean =>
    /^https?:\/\/[^/?#@\\\s]+(\/[^?#@\\\s]*)?$/i.test(text) && URL.canParse(text);
  const expected = 'an absolute http or https URL without user info, query and fragment';
  return reader.readText('PUBLIC_URL', isBase, expected)?.replace(/\/+$/, '') ?? null;
}

const SQLITE = 'sqlite:';

function readDatabase(reader: ConfigReader): Pick<Config, 'databaseUrl' | 'databaseFile'> {
  const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
  const url = reader.readText(
    'DATABASE_URL',
    (text) => isPostgres(text) || isSqlite(text),
    'a postgres:// or postgresql:// URL, or sqlite: and the path of a file, such as sqlite:/var/lib/catapult/messages.sqlite',
  );
  if (url?.startsWith(SQLITE) === true) return { databaseUrl: null, databaseFile: url.slice(SQLITE.length) };
  return { databaseUrl: url, databaseFile: null };
}

/**
 * With a path as it stands, relative or absolute. Slashes as in a URL are refused, since programs read them in different ways;
 * so is what SQLite takes for no file at all, since sends must be on disk.
 */
function isSqlite(text: string): boolean {
  if (!text.startsWith(SQLITE)) return false;
  const path = text.slice(SQLITE.length);
  return !/^(\/\/|~|:memory:|file:|\s*$)|\/$|\0/.test(path);
}

function readMinFreeDisk(reader: ConfigReader): number {
  const isSize = (text: string): boolean => text === 'off' || /^[1-9]\d{0,5}[KMG]B$/.test(text);
  const text = reader.readText('MIN_FREE_DISK', isSize, 'a size such as 100MB or 2GB, or off') ?? DEFAULT_MIN_FREE_DISK;
  return text === 'off' ? 0 : Number(text.slice(0, -2)) * (BYTES[text.slice(-2)] ?? 0);
}

function readTrustedDocuments(reader: ConfigReader): TrustedDocumentsConfig {
  const mode = reader.readOneOf('TRUSTED_DOCUMENTS', ['off', 'log', 'enforce'], 'off');
  const file = reader.read('TRUSTED_DOCUMENTS_FILE');
  if (mode !== 'off' && file === null) {
    reader.addProblem('TRUSTED_DOCUMENTS_FILE is missing: set it to the manifest that codegen writes.');
  }
  return { mode, file };
}

function readCallbackCredentials(reader: ConfigReader): Config['callbackCredentials'] {
  const credentials = ['', '_PREVIOUS'].flatMap((suffix) => readCredentials(reader, suffix));
  if (reader.read('CALLBACK_USERNAME') === null && reader.read('CALLBACK_USERNAME_PREVIOUS') !== null) {
    reader.addProblem('CALLBACK_USERNAME_PREVIOUS goes with CALLBACK_USERNAME: set that, too.');
  }
  return credentials;
}

function readCredentials(reader: ConfigReader, suffix: string): Config['callbackCredentials'] {
  const names = [`CALLBACK_USERNAME${suffix}`, `CALLBACK_PASSWORD${suffix}`] as const;
  const username = reader.readUserName(names[0]);
  const password = reader.read(names[1]);
  if (username !== null && password !== null) return [{ username, password }];
  if (username !== null || password !== null) {
    const [missing, given] = username === null ? names : [names[1], names[0]];
    reader.addProblem(`${missing} is missing: it goes with ${given}.`);
  }
  return [];
}

/** Whether only this machine reaches what listens there. */
export const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|localhost)$/i.test(host);
