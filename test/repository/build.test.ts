/** When `npm start` builds: with a compiler and a bundler that only count how often they run. */
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder, removeFolder } from '../support/folder.js';

const BUILD = new URL('../../src/build.mjs', import.meta.url).pathname;
const COMPILER = `require('fs').appendFileSync('built.txt', 'x');
if (require('fs').existsSync('broken')) process.exit(2);
require('fs').mkdirSync('dist', { recursive: true });
require('fs').writeFileSync('dist/main.js', 'unbundled');`;
const VITE = `require('fs').appendFileSync('pages.txt', 'x');
if (require('fs').existsSync('broken-page')) process.exit(3);
require('fs').mkdirSync('dist/console', { recursive: true });
require('fs').writeFileSync('dist/console/index.html', process.argv.slice(2).join(' '));`;
const BUNDLER = `import { writeFileSync } from 'node:fs';
writeFileSync('dist/main.js', 'bundled');`;

describe('src/build.mjs', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
    mkdirSync(join(folder, 'src/room'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/typescript/bin'), { recursive: true });
    cpSync(BUILD, join(folder, 'src/build.mjs'));
    writeFileSync(join(folder, 'src/bundle.mjs'), BUNDLER);
    writeFileSync(join(folder, 'src/room/door.ts'), 'open');
    writeFileSync(join(folder, 'node_modules/typescript/bin/tsc'), COMPILER);
    writeFileSync(join(folder, 'package.json'), '{}');
    mkdirSync(join(folder, 'src/console'));
    writeFileSync(join(folder, 'src/console/main.tsx'), 'page');
    mkdirSync(join(folder, 'node_modules/vite/bin'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/vite/bin/vite.js'), VITE);
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const build = async (...args: string[]): Promise<number> => {
    const failure = await promisify(execFile)(process.execPath, ['src/build.mjs', ...args], { cwd: folder }).then(
      () => ({ code: 0 }),
      (error: unknown) => error as { code: number },
    );
    return failure.code;
  };
  const buildUnlessCurrent = (): Promise<number> => build('--unless-current');
  const timesBuilt = (): number => readFileSync(join(folder, 'built.txt'), 'utf8').length;

  it('builds once, whatever the times of the files say, and again after each change', async () => {
    expect(await buildUnlessCurrent()).toBe(0);
    utimesSync(join(folder, 'src/room/door.ts'), new Date(), new Date(Date.now() + 60_000));
    utimesSync(join(folder, 'dist/main.js'), 0, 0);
    writeFileSync(join(folder, 'src/room/README.md'), 'what a door is');
    expect(await buildUnlessCurrent()).toBe(0);
    expect(timesBuilt()).toBe(1);
    const changes = [
      () => {
        appendFileSync(join(folder, 'src/room/door.ts'), 'shut');
      },
      () => {
        rmSync(join(folder, 'src/room/door.ts'));
      },
      () => {
        writeFileSync(join(folder, 'package-lock.json'), '{}');
      },
      // As the compiler's watcher leaves it.
      () => {
        writeFileSync(join(folder, 'dist/main.js'), 'unbundled');
      },
    ];
    for (const change of changes) {
      change();
      await buildUnlessCurrent();
    }
    await buildUnlessCurrent();
    expect(timesBuilt()).toBe(1 + changes.length);
    expect(await build()).toBe(0);
    expect(timesBuilt()).toBe(2 + changes.length);
  });

  it('builds the console once, and again after each change of its own, but not for the server alone', async () => {
    const pagesBuilt = (): number => readFileSync(join(folder, 'pages.txt'), 'utf8').length;
    await build();
    appendFileSync(join(folder, 'src/room/door.ts'), 'shut');
    await build();
    expect([timesBuilt(), pagesBuilt()]).toEqual([2, 1]);
    appendFileSync(join(folder, 'src/console/main.tsx'), 'changed');
    await buildUnlessCurrent();
    rmSync(join(folder, 'dist/console'), { recursive: true });
    await buildUnlessCurrent();
    expect([timesBuilt(), pagesBuilt()]).toEqual([4, 3]);
    await buildUnlessCurrent();
    expect([timesBuilt(), pagesBuilt()]).toEqual([4, 3]);
    appendFileSync(join(folder, 'src/console/main.tsx'), 'broken');
    writeFileSync(join(folder, 'broken-page'), '');
    expect(await build()).toBe(3);
    rmSync(join(folder, 'broken-page'));
    expect(await buildUnlessCurrent()).toBe(0);
    expect(pagesBuilt()).toBe(5);
  });

  it('does not take for current what a failed build left, even if the sources are as before', async () => {
    await build();
    writeFileSync(join(folder, 'broken'), '');
    expect(await build()).toBe(2);
    rmSync(join(folder, 'broken'));
    await buildUnlessCurrent();
    expect(timesBuilt()).toBe(3);
  });

  it('takes what came along where no compiler is installed, and says so where nothing did', async () => {
    await build();
    rmSync(join(folder, 'node_modules'), { recursive: true });
    appendFileSync(join(folder, 'src/room/door.ts'), 'changed');
    expect(await buildUnlessCurrent()).toBe(0);
    expect(await build()).toBe(1);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(await buildUnlessCurrent()).toBe(1);
    expect(timesBuilt()).toBe(1);
  });
});
