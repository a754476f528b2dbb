import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { statuses } from '#contracts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-cli-'));
const cli = new URL('./cli.ts', import.meta.url).pathname;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ran = { code: number; out: string; err: string };

/** Runs the real command in an empty folder. */
function agent(args: string[], config?: string): Promise<Ran> {
  const env = { ...process.env, SABHA_CONFIG: config };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd: folder, env }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

function file(text: string): string {
  const path = join(folder, 'settings.json');
  writeFileSync(path, text);
  return path;
}

it('tests this PC, prints one JSON object, and its exit code says whether there is a fault', async () => {
  const { code, out, err } = await agent(['check', '--json']);
  expect(err).toBe('');
  const report = JSON.parse(out);
  expect(report).toMatchObject({
    pc: 'capital/this-office/this-pc',
    site: 'capital/this-office',
    at: expect.any(Number),
    ms: expect.any(Number),
  });
  const components = new Set(report.checks.map((one: { component: string }) => one.component));
  for (const always of ['microphone', 'speaker', 'camera', 'pc', 'clock', 'path']) expect(components).toContain(always);
  expect(components).not.toContain('agent');
  for (const check of report.checks) expect(statuses).toContain(check.status);
  expect(code).toBe(report.checks.some((one: { status: string }) => one.status === 'fault') ? 1 : 0);
});

it('exits 1 for an expected device that no PC has, with its fault in words', async () => {
  const config = file(JSON.stringify({ site: { profile: { link: 'fibre', expected: { camera: [{ match: 'no such camera ☃' }] } } } }));
  const { code, out } = await agent(['check', '--lang', 'hi'], config);
  expect(out).toContain('✖ कैमरा, no such camera ☃: कैमरा नहीं मिल रहा');
  expect(code).toBe(1);
});

it.each([
  [['chek'], 'unknown verb "chek"; usage: '],
  [[], 'no verb; usage: '],
  [['constructor'], 'unknown verb "constructor"; usage: '],
  [['check', '--jsn'], "Unknown option '--jsn'; usage: "],
  [['check', '--lang', 'de'], '--lang: "de" is not one of en, hi'],
  [['enrol'], 'one enrolment code is expected; usage: '],
  [['enrol', 'A', 'B', '--pc', 'a/b/c'], 'one enrolment code is expected; usage: '],
  [['enrol', 'A', '--pc', 'a/b'], '--pc: "a/b" is no path STATE/SITE/PC'],
  [['enrol', 'A', '--pc', 'a/b/c'], '--centre: "" is no address https://HOST:PORT'],
  [['enrol', 'A', '--pc', 'a/b/c', '--centre', 'http://x'], '--centre: "http://x" is no address https://HOST:PORT'],
  [['run', 'now'], "Unexpected argument 'now'"],
])('says what is wrong with %j in one line, exit 2', async (args, line) => {
  const { code, out, err } = await agent(args);
  expect([code, out]).toEqual([2, '']);
  expect(err.startsWith(line)).toBe(true);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

it('says in one line why a PC is not enrolled, exit 1, and leaves nothing behind', async () => {
  const { code, err } = await agent(['enrol', 'ABC', '--pc', 'a/b/c', '--centre', 'https://localhost:1', '--data', folder]);
  expect([code, err]).toEqual([1, 'the enrolment code has 3 characters, it should have 40\n']);
  expect(existsSync(join(folder, 'identity'))).toBe(false);
});

it.each([
  ['{"sit": 1}', /settings\.json: sit: /],
  ['{', /settings\.json: not JSON/],
  ['{"site": null}', /settings\.json: site is null: no conferencing PC stands here/],
])('says what is wrong with the settings %s in one line, exit 2', async (text, line) => {
  const { code, err } = await agent(['check'], file(text));
  expect(code).toBe(2);
  expect(err).toMatch(line);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

it('says that a settings file that was named is not there, exit 2', async () => {
  expect(await agent(['check'], join(folder, 'none.json'))).toMatchObject({
    code: 2,
    err: `${folder}/none.json: cannot be read: ENOENT\n`,
  });
});
