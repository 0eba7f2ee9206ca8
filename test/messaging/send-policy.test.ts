/** Which destinations, senders and media hosts the operator allows. */
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { isAllowedHost, isPublicHost } from '../../src/messaging/media-host.js';
import { isAllowedDestination } from '../../src/messaging/region.js';
import { SendPolicy } from '../../src/messaging/send-policy.js';
import { ANYBODY, sendersOf } from '../../src/messaging/caller.js';
import { OUTBOUND } from '../support/messages.js';

const US_CA = ['US', 'CA'];

/** Their mobile numbers are taken for those of a greater region with the same calling code, such as Finland for Åland. */
const SHARING_THEIR_PLAN = ['AX', 'BL', 'CC', 'CX', 'EH', 'IM', 'MF', 'SJ', 'VA'];

describe('a destination', () => {
  it.each([
    ['an American number', '+12125551234'],
    ['a Canadian number', '+14165551234'],
    ['a toll-free number', '+18005551234'],
    ['a number of the documentation', '+12345678902'],
    ['a number of the sandbox', '+19195554775'],
    ['a fictional number', '+12015550123'],
  ])('is allowed for the United States and Canada: %s', (_name, number) => {
    expect(isAllowedDestination(number, US_CA)).toBe(true);
  });

  it.each([
    ['Jamaica', '+18765551234', 'JM'],
    ['Jersey', '+447797712345', 'JE'],
    ['the United Kingdom', '+447912345678', 'GB'],
    ['Puerto Rico', '+17875551234', 'PR'],
    ['Germany', '+4915112345678', 'DE'],
    ['Kazakhstan, which shares +7', '+77012345678', 'KZ'],
  ])('is of a region of its own: %s', (_name, number, region) => {
    expect(isAllowedDestination(number, US_CA)).toBe(false);
    expect(isAllowedDestination(number, [region])).toBe(true);
    expect(isAllowedDestination(number, '*')).toBe(true);
  });

  it.each([
    ['a 900 number', '+19005551234'],
    ['a personal number', '+15005551234'],
    ['a premium line', '+449098790000'],
    ['an international premium line', '+979123456789'],
    ['a 900 number and a digit', '+190055512345'],
    ['a British premium line and a digit', '+4490987900001'],
    ['a German premium line and a digit', '+4990012345678'],
    ['a German premium line and four digits', '+4990012345671234'],
    ['an Austrian premium line and a digit', '+439001234567'],
    ['an Indian number and a digit', '+9198765432101'],
    ['a Japanese number and three digits', '+819012345678123'],
    ['a Mexican number with the 1 that mobiles had once', '+5215512345678'],
    ['a number that is too short for its country', '+1911'],
  ])('is refused everywhere: %s', (_name, number) => {
    expect(isAllowedDestination(number, '*')).toBe(false);
    expect(isAllowedDestination(number, ['US', 'GB', 'DE', 'AT', 'IN', 'JP', 'MX'])).toBe(false);
  });

  it.each([
    ['DE', '+4990012345678'],
    ['DE', '+49112'],
    ['TR', '+90055'],
    ['AR', '+5411231523456789'],
    ['BR', '+551187654321'],
    ['FR', '+33012345678'],
  ])('must be a valid number of its region, %s: %s', (region, number) => {
    expect(isAllowedDestination(number, [region])).toBe(false);
  });

  it('of every region is allowed there', () => {
    const regions = getCountries().filter((region) => !SHARING_THEIR_PLAN.includes(region));
    expect(regions.length).toBeGreaterThan(200);
    const refused = regions.filter((region) => {
      const number = getExampleNumber(region, examples)?.number ?? '';
      return !isAllowedDestination(number, [region]) || !isAllowedDestination(number, '*');
    });
    expect(refused).toEqual([]);
  });

  it.each(['+881612345678', '+11112223333', '+19999999999', '+870773112345'])(
    'that is nowhere needs all regions: %s',
    (number) => {
      expect(isAllowedDestination(number, US_CA)).toBe(false);
      expect(isAllowedDestination(number, '*')).toBe(true);
    },
  );
});

