/** Which hosts media may come from. Nothing is fetched here, but whoever does fetch must not be sent into a private network. */
import { BlockList, isIP } from 'node:net';

/** Ranges that are not on the public internet (IANA's special-purpose registries), and those that embed an IPv4 address. */
const PRIVATE_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** All that is public lies in 2000::/3. */
const PUBLIC_IPV6 = '2000::/3';
const PRIVATE_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const privateAddresses = blockList(PRIVATE_IPV4, PRIVATE_IPV6);
const publicIpv6 = blockList([], [PUBLIC_IPV6]);

/** Endings of names that mean something in a private network only, or that resolve to whatever address they contain. */
const PRIVATE_NAMES = [
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
  'in-addr.arpa',
  'ip6.arpa',
  'invalid',
  'test',
  'onion',
  'nip.io',
  'sslip.io',
  'xip.io',
  'localtest.me',
  'lvh.me',
  'vcap.me',
  'lacolhost.com',
];

/**
 * Whether an absolute http(s) URL names a host of the public internet: no address of a private network in any spelling,
 * and no name that has a meaning in one. Names are not resolved; what a public name resolves to is its owner's affair.
 */
export function isPublicHost(url: string): boolean {
  const host = hostOf(url);
  const version = isIP(host);
  if (version === 4) return !privateAddresses.check(host, 'ipv4');
  if (version === 6) return publicIpv6.check(host, 'ipv6') && !privateAddresses.check(host, 'ipv6');
  return /^[a-z0-9._-]+$/.test(host) && host.includes('.') && !PRIVATE_NAMES.some((name) => isWithin(host, name));
}

/** Whether a URL's host is in the list, whose entries are names, or `*.example.com` for the names below one. */
export function isAllowedHost(url: string, allowed: readonly string[]): boolean {
  const host = hostOf(url);
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
  });
}

const isWithin = (host: string, name: string): boolean => host === name || host.endsWith(`.${name}`);

/** As `URL` reads it, which turns every spelling of an address into one; without brackets and the root's dot. */
function hostOf(url: string): string {
  const { hostname } = new URL(url);
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.+$/, '')
    .toLowerCase();
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  const add = (range: string, family: 'ipv4' | 'ipv6'): void => {
    const [address = '', prefix] = range.split('/');
    list.addSubnet(address, Number(prefix), family);
  };
  for (const range of ipv4) add(range, 'ipv4');
  for (const range of ipv6) add(range, 'ipv6');
  return list;
}
