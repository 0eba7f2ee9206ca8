/** The tests that mutants are judged by: those of the mutated folders that are quick, in an order that kills early. */
import { createRequire } from 'node:module';
import { URL } from 'node:url';

const { jest } = createRequire(import.meta.url)('../../package.json');

const fileHere = (name) => new URL(name, import.meta.url).pathname;

export default {
  ...jest,
  rootDir: fileHere('../..'),
  // Where Jest looks for what imports the mutated file.
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: [
    '**/test/messaging/*.test.ts',
    '**/test/store/*.test.ts',
    '**/test/catapult/!(callback-route).test.ts',
    '**/test/sandbox/*.test.ts',
    '**/test/graphql/documents/{gate,rules,manifest,cost}.test.ts',
  ],
  runner: fileHere('covering-files.mjs'),
  testEnvironment: fileHere('until-failure.cjs'),
};
