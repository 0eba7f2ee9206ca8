/**
 * Puts the server with all that it imports into one file, as the last step of `npm run build` (`build.mjs`): to find, read and compile
 * 1,700 files takes twice as long, and 20 MB more memory. What other programs import (`dist/index.js`) stays as it is,
 * since they bring GraphQL themselves, and there must be only one.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { build } from 'esbuild';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** `npx` runs the file; and what CommonJS packages expect to be there. */
const BANNER = `#!/usr/bin/env node
import { createRequire as requireOf } from 'node:module';
import { fileURLToPath as pathOf } from 'node:url';
const require = requireOf(import.meta.url);
const __filename = pathOf(import.meta.url);
const __dirname = pathOf(new URL('.', import.meta.url));`;

const { outputFiles } = await build({
  entryPoints: [MAIN],
  outfile: MAIN,
  allowOverwrite: true,
  write: false,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  banner: { js: BANNER },
  external: [
    // Compiled.
    'better-sqlite3',
    // Optional, and not installed.
    'pg-native',
    // Megabytes that only GraphiQL's first visitor needs.
    '@graphql-yoga/render-graphiql',
    // Needed only where traces are exported.
    '@opentelemetry/exporter-trace-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-base',
  ],
  // No comments. Lines are long, but there are lines.
  minifyWhitespace: true,
  lineLimit: 120,
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});

/** esbuild escapes what is not ASCII, but in regular expressions. One character beyond Latin-1 doubles all in memory. */
const asAscii = (text) =>
  text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

for (const { path, text } of outputFiles) writeFileSync(path, path === MAIN ? asAscii(text) : text);
