/**
 * Gives better-sqlite3 its native half, as the last step of `npm ci`: the prebuilt binary where it can be fetched, and
 * otherwise one compiled against the headers that came with this Node. node-gyp by itself would fetch headers, too.
 * It says what it does, since that takes a minute or two; what the tools print comes only if both of them fail.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, execPath, exit, stderr, versions } from 'node:process';
import { clearInterval, setInterval } from 'node:timers';

const REPORT_EVERY_MS = 15_000;

const require = createRequire(import.meta.url);
const say = (text) => stderr.write(`SQLite for Node ${versions.node}: ${text}\n`);

function works() {
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

/** Runs a tool of npm's in the package's folder. @returns whether it ended well, and what it printed */
async function run(command, settings = {}) {
  const cwd = dirname(require.resolve('better-sqlite3/package.json'));
  const tool = spawn(command, { cwd, shell: true, env: { ...env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [tool.stdout, tool.stderr]) stream.on('data', (some) => (output += some));
  const [code] = await once(tool, 'close');
  return { isDone: code === 0, output };
}

async function compile() {
  const prefix = dirname(dirname(execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
  // By npm's configuration, which wins over options: a `nodedir` in somebody's .npmrc is that of another Node.
  const settings = { JOBS: 'max', ...(hasHeaders && { npm_config_nodedir: prefix }) };
  const since = Date.now();
  const seconds = () => Math.round((Date.now() - since) / 1_000);
  const report = setInterval(() => say(`compiling for ${seconds()} s …`), REPORT_EVERY_MS);
  const result = await run('node-gyp rebuild --release', settings);
  clearInterval(report);
  if (result.isDone) say(`compiled in ${seconds()} s.`);
  return result;
}

if (!works()) {
  say('looking for a prebuilt binary …');
  const fetched = await run('prebuild-install');
  if (!fetched.isDone) {
    say('there is none to be had. Compiling it, which takes a minute or two …');
    const compiled = await compile();
    if (!compiled.isDone || !works()) {
      stderr.write(`${fetched.output}\n${compiled.output}\n`);
      say('it could not be compiled. That needs Python, make and a C++ compiler; what they said is above.');
      exit(1);
    }
  }
}
