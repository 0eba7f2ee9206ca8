/**
 * What libphonenumber's metadata says about a number: how it is written, where it is, and what kind of line. (The `max`
 * set, which knows kinds of lines; it takes 0.1 s to load.) The calling code says too little: +1 is the United States and
 * Canada, and also Jamaica.
 */
import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
  type PhoneNumberType,
} from 'libphonenumber-js/max';

/** What an E.164 number looks like, before anything is known of its country. */
const FORM = /^\+[1-9][0-9]{1,14}$/;

/** Says how to write a number for which `isE164` is false. */
export const E164_MESSAGE =
  'Must be an E.164 number such as +19195551212: + and the country code, once, then the number without its national prefix; at most 15 digits.';

/** Lines that bill the sender, or that are not telephones. Toll-free numbers take messages like any other. */
const SPECIAL_LINES: ReadonlySet<PhoneNumberType | undefined> = new Set<PhoneNumberType>([
  'PREMIUM_RATE',
  'SHARED_COST',
  'UAN',
  'PERSONAL_NUMBER',
  'PAGER',
  'VOICEMAIL',
]);

/**
 * The rules of an input, and right after them the policy, ask about the numbers of a send: eleven at most. Few are
 * kept: a number that was cut out of a document keeps the whole document in memory.
 */
const MAX_READ = 32;
const read = new Map<string, PhoneNumber | undefined>();

/**
 * Whether this is an E.164 number, written in the only way that E.164 has. libphonenumber accepts a country code
 * written twice, and a national prefix 0, as networks do. So the text must be what it prints: limits, duplicates and
 * kinds of lines compare texts, and another text would be another recipient. What it cannot read (an unassigned country
 * code, two digits) cannot be compared, and is on no network: it is no number either.
 *
 * The cost does not grow with the text.
 */
export function isE164(text: string): boolean {
  return FORM.test(text) && readNumber(text)?.number === text;
}

/** Three to eight digits, which never had a plus. */
const SHORT_CODE = /^[0-9]{3,8}$/;
/** A sender without a number: up to eleven letters, digits and a few signs, and one letter at least. */
const SENDER_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 _&-][A-Za-z0-9 +_&-]{0,10}$/;

/** Says what to write where `isAddress` is false. */
export const ADDRESS_MESSAGE =
  'Must be an E.164 number such as +19195551212, a short code of 3 to 8 digits, or a sender name of at most 11 characters.';

/**
 * Whether a message can have come from here, or gone there. Wider than `isE164`: it is for finding messages, and networks
 * deliver some from short codes, from names, and from numbers that libphonenumber does not know.
 */
export function isAddress(text: string): boolean {
  return FORM.test(text) || SHORT_CODE.test(text) || SENDER_NAME.test(text);
}

/** Whether there is such a region: the United Kingdom is `GB`, and a `UK` that matched no number would be a surprise. */
export const isRegion = (code: string): code is CountryCode => isSupportedCountry(code);

/** A number as E.164 has it, and the region that it belongs to; null for numbers of no region. */
export interface NormalizedNumber {
  readonly number: string;
  readonly region: string | null;
}

/** Spaces, and marks of direction that telephones put around numbers which are copied. */
const UNSEEN_AROUND = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;

/**
 * The number that a person means by a text; null if it is none. A national number needs a region. A national prefix is
 * left out, also behind a country code, and so is a country code that is written twice: `isE164` refuses such spellings,
 * this finds the right one. A number with an extension is none, since messages do not reach one.
 *
 * `isE164` holds for the result, and it normalizes to itself. The text should be short: the cost grows with it.
 */
export function normalizeNumber(text: string, region: CountryCode | null): NormalizedNumber | null {
  const bare = text
    .replace(UNSEEN_AROUND, '')
    .replace(/^tel:(?=\+)/i, '')
    .replace('\uff0b', '+');
  const meant = parsePhoneNumberFromString(bare, {
    extract: false,
    ...(region !== null && { defaultCountry: region }),
  });
  if (meant === undefined || meant.ext !== undefined || !isE164(meant.number)) return null;
  // Read once more as it is written now, as a send reads it: the region that was given must not decide what is said.
  const known = readNumber(meant.number);
  return known?.isPossible() === true ? { number: known.number, region: known.country ?? null } : null;
}

/**
 * Whether messages may go to this E.164 number. It must be valid in one of the `allowed` regions (ISO 3166). A number
 * without a known region, such as those of satellite networks, needs all regions to be allowed. So does one that is not
 * valid: its area code may be newer than libphonenumber. But it must have a length that its country uses, and must not
 * be a valid number with more digits behind it: networks ignore those, so it would be the same recipient. Premium-rate
 * and other special lines are refused everywhere.
 */
export function isAllowedDestination(number: string, allowed: readonly string[] | '*'): boolean {
  const known = readNumber(number);
  // With this metadata, a number has a type exactly when it is valid.
  const type = known?.getType();
  if (known === undefined || SPECIAL_LINES.has(type)) return false;
  if (allowed !== '*') return type !== undefined && known.country !== undefined && allowed.includes(known.country);
  return type !== undefined || (known.isPossible() && !beginsWithNumber(number));
}

/** Whether whoever calls this number pays nothing. */
export const isTollFree = (number: string): boolean => readNumber(number)?.getType() === 'TOLL_FREE';

function beginsWithNumber(text: string): boolean {
  const beginnings = Array.from(text, (_digit, index) => text.slice(0, index));
  return beginnings.some((beginning) => parsePhoneNumberFromString(beginning)?.isValid() === true);
}

function readNumber(text: string): PhoneNumber | undefined {
  if (read.has(text)) return read.get(text);
  if (read.size === MAX_READ) read.clear();
  const number = parsePhoneNumberFromString(text);
  read.set(text, number);
  return number;
}
