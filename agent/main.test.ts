import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sabha-main-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const token = join(folder, 'token');
writeFileSync(token, 'secret\n');
const script = fileURLToPath(new URL('main.ts', import.meta.url));
/** Settings with a port on which no broker listens: the agent must run without a broker. */
const good = { SABHA_PC: 'up/lucknow/room-1', SABHA_TOKEN_FILE: token, SABHA_DATA: join(folder, 'data'), SABHA_MQTT_PORT: '1' };

function run(env: Record<string, string>): { child: ChildProcess; lines: string[]; ended: Promise<unknown[]> } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(JSON.parse(line).msg));
  return { child, lines, ended: once(child, 'close') };
}

test('`sabha-agent run` exits with 1 and one line on a wrong setting, a missing or empty token, or an unusable folder', {
  tags: ['long'],
}, async () => {
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  const cases: [Record<string, string>, string][] = [
    [{ SABHA_PC: 'nowhere' }, 'SABHA_PC: a path state/site/pc'],
    [{ SABHA_TOKEN_FILE: join(folder, 'none') }, 'ENOENT'],
    [{ SABHA_TOKEN_FILE: empty }, 'holds no token'],
    [{ SABHA_DATA: token }, token],
    [{ SABHA_CENTRE_KEY: join(folder, 'none') }, 'ENOENT'],
    [{ SABHA_CENTRE_KEY: token }, `${token}: is no public key`],
  ];
  const runs = cases.map(([wrong, line]) => ({ line, ...run({ ...good, ...wrong }) }));
  for (const { ended, lines, line } of runs) {
    expect(await ended).toEqual([1, null]);
    expect(lines).toEqual([expect.stringContaining(line)]);
  }
});

test('`sabha-agent run` starts without a broker, refuses a second agent on its data, and exits with 0 within 2 s of SIGTERM', async () => {
  const startedAt = performance.now();
  const { child, lines, ended } = run(good);
  while (!lines.includes('ready')) await once(child.stdout as NodeJS.ReadableStream, 'data');
  const startMs = performance.now() - startedAt;
  const card = () => Number(/data-written="(\d+)"/.exec(readFileSync(join(good.SABHA_DATA, 'card.html'), 'utf8'))?.[1]);
  expect(card()).toBeGreaterThan(0);
  const second = run(good);
  expect(await second.ended).toEqual([1, null]);
  expect(second.lines).toEqual([expect.stringContaining('spool.db: another agent runs on this folder')]);
  const since = performance.now();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  // The ending agent marks the room card as stale.
  expect(card()).toBe(0);
  expect(performance.now() - since).toBeLessThan(2_500 + 4 * startMs);
});

test.skipIf(!existsSync('/dev/full'))(
  '`sabha-agent run` continues while the disk of its log is full, and ends on SIGTERM',
  { tags: ['long'] },
  async () => {
    const data = join(folder, 'full');
    const out = openSync('/dev/full', 'w');
    const env = { PATH: process.env['PATH'], ...good, SABHA_DATA: data };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], { env, stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'close');
    const card = () => /data-written="(\d+)"/.exec(readFileSync(join(data, 'card.html'), 'utf8'))?.[1];
    // A running agent renews the room card within a minute.
    const written = await vi.waitUntil(() => existsSync(join(data, 'card.html')) && card(), { timeout: 60_000 });
    await vi.waitUntil(() => card() !== written, { timeout: 80_000 });
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(card()).toBe('0');
  },
);
