/** Which texts opt out, which opt in, and which say nothing of consent. */
import { consentWordOf } from '../../src/messaging/consent-words.js';

/** As they come, with the case, the signs and the pictures that people type. */
const OUT = [
  // The words of 47 CFR 64.1200(a)(10).
  ...['unsubscribe now', 'Opt out now!', 'stop all text messages', 'Stop sending messages to me', 'S T O P'],
  ...["I'd like to unsubscribe.", 'I would like to opt out', 'stop spamming me', "don't text me any more"],
  ...['stop', 'STOP', 'Stop.', 'quit', 'end', 'revoke', 'opt out', 'cancel', 'unsubscribe'],
  // Other lists, and other spellings.
  ...[
    'STOPALL',
    'stop all',
    'Opt-Out',
    'OPTOUT',
    'unsub',
    'REMOVE',
    'ARRET',
    'Arrêt',
    'arrête',
    'ALTO',
    '¡Alto!',
    'No más',
  ],
  // A courtesy, a sign, a picture, quotes, blanks, a line break, letters of another width.
  ...['please stop', 'Stop please!', 'STOP, thank you', 'Pls stop', 'Hi, please STOP', 'por favor pare'],
  ...[
    'stop!!!',
    '"STOP"',
    '“Stop”',
    '«stop»',
    "'stop'",
    '(stop)',
    '*STOP*',
    'STOP 🛑',
    '🛑🛑 stop',
    'stop ✋🏽',
    'Stop\uFE0F',
  ],
  ...['  stop  ', 'stop\n', 'opt   out', 'opt\u00a0out', 'STOP STOP STOP', 'ＳＴＯＰ', 'st\u200bop', 'Stop?'],
  // Whole sentences that cannot be understood otherwise.
  ...['stop texting me', 'Stop messaging me!', "don't text me", 'Don’t contact me again', 'Do not text this number'],
  ...['no more texts', 'Unsubscribe me', 'remove me from your list', 'Take me off this list', 'opt me out please'],
  ...[
    'I revoke my consent',
    'cancel my subscription',
    'stop sending me messages',
    'leave me alone',
    'STOP ALL MESSAGES',
  ],
  ...['unsuscribe', 'stpo'],
];

const IN = [
  'start',
  'START',
  'Start!',
  'UNSTOP',
  'unstop please',
  'please start',
  '"Start"',
  'start ✅',
  'START START',
];

/** What a person may answer or ask, and must not be cut off by. */
const NEITHER = [
  ...[
    '',
    ' ',
    '!!!',
    '🛑',
    'Thank you',
    'thanks!',
    'OK',
    'yes',
    'no',
    'No thanks',
    'HELP',
    'info',
    'subscribe',
    'join',
  ],
  ...['take me', 'take this number'],
  ...['stop by at 5', 'Can you stop by tomorrow?', 'the bus stop', 'non-stop', 'Stop and Shop', 'stopped', 'nonstop'],
  ...['end of the day works', 'the end', 'weekend', 'The End 😂', 'week end', 'dead end'],
  ...['cancel my appointment please', 'Please cancel the 3 pm', 'can I cancel?', 'cancelled', 'cancel order 123'],
  ...['I quit smoking', 'I quit my job', 'do not quit', 'quite', 'remove the tyres', 'remove item 2'],
  ...['how do I unsubscribe from the gym?', 'I did not opt out', "don't stop", 'do not stop', 'never stop', 'stop 2'],
  ...['start at 9', 'when do we start?', "let's start over", 'restart', 'baja', 'para', 'para mañana', 'alta'],
  ...['revoked', 'They revoke licences', 'text me at 5', 'call me', 'stop texting while you drive', 'STOPTHIEF'],
];

describe('what a message says of consent', () => {
  it('is tried with at least sixty phrases', () => {
    expect(new Set([...OUT, ...IN, ...NEITHER]).size).toBeGreaterThan(120);
  });
  it.each(OUT)('%j opts out', (text) => {
    expect(consentWordOf(text)).toBe('OUT');
  });
  it.each(IN)('%j opts in', (text) => {
    expect(consentWordOf(text)).toBe('IN');
  });
  it.each(NEITHER)('%j says nothing of it', (text) => {
    expect(consentWordOf(text)).toBeNull();
  });

  it('costs no more for a long text, even one that begins and ends like a word', () => {
    const long = `stop${' '.repeat(1_000_000)}`;
    const started = performance.now();
    const read = Array.from({ length: 10_000 }, () => consentWordOf(long));
    expect(read.every((word) => word === null)).toBe(true);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('reads the most that it reads in no time, whatever that is', () => {
    const worst = ['please ', ' please', '\ufdfa', 'a\u0301', '👩‍👩‍👧‍👦', "'"].map((each) => each.repeat(100).slice(0, 100));
    const started = performance.now();
    for (const text of worst) for (let count = 0; count < 100; count++) consentWordOf(text);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
