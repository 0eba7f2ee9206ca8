/** Things that are opened one after the other and closed together, even when a later one cannot be opened. */

type Close = () => Promise<void> | void;

/** How to close what has been opened so far. */
export class Closing {
  readonly #closers: Close[] = [];

  add(close: Close): void {
    this.#closers.push(close);
  }

  /** Closes in the opposite order of opening. A second call has nothing left to close. */
  readonly close = async (): Promise<void> => {
    for (const close of this.#closers.splice(0).reverse()) await close();
  };
}

/** Resolves with what `open` opens. Where it fails, all that it added to `closing` is closed first. */
export async function openAll<Opened>(open: (closing: Closing) => Promise<Opened>): Promise<Opened> {
  const closing = new Closing();
  try {
    return await open(closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}
