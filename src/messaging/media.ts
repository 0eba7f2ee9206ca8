/** The files of messages: the port to upstream's store of them, and how our own uploads are named there. */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';

/**
 * The largest file that is uploaded, in bytes: 3.5 MiB. Catapult's reference says 3.75 MB, its support pages 3.5 MB. What
 * is larger it takes, and lets the message fail later (4411): to refuse it at once is kinder.
 */
export const MAX_UPLOAD_BYTES = 3_670_016;

/** The largest file that is read, in bytes. No carrier delivers a message of this size. */
export const MAX_READ_BYTES = 16 * 1024 * 1024;

/** How long upstream keeps a file. */
export const KEPT_UPSTREAM_MS = 48 * 3_600_000;

/** What is asked for of a file: from one byte to another, both inclusive; to its end; or its last ones. */
export type ByteRange =
  { readonly first: number; readonly last: number | null } | { readonly first: null; readonly count: number };

/** Bytes of a file, both inclusive. */
export interface FilePart {
  readonly first: number;
  readonly last: number;
}

/** The part of a file that a range asks for; null if the file ends before. */
export function partOf(range: ByteRange, totalBytes: number): FilePart | null {
  const end = totalBytes - 1;
  if (range.first === null) {
    return range.count > 0 && totalBytes > 0 ? { first: Math.max(0, totalBytes - range.count), last: end } : null;
  }
  return range.first > end ? null : { first: range.first, last: Math.min(range.last ?? end, end) };
}

/** A file to store. */
export interface NewFile {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
  /** Its bytes from the first one on. A file that is not repeatable is opened once. */
  open(): Readable;
  readonly isRepeatable: boolean;
}

/** A file, or the part of it that was asked for. */
export interface FoundFile {
  readonly kind: 'FOUND';
  /** As upstream has it, which nobody checked; null if it says nothing. */
  readonly contentType: string | null;
  /** Of the whole file; null if upstream does not say. */
  readonly totalBytes: number | null;
  /** What the body holds of it, both inclusive; null for the whole. */
  readonly part: FilePart | null;
  /** Fails if it ends early. Whoever does not read it to its end must destroy it. */
  readonly body: Readable;
}

export type FileAnswer =
  | FoundFile
  | { readonly kind: 'NOT_FOUND' }
  /** It has more than `MAX_READ_BYTES`, now and whenever it is asked for. */
  | { readonly kind: 'TOO_LARGE' }
  /** The file ends before the range begins. */
  | { readonly kind: 'OUT_OF_RANGE'; readonly totalBytes: number };

/** Upstream's store of files, of which there is one for each account. */
export interface MediaStore {
  /** Whether the URL is one of our account's own store, in exactly the spelling that upstream has for it. */
  owns(url: string): boolean;

  /**
   * Stores a file. Resolves with its URL. After a failure a request under way is cut off, and what may have been stored is
   * deleted, as `remove` does.
   *
   * @throws ServiceError UPSTREAM_UNAVAILABLE, UPSTREAM_RATE_LIMITED, UPSTREAM_REJECTED or SHUTTING_DOWN; and what the
   *   file's own stream or `signal` ended with.
   */
  put(file: NewFile, signal: AbortSignal): Promise<string>;

  /**
   * Reads a file, or a part of it, whether or not upstream knows parts. A URL that is not `owns` is not found, and no
   * request is made. Once the body is there, `signal` still ends it.
   *
   * @throws ServiceError as above.
   */
  get(url: string, range: ByteRange | null, signal: AbortSignal): Promise<FileAnswer>;

  /** Deletes a file, if there is one. Tries once; never rejects. What may be left is told to the operator. */
  remove(url: string): Promise<void>;

  /**
   * Ends what is being stored, with SHUTTING_DOWN, and resolves once that is deleted, within 3 s: what takes longer may be
   * left. Afterwards nothing is stored. A second call waits for the same.
   */
  close(): Promise<void>;
}

/** The longest name of a file, in UTF-16 units. */
export const MAX_NAME_LENGTH = 100;

/** 80 bits: nobody can guess the URL of somebody else's file, or overwrite it. */
const RANDOM_BYTES = 10;
/** Milliseconds since 1970 in base 36, and the random bits. */
const OUR_PREFIX = /^([0-9a-z]{9})[0-9a-f]{20}-/;

/**
 * A new name for an upload in upstream's store, which knows no percent-encoding: what is not a letter, a digit, a point or
 * a dash of ASCII becomes a line.
 */
export function newStoredName(nowMs: number, name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]+/g, '_')
    .replace(/\.{2,}/g, '.');
  const random = randomBytes(RANDOM_BYTES).toString('hex');
  return `${nowMs.toString(36).padStart(9, '0')}${random}-${plain}`;
}

/** The name that a person gave to an upload, as far as it is kept, and when it was uploaded; null if it is none of ours. */
export function readStoredName(stored: string): { readonly name: string; readonly uploadedAtMs: number } | null {
  const [prefix, time = ''] = OUR_PREFIX.exec(stored) ?? [];
  return prefix === undefined ? null : { name: stored.slice(prefix.length), uploadedAtMs: Number.parseInt(time, 36) };
}
