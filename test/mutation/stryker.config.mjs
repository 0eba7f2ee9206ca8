/**
 * Mutation testing of what decides over sends: `npm run test:mutation`, or a part of it by
 * `npm run test:mutation -- --mutate 'src/catapult/**'`. The report is reports/mutation/index.html.
 */
export default {
  mutate: [
    'src/messaging/**/*.ts',
    'src/store/**/*.ts',
    'src/catapult/**/*.ts',
    // Only a whole server shows what it does.
    '!src/catapult/callback-route.ts',
    'src/graphql/documents/*.ts',
  ],
  thresholds: { high: 95, low: 90, break: 90 },

  testRunner: 'jest',
  // ES modules in Jest.
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  jest: { configFile: 'test/mutation/jest.config.mjs' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Modules in Jest's contexts are never collected; a new process now and then is.
  maxTestRunnerReuse: 60,
  // A test that waits for ever is ended by Jest, which is cheaper than a new process; this is for loops.
  timeoutMS: 15_000,
  // swc does not look at types.
  disableTypeChecks: false,

  plugins: ['@stryker-mutator/jest-runner', './test/mutation/words.mjs'],
  ignorers: ['words'],

  reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  incrementalFile: 'reports/mutation/incremental.json',
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['dist', 'data', 'reports'],
};
