/** What the image, the unit of systemd and .env.example name, held against what is there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyOf, runtimeOf, stagesOf } from '../smoke/image.mjs';
import { makeFolder, removeFolder } from '../support/folder.js';
import { DOCUMENTED, isVariable } from '../support/variables.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const exists = (file: string): boolean => existsSync(join(ROOT, file));

/** How long the server takes to end, in seconds: docs/operations.md. */
const STOP_S = 10;
const LISTENS_ON = 4000;

describe('.env.example', () => {
  const EXAMPLE = read('.env.example');
  const ofServer = EXAMPLE.split('## For compose.yaml alone')[0] ?? '';

  it('names every variable of the server, in the order of their page, and sets none', () => {
    expect([...ofServer.matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(DOCUMENTED);
    expect(EXAMPLE.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});

describe('the Dockerfile', () => {
  const stages = stagesOf(read('Dockerfile'));
  const final = stages.at(-1);
  const copies = stages.flatMap((stage) =>
    stage.steps.flatMap(({ instruction, value }) =>
      instruction === 'COPY' ? [{ stage: stage.name, ...copyOf(value) }] : [],
    ),
  );
  const { command, healthCheck, environment, port, user, workingDirectory, volume } = runtimeOf(final);

  it('copies what is in the repository, and what .dockerignore lets in', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, path = '']) => path);
    const sources = copies.flatMap(({ from, sources: paths }) => (from === null ? paths : []));
    const isAllowed = (source: string): boolean => allowed.some((path) => `${source}/`.startsWith(`${path}/`));
    expect(sources.filter((source) => !exists(source) || !isAllowed(source))).toEqual([]);
    expect(allowed.filter((path) => !exists(path))).toEqual([]);
  });

  it('copies from its own stages, into the folder of the server', () => {
    const names = stages.map(({ name }) => name);
    expect(copies.filter(({ from }) => from !== null && !names.includes(from))).toEqual([]);
    expect(volume).toBe(`${workingDirectory}/data`);
  });

  it("runs one process, not as root, with the server's own variables", () => {
    expect(command).toEqual(['node', 'dist/main.js']);
    expect(user).toEqual([1000, 1000]);
    expect(Object.keys(environment).filter((name) => !isVariable(name))).toEqual([]);
    expect(port).toBe(LISTENS_ON);
    expect(healthCheck[0]).toBe('node');
  });

  it('has a base that the server supports, the same for all stages', () => {
    expect(read('Dockerfile')).toMatch(/^ARG NODE=24$/m);
    expect(stages.map(({ base }) => base.replace('-slim', ''))).toEqual(Array(3).fill('node:${NODE}-bookworm'));
  });
});

const SYSTEMD = 'deploy/systemd/catapult-graphql.service';
const systemdTool = existsSync('/usr/bin/systemd-analyze') ? it : it.skip;

describe(SYSTEMD, () => {
  const unit = read(SYSTEMD);
  const all = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  it('sets variables of the server, and reads each secret that it loads', () => {
    const names = all('Environment').map((value) => value.split('=')[0] ?? '');
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
    const loaded = all('LoadCredential').map((value) => value.split(':')[0]);
    const used = [...unit.matchAll(/%d\/([\w-]+)/g)].map(([, name]) => name);
    expect(used).toEqual(loaded);
  });

  it('writes its own folder alone, and waits until the server has ended', () => {
    expect(all('DynamicUser')).toEqual(['yes']);
    expect(all('ProtectSystem')).toEqual(['strict']);
    expect(all('StateDirectory')).toEqual(['catapult-graphql']);
    expect(unit).toContain('DATABASE_URL=sqlite:%S/catapult-graphql/');
    expect(Number.parseInt(all('TimeoutStopSec')[0] ?? '', 10)).toBeGreaterThan(STOP_S);
    expect(all('ExecStart')).toEqual(['/usr/bin/node dist/main.js']);
  });

  systemdTool('is right to systemd', () => {
    // Where this Node is, and a folder that is there.
    const here = unit
      .replace('/usr/bin/node', process.execPath)
      .replace(/^WorkingDirectory=.*$/m, 'WorkingDirectory=/');
    const file = join(folder, 'catapult-graphql.service');
    writeFileSync(file, here);
    expect(execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
  });

  let folder: string;
  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => {
    removeFolder(folder);
  });
});
