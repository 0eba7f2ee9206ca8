/** `npm run test:unit` runs what needs neither a build nor anything that has to be started. */
const CONFIG = new URL('../unit.config.mjs', import.meta.url).href;

describe('the unit tests', () => {
  let files: string[];

  beforeAll(async () => {
    const { default: config } = (await import(CONFIG)) as { default: { rootDir: string; testMatch: string[] } };
    files = config.testMatch.map((file) => file.replace(config.rootDir, ''));
  });

  it.each(['test/messaging/message-service.test.ts', 'test/store/rows.test.ts', 'test/catapult/outcome.test.ts'])(
    'include %s, which needs sockets and files at most',
    (file) => {
      expect(files).toContain(file);
    },
  );

  it.each([
    ['test/store/postgres.test.ts', 'PostgreSQL'],
    ['test/store/sqlite.test.ts', 'the suite of every store'],
    ['test/sandbox/sandbox.test.ts', 'the sandbox'],
    ['test/whole-server/process.test.ts', 'the built server'],
    ['test/whole-server/server.test.ts', 'the whole server'],
    ['test/catapult/proxy.test.ts', 'a proxy in a process of its own'],
  ])('leave out %s, which needs %s', (file) => {
    expect(files).not.toContain(file);
  });
});
