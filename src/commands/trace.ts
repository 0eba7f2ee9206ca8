/** `trace`: a message's life, by any of its ids. */
import { readTraceRequest, traced, TRACE_USAGE } from '../trace.js';
import { withStore } from './sends.js';
import { UsageError, type Command } from './shell.js';

export const trace: Command = {
  usage: TRACE_USAGE.replace('Usage: trace ', ''),
  summary: "prints a message's life, by any of its ids or by its key",
  async run({ args, environment, print }) {
    const request = readTraceRequest(args);
    if (request === null) throw new UsageError(TRACE_USAGE);
    await withStore(environment, async (store) => {
      const life = await traced(store, Date.now(), request);
      if (life === null) throw new UsageError('Nothing is known of it here.');
      print(life);
    });
  },
};
