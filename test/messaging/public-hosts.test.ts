/** Where the public internet ends, address by address and name by name; and which lines take no messages. */
import { isAllowedHost, isPublicHost } from '../../src/messaging/media-host.js';
import { isAllowedDestination, isE164, isRegion } from '../../src/messaging/region.js';
import { SendPolicy, type SendPolicyOptions } from '../../src/messaging/send-policy.js';
import { ANYBODY } from '../../src/messaging/caller.js';
import { OUTBOUND } from '../support/messages.js';

describe('the public internet', () => {
  /** Each range of IANA's registry of special-purpose addresses by its first and its last address. */
  it.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
    ['168.63.129.16', '168.63.129.16'],
    ['192.31.196.0', '192.31.196.255'],
    ['192.52.193.0', '192.52.193.255'],
    ['192.175.48.0', '192.175.48.255'],
    ['[2620:4f:8000::]', '[2620:4f:8000:ffff:ffff:ffff:ffff:ffff]'],
    ['[2001::]', '[2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff]'],
    ['[2001:db8::]', '[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]'],
    ['[2002::]', '[2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff]'],
    ['[3fff::]', '[3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff]'],
    ['[::]', '[1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]'],
    ['[4000::]', '[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]'],
  ])('does not reach from %s to %s', (first, last) => {
    expect([first, last].filter((host) => isPublicHost(`https://${host}/`))).toEqual([]);
  });

  it.each([
    ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.0.1.255', '192.0.3.0'],
    ...['192.88.98.255', '192.88.100.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0'],
    ...['198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0', '223.255.255.255'],
    ...['168.63.129.15', '168.63.129.17', '[2000::]', '[2001:200::]', '[2001:db7:ffff::]', '[2001:db9::]'],
    ...['[2003::]', '[3ffe:ffff::]', '[3fff:1000::]'],
  ])('has %s, which lies beside what is not', (host) => {
    expect(isPublicHost(`https://${host}/`)).toBe(true);
  });

  it.each([
    ...['localhost', 'local', 'test', 'invalid', 'onion', 'alt', 'arpa', 'internal', 'corp', 'home', 'mail'],
    ...['intranet', 'private', 'lan', 'intra', 'localdomain', 'localnet', 'svc', 'consul', 'fritz.box'],
    ...['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me', 'vcap.me', 'lacolhost.com'],
  ])('has nothing called %s, nor below it, and what only ends so', (name) => {
    expect(isPublicHost(`https://${name}/`)).toBe(false);
    expect(isPublicHost(`https://a.b.${name}/`)).toBe(false);
    expect(isPublicHost(`https://a.not${name}/`)).toBe(true);
  });

  it('has names of two letters at their end, of Punycode, and of 253 characters', () => {
    expect(isPublicHost('https://a.de/')).toBe(true);
    expect(isPublicHost(`https://a.${'b'.repeat(63)}/`)).toBe(true);
    expect(isPublicHost(`https://${'a.'.repeat(125)}com/`)).toBe(true);
    expect(isPublicHost(`https://${'a.'.repeat(125)}comm/`)).toBe(false);
    expect(isPublicHost('https://a_b-c.example.com/')).toBe(true);
  });

  it('has one name and one address in each place of a list of hosts', () => {
    const allowed = ['CDN.Example.com', '*.Media.example.com', '8.8.8.8'];
    const isAllowed = (host: string): boolean => isAllowedHost(`https://${host}/`, allowed);
    expect(['cdn.example.com', 'a.media.example.com', '8.8.8.8'].filter(isAllowed)).toHaveLength(3);
    expect(['media.example.com', 'a.cdn.example.com', '8.8.4.4', 'xmedia.example.com'].filter(isAllowed)).toEqual([]);
    expect(isAllowedHost('https://cdn.example.com/', [])).toBe(false);
    expect(isAllowedHost('https://user@a.media.example.com/', allowed)).toBe(false);
  });

  it('has hosts behind a scheme in capitals, too, with the port of that scheme alone', () => {
    expect(isPublicHost('HTTPS://example.com:443/')).toBe(true);
    expect(isPublicHost('Http://example.com:443/')).toBe(false);
  });
});

