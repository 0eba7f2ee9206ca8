/** `forget`: removes everything that is stored about a number. */
import { parseArgs } from 'node:util';
import { mediaDirIn } from '../config/config.js';
import { systemClock } from '../messaging/clock.js';
import { Numbers, type ForgetRequest } from '../messaging/forgetting.js';
import type { MessageStore } from '../messaging/ports.js';
import { openCopies } from '../parts.js';
import { StoreInUseError } from '../store/file-lock.js';
import { withStoreAs } from './sends.js';
import { UsageError, type Command, type Shell } from './shell.js';

const ARGUMENTS = 'NUMBER [--reason "why"]';

export const forget: Command = {
  usage: ARGUMENTS,
  summary: 'removes everything that is stored about a number, for good',
  async run(shell) {
    const request = readRequest(shell);
    const folder = mediaDirIn(shell.environment);
    const work =
      (mayTakeLong: boolean) =>
      async (store: MessageStore): Promise<void> => {
        const copies = folder === null ? null : await openCopies(folder);
        const removeCopy = copies?.remove ?? (() => Promise.resolve());
        const numbers = new Numbers({ store, clock: systemClock, removeCopy });
        shell.print(`${JSON.stringify(await numbers.forget(request, mayTakeLong))}\n`);
      };
    try {
      // While no server uses the file, nobody waits for it: it is written anew, however large it is.
      await withStoreAs({ forServer: true }, shell.environment, work(true));
    } catch (error) {
      if (!(error instanceof StoreInUseError)) throw error;
      await withStoreAs({ forServer: false }, shell.environment, work(false));
    }
  },
};

function readRequest({ args, userName }: Shell): ForgetRequest {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { reason: { type: 'string' } },
    });
    const [number, ...rest] = positionals;
    if (number !== undefined && rest.length === 0) {
      return { number, by: `shell:${userName()}`, reason: values.reason ?? null };
    }
  } catch {
    // An option that is not known.
  }
  throw new UsageError(`Usage: forget ${ARGUMENTS}`);
}
