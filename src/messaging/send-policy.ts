/** What may be sent now: what the operator allows, and what has not expired. It may change from one day to the next. */
import { ServiceError, type FieldError, type FieldErrorCode } from '../errors.js';
import type { Caller } from './caller.js';
import { isAllowedHost, isPublicHost } from './media-host.js';
import type { RequestedMessage } from './message.js';
import type { Clock } from './ports.js';
import { isAllowedDestination } from './region.js';

const MEDIA_HOST_MESSAGE =
  'Must name an allowed host of the public internet in its usual spelling, without a port, followed by / or nothing.';

/** What is wrong with a message without an application, if none is known for its number. */
export const APPLICATION_ID_REQUIRED = [
  'APPLICATION_ID_REQUIRED',
  'Must be given: this server does not know the application of this number.',
] as const satisfies readonly [FieldErrorCode, string];

export interface SendPolicyOptions {
  /** The recipients' regions by ISO 3166, or `*` for all. */
  readonly allowedRegions: readonly string[] | '*';
  /** The hosts that media may come from, `*.example.com` for those below; null for all public ones. */
  readonly mediaHosts: readonly string[] | null;
  /** Whether media may come over http. */
  readonly allowHttpMedia: boolean;
  /** The applications of the account's numbers, by number, as far as the operator names them. */
  readonly applicationIds: ReadonlyMap<string, string>;
}

export class SendPolicy {
  readonly #options: SendPolicyOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #isOurs: (url: string) => boolean;

  /** @param isOurs whether a file lies in our account's own store: from there it may come, wherever that is. */
  constructor(options: SendPolicyOptions, clock: Pick<Clock, 'now'>, isOurs: (url: string) => boolean = () => false) {
    this.#options = options;
    this.#clock = clock;
    this.#isOurs = isOurs;
  }

  /** The regions of recipients by ISO 3166; null for all. */
  get allowedRegions(): readonly string[] | null {
    const { allowedRegions } = this.#options;
    return allowedRegions === '*' ? null : allowedRegions;
  }

  /** The applications of the account's numbers, by number, as far as the operator names them. */
  get applicationIds(): ReadonlyMap<string, string> {
    return this.#options.applicationIds;
  }

  /**
   * BAD_USER_INPUT with everything that is not allowed, each at its field; null when all is. It is not thrown here: a
   * repetition of a send that went out while it was allowed must get the outcome of that one.
   */
  refusalOf(message: RequestedMessage, caller: Caller): ServiceError | null {
    const fieldErrors = this.mistakesOf(message, caller);
    return fieldErrors.length === 0 ? null : new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors });
  }

  /** Everything that is not allowed. The message may break the rules of its form; what is malformed is not allowed. */
  mistakesOf(
    { from, to, media, expiresAt, applicationId }: RequestedMessage,
    { senders }: Caller,
  ): readonly FieldError[] {
    const { allowedRegions, mediaHosts, allowHttpMedia, applicationIds } = this.#options;
    const mistakes: FieldError[] = [];
    const refuse = (path: readonly string[], code: FieldErrorCode, message: string): void => {
      mistakes.push({ path: ['input', ...path], code, message });
    };
    if (senders !== null && !senders.has(from)) refuse(['from'], 'SENDER_NOT_ALLOWED', 'Must be one of your numbers.');
    // Of others' numbers, nothing is told.
    else if (applicationId === null && !applicationIds.has(from)) refuse(['applicationId'], ...APPLICATION_ID_REQUIRED);
    for (const [index, number] of to.entries()) {
      if (isAllowedDestination(number, allowedRegions)) continue;
      const message = 'This server does not send to this country or kind of line.';
      refuse(['to', String(index)], 'DESTINATION_NOT_ALLOWED', message);
    }
    for (const [index, url] of media.entries()) {
      if (this.#isOurs(url)) continue;
      const path = ['media', String(index)];
      const isAllowed = isPublicHost(url) && (mediaHosts === null || isAllowedHost(url, mediaHosts));
      if (!isAllowed) refuse(path, 'MEDIA_HOST_NOT_ALLOWED', MEDIA_HOST_MESSAGE);
      if (!allowHttpMedia && !/^https:/i.test(url)) refuse(path, 'MEDIA_NOT_HTTPS', 'Must be an https URL.');
    }
    if (expiresAt !== null && expiresAt <= this.#clock.now() * 1000) {
      refuse(['expiresAt'], 'ALREADY_EXPIRED', 'Must be in the future.');
    }
    return mistakes;
  }
}
