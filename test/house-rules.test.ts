/** The rules of the house, read off the files: who imports whom, and what is left lying about. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const ROOT = new URL('..', import.meta.url).pathname;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('generated/'))
    .map((file) => join(folder, file));
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The parts of src: a folder, or a file of its own at the top. */
function partOf(file: string): string {
  const path = relative('src', file).replace(/\.(ts|js)$/, '');
  return path.includes('/') ? dirname(path) : path;
}

/** What each part may import, beside itself, node and npm. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  log: [],
  samples: [],
  'config-reader': [],
  'config-access': ['auth', 'config-reader', 'messaging'],
  'config-limits': ['config-reader', 'messaging'],
  'config-upstream': ['config-reader'],
  config: ['config-access', 'config-limits', 'config-reader', 'config-upstream'],
  auth: ['messaging'],
  messaging: ['errors'],
  graphql: ['messaging', 'errors'],
  callbacks: ['messaging', 'errors'],
  catapult: ['messaging', 'errors'],
  store: ['messaging', 'errors'],
  http: ['errors', 'log', 'unread-answers'],
  'unread-answers': [],
  clock: ['messaging'],
  upstream: ['config', 'callbacks', 'catapult', 'messaging'],
  core: ['clock', 'config', 'log', 'upstream', 'callbacks', 'catapult', 'store', 'messaging'],
  app: ['auth', 'config', 'core', 'http', 'log', 'graphql', 'callbacks'],
  'messaging-schema': ['config', 'core', 'http', 'graphql', 'callbacks', 'messaging'],
  index: ['app', 'config', 'core', 'errors', 'graphql', 'messaging-schema'],
  demo: ['app', 'config', 'log', 'samples'],
  main: [
    'app',
    'auth',
    'config',
    'core',
    'demo',
    'errors',
    'log',
    'messaging',
    'samples',
    'graphql',
    'catapult',
    'store',
    'upstream',
  ],
};

function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => partOf(normalize(join(dirname(file), specifier))));
}

describe('the sources', () => {
  it.each(sources('src'))('%s imports only what its layer may', (file) => {
    const part = partOf(file);
    const allowed = MAY_IMPORT[part];
    expect(allowed).toBeDefined();
    expect(importsOf(file).filter((imported) => imported !== part && !allowed?.includes(imported))).toEqual([]);
  });

  it('touch the process in main.ts alone', () => {
    const touching = sources('src').filter((file) => /\bprocess\.\w|node:process/.test(read(file)));
    expect(touching).toEqual(['src/main.ts']);
  });

  it('leave nothing lying about', () => {
    // Written in pieces, so that this file does not find itself.
    const words = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK', 'console[.]' + 'log', '[.]on' + 'ly[(]'];
    const leftovers = new RegExp(`(${words.join('|')})|(\bas|:|<) ?an` + 'y(?![ ]?[a-zA-Z])');
    const found = [...sources('src'), ...sources('test')].filter((file) => leftovers.test(read(file)));
    expect(found).toEqual([]);
  });

  it('have no drawers for everything', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|types|lib|manager)(\/|\.ts$)/;
    expect([...sources('src'), ...sources('test')].filter((file) => drawers.test(file))).toEqual([]);
  });
});
