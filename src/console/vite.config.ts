/** Builds the pages in this folder into `dist/console`, each file also compressed: the server sends what lies there. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv, type Plugin } from 'vite';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/console');

function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      // For operators who let only trusted documents run.
      copyFileSync(join(import.meta.dirname, 'generated/persisted-documents.json'), join(BUILT, 'documents.json'));
      for (const entry of readdirSync(BUILT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const body = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(body));
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  /** With `vite src/console`: the server that the page is a client of. `SERVER=https://messages.example.com`. */
  const { SERVER: target = 'http://127.0.0.1:4000' } = loadEnv(mode, import.meta.dirname, 'SERVER');
  return {
    root: import.meta.dirname,
    // Relative, so that the page works behind whatever path a proxy puts before it.
    base: './',
    plugins: [react(), compressed()],
    server: { proxy: { '/graphql': { target, ws: true }, '/media': { target }, '/sandbox': { target } } },
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      target: 'es2022',
      // A policy without data: URLs in scripts and styles; small files are files.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        input: Object.fromEntries(['index', 'phone'].map((page) => [page, join(import.meta.dirname, `${page}.html`)])),
      },
    },
  };
});
