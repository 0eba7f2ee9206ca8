/** Whether the disks that the server writes to have room left. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where the server writes; null for nowhere. */
export interface WrittenPaths {
  /** The SQLite file, which exists. */
  readonly storeFile: string | null;
  readonly mediaDir: string | null;
}

/**
 * A function that resolves if at least `minBytes` are left to the server on each of the disks, and rejects otherwise. It
 * asks the file systems, some microseconds each, and reads nothing.
 */
export function freeDiskCheck({ storeFile, mediaDir }: WrittenPaths, minBytes: number): () => Promise<void> {
  const folders = [...(storeFile === null ? [] : [dirname(storeFile)]), ...(mediaDir === null ? [] : [mediaDir])];
  return async () => {
    if (minBytes === 0) return;
    for (const folder of folders) {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < minBytes) throw new DiskFullError();
    }
  };
}

/** Less is left than MIN_FREE_DISK. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}
