/** The part of the configuration that says whether the server keeps who wants no messages. */
import { consentWordOf } from '../messaging/consent-words.js';
import { isCleanText } from '../messaging/message.js';
import type { ConfigReader } from './reader.js';

export interface ConsentConfig {
  /** Whether opt-outs are kept, and sends to those who opted out refused. */
  readonly keepsConsent: boolean;
  /** What somebody is answered who opts out by a word; null for nothing. */
  readonly optOutReply: string | null;
}

/** In UTF-16 units: two segments at most of the GSM alphabet. A confirmation confirms, and says nothing else. */
const MAX_REPLY_LENGTH = 306;

export function readConsent(reader: ConfigReader): ConsentConfig {
  const keepsConsent = reader.readSwitch('CONSENT', 'on');
  const optOutReply = reader.readText(
    'OPT_OUT_REPLY',
    (text) => text.length <= MAX_REPLY_LENGTH && isCleanText(text),
    `a text of at most ${MAX_REPLY_LENGTH} characters, or unset`,
  );
  if (optOutReply !== null && consentWordOf(optOutReply) !== null) {
    reader.addProblem('OPT_OUT_REPLY would itself opt out or in whoever reads it: write a sentence.');
  }
  if (optOutReply !== null && !keepsConsent) {
    reader.addProblem('OPT_OUT_REPLY contradicts CONSENT=off: unset one or the other.');
  }
  return { keepsConsent, optOutReply };
}
