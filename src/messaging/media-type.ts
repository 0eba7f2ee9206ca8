/** What kinds of files messages carry: their media types, their names' endings, and what a browser may show. */

/**
 * The types that Catapult's media store takes (its OpenAPI document, `uploadMedia`), each with the endings of its
 * names. The first one is given to a file without an ending. Of two types with one ending, the first is meant.
 */
const UPLOADABLE: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpeg', 'jpe'],
  'image/pjpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/heic': ['heic'],
  'image/heif': ['heif'],
  'image/bmp': ['bmp'],
  'image/tiff': ['tiff', 'tif'],
  'image/x-icon': ['ico'],
  'image/svg+xml': ['svg'],
  'audio/mpeg': ['mp3'],
  'audio/mp4': ['m4a'],
  'audio/ogg': ['ogg', 'oga', 'opus'],
  'audio/amr': ['amr'],
  'audio/wav': ['wav'],
  'audio/flac': ['flac'],
  'audio/webm': ['weba'],
  'audio/3gpp': ['3ga'],
  'video/mp4': ['mp4', 'm4v'],
  'video/mpeg': ['mpeg', 'mpg'],
  'video/quicktime': ['mov'],
  'video/webm': ['webm'],
  'video/ogg': ['ogv'],
  'video/avi': ['avi'],
  'video/x-ms-wmv': ['wmv'],
  'video/x-flv': ['flv'],
  'text/plain': ['txt'],
  'text/vcard': ['vcf'],
  'text/calendar': ['ics'],
  'text/csv': ['csv'],
  'text/html': ['html', 'htm'],
  'text/css': ['css'],
  'text/javascript': ['js', 'mjs'],
  'text/vnd.wap.wml': ['wml'],
  'text/xml': ['xml'],
  'application/xml': ['xml'],
  'application/json': ['json'],
  'application/javascript': ['js', 'mjs'],
  'application/pdf': ['pdf'],
  'application/rtf': ['rtf'],
  'application/ogg': ['ogx'],
  'application/zip': ['zip'],
  'application/x-tar': ['tar'],
  'application/gzip': ['gz'],
  'application/x-gzip': ['gz'],
  'application/x-bzip2': ['bz2'],
  'application/smil': ['smil', 'smi'],
};

/** What telephones send beside them. */
const ONLY_RECEIVED: Readonly<Record<string, readonly string[]>> = {
  'video/3gpp': ['3gp', '3gpp'],
  'video/3gpp2': ['3g2'],
  'audio/aac': ['aac'],
  'audio/midi': ['mid', 'midi'],
};

const KNOWN = { ...UPLOADABLE, ...ONLY_RECEIVED };

const TYPE_OF_ENDING: ReadonlyMap<string, string> = new Map(
  Object.entries(KNOWN)
    .reverse()
    .flatMap(([type, endings]) => endings.map((ending) => [ending, type] as const)),
);

const endingOf = (name: string): string => /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase() ?? '';

/** Whether a file of this type can be uploaded. */
export const isUploadable = (type: string): boolean => Object.hasOwn(UPLOADABLE, type);

/** The type that the ending of a name stands for; null if it stands for none. */
export const typeOfName = (name: string): string | null => TYPE_OF_ENDING.get(endingOf(name)) ?? null;

/** The name, with an ending of this type: added if it has another one, or none. */
export function nameForType(name: string, type: string): string {
  const endings = Object.hasOwn(UPLOADABLE, type) ? (UPLOADABLE[type] ?? []) : [];
  return endings.length === 0 || endings.includes(endingOf(name)) ? name : `${name}.${endings[0] ?? ''}`;
}

/** The media type of a Content-Type header, in small letters and without parameters; null if it is malformed. */
export function bareType(header: string | undefined): string | null {
  return /^\s*([a-z]+\/[a-z0-9.+-]{1,80})\s*(;|$)/i.exec(header ?? '')?.[1]?.toLowerCase() ?? null;
}

/** The header's type if it is one that messages carry; null for any other. */
export function knownType(header: string | undefined): string | null {
  const type = bareType(header);
  return type !== null && Object.hasOwn(KNOWN, type) ? type : null;
}

/** Whether a browser may show a file of this type in place. An SVG is a document that can do more than be looked at. */
export const isShownInPlace = (type: string): boolean =>
  type !== 'image/svg+xml' && /^(image|audio|video)\//.test(type) && Object.hasOwn(KNOWN, type);

/**
 * Whether a file only lays out the others (SMIL). Carriers add one to what telephones send, and some name it `.xml`:
 * telephones themselves attach no XML.
 */
export function isLayout(name: string, isFromTelephone: boolean): boolean {
  const ending = endingOf(name);
  return ending === 'smil' || ending === 'smi' || (isFromTelephone && ending === 'xml');
}
