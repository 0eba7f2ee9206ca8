/**
 * Puts the npm packages that `src` imports into one script. Each test file has a world (a `vm`
 * context) of its own, and to find, read and compile a thousand files in each of them took most of the time of most
 * tests. A worker compiles this script once (environment.cjs), and each test file runs what it needs of it.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { build } from 'esbuild';
import packages from './script.cjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Compiled packages, and what only a visitor of GraphiQL needs, are loaded as usual. */
const NOT_BUNDLED = ['better-sqlite3', '@graphql-yoga/render-graphiql'];

/** The packages that the files of a folder import by name, each with its path inside the package. */
function importedBy(folder) {
  const files = readdirSync(join(ROOT, folder), { recursive: true }).filter(
    // The bench has packages of its own below `test`; the console runs in browsers, with packages of its own as well.
    (name) =>
      name.endsWith('.ts') && !name.includes('node_modules') && !(folder === 'src' && name.startsWith('console/')),
  );
  const text = files.map((name) => readFileSync(join(ROOT, folder, name), 'utf8')).join('\n');
  return [...text.matchAll(/^(?:import|export)(?:[^;']* from)? '([^'.][^']*)';$/gm)].map(([, name]) => name);
}

const packageOf = (name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

/** Where the entries lie: those of `src`, and others that tests import from the same packages. */
function entries() {
  const packages = new Set(
    importedBy('src')
      .filter((name) => !isBuiltin(name))
      .map(packageOf),
  );
  for (const name of NOT_BUNDLED) packages.delete(name);
  const names = [...importedBy('src'), ...importedBy('test')].filter((name) => packages.has(packageOf(name)));
  const paths = names.map((name) => realpathSync(fileURLToPath(import.meta.resolve(name))));
  return [...new Set(paths)].filter((path) => path.endsWith('js')).sort();
}

/** All of GraphQL's files: what others load past its entry has to be the same GraphQL. */
function filesOfGraphQL() {
  const folder = dirname(realpathSync(fileURLToPath(import.meta.resolve('graphql'))));
  const files = readdirSync(folder, { recursive: true });
  return files.filter((name) => name.endsWith('.js')).map((name) => join(folder, name));
}

async function bundle(paths, file) {
  const lines = paths.map((path) => `${JSON.stringify(path)}: () => require(${JSON.stringify(path)}),`);
  await build({
    stdin: { contents: `module.exports = {\n${lines.join('\n')}\n};`, resolveDir: ROOT },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    conditions: [],
    external: [...NOT_BUNDLED, 'pg-native'],
    define: {
      'import.meta.url': '__url',
      // GraphQL asks so whether to look for a second GraphQL in each of its type checks, as no server in production does.
      'globalThis.process.env.NODE_ENV': '"production"',
    },
    logLevel: 'error',
  });
}

/** A file for Jest to find in the place of a module: it takes the module out of the script. */
function standIn(path, modules) {
  const module = `globalThis[Symbol.for('packages')](${JSON.stringify(path)})`;
  const exported = modules[path]();
  const isESM = path.endsWith('.mjs') || (Object.hasOwn(exported, '__esModule') && !isCommonJS(path));
  if (!isESM) return { extension: '.cjs', text: `module.exports = ${module};\n` };
  const names = Object.keys(exported).filter((name) => name !== 'default' && name !== '__esModule');
  return {
    extension: '.mjs',
    text: `const module = ${module};\nexport default module.default;\nexport const { ${names.join(', ')} } = module;\n`,
  };
}

/** By the nearest package.json, as Node does. */
function isCommonJS(path) {
  if (extname(path) === '.cjs') return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type !== 'module';
  }
}

/** Makes the script where there is none of these packages yet, and says in TEST_PACKAGES where it is. */
export default async function bundlePackages() {
  // Mutation testing runs Jest thousands of times in a process.
  if (process.env.TEST_PACKAGES !== undefined) return;
  const paths = [...new Set([...entries(), ...filesOfGraphQL()])];
  const cache = join(realpathSync(join(ROOT, 'node_modules')), '.cache/test-packages');
  const sources = [join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)].map((file) => readFileSync(file));
  const hash = [...paths, ...sources].reduce((sum, part) => sum.update(part), createHash('sha256')).digest('hex');
  const folder = join(cache, hash.slice(0, 16));
  process.env.TEST_PACKAGES = folder;
  if (existsSync(folder)) return;
  mkdirSync(cache, { recursive: true });
  // Another run may do the same at the same time: the first to finish names the folder.
  const draft = mkdtempSync(join(cache, 'draft-'));
  await bundle(paths, join(draft, 'packages.cjs'));
  const modules = packages.openPackages(packages.compilePackages(draft), globalThis);
  const places = {};
  for (const [index, path] of paths.entries()) {
    const { extension, text } = standIn(path, modules);
    places[path] = `${index}${extension}`;
    writeFileSync(join(draft, places[path]), text);
  }
  writeFileSync(join(draft, 'places.json'), JSON.stringify(places));
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true });
  }
}
