/** Empty folders for tests that write files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty folder; `removeFolder` takes it away again. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'catapult-graphql-test-'));
}

/** Removes a folder with all that is in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
