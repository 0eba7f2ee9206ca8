/** The part of the configuration that says how much may be sent, where to, and with what. */
import { isPublicHost } from '../messaging/media-host.js';
import { isRegion } from '../messaging/region.js';
import type { Limit } from '../messaging/ports.js';
import type { SendPolicyOptions } from '../messaging/send-policy.js';
import type { ConfigReader } from './reader.js';
import { readApplicationIds } from './senders.js';

export interface LimitsConfig {
  readonly sendPolicy: SendPolicyOptions;
  /** Per caller, counted by recipient. */
  readonly limitSends: readonly Limit[];
  /** Per caller and recipient. */
  readonly limitPerRecipient: readonly Limit[];
  /** Per recipient, whoever sends: none unless the operator wants it, since one caller could use up what others have. */
  readonly limitPerRecipientOverall: readonly Limit[];
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Timers of Node overflow above 2^31 - 1 ms, and fire at once: a longer window would limit nothing. */
const MAX_WINDOW_SECONDS = 24 * 86_400;

/** Wide enough for every demonstration and test, but not without a limit. */
const SANDBOX_LIMIT_SENDS = '10000/s,1000000/d';
const SANDBOX_LIMIT_PER_RECIPIENT = '100000/10m';
const LIVE_LIMIT_SENDS = '20/s,5000/d';
/** Someone who gets more than one message a minute did not want them. */
const LIVE_LIMIT_PER_RECIPIENT = '10/10m';

export function readLimits(reader: ConfigReader, isSandbox: boolean): LimitsConfig {
  const regions = reader.read('ALLOWED_REGIONS') ?? 'US,CA';
  const allowedRegions = reader.readList(
    'ALLOWED_REGIONS',
    (item) => item === '*' || isRegion(item),
    'ISO 3166 codes of regions that have telephone numbers, such as US or GB, or *',
  );
  const mediaHosts = reader.readList(
    'MEDIA_HOSTS',
    (item) => /^(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]+$/i.test(item) && isPublicHost(`https://${item.replace('*.', '')}`),
    'host names of the public internet such as cdn.example.com or *.example.com',
  );
  return {
    sendPolicy: {
      allowedRegions: regions === '*' ? '*' : allowedRegions.length > 0 ? allowedRegions : ['US', 'CA'],
      mediaHosts: mediaHosts.length > 0 ? mediaHosts : null,
      allowHttpMedia: reader.readSwitch('HTTP_MEDIA', 'on'),
      applicationIds: readApplicationIds(reader),
    },
    limitSends: readLimit(reader, 'LIMIT_SENDS', isSandbox ? SANDBOX_LIMIT_SENDS : LIVE_LIMIT_SENDS),
    limitPerRecipient: readLimit(
      reader,
      'LIMIT_PER_RECIPIENT',
      isSandbox ? SANDBOX_LIMIT_PER_RECIPIENT : LIVE_LIMIT_PER_RECIPIENT,
    ),
    limitPerRecipientOverall: readLimit(reader, 'LIMIT_PER_RECIPIENT_OVERALL', 'off'),
  };
}

function readLimit(reader: ConfigReader, name: string, unset: string): Limit[] {
  const text = reader.read(name) ?? unset;
  if (text === 'off') return [];
  return text.split(',').flatMap((item) => {
    const [, count = '', length = '1', unit = ''] = /^([1-9]\d{0,8})\/([1-9]\d{0,3})?([smhd])$/.exec(item.trim()) ?? [];
    if (unit === '') {
      reader.addProblem(`${name} must be counts by time such as 20/s,5000/d or 10/10m, or off.`);
      return [];
    }
    const windowSeconds = Number(length) * (SECONDS[unit] ?? 1);
    if (windowSeconds > MAX_WINDOW_SECONDS) reader.addProblem(`${name} must have windows of at most 24 days.`);
    return [{ count: Number(count), windowSeconds }];
  });
}
