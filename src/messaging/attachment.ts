/** The attachments of a message, as a page can show them. */
import { KEPT_UPSTREAM_MS, readStoredName, type MediaStore } from './media.js';
import type { MediaAddresses } from './media-address.js';
import { isLayout, typeOfName } from './media-type.js';
import type { Message, Micros } from './message.js';
import type { Clock } from './ports.js';

export interface Attachment {
  /** Null where it cannot be read any more, or there is no server to read it from. */
  readonly url: string | null;
  /** By the ending of its name; null if that says nothing. */
  readonly contentType: string | null;
  readonly name: string | null;
  /** When upstream deletes it; null if it is kept by others or for ever. */
  readonly availableUntil: Micros | null;
}

export interface AttachmentsOptions {
  readonly media: Pick<MediaStore, 'owns'>;
  readonly addresses: MediaAddresses;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether we have a copy of the file with this URL of upstream's. */
  readonly isCopied: (url: string) => Promise<boolean>;
}

/** What can be read of a message, with its place among all of the message's files. */
export interface Place {
  readonly index: number;
  readonly url: string;
  readonly name: string | null;
}

/** The files of a message without those that only lay out the others. */
export function placesOf({ media, direction }: Message): Place[] {
  return media
    .map((url, index) => ({ index, url, name: nameIn(url) }))
    .filter(({ name }) => name === null || !isLayout(name, direction === 'IN'));
}

export class Attachments {
  readonly #options: AttachmentsOptions;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /**
   * In their order. What lies elsewhere keeps its URL; what lies in our account's store, which wants credentials that a
   * page must not have, gets a signed address of ours.
   *
   * @param base the URL under which clients reach this server, without a slash behind; null if they cannot read from it.
   */
  of(message: Message, base: string | null): Promise<Attachment[]> {
    return Promise.all(placesOf(message).map((place) => this.#attachment(message, place, base)));
  }

  async #attachment({ id, time, direction }: Message, place: Place, base: string | null): Promise<Attachment> {
    const { media, addresses, clock, isCopied } = this.#options;
    const { index, url } = place;
    const contentType = place.name === null ? null : typeOfName(place.name);
    if (!media.owns(url)) {
      // A page puts it into `src` and `href`: nothing that came in may run there.
      const isWeb = /^https?:\/\//i.test(url) && URL.canParse(url);
      return { url: isWeb ? url : null, contentType, name: place.name, availableUntil: null };
    }
    // What telephones send is named by them: a name that looks like one of ours says nothing.
    const ours = place.name === null || direction === 'IN' ? null : readStoredName(place.name);
    const name = ours?.name ?? place.name;
    const availableUntil = (await isCopied(url))
      ? null
      : (ours === null ? time : ours.uploadedAtMs * 1000) + KEPT_UPSTREAM_MS * 1000;
    const isThere = availableUntil === null || clock.now() * 1000 < availableUntil;
    const address = base !== null && isThere ? base + addresses.sign(id, index, clock.now()) : null;
    return { url: address, contentType, name, availableUntil };
  }
}

/** The last segment of a URL's path; null if there is none, or it cannot be decoded. */
function nameIn(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    const name = decodeURIComponent(last);
    return name === '' || /[\p{Cc}/\\]/u.test(name) ? null : name;
  } catch {
    return null;
  }
}
