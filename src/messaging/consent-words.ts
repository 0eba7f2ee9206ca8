/**
 * Which texts take back somebody's consent to be sent messages, and which give it again.
 *
 * The words are those of the United States' rule (47 CFR 64.1200(a)(10), in force since 2025-04-11): *stop, quit, end,
 * revoke, opt out, cancel, unsubscribe*, and any other words that a reasonable person would understand so. To them come
 * what the keyword lists of others have (read in November 2026): STOPALL and STOP ALL (Twilio, Telnyx, Plivo), OPTOUT,
 * OPT-OUT and REMOVE (AWS), UNSUB (Plivo), and ARRET, ARRETE, ARRETT (Twilio; AWS has ARRET) for Canada, where messages
 * go as well unless ALLOWED_REGIONS says otherwise. Spanish has no list; what reads as an order is taken (ALTO, PARE,
 * NO MAS), and what commonly answers a question is not (BAJA is "low", PARA is "for").
 *
 * Only a whole message counts: "stop by at 5" takes nothing back. Where a word could be either, it counts: who is
 * opted out by mistake can come back by a word, and who is not heard cannot be heard again.
 *
 * To come back takes START or UNSTOP, as with Catapult's own network and Telnyx. YES, which Twilio takes as well,
 * answers too many other questions.
 */

/** What somebody says of consent with a message: that it ends (`OUT`), or that it is given again (`IN`). */
export type ConsentWord = 'OUT' | 'IN';

const IN = ['start', 'unstop'];

/** What is stopped by `stop …`, and its like. */
const MESSAGES = ['messages', 'text messages', 'texts', 'sms', 'msgs', 'texting', 'messaging', 'all'];

const OUT = [
  ...['stop', 'quit', 'end', 'revoke', 'opt out', 'optout', 'cancel', 'unsubscribe', 'stopall', 'unsub', 'remove'],
  ...['stop it', 'stop this', 'stop now', 'quit it', 'opting out', 'unsubscribed', 'unsubscribe all'],
  ...['unsubscribe now', 'unsubscribe from this list', 'opt out now', 'stop messages now', 's t o p'],
  ...['unsuscribe', 'unsubcribe', 'unsubscibe', 'unsubscrib', 'stopp', 'stpo', 'sotp'],
  ...['stop', 'cancel', 'end', 'quit', 'no more', 'unsubscribe from'].flatMap((verb) =>
    MESSAGES.flatMap((noun) => [
      `${verb} ${noun}`,
      `${verb} these ${noun}`,
      `${verb} all ${noun}`,
      `${verb} the ${noun}`,
    ]),
  ),
  ...[
    'texting',
    'messaging',
    'contacting',
    'spamming',
    'bothering',
    'sending',
    'sending messages',
    'sending texts',
  ].flatMap((verb) => [
    `stop ${verb}`,
    `stop ${verb} me`,
    `quit ${verb} me`,
    `stop ${verb} me now`,
    `stop ${verb} this number`,
  ]),
  ...[
    'stop sending me messages',
    'stop sending me texts',
    'stop sending me text messages',
    'stop sending messages to me',
    'stop sending these',
    'stop sending me these',
  ],
  ...['text', 'message', 'contact', 'bother'].flatMap((verb) =>
    ['do not', 'dont', 'never'].flatMap((not) => [
      `${not} ${verb} me`,
      `${not} ${verb} me again`,
      `${not} ${verb} me anymore`,
      `${not} ${verb} me any more`,
      `${not} ${verb} this number`,
      `${not} ${verb} this number again`,
    ]),
  ),
  ...['remove', 'take', 'delete'].flatMap((verb) =>
    ['me', 'my number', 'this number', 'me off', 'my number off'].flatMap((what) => [
      ...(verb === 'take' && !what.endsWith('off') ? [] : [`${verb} ${what}`]),
      ...['from', 'off', 'of'].flatMap((from) =>
        ['your', 'the', 'this'].map((which) => `${verb} ${what} ${from} ${which} list`),
      ),
      ...['your', 'the', 'this'].map((which) => `${verb} ${what} ${which} list`),
    ]),
  ),
  ...[
    'opt me out',
    'i opt out',
    'i am opting out',
    'im opting out',
    'i want to opt out',
    'i would like to opt out',
    'id like to opt out',
    'i want out',
    'opt out all',
  ],
  ...[
    'unsubscribe me',
    'i want to unsubscribe',
    'i would like to unsubscribe',
    'id like to unsubscribe',
    'cancel subscription',
    'cancel my subscription',
    'end subscription',
  ],
  ...['i revoke', 'revoke consent', 'revoke my consent', 'i revoke consent', 'i revoke my consent'],
  ...['withdraw consent', 'withdraw my consent', 'i withdraw my consent', 'i do not consent', 'i dont consent'],
  ...['leave me alone', 'i want this to stop', 'make it stop'],
  ...['arret', 'arrete', 'arrett', 'arreter', 'arretez', 'desabonner', 'desabonnement'],
  ...['alto', 'pare', 'parar', 'detener', 'cancelar', 'no mas', 'no mas mensajes', 'dar de baja', 'darme de baja'],
];

const MEANINGS: ReadonlyMap<string, ConsentWord> = new Map([
  ...OUT.map((words) => [words, 'OUT'] as const),
  ...IN.map((words) => [words, 'IN'] as const),
]);

/** What may stand around them: it changes nothing in what is meant. */
const COURTESY =
  /^(?:(?:please|pls|plz|kindly|hi|hello|ok|okay|sir|por favor) )+|(?: (?:please|pls|plz|thanks|thank you|thx|por favor))+$/g;

/** In UTF-16 units: the longest phrase with much around it. A longer text says more than that. */
const MAX_LENGTH = 100;

/**
 * What a whole message says of consent; null for nothing. Case, accents, punctuation, emoji, quotes and blanks do not
 * count, nor does a courtesy, nor that the same is said several times. The cost does not grow with the text.
 */
export function consentWordOf(text: string): ConsentWord | null {
  if (text.length > MAX_LENGTH) return null;
  const bare = wordsOf(text).replace(COURTESY, '');
  return MEANINGS.get(bare) ?? MEANINGS.get(saidOnce(bare)) ?? null;
}

/** The letters and digits of a text, in words with one blank between them. */
function wordsOf(text: string): string {
  return (
    text
      .normalize('NFKD')
      .toLowerCase()
      // What joins a word: accents, apostrophes, and signs that are not seen.
      .replace(/[\p{M}\p{Cf}'’`´]/gu, '')
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  );
}

/** The first of words that are all the same; otherwise the words. */
function saidOnce(words: string): string {
  const [first = '', ...others] = words.split(' ');
  return others.every((other) => other === first) ? first : words;
}
