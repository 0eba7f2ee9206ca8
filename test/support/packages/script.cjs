/** The script of bundle.mjs: how it is compiled, and how it is run in a context. */
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join, resolve, sep } = require('node:path');
const { pathToFileURL } = require('node:url');
const { constants, Script } = require('node:vm');

const ROOT = resolve(__dirname, '../../..');

/** What stack traces call the script. No file has this name: Jest would read all of it for each trace. */
const NAME = join(ROOT, 'node_modules/packages-of-tests.cjs');

/** Throws where `folder` has no script. */
exports.compilePackages = (folder) => {
  const text = readFileSync(join(folder, 'packages.cjs'), 'utf8');
  return new Script(`(function (module, exports, require, __url, __filename, __dirname) {${text}\n})`, {
    filename: NAME,
    importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
};

/** The modules of the script by their paths; each is a function that runs its module at the first call. */
exports.openPackages = (script, global, context) => {
  const load = createRequire(NAME);
  const requireOutside = (name) => (/^(node:)?process$/.test(name) ? global.process : load(name));
  const module = { exports: {} };
  const run = context === undefined ? script.runInThisContext() : script.runInContext(context);
  run(module, module.exports, requireOutside, pathToFileURL(NAME).href, NAME, ROOT + sep);
  return module.exports;
};
