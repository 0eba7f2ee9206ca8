/** An account at an upstream of the test's own, over real sockets. */
import { Account } from '../../src/catapult/account.js';
import { basicAuthorization, type Authorization } from '../../src/catapult/authorization.js';
import { openConnection, type Proxies } from '../../src/catapult/connection.js';

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
