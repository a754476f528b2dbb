import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram } from '../../../test/system/processes.ts';
import { openSlots } from './slots.ts';

const launcher = fileURLToPath(new URL('main.ts', import.meta.url));

/** Installs an agent with `program` as the version on trial or, with `proven`, as the version in use. */
function setUp(program: string, { proven = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-launch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const slots = openSlots(join(folder, 'update'));
  const bring = (version: string, text: string) => {
    const { slot, file } = slots.vacant();
    writeFileSync(file, text);
    slots.tryNext({ slot, version, sha256: createHash('sha256').update(text).digest('hex') }, '0.0.0');
  };
  bring('2.0.0', program);
  if (proven) slots.prove();
  /** Starts the launcher. At speed 1,000 the eight minutes of a trial take 0.5 s. */
  const launch = (verb = 'run', speed = 1_000) => {
    const started = startProgram({ args: [launcher, verb], env: { ...process.env, SABHA_DATA: folder, SABHA_SPEED: `${speed}` } });
    onTestFinished(() => started.end('SIGKILL').then(() => undefined));
    return started;
  };
  return { folder, slots, bring, launch };
}

test.each([
  ['stays up and does nothing', 'setInterval(() => {}, 1_000)'],
  ['hears no timer any more', 'for (;;) {}'],
  ['refuses to be stopped', "process.on('SIGTERM', () => {}); process.exit = () => {}; for (;;) {}"],
])('F25 the launcher kills and rejects a version on trial that %s', { tags: ['long'] }, async (_what, program) => {
  const { slots, launch } = setUp(program);
  expect(await launch().ended).toMatchObject({ signal: 'SIGKILL' });
  expect(slots.read()).toMatchObject({
    trial: null,
    rejected: { version: '2.0.0', reason: 'it ran, but did not reach the server' },
  });
});

test('the launcher does not kill a version that is proven before the deadline', { tags: ['long'] }, async () => {
  const { slots, launch } = setUp("setTimeout(() => console.log('still here'), 2_500); console.log('up')");
  const program = launch('run', 400);
  await program.says('up');
  slots.prove();
  await program.says('still here');
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(slots.read()).toMatchObject({ trial: null, proven: { version: '2.0.0' } });
});

test('F25 the launcher rejects a version on trial at once if it does not start', async () => {
  const { slots, launch } = setUp("throw new Error('no')");
  expect(await launch().ended).toMatchObject({ code: 1 });
  expect(slots.read().rejected).toMatchObject({ version: '2.0.0', reason: 'it does not start: Error: no' });
});
