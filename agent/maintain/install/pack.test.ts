import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { centreOf, pack } from './pack.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-packed-'));
const kilobyte = 1_024;
const read = (name: string) => readFileSync(join(folder, name));

beforeAll(() => pack({ out: folder, version: '1.0.0', minimum: '0.0.0', expires: 1 }));
afterAll(() => rmSync(folder, { recursive: true }));

test('the packer packs the agent into at most 900 KB, its session helper into 400 KB, and its resident launcher into 20 KB', () => {
  expect(statSync(join(folder, 'agent.mjs')).size).toBeLessThanOrEqual(900 * kilobyte);
  expect(statSync(join(folder, 'room.mjs')).size).toBeLessThanOrEqual(400 * kilobyte);
  expect(statSync(join(folder, 'launch.mjs')).size).toBeLessThanOrEqual(20 * kilobyte);
});

test('the packer packs the session helper as a separate program that starts without arguments', async () => {
  expect(read('room.mjs').toString()).not.toContain('import.meta.main');
  const env = { SABHA_DATA: folder, SABHA_ROOM_SOCKET: join(folder, 'room.sock'), HOME: folder, XDG_RUNTIME_DIR: folder };
  const seat = spawn(process.execPath, [join(folder, 'room.mjs')], { env });
  const [said] = await once(seat.stdout, 'data');
  expect(JSON.parse(`${said}`.split('\n')[0] ?? '')).toMatchObject({ part: 'room', msg: 'ready' });
  seat.kill('SIGTERM');
  expect(await once(seat, 'exit')).toEqual([0, null]);
});

test('the packer leaves out unused code, and no bundle loads undici', () => {
  const text = read('agent.mjs').toString();
  for (const sign of [
    'permessage-deflate',
    // A fault that only the server raises.
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
  [{ centre: 'sabha.example.org' }, '--centre and --roots go together: the address of the server, and its data/flows/ca/roots.pem'],
  [{ roots: 'roots.pem' }, '--centre and --roots go together: the address of the server, and its data/flows/ca/roots.pem'],
  [{ centre: 'ftp://x', roots: 'roots.pem' }, '--centre: "ftp://x" is no address https://HOST:PORT'],
  [{ centre: 'sabha.example.org', roots: fileURLToPath(import.meta.url) }, /^--roots: .+ has no certificate$/],
])('the packer refuses an invalid server for a package in one line: %j', (values, line) => {
  expect(() => centreOf(values)).toThrow(line);
});
