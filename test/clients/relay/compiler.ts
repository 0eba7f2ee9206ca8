/** Relay's compiler, as a project for browsers runs it. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCHEMA = new URL('../../../schema/api.graphql', import.meta.url).pathname;
const COMPILER = createRequire(import.meta.url).resolve('relay-compiler/cli.js');
const CONFIG = {
  src: './src',
  schema: './api.graphql',
  language: 'javascript',
  artifactDirectory: './artifacts',
  eagerEsModules: true,
};

/** Compiles the operations in a file of this name in `folder`, into `artifacts/`. */
export async function compileForRelay(folder: string, name: string, source: string): Promise<void> {
  for (const part of ['src', 'artifacts']) mkdirSync(join(folder, part));
  copyFileSync(SCHEMA, join(folder, 'api.graphql'));
  writeFileSync(join(folder, 'src', name), source);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(CONFIG));
  await promisify(execFile)(process.execPath, [COMPILER, 'relay.config.json'], { cwd: folder });
}
