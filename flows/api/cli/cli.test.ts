import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './api.test-helper.ts';
import { verbs } from './verbs.ts';

let api: TestApi;
let dir: string;

beforeAll(async () => {
  api = await startTestApi();
  dir = mkdtempSync(join(tmpdir(), 'sabha-cli-'));
});
afterAll(async () => {
  await api.close();
  rmSync(dir, { recursive: true });
});

/** Runs the command as a process with only this environment. */
function sabha(
  args: string[],
  env: Record<string, string> = { SABHA_API: api.address },
): Promise<{ code: number; out: string; err: string }> {
  const options = { env: { PATH: process.env['PATH'], INIT_CWD: dir, ...env } };
  return new Promise((done) => {
    const child = execFile(process.execPath, ['flows/api/cli/cli.ts', ...args], options, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(dir, name), content);
  return name;
}

test.each([
  ['output', ['help'], 1],
  ['error output', ['no-such-verb'], 2],
] as const)('a command whose reader closes its %s writes nothing more and exits with 141, as after SIGPIPE', async (_, args, closed) => {
  const child = spawn(process.execPath, ['flows/api/cli/cli.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const written: string[] = [];
  for (const [number, stream] of [child.stdout, child.stderr].entries()) {
    if (number + 1 === closed) stream.destroy();
    else stream.on('data', (chunk) => written.push(`${chunk}`));
  }
  expect([await once(child, 'close'), written]).toEqual([[141, null], []]);
});

test('a missing file, a file that is not UTF-8, and an unreachable server each print one line and exit with 2', {
  tags: ['long'],
}, async () => {
  expect(await sabha(['sites', 'import', 'gone.csv'])).toEqual({
    code: 2,
    out: '',
    err: 'gone.csv: cannot be read: there is no such file or folder\n',
  });
  expect((await sabha(['sites', 'import', file('latin.csv', Buffer.from([0x63, 0xe9]))])).err).toBe(
    'latin.csv: is not UTF-8: save it as "CSV UTF-8"\n',
  );
  expect(await sabha(['incidents'], { SABHA_API: 'http://127.0.0.1:2' })).toEqual({
    code: 2,
    out: '',
    err: 'the server at http://127.0.0.1:2 does not answer: nothing listens there. Is it running ("systemctl status sabha-flows")? SABHA_API names another address\n',
  });
});

test('an unknown host name is reported in Hindi with --lang hi', async () => {
  const { code, out, err } = await sabha(['incidents', '--lang', 'hi'], { SABHA_API: 'http://a..b' });
  expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^http:\/\/a\.\.b पर सर्वर जवाब नहीं दे रहा: यह नाम नहीं मिला: .*\n$/)]);
});

test('without SABHA_API the address comes from sabha.json, and the token from the data folder', { tags: ['long'] }, async () => {
  const port = Number(new URL(api.address).port);
  const settings = (text: string) => ({ SABHA_CONFIG: join(dir, file('sabha.json', text)) });
  expect((await sabha(['profile'], settings(JSON.stringify({ ports: { api: port } })))).code).toBe(0);
  // The token is sent although a server without HTTPS does not need it.
  writeFileSync(join(dir, 'cli.token'), 'of the command\n');
  expect((await sabha(['profile'], { ...settings(JSON.stringify({ ports: { api: port } })), SABHA_DATA: dir })).code).toBe(0);
  expect(api.state.authorization).toEqual([...Array(api.state.authorization.length - 1).fill(undefined), 'Bearer of the command']);
  expect((await sabha(['profile'], settings('{"ports": {"api": 0}}'))).err).toContain('ports.api is 0, so SABHA_API must name the address');
});

test('the token is not sent to another program in place of the server, and one line reports that program', async () => {
  const received: (string | undefined)[] = [];
  const other = createServer(({ url, headers }, response) => {
    received.push(url, headers.authorization);
    response.writeHead(200, { 'sabha-proof': `${headers['sabha-challenge']}` }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const config = file('other.json', JSON.stringify({ ports: { api: port } }));
  writeFileSync(join(dir, 'cli.token'), 'of the command\n');
  expect(await sabha(['profile'], { SABHA_CONFIG: join(dir, config), SABHA_DATA: dir })).toEqual({
    code: 2,
    out: '',
    err: `another program listens on 127.0.0.1:${port}, the token was not sent\n`,
  });
  expect(received).toEqual(['/healthz', undefined]);
  other.close();
});

test('without a token in the data folder none is sent to a server that needs one, and one line names the folder and SABHA_DATA', async () => {
  const server = createServer((_request, response) => response.writeHead(401).end('{"error":"a token is needed here"}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const SABHA_CONFIG = join(dir, file('needs.json', JSON.stringify({ ports: { api: port } })));
  const missing = join(dir, 'missing');
  const line = (folder: string) =>
    `a token is needed, and none can be read in the data folder ${folder}: use sudo, or set SABHA_DATA or SABHA_TOKEN\n`;
  expect(await sabha(['profile'], { SABHA_CONFIG, SABHA_DATA: missing })).toEqual({ code: 1, out: '', err: line(missing) });
  expect((await sabha(['profile'], { SABHA_API: `http://127.0.0.1:${port}` })).err).toBe('a token is needed: set SABHA_TOKEN\n');
  server.close();
});

test.each([
  [
    ['enrol-code', '--help'],
    {},
    'sabha enrol-code STATE/SITE [--uses N] [--hours 24]\n\nMakes a code ',
    /\n {2}--hours … +for how many hours it is valid/,
  ],
  [['help', 'roster', 'leave', '--lang', 'hi'], {}, 'sabha roster leave PERSON ', /\n {2}FROM\.\.TO +दिन, जैसे .*\n {2}--deputy … +उनकी जगह/],
  [['pcs', '-h'], { LANG: 'hi_IN.UTF-8' }, 'sabha VERB\n\n  sabha pcs list     PC की सूची', /\n {2}sabha pcs token /],
] as const)('%j %j prints the help of the verb without contacting a server', { tags: ['long'] }, async (words, env, head, row) => {
  const { code, out, err } = await sabha([...words], { SABHA_API: 'http://127.0.0.1:2', ...env });
  expect([code, err, out.slice(0, head.length)]).toEqual([0, '', head]);
  expect(out).toMatch(row);
});

test('help lists every verb', async () => {
  const { code, out } = await sabha(['help']);
  expect(code).toBe(0);
  const lines = out.split('\n').filter((line) => line.startsWith('  sabha '));
  expect(lines.map((line, at) => line.startsWith(`  sabha ${Object.keys(verbs)[at]}`))).toEqual(Object.keys(verbs).map(() => true));
});
