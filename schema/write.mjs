/**
 * Writes what this folder says of the schema: `npm run schema`. With `--check` it only compares, and fails where a file
 * is not what the code says.
 */
import console from 'node:console';
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { URL } from 'node:url';
import { introspectionFromSchema, isAbstractType, printSchema } from 'graphql';
import { apiSchema, subgraphSdl } from '../dist/graphql/schema.js';

const api = apiSchema();

/** What Apollo Client's cache has to know of interfaces and unions. */
const possibleTypes = Object.fromEntries(
  Object.values(api.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, api.getPossibleTypes(type).map(({ name }) => name)]),
);

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
const FILES = {
  /** For routers: with federation's directives. */
  'schema.graphql': subgraphSdl(),
  /** For clients: without them. */
  'api.graphql': `${printSchema(api)}\n`,
  'introspection.json': json({ data: introspectionFromSchema(api) }),
  'possible-types.json': json({ possibleTypes }),
};

const isOld = ([name, text]) => {
  try {
    return readFileSync(new URL(name, import.meta.url), 'utf8') !== text;
  } catch {
    return true;
  }
};

const old = Object.entries(FILES).filter(isOld);
if (argv.includes('--check')) {
  for (const [name] of old) console.error(`schema/${name} is not what the code says: run npm run schema.`);
  exit(old.length > 0 ? 1 : 0);
}
for (const [name, text] of old) writeFileSync(new URL(name, import.meta.url), text);
