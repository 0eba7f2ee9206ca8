/** The soak itself, for a few seconds; `npm run soak -- 10` makes it long. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SOAK = new URL('soak.mjs', import.meta.url).pathname;
const SECONDS = 6;

describe('a soak', () => {
  it('finds nothing sent twice, lost or missed, through a stop and a kill', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SOAK, String(SECONDS / 60), '--rate', '15']);
    expect(stdout).toContain('| sent twice | 0 |');
    expect(stdout).toContain('| restarts, of them by SIGTERM | 2, 1 |');
  }, 120_000);
});
