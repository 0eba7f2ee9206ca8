/**
 * Runs the files that have a test of the mutated code, until one fails. Stryker says which tests cover a mutant, but
 * Jest would load every file that imports it, to skip all of its tests.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import runnerModule from 'jest-runner';

const TestRunner = runnerModule.default ?? runnerModule;

/** The tests that judge a folder's mutants; those of other folders pass through its code, too, and take longer. */
const JUDGES = {
  catapult: /test\/catapult\//,
  graphql: /test\/graphql\/(document-gate|document-rules|manifest|operation-cost)\./,
  messaging: /test\/(messaging|callbacks)\/|test\/store\/sqlite/,
  store: /test\/store\//,
};

/** In the sandbox: the names of its tests, and how long it took, by file. */
const recordOf = (test) => join(test.context.config.rootDir, '.covering-files.json');

export default class CoveringFiles extends TestRunner {
  async runTests(tests, watcher, options) {
    const folders = new Set(this._globalConfig.nonFlagArgs.map((mutated) => basename(dirname(mutated))));
    const judges = tests.filter(({ path }) => [...folders].some((folder) => JUDGES[folder].test(path)));
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
