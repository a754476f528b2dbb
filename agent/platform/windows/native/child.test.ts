import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRunner } from './child.ts';

function programs(scripts: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-system32-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { folder, run: createRunner((program) => join(folder, program)) };
}
const patient = () => AbortSignal.timeout(60_000);

it('the program runner of Windows returns the output, or failed, oversized or missing, and runs no program through a shell', async () => {
  const { folder, run } = programs({
    'say.exe': 'echo "$1"',
    'fail.exe': 'echo अस्वीकृत >&2; exit 1',
    'flood.exe': 'yes x',
  });
  expect(await run('say.exe', [`$(touch ${folder}/mark) & "`], patient())).toEqual({ ok: true, text: `$(touch ${folder}/mark) & "\n` });
  expect(existsSync(join(folder, 'mark'))).toBe(false);
  expect(await run('fail.exe', [], patient())).toEqual({ ok: false, why: 'failed', text: 'अस्वीकृत' });
  expect(await run('flood.exe', [], patient())).toEqual({ ok: false, why: 'oversized', text: '' });
  expect(await run('none.exe', [], patient())).toEqual({ ok: false, why: 'missing', text: '' });
  expect(await run('say.exe', [], AbortSignal.abort())).toEqual({ ok: false, why: 'aborted', text: '' });
});

/** Writes these scripts to a folder, then runs and aborts a program that hangs. Returns the folder. */
async function endHanging(scripts: Record<string, string>): Promise<string> {
  const { folder, run } = programs({ 'hang.exe': 'touch "$1"; exec sleep 600', ...scripts });
  const end = new AbortController();
  const running = run('hang.exe', [join(folder, 'begun')], end.signal);
  await vi.waitUntil(() => existsSync(join(folder, 'begun')), { timeout: 60_000 });
  end.abort();
  expect(await running).toEqual({ ok: false, why: 'aborted', text: '' });
  return folder;
}

it('the program runner of Windows ends a hanging program together with its child processes', async () => {
  const folder = await endHanging({ 'taskkill.exe': 'echo "$@" > "$(dirname "$0")/killed"' });
  expect(readFileSync(join(folder, 'killed'), 'utf8')).toMatch(/^\/T \/F \/PID \d+\n$/);
});
