import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type ChildCommand, followCommand, runCommand } from './child.ts';

const env = { LC_ALL: 'C', SABHA_PROBE: 'yes; reboot' };
const node = (script: string) => ({ program: process.execPath, args: ['-e', script], env });
const never = new AbortController().signal;

it('S13 the program runner returns the output of a program, with its environment set and its arguments untouched by any shell', async () => {
  const script = 'console.log(process.env.SABHA_PROBE, process.argv[1], process.env.PATH !== undefined)';
  const output = await runCommand({ program: process.execPath, args: ['-e', script, '$(reboot)"</script>'], env }, never);
  expect(output).toEqual({ ok: true, text: 'yes; reboot $(reboot)"</script> true\n' });
});

it('the program runner distinguishes a program that is not installed from one that failed', async () => {
  expect(await runCommand({ program: 'sabha-no-such-program', args: [], env }, never)).toMatchObject({ ok: false, why: 'missing' });
  const failed = await runCommand(node('console.error("no audio"); process.exit(3)'), never);
  expect(failed).toEqual({ ok: false, why: 'failed', text: 'no audio\n' });
});

/** Script that starts another process, writes both process ids into a file, and never ends. */
const family = `
const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
require('node:fs').writeFileSync(process.argv[1], process.pid + ' ' + child.pid);
setInterval(() => {}, 1000);`;

async function startFamily<T>(start: (command: ChildCommand) => T): Promise<{ started: T; pids: string[] }> {
  const file = join(scratch(), 'pids');
  const started = start({ program: process.execPath, args: ['-e', family, file], env });
  await expect.poll(() => readText(file).split(' ').length, { timeout: 9_000 }).toBe(2);
  const pids = readText(file).split(' ');
  expect(pids.filter(isAlive)).toHaveLength(2);
  return { started, pids };
}

it('F14 the program runner kills the program and its child processes when the signal aborts', async () => {
  const stop = new AbortController();
  const { started, pids } = await startFamily((command) => ({ output: runCommand(command, stop.signal) }));
  stop.abort();
  expect(await started.output).toEqual({ ok: false, why: 'aborted', text: '' });
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});

it('a followed program ends when the agent is killed', async () => {
  const file = join(scratch(), 'pid');
  const child = JSON.stringify(
    `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`,
  );
  const module = JSON.stringify(new URL('./child.ts', import.meta.url).href);
  const script = `import { followCommand } from ${module};
    followCommand({ program: process.execPath, args: ['-e', ${child}], env: {} }, { line() {}, end() {} });`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  await expect.poll(() => isAlive(readText(file)), { timeout: 9_000 }).toBe(true);
  agent.kill('SIGKILL');
  await expect.poll(() => isAlive(readText(file))).toBe(false);
});

it('F14 the program runner kills a program whose output exceeds the limit', async () => {
  const output = await runCommand(node('for (;;) require("node:fs").writeSync(1, "x".repeat(1000))'), never, 10_000);
  expect(output).toMatchObject({ ok: false, why: 'oversized' });
});

it('the program runner reports only complete lines of output, and the end of the program once', async () => {
  const lines: string[] = [];
  const ended = new Promise<void>((end) => {
    followCommand(node('process.stdout.write("one\\ntw"); process.stdout.write("o\\nhalf")'), { line: (text) => lines.push(text), end });
  });
  await ended;
  expect(lines).toEqual(['one', 'two']);
});

/** A killed process may remain briefly as a zombie, which counts as ended. */
function isAlive(pid: string): boolean {
  return /\) [^Z] /.test(readText(`/proc/${pid}/stat`));
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-child-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