describe('a media host', () => {
  it.each([
    'https://s3.amazonaws.com/bw-v2-api/demo.jpg',
    'https://my_bucket.s3.eu-central-1.amazonaws.com/a.jpg?X-Amz-Signature=0f#page',
    'https://d111111abcdef8.cloudfront.net/a.jpg',
    'https://r3---sn-4g5e6nz7.googlevideo.com/a',
    'https://storage.googleapis.com/bucket/a%20b.jpg',
    'https://account.blob.core.windows.net/c/a.jpg?sv=1&sig=a%2Fb%3D',
    'https://cdn.example.com/@user/a.jpg?to=me@example.com&at=//10.0.0.1/#@10.0.0.1',
    'http://example.com/a.jpg',
    'http://example.com:80/a.jpg',
    'https://cdn.example.com:443/a?b#c',
    'https://example.com',
    'https://8.8.8.8/a',
    'https://172.32.0.1/a',
    'https://192.169.0.1/a',
    'https://11.0.0.1/a',
    'https://[2606:4700::1111]/a',
    'https://[2606:4700::ABCD]:443/a',
    'https://bücher.example.com/a',
    'https://BÜCHER.example.com/a',
    'https://straße.example.com/a',
    'https://пример.рф/a',
    'https://xn--e1afmkfd.xn--p1ai/a',
    'https://localhost.example.com/a',
    'https://10.0.0.1.example.com/a',
    'https://internal.example.com/a',
    'https://svc.box/a',
    'https://notfritz.box/a',
    'https://notlocal.example/a',
    'https://example.com./a',
    'HTTPS://EXAMPLE.COM/A',
    `https://${'a'.repeat(63)}.${'b.'.repeat(92)}com/`,
  ])('is public: %s', (url) => {
    expect(isPublicHost(url)).toBe(true);
  });

  it.each([
    'https://010.0.0.1/a',
    'https://8.8.010.8/a',
    'https://08.8.8.8/a',
    'https://0x8.8.8.8/a',
    'https://8.8.8/a',
    'https://134744072/a',
    'https://0x08080808/a',
    'https://8.8.8.8./a',
    'https://1.2.3.4.5/a',
    'https://[2606:4700:0::1111]/a',
    'https://[2606:4700::10.0.0.1]/a',
    'https://[2606:4700::1111%25eth0]/a',
    'https://[2606:4700::1111]a/a',
    'https://2606:4700::1111/a',
  ])('is an address that parsers may read in several ways: %s', (url) => {
    expect(isPublicHost(url)).toBe(false);
    expect(isAllowedHost(url, ['8.8.8.8', '2606:4700::1111'])).toBe(false);
  });

  it.each([
    'https://８.8.8.8/a',
    'https://8。8。8。8/a',
    'https://example。com/a',
    'https://ｅxample.com/a',
    'https://example．com/a',
    'https://exam\u00adple.com/a',
    'https://exam\u200bple.com/a',
    'https://exam\tple.com/a',
    'https://%65xample.com/a',
    'https://example%2ecom/a',
    'https://ﬁle.example.com/a',
    'https://①②.example.com/a',
  ])('has only one spelling: %j', (url) => {
    expect(isPublicHost(url)).toBe(false);
  });

  it.each([
    'http://example.com#@10.0.0.1/',
    'http://example.com?@10.0.0.1/',
    'http://example.com\\@10.0.0.1/',
    'http://example.com#.internal/',
    'http://example.com?.internal/',
    'http://example.com;@10.0.0.1/',
    'http://@example.com/',
    'http://user@example.com/',
    'http://example.com:80@10.0.0.1/',
    'http://example.com:@10.0.0.1/',
    'http://10.0.0.1\\.example.com/',
    'http:example.com/',
    'http:/example.com/',
    'http:///example.com/',
    'http:\\\\example.com/',
    '//example.com/',
    'ftp://example.com/',
    ' http://example.com/',
    'http://',
    '',
  ])('is what every parser takes for the host: %j', (url) => {
    expect(isPublicHost(url)).toBe(false);
    expect(isAllowedHost(url, ['example.com'])).toBe(false);
  });

  it.each([
    'https://example.com:80/a',
    'http://example.com:443/a',
    'https://example.com:8443/a',
    'https://example.com:22/a',
    'https://example.com:0/a',
    'https://example.com:65979/a',
    'https://example.com:0443/a',
    'https://example.com:/a',
    'https://example.com:443:443/a',
    'https://[2606:4700::1111]:6379/a',
  ])('has no port but that of its scheme: %s', (url) => {
    expect(isPublicHost(url)).toBe(false);
  });

  it.each([
    'localhost',
    'com',
    'intranet',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'KUBERNETES.DEFAULT.SVC.',
    'printer.local',
    'metadata.google.internal',
    'wiki.intra',
    'wiki.intranet',
    'wiki.private',
    'router.localnet',
    'host.localdomain',
    'vault.service.consul',
    'fritz.box',
    'nas.fritz.box',
    'router.lan',
    'router.home',
    'router.home.arpa',
    '1.0.0.10.in-addr.arpa',
    'db.corp',
    'db.mail',
    'a.localhost',
    'a.test',
    'a.invalid',
    'a.onion',
    'a.alt',
    '10.0.0.1.nip.io',
    '168.63.129.16',
  ])('is in a private network, or may be: %s', (host) => {
    expect(isPublicHost(`https://${host}/a`)).toBe(false);
  });

  it.each([
    'a..example.com',
    '.example.com',
    'example.com..',
    '.',
    '..',
    '-.',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(126)}com`,
    '*.example.com',
    "a'b.example.com",
    'a,b.example.com',
    'example.c0m',
    'example.c',
  ])('is no name of the domain name system: %s', (host) => {
    expect(isPublicHost(`https://${host}/a`)).toBe(false);
  });

  it('is allowed by its name, or by one above it', () => {
    const allowed = ['cdn.example.com', '*.media.example.com'];
    const urls = ['https://cdn.example.com/a', 'https://CDN.example.com./a', 'https://a.b.media.example.com/a'];
    for (const url of urls) expect(isAllowedHost(url, allowed)).toBe(true);
    const others = [
      'https://media.example.com/a',
      'https://evilcdn.example.com/a',
      'https://cdn.example.com.evil.example/a',
      'https://xmedia.example.com/a',
    ];
    for (const url of others) expect(isAllowedHost(url, allowed)).toBe(false);
  });
});

