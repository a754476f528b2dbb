/** Writes the figures of a full run to `figures.json`; for a failed test, that it failed. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { type Figure, figures, figuresFile, merged } from './figures.ts';
import { rowsOf } from './generate/promises.ts';

/** Returns a reporter for `vitest.config.ts`, in the full tier. */
export default function figuresReporter(): Reporter {
  return {
    onTestRunEnd(modules) {
      const run = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => told(module, test)));
      if (run.length > 0) writeFileSync(figuresFile, `${JSON.stringify(merged(figures(), run), null, 2)}\n`);
    },
  };
}

function told(module: TestModule, test: TestCase): Figure[] {
  const file = relative(process.cwd(), module.moduleId);
  const stamp = { file, date: new Date().toISOString().slice(0, 10), machine: machine() };
  const known = test.meta().figures ?? [];
  if (test.result().state !== 'failed') return known.map((one) => ({ ...one, ...stamp }));
  return rowsOf(test.name).map((row) => ({ row, figure: 'the last run failed', ...stamp }));
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model ?? 'processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}
