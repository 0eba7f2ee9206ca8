/** How a text is split into the segments that are billed, each as one SMS. */

export interface Segmentation {
  readonly encoding: 'GSM_7' | 'UCS_2';
  readonly segmentCount: number;
  /** Septets in GSM-7, UTF-16 units in UCS-2. */
  readonly unitCount: number;
  /** What one segment holds: less once there are several, since each then carries 6 bytes for its place. */
  readonly unitsPerSegment: number;
  /** The characters that GSM-7 lacks, each once, in order of appearance. */
  readonly forcing: string[];
}

/** The basic alphabet of 3GPP TS 23.038, section 6.2.1: one septet each. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Its extension table, section 6.2.1.1: an escape and a character, two septets. */
const EXTENSION = new Set('\f^{}\\[~]|€');

/** A segment holds 140 bytes; the first number is for a text in one segment, the second for one in several. */
const CAPACITY = { GSM_7: [160, 153], UCS_2: [70, 67] } as const;

/**
 * The segments of a text. A character of two units (an extension character, or a surrogate pair) is never split between
 * two segments, so a segment may stay one unit short. An empty text takes one segment, as an empty SMS is billed.
 */
export function segmentsOf(text: string): Segmentation {
  const characters = Array.from(text);
  const forcing = [...new Set(characters.filter((character) => !BASIC.has(character) && !EXTENSION.has(character)))];
  const encoding = forcing.length === 0 ? 'GSM_7' : 'UCS_2';
  const sizes = characters.map(encoding === 'UCS_2' ? utf16Units : septets);
  const unitCount = sizes.reduce((sum, size) => sum + size, 0);
  const [alone, several] = CAPACITY[encoding];
  if (unitCount <= alone) return { encoding, segmentCount: 1, unitCount, unitsPerSegment: alone, forcing };
  return { encoding, segmentCount: packed(sizes, several), unitCount, unitsPerSegment: several, forcing };
}

const septets = (character: string): number => (EXTENSION.has(character) ? 2 : 1);
const utf16Units = (character: string): number => character.length;

/** How many segments of `capacity` units the characters fill, in order and unsplit. */
function packed(sizes: readonly number[], capacity: number): number {
  let segments = 1;
  let filled = 0;
  for (const size of sizes) {
    if (filled + size > capacity) {
      segments += 1;
      filled = 0;
    }
    filled += size;
  }
  return segments;
}
