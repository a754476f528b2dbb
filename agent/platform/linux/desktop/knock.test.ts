import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { testSoundServer } from './probe-socket.ts';

const patient = new AbortController().signal;
/** Returns a PulseAudio response to the request with this tag: command 2 is a reply, 0 an error. */
const answerTo = (tag: number, command = 2) =>
  Buffer.from([...[0, 0, 0, 10, 255, 255, 255, 255], ...Array(12).fill(0), ...[76, 0, 0, 0, command, 76, 0, 0, 0, tag]]);

/** Creates a session folder with a test server that listens at the socket `name`. */
async function serverAt(name: string, onSocket: (socket: Socket) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-knock-'));
  mkdirSync(join(folder, 'pulse'));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return folder;
}

it('the sound server test reports `answers` if the server returns its info or an error, even in several pieces', async () => {
  for (const command of [2, 0]) {
    const folder = await serverAt('pulse/native', (socket) => {
      socket.write(Buffer.concat([answerTo(0), answerTo(1), answerTo(2, command).subarray(0, 15)]));
      socket.once('data', () => setImmediate(() => socket.write(answerTo(2, command).subarray(15))));
    });
    expect(await testSoundServer(folder, patient)).toBe('answers');
  }
});

it('the sound server test reports `stalled` if the PipeWire behind the sound server is silent, and `answers` if it replies', async () => {
  for (const [name, isAwake, expected] of [
    ['PulseAudio (on PipeWire 1.4.2)', false, 'stalled'],
    ['PulseAudio (on PipeWire 1.0.5)', true, 'answers'],
    ['pulseaudio', false, 'answers'],
  ] as const) {
    const ending = new AbortController();
    const folder = await serverAt('pulse/native', (socket) => {
      const info = answerTo(2);
      info.writeUInt32BE(10 + name.length, 0);
      // The server name arrives in a separate piece.
      socket.write(Buffer.concat([answerTo(0), info]));
      socket.once('data', () => setImmediate(() => socket.write(name)));
    });
    const pipeWire = createServer((socket) => {
      socket.on('error', () => undefined);
      if (isAwake) socket.write('x');
      else socket.once('data', () => ending.abort());
    });
    await new Promise<void>((resolve) => pipeWire.listen(join(folder, 'pipewire-0'), resolve));
    onTestFinished(() => void pipeWire.close());
    expect(await testSoundServer(folder, ending.signal)).toBe(expected);
  }
});

it('the sound server test reports `closed` if nobody listens, or if the sound server hangs up or sends without end', async () => {
  expect(await testSoundServer('/nowhere', patient)).toBe('closed');
  expect(await testSoundServer(await serverAt('pulse/native', (socket) => socket.end()), patient)).toBe('closed');
  const talker = await serverAt('pulse/native', (socket) => socket.write(Buffer.alloc(100_000, 255)));
  expect(await testSoundServer(talker, patient)).toBe('closed');
});
