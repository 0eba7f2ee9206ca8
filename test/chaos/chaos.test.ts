/** A short black-box run on both stores at once; `npm run test:chaos` makes it long. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chaosRun, type ChaosReport } from './run.js';
import { openPostgresStore, openSqliteStore } from './troubles.js';

const SHORT_SENDS = 120;
const SENDS = Number(process.env.CHAOS_SENDS ?? SHORT_SENDS);
const IS_SHORT = SENDS <= SHORT_SENDS;
const SENDS_PER_ROUND = IS_SHORT ? 60 : 125;
/** Another server than the built one may be put to the test. */
const MAIN = process.env.CHAOS_SERVER;
const SEED = process.env.CHAOS_SEED ?? String(Date.now());
const LIMIT_MS = 60_000 + SENDS * 200;
const STORES = ['SQLite', 'PostgreSQL'] as const;
type Store = (typeof STORES)[number];

async function run(store: Store): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-chaos-'));
  const opened = await (store === 'SQLite' ? openSqliteStore(folder) : openPostgresStore(IS_SHORT ? 1 : 2));
  try {
    const report = await chaosRun({
      seed: `${SEED} ${store}`,
      sends: SENDS,
      sendsPerRound: SENDS_PER_ROUND,
      isShort: IS_SHORT,
      folder,
      store: opened,
      ...(MAIN === undefined ? {} : { main: MAIN }),
    });
    if (!IS_SHORT || report.lives.length > 0) process.stderr.write(table(store, report));
    return report;
  } finally {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only so many lives: those that are broken together often have one cause. */
const MAX_LIVES = 10;

function table(store: string, { figures, faults, troubles, breaches, lives }: ChaosReport): string {
  const line = (name: string, counts: object): string =>
    `  ${name.padEnd(9)}${Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(' · ')}\n`;
  const counts =
    line('figures', figures) + line('faults', faults) + line('troubles', troubles) + line('breaches', breaches);
  return `\n${store}, seed ${SEED}\n${counts}\n${lives.slice(0, MAX_LIVES).join('\n\n')}\n`;
}

describe(`through ${SENDS} sends, of which three in ten POSTs are broken, and ends of the server and the database`, () => {
  // Both at once: a run mostly waits.
  let reports: Record<Store, Promise<ChaosReport>>;

  beforeAll(() => {
    reports = { SQLite: run('SQLite'), PostgreSQL: run('PostgreSQL') };
    // A failure is heard by the test that waits for it, which may be later.
    for (const report of Object.values(reports)) report.catch(() => undefined);
  });
  afterAll(() => Promise.allSettled(Object.values(reports)), LIMIT_MS);

  it.each(STORES)(
    '%s sends nothing twice, says NOT_SENT only where it is true, loses no event, and ends as the reference says',
    async (store) => {
      const { lives, figures } = await reports[store];
      expect(lives).toEqual([]);
      expect(figures.accepted).toBeGreaterThan(SENDS / 2);
    },
    LIMIT_MS,
  );
});
