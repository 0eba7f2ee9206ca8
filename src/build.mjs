/**
 * Builds `dist`: the types' compiler, then the bundle; at the same time the console, if it changed. With `--unless-current`
 * only where `dist` is not what these sources give, and never where the compiler is not installed: then `dist` came along,
 * and is all there is.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit, stderr } from 'node:process';
import { URL } from 'node:url';

const ROOT = new URL('..', import.meta.url).pathname;
/** Our own: that of a project around this folder means nothing. */
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const MAIN = join(ROOT, 'dist/main.js');
const PAGE = join(ROOT, 'dist/console/index.html');
/**
 * Says what `dist/main.js` and the console were made from. By contents, not by times: a checkout, a copy and an archive
 * change those.
 */
const STAMP = join(ROOT, 'dist/built-from.json');
/** What decides the result, beside `src`: the bundle has the dependencies in it. */
const BESIDE_SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json'];

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function sourcesDigest(...folders) {
  const sources = folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length))
    .sort();
  return digest([...sources, ...BESIDE_SOURCES.filter((file) => existsSync(join(ROOT, file)))]);
}

/** Of what the console is made: its own folder, and the one that it imports from. */
const consoleDigest = () => sourcesDigest('src/console', 'src/messaging');

const stamp = () => (existsSync(STAMP) ? JSON.parse(readFileSync(STAMP, 'utf8')) : {});

/** The compiler alone also writes `main.js`, and so does a build that failed half-way: its contents must fit, too. */
function isCurrent() {
  const { sources, main } = stamp();
  return existsSync(MAIN) && sources === sourcesDigest('src') && main === digest(['dist/main.js']) && hasConsole();
}

const hasConsole = () => !existsSync(VITE) || (existsSync(PAGE) && stamp().console === consoleDigest());

async function run(tool, ...args) {
  const [status] = await once(spawn(execPath, [tool, ...args], { cwd: ROOT, stdio: 'inherit' }), 'exit');
  if (status !== 0) throw Object.assign(new Error(`${tool} failed.`), { status: status ?? 1 });
}

async function build() {
  // Before it begins: what changes meanwhile makes the next start build again.
  const made = { sources: sourcesDigest('src'), console: consoleDigest() };
  const building = hasConsole() ? [] : [run(VITE, 'build', 'src/console', '--logLevel', 'warn')];
  rmSync(STAMP, { force: true });
  // Both end before this does: what goes on would write into the next build.
  const failed = (await Promise.allSettled([run(COMPILER), ...building])).find(({ reason }) => reason !== undefined);
  if (failed !== undefined) throw failed.reason;
  await import('./bundle.mjs');
  writeFileSync(STAMP, `${JSON.stringify({ ...made, main: digest(['dist/main.js']) })}\n`);
}

const canBuild = existsSync(COMPILER);
const isAsked = !argv.includes('--unless-current');
if (!canBuild && (isAsked || !existsSync(MAIN))) {
  stderr.write('The server cannot be built: there is no compiler. Run npm ci without --omit=dev.\n');
  exit(1);
}
if (canBuild && (isAsked || !isCurrent())) {
  if (!isAsked) stderr.write('Building the server, which takes about 20 seconds …\n');
  try {
    await build();
  } catch (error) {
    // The compiler has said itself what is wrong.
    if (error.status === undefined) throw error;
    exit(error.status);
  }
}
