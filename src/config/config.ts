/** The environment, read once into a frozen Config. All mistakes are reported at once, by name and never by value. */
import { readAccess, type AccessConfig } from './access.js';
import { readLimits, type LimitsConfig } from './limits.js';
import { ConfigReader, isOrigin, type Environment } from './reader.js';
import { readUpstream, type Upstream } from './upstream.js';

export type { Environment } from './reader.js';
export type { ProxyConfig, Upstream, UpstreamCredentials } from './upstream.js';

export interface Config extends AccessConfig, LimitsConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly upstream: Upstream;
  /** `postgres://…`; null for the embedded SQLite file. */
  readonly databaseUrl: string | null;
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
  /** Whether only documents of the manifest run; `log` tells of others and runs them. */
  readonly trustedDocuments: 'off' | 'log' | 'enforce';
  /** Where the manifest lies; null where it is not needed. */
  readonly trustedDocumentsFile: string | null;
  readonly logLevel: string;
}

/** Gateways in front commonly wait 30 s: the caller should hear of it from us. */
const DEFAULT_SEND_TIMEOUT_MS = 20_000;
const MIN_SEND_TIMEOUT_MS = 1_000;
const MAX_SEND_TIMEOUT_MS = 60_000;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** The environment cannot be used; `problems` names every variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** @throws ConfigError with all mistakes. An empty value counts as unset. */
export function readConfig(environment: Environment): Config {
  const reader = new ConfigReader(environment);
  const { problems } = reader;
  const read = (name: string): string | null => reader.read(name);

  const host = read('HOST') ?? '127.0.0.1';
  if (/[\s/]/.test(host)) problems.push('HOST must be a host name or an address.');

  const port = read('PORT') ?? '4000';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) problems.push('PORT must be a number from 0 to 65535.');

  const logLevel = read('LOG_LEVEL') ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`);

  const databaseUrl = readDatabaseUrl(reader);

  const sendTimeoutMs = Number(read('SEND_TIMEOUT_MS') ?? DEFAULT_SEND_TIMEOUT_MS);
  if (!Number.isInteger(sendTimeoutMs) || sendTimeoutMs < MIN_SEND_TIMEOUT_MS || sendTimeoutMs > MAX_SEND_TIMEOUT_MS) {
    problems.push(`SEND_TIMEOUT_MS must be a whole number from ${MIN_SEND_TIMEOUT_MS} to ${MAX_SEND_TIMEOUT_MS}.`);
  }

  const introspection = reader.readSwitch('INTROSPECTION', 'on');
  const federatedTracing = reader.readSwitch('FEDERATED_TRACING', 'off');
  const routerOrigins = reader.readList('ROUTER_ORIGINS', isOrigin, 'origins such as https://router.example.com');

  const callbackCredentials = ['', '_PREVIOUS'].flatMap((suffix) => readCredentials(read, problems, suffix));
  if (read('CALLBACK_USERNAME') === null && read('CALLBACK_USERNAME_PREVIOUS') !== null) {
    problems.push('CALLBACK_USERNAME_PREVIOUS goes with CALLBACK_USERNAME.');
  }

  const upstream = readUpstream(reader);
  const isSandbox = upstream.kind === 'sandbox';
  const settleBySearch = reader.readSwitch('SETTLE_BY_SEARCH', 'off');
  const access = readAccess(reader, !isSandbox || !isLoopback(host));
  const limits = readLimits(reader, isSandbox);
  const trustedDocuments = reader.readOneOf('TRUSTED_DOCUMENTS', ['off', 'log', 'enforce'], 'off');
  const trustedDocumentsFile = read('TRUSTED_DOCUMENTS_FILE');
  if (trustedDocuments !== 'off' && trustedDocumentsFile === null) {
    problems.push('TRUSTED_DOCUMENTS_FILE is missing: the manifest that codegen writes.');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    host,
    port: Number(port),
    upstream,
    databaseUrl,
    settleBySearch,
    sendTimeoutMs,
    callbackCredentials,
    introspection,
    federatedTracing,
    routerOrigins,
    trustedDocuments,
    trustedDocumentsFile,
    ...access,
    ...limits,
    logLevel,
  });
}

/** Where the store is, for commands that need nothing else. @throws ConfigError */
export function databaseUrlIn(environment: Environment): string | null {
  const reader = new ConfigReader(environment);
  const url = readDatabaseUrl(reader);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return url;
}

function readDatabaseUrl(reader: ConfigReader): string | null {
  const url = reader.read('DATABASE_URL');
  if (url !== null && !(/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))) {
    reader.problem('DATABASE_URL must start with postgres:// or postgresql://; unset, the store is an SQLite file.');
  }
  return url;
}

function readCredentials(
  read: (name: string) => string | null,
  problems: string[],
  suffix: string,
): Config['callbackCredentials'] {
  const names = [`CALLBACK_USERNAME${suffix}`, `CALLBACK_PASSWORD${suffix}`] as const;
  const [username, password] = [read(names[0]), read(names[1])];
  if (username?.includes(':') === true)
    problems.push(`${names[0]} must not contain a colon: Basic auth cannot carry it.`);
  if (username !== null && password !== null) return [{ username, password }];
  if (username !== null || password !== null) {
    const [missing, given] = username === null ? names : [names[1], names[0]];
    problems.push(`${missing} is missing: it goes with ${given}.`);
  }
  return [];
}

/** Whether only this machine can reach a server that listens there. */
const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|localhost)$/i.test(host);
