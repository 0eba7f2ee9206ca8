/** An account at an upstream of the test's own, over real sockets, and a client that sends by it. */
import { Account } from '../../src/catapult/account.js';
import { basicAuthorization, type Authorization } from '../../src/catapult/authorization.js';
import { CatapultClient } from '../../src/catapult/client.js';
import { openConnection, type Proxies } from '../../src/catapult/connection.js';
import type { OutboundMessage } from '../../src/messaging/message.js';
import type { Clock, GatewayReport } from '../../src/messaging/ports.js';

export interface TestAccountOptions {
  readonly authorization?: Authorization;
  readonly proxies?: Proxies;
}

export function openTestAccount(
  url: string,
  { authorization = basicAuthorization('token', 'secret'), proxies }: TestAccountOptions = {},
): { readonly account: Account; readonly close: () => Promise<void> } {
  const dispatcher = openConnection(proxies ?? null);
  const account = new Account({
    url,
    userId: 'u-test',
    authorization,
    dispatcher,
    userAgent: 'catapult-graphql/test',
  });
  return {
    account,
    async close() {
      authorization.close();
      await dispatcher.destroy();
    },
  };
}

export interface TestClient {
  /** Sends, with as much time as the client was opened with. */
  readonly send: (message: OutboundMessage, sendId: string) => Promise<GatewayReport>;
  readonly abortInFlight: () => void;
  readonly close: () => Promise<void>;
}

export function openTestClient(
  { account, close }: ReturnType<typeof openTestAccount>,
  clock: Clock,
  timeoutMs: number,
): TestClient {
  const client = new CatapultClient({ account, clock, correlation: null, random: () => 0.5 });
  return {
    send: (message, sendId) => client.send(message, sendId, clock.now() + timeoutMs),
    abortInFlight: () => {
      client.abortInFlight();
    },
    close,
  };
}

/** What a send ends in: the classes of the table in src/README.md. */
export type SendClass = 'accepted' | 'accepted, id unknown' | 'unknown' | `not sent: ${string}`;

export function classOf(report: GatewayReport): SendClass {
  switch (report.status) {
    case 'ACCEPTED':
      return report.message === null ? 'accepted, id unknown' : 'accepted';
    case 'REJECTED':
      return `not sent: ${report.error.code}`;
    case 'UNKNOWN':
      return 'unknown';
  }
}
