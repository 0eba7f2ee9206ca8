import { Attachments } from '../../src/messaging/attachment.js';
import { MediaAddresses } from '../../src/messaging/media-address.js';
import type { Message } from '../../src/messaging/message.js';

const STORE = 'https://store.example/';
const attachments = new Attachments({
  media: { owns: (url) => url.startsWith(STORE) },
  addresses: new MediaAddresses(Buffer.alloc(32)),
  clock: { now: () => 1_000 },
  isCopied: () => Promise.resolve(false),
});
const incoming = (...media: string[]): Message =>
  ({ id: 'm', time: 1_000_000, direction: 'IN', media }) as unknown as Message;

it('nothing that came in has an address that runs in a page, or is none', async () => {
  const urls = ['javascript:alert(1)//a.png', 'data:text/html,x', 'https://[', 'https://cdn.example/a.png'];
  const shown = await attachments.of(incoming(...urls), 'https://api.example');
  expect(shown.map(({ url }) => url)).toEqual([null, null, null, 'https://cdn.example/a.png']);
});

it('a telephone that names its file like an upload of ours says nothing of its end', async () => {
  const [shown] = await attachments.of(incoming(`${STORE}zzzzzzzzz0123456789abcdef0123-x.png`), 'https://api.example');
  expect(shown).toMatchObject({ availableUntil: 1_000_000 + 48 * 3_600_000_000 });
});
