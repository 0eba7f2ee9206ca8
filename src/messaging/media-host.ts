/** Which hosts media may come from. We fetch nothing, but Catapult must not be sent into a private network. */
import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';

/** All public addresses lie in here. Elsewhere, the library calls each address public that has no known use. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** A public address that answers inside Azure's networks, with facts about the machine that asks. */
const AZURE_PLATFORM = '168.63.129.16';

/** Endings of names that mean something in a private network only, or that resolve to whatever address they contain. */
const PRIVATE_NAMES = [
  // Special-use names (IANA, from RFC 6761 on). `example` is one of them; it resolves to nothing anywhere.
  ...['localhost', 'local', 'test', 'invalid', 'onion', 'alt', 'arpa'],
  // Kept for private networks by ICANN: the first in 2024, the others in 2018, since so many networks used them already.
  ...['internal', 'corp', 'home', 'mail'],
  // What private networks use beside them (RFC 6762, appendix G), and systems, clusters and routers by themselves.
  ...['intranet', 'private', 'lan', 'intra', 'localdomain', 'localnet', 'svc', 'consul', 'fritz.box'],
  // Names with an address in them, or for 127.0.0.1.
  ...['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me', 'vcap.me', 'lacolhost.com'],
];

/** A name with a top-level domain, which has letters only unless it is an internationalized one (RFC 1123, IANA). */
const PUBLIC_NAME = /^(?:[a-z0-9_-]{1,63}\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
/** RFC 1035. */
const MAX_NAME_LENGTH = 253;

/**
 * The host and port of an absolute URL, with a path behind them or nothing. Older parsers look for the end of a host at
 * the first `/`, newer ones at `?` and `#` as well, and some take `\` for `/`: only `/` is the end for all of them.
 */
const AUTHORITY = /^(https?):\/\/(\[[0-9a-f:]{2,45}\]|[^/:?#@%[\]\\]{1,254})(?::(\d{1,5}))?(?:\/|$)/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Whether an absolute http(s) URL names a host of the public internet, in a way that every parser reads alike: no
 * address of a private network, no name that has a meaning in one, no port but the scheme's own, no spelling that needs
 * to be understood (`010.0.0.1`, `0x8.8.8.8`, fullwidth digits, percent-encoding).
 *
 * Names are not resolved, so this cannot find everything: a public name may have a private address, and some names
 * (`10.0.0.1.nip.io`) contain theirs. Code that fetches must check the address, too. The cost does not grow with the
 * URL.
 */
export function isPublicHost(url: string): boolean {
  const host = hostOf(url);
  if (host === null) return false;
  if (isIP(host) !== 0) return isPublicAddress(host);
  return (
    host.length <= MAX_NAME_LENGTH && PUBLIC_NAME.test(host) && !PRIVATE_NAMES.some((name) => isWithin(host, name))
  );
}

/**
 * Whether a Host header has a name that a page of the web could have. Such a page may give its name the address of this
 * machine, and whoever answers to it answers the page.
 */
export function isPublicName(header: string): boolean {
  const host = header.replace(/:\d*$/, '');
  return !host.startsWith('[') && isIP(host) === 0 && isPublicHost(`http://${host}`);
}

/** Whether an address is on the public internet, and embeds no address of another kind. */
function isPublicAddress(host: string): boolean {
  const address = ipaddr.parse(host);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv6 ? address.match(PUBLIC_IPV6) : host !== AZURE_PLATFORM;
}

/** Whether a URL's host is in the list. An entry is a name, or `*.example.com` for all names below it. */
export function isAllowedHost(url: string, allowed: readonly string[]): boolean {
  const host = hostOf(url);
  if (host === null) return false;
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
  });
}

const isWithin = (host: string, name: string): boolean => host === name || host.endsWith(`.${name}`);

/**
 * The host as `URL` understands it, without brackets and the root's dot; null if the text spells it in another way.
 * Upper case is allowed, and so are the letters of an internationalized name.
 */
function hostOf(url: string): string | null {
  const [, scheme = '', written = '', port] = AUTHORITY.exec(url) ?? [];
  if (port !== undefined && port !== DEFAULT_PORTS[scheme.toLowerCase()]) return null;
  const origin = `https://${written}`;
  if (written === '' || !URL.canParse(origin)) return null;
  const { hostname } = new URL(origin);
  if (![hostname, domainToUnicode(hostname)].includes(written.toLowerCase())) return null;
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
