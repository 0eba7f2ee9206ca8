/** The environment, read once into a frozen Config. All mistakes are reported at once, by name and never by value. */
import { readAccess, type AccessConfig } from './config-access.js';
import { readLimits, type LimitsConfig } from './config-limits.js';
import { ConfigReader, isOrigin, type Environment } from './config-reader.js';

export type { Environment } from './config-reader.js';

/** Where messages go. */
export type Upstream =
  | { readonly kind: 'sandbox' }
  | {
      readonly kind: 'catapult';
      /** Without a trailing slash. */
      readonly url: string;
      readonly userId: string;
      readonly token: string;
      readonly secret: string;
    };

export interface Config extends AccessConfig, LimitsConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly upstream: Upstream;
  /** `postgres://…`; null for the embedded SQLite file. */
  readonly databaseUrl: string | null;
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
const CATAPULT_VARIABLES = ['CATAPULT_URL', 'CATAPULT_USER_ID', 'CATAPULT_TOKEN', 'CATAPULT_SECRET'] as const;

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

  const databaseUrl = read('DATABASE_URL');
  if (databaseUrl !== null && !(/^postgres(ql)?:\/\//.test(databaseUrl) && URL.canParse(databaseUrl))) {
    problems.push('DATABASE_URL must start with postgres:// or postgresql://; unset, the store is an SQLite file.');
  }

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

  const upstream = readUpstream(read, problems);
  const isSandbox = CATAPULT_VARIABLES.every((name) => read(name) === null);
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

function readUpstream(read: (name: string) => string | null, problems: string[]): Upstream {
  const missing = CATAPULT_VARIABLES.filter((name) => read(name) === null);
  if (missing.length === CATAPULT_VARIABLES.length) return { kind: 'sandbox' };
  for (const name of missing) {
    problems.push(`${name} is missing: set all of ${CATAPULT_VARIABLES.join(', ')}, or none for the built-in sandbox.`);
  }
  const [url, userId, token, secret] = CATAPULT_VARIABLES.map((name) => read(name) ?? '') as [
    string,
    string,
    string,
    string,
  ];
  if (url !== '' && !isBaseUrl(url)) {
    problems.push('CATAPULT_URL must be an absolute http or https URL without user info, query and fragment.');
  }
  if (/[^\w.-]/.test(userId)) problems.push('CATAPULT_USER_ID must consist of letters, digits, _ . and -.');
  if (token.includes(':')) problems.push('CATAPULT_TOKEN must not contain a colon: Basic auth cannot carry it.');
  for (const [name, value] of [
    ['CATAPULT_TOKEN', token],
    ['CATAPULT_SECRET', secret],
  ] as const) {
    if (/\p{Cc}/u.test(value)) problems.push(`${name} must not contain control characters.`);
  }
  return { kind: 'catapult', url: url.replace(/\/+$/, ''), userId, token, secret };
}

/** Whether only this machine can reach a server that listens there. */
const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|localhost)$/i.test(host);

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\/[^/?#@\\\s]+(\/[^?#@\\\s]*)?$/i.test(text)) return false;
  return URL.canParse(text);
}
