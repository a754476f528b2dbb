/** Tests the demo in a separate process. An environment variable marks its processes, so the test finds those that remain after its end. */
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pidIn } from '../system/centre-under-test.ts';
import { livingWith, startProgram } from '../system/processes.ts';

function startDemo(...args: string[]) {
  const mark = randomUUID();
  const demo = startProgram({ args: ['test/fleet/demo.ts', '--port-base', '0', ...args], env: { ...process.env, SABHA_DEMO_MARK: mark } });
  onTestFinished(async () => void (demo.isRunning() && (await demo.end('SIGKILL'))));
  return { ...demo, left: () => livingWith(`SABHA_DEMO_MARK=${mark}`) };
}

const words = (lines: { msg: string }[]) => lines.map(({ msg }) => msg.replace(/^[\d:]+ +/, ''));

test('the demo story leh shows snow, a power cut and a last gasp, ends when the room is ready, and its summary adds up', async () => {
  const demo = startDemo('--story', 'leh', '--sites', '3', '--speed', '30');
  expect({ ...(await demo.ended), errors: demo.errors }).toEqual({ code: 0, signal: null, errors: [] });
  const told = words(demo.lines);
  const [plugged, ready] = [
    told.indexOf('The technician plugs the microphone in again.'),
    told.indexOf('The room is ready for the next meeting.'),
  ];
  expect(plugged).toBeGreaterThan(0);
  expect(ready).toBeGreaterThan(plugged);
  for (const title of ['The link is too slow for the meeting', 'Running on battery', 'Battery almost empty', 'PC does not answer'])
    expect(told).toContain(`centre: incident 1: ${title}`);
  // The last gasp and the boot marker prove a loss of power. A single UPS cannot show whether somebody pulled its plug.
  expect(told).toContain('centre: incident 1: not known, perhaps power cut');
  // Tab 20 holds the incident of the thin link until somebody sweeps the dish or the PC goes offline. Nobody is therefore notified of the
  // link.
  const thin =
    /^centre: incident 1, news 2 \(worsened\): on hold \(thin link\); (explained by a greater fault|over before anybody was told)$/;
  expect(told).toContainEqual(expect.stringMatching(thin));
  expect(
    told.findIndex((line) => line.startsWith('incidents      1 raised, 1 expected from the simulated faults; 1 over, 0 open')),
  ).toBeGreaterThan(ready);
}, 240_000);

describe('Ctrl-C in the demo', () => {
  test('ends the demo within seconds while its PCs connect, and leaves nothing behind', async () => {
    const startedAt = performance.now();
    const demo = startDemo('--sites', '736', '--seed', '1');
    await demo.says('Sabha demo: ');
    await expect.poll(() => demo.left().length, { timeout: 60_000 }).toBe(5);
    // Measures how long this machine needs to start the five processes. No PC can connect before the site table, which follows later.
    const startMs = performance.now() - startedAt;
    const { code, ms } = await demo.end('SIGINT');
    expect({ code, errors: demo.errors }).toEqual({ code: 0, errors: [] });
    expect(ms).toBeLessThan(15_000 + 10 * startMs);
    expect(demo.left()).toEqual([]);
  });

  test('twice ends the demo at once, and prints the folder of its logs', async () => {
    const demo = startDemo('--sites', '30');
    await demo.says('Ctrl-C ends it.');
    // A frozen `flows` delays the shutdown. The supervisor, which outlives the demo, ends it later.
    process.kill(pidIn(demo.left(), 'flows'), 'SIGSTOP');
    process.kill(demo.pid, 'SIGINT');
    await demo.says('Ctrl-C again ends it at once.');
    // A second signal at once counts as the same Ctrl-C, since terminal and npm both send it. So the test repeats the signal.
    const hurry = setInterval(() => demo.isRunning() && process.kill(demo.pid, 'SIGINT'), 100);
    const { code } = await demo.ended.finally(() => clearInterval(hurry));
    const folder = /^logs and ledger: (\/.+)$/.exec(demo.errors[0] ?? '')?.[1] ?? '';
    expect(code).toBe(1);
    expect(existsSync(folder)).toBe(true);
    await expect.poll(demo.left, { timeout: 15_000 }).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
