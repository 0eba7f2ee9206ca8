/** Messages that are valid and small, for the tests that need just any. */
import type { OutboundMessage } from '../../src/messaging/message.js';

/** As it goes upstream. */
export const OUTBOUND: OutboundMessage = {
  from: '+12345678901',
  to: ['+12345678902'],
  text: 'Hey',
  applicationId: 'app-1',
  media: [],
  tag: null,
  priority: null,
  expiresAt: null,
};

/** The input of `sendMessage` that asks for it. */
export const INPUT = { from: '+12345678901', to: ['+12345678902'], text: 'Hey', applicationId: 'app-1' };

/** The same to a number about which the sandbox sends no callbacks: the message stays ACCEPTED. */
export const SILENT_INPUT = { ...INPUT, to: ['+19195550002'] };

/** Catapult's answer to it, as JSON. */
export const ACCEPTED_ANSWER = JSON.stringify({
  id: '14762070468292kw2fuqty55yp2b2',
  time: '2016-09-14T18:20:16Z',
  from: OUTBOUND.from,
  to: OUTBOUND.to,
  text: OUTBOUND.text,
});
