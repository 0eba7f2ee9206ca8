/** Reports of upstream about a message, as callbacks bring them. */
import { request } from 'undici';
import { INPUT } from './messages.js';

/** What turns callbacks on. */
export const CALLBACKS = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' };
const AUTHORIZATION = `Basic ${Buffer.from('user:password').toString('base64')}`;

/** Lets upstream report on the message that INPUT asked for, to the server whose GraphQL endpoint is `url`. */
export async function report(
  url: string,
  id: string,
  type: 'message-sending' | 'message-delivered' | 'message-failed' = 'message-delivered',
  fields: object = {},
): Promise<void> {
  const time = '2026-11-24T10:00:00Z';
  const { from, to } = INPUT;
  const event = { type, time, to: to[0], message: { id, time, to, from }, ...fields };
  const { statusCode } = await request(`${new URL(url).origin}/callbacks/catapult`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION },
    body: JSON.stringify([event]),
  });
  if (statusCode !== 200) throw new Error(`The callback was answered ${statusCode}`);
}
