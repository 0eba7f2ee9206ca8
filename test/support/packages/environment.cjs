/** Jest's environment for Node, with the script of bundle.mjs at hand: compiled once in a worker, run once in a test file. */
const { TestEnvironment } = require('jest-environment-node');
const { compilePackages, openPackages } = require('./script.cjs');

let script;

module.exports = class PackagesEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    let modules;
    this.global[Symbol.for('packages')] = (path) => {
      script ??= compilePackages(process.env.TEST_PACKAGES);
      modules ??= openPackages(script, this.global, this.getVmContext());
      return modules[path]();
    };
  }
};
