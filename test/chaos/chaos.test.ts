/** A short black-box run on both stores at once; `npm run test:chaos` makes it long. */
import { chaosRun, type ChaosReport } from './run.js';
import { openPostgresStore, openSqliteStore } from './troubles.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const SHORT_SENDS = 80;
const SENDS = Number(process.env.CHAOS_SENDS ?? SHORT_SENDS);
const IS_SHORT = SENDS <= SHORT_SENDS;
const SENDS_PER_ROUND = IS_SHORT ? 40 : 125;
/** Another server than the built one may be tested. */
const MAIN = process.env.CHAOS_SERVER;
/** Servers may have workers: then each of those is killed, too. */
const { CHAOS_WORKERS: WORKERS } = process.env;
const SEED = process.env.CHAOS_SEED ?? String(Date.now());
/** Ten times what a quiet machine takes. */
const LIMIT_MS = 120_000 + SENDS * 600;
const STORES = ['SQLite', 'PostgreSQL'] as const;
type Store = (typeof STORES)[number];

async function run(store: Store): Promise<ChaosReport> {
  const folder = makeFolder();
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
      ...(WORKERS === undefined ? {} : { workers: WORKERS }),
    });
    return report;
  } finally {
    await opened.close();
    removeFolder(folder);
  }
}

/** Only so many lives are printed: what breaks together often has one cause. */
const MAX_LIVES = 10;

/** A line for everything that was counted, and a column for each store. */
function table(reports: readonly ChaosReport[]): string {
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `${name.padEnd(70)}${cells.map((cell) => String(cell).padStart(12)).join('')}`;
  const lines = (maps: readonly ReadonlyMap<string, number>[]): string[] => {
    const names = new Set(maps.flatMap((counts) => [...counts.keys()]));
    return [...names].map((name) =>
      line(
        name,
        maps.map((counts) => counts.get(name) ?? 0),
      ),
    );
  };
  const counted = [...lines(reports.map(({ figures }) => figures)), ...lines(reports.map(({ breaches }) => breaches))];
  return [line(`chaos, seed ${SEED}`, STORES), ...counted, ''].join('\n');
}

describe(`through ${SENDS} sends, with three in ten POSTs broken, and while server and database end`, () => {
  // Both at once: a run mostly waits.
  let reports: Record<Store, Promise<ChaosReport>>;

  beforeAll(() => {
    reports = { SQLite: run('SQLite'), PostgreSQL: run('PostgreSQL') };
    // A failure reaches the test that waits for it, perhaps later.
    for (const report of Object.values(reports)) report.catch(() => undefined);
  });
  afterAll(async () => {
    const [SQLite, PostgreSQL] = await Promise.all([reports.SQLite, reports.PostgreSQL]);
    const lives = [...SQLite.lives.slice(0, MAX_LIVES), ...PostgreSQL.lives.slice(0, MAX_LIVES)];
    if (!IS_SHORT || lives.length > 0)
      process.stderr.write(`\n${table([SQLite, PostgreSQL])}\n${lives.join('\n\n')}\n`);
  }, LIMIT_MS);

  it.each(STORES)(
    '%s sends nothing twice, says NOT_SENT only where it is true, loses no event, and ends as the reference says',
    async (store) => {
      const { lives, figures } = await reports[store];
      // Each life is printed in the end.
      expect(lives.length).toBe(0);
      for (const what of ['… accepted', '… heard NOT_SENT', 'server killed', 'events answered 200']) {
        expect(figures.get(what)).toBeGreaterThan(0);
      }
    },
    LIMIT_MS,
  );
});
