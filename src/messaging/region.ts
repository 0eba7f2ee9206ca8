/**
 * Where a number is, and what kind of line, by libphonenumber's metadata (its `max` set, which knows kinds of lines; it
 * takes 0.1 s to load). The calling code says too little: +1 is the United States and Canada, and also Jamaica.
 */
import { isSupportedCountry, parsePhoneNumberFromString, type PhoneNumberType } from 'libphonenumber-js/max';

/** Lines that bill whoever writes to them, or that are no telephone. Toll-free numbers take messages as any other. */
const SPECIAL_LINES: ReadonlySet<PhoneNumberType | undefined> = new Set<PhoneNumberType>([
  'PREMIUM_RATE',
  'SHARED_COST',
  'UAN',
  'PERSONAL_NUMBER',
  'PAGER',
  'VOICEMAIL',
]);

/** Whether there is such a region: the United Kingdom is `GB`, and a `UK` that matched nobody would be a surprise. */
export const isRegion = (code: string): boolean => isSupportedCountry(code);

/**
 * Whether messages may go to this E.164 number: its region is one of `allowed` (ISO 3166), and it is no special line.
 * Premium-rate and other special lines are refused everywhere. A number whose region cannot be told, such as those of
 * satellite networks and of area codes that nobody has, is refused unless all regions are allowed.
 */
export function isAllowedDestination(number: string, allowed: readonly string[] | '*'): boolean {
  const parsed = parsePhoneNumberFromString(number);
  if (SPECIAL_LINES.has(parsed?.getType())) return false;
  if (allowed === '*') return true;
  return parsed?.country !== undefined && allowed.includes(parsed.country);
}
