/** A message that is valid and small, for the tests that need just any. */
import type { OutboundMessage } from '../../src/messaging/message.js';

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
