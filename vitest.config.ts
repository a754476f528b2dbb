import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Long test files, each run in its own process. */
const long = '**/*.long.test.ts';
/** Unit tests are beside the code. `test/` contains tests across boundaries. */
const boundary = [
  'test/*.test.ts',
  'test/check/**/*.test.ts',
  'test/generate/**/*.test.ts',
  'test/contract/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/system/**/*.test.ts',
  'test/security/**/*.test.ts',
];

/** Compile cache for the programs started by tests: more than half of the cost of a start. */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') };

/** SABHA_COUNTS names a file for the test counts. */
const { SABHA_COUNTS: outputFile, SABHA_FAULTS: tier, CI } = process.env;
const reporters: (string | [string, { outputFile: string }])[] = ['default'];
if (outputFile !== undefined) reporters.push(['json', { outputFile }]);

/**
 * Returns the default timeout of a test or hook. In CI long tests share the processors with others, and the nightly run repeats them up to
 * fifty times, so both have a larger limit.
 */
const within = (deskMs: number) => (CI !== undefined || tier === 'full' ? 900_000 : deskMs);

/**
 * Not isolated: modules do no work at import and keep no state between calls, so files share loaded modules.
 * Timeouts are generous: a busy machine is not a failure, and a condition that never occurs is reported by its name.
 */
const patient = { isolate: false, env, expect: { poll: { timeout: 20_000 } }, hookTimeout: within(120_000) };

export default defineConfig({
  test: {
    reporters,
    // Many tests wait for a process that they started, so two more workers than processors keep all processors busy.
    maxWorkers: availableParallelism() + 2,
    // Tests too slow for `npm test` run in `npm run test:long` and `.ci/run`.
    tags: [{ name: 'long', description: 'takes more than a second or two, of a processor or of real time', timeout: within(300_000) }],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{agent,broker,flows,dashboards,packaging}/**/*.test.ts', 'test/{fleet,bench}/**/*.test.ts'],
          exclude: [long, '**/node_modules/**'],
          testTimeout: within(60_000),
          ...patient,
        },
      },
      {
        test: {
          name: 'boundary',
          include: boundary,
          exclude: [long, '**/node_modules/**'],
          testTimeout: within(120_000),
          ...patient,
        },
      },
      // One process per file: some start Node-RED, which exists once per process and would also serve the next file.
      { test: { name: 'long', include: [long], testTimeout: within(300_000), ...patient, hookTimeout: within(300_000), isolate: true } },
      {
        test: { name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 120_000, fileParallelism: false },
      },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // A cold browser on two busy cores needs more than the default of one second.
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: [
        'flows/engine/handling/**/*.ts',
        'flows/engine/transitions/**/*.ts',
        'flows/engine/incidents/**/*.ts',
        'flows/engine/outages/**/*.ts',
        'flows/storage/ledger/**/*.ts',
        'broker/contracts/**/*.ts',
        'agent/checks/runner.ts',
        'agent/uplink/spool/*.ts',
      ],
      exclude: ['**/*.test.ts', '**/*.test-helper.ts', '**/worker.ts', '**/model.ts'],
      // Measured with the unit tests only, without branches that only the simulation runs. Raise these numbers, never lower them.
      thresholds: {
        'broker/contracts/**': { lines: 95, branches: 88 },
        'flows/engine/handling/**': { lines: 95, branches: 85 },
        'flows/engine/transitions/**': { lines: 95, branches: 91 },
        'flows/engine/incidents/**': { lines: 95, branches: 93 },
        'flows/engine/outages/**': { lines: 95, branches: 95 },
        'flows/storage/ledger/**': { lines: 95, branches: 94 },
        'agent/**': { lines: 95, branches: 94 },
      },
    },
  },
});
