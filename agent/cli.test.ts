import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, statuses } from '@sabha/contracts';
import { afterAll, expect, it } from 'vitest';
import { centrePublicKey, sealed } from '../test/centre-key.ts';
import { createAuthority } from '../test/security/authority.ts';
import { identityFolder, storeIdentity } from './identity/identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-cli-'));
const cli = new URL('./cli.ts', import.meta.url).pathname;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type CliResult = { code: number; out: string; err: string };

/** Runs the real command line in an empty folder. */
function agent(args: string[], config?: string, cwd = folder, more: Record<string, string | undefined> = {}): Promise<CliResult> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', SABHA_CONFIG: config, ...more };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd, env }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

/** Environment of a signed-in user. Without a session, the state of a camera that only PipeWire sees is unknown. */
const inSession = { XDG_RUNTIME_DIR: tmpdir() };

function file(text: string): string {
  const path = join(folder, 'settings.json');
  writeFileSync(path, text);
  return path;
}

it('`sabha-agent check --json` prints one JSON object, and its exit code reports a fault', async () => {
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
  const has = (status: string) => report.checks.some((one: { status: string }) => one.status === status);
  expect(code).toBe(has('fault') ? 1 : has('unknown') ? 3 : 0);
});

// These tests wait for an unreachable address, so they run concurrently.
it.concurrent('`sabha-agent check` without sound, tools or settings reports every room component, none of them as ok, on one plain screen', {
  tags: ['long'],
}, async ({ expect }) => {
  const bare = { PATH: folder, XDG_RUNTIME_DIR: join(folder, 'none'), NO_COLOR: '' };
  const { out, err, code } = await agent(['check', '--json'], undefined, folder, bare);
  const { checks } = JSON.parse(out) as { checks: { component: string; status: string }[] };
  const of = (component: string) => checks.filter((one) => one.component === component).map(({ status }) => status);
  for (const component of ['microphone', 'speaker', 'camera']) expect([component, of(component)]).not.toEqual([component, []]);
  for (const component of ['microphone', 'speaker', 'camera']) expect([component, of(component)]).not.toEqual([component, ['ok']]);
  expect([of('clock'), of('path'), err]).toEqual([['unknown'], ['unknown'], '']);
  expect(code).not.toBe(0);
  const screen = await agent(['check'], undefined, folder, bare);
  // The default settings name a room and a PC that do not exist, so the screen must not name them.
  expect(screen.out.split('\n')[0]).toBe('this PC is not enrolled (data/agent): the results below are of this PC alone');
  expect(screen.out).not.toMatch(/Conference room|this-office/);
  expect(screen.out).not.toMatch(/No fault found|\p{Cc}\[/u);
  expect(screen.err).toBe('');
});

it.concurrent('`sabha-agent check` judges an enrolled PC by its signed configuration, not by ./sabha.json', {
  tags: ['long'],
}, async ({ expect }) => {
  const home = await enrolledPc();
  const config = sealed({
    pc: 'ladakh/leh/pc-1',
    version: 3,
    profile: { link: 'geo', elevationM: 3_524, expected: { camera: [{ match: 'no such ☃' }] } },
  });
  writeFileSync(join(home, 'data/agent/config.json'), encode('config', config));
  const { out, code } = await agent(['check'], undefined, home, inSession);
  expect(out.split('\n')[0]).toBe('ladakh/leh/pc-1');
  expect(out).toContain('no such ☃: Camera not found');
  expect(out).toContain('Limits at 3,524 m');
  expect(out).not.toContain('the server is on this PC');
  expect(code).toBe(1);
  const other = join(home, 'other');
  expect(JSON.parse((await agent(['check', '--json', '--data', other], undefined, home)).out).pc).toBe('up/lucknow/hall');
});

it.concurrent('`sabha-agent check` ignores the configuration of another PC, and reports expected equipment as unknown', {
  tags: ['long'],
}, async ({ expect }) => {
  const home = await enrolledPc();
  const foreign = sealed({ pc: 'ladakh/leh/pc-2', version: 3, profile: { link: 'geo', elevationM: 3_524, expected: { camera: [{}] } } });
  writeFileSync(join(home, 'data/agent/config.json'), encode('config', foreign));
  const { out, err } = await agent(['check', '--all'], undefined, home);
  expect(err).toContain('the stored configuration is not used: addressed to another PC');
  expect(out).toContain('? Camera: unknown (the profile does not say what is expected)');
  expect(out).not.toMatch(/Limits at|No fault found/);
});

it('`sabha-agent` enrol, run and check use the same folder; run without enrolment prints one line and exits with 1', {
  tags: ['long'],
}, async () => {
  const line = (at: string) => `this PC is not enrolled (no ${at}/identity); npm run agent -- enrol\n`;
  expect(await agent(['run'])).toEqual({ code: 1, out: '', err: line('data/agent') });
  expect(await agent(['run', '--data', 'elsewhere'])).toEqual({ code: 1, out: '', err: line('elsewhere') });
  const broken = mkdtempSync(join(folder, 'broken-'));
  mkdirSync(join(broken, 'identity'));
  const why = `${broken}/identity: cannot be read: there is no such file or folder\n`;
  expect(await agent(['run', '--data', broken])).toEqual({ code: 1, out: '', err: why });
  expect(await agent(['check', '--data', broken])).toEqual({ code: 2, out: '', err: why });
});

/** Creates a folder whose ./data/agent holds the identity of ladakh/leh/pc-1, as after `enrol`. Its ./sabha.json names another site. */
async function enrolledPc(): Promise<string> {
  const home = mkdtempSync(join(folder, 'enrolled-'));
  const site = { state: 'up', id: 'lucknow', pcs: [{ id: 'hall', room: { en: 'Hall' } }] };
  writeFileSync(join(home, 'sabha.json'), JSON.stringify({ site }));
  const authority = await createAuthority('Sabha');
  const { key, pem } = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
  const centreKey = centrePublicKey.export({ type: 'spki', format: 'pem' }).toString();
  const centre = { host: '192.0.2.1', mqttPort: 8_883, enrolPort: 8_443, centreKey };
  mkdirSync(join(home, 'data/agent'), { recursive: true });
  storeIdentity(identityFolder(join(home, 'data/agent')), { key, chain: pem, roots: [authority.root], centre });
  return home;
}

it.each([
  [['chek'], 'unknown verb "chek"; usage: '],
  [[], 'a verb is missing; usage: '],
  [['check', '--lang', 'de'], '--lang: "de" is not one of en, hi'],
  [['enrol'], 'one enrolment code is expected; usage: '],
  [['enrol', 'A', '--pc', 'a/b'], '--pc: "a/b" is not a PC: write STATE/SITE/PC, such as ladakh/leh/vc-1'],
  [['enrol', 'A', '--pc', 'a/b/c'], '--centre is missing; usage: '],
  [['install'], 'the package does this: sudo apt install ./sabha-agent_VERSION_amd64.deb'],
  [['room', '--fix', '--undo'], 'only one of --card, --fix, --undo'],
])('the command line reports the error in %j in one line and exits with 2', { tags: ['long'] }, async (args, line) => {
  const { code, out, err } = await agent(args);
  expect([code, out]).toEqual([2, '']);
  expect(err.startsWith(line)).toBe(true);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

it.each([
  [['chek', '--lang', 'hi'], {}, '"chek" यहाँ नहीं चलता; ऐसे लिखें: npm run agent -- check | '],
  [['install'], { LC_ALL: 'hi_IN.UTF-8' }, 'यह काम पैकेज करता है: '],
] as const)('the command line reports the error in %j with %j in Hindi, in one line', { tags: ['long'] }, async (args, env, line) => {
  const { code, err } = await agent([...args], undefined, folder, env);
  expect([code, err.slice(0, line.length), err.trimEnd().split('\n').length]).toEqual([2, line, 1]);
});

it("the command line prints the path of the user's room card, or one line if there is no card", async () => {
  const own = { XDG_RUNTIME_DIR: folder };
  const none = await agent(['room', '--card'], undefined, folder, own);
  expect(none).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^There is no room card yet\. [^\n]+\n$/) });
  const card = join(folder, 'sabha-room', 'card.html');
  mkdirSync(join(folder, 'sabha-room'));
  writeFileSync(card, '');
  expect(await agent(['room', '--card'], undefined, folder, own)).toEqual({ code: 0, out: `${card}\n`, err: '' });
  const hindi = await agent(['room', '--card', '--fix'], undefined, folder, { ...own, LC_ALL: 'hi_IN.UTF-8' });
  expect(hindi).toMatchObject({ code: 2, err: '--card, --fix और --undo में से एक ही लिखें\n' });
});

it('the command line prints in one line why a PC cannot be enrolled, exits with 1, and leaves no files', async () => {
  const { code, err } = await agent(['enrol', 'ABC', '--pc', 'a/b/c', '--centre', 'https://localhost:1', '--data', folder]);
  expect([code, err]).toEqual([1, 'the enrolment code should have 40 characters, not 3: read it again\n']);
  expect(existsSync(join(folder, 'identity'))).toBe(false);
});

it.each([
  ['{"sit": 1}', /settings\.json: sit: /],
  ['{"site": null}', /settings\.json: site is null: there is no conferencing PC here/],
])('the command line reports the error in the settings %s in one line and exits with 2', { tags: ['long'] }, async (text, line) => {
  const { code, err } = await agent(['check'], file(text));
  expect(code).toBe(2);
  expect(err).toMatch(line);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});
