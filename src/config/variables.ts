/** Every variable that the server knows: what leaving it out means, and whether it is a secret. */
import { suggestionList } from 'graphql/jsutils/suggestionList.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Variable {
  readonly name: string;
  /** The value that means the same as none; absent where no value does. */
  readonly default?: string;
  /** What it means to leave it out, in words, where there is no `default`. */
  readonly unset?: string;
  /**
   * Of what belongs to a set of credentials, and may come from the file that `NAME_FILE` names: a `secret` is never shown, a
   * `url` without what is secret in it, a `name` is shown.
   */
  readonly credential?: 'secret' | 'url' | 'name';
}

/** In the order of docs/configuration.md. */
export const VARIABLES: readonly Variable[] = [
  { name: 'HOST', default: '127.0.0.1' },
  { name: 'PORT', default: '4000' },
  { name: 'WORKERS', default: '1' },
  { name: 'DRAIN_DELAY_MS', default: '0' },
  { name: 'METRICS_PORT', unset: 'off' },
  { name: 'METRICS_HOST', default: '127.0.0.1' },
  { name: 'PUBLIC_URL', unset: 'what each request says' },
  { name: 'CORS_ORIGINS', unset: 'none' },
  { name: 'TRUSTED_PROXIES', unset: 'none' },
  { name: 'CATAPULT_URL', unset: 'the sandbox' },
  { name: 'CATAPULT_USER_ID', unset: 'none' },
  { name: 'CATAPULT_CLIENT_ID', unset: 'none', credential: 'name' },
  { name: 'CATAPULT_CLIENT_SECRET', unset: 'none', credential: 'secret' },
  { name: 'CATAPULT_TOKEN_URL', unset: 'https://api.bandwidth.com/api/v1/oauth2/token' },
  { name: 'CATAPULT_TOKEN', unset: 'none', credential: 'secret' },
  { name: 'CATAPULT_SECRET', unset: 'none', credential: 'secret' },
  { name: 'CATAPULT_SECRET_PREVIOUS', unset: 'none', credential: 'secret' },
  { name: 'HTTPS_PROXY', unset: 'none', credential: 'url' },
  { name: 'HTTP_PROXY', unset: 'none', credential: 'url' },
  { name: 'NO_PROXY', unset: 'none' },
  { name: 'SEND_TIMEOUT_MS', default: '20000' },
  { name: 'SETTLE_BY_SEARCH', default: 'off' },
  { name: 'SANDBOX', unset: 'on where nothing of Catapult is set, on loopback alone' },
  { name: 'SANDBOX_AUTH', default: 'basic' },
  { name: 'DATABASE_URL', default: 'sqlite:data/messages.sqlite', credential: 'url' },
  { name: 'MEDIA_DIR', unset: 'nothing is copied' },
  { name: 'RETAIN_MESSAGES', unset: 'for ever' },
  { name: 'MIN_FREE_DISK', default: '100MB' },
  { name: 'CALLBACK_USERNAME', unset: 'callbacks are off', credential: 'name' },
  { name: 'CALLBACK_PASSWORD', unset: 'callbacks are off', credential: 'secret' },
  { name: 'CALLBACK_USERNAME_PREVIOUS', unset: 'none', credential: 'name' },
  { name: 'CALLBACK_PASSWORD_PREVIOUS', unset: 'none', credential: 'secret' },
  { name: 'API_KEYS', unset: 'none', credential: 'secret' },
  { name: 'JWT_ISSUER', unset: 'none' },
  { name: 'JWT_AUDIENCE', unset: 'none' },
  { name: 'JWT_JWKS_URL', unset: 'none' },
  { name: 'JWT_NUMBERS_CLAIM', unset: 'tokens say nothing of numbers' },
  { name: 'AUTH', unset: 'keys or tokens are needed, except for the sandbox on loopback' },
  { name: 'ALLOWED_REGIONS', default: 'US,CA' },
  { name: 'ALLOWED_SENDERS', unset: 'all numbers of the account' },
  { name: 'SENDERS', unset: 'none' },
  { name: 'LIMIT_SENDS', unset: '20/s,5000/d; 10000/s,1000000/d in the sandbox' },
  { name: 'LIMIT_PER_RECIPIENT', unset: '10/10m; 100000/10m in the sandbox' },
  { name: 'LIMIT_PER_RECIPIENT_OVERALL', default: 'off' },
  { name: 'MEDIA_HOSTS', unset: 'all public hosts' },
  { name: 'CONSENT', default: 'on' },
  { name: 'OPT_OUT_REPLY', unset: 'none goes out' },
  { name: 'HTTP_MEDIA', default: 'on' },
  { name: 'CONSOLE', default: 'on' },
  { name: 'INTROSPECTION', default: 'on' },
  { name: 'TRUSTED_DOCUMENTS', default: 'off' },
  { name: 'TRUSTED_DOCUMENTS_FILE', unset: 'none' },
  { name: 'FEDERATED_TRACING', default: 'off' },
  { name: 'ROUTER_ORIGINS', unset: 'none' },
  { name: 'LOG_LEVEL', default: 'info' },
];

