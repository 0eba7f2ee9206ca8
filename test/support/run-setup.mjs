/** What Jest does before all test files of a run: what they share is made once. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import bundlePackages from './packages/bundle.mjs';

export default async function setUp() {
  process.env.TEST_RUN_FOLDER = mkdtempSync(join(tmpdir(), 'catapult-graphql-run-'));
  await bundlePackages();
}
