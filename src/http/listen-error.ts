/** Why the server cannot listen where it is told to, in words that say what to do. */

export class ListenError extends Error {
  override readonly name = 'ListenError';

  constructor(
    message: string,
    /** Node's. */
    readonly code: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

const CAUSES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} of ${host} is in use by another process: end that one, or set PORT to another port.`,
  EADDRNOTAVAIL: (host) =>
    `This machine has no address ${host}: set HOST to one of its own, or to 0.0.0.0 for all of them.`,
  EACCES: (_host, port) =>
    `This user may not listen on port ${port}: set PORT to one above 1023, or give the process CAP_NET_BIND_SERVICE.`,
  ENOTFOUND: (host) => `The host ${host} is not known: set HOST to an address of this machine.`,
  EAI_AGAIN: (host) => `The host ${host} cannot be looked up: set HOST to an address of this machine.`,
};

/** What listening failed with, for people; the error itself where it is none of those that they can mend. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !Object.hasOwn(CAUSES, code)) return error;
  const words = CAUSES[code];
  return words === undefined ? error : new ListenError(words(host, port), code, error);
}
