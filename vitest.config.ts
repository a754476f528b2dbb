import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Files that want a process each; as whole files they are long, as their first line says. */
const long = '**/*.long.test.ts';
/** Unit tests stand beside the code; `test/` holds what crosses a boundary. */
const boundary = [
  'test/*.test.ts',
  'test/house/**/*.test.ts',
  'test/generate/**/*.test.ts',
  'test/contract/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/system/**/*.test.ts',
  'test/security/**/*.test.ts',
];

/** The programs that a test starts are compiled once a machine, not once a start: more than half of what a start costs. */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') };

/** SABHA_COUNTS names a file for the counts of a run; the full tier also writes down what its tests measured. */
const { SABHA_COUNTS: outputFile, SABHA_FAULTS: tier, CI } = process.env;
const reporters: (string | [string, { outputFile: string }])[] = ['default'];
if (outputFile !== undefined) reporters.push(['json', { outputFile }]);
if (tier === 'full') reporters.push('./test/figures-reporter.ts');

/**
 * How long a test or a hook may take where it does not say so. In CI the long ones run where the others leave a processor idle, and in
 * the night they play up to fifty times as often: they have more time there than at a desk.
 */
const within = (deskMs: number) => (CI !== undefined || tier === 'full' ? 900_000 : deskMs);

/**
 * Not isolated: a module does nothing at import and keeps nothing between calls, so that files share what they load.
 * Limits, not waits: what a busy machine keeps waiting is not wrong, and what never comes is told by its name.
 */
const patient = { isolate: false, env, expect: { poll: { timeout: 20_000 } }, hookTimeout: within(120_000) };

/** Which tests run together and how patiently, and what they must have run through. */
export default defineConfig({
  test: {
    reporters,
    // Many of them wait for a process that they started: two more than there are processors keep all of these at work.
    maxWorkers: availableParallelism() + 2,
    // What takes too long for `npm test` is for `npm run test:long`, and `.ci/run`, which runs both.
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
      // A process each: some start a Node-RED, of which a process has one, and the next file would talk to it.
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
          // Limits, not waits: a browser that starts cold on two busy cores needs more than the second that is the default.
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
      // Measured with the unit tests only. Branches that only the simulation runs are not counted. Raise these numbers, never lower them.
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
