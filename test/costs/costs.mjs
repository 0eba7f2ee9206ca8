/**
 * Says what each test file costs, in seconds of CPU, the dearest first: other than time on the wall, that means something
 * on a machine that has other things to do. Linux only, since it reads /proc.
 *
 *     npm run test:costs -- test/store
 *
 * All files run one after another. With each file counts what its worker did since the one before, so the first one also
 * pays for the worker's start. Other processes (servers, PostgreSQL) count once they have ended, with the file that runs then.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENVIRONMENT = fileURLToPath(new URL('environment.cjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-costs-'));
const file = join(folder, 'costs');
try {
  const node = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
  const jest = [join(ROOT, 'node_modules/jest/bin/jest.js'), '--maxWorkers=1', '--testEnvironment', ENVIRONMENT];
  const { status } = spawnSync(process.execPath, [...node, ...jest, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: { ...process.env, TEST_COSTS: file },
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const costs = lines.map((line) => JSON.parse(line)).sort((a, b) => b.own + b.others - (a.own + a.others));
  const print = (own, others, name) => {
    const [all, ...parts] = [own + others, own, others].map((seconds) => seconds.toFixed(1).padStart(7));
    process.stdout.write(`${all}${parts.join('')}  ${name}\n`);
  };
  const sumOf = (part) => costs.reduce((sum, each) => sum + each[part], 0);
  process.stdout.write('\n    all worker others  (seconds of CPU)\n');
  for (const { own, others, path } of costs) print(own, others, relative(ROOT, path));
  print(sumOf('own'), sumOf('others'), `${costs.length} files`);
} finally {
  rmSync(folder, { recursive: true });
}
