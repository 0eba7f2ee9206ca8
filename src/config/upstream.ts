/** The part of the configuration that says where messages go, and how to sign in there. */
import type { ConfigReader } from './reader.js';

/** What requests upstream are signed in with. */
export type UpstreamCredentials =
  | { readonly kind: 'basic'; readonly token: string; readonly secret: string }
  | {
      readonly kind: 'oauth';
      readonly clientId: string;
      readonly clientSecret: string;
      /** Where tokens are issued. */
      readonly tokenUrl: string;
    };

/** Proxies for requests upstream, as URLs. */
export interface ProxyConfig {
  readonly httpsProxy: string | null;
  readonly httpProxy: string | null;
  /** Hosts that are asked directly, separated by commas. */
  readonly noProxy: string | null;
}

/** Where messages go. */
export type Upstream =
  | { readonly kind: 'sandbox'; readonly auth: SandboxAuth }
  | {
      readonly kind: 'catapult';
      /** Without a trailing slash. */
      readonly url: string;
      readonly userId: string;
      readonly credentials: UpstreamCredentials;
      /** Secrets of Catapult with which earlier versions signed tags; those tags are still read. */
      readonly formerSecrets: readonly string[];
      /** Null where no proxy is configured. */
      readonly proxies: ProxyConfig | null;
    };

export const SANDBOX_AUTH = ['basic', 'oauth'] as const;
/** What the sandbox takes: `oauth` refuses Basic, as the live service does from 2 December 2026 on. */
export type SandboxAuth = (typeof SANDBOX_AUTH)[number];

const ADDRESS = ['CATAPULT_URL', 'CATAPULT_USER_ID'] as const;
const BASIC = ['CATAPULT_TOKEN', 'CATAPULT_SECRET'] as const;
const OAUTH = ['CATAPULT_CLIENT_ID', 'CATAPULT_CLIENT_SECRET'] as const;
const ALL = [...ADDRESS, ...BASIC, ...OAUTH, 'CATAPULT_TOKEN_URL', 'CATAPULT_SECRET_PREVIOUS'] as const;

/** The live service's (Bandwidth/cli, internal/auth/oauth.go). */
const DEFAULT_TOKEN_URL = 'https://api.bandwidth.com/api/v1/oauth2/token';

const TOKEN_HOST = new URL(DEFAULT_TOKEN_URL).hostname;

/** The hosts that are known to serve the API, and the only base URL of each. */
const KNOWN_URLS: ReadonlyMap<string, string> = new Map([
  ['messaging.bandwidth.com', 'https://messaging.bandwidth.com/api/v2'],
  ['api.catapult.inetwork.com', 'https://api.catapult.inetwork.com/v2'],
]);

/** @param isLocal whether only this machine can reach the server. */
export function readUpstream(reader: ConfigReader, isLocal: boolean): Upstream {
  const auth = reader.readOneOf('SANDBOX_AUTH', SANDBOX_AUTH, 'basic');
  const wanted = reader.read('SANDBOX') === null ? null : reader.readOneOf('SANDBOX', ['on', 'off'], 'on');
  if (ALL.every((name) => reader.given(name) === null)) {
    if (wanted === 'off') reader.addProblem(`SANDBOX=off leaves nowhere to send to: ${SET_ALL}.`);
    // A server that lost its secrets must not look healthy while its messages reach nobody.
    if (wanted === null && !isLocal) {
      reader.addProblem(
        `Nothing of Catapult is set: ${SET_ALL}. Or set SANDBOX=on if messages are to reach nobody; only on loopback the sandbox starts without it.`,
      );
    }
    return { kind: 'sandbox', auth };
  }
  if (wanted === 'on') {
    reader.addProblem('SANDBOX=on contradicts the variables that start with CATAPULT_: unset it, or these.');
  }
  const credentials = readCredentials(reader);
  for (const name of ADDRESS) if (reader.read(name) === null) reader.addProblem(missing(name));
  const url = (reader.read('CATAPULT_URL') ?? '').replace(/\/+$/, '');
  if (url !== '') checkUrl(reader, url);
  const isUserId = (text: string): boolean => !/[^\w.-]/.test(text);
  const userId = reader.readText('CATAPULT_USER_ID', isUserId, 'made of letters, digits, _ . and -') ?? '';
  const formerSecrets = ['CATAPULT_SECRET', 'CATAPULT_SECRET_PREVIOUS'].flatMap((name) => reader.read(name) ?? []);
  return { kind: 'catapult', url, userId, credentials, formerSecrets, proxies: readProxies(reader) };
}

