import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { centreOf, pack } from './pack.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-packed-'));
const kilobyte = 1_024;
const read = (name: string) => readFileSync(join(folder, name));

beforeAll(() => pack({ out: folder, version: '1.0.0', minimum: '0.0.0', expires: 1 }));
afterAll(() => rmSync(folder, { recursive: true }));

test('the packed agent began a second time by itself: a module that a verb loads is not what was started', async () => {
  const out = mkdtempSync(join(tmpdir(), 'sabha-pack-'));
  onTestFinished(() => rmSync(out, { recursive: true }));
  writeFileSync(join(out, 'verb.ts'), "export const run = () => console.log('run');\nif (import.meta.main) run();\n");
  writeFileSync(join(out, 'entry.ts'), "const { run } = await import('./verb.ts');\nrun();\n");
  await pack({ out, version: '1.0.0', minimum: '0.0.0', expires: 1, entry: join(out, 'entry.ts') });
  expect(execFileSync(process.execPath, [join(out, 'agent.mjs')], { encoding: 'utf8' })).toBe('run\n');
});

test('the packed agent is at most 900 KB, its seat in a session 400, and its launcher, which stays in memory, 20', () => {
  expect(statSync(join(folder, 'agent.mjs')).size).toBeLessThanOrEqual(900 * kilobyte);
  expect(statSync(join(folder, 'room.mjs')).size).toBeLessThanOrEqual(400 * kilobyte);
  expect(statSync(join(folder, 'launch.mjs')).size).toBeLessThanOrEqual(20 * kilobyte);
});

test('the seat of the room held the text of every verb in memory: packed apart it is the one program in its file, and sits down by itself', async () => {
  expect(read('room.mjs').toString()).not.toContain('import.meta.main');
  const env = { SABHA_DATA: folder, SABHA_ROOM_SOCKET: join(folder, 'room.sock'), HOME: folder, XDG_RUNTIME_DIR: folder };
  const seat = spawn(process.execPath, [join(folder, 'room.mjs')], { env });
  const [said] = await once(seat.stdout, 'data');
  expect(JSON.parse(`${said}`.split('\n')[0] ?? '')).toMatchObject({ part: 'room', msg: 'ready' });
  seat.kill('SIGTERM');
  expect(await once(seat, 'exit')).toEqual([0, null]);
});

test.runIf(process.platform === 'linux')(
  'the seat that has joined and written its card holds no library of hashes and keys in its memory',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'sabha-seat-'));
    const path = join(data, 'run.sock');
    const { promise: saidAll, resolve } = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      const room = {
        type: 'room',
        pc: 'ladakh/leh/hall',
        profile: { link: 'fibre', elevationM: 3_524, expected: {} },
        checks: [],
      };
      socket.on('data', (line) => line.includes('"checks"') && resolve()).write(`${JSON.stringify(room)}\n`);
    }).listen(path);
    const told =
      "process.on('exit', () => console.log(process.moduleLoadList.filter((one) => /^NativeModule (crypto|net)$/.test(one)).join()))";
    const env = { PATH: process.env['PATH'], SABHA_DATA: data, SABHA_ROOM_SOCKET: path, HOME: data, XDG_RUNTIME_DIR: data };
    const seat = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(told)}`, join(folder, 'room.mjs')], {
      env,
    });
    onTestFinished(() => {
      seat.kill('SIGKILL');
      server.close();
      rmSync(data, { recursive: true });
    });
    let said = '';
    seat.stdout.on('data', (some) => {
      said += some;
    });
    await saidAll;
    await expect.poll(() => readdirSync(data, { recursive: true }).some((name) => `${name}`.endsWith('.html'))).toBe(true);
    seat.kill('SIGTERM');
    await once(seat, 'close');
    expect(said.trim().split('\n').at(-1)).toBe('NativeModule net');
  },
);

test('what nobody in the agent uses is not in it, and nothing loads undici', () => {
  const text = read('agent.mjs').toString();
  for (const sign of [
    'permessage-deflate',
    // A fault that no PC reports.
    'centre.broker_lost',
    'An invalid SOCKS command',
    'ERR_STREAM_PREMATURE_CLOSE',
    'BasicConstraintsExtension',
    'bluetoothctl',
    'docker.sock',
  ])
    expect([sign, text.includes(sign)]).toEqual([sign, false]);
  expect(text).not.toMatch(/from\s*"node:http"|import\("node:http"\)|require\("(node:)?http"\)/);
  const licences = read('agent.mjs.LEGAL.txt').toString();
  expect(licences).toMatch(/^mqtt 5\.\d+\.\d+: MIT$/m);
  expect(licences).toContain('Permission is hereby granted');
  expect(licences).not.toMatch(/^(readable-stream|ws|socks|@peculiar\/x509) /m);
});

test.each([
  [{ centre: 'sabha.example.org' }, '--centre and --roots go together: its address, and its data/flows/ca/roots.pem'],
  [{ roots: 'roots.pem' }, '--centre and --roots go together: its address, and its data/flows/ca/roots.pem'],
  [{ centre: 'ftp://x', roots: 'roots.pem' }, '--centre: "ftp://x" is no address https://HOST:PORT'],
  [{ centre: 'sabha.example.org', roots: fileURLToPath(import.meta.url) }, /^--roots: .+ has no certificate$/],
])('a centre that cannot be that of a package is refused in one line: %j', (values, line) => {
  expect(() => centreOf(values)).toThrow(line);
});