const IN_FILES: ReadonlySet<string> = new Set(
  VARIABLES.flatMap(({ name, credential }) => (credential === undefined ? [] : [name])),
);

/** The variable that names the file of this one; null where there is none. */
export const fileVariableOf = (name: string): string | null => (IN_FILES.has(name) ? `${name}_FILE` : null);

/** A name that begins like one of ours is meant for us: nobody else has these, and a slip of the pen must not pass. */
const PREFIXES =
  /^(ALLOWED_|CALLBACK_|CATAPULT_|CORS_ORIGIN|DRAIN_DELAY|FEDERATED_|HTTP_MEDIA|JWT_|LIMIT_|MIN_FREE_|OPT_OUT_|RETAIN_|ROUTER_ORIGIN|SANDBOX|SETTLE_BY_|TRUSTED_)/;

const KNOWN: readonly string[] = [
  ...VARIABLES.flatMap(({ name }) => [name, fileVariableOf(name) ?? []].flat()),
  // The sandbox's alone, which may share its environment with the server that uses it.
  'CALLBACK_URL',
];

export interface UnknownName {
  readonly name: string;
  /** The known name that it is most like; null where it is like none. */
  readonly nearest: string | null;
}

/** Near one of ours, and yet a name that others have. */
const FOREIGN: ReadonlySet<string> = new Set(['API_KEY', 'CONTENT']);
/** Shorter names, as HOST and AUTH, are near too much. */
const MIN_LENGTH = 6;
/** What a slip of the pen changes: a letter too many, too few or another. */
const MAX_SLIPS = 2;
/** How much of a name stands before the slip. */
const MIN_COMMON = 3;

/** The names that begin like ours or are nearly ours, and are none. An empty value counts as unset. */
export function unknownNames(environment: Environment): UnknownName[] {
  const given = Object.keys(environment).filter((name) => !KNOWN.includes(name) && environment[name]?.trim() !== '');
  const links = serviceLinks(environment);
  const isLink = (name: string): boolean =>
    links.some((link) => link.test(name)) || /^(tcp|udp):\/\//.test(environment[name] ?? '');
  return given.flatMap((name) => {
    const near = nearlyKnown(name);
    if ((near === null && !PREFIXES.test(name)) || isLink(name)) return [];
    return [{ name, nearest: near ?? nearestTo(name) }];
  });
}

/** The known name that this one must have been meant for; null where it may be somebody else's. */
function nearlyKnown(name: string): string | null {
  if (FOREIGN.has(name)) return null;
  const stem = name.replace(/_FILE$/, '');
  const candidates = KNOWN.filter((known) => known.length >= MIN_LENGTH);
  if (stem !== name && candidates.includes(stem)) return stem;
  const nearest = candidates.find((known) => isSlipOf(name, known));
  if (nearest !== undefined) return nearest;
  // Without what is only a unit, it is forgotten easily.
  return candidates.find((known) => known === `${name}_MS`) ?? null;
}

const isSlipOf = (name: string, known: string): boolean =>
  name.slice(0, MIN_COMMON) === known.slice(0, MIN_COMMON) &&
  Math.abs(name.length - known.length) <= MAX_SLIPS &&
  slipsBetween(name, known) <= Math.min(MAX_SLIPS, Math.floor(known.length / 5));

/** How many letters have to be added, taken away or changed to make one of the other (Levenshtein). */
function slipsBetween(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of Array.from(one).entries()) {
    const current = [row + 1];
    for (const [column, against] of Array.from(other).entries()) {
      const changed = (previous[column] ?? 0) + (letter === against ? 0 : 1);
      current.push(Math.min(changed, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}

function nearestTo(name: string): string | null {
  const stem = name.replace(/_FILE$/, '');
  const nearest = suggestionList(
    stem,
    VARIABLES.map((variable) => variable.name),
  )[0];
  if (nearest === undefined) return null;
  return stem === name ? nearest : (fileVariableOf(nearest) ?? nearest);
}

/**
 * Kubernetes gives each container the addresses of the services in its namespace: one called `catapult-graphql` has
 * `CATAPULT_GRAPHQL_SERVICE_HOST`, `CATAPULT_GRAPHQL_PORT` and more, which nobody wrote and nobody reads.
 */
function serviceLinks(environment: Environment): RegExp[] {
  const services = Object.keys(environment).flatMap((name) => /^([A-Z0-9_]+)_SERVICE_HOST$/.exec(name)?.[1] ?? []);
  return services.map((service) => new RegExp(`^${service}_(SERVICE_(HOST|PORT(_\\w+)?)|PORT(_\\w+)?)$`));
}
