/** Standard error is for lines of JSON, whatever Node, a library or a mistake would print there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeFolder, removeFolder } from '../support/folder.js';
import { wrongLines } from '../support/log-lines.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

it.each([
  ['an error that nobody caught', "throw Object.assign(new RangeError('zqtext +12345678901'), { code: 'E_TEST' })"],
  [
    'a promise that nobody waited for',
    "void Promise.reject(Object.assign(new RangeError('zqtext'), { code: 'E_TEST' }))",
  ],
])(
  '%s ends the process with a line and exit code 1',
  async (_name, mistake) => {
    const folder = makeFolder();
    const script = `const print = process.stdout.write.bind(process.stdout);
      process.stdout.write = (chunk) => {
        setImmediate(() => {
          process.emitWarning('zqtext', { code: 'W_TEST' });
          console.error('zqtext');
          setTimeout(() => { ${mistake}; }, 50);
        });
        return print(chunk);
      };`;
    writeFileSync(join(folder, 'mistake.mjs'), script);
    const child = spawn(process.execPath, ['--import', './mistake.mjs', MAIN], {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [errors, ended] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<unknown[]>]);
    removeFolder(folder);
    const lines = errors
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(errors).not.toMatch(/zqtext|12345678901/);
    expect(ended[0]).toBe(1);
    expect(wrongLines(lines)).toEqual([]);
    expect(lines.filter(({ msg }) => msg === 'Node warned')).toMatchObject([{ err: { code: 'W_TEST' } }]);
    expect(lines.filter(({ msg }) => msg === 'a library printed something')).toMatchObject([{ method: 'error' }]);
    expect(lines.filter(({ level }) => level === 60)).toMatchObject([
      { msg: 'the process ends', err: { type: 'RangeError', code: 'E_TEST' } },
    ]);
  },
  60_000,
);
