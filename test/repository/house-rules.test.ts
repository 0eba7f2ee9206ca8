/** The rules of the house, read off the files: who imports whom, and what is left lying about. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/(^|\/)(generated|node_modules)\//.test(file))
    .map((file) => join(folder, file));
}

/** All that people wrote here. */
const everything = (): string[] => ['src', 'test', 'examples'].flatMap(sources);

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The parts of src: a folder, or a file of its own at the top. */
function partOf(file: string): string {
  const [first = '', ...rest] = relative('src', file).split('/');
  return rest.length > 0 ? first : first.replace(/\.ts$/, '');
}

/** What each part may import, beside itself, node and npm. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  version: [],
  log: [],
  closing: [],
  channel: ['messaging'],
  http: ['errors'],
  messaging: ['errors'],
  auth: ['messaging'],
  catapult: ['http', 'messaging', 'errors'],
  consent: ['http', 'messaging', 'errors'],
  graphql: ['http', 'messaging', 'errors'],
  media: ['http', 'messaging', 'errors'],
  sandbox: ['http', 'messaging', 'errors'],
  store: ['messaging', 'errors'],
  telemetry: ['http', 'messaging', 'errors'],
  config: ['auth', 'messaging'],
  upstream: ['closing', 'config', 'catapult', 'messaging', 'sandbox', 'version'],
  'journal-lines': [],
  journal: [
    'journal-lines',
    'closing',
    'log',
    'http',
    'catapult',
    'consent',
    'graphql',
    'media',
    'messaging',
    'errors',
    'telemetry',
  ],
  parts: [
    'closing',
    'config',
    'journal',
    'log',
    'media',
    'upstream',
    'catapult',
    'store',
    'telemetry',
    'messaging',
    'version',
  ],
  'front-door': ['http'],
  console: ['messaging'],
  app: [
    'auth',
    'closing',
    'config',
    'consent',
    'front-door',
    'journal',
    'parts',
    'http',
    'graphql',
    'media',
    'catapult',
    'messaging',
    'sandbox',
    'telemetry',
    'version',
  ],
  'messaging-schema': ['closing', 'config', 'parts', 'http', 'graphql', 'catapult', 'messaging', 'telemetry'],
  index: ['app', 'config', 'parts', 'errors', 'graphql', 'messaging-schema'],
  demo: ['app', 'config', 'log', 'sandbox'],
  workers: [
    'app',
    'channel',
    'closing',
    'config',
    'journal',
    'log',
    'messaging',
    'parts',
    'store',
    'telemetry',
    'upstream',
    'version',
  ],
  commands: [
    'app',
    'auth',
    'closing',
    'config',
    'errors',
    'http',
    'journal',
    'log',
    'media',
    'messaging',
    'parts',
    'sandbox',
    'store',
    'telemetry',
    'upstream',
    'version',
    'workers',
  ],
  main: ['commands', 'config', 'demo', 'graphql', 'journal', 'journal-lines', 'log', 'version'],
};

/** The files of ours that a file imports. */
function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*\.js)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => {
    const path = normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts');
    return existsSync(join(ROOT, path)) ? path : `${path}x`;
  });
}

/** One way from a file back to itself by imports, types included; null where there is none. */
function circleThrough(file: string): string | null {
  const cameFrom = new Map<string, string>();
  const open = [file];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const imported of importsOf(at)) {
      if (imported === file) {
        const way = [file, at];
        for (let back = cameFrom.get(at); back !== undefined; back = cameFrom.get(back)) way.push(back);
        return way.reverse().join(' → ');
      }
      if (cameFrom.has(imported)) continue;
      cameFrom.set(imported, at);
      open.push(imported);
    }
  }
  return null;
}

describe('the sources', () => {
  it.each(sources('src'))('%s imports only what its layer may', (file) => {
    const part = partOf(file);
    const allowed = MAY_IMPORT[part];
    expect(allowed).toBeDefined();
    const imported = importsOf(file).map(partOf);
    expect(imported.filter((each) => each !== part && !allowed?.includes(each))).toEqual([]);
  });

  it('import each other in no circle, not even within a folder', () => {
    expect(sources('src').flatMap((file) => circleThrough(file) ?? [])).toEqual([]);
  });

  it('touch the process only in main.ts', () => {
    const touching = sources('src').filter((file) => /\bprocess\.\w|node:process/.test(read(file)));
    expect(touching).toEqual(['src/main.ts']);
  });

  it('leave nothing lying about', () => {
    // Written in pieces, so that this file does not find itself.
    const words = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK', 'console[.]' + 'log', '[.]on' + 'ly[(]'];
    const leftovers = new RegExp(words.join('|'));
    const found = everything().filter((file) => leftovers.test(read(file)));
    expect(found).toEqual([]);
  });

  it('have no drawers for everything', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|types|lib|manager)(\/|\.tsx?$)/;
    expect(everything().filter((file) => drawers.test(file))).toEqual([]);
  });
});