const SET_ALL = `set ${[...ADDRESS, ...OAUTH].join(', ')}`;

const missing = (name: string): string =>
  `${name} is missing: ${SET_ALL}; or, for the built-in sandbox, nothing that starts with CATAPULT_.`;

function readCredentials(reader: ConfigReader): UpstreamCredentials {
  const isGiven = (name: string): boolean => reader.read(name) !== null;
  const usesBasic = BASIC.some(isGiven);
  const usesOAuth = OAUTH.some(isGiven) || !usesBasic;
  if (usesBasic && usesOAuth) {
    reader.addProblem(
      `${OAUTH.join(' and ')} take the place of ${BASIC.join(' and ')}: unset the old ones, and keep the old secret as CATAPULT_SECRET_PREVIOUS while tags of earlier versions may come back.`,
    );
  }
  for (const name of usesOAuth ? OAUTH : BASIC) {
    if (isGiven(name)) continue;
    reader.addProblem(usesOAuth ? missing(name) : `${name} is missing: ${BASIC.join(' and ')} go together.`);
  }
  const [token, clientId] = [reader.readUserName('CATAPULT_TOKEN'), reader.readUserName('CATAPULT_CLIENT_ID')];
  for (const name of [...BASIC, ...OAUTH]) {
    if (/\p{Cc}/u.test(reader.read(name) ?? '')) reader.addProblem(`${name} must not contain control characters.`);
  }
  const tokenUrl = readTokenUrl(reader, usesOAuth);
  const secretOf = (name: string): string => reader.read(name) ?? '';
  if (!usesOAuth) return { kind: 'basic', token: token ?? '', secret: secretOf('CATAPULT_SECRET') };
  return { kind: 'oauth', clientId: clientId ?? '', clientSecret: secretOf('CATAPULT_CLIENT_SECRET'), tokenUrl };
}

function readTokenUrl(reader: ConfigReader, usesOAuth: boolean): string {
  const expected = 'an absolute http or https URL without user info and fragment';
  const url = reader.readText('CATAPULT_TOKEN_URL', isHttpUrl, expected);
  if (url === null) return DEFAULT_TOKEN_URL;
  if (!usesOAuth) reader.addProblem(`CATAPULT_TOKEN_URL goes with ${OAUTH.join(' and ')}: set these, or unset it.`);
  if (isHttpUrl(url) && new URL(url).hostname === TOKEN_HOST && url !== DEFAULT_TOKEN_URL) {
    reader.addProblem(`CATAPULT_TOKEN_URL must be ${DEFAULT_TOKEN_URL} for this host.`);
  }
  return url;
}

function checkUrl(reader: ConfigReader, url: string): void {
  if (!isHttpUrl(url) || url.includes('?')) {
    reader.addProblem('CATAPULT_URL must be an absolute http or https URL without user info, query and fragment.');
    return;
  }
  const { hostname, href, pathname } = new URL(url);
  const known = KNOWN_URLS.get(hostname);
  if (known !== undefined && href !== known) {
    reader.addProblem(`CATAPULT_URL must be ${known}: the account goes into CATAPULT_USER_ID.`);
  } else if (known === undefined && /\/users(\/|$)/.test(pathname)) {
    reader.addProblem(
      'CATAPULT_URL must end before /users, as https://messaging.bandwidth.com/api/v2 does: the account goes into CATAPULT_USER_ID.',
    );
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+(\/[^#@\\\s]*)?$/i.test(text) && URL.canParse(text);
}

/** Signing in to a proxy takes a name and a password, both encoded as in any URL. */
function isProxyUrl(text: string): boolean {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return (username === '') === (password === '');
}

/** In both spellings; lower case counts first, as in curl. */
function readProxies(reader: ConfigReader): ProxyConfig | null {
  const read = (name: string): string | null => {
    const [lower, upper] = [reader.read(name.toLowerCase()), reader.read(name)];
    return lower ?? upper;
  };
  const [httpsProxy = null, httpProxy = null] = ['HTTPS_PROXY', 'HTTP_PROXY'].map((name) => {
    const text = read(name);
    const url = text === null || text.includes('://') ? text : `http://${text}`;
    if (url !== null && !isProxyUrl(url)) {
      reader.addProblem(
        `${name} must be an http or https URL, such as http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128.`,
      );
    }
    return url;
  });
  return httpsProxy === null && httpProxy === null ? null : { httpsProxy, httpProxy, noProxy: read('NO_PROXY') };
}
