/** One test that fails is enough to kill a mutant: the others of its file are skipped. */
const PackagesEnvironment = require('../support/packages/environment.cjs');

/** A mutant that keeps a test waiting is found out by the end of this, unless the test says itself how long it takes. */
const TIMEOUT_MS = 8_000;

module.exports = class UntilFailure extends PackagesEnvironment {
  #hasFailed = false;

  handleTestEvent({ name, test }, state) {
    if (process.env.__STRYKER_ACTIVE_MUTANT__ === undefined) return;
    if (name === 'run_start') state.testTimeout = TIMEOUT_MS;
    if (name === 'test_fn_failure' || name === 'hook_failure') this.#hasFailed = true;
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip';
  }
};
