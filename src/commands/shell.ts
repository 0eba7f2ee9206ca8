/** What commands get of the process, and how they say that they cannot be run so. */
import type { Environment } from '../config/config.js';
import type { Logger } from '../log.js';

export interface Shell {
  /** What stands behind the command's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** A log on standard error, line by line and without delay. */
  readonly newLogger: (level: string) => Logger;
  /** Has whatever Node or a library would print to standard error become a line of the log, and so a last error. */
  readonly printOnlyJson: (log: Logger) => void;
  /** Who runs the command, for the audit. */
  readonly userName: () => string;
  /**
   * Has a signal to stop call `close`, once, and end the process when it has resolved, or after 10 s. `drainDelayMs` come
   * before that.
   */
  readonly stopOnSignal: (close: () => Promise<void>, drainDelayMs?: number) => void;
  /** Has SIGHUP call `reload`. On a terminal that signal still ends the process: there it says that somebody went away. */
  readonly onHangUp: (reload: () => void) => void;
}

export interface Command {
  /** What stands behind its name, as `--help` shows it. */
  readonly usage: string;
  readonly summary: string;
  readonly run: (shell: Shell) => Promise<void> | void;
}

/** The command cannot be run like this; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command ran, and what it found is bad: it has said so already. */
export class FoundBad extends Error {
  override readonly name = 'FoundBad';
}
