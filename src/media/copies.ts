/** Copies of files of upstream's, in a folder that several processes may share. */
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileTypeFromBuffer } from 'file-type';
import { MAX_READ_BYTES, partOf, type ByteRange, type FileAnswer } from '../messaging/media.js';
import { BEGINNING_BYTES } from './file-check.js';

/** Where copies are written before they have their name. */
const INCOMPLETE = 'incomplete';
/** What lies there for so long was left by a process that ended. */
const LEFT_OVER_MS = 3_600_000;

/** The folder cannot be written: it is full, read-only, or away. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: string;

  constructor(cause: unknown) {
    const { code = 'UNKNOWN' } = cause as { readonly code?: string };
    super(`MEDIA_DIR cannot be written (${code}): give this user the folder and all that is in it.`, { cause });
    this.code = code;
  }
}

export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
}

export class Copies {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder if need be, and removes what others left over. @throws DiskError when it cannot be written. */
  static async open(folder: string): Promise<Copies> {
    const incomplete = join(folder, INCOMPLETE);
    try {
      await mkdir(incomplete, { recursive: true, mode: 0o700 });
      const probe = join(incomplete, randomBytes(8).toString('hex'));
      await (await open(probe, 'wx', 0o600)).close();
      await rm(probe);
      for (const name of await readdir(incomplete)) {
        const path = join(incomplete, name);
        const { mtimeMs = Infinity } = (await stat(path).catch(() => null)) ?? {};
        if (Date.now() - mtimeMs > LEFT_OVER_MS) await rm(path, { force: true });
      }
    } catch (error) {
      throw new DiskError(error);
    }
    return new Copies(folder);
  }

  /** Whether there is a copy of the file with this URL. */
  readonly has = async (url: string): Promise<boolean> => {
    try {
      await access(this.#pathOf(url));
      return true;
    } catch {
      return false;
    }
  };

  /** Removes the copy of the file with this URL, if there is one. @throws DiskError */
  readonly remove = async (url: string): Promise<void> => {
    await onDisk(rm(this.#pathOf(url), { force: true }));
  };

  /** The copy, or a part of it; null where there is none, or it cannot be read: then upstream may have the file yet. */
  async find(url: string, range: ByteRange | null): Promise<FileAnswer | null> {
    const file = await open(this.#pathOf(url)).catch(() => null);
    if (file === null) return null;
    try {
      const { size: totalBytes } = await file.stat();
      const part = range === null ? null : partOf(range, totalBytes);
      if (range !== null && part === null) {
        await file.close();
        return { kind: 'OUT_OF_RANGE', totalBytes };
      }
      const contentType = await typeOf(file);
      const body = file.createReadStream(part === null ? {} : { start: part.first, end: part.last });
      return { kind: 'FOUND', contentType, totalBytes, part, body };
    } catch {
      await file.close();
      return null;
    }
  }

  /**
   * Stores a copy, as a whole or not at all. Two processes that copy the same file at once do each other no harm.
   *
   * @throws DiskError, FileTooLargeError, and what the body fails with.
   */
  async write(url: string, body: Readable): Promise<void> {
    const path = this.#pathOf(url);
    const incomplete = join(this.#folder, INCOMPLETE, randomBytes(16).toString('hex'));
    try {
      const file = await onDisk(open(incomplete, 'wx', 0o600));
      try {
        let size = 0;
        for await (const chunk of body as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > MAX_READ_BYTES) throw new FileTooLargeError();
          await onDisk(file.writeFile(chunk));
        }
        await onDisk(file.sync());
      } finally {
        await onDisk(file.close());
      }
      await onDisk(mkdir(dirname(path), { recursive: true, mode: 0o700 }));
      await onDisk(rename(incomplete, path));
    } catch (error) {
      await rm(incomplete, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      body.destroy();
    }
  }

  /** Removes copies that were made before this instant, in milliseconds, folder by folder until `signal` aborts. */
  async removeBefore(instantMs: number, signal: AbortSignal): Promise<void> {
    for (const folder of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for (const name of await readdir(join(this.#folder, folder))) {
        if (signal.aborted) return;
        const path = join(this.#folder, folder, name);
        const { mtimeMs = Infinity } = (await stat(path).catch(() => null)) ?? {};
        if (mtimeMs < instantMs) await rm(path, { force: true });
      }
    }
  }

  /** By a hash: a name that telephones chose never becomes a path. In 256 folders. */
  #pathOf(url: string): string {
    const hash = createHash('sha256').update(url).digest('hex');
    return join(this.#folder, hash.slice(0, 2), hash);
  }
}

/** By its first bytes: what upstream called it is not kept, and the names of telephones' pictures may have no ending. */
async function typeOf(file: FileHandle): Promise<string | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
  return (await fileTypeFromBuffer(buffer.subarray(0, bytesRead)))?.mime ?? null;
}

async function onDisk<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new DiskError(error);
  }
}
