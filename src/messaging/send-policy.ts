/** What the operator allows to be sent: from which numbers, to where, with which media. */
import { ServiceError, type FieldError } from '../errors.js';
import type { Caller } from './caller.js';
import { isAllowedHost, isPublicHost } from './media-host.js';
import type { OutboundMessage } from './message.js';
import { isAllowedDestination } from './region.js';

export interface SendPolicyOptions {
  /** The recipients' regions by ISO 3166, or `*` for all. */
  readonly allowedRegions: readonly string[] | '*';
  /** The hosts that media may come from, `*.example.com` for those below; null for all public ones. */
  readonly mediaHosts: readonly string[] | null;
  /** Whether media may come over http. */
  readonly allowHttpMedia: boolean;
}

export class SendPolicy {
  readonly #options: SendPolicyOptions;

  constructor(options: SendPolicyOptions) {
    this.#options = options;
  }

  /** @throws ServiceError BAD_USER_INPUT with everything that is not allowed, each at its field. */
  check({ from, to, media }: OutboundMessage, { senders }: Caller): void {
    const { allowedRegions, mediaHosts, allowHttpMedia } = this.#options;
    const mistakes: FieldError[] = [];
    const refuse = (path: readonly (string | number)[], code: string, message: string): void => {
      mistakes.push({ path: ['input', ...path], code, message });
    };
    if (senders !== null && !senders.has(from)) refuse(['from'], 'SENDER_NOT_ALLOWED', 'Not one of your numbers.');
    for (const [index, number] of to.entries()) {
      if (isAllowedDestination(number, allowedRegions)) continue;
      refuse(['to', index], 'DESTINATION_NOT_ALLOWED', 'This server does not send to this country or kind of line.');
    }
    for (const [index, url] of media.entries()) {
      const isAllowed = isPublicHost(url) && (mediaHosts === null || isAllowedHost(url, mediaHosts));
      if (!isAllowed)
        refuse(['media', index], 'MEDIA_HOST_NOT_ALLOWED', 'Media must come from an allowed, public host.');
      if (!allowHttpMedia && !/^https:/i.test(url))
        refuse(['media', index], 'MEDIA_NOT_HTTPS', 'Must be an https URL.');
    }
    if (mistakes.length > 0) throw new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors: mistakes });
  }
}
