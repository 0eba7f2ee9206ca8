/** The blocks of a page, put together as a project for browsers would: nothing in them is changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { codeBlocks } from '../support/markdown.js';

const ROOT = new URL('../..', import.meta.url).pathname;

/** The blocks under a heading that begin with the name of their file, by that name and in their order. */
export function printedFiles(page: string, heading: string): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  for (const block of codeBlocks(readFileSync(join(ROOT, page), 'utf8'))) {
    const [, name] = /^\/\/ (\S+\.js)\n/.exec(block.text) ?? [];
    if (block.heading === heading && name !== undefined) files.set(name, [...(files.get(name) ?? []), block.text]);
  }
  return files;
}

/**
 * Bundles `entry`, which may import the files of `sources` as it would lie beside them, and whatever this repository has
 * installed, and itself by its name.
 */
export async function bundle(
  entry: string,
  sources: Readonly<Record<string, string>>,
  file: string,
  platform: 'browser' | 'node' = 'browser',
): Promise<void> {
  const { warnings } = await build({
    stdin: { contents: entry, resolveDir: ROOT },
    bundle: true,
    platform,
    format: platform === 'node' ? 'cjs' : 'esm',
    outfile: file,
    logLevel: 'silent',
    plugins: [
      {
        name: 'printed files',
        setup(project) {
          project.onResolve({ filter: /^\.\/[\w.-]+\.js$/ }, ({ path, namespace, importer }) =>
            namespace === 'printed' || importer === '<stdin>'
              ? { path: path.slice(2), namespace: 'printed' }
              : undefined,
          );
          project.onLoad({ filter: /./, namespace: 'printed' }, ({ path }) => {
            const contents = sources[path];
            return contents === undefined
              ? { errors: [{ text: `No block is ${path}` }] }
              : { contents, resolveDir: ROOT };
          });
        },
      },
    ],
  });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
}
