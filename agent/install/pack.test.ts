import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pack } from './pack.ts';

test('the packed agent began a second time by itself: a module that a verb loads is not what was started', async () => {
  const out = mkdtempSync(join(tmpdir(), 'sabha-pack-'));
  onTestFinished(() => rmSync(out, { recursive: true }));
  writeFileSync(join(out, 'verb.ts'), "export const run = () => console.log('run');\nif (import.meta.main) run();\n");
  writeFileSync(join(out, 'entry.ts'), "const { run } = await import('./verb.ts');\nrun();\n");
  await pack({ out, version: '1.0.0', minimum: '0.0.0', expires: 1, entry: join(out, 'entry.ts') });
  expect(execFileSync(process.execPath, [join(out, 'agent.mjs')], { encoding: 'utf8' })).toBe('run\n');
});
