/**
 * Gives better-sqlite3 its native half, as the last step of `npm ci`: the prebuilt binary where it can be fetched, and
 * otherwise one compiled against the headers that came with this Node. node-gyp by itself would fetch headers, too.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';

const require = createRequire(import.meta.url);

function works() {
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

if (!works()) {
  const folder = dirname(require.resolve('better-sqlite3/package.json'));
  const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: 'inherit', shell: true });
  try {
    run('prebuild-install');
  } catch {
    const prefix = dirname(dirname(execPath));
    const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
    run('node-gyp', 'rebuild', '--release', ...(hasHeaders ? [`--nodedir=${prefix}`] : []));
  }
}
