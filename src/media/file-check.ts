/** What a file must be before it is stored: a type that messages carry, bytes of that type, and a name that is no path. */
import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';
import { ServiceError, type FieldError, type FieldErrorCode, type FieldErrorParameters } from '../errors.js';
import { MAX_NAME_LENGTH, MAX_UPLOAD_BYTES } from '../messaging/media.js';
import { bareType, isUploadable, nameForType } from '../messaging/media-type.js';

/** As many of a file's first bytes as the library looks at. */
export const BEGINNING_BYTES = 4_100;

/**
 * What the library calls the bytes of a type, where it has another word for them. It tells containers apart by what is
 * in them, which the type of the whole says nothing of.
 */
const DETECTED_AS: Readonly<Record<string, readonly string[]>> = {
  'image/pjpeg': ['image/jpeg'],
  'image/png': ['image/apng'],
  'image/heic': ['image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  'image/heif': ['image/heic', 'image/heic-sequence', 'image/heif-sequence'],
  'audio/mp4': ['audio/x-m4a', 'video/mp4'],
  'audio/ogg': ['audio/ogg; codecs=opus', 'application/ogg'],
  'audio/webm': ['video/webm'],
  'audio/3gpp': ['video/3gpp', 'video/3gpp2'],
  'video/mp4': ['video/x-m4v', 'audio/x-m4a', 'audio/mp4'],
  'video/mpeg': ['video/MP1S', 'video/MP2P', 'video/mp2t'],
  'video/ogg': ['application/ogg', 'audio/ogg'],
  'video/avi': ['video/vnd.avi'],
  'video/x-ms-wmv': ['video/x-ms-asf', 'application/vnd.ms-asf'],
  'application/ogg': ['audio/ogg', 'audio/ogg; codecs=opus', 'video/ogg'],
  'application/x-gzip': ['application/gzip'],
};

/** Types whose files have no mark of their own: they are text. Text may begin like anything (`BMW`, `PK`). */
const IS_TEXT = /^text\/|^application\/(json|javascript|xml|smil)$|^image\/svg\+xml$/;

/** The type that a Content-Type header names. @throws ServiceError MEDIA_TYPE_NOT_SUPPORTED */
export function checkType(header: string | undefined): string {
  const type = bareType(header);
  if (type !== null && isUploadable(type)) return type;
  throw mistake(['file', 'contentType'], 'MEDIA_TYPE_NOT_SUPPORTED', 'Must be a media type that Catapult takes.');
}

/** A file's name, with an ending of its type; one of ours if none is given. @throws ServiceError INVALID_FILE_NAME */
export function checkName(name: string | null, type: string): string {
  const given = name ?? 'file';
  // Formatting characters can turn what a person reads around.
  const isName = given.trim() !== '' && given.isWellFormed() && !/[\p{Cc}\p{Cf}/\\]|^\.+$/u.test(given);
  if (isName && given.length <= MAX_NAME_LENGTH) return nameForType(given, type);
  const message = `Must be a name of 1 to ${MAX_NAME_LENGTH} characters, without / and \\, control and formatting characters.`;
  throw mistake(['file', 'name'], 'INVALID_FILE_NAME', message);
}

/** The name in an X-Filename header: UTF-8, and percent-encoded where a header cannot hold it. Null where there is none. */
export function nameInHeader(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  // Node reads headers as Latin-1.
  const bytes = Buffer.from(String(header), 'latin1');
  try {
    return isUtf8(bytes) ? decodeURIComponent(bytes.toString('utf8')) : '';
  } catch {
    return '';
  }
}

/** Compares a file's first bytes with its type. @throws ServiceError MEDIA_TYPE_MISMATCH */
export async function checkContent(type: string, beginning: Buffer): Promise<void> {
  const isMeant = IS_TEXT.test(type) ? looksLikeText(beginning) : await isDetected(type, beginning);
  if (isMeant) return;
  throw mistake(['file'], 'MEDIA_TYPE_MISMATCH', 'Must begin as files of the given media type do.');
}

async function isDetected(type: string, beginning: Buffer): Promise<boolean> {
  const detected = (await fileTypeFromBuffer(beginning))?.mime;
  if (detected === undefined) return false;
  // Documents of offices are archives with names of their own.
  if (type === 'application/zip' && detected.startsWith('application/vnd.openxmlformats')) return true;
  return detected === type || (DETECTED_AS[type]?.includes(detected) ?? false);
}

/** Whether there are no control characters in it but those that lines and pages are made of. */
function looksLikeText(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b);
}

export const tooLarge = (): ServiceError =>
  mistake(['file'], 'MEDIA_TOO_LARGE', `Must have at most ${MAX_UPLOAD_BYTES} bytes.`, { max: MAX_UPLOAD_BYTES });

function mistake(
  path: FieldError['path'],
  code: FieldErrorCode,
  message: string,
  parameters: FieldErrorParameters = {},
): ServiceError {
  return new ServiceError('BAD_USER_INPUT', { fieldErrors: [{ path, code, message, ...parameters }] });
}
