/** `sandbox`: the pretend vendor alone, for the tests of other programs. */
import { readConfig } from '../config/config.js';
import type { SandboxAuth } from '../config/upstream.js';
import { startSandbox, type Sandbox } from '../sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../upstream.js';
import type { Command } from './shell.js';

/** Where `npm run sandbox` listens, unless PORT says otherwise. */
const SANDBOX_PORT = 4010;

export const sandbox: Command = {
  usage: '',
  summary: 'runs the sandbox alone, and prints the variables of a server that is to use it',
  async run({ environment, print, stopOnSignal }) {
    // Nothing else of the environment is for the sandbox: it may be the environment of the server that calls it.
    const { PORT = String(SANDBOX_PORT), SANDBOX_AUTH } = environment;
    const { port, upstream } = readConfig({ PORT, SANDBOX_AUTH });
    const auth = upstream.kind === 'sandbox' ? upstream.auth : 'basic';
    const started = await startSandbox({ ...SANDBOX_ACCOUNT, port, auth });
    const {
      CALLBACK_URL: callbackUrl,
      CALLBACK_USERNAME: username = '',
      CALLBACK_PASSWORD: password = '',
    } = environment;
    if (callbackUrl !== undefined) started.sendCallbacksTo({ url: callbackUrl, username, password });
    const lines = Object.entries(variablesFor(started, auth)).map(([name, value]) => `${name}=${value}\n`);
    // In one piece, for whoever reads them from a file or a pipe.
    print(lines.join(''));
    stopOnSignal(() => started.close());
  },
};

/** The environment of a server that is to use this sandbox. */
function variablesFor({ url, tokenUrl }: Sandbox, auth: SandboxAuth): Record<string, string> {
  const { userId, token, secret, clientId, clientSecret } = SANDBOX_ACCOUNT;
  const address = { CATAPULT_URL: url, CATAPULT_USER_ID: userId };
  if (auth === 'basic') return { ...address, CATAPULT_TOKEN: token, CATAPULT_SECRET: secret };
  return {
    ...address,
    CATAPULT_CLIENT_ID: clientId,
    CATAPULT_CLIENT_SECRET: clientSecret,
    CATAPULT_TOKEN_URL: tokenUrl,
  };
}
