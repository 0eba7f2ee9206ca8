/** A subscriber over WebSocket as clients have it: graphql-ws, connected to a test's server. */
import { createClient, type Client, type ClientOptions, type SubscribePayload } from 'graphql-ws';
import WebSocket from 'ws';

/** Connects when it first asks. */
export function openSubscriber(url: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

/** What is said first to one operation: a result, the errors that it is refused with, or the close of the connection. */
export async function firstAnswer(
  url: string,
  payload: SubscribePayload,
  options: Partial<ClientOptions> = {},
): Promise<unknown> {
  const subscriber = openSubscriber(url, options);
  const answer = await new Promise((resolve) => {
    subscriber.subscribe(payload, {
      next: resolve,
      error: resolve,
      complete: () => {
        resolve('complete');
      },
    });
  });
  await subscriber.dispose();
  return answer;
}
