/** For tests of other things: nothing lies in an account's store. */
import { Attachments } from '../../src/messaging/attachment.js';
import { MediaAddresses } from '../../src/messaging/media-address.js';

export const NO_ATTACHMENTS = new Attachments({
  media: { owns: () => false },
  addresses: new MediaAddresses(Buffer.alloc(32)),
  clock: { now: () => 0 },
  isCopied: () => Promise.resolve(false),
});
