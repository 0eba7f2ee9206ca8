/**
 * Builds `dist`: the types' compiler, then the bundle. With `--unless-current` only where `dist` is not what these
 * sources give, and never where the compiler is not installed: then `dist` came along, and is all there is.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit, stderr } from 'node:process';
import { URL } from 'node:url';

const ROOT = new URL('..', import.meta.url).pathname;
/** Our own: that of a project around this folder means nothing. */
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
const MAIN = join(ROOT, 'dist/main.js');
/** Says what `dist/main.js` was made from. By contents, not by times: a checkout, a copy and an archive change those. */
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

function sourcesDigest() {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length))
    .sort();
  return digest([...sources, ...BESIDE_SOURCES.filter((file) => existsSync(join(ROOT, file)))]);
}

/** The compiler alone also writes `main.js`, and so does a build that failed half-way: its contents must fit, too. */
function isCurrent() {
  if (!existsSync(STAMP) || !existsSync(MAIN)) return false;
  const { sources, main } = JSON.parse(readFileSync(STAMP, 'utf8'));
  return sources === sourcesDigest() && main === digest(['dist/main.js']);
}

async function build() {
  // Before it begins: what changes meanwhile makes the next start build again.
  const sources = sourcesDigest();
  rmSync(STAMP, { force: true });
  execFileSync(execPath, [COMPILER], { cwd: ROOT, stdio: 'inherit' });
  await import('./bundle.mjs');
  writeFileSync(STAMP, `${JSON.stringify({ sources, main: digest(['dist/main.js']) })}\n`);
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
