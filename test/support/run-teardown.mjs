/** What Jest does after all test files of a run. */
import { rmSync } from 'node:fs';
import process from 'node:process';

export default function tearDown() {
  rmSync(process.env.TEST_RUN_FOLDER, { recursive: true, force: true });
}
