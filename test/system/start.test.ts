/** Tests start and end of `npm start`. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { faultIds, type PcView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CheckReport } from '../../agent/maintain/self-test/report.ts';
import { ask, createSite, isUp, type Site, startCentre } from './centre-under-test.ts';
import { livingWith } from './processes.ts';

const run = promisify(execFile);
const runtime = process.execPath;
const limitMs = 3_000;

let site: Site;
beforeEach(async () => {
  site = await createSite();
});
afterEach(() => site.remove());

test.each([
  [['--help'], 0, /^npm start -- OPTION/],
  [['--no-agnet'], 1, /^there is no option --no-agnet; usage: npm start -- /],
])('a start with %j prints the usage and creates nothing', async (words, code, said) => {
  const done = await run(runtime, ['start.ts', ...words], { env: site.env }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, said: error.stderr }),
  );
  expect(done).toEqual({ code, said: expect.stringMatching(said) });
  expect(existsSync(site.data)).toBe(false);
});

test('the wall shows the self-test of this PC within 10 s, a missing sign-in is reported, and Ctrl-C ends everything within 3 s', async () => {
  const centre = startCentre(site);
  const upSeconds = await isUp(centre);
  await centre.says('no sign-in: every user of this machine may act; set "https" in sabha.json to change that');
  const page = await fetch(`http://127.0.0.1:${site.ports.api}/`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(await page.text()).toContain('<style>');
  const askedAt = performance.now();
  const own = await selfTest(site);
  // A self-test starts one program, so its duration shows the speed of this machine.
  const testMs = performance.now() - askedAt;
  expect(upSeconds).toBeLessThan(10 + (10 * testMs) / 1_000);
  // On a busy machine a probe may time out at first; the next round gives the same result as the self-test.
  const seen = async () => summaryOf((await centre.api<PcView[]>('/api/pcs'))[0]?.checks ?? []);
  await expect.poll(seen, { timeout: 90_000 }).toEqual(summaryOf(own.checks));
  expect(await centre.api<PcView[]>('/api/pcs')).toMatchObject([{ pc: 'capital/this-office/this-pc', presence: 'online' }]);
  const parts = livingWith(site.folder).map(({ command }) => command.split('/').slice(-2).join('/'));
  expect(parts).toEqual(expect.arrayContaining(['broker/main.ts', 'flows/main.ts', 'dashboards/main.ts', 'agent/main.ts']));
  // The server sends the name of the room to this PC. After the end no process updates the card.
  const card = () => readFileSync(join(site.data, 'agent', 'card.html'), 'utf8');
  await expect.poll(card).toMatch(/<h1>.*Conference room.*This office/s);
  const { code, ms } = await centre.stop();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(limitMs + 4 * testMs);
  expect(card()).toContain('data-written="0"');
  expect(centre.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
  // Files that are missing at the first start cause no warning, and a fault is described in words.
  expect(centre.lines.filter(({ level = 0, msg }) => level >= 40 && /there is none|ECONNREFUSED/.test(msg))).toEqual([]);
  expect(centre.lines.filter(({ msg }) => faultIds.some((id) => msg.includes(`: ${id}`)))).toEqual([]);
});

test.skipIf(!existsSync('/dev/full'))('a log on a full disk does not end the server', { tags: ['long'] }, async () => {
  const centre = startCentre(site, { program: 'sh', args: ['-c', `exec '${runtime}' start.ts > /dev/full`] });
  const seen = () => ask<PcView[]>(site.ports, '/api/pcs').catch(() => []);
  await expect.poll(async () => (await seen()).map(({ presence }) => presence), { timeout: 90_000 }).toEqual(['online']);
  const flows = centre.pidOf('flows');
  process.kill(flows || Number.NaN, 'SIGKILL');
  await expect.poll(() => [0, flows].includes(centre.pidOf('flows')), { timeout: 30_000 }).toBe(false);
  expect((await centre.stop()).code).toBe(0);
});

async function selfTest({ env }: Site): Promise<CheckReport> {
  const done = await run(runtime, ['agent/cli.ts', 'check', '--json'], { env }).catch((error: { stdout: string }) => error);
  return JSON.parse(done.stdout);
}

/**
 * Returns the keys of all checks and the results of cameras and microphones. Excludes the checks that only a running agent has, about
 * itself and its link.
 */
function summaryOf(checks: (CheckReport['checks'][number] | PcView['checks'][number])[]): string[] {
  const shared = checks.filter(({ component }) => component !== 'agent' && component !== 'link');
  return shared.map((one) => `${keyOf(one)} ${['camera', 'microphone'].includes(one.component) ? answerOf(one) : ''}`).sort();
}

function answerOf({ status, fault, reason }: CheckReport['checks'][number] | PcView['checks'][number]): string {
  return [status, fault, reason].join(' ');
}

function keyOf({ component, device }: { component: string; device: string }): string {
  return `${component} ${device}`;
}
