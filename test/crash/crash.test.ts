/** A short run of the crash rounds; `npm run test:crash` makes it long. */
import { startPostgres } from '../support/postgres.js';
import { callbackRounds } from './callback-rounds.js';
import { crashRounds } from './rounds.js';
import { makeFolder, removeFolder } from '../support/folder.js';

/** One for each point at which a server is killed. */
const SHORT_ROUNDS = 5;
const SQLITE_ROUNDS = Number(process.env.CRASH_ROUNDS_SQLITE ?? SHORT_ROUNDS);
const CALLBACK_ROUNDS = Number(process.env.CRASH_ROUNDS_CALLBACKS ?? SHORT_ROUNDS);
const POSTGRES_ROUNDS = Number(process.env.CRASH_ROUNDS_POSTGRES ?? SHORT_ROUNDS);
/** Says at which moments servers are killed. It is printed when a run fails: CRASH_SEED takes it. */
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);
/** A round takes about a second, and a slow machine three. */
const ROUND_LIMIT_MS = 5_000;

function tell(store: string, rounds: number, report: object): void {
  if (rounds > SHORT_ROUNDS)
    process.stderr.write(`${store}, ${rounds} rounds, seed ${SEED}: ${JSON.stringify(report, null, 2)}\n`);
}

describe('after kill -9, nothing is sent twice, nothing answered is forgotten, nothing is stuck', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  it(
    `on SQLite, ${SQLITE_ROUNDS} rounds`,
    async () => {
      const report = await crashRounds({ rounds: SQLITE_ROUNDS, folder, seed: SEED });
      tell('SQLite', SQLITE_ROUNDS, report);
      expect({ seed: SEED, violations: report.violations }).toEqual({ seed: SEED, violations: [] });
      expect(Object.keys(report.kills).length).toBeGreaterThanOrEqual(5);
    },
    60_000 + SQLITE_ROUNDS * ROUND_LIMIT_MS,
  );

  it(
    `while it takes callbacks in, ${CALLBACK_ROUNDS} rounds`,
    async () => {
      const report = await callbackRounds(CALLBACK_ROUNDS, folder, SEED);
      tell('Callbacks', CALLBACK_ROUNDS, report);
      expect({ seed: SEED, missing: report.missing }).toEqual({ seed: SEED, missing: [] });
      expect(report.taken).toBeGreaterThan(CALLBACK_ROUNDS);
    },
    60_000 + CALLBACK_ROUNDS * ROUND_LIMIT_MS,
  );

  it(
    `on PostgreSQL, ${POSTGRES_ROUNDS} rounds`,
    async () => {
      const postgres = await startPostgres();
      try {
        const report = await crashRounds({
          rounds: POSTGRES_ROUNDS,
          folder,
          databaseUrl: await postgres.newDatabase(),
          seed: SEED,
        });
        tell('PostgreSQL', POSTGRES_ROUNDS, report);
        expect({ seed: SEED, violations: report.violations }).toEqual({ seed: SEED, violations: [] });
        expect(Object.keys(report.kills).length).toBeGreaterThanOrEqual(5);
      } finally {
        await postgres.close();
      }
    },
    90_000 + POSTGRES_ROUNDS * ROUND_LIMIT_MS,
  );
});
