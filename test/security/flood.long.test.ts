// @module-tag long
/** S7: floods the TLS port of a real broker process. Nothing from unauthenticated clients reaches the MQTT parser. */
import { readFileSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerFiles } from '../contract/broker-under-test.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';
import { type Authority, createAuthority, type Issued, selfSigned } from './authority.ts';
import { bareTls, certifyIn } from './secure-broker.ts';

const mebibyte = 1_048_576;
/** CONNECT with an announced length of 256 MB less one byte. */
const announced = Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]);

const files = brokerFiles();
let broker: Program;
let port = 0;
let metricsPort = 0;
let authority: Authority;
let stranger: Issued;

beforeAll(async () => {
  [port = 0, metricsPort = 0] = await freePorts(2);
  authority = await createAuthority('Sabha');
  stranger = await selfSigned({ cn: 'ladakh.leh.pc-1', use: 'client' });
  files.put({ version: 1, at: 0, pcs: [], roots: [authority.root] });
  const ports = { SABHA_TLS_HOST: '127.0.0.1', SABHA_TLS_PORT: `${port}`, SABHA_MQTT_PORT: '0', SABHA_METRICS_PORT: `${metricsPort}` };
  broker = startProgram({
    args: ['broker/main.ts'],
    env: { ...ports, SABHA_DATA: files.folder, SABHA_REGISTRY: files.options.registryFile },
  });
  await broker.says('ready');
  await certifyIn(files.folder, authority);
  await broker.says('certificate of the broker in use');
});
afterAll(async () => {
  await broker.end('SIGTERM');
  rmSync(files.folder, { recursive: true });
});

test.each<[string, () => Issued | undefined]>([
  ['without a certificate', () => undefined],
  ['with one of their own', () => stranger],
])('S7 four clients %s that stream 200 MB each increase the RSS by less than 50 MB', async (_what, cert) => {
  await flood(cert()); // loads code and allocates buffers; not measured
  const before = rssMiB();
  await flood(cert());
  expect(rssMiB() - before).toBeLessThan(50);
  expect(await refused('frame')).toBe(0);
  expect(await refused('connect')).toBeGreaterThanOrEqual(4);
});

test('S7 an incomplete handshake is closed after 10 s, and data without TLS at once', async () => {
  const since = performance.now();
  const lasted = async (first: Buffer) => {
    const socket = connectSocket(port, '127.0.0.1').on('error', () => {});
    const closed = new Promise<void>((done) => socket.resume().once('close', () => done()));
    socket.write(first);
    await closed;
    return performance.now() - since;
  };
  const hello = Buffer.from([0x16, 0x03, 0x01]); // The first bytes of a handshake that does not continue.
  const [silentMs, wrongMs] = await Promise.all([lasted(hello), lasted(Buffer.concat([announced, Buffer.alloc(mebibyte)]))]);
  expect(wrongMs).toBeLessThan(5_000);
  expect(silentMs).toBeGreaterThan(9_000);
  expect(silentMs).toBeLessThan(15_000);
  expect(await refused('frame')).toBe(0);
});

/** Sends data while the broker reads, and waits while the socket is full. */
async function flood(cert: Issued | undefined): Promise<void> {
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const socket = await bareTls(port, { roots: [authority.root], ...(cert && { cert }) });
      const chunk = Buffer.alloc(mebibyte);
      if (!socket.destroyed) socket.write(announced);
      for (let sent = 0; sent < 200 && !socket.destroyed; sent += 1) {
        if (!socket.write(chunk)) await goOn(socket);
      }
      socket.destroy();
    }),
  );
}

function goOn(socket: Socket): Promise<void> {
  return new Promise((done) => {
    for (const event of ['drain', 'close']) socket.once(event, () => done());
  });
}

function rssMiB(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))?.[1]) / 1_024;
}

async function refused(action: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const rows = [...page.matchAll(new RegExp(`^sabha_broker_refused_total\\{action="${action}",reason="\\w+"\\} (\\d+)$`, 'gm'))];
  return rows.reduce((sum, row) => sum + Number(row[1]), 0);
}
