import { isAllowedHost, isPublicHost } from '../../src/messaging/media-host.js';
import { isAllowedDestination } from '../../src/messaging/region.js';
import { SendPolicy } from '../../src/messaging/send-policy.js';
import { ANYBODY, sendersOf } from '../../src/messaging/caller.js';
import { OUTBOUND } from '../support/messages.js';

const US_CA = ['US', 'CA'];

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
  ])('is refused everywhere: %s', (_name, number) => {
    expect(isAllowedDestination(number, '*')).toBe(false);
  });

  it.each(['+881612345678', '+11112223333', '+19999999999'])('that is nowhere needs all regions: %s', (number) => {
    expect(isAllowedDestination(number, US_CA)).toBe(false);
    expect(isAllowedDestination(number, '*')).toBe(true);
  });
});

describe('a media host', () => {
  it.each([
    'https://s3.amazonaws.com/bw-v2-api/demo.jpg',
    'http://example.com/a.jpg',
    'https://cdn.example.com:8443/a?b#c',
    'https://8.8.8.8/a',
    'https://172.32.0.1/a',
    'https://192.169.0.1/a',
    'https://11.0.0.1/a',
    'https://[2606:4700::1111]/a',
    'https://bücher.example.com/a',
    'https://localhost.example.com/a',
    'https://notlocal.example/a',
    'https://example.com./a',
    'HTTPS://EXAMPLE.COM/A',
  ])('is public: %s', (url) => {
    expect(isPublicHost(url)).toBe(true);
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
  const options = { allowedRegions: ['US'], mediaHosts: ['cdn.example.com'], allowHttpMedia: false };
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

it.each(['constructor', 'toString', '__proto__'])(
  'a caller named %s that no list names may send from all numbers',
  (name) => {
    expect(sendersOf(name, { shop: ['+19195551212'] })).toBeNull();
  },
);