describe('a line', () => {
  it.each([
    ['premium-rate', '+448431234567', 'GB'],
    ['shared-cost', '+491801234567', 'DE'],
    ['universal access', '+443012345678', 'GB'],
    ['personal', '+447012345678', 'GB'],
    ['pager', '+447640123456', 'GB'],
    ['voicemail', '+41860791234567', 'CH'],
  ])('of the kind %s takes no messages', (_kind, number, region) => {
    expect(isAllowedDestination(number, [region])).toBe(false);
    expect(isAllowedDestination(number, '*')).toBe(false);
  });

  it('that is fixed or mobile takes them', () => {
    for (const number of ['+4989123456', '+447912345678', '+12125551234']) {
      expect(isAllowedDestination(number, '*')).toBe(true);
    }
  });

  it('that no country has takes none, even if all regions are allowed', () => {
    expect(isAllowedDestination('+999123456', '*')).toBe(false);
    expect(isAllowedDestination('+11', '*')).toBe(false);
  });
});

describe('a number', () => {
  it.each(['+12125551234', '+4989123456', '+19999999999', '+8613800138000'])('is of E.164: %s', (text) => {
    expect(isE164(text)).toBe(true);
    // It is read once and remembered.
    expect(isE164(text)).toBe(true);
  });

  it.each([
    '12125551234',
    '+02125551234',
    '+1 212 555 1234',
    '+1212555123４',
    'x+12125551234',
    '+12125551234x',
    '+12125551234\n',
    '+4401212345678',
    '+1112125551234',
    '+999123456',
    '+1',
    '+',
    '',
    '+1234567890123456',
  ])('is not of E.164: %j', (text) => {
    expect(isE164(text)).toBe(false);
  });

  it('is read again after many others', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => `+1212555${1_000 + index}`);
    for (let round = 0; round < 2; round++) expect(numbers.every(isE164)).toBe(true);
  });

  it('is of a region by its ISO code', () => {
    expect(['US', 'GB', 'DE'].every(isRegion)).toBe(true);
    expect(['UK', 'us', '', 'EU'].some(isRegion)).toBe(false);
  });
});

describe('a policy', () => {
  const ALL: SendPolicyOptions = {
    allowedRegions: '*',
    mediaHosts: null,
    allowHttpMedia: true,
    applicationIds: new Map(),
  };
  const refusal = (options: Partial<SendPolicyOptions>, message: object, caller = ANYBODY): string[] => {
    const policy = new SendPolicy({ ...ALL, ...options }, { now: () => 1_000 });
    const mistakes = policy.refusalOf({ ...OUTBOUND, ...message }, caller)?.fieldErrors ?? [];
    return mistakes.map(({ path, code }) => `${path.join('.')} ${code}`);
  };

  it('that allows everything refuses only private hosts', () => {
    expect(refusal({}, { media: ['http://example.com/a', 'https://10.0.0.1/b'] })).toEqual([
      'input.media.1 MEDIA_HOST_NOT_ALLOWED',
    ]);
  });

  it('of hosts and of https holds for each of the media', () => {
    const media = [
      'HTTPS://cdn.example.com/a',
      'https://example.com/b',
      'http://cdn.example.com/c',
      'https://10.0.0.1/d',
    ];
    expect(
      refusal(
        { mediaHosts: ['cdn.example.com', '10.0.0.1'], allowHttpMedia: false, applicationIds: new Map() },
        { media },
      ),
    ).toEqual([
      'input.media.1 MEDIA_HOST_NOT_ALLOWED',
      'input.media.2 MEDIA_NOT_HTTPS',
      'input.media.3 MEDIA_HOST_NOT_ALLOWED',
    ]);
  });

  it('of senders holds where a caller has a list', () => {
    expect(refusal({}, {}, { ...ANYBODY, senders: new Set([OUTBOUND.from]) })).toEqual([]);
    expect(refusal({}, {}, { ...ANYBODY, senders: new Set() })).toEqual(['input.from SENDER_NOT_ALLOWED']);
  });

  it('of time refuses what has expired by now', () => {
    expect(refusal({}, { expiresAt: 1_000_000 })).toEqual(['input.expiresAt ALREADY_EXPIRED']);
    expect(refusal({}, { expiresAt: 1_000_001 })).toEqual([]);
  });
});
