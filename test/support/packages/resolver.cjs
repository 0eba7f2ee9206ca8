/** Has Jest find the stand-in of a module that is in the script of bundle.mjs. */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

let places;

module.exports = (request, options) => {
  const path = options.defaultResolver(request, options);
  const folder = process.env.TEST_PACKAGES;
  if (folder === undefined || !path.includes('/node_modules/')) return path;
  places ??= JSON.parse(readFileSync(join(folder, 'places.json'), 'utf8'));
  return Object.hasOwn(places, path) ? join(folder, places[path]) : path;
};
