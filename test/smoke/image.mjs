/** Reads the Dockerfile, and takes its steps in folders: what an image would hold, where there is no container engine. */
import { execFile } from 'node:child_process';
import { chownSync, cpSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

/** Only root may give files to others. */
const IS_ROOT = process.getuid?.() === 0;

/** The stages of a Dockerfile: each with its name, its base, and its instructions, in order. */
export function stagesOf(text) {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  const stages = [];
  for (const line of lines) {
    const [, instruction, value] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, base, name = 'final'] = /^(\S+)(?: AS (\S+))?$/.exec(value);
      stages.push({ name, base, steps: [] });
    } else if (instruction !== undefined) stages.at(-1)?.steps.push({ instruction, value });
  }
  return stages;
}

/** The words of a COPY: where from (null: the context), for whom (null: root), what, and to where. */
export function copyOf(value) {
  const words = value.split(/ +/);
  const option = (name) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from: option('from'), owner: option('chown'), sources: paths.slice(0, -1), target: paths.at(-1) };
}

/** What a stage says of the process: its command, its health check, its environment, its user, its working directory. */
export function runtimeOf({ steps }) {
  const all = (name) => steps.filter(({ instruction }) => instruction === name).map(({ value }) => value);
  const last = (name) => all(name).at(-1);
  return {
    command: JSON.parse(last('CMD')),
    healthCheck: JSON.parse(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))[1]),
    environment: Object.fromEntries(all('ENV').map((value) => value.split('='))),
    port: Number(last('EXPOSE')),
    user: last('USER').split(':').map(Number),
    workingDirectory: last('WORKDIR'),
    volume: last('VOLUME'),
  };
}

/**
 * Takes a stage's steps below `folder`, which is its `/`. `roots` are those of the stages before it, by name; that of the
 * context is `context`. Commands run in `environment`.
 */
export async function make({ steps }, { folder, roots, context, environment }) {
  let workingDirectory = folder;
  for (const { instruction, value } of steps) {
    if (instruction === 'WORKDIR') {
      workingDirectory = join(folder, value);
      mkdirSync(workingDirectory, { recursive: true });
    } else if (instruction === 'COPY') {
      copy(copyOf(value), { workingDirectory, roots, context });
    } else if (instruction === 'RUN') {
      await promisify(execFile)('sh', ['-c', value], { cwd: workingDirectory, env: environment });
    }
  }
  return workingDirectory;
}

/** As Docker does it: of a folder its contents, and into a folder where several come or the target ends in a slash. */
function copy({ from, owner, sources, target }, { workingDirectory, roots, context }) {
  const isInto = sources.length > 1 || target.endsWith('/');
  for (const source of sources) {
    const to = join(workingDirectory, target, isInto ? basename(source) : '');
    const root = from === null ? context : roots[from];
    cpSync(join(root, source), to, { recursive: true, verbatimSymlinks: true });
    if (owner !== null && IS_ROOT) chownSync(to, ...owner.split(':').map(Number));
  }
}
