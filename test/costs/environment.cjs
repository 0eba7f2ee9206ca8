/** The environment of all tests, which also writes to the file TEST_COSTS what each test file cost: see costs.mjs. */
const { appendFileSync, readFileSync } = require('node:fs');
const PackagesEnvironment = require('../support/packages/environment.cjs');

/** The kernel counts in ticks of 10 ms wherever Node runs. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU so far: of this process, and of those of its children that have ended (proc_pid_stat(5), fields 14 to 17). */
function seconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // What comes before is the name, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, othersUser, othersSystem] = fields.slice(11, 15).map((ticks) => ticks / TICKS_PER_SECOND);
  return { own: user + system, others: othersUser + othersSystem };
}

let before = { own: 0, others: 0 };

module.exports = class CostsEnvironment extends PackagesEnvironment {
  #path;

  constructor(config, context) {
    super(config, context);
    this.#path = context.testPath;
  }

  async teardown() {
    await super.teardown();
    const now = seconds();
    const cost = { path: this.#path, own: now.own - before.own, others: now.others - before.others };
    appendFileSync(process.env.TEST_COSTS, `${JSON.stringify(cost)}\n`);
    before = now;
  }
};
