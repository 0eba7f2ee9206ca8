/** Finds the one-time codes in a text, so that tests and people need not look for them. */

/**
 * The last line of an origin-bound code: `@example.com #493817`, perhaps with the origin of a frame behind
 * (https://wicg.github.io/sms-one-time-codes/; Apple writes that with a percent sign). It says what the code is.
 */
const ORIGIN_BOUND = /(?:^|\n)@[^\s@#]+ #(\S+)(?: [@%]\S+)?\s*$/;

/** Words that stand near a code. English, Spanish and French, since messages go to North America. */
const CODE_WORD =
  /\b(?:codes?|pins?|otp|passcodes?|passwords?|verification|verify|authentication|2fa|one-time|código|codigo|contraseña|clave|vérification)\b/i;
/** Codes that are used more than once, or are for something else. */
const OTHER_CODE =
  /\b(?:zip|postal|area|country|dial(?:ing|ling)?|promo(?:tion(?:al)?)?|discount|coupon|voucher|gift|referral|error|source|dress|bar|qr)[ -]?codes?\b/gi;
/** What has digits of its own: addresses on the web and of mail. */
const ADDRESS = /\/\/|www\.|@|[a-z]\.[a-z]{2,10}\//i;

/** A candidate: 4 to 8 digits, or two groups of three, perhaps behind its sender's initials (`G-493817`). */
const CANDIDATE = /(?<![\p{L}\p{N}_#$€£¥+*%])(?:[A-Z]{1,2}-)?(?:\d{3}-\d{3}|\d{4,8})(?![\p{L}\p{N}_%€£¥])/gu;
/** What makes it a part of something longer: of a telephone number, a card's, a date, a time or an amount. */
const NUMBER_BEFORE = /\d(?:[ ().:/-]{1,2}|,)$|[$€£¥#+*]\s?$|\b(?:USD|CAD|EUR|GBP|MXN)\s?$/i;
const NUMBER_BEHIND = /^(?:[.,/:-]\d|[ ]\(?\d{3}|\s?(?:[$€£¥%]|(?:USD|CAD|EUR|GBP|MXN)\b))/i;
/** What it counts, where it is no code. */
const UNIT_BEHIND =
  /^\s?(?:dollars?|euros?|pounds?|cents?|bucks|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|miles?|km|points?|steps|people|characters?|digits?|a\.?m|p\.?m)\b/i;
/** Its end, where the rest of a number is not shown; a house, an order, or somebody who is to be called. */
const OTHER_NUMBER_BEFORE =
  /\b(?:ending(?: in| with)?|ends (?:in|with)|card|acct|account|order|invoice|ticket|room|flight|ref(?:erence)?|call(?: us)?(?: at)?|phone|tel)[ :.#-]{0,3}$/i;
/** Between a word and its code. */
const SAYS_CODE_BEFORE = /\b(?:code|pin|otp|passcode|password|código|codigo|clave)(?:\s+(?:is|es|est))?[\s:=-]{1,3}$/i;
const SAYS_CODE_BEHIND = /^\s+(?:is|es|est)\s+(?:your|the|an?|su|tu|el|votre|le)\b/i;

/** As far around a candidate as anything of the above reaches, in UTF-16 units. */
const NEAR = 40;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/**
 * The one-time codes of a text in their order, each once, without hyphens and initials. A candidate counts in a sentence
 * with a word for codes, or alone in a sentence or line beside one. What looks like a year counts only right beside such a word.
 * The cost grows with the text, which is at most 2048 characters long.
 */
export function oneTimeCodesIn(text: string): string[] {
  const bound = ORIGIN_BOUND.exec(text)?.[1];
  if (bound !== undefined) return [bound];
  // Word by word, and below by neighbourhood, so that no text takes long.
  const plain = text.replace(/\S+/g, (word) => (ADDRESS.test(word) ? '' : word)).replace(OTHER_CODE, ' ');
  if (!CODE_WORD.test(plain)) return [];
  const codes = plain.split(/\n+|(?<=[.!?;])\s+/).flatMap((sentence) => {
    const isAbout = CODE_WORD.test(sentence);
    return [...sentence.matchAll(CANDIDATE)]
      .filter(({ 0: candidate, index }) => {
        const end = index + candidate.length;
        const before = sentence.slice(Math.max(0, index - NEAR), index);
        const behind = sentence.slice(end, end + NEAR);
        const isAlone = !LETTER_OR_DIGIT.test(before + behind);
        return (isAbout || isAlone) && isCode(candidate, before, behind);
      })
      .map(([candidate]) => candidate.replace(/^[A-Z]+-|-/g, ''));
  });
  return [...new Set(codes)];
}

function isCode(candidate: string, before: string, behind: string): boolean {
  if (NUMBER_BEFORE.test(before) || NUMBER_BEHIND.test(behind) || UNIT_BEHIND.test(behind)) return false;
  if (OTHER_NUMBER_BEFORE.test(before)) return false;
  const looksLikeYear = /^(?:19|20)\d\d$/.test(candidate);
  return !looksLikeYear || SAYS_CODE_BEFORE.test(before) || SAYS_CODE_BEHIND.test(behind);
}
