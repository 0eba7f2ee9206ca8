/** The server as `npm start` runs it, from the files that an image has: signals reach it, and nothing else is written. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeFolder, removeFolder } from '../support/folder.js';

const ROOT = new URL('../..', import.meta.url).pathname;
/** Somebody who owns nothing, to whom modes mean something: only root can become one. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const READ_ONLY = 0o555;

/** A folder without compiler and sources, in which only `data` can be written. */
function makeInstalled(): string {
  const folder = makeFolder();
  for (const path of ['package.json', 'dist', 'src/build.mjs']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  for (const name of ['better-sqlite3', '@graphql-yoga/render-graphiql']) {
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  mkdirSync(join(folder, 'data'));
  if (NOBODY.uid !== undefined) chownSync(join(folder, 'data'), NOBODY.uid, NOBODY.gid);
  chmodSync(folder, READ_ONLY);
  return folder;
}

describe('npm start', () => {
  let folder: string;
  let npm: ChildProcess | undefined;
  beforeAll(() => {
    folder = makeInstalled();
  });
  afterEach(() => {
    if (npm?.exitCode === null && npm.pid !== undefined) process.kill(-npm.pid, 'SIGKILL');
  });
  afterAll(() => {
    chmodSync(folder, 0o755);
    removeFolder(folder);
  });

  /** Starts it as a group of its own, as a shell does. */
  async function start(): Promise<{ child: ChildProcess; pid: number; origin: string; complaints: Promise<string> }> {
    const { PATH } = process.env;
    const env = {
      PATH,
      PORT: '0',
      LOG_LEVEL: 'error',
      npm_config_update_notifier: 'false',
      npm_config_cache: join(folder, 'data/npm'),
    };
    const child = spawn('npm', ['start'], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...NOBODY,
    });
    npm = child;
    const complaints = text(child.stderr);
    let output = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      output += chunk.toString();
      const origin = /(http:\/\/\S+)\/graphql/.exec(output)?.[1];
      if (origin !== undefined && child.pid !== undefined) return { child, pid: child.pid, origin, complaints };
    }
    throw new Error(`It did not start: ${await complaints}`);
  }

  it.each([
    ['npm alone, as a service manager does that knows its process', 1],
    ['all of its group, as a terminal does', -1],
  ])('stops on a SIGTERM to %s', async (_, sign) => {
    const { child, pid, origin, complaints } = await start();
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    const since = performance.now();
    const exited = once(child, 'close');
    process.kill(sign * pid, 'SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - since).toBeLessThan(10_000);
    await expect(fetch(`${origin}/health`)).rejects.toThrow('fetch failed');
    expect(await complaints).toBe('');
    // The database was closed as it should be.
    expect(readdirSync(join(folder, 'data'))).not.toContain('messages.sqlite-wal');
  });
});
