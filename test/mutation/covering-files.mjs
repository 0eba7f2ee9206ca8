/**
 * Runs the files that have a test of the mutated code, until one fails. Stryker says which tests cover a mutant, but
 * Jest would load every file that imports it, to skip all of its tests.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import runnerModule from 'jest-runner';

const TestRunner = runnerModule.default ?? runnerModule;

/** Whose tests judge which mutants, by the first that fits: tests of other folders pass there, too, and take longer. */
const JUDGES = [
  [/src\/catapult\/(client|connection|exchange)\./, /test\/catapult\//],
  // Silence takes its time to be seen.
  [/src\/catapult\//, /test\/catapult\/(?!proxy|transport)/],
  [/src\/graphql\//, /test\/graphql\//],
  [/src\/messaging\//, /test\/(messaging\/|catapult\/callback)/],
  // PostgreSQL's tests take the longest by far.
  [/src\/store\/remote-store\./, /test\/store\/remote-store/],
  [/src\/store\/(batching-store|file-lock|group-commit|rows|sqlite)\./, /test\/store\/(?!postgres|send-limits|remote)/],
  [/src\/store\/(postgres-counters|send-limits)\./, /test\/store\/send-limits/],
  // What an outage meets is in these; the others pass through it unchanged.
  [/src\/store\/(change-feed|index|postgres)\./, /test\/store\/(?!send-limits|remote)/],
  [/src\/store\/pool\./, /test\/store\/(postgres\.|send-limits)/],
  [/src\/store\//, /test\/store\/(?!send-limits|postgres-outages|remote)/],
];
const judgesOf = (mutated) => JUDGES.find(([files]) => files.test(mutated))[1];

/** In the sandbox: the names of its tests, and how long it took, by file. */
const recordOf = (test) => join(test.context.config.rootDir, '.covering-files.json');

export default class CoveringFiles extends TestRunner {
  async runTests(tests, watcher, options) {
    const judging = this._globalConfig.nonFlagArgs.map(judgesOf);
    const judges = tests.filter(({ path }) => judging.some((files) => files.test(path)));
    if (judges.length === 0) return;
    if (process.env.__STRYKER_ACTIVE_MUTANT__ === undefined) await this.#recordAll(judges, watcher, options);
    else await this.#untilFailure(judges, watcher, options);
  }

  /** The first run, without a mutant. */
  async #recordAll(tests, watcher, options) {
    const record = {};
    this.on('test-file-success', ([test, { testResults, perfStats }]) => {
      record[test.path] = { names: testResults.map(({ fullName }) => fullName), millis: perfStats.runtime };
    });
    await super.runTests(tests, watcher, options);
    writeFileSync(recordOf(tests[0]), JSON.stringify(record));
  }

  async #untilFailure(tests, watcher, options) {
    const record = JSON.parse(readFileSync(recordOf(tests[0]), 'utf8'));
    let hasFailed = false;
    this.on('test-file-success', ([, { numFailingTests, testExecError }]) => {
      hasFailed ||= numFailingTests > 0 || testExecError !== undefined;
    });
    this.on('test-file-failure', () => (hasFailed = true));
    for (const test of this.#covering(tests, record)) {
      if (hasFailed) return;
      await super.runTests([test], watcher, options);
    }
  }

  /** The quickest first. */
  #covering(tests, record) {
    const { testNamePattern } = this._globalConfig;
    const pattern = testNamePattern ? new RegExp(testNamePattern, 'i') : null;
    // Without a pattern it is code that runs as its module loads, which every test covers.
    const covers = ({ path }) => pattern === null || record[path].names.some((name) => pattern.test(name));
    return tests.filter(covers).sort((a, b) => record[a.path].millis - record[b.path].millis);
  }
}