it('a policy names everything that it does not allow, each at its field', () => {
  const options = {
    allowedRegions: ['US'],
    mediaHosts: ['cdn.example.com'],
    allowHttpMedia: false,
    applicationIds: new Map(),
  };
  const policy = new SendPolicy(options, { now: () => 1_000 });
  const caller = { ...ANYBODY, senders: new Set(['+12345678909']) };
  const message = {
    ...OUTBOUND,
    to: ['+12345678902', '+14165551234'],
    media: ['https://cdn.example.com/a', 'http://other.example/b'],
    expiresAt: 1_000_000,
  };
  const refusal = policy.refusalOf(message, caller);
  expect([refusal?.code, refusal?.outcome]).toEqual(['BAD_USER_INPUT', 'NOT_SENT']);
  expect(refusal?.fieldErrors?.map((mistake) => [mistake.path.join('.'), mistake.code])).toEqual([
    ['input.from', 'SENDER_NOT_ALLOWED'],
    ['input.to.1', 'DESTINATION_NOT_ALLOWED'],
    ['input.media.1', 'MEDIA_HOST_NOT_ALLOWED'],
    ['input.media.1', 'MEDIA_NOT_HTTPS'],
    ['input.expiresAt', 'ALREADY_EXPIRED'],
  ]);
  expect(policy.refusalOf({ ...OUTBOUND, expiresAt: 1_000_001 }, ANYBODY)).toBeNull();
});

it('a policy needs an application that is named or known, and tells nothing of the numbers of others', () => {
  const options = { allowedRegions: '*', mediaHosts: null, allowHttpMedia: true } as const;
  const applicationIds = new Map([['+12345678909', 'app-9']]);
  const policy = new SendPolicy({ ...options, applicationIds }, { now: () => 1_000 });
  const own = { ...ANYBODY, senders: new Set(['+12345678908', '+12345678909']) };
  const stranger = { ...ANYBODY, senders: new Set<string>() };
  const codesOf = (from: string, caller = ANYBODY, applicationId: string | null = null): string[] =>
    policy
      .mistakesOf({ ...OUTBOUND, from, applicationId }, caller)
      .map(({ path, code }) => `${path.join('.')} ${code}`);
  expect(codesOf('+12345678909')).toEqual([]);
  expect(codesOf('+12345678909', own)).toEqual([]);
  expect(codesOf('+12345678908')).toEqual(['input.applicationId APPLICATION_ID_REQUIRED']);
  expect(codesOf('+12345678908', own)).toEqual(['input.applicationId APPLICATION_ID_REQUIRED']);
  expect(codesOf('+12345678908', own, 'app-1')).toEqual([]);
  for (const from of ['+12345678908', '+12345678909']) {
    expect(codesOf(from, stranger)).toEqual(['input.from SENDER_NOT_ALLOWED']);
  }
});

it.each(['constructor', 'toString', '__proto__'])(
  'a caller named %s that no list names may send from all numbers',
  (name) => {
    expect(sendersOf(name, { shop: ['+19195551212'] })).toBeNull();
  },
);
