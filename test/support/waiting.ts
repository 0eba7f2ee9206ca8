/** Waiting by turns of the event loop, never by time. */

/** Resolves once `condition` holds; if it never does, the test runs into its timeout. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}

/** Resolves once all has happened that can happen in this process without the test. */
export async function quiet(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
}
