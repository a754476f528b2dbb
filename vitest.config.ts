import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Unit tests stand beside the code; `test/` holds what crosses a boundary. */
const boundary = [
  'test/architecture.test.ts',
  'test/words.test.ts',
  'test/generate/**/*.test.ts',
  'test/contract/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/system/**/*.test.ts',
  'test/security/**/*.test.ts',
];

export default defineConfig({
  test: {
    // Many of them wait for a process that they started: one more than there are processors keeps all of these at work.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{agent,broker,flows,dashboards}/**/*.test.ts', 'test/{fleet,bench}/**/*.test.ts', 'start.test.ts'],
          testTimeout: 10_000,
        },
      },
      { test: { name: 'boundary', include: boundary, testTimeout: 60_000, hookTimeout: 60_000 } },
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
      include: ['flows/{incidents,outages,ledger}/**/*.ts', 'broker/contracts/**/*.ts', 'agent/checks/runner.ts', 'agent/spool/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-helper.ts', '**/worker.ts', '**/model.ts'],
      thresholds: {
        'broker/contracts/**': { lines: 95, branches: 95 },
        'flows/{incidents,outages}/**': { lines: 95, branches: 95 },
        'flows/ledger/**': { lines: 95, branches: 95 },
        'agent/**': { lines: 95, branches: 95 },
      },
    },
  },
});
