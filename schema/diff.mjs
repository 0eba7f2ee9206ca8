/**
 * What the schema no longer promises: `npm run schema:diff -- [revision]` compares it with the one in the base revision.
 * It fails when something breaks that the newest version in CHANGELOG.md does not name, as `Type.field`, under Changed or
 * Removed.
 */
import { execFileSync } from 'node:child_process';
import console from 'node:console';
import { readFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const SCHEMA = 'schema/schema.graphql';

/** What git says, or null where there is no such thing, or no git. */
function git(...args) {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** Where this branch left the main one; on the main branch itself, the commit before. */
function baseRevision() {
  const head = git('rev-parse', 'HEAD');
  const fork = git('merge-base', 'HEAD', 'origin/main');
  return fork === null || fork === head ? 'HEAD~1' : fork;
}

/** What a change of a directive is about. */
const ownerOf = (path) => path.replace(/\.@\w+$/, '');

/**
 * Whether clients or the supergraph may stop working; the changes of federation's directives only look harmless. Nobody
 * misses what is new and hidden from the first day.
 */
function breaks({ criticality, path = '', type }, added) {
  if (criticality.level === CriticalityLevel.Breaking) return true;
  return /@(key|shareable)$/.test(path)
    ? type.endsWith('_REMOVED')
    : /@inaccessible$/.test(path) && type.endsWith('_ADDED') && !added.has(ownerOf(path));
}

const base = argv[2] ?? baseRevision();
const before = git('show', `${base}:${SCHEMA}`);
if (before === null) {
  console.info(`There is no ${SCHEMA} in ${base} to compare with.`);
  exit(0);
}
const read = (sdl) => buildSchema(sdl, { assumeValidSDL: true });
const changes = await diff(read(before), read(readFileSync(SCHEMA, 'utf8')));
const added = new Set(changes.flatMap(({ type, path }) => (/^(TYPE|FIELD)_ADDED$/.test(type) ? [path] : [])));
const [, newest = ''] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m);
const announced = newest.split(/^### /m).filter((section) => /^(Changed|Removed)\n/.test(section));

let isBroken = false;
for (const change of changes) {
  const { message, path = '' } = change;
  const isNamed = announced.some((section) => section.includes(`\`${ownerOf(path)}\``));
  const verdict = breaks(change, added) ? (isNamed ? 'breaking, in CHANGELOG' : 'BREAKING') : 'fine';
  console.info(`${verdict.padEnd(22)}  ${path.padEnd(40)}  ${message}`);
  isBroken ||= verdict === 'BREAKING';
}
console.info(`${changes.length} changes since ${base}.`);
if (isBroken) console.info('Name what is BREAKING in CHANGELOG.md, under Changed or Removed, or take it back.');
exit(isBroken ? 1 : 0);
