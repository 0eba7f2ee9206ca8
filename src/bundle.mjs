/**
 * Puts the server with all that it imports into one file, as the last step of `npm run build`: to find, read and compile
 * 1,700 files takes twice as long. What other programs import (`dist/index.js`) stays as it is, since they bring
 * GraphQL themselves, and there must be only one.
 */
import { fileURLToPath, URL } from 'node:url';
import { build } from 'esbuild';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** What CommonJS packages expect to be there. */
const COMMONJS = `import { createRequire as requireOf } from 'node:module';
import { fileURLToPath as pathOf } from 'node:url';
const require = requireOf(import.meta.url);
const __filename = pathOf(import.meta.url);
const __dirname = pathOf(new URL('.', import.meta.url));`;

await build({
  entryPoints: [MAIN],
  outfile: MAIN,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  banner: { js: COMMONJS },
  external: [
    // Compiled.
    'better-sqlite3',
    // Optional, and not installed.
    'pg-native',
    // Megabytes that only GraphiQL's first visitor needs.
    '@graphql-yoga/render-graphiql',
  ],
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
